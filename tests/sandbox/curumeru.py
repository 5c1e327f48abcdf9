"""
A strict double of クルメル: its common rules as the public pages have them, over an import of a made-up address.

Public (API一覧 > 共通仕様, support page on refused connections; checked 2026-11): POST, charset, return_format, 1,000
calls a day over all APIs, code 81404, errors under HTTP 200, the marker line of a CSV error, the file name in place of
a media type. The import itself is not public: its address and its fields are whatever the test's account says.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tests.sandbox import switches as switching
from tests.sandbox.clock import Clock, jst_day, jst_text
from tests.sandbox.curumeru_account import CurumeruImport
from tests.sandbox.curumeru_switches import CurumeruSwitches
from tests.sandbox.faults import Fault, FaultProgramme, Manners, with_faults
from tests.sandbox.haihaimail_account import DEFAULT_ITEMS, Account, Item
from tests.sandbox.haihaimail_file import read_file
from tests.sandbox.haihaimail_jobs import JobQueue
from tests.sandbox.haihaimail_quota import QuotaBook
from tests.sandbox.haihaimail_rows import Alarm, Customer
from tests.sandbox.haihaimail_settings import FORBID, REGISTER, REOPEN, STOP, ImportSettings, Refusal, Target
from tests.sandbox.haihaimail_switches import HaihaiSwitches
from tests.sandbox.kit import Ledger, Table
from tests.sandbox.wire import SandboxAnswer, SandboxDrop, SandboxRequest, Spoken, php_form

CALLS_PER_DAY = 1_000
ROWS_MAX = 500_000
SUCCESS, LOGIN, TOO_MANY, PARAMETER = 10200, 81401, 81404, 81431
NAMES = {SUCCESS: "success", LOGIN: "unauthorized", TOO_MANY: "too many calls", PARAMETER: "bad parameter"}
CHARSETS: dict[str, Any] = {"UTF-8": "utf-8", "Shift-JIS": "cp932", "EUC-JP": "euc_jp"}

ROW_RULES = HaihaiSwitches()
"""
Rows are worked off as at the sibling under its likeliest reading.
"""


class CurumeruSandbox:
    """
    One クルメル account. `ips`: addresses that may connect (empty: any); any other is refused the connection.
    """

    name = "curumeru"

    def __init__(
        self,
        *,
        clock: Clock,
        login_id: str,
        password: str,
        ips: Sequence[str] = (),
        items: Sequence[Item] = DEFAULT_ITEMS,
        groups: Mapping[str, str] | None = None,
        plans: Mapping[str, str] | None = None,
        form: CurumeruImport | None = None,
        switches: CurumeruSwitches | None = None,
    ) -> None:
        self.account = Account(
            name="curumeru",
            login_id=login_id,
            ips=tuple(ips),
            items=tuple(items),
            groups=dict(groups or {}),
            plans=dict(plans or {}),
        )
        self.clock = clock
        self.form = form or CurumeruImport()
        self._password = password
        self._first_switches = switches or CurumeruSwitches()
        self.reset()

    def reset(self) -> None:
        """
        No customers, no calls, no faults, the switches it was made with.
        """
        self.switches = self._first_switches
        self.faults = FaultProgramme()
        self.ledger = Ledger()
        self.quota = QuotaBook(CALLS_PER_DAY)
        self.queue = JobQueue(self.account)

    def change_switches(self, changes: Mapping[str, Any]) -> None:
        """
        Set switches by name.
        """
        self.switches = switching.change(self.switches, changes)

    def spend(self, calls: int) -> None:
        """
        Other APIs of the same account take so many calls.
        """
        self.quota.spend(calls, self.clock())

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
    def alarms(self) -> list[Alarm]:
        """
        People deleted and registered again more than once; must be empty.
        """
        return self._settled().database.alarms

    def customer(self, address: str) -> Customer | None:
        """
        The customer with this address.
        """
        return self._settled().database.find(address, ROW_RULES)

    def customers(self) -> list[Customer]:
        """
        All customers, oldest first.
        """
        return list(self._settled().database.customers.values())

    def state(self) -> dict[str, Any]:
        """
        Everything inside as JSON values.
        """
        return {
            "vendor": self.name,
            "now": self.clock().isoformat(),
            "customers": [each.as_dict() for each in self.customers()],
            "jobs": [job.as_dict() for job in self._settled().jobs],
            "calls_today": self.calls_today,
            "calls_per_day_max": self.quota.limit,
            "calls_by_day": self.calls_by_day,
            "refused_by_day": dict(self.quota.refused),
            "calls": [at.isoformat() for at in self.ledger.times],
            "alarms": [{**alarm._asdict(), "at": alarm.at.isoformat()} for alarm in self.alarms],
            "faults": self.faults.as_list(),
            "switches": switching.as_dict(self.switches),
        }

    def tables(self) -> list[Table]:
        """
        Quota, jobs and customers for people.
        """
        jobs = [[job.id, jst_text(job.accepted_at), job.state, *job.counts.values()] for job in self._settled().jobs]
        items = [item.name for item in self.account.items]
        people = [[each.values.get(name, "") for name in items] for each in self.customers()]
        return [
            Table(title="calls", header=["day", "calls"], rows=sorted(self.quota.used.items())),
            Table(title="jobs", header=["id", "accepted", "state", "成功", "失敗", "その他"], rows=jobs),
            Table(title="customers", header=items, rows=people),
        ]

    def _settled(self) -> JobQueue:
        self.queue.run_due(ROW_RULES, self.clock(), 0.0)
        return self.queue

    # ── the API ──

    def handle(self, request: SandboxRequest) -> Spoken:
        """
        Answer one request as クルメル would.
        """
        now = self.clock()
        if not self.account.admits(request.client):
            return SandboxDrop(reason="connection refused", reached=False)
        self._settled()
        self.ledger.note(now)
        manners = Manners(
            too_many=lambda: self._too_many(request, now),
            applies=lambda *_: True,
            spoiled=lambda fault, _: self._spoiled(fault, now),
        )
        return with_faults(
            self.faults, request, now=now, answer=lambda asked, _: self._answer(asked, now), manners=manners
        )

    def _answer(self, request: SandboxRequest, now: datetime) -> Spoken:
        path = f"{request.path}?{request.query}" if request.query else request.path
        if path != self.form.path or request.method != "POST":
            return SandboxAnswer(status=404, headers={"content-type": "text/html"}, body=b"<h1>Not Found</h1>")
        if self.quota.room(now) < 1:
            return self._too_many(request, now)
        if self.switches.quota_counts == "all":
            self.quota.count(now)
        try:
            self._take(request, now)
        except Refusal as refusal:
            return self._say(request, int(refusal.reason), now)
        if self.switches.quota_counts == "accepted":
            self.quota.count(now)
        return self._say(request, SUCCESS, now)

    def _take(self, request: SandboxRequest, now: datetime) -> None:
        parts = php_form(request)
        fields = {name: value.decode("ascii", "replace") for name, value in parts.fields.items()}
        if fields.get("charset") not in CHARSETS or fields.get("return_format") not in {"XML", "CSV"}:
            raise _refuse(PARAMETER)
        right = hmac.compare_digest(fields.get(self.form.password, "").encode(), self._password.encode())
        if not right or fields.get(self.form.login) != self.account.login_id:
            raise _refuse(LOGIN)
        settings = self._settings(fields)
        upload = parts.files.get(self.form.file)
        sjis = self.switches.file_charset == "sjis"
        charset = "cp932" if sjis else CHARSETS[fields["charset"]]
        if charset == "euc_jp":  # what the family's reader of files does not know is not played either
            raise _refuse(PARAMETER)
        try:
            file = read_file(upload.data if upload else None, self.account, HaihaiSwitches(charset=charset))
        except Refusal:
            raise _refuse(PARAMETER) from None
        if len(file.rows) > ROWS_MAX:
            raise _refuse(PARAMETER)
        self.queue.add(settings, file, now)

    def _settings(self, fields: Mapping[str, str]) -> ImportSettings:
        import_type = self.form.words.get(fields.get(self.form.import_type, ""))
        overwrite = fields.get(self.form.is_overwrite, "") or "0"
        if import_type is None or overwrite not in {"0", "1"}:
            raise _refuse(PARAMETER)
        targets: list[Target] = []
        for key, name, known in (
            ("gid", self.form.gid, self.account.groups),
            ("spid", self.form.spid, self.account.plans),
        ):
            value = fields.get(name, "")
            if value and value not in known:
                raise _refuse(PARAMETER)
            targets += [(key, value)] if value else []
        if not targets and import_type in {STOP, FORBID, REOPEN}:
            raise _refuse(PARAMETER)
        return ImportSettings(
            import_type=import_type,
            is_overwrite=int(overwrite) if import_type in {REGISTER, REOPEN} else 0,
            overwrite_type=2 if self.switches.blank == "blanks" else 1,
            targets=tuple(targets),
            report_option=0,
        )

    def _too_many(self, request: SandboxRequest, now: datetime) -> SandboxAnswer:
        self.quota.refuse(now)
        return self._say(request, TOO_MANY, now)

    def _spoiled(self, fault: Fault, now: datetime) -> None:
        reached = fault.kind in {"status", "html_200", "maintenance_200"}
        if reached and self.switches.quota_counts == "all" and self.quota.room(now) > 0:
            self.quota.count(now)

    def _say(self, request: SandboxRequest, code: int, now: datetime) -> SandboxAnswer:
        fields = php_form(request).fields
        asked = fields.get("return_format", b"XML").decode("ascii", "replace")
        charset = CHARSETS.get(fields.get("charset", b"").decode("ascii", "replace"), "utf-8")
        wrong = code != SUCCESS
        status = self.switches.error_status if wrong else 200
        if asked == "CSV" or (wrong and self.switches.error_form == "csv"):
            lines = ["CODE,STATUS,MESSAGE", f"{code},{NAMES[code]},処理できませんでした。"] if wrong else ["ID", "1"]
            return self._csv(status, "".join(f"{line}\r\n" for line in lines).encode(charset), now)
        body = f"<code>{code}</code>" if self.switches.xml_code == "element" else f'<result code="{code}"/>'
        text = f'<?xml version="1.0" encoding="UTF-8"?>\n<response>{body}<status>{NAMES[code]}</status></response>\n'
        return SandboxAnswer(status=status, headers={"content-type": "text/xml; charset=UTF-8"}, body=text.encode())

    def _csv(self, status: int, body: bytes, now: datetime) -> SandboxAnswer:
        file_name = f"{now:%Y%m%d%H%M%S}.csv"
        named = self.switches.csv_type == "file_name"
        headers = {
            "cache-control": "public",
            "pragma": "public",
            "content-type": f"{file_name}; name={file_name}" if named else "text/csv",
            "content-disposition": f"attachment; filename={file_name}",
        }
        return SandboxAnswer(status=status, headers=headers, body=body)


def _refuse(code: int) -> Refusal:
    return Refusal(200, str(code))
