"""
A strict double of 配配メール: the CSV import API, the legacy import, and the admin screens behind them.

Facts: 配配メール manual (API連携), 楽楽販売 linkage manual, public support pages (checked 2026-11). Where the documents
leave a point open there is a switch. The retrieval APIs (取得系) are not public: each answers 501 until a test says
what it is like (`retrievals`).
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, Literal

from tests.sandbox import haihaimail_screens as screens
from tests.sandbox import switches as switching
from tests.sandbox.clock import Clock, jst_day
from tests.sandbox.faults import Fault, FaultProgramme, Manners, with_faults
from tests.sandbox.haihaimail_account import DEFAULT_ITEMS, Account, Item, LegacyLogin
from tests.sandbox.haihaimail_file import read_file
from tests.sandbox.haihaimail_get import RetrievalFace
from tests.sandbox.haihaimail_jobs import Job, JobQueue, ReportMail
from tests.sandbox.haihaimail_legacy import legacy_answer, read_legacy
from tests.sandbox.haihaimail_quota import QuotaBook
from tests.sandbox.haihaimail_rows import STOPPED, Alarm, Customer
from tests.sandbox.haihaimail_settings import Refusal, read_document, read_settings, unknown_keys
from tests.sandbox.haihaimail_switches import HaihaiSwitches
from tests.sandbox.kit import Ledger, Table
from tests.sandbox.wire import Form, SandboxAnswer, SandboxDrop, SandboxRequest, Spoken, json_answer, php_form


class HaihaiSandbox:
    """
    One 配配メール account.

    `ips`: addresses that may call (empty: any). `groups` and `plans`: delivery groups and step-mail plans, id to name.
    A file is worked off `job_seconds` after it came, when anybody next calls or looks; without `auto_run` only by
    `step_jobs` and `run_jobs`.
    """

    name = "haihaimail"

    def __init__(
        self,
        *,
        clock: Clock,
        login_id: str,
        token: str,
        account: str = "api_sample",
        ips: Sequence[str] = (),
        items: Sequence[Item] = DEFAULT_ITEMS,
        groups: Mapping[str, str] | None = None,
        plans: Mapping[str, str] | None = None,
        plan: Literal["shared", "dedicated"] = "shared",
        legacy: LegacyLogin | None = None,
        switches: HaihaiSwitches | None = None,
        auto_run: bool = True,
        job_seconds: float = 0.0,
    ) -> None:
        self.account = Account(
            name=account,
            login_id=login_id,
            ips=tuple(ips),
            items=tuple(items),
            groups=dict(groups or {}),
            plans=dict(plans or {}),
            plan=plan,
            legacy=legacy,
        )
        self.clock = clock
        self.auto_run = auto_run
        self.job_seconds = job_seconds
        self._first_token = token
        self._first_switches = switches or HaihaiSwitches()
        self.reset()

    def reset(self) -> None:
        """
        No customers, no calls, no faults, the token and the switches it was made with.
        """
        self.token = self._first_token
        self.switches = self._first_switches
        self.faults = FaultProgramme()
        self.ledger = Ledger()
        self.quota = QuotaBook(self.account.calls_per_day)
        self.queue = JobQueue(self.account)
        self.retrievals = RetrievalFace(self.account.calls_per_day)
        self.unknown_keys: list[str] = []
        self.unknown_columns: list[str] = []

    # ── what a test or an administrator may do ──

    def change_switches(self, changes: Mapping[str, Any]) -> None:
        """
        Set switches by name.
        """
        self.switches = switching.change(self.switches, changes)

    def regenerate_token(self) -> str:
        """
        A new API token, which ends the old one at once.
        """
        self.token = f"{self.token}-regenerated"
        return self.token

    def spend(self, calls: int) -> None:
        """
        Another program of the same account makes so many calls.
        """
        self.quota.spend(calls, self.clock())

    def opt_out(self, address: str) -> None:
        """
        A reader clicks the opt-out link of a mail. Raises ValueError for an address that is not there.
        """
        customer = self.customer(address)
        if customer is None:
            raise ValueError("no customer has this address")
        customer.states.update(dict.fromkeys(customer.states, STOPPED))
        customer.updated_at = self.clock()

    def step_jobs(self) -> None:
        """
        Move every unfinished job one state on.
        """
        self.queue.step(self.switches, self.clock())

    def run_jobs(self) -> None:
        """
        Finish every job.
        """
        self.queue.run_all(self.switches, self.clock())

    # ── what they see ──

    @property
    def calls_today(self) -> int:
        """
        Calls counted on this day in Tokyo.
        """
        return self.quota.used[jst_day(self.clock())]

    @property
    def calls_by_day(self) -> dict[str, int]:
        """
        Calls counted, by day in Tokyo.
        """
        return dict(self.quota.used)

    @property
    def refused_by_day(self) -> dict[str, int]:
        """
        Calls answered with 429, by day in Tokyo.
        """
        return dict(self.quota.refused)

    @property
    def alarms(self) -> list[Alarm]:
        """
        People deleted and registered again more than once; must be empty.
        """
        return self._settled().database.alarms

    @property
    def mailbox(self) -> list[ReportMail]:
        """
        The report mails sent so far.
        """
        return self._settled().mailbox

    def customer(self, address: str) -> Customer | None:
        """
        The customer with this address.
        """
        return self._settled().database.find(address, self.switches)

    def customers(self) -> list[Customer]:
        """
        All customers, oldest first.
        """
        return list(self._settled().database.customers.values())

    def results(self) -> list[Job]:
        """
        The page 一括登録・削除の処理結果: jobs of the last ten days.
        """
        now = self.clock()
        return [job for job in self._settled().jobs if job.shown(now)]

    def state(self) -> dict[str, Any]:
        """
        Everything inside as JSON values.
        """
        return screens.state(self)

    def tables(self) -> list[Table]:
        """
        Quota, jobs, customers and mails for people.
        """
        return screens.tables(self)

    def customers_csv(self) -> str:
        """
        The customer database as a CSV file.
        """
        return screens.customers_csv(self)

    def _settled(self) -> JobQueue:
        if self.auto_run:
            self.queue.run_due(self.switches, self.clock(), self.job_seconds)
        return self.queue

    # ── the API ──

    def handle(self, request: SandboxRequest) -> Spoken:
        """
        Answer one request as 配配メール would.
        """
        now = self.clock()
        self._settled()
        # Each retrieval API has calls of its own, apart from those of the import.
        (self.retrievals.calls if self.retrievals.knows(request.path) else self.ledger).note(now)
        manners = Manners(
            too_many=lambda: self._too_many(now),
            applies=lambda *_: True,
            spoiled=lambda fault, _: self._spoiled(fault, now),
        )
        return with_faults(
            self.faults, request, now=now, answer=lambda asked, _: self._answer(asked, now), manners=manners
        )

    def _answer(self, request: SandboxRequest, now: datetime) -> Spoken:
        api = f"/{self.account.name}/api/"
        if request.path == f"{api}v1/custcsv/import":
            return self._import(request, now)
        if self.account.legacy and request.path == "/" and request.query == "ac=ScheduleCsvImport":
            return self._legacy(request, now)
        if self.retrievals.knows(request.path):
            return self._retrieve(request, now)
        if request.path.startswith(api) and not request.path.startswith(f"{api}v1/custcsv/"):
            return self._say(501, "not configured: the specification of API連携(取得系) is needed")
        return self._say(404, "URLが不正です")

    def _import(self, request: SandboxRequest, now: datetime) -> Spoken:
        if self.switches.foreign_ip == "drop" and not self.account.admits(request.client):
            return SandboxDrop(reason="connection reset")
        try:
            self._check_sender(request)
            if self.quota.room(now) < 1:
                return self._too_many(now)
            if self.switches.quota_counts == "all":
                self.quota.count(now)
            job = self._accept(php_form(request), now)
        except Refusal as refusal:
            return self._say(refusal.status, refusal.reason)
        if self.switches.quota_counts == "accepted":
            self.quota.count(now)
        return json_answer(200, {**self._envelope(200, "success"), "query": job.settings.as_dict()})

    def _retrieve(self, request: SandboxRequest, now: datetime) -> Spoken:
        try:
            self._check_sender(request, method=self.retrievals.method_of(request.path))
            if self.retrievals.room(request.path, now) < 1:
                self.retrievals.refuse(request.path, now)
                return self._over_quota()
            return self.retrievals.answer(request, now)
        except Refusal as refusal:
            return self._say(refusal.status, refusal.reason)

    def _check_sender(self, request: SandboxRequest, *, method: str = "POST") -> None:
        if request.method != method:
            raise Refusal(405, f"{method}で送信してください")
        if not hmac.compare_digest(request.headers.get("x-hm-apitoken", "").encode(), self.token.encode()):
            raise Refusal(401, "APIトークンが不正です")
        if not self.account.admits(request.client):
            raise Refusal(int(self.switches.foreign_ip), "許可されていないIPからのアクセスです")

    def _accept(self, form: Form, now: datetime) -> Job:
        document = read_document(form.fields.get("import_settings"))
        self.unknown_keys.extend(unknown_keys(document))
        settings = read_settings(document, self.account, self.switches)
        upload = form.files.get("customer_list")
        file = read_file(upload.data if upload else None, self.account, self.switches)
        self.unknown_columns.extend(file.unknown_columns)
        return self.queue.add(settings, file, now)

    def _legacy(self, request: SandboxRequest, now: datetime) -> SandboxAnswer:
        if request.method != "POST":
            return legacy_answer(400, 400, self.switches)
        try:
            settings, file = read_legacy(php_form(request), request.client, self.account, self.switches)
        except Refusal as refusal:
            return legacy_answer(int(refusal.reason), refusal.status, self.switches)
        self.queue.add(settings, file, now)
        return legacy_answer(200, 200, self.switches)

    def _too_many(self, now: datetime) -> SandboxAnswer:
        self.quota.refuse(now)
        return self._over_quota()

    def _over_quota(self) -> SandboxAnswer:
        if self.switches.over_quota == "body_429":
            return self._say(429, "1日の利用回数の上限を超えました", http=400)
        return self._say(429, "1日の利用回数の上限を超えました")

    def _spoiled(self, fault: Fault, now: datetime) -> None:
        reached = fault.kind in {"status", "html_200", "maintenance_200"}
        if reached and self.switches.quota_counts == "all" and self.quota.room(now) > 0:
            self.quota.count(now)

    def _envelope(self, code: int, status: str) -> dict[str, Any]:
        at = self.clock().isoformat(timespec="seconds")
        url = f"/{self.account.name}/api/v1/custcsv/import"
        return {"status": status, "code": code, "url": url, "version": "1", "accessTime": at}

    def _say(self, code: int, reason: str, *, http: int = 0) -> SandboxAnswer:
        errors = {"code": code, "msg": HTTPStatus(code).phrase, "description": [reason]}
        return json_answer(http or code, {**self._envelope(code, "error"), "errors": errors})
