"""
A strict double of Mail Dealer: the four APIs of version 1, with users, mailboxes, rights, and the 30 calls a minute.

Facts: API連携仕様書 第3版 (2019-01-07; checked 2026-11). Where it leaves a point open there is a switch. The order of
checks is inferred: maintenance, method, path, size, body, token, address, licence, rate, right, mailbox, parameters.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tests.sandbox import maildealer_mails, maildealer_questions
from tests.sandbox import maildealer_screens as screens
from tests.sandbox import switches as switching
from tests.sandbox.clock import Clock
from tests.sandbox.faults import BEFORE, Fault, FaultProgramme, Manners, with_faults
from tests.sandbox.kit import Table
from tests.sandbox.maildealer_account import (
    ADDRESS,
    NEEDED,
    CustomerItem,
    MailDealerAccount,
    MailDealerUser,
    in_maintenance,
)
from tests.sandbox.maildealer_asking import Parameters
from tests.sandbox.maildealer_books import MailDealerCall, RateBook
from tests.sandbox.maildealer_customers import MailDealerCustomer, Value, customers_from
from tests.sandbox.maildealer_envelope import FORMAT, NO_SUCH, Asked, Refusal, Wrong, refusal, success
from tests.sandbox.maildealer_mails import Mail
from tests.sandbox.maildealer_questions import Question
from tests.sandbox.maildealer_switches import MailDealerSwitches
from tests.sandbox.wire import SandboxAnswer, SandboxDrop, SandboxRequest, Spoken, media_type

MEGABYTES_MAX = 5
FAULTS = ("token_revoked", "internal_999", "internal_999_after")
_PATH = re.compile(r"/api/v1/(cust/get|cust/update|mail/get|qa/get)")


class MailDealerSandbox:
    """
    One Mail Dealer account. `customers` maps mailbox numbers to what is registered there from the start.
    """

    name = "maildealer"

    def __init__(
        self,
        *,
        clock: Clock,
        users: Sequence[MailDealerUser],
        mailboxes: Mapping[int, str],
        items: Sequence[CustomerItem] = (),
        customers: Mapping[int, tuple[Mapping[str, Value], ...]] | None = None,
        mails: Sequence[Mail] = (),
        questions: Sequence[Question] = (),
        switches: MailDealerSwitches | None = None,
    ) -> None:
        self.account = MailDealerAccount(users=tuple(users), mailboxes=dict(mailboxes), items=tuple(items))
        self.clock = clock
        self._first = (dict(customers or {}), tuple(mails), tuple(questions))
        self._first_switches = switches or MailDealerSwitches()
        self.reset()

    def reset(self) -> None:
        """
        The customers, mails, tokens and switches it was made with; no calls, no faults.
        """
        customers, mails, questions = self._first
        self.switches = self._first_switches
        self.faults = FaultProgramme(FAULTS)
        self.rates = RateBook()
        self.calls: list[MailDealerCall] = []
        self.tokens = {user.name: user.token for user in self.account.users}
        self.customers = customers_from(customers, self.account, self.clock())
        self.mails = list(mails)
        self.questions = list(questions)

    # ── what a test or an administrator may do ──

    def change_switches(self, changes: Mapping[str, Any]) -> None:
        """
        Set switches by name.
        """
        self.switches = switching.change(self.switches, changes)

    def regenerate_token(self, user: str) -> str:
        """
        A new API token for a user, which ends the old one at once.
        """
        self.tokens[user] = f"{self.tokens[user]}-regenerated"
        return self.tokens[user]

    def receive(self, document: Mapping[str, Any]) -> None:
        """
        A mail arrives.
        """
        self.mails.append(maildealer_mails.mail_from(document))

    # ── answering ──

    def handle(self, request: SandboxRequest) -> Spoken:
        """
        Answer one request as Mail Dealer would.
        """
        now = self.clock()
        manners = Manners(
            too_many=lambda: self._say(request, now, Refusal(429, 6)),
            applies=lambda *_: True,
            spoiled=lambda fault, asked: self._count_spoiled(fault, asked, now),
        )
        spoken = with_faults(
            self.faults, request, now=now, answer=lambda asked, fault: self._answer(asked, fault, now), manners=manners
        )
        self._note(request, spoken, now)
        return spoken

    def _answer(self, request: SandboxRequest, fault: Fault | None, now: datetime) -> SandboxAnswer:
        kind = fault.kind if fault else ""
        if kind == "internal_999":
            return self._say(request, now, Refusal(500, 999))
        try:
            found = self._carry_out(request, now, revoked=kind == "token_revoked")
        except Refusal as no:
            return self._say(request, now, no)
        if kind == "internal_999_after":
            return self._say(request, now, Refusal(500, 999))
        return success(Asked(request=request, query=_document(request), at=now), self.switches, found)

    def _say(self, request: SandboxRequest, now: datetime, no: Refusal) -> SandboxAnswer:
        return refusal(Asked(request=request, query=_document(request), at=now), self.switches, no)

    def _carry_out(self, request: SandboxRequest, now: datetime, *, revoked: bool) -> dict[str, Any]:
        before_token = self.switches.method_check == "before_token"
        if in_maintenance(now, self.switches):
            raise Refusal(503, 900)
        if before_token:
            _check_method(request)
        api = self._api(request)
        self._check_body(request)
        user = self._user(request, revoked=revoked)
        if not before_token:
            _check_method(request)
        if self.switches.addresses and request.client not in self.switches.addresses:
            raise Refusal(403, 7)
        if self.switches.licence == "invalid":
            raise Refusal(402, 9)
        document = _document(request)
        mailbox = document.get("mboxNo")
        if type(mailbox) is int and not self.rates.admit(now, mailbox, api, self.switches):
            raise Refusal(429, 6)
        rights = frozenset(user.rights) - frozenset(self.switches.missing_rights)
        if not rights.issuperset(NEEDED[api]):
            raise Refusal(403, 4) if self.switches.no_right == "403/4" else Refusal(401, 1)
        if type(mailbox) is int and (mailbox not in self.account.mailboxes or mailbox not in user.mailboxes):
            raise Refusal(403, 7)
        return self._run(api, document, rights, now)

    def _run(self, api: str, document: Mapping[str, Any], rights: frozenset[str], now: datetime) -> dict[str, Any]:
        asked = Parameters(document)
        asked.integer("mboxNo", required=True)
        if api == "cust/get":
            return self.customers.get(asked, self.switches)
        if api == "cust/update":
            return self.customers.update(asked, self.switches, now)
        if api == "mail/get":
            return maildealer_mails.get(self.mails, asked, self.switches, rights=rights)
        return maildealer_questions.get(self.questions, asked, self.switches)

    # ── the checks before the parameters ──

    def _api(self, request: SandboxRequest) -> str:
        found = _PATH.fullmatch(request.path)
        if found is None:
            raise Refusal(404, 3)
        return found[1]

    def _check_body(self, request: SandboxRequest) -> None:
        if len(request.body) > MEGABYTES_MAX * self.switches.megabyte:
            raise Refusal(413, 5)
        kind, _ = media_type(request)
        if kind != "application/json":
            raise Refusal(400, 100, [Wrong("Content-Type", kind, FORMAT)])
        wanted = request.headers.get("x-md-response-format", "JSON")
        if wanted.upper() != "JSON":
            raise Refusal(400, 100, [Wrong("X-MD-response-format", wanted, NO_SUCH)])
        if not _is_object(request):
            raise Refusal(400, 100)

    def _user(self, request: SandboxRequest, *, revoked: bool) -> MailDealerUser:
        token = request.headers.get("x-md-apitoken", "").encode()
        found = [user for user in self.account.users if hmac.compare_digest(self.tokens[user.name].encode(), token)]
        if revoked or not found:
            raise Refusal(401, 1)
        return found[0]

    # ── the books ──

    def _count_spoiled(self, fault: Fault, request: SandboxRequest, now: datetime) -> None:
        mailbox, found = _document(request).get("mboxNo"), _PATH.fullmatch(request.path)
        if fault.kind in BEFORE - {"refused", "down"} and type(mailbox) is int and found:
            self.rates.admit(now, mailbox, found[1], self.switches)

    def _note(self, request: SandboxRequest, spoken: Spoken, now: datetime) -> None:
        if isinstance(spoken, SandboxDrop) and not spoken.reached:
            return
        document, found = _document(request), _PATH.fullmatch(request.path)
        mailbox, items = document.get("mboxNo"), document.get("items")
        address = items.get(ADDRESS) if isinstance(items, dict) else ""
        call = MailDealerCall(
            at=now,
            ends_at=now + timedelta(seconds=spoken.delay_seconds),
            api=found[1] if found else request.path,
            mailbox=mailbox if type(mailbox) is int else None,
            address=address if isinstance(address, str) else "",
            answer=_told(spoken),
        )
        self.calls.append(call)

    # ── what is inside ──

    def customer(self, address: str, mailbox: int = 1) -> MailDealerCustomer | None:
        """
        The customer with this address.
        """
        return self.customers.find(mailbox, address, self.switches)

    def give(self, user: str, *, rights: Sequence[str]) -> None:
        """
        Set the rights of a user.
        """
        users = tuple(replace(each, rights=tuple(rights)) if each.name == user else each for each in self.account.users)
        self.account = replace(self.account, users=users)

    def state(self) -> dict[str, Any]:
        """
        Everything inside as JSON values.
        """
        return screens.state(self)

    def tables(self) -> list[Table]:
        """
        Customers, mails, questions and calls for people.
        """
        return screens.tables(self)


def _check_method(request: SandboxRequest) -> None:
    if request.method != "POST":
        raise Refusal(405, 8)


def _document(request: SandboxRequest) -> dict[str, Any]:
    try:
        document = json.loads(request.body.decode())
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _is_object(request: SandboxRequest) -> bool:
    return bool(_document(request)) or request.body.strip() == b"{}"


def _told(spoken: Spoken) -> str:
    if isinstance(spoken, SandboxDrop):
        return "no answer"
    try:
        code = json.loads(spoken.body)["errors"]["code"]
    except (ValueError, LookupError, TypeError):
        return str(spoken.status)
    return f"{spoken.status}/{code}"
