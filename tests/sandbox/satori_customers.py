"""
SATORI's three customer calls: the order of checks, the store, and the action log.

Order (inferred): keys, permission, identity_type, identifier, values, store.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from tests.sandbox.satori_fields import DUPLICATE, LABELS, invalid, missing, problems
from tests.sandbox.satori_store import Customer, CustomerBook, overwrite, register
from tests.sandbox.satori_switches import SatoriSwitches

CALL_NAMES = ("user_key", "user_secret", "company_key", "company_secret")
_CUSTOMER_FIELD = re.compile(r"customer\[(.+)\]")


class Refusal(Exception):
    """
    SATORI says no: the body's status and message.
    """

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        self.message = message
        super().__init__(f"{status} {message}")


class SatoriCustomers:
    """
    The customers of one account and the log of what was done to them by API.
    """

    def __init__(self, custom_fields: Mapping[str, str]) -> None:
        self.book = CustomerBook()
        self.action_log: list[dict[str, Any]] = []
        self._custom_fields = custom_fields

    def carry_out(
        self,
        operation: str,
        parameters: Mapping[str, str],
        *,
        version: int,
        switches: SatoriSwitches,
        now: datetime,
        incident: bool,
    ) -> str:
        """
        Registration, upsert or delete of one customer: the hashcode, "" for a deletion of nobody. Raises Refusal.
        """
        values = _customer_values(parameters, switches)
        known = self._find(values, switches)
        self.permit(_right(operation, known), switches)
        _check_identity(operation, values, switches)
        if operation == "delete":
            _check_values({"email": values["email"]} if "email" in values else {}, switches, {})
            return self._delete(known, switches, now)
        if "collection_route" not in values:
            raise Refusal(400, missing("customer[collection_route]"))
        required = dict.fromkeys(switches.account_required, "")
        _check_values({**required, **values}, switches, self._custom_fields if version == 4 else None)
        if incident:
            raise Refusal(400, DUPLICATE)
        customer = self._write(operation, known, values, switches, now)
        self._log(customer, "API登録", parameters, now)
        return customer.hashcode

    def bulk_row(self, task: str, row: Mapping[str, str], switches: SatoriSwitches, now: datetime) -> str:
        """
        Apply one row of a bulk file; why it fails, else "". `task` is e.g. "upsert email".
        """
        operation, identity = task.split()
        values = {"identity_type": identity, **row}
        if identity not in row:
            return f"{identity} required."
        known = self._find(values, switches)
        wrong = problems(values, switches, self._custom_fields)
        if known is None and "email" not in row:
            wrong.append("カスタマーが存在しません。")
        if known is None and switches.bulk_route == "required" and "collection_route" not in row:
            wrong.append(f"{LABELS['collection_route']}を入力してください。")
        if wrong:
            return " ".join(wrong)
        try:
            customer = self._write(operation, known, values, switches, now)
        except Refusal as refusal:
            return refusal.message
        self._log(customer, "一括登録", row, now)
        return ""

    def permit(self, right: str, switches: SatoriSwitches) -> None:
        """
        Raise Refusal unless the key's owner has this right.
        """
        if right not in switches.permissions:
            raise Refusal(switches.forbidden, "Forbidden" if switches.forbidden == 403 else "Unauthorized")

    def _find(self, values: Mapping[str, str], switches: SatoriSwitches) -> Customer | None:
        if values.get("identity_type") == "hashcode":
            return self.book.by_hashcode(values.get("hashcode", ""))
        return self.book.by_email(values.get("email", ""), switches.email_case)

    def _delete(self, known: Customer | None, switches: SatoriSwitches, now: datetime) -> str:
        if known is not None:
            self.book.delete(known)
            self._log(known, "API削除", {}, now)
            return known.hashcode
        if switches.delete_unknown == 400:
            raise Refusal(400, invalid(["カスタマーが存在しません。"]))
        return ""

    def _write(
        self, operation: str, known: Customer | None, values: Mapping[str, str], switches: SatoriSwitches, now: datetime
    ) -> Customer:
        fresh = known is not None and now - known.updated_at < timedelta(seconds=switches.conflict_seconds)
        if fresh:
            raise Refusal(409, "Conflict")
        customer = self._place(known, values, switches, now)
        if operation == "registration":
            register(customer, values)
        else:
            overwrite(customer, values, empty_clears=switches.empty_value == "clears")
        customer.updated_at = now
        return customer

    def _place(
        self, known: Customer | None, values: Mapping[str, str], switches: SatoriSwitches, now: datetime
    ) -> Customer:
        email = values.get("email", "")
        holder = self.book.by_email(email, switches.email_case) if email else None
        by_hashcode = values.get("identity_type") == "hashcode"
        changes = by_hashcode and switches.email_change == "changes" and email not in {"", known.email if known else ""}
        if holder is not None and holder is not known and (known is None or changes):
            raise Refusal(400, DUPLICATE)
        if known is None and not email:
            raise Refusal(400, missing("customer[email]"))
        if known is None:
            return self.book.create(email, switches.email_case, now)
        if changes:
            self.book.move(known, email, switches.email_case)
        return known

    def _log(self, customer: Customer, action: str, content: Mapping[str, str], now: datetime) -> None:
        shown = {name: value for name, value in content.items() if name not in CALL_NAMES}
        entry = {"at": now, "email": customer.email, "action": action, "content": shown}
        self.action_log.append(entry)


def _customer_values(parameters: Mapping[str, str], switches: SatoriSwitches) -> dict[str, str]:
    values = {found[1]: value for name, value in parameters.items() if (found := _CUSTOMER_FIELD.fullmatch(name))}
    by_hashcode = values.get("identity_type") == "hashcode"
    if by_hashcode and switches.email_with_hashcode == "optional" and not values.get("email"):
        values.pop("email", None)
    return values


def _right(operation: str, known: Customer | None) -> str:
    if operation == "delete":
        return "delete"
    return "create" if known is None else "edit"


def _check_identity(operation: str, values: Mapping[str, str], switches: SatoriSwitches) -> None:
    identity = values.get("identity_type")
    if identity is None:
        raise Refusal(400, missing("customer[identity_type]"))
    if identity not in ({"email"} if operation == "registration" else {"email", "hashcode"}):
        raise Refusal(400, "validation error: customer[identity_type] invalid.")
    needed = ["hashcode"] if identity == "hashcode" else ["email"]
    if identity == "hashcode" and switches.email_with_hashcode == "required":
        needed.append("email")
    for name in needed:
        if name not in values or (name == "hashcode" and not values[name]):
            raise Refusal(400, missing(f"customer[{name}]"))


def _check_values(values: Mapping[str, str], switches: SatoriSwitches, custom_fields: Mapping[str, str] | None) -> None:
    wrong = problems(values, switches, custom_fields)
    if wrong:
        raise Refusal(400, invalid(wrong))
