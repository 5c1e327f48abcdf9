"""
A strict double of SATORI: customer API v3 and v4, bulk v4, and a page that binds browsers.

Facts: API v3 manual in full, v4 and bulk by public articles and client code (checked 2026-11). Where the documents
leave a point open there is a switch.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from tests.sandbox import satori_screens as screens
from tests.sandbox import switches as switching
from tests.sandbox.clock import Clock
from tests.sandbox.faults import Fault, FaultProgramme, Manners, with_faults
from tests.sandbox.kit import Ledger, Table
from tests.sandbox.satori_bulk import BulkFile, read_rows
from tests.sandbox.satori_customers import CALL_NAMES, Refusal, SatoriCustomers
from tests.sandbox.satori_fields import check_custom_fields, missing
from tests.sandbox.satori_store import Customer
from tests.sandbox.satori_switches import SatoriSwitches
from tests.sandbox.wire import (
    SandboxAnswer,
    SandboxRequest,
    Spoken,
    html_answer,
    html_page,
    json_answer,
    media_type,
    read_form,
)

BARE_HOST = "satr.jp"
_CUSTOMER = re.compile(r"/api/v([34])/public/customer/(registration|upsert|delete)\.json")
_BULK = re.compile(r"/api/v4/public/bulk_customers/(registration|upsert|status)\.json")
_BINDING = re.compile(r"([0-9a-f]{16})-00")


@dataclass(frozen=True, slots=True, kw_only=True)
class SatoriKeys:
    """
    The four values that every call carries.
    """

    user_key: str
    user_secret: str = field(repr=False)
    company_key: str
    company_secret: str = field(repr=False)

    def match(self, values: Mapping[str, str]) -> bool:
        """
        Whether all four are right.
        """
        return all(
            hmac.compare_digest(getattr(self, name).encode(), values.get(name, "").encode()) for name in CALL_NAMES
        )


class SatoriSandbox:
    """
    One SATORI account. `custom_fields` maps keys to text, integer or date (v4 only).
    """

    name = "satori"

    def __init__(
        self,
        *,
        clock: Clock,
        keys: SatoriKeys,
        switches: SatoriSwitches | None = None,
        custom_fields: Mapping[str, str] | None = None,
    ) -> None:
        check_custom_fields(custom_fields or {})
        self.clock = clock
        self.keys = keys
        self.custom_fields = dict(custom_fields or {})
        self._first_switches = switches or SatoriSwitches()
        self.reset()

    def reset(self) -> None:
        """
        No customers, no log, no faults, the switches it was made with.
        """
        self.switches = self._first_switches
        self.faults = FaultProgramme(("success_without_hashcode", "incident_2025_10"))
        self.ledger = Ledger()
        self.customers = SatoriCustomers(self.custom_fields)
        self.files: dict[str, BulkFile] = {}

    def change_switches(self, changes: Mapping[str, Any]) -> None:
        """
        Set switches by name.
        """
        self.switches = switching.change(self.switches, changes)

    def handle(self, request: SandboxRequest) -> Spoken:
        """
        Answer one request as SATORI would. The binding page is a visitor's, not the API: no fault, no ledger.
        """
        now = self.clock()
        self._work_off(now)
        if request.path == "/bind" and request.method == "GET":
            return self._bind(request)
        self.ledger.note(now)
        manners = Manners(
            too_many=lambda: self._say(429, "Too Many Requests"), applies=self._applies, spoiled=lambda *_: None
        )
        return with_faults(
            self.faults, request, now=now, answer=lambda asked, fault: self._answer(asked, fault, now), manners=manners
        )

    def leaked_keys(self) -> list[str]:
        """
        Names of keys whose value was stored or logged as if it were a customer's; must be empty.
        """
        stored = str([self.customers.action_log, [customer.as_dict() for customer in self.customers.book]])
        return [name for name in CALL_NAMES if getattr(self.keys, name) in stored]

    def _answer(self, request: SandboxRequest, fault: Fault | None, now: datetime) -> SandboxAnswer:
        limit = self.switches.rate_per_second
        if limit and self.ledger.recent(now, 1) > limit:
            return self._say(429, "Too Many Requests")
        moved = self._wrong_host(request)
        if moved is not None:
            return moved
        try:
            if request.method == "POST" and (found := _CUSTOMER.fullmatch(request.path)):
                return self._customer_call(request, found, fault, now)
            if found := _BULK.fullmatch(request.path):
                return self._bulk_call(request, found[1], now)
        except Refusal as refusal:
            return self._say(refusal.status, refusal.message)
        return self._say(404, "Not Found")

    def _wrong_host(self, request: SandboxRequest) -> SandboxAnswer | None:
        if request.host != BARE_HOST:
            return None
        found = _CUSTOMER.fullmatch(request.path)
        documented = found is not None and found[1] == "3" and found[2] != "registration"
        if documented and self.switches.bare_host == "accept":
            return None
        if documented and self.switches.bare_host == "moved":
            return SandboxAnswer(status=301, headers={"location": f"https://api.satr.jp{request.path}"})
        return self._say(404, "Not Found")

    def _say(self, status: int, message: Any) -> SandboxAnswer:
        http = status if self.switches.http_code == "mirror" else 200
        return json_answer(http, {"status": status, "message": message})

    # ── customers ──

    def _customer_call(
        self, request: SandboxRequest, found: re.Match[str], fault: Fault | None, now: datetime
    ) -> SandboxAnswer:
        values = self._values(request)
        if not self.keys.match(values):
            raise Refusal(401, "Unauthorized")
        incident = fault is not None and fault.kind == "incident_2025_10"
        hashcode = self.customers.carry_out(
            found[2], values, version=int(found[1]), switches=self.switches, now=now, incident=incident
        )
        if not hashcode or (fault is not None and fault.kind == "success_without_hashcode"):
            return self._say(200, {})
        return self._say(200, {"customer[hashcode]": hashcode})

    def _values(self, request: SandboxRequest) -> dict[str, str]:
        kind, _ = media_type(request)
        if kind == "multipart/form-data" and self.switches.multipart == "refused":
            return {}
        try:
            return {name: value.decode() for name, value in read_form(request).fields.items()}
        except UnicodeDecodeError:
            raise Refusal(400, "validation error: parameters must be UTF-8.") from None

    def _applies(self, fault: Fault, request: SandboxRequest) -> bool:
        if fault.kind == "success_without_hashcode":
            return _CUSTOMER.fullmatch(request.path) is not None
        if fault.kind == "incident_2025_10":
            email = read_form(request).fields.get("customer[email]", b"").decode(errors="replace")
            known = self.customers.book.by_email(email, self.switches.email_case)
            return request.path == "/api/v4/public/customer/registration.json" and known is not None
        return True

    # ── bulk ──

    def _bulk_call(self, request: SandboxRequest, operation: str, now: datetime) -> SandboxAnswer:
        asked_by = "GET" if operation == "status" else "POST"
        if request.method != asked_by:
            raise Refusal(404, "Not Found")
        values = dict(parse_qsl(request.query)) if operation == "status" else self._values(request)
        if not self.keys.match(values):
            raise Refusal(401, "Unauthorized")
        self.customers.permit("status" if operation == "status" else "bulk", self.switches)
        if operation == "status":
            return self._bulk_status(values, now)
        identity = values.get("identity_type")
        if identity is None:
            raise Refusal(400, missing("identity_type"))
        if identity not in {"email", "hashcode"}:
            raise Refusal(400, "validation error: identity_type invalid.")
        upload = read_form(request).files.get("customer_csv_file")
        if upload is None:
            raise Refusal(400, missing("customer_csv_file"))
        try:
            rows = read_rows(upload.data, identity)
        except ValueError as error:
            raise Refusal(400, f"validation error: {error}") from None
        code = f"{len(self.files) + 1:08x}"
        self.files[code] = BulkFile(process_code=code, operation=f"{operation} {identity}", accepted_at=now, rows=rows)
        return self._bulk_say({"process_code": code}, status=202, message="Accepted")

    def _bulk_status(self, values: Mapping[str, str], now: datetime) -> SandboxAnswer:
        asked = self.files.get(values.get("process_code", ""))
        if asked is None or asked.expired(now):
            raise Refusal(400, "validation error: process_code invalid.")
        payload = {"process_status": asked.stage(now), "failed_rows": asked.failed_rows}
        return self._bulk_say(payload, status=200, message="OK")

    def _bulk_say(self, payload: Any, *, status: int, message: str) -> SandboxAnswer:
        if self.switches.bulk_envelope == "message":
            return json_answer(200, {"status": status, "message": payload})
        return json_answer(200, {"status": status, "message": message, "body": payload})

    def _work_off(self, now: datetime) -> None:
        for waiting in self.files.values():
            if not waiting.applied and waiting.stage(now) == "finished":
                waiting.apply(lambda task, row: self.customers.bulk_row(task, row, self.switches, now), self.switches)

    # ── the visitor's browser ──

    def _bind(self, request: SandboxRequest) -> SandboxAnswer:
        asked = dict(parse_qsl(request.query))
        found = _BINDING.fullmatch(asked.get("c", ""))
        customer = self.customers.book.by_hashcode(found[1]) if found else None
        browser = asked.get("browser", "")
        if customer is not None and browser and browser not in customer.browsers:
            customer.browsers.append(browser)
        return html_answer(200, html_page("ありがとうございました", "<h1>ありがとうございました</h1>"))

    # ── what is inside ──

    def customer(self, email: str) -> Customer | None:
        """
        The customer with this address.
        """
        self._work_off(self.clock())
        return self.customers.book.by_email(email, self.switches.email_case)

    @property
    def action_log(self) -> list[dict[str, Any]]:
        """
        What was done to customers by API: time, address, action, and what was submitted less the keys.
        """
        self._work_off(self.clock())
        return self.customers.action_log

    def state(self) -> dict[str, Any]:
        """
        Everything inside as JSON values.
        """
        self._work_off(self.clock())
        return screens.state(self)

    def tables(self) -> list[Table]:
        """
        Customers and actions for people.
        """
        self._work_off(self.clock())
        return screens.tables(self)
