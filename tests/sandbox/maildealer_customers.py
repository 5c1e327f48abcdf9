"""
Mail Dealer's customers: cust/get, cust/update and their decision table (specification 2019-01, 顧客情報 APIs).

A mailbox has its own customers. IDs are numbers that nobody had before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.sandbox.maildealer_account import ADDRESS, CustomerItem, MailDealerAccount
from tests.sandbox.maildealer_asking import PAGING, Parameters, read_page, shown, take
from tests.sandbox.maildealer_envelope import FORMAT, NO_SUCH, REQUIRED, TOO_LONG, TYPE, Refusal
from tests.sandbox.maildealer_switches import MailDealerSwitches

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")

Value = str | list[str]


@dataclass(slots=True, kw_only=True)
class MailDealerCustomer:
    """
    One customer of one mailbox.
    """

    id: int
    mailbox: int
    values: dict[str, Value]
    created_at: datetime
    updated_at: datetime

    @property
    def address(self) -> str:
        """
        The address, as it was last written.
        """
        return str(self.values[ADDRESS])

    def as_dict(self) -> dict[str, Any]:
        """
        The customer as JSON values.
        """
        return {
            "id": self.id,
            "mailbox": self.mailbox,
            **self.values,
            "created_at": self.created_at.isoformat(),
            "updated_at": self.updated_at.isoformat(),
        }


@dataclass(slots=True)
class MailDealerCustomers:
    """
    The customers of all mailboxes, and the log of what was written.
    """

    account: MailDealerAccount
    by_id: dict[int, MailDealerCustomer] = field(default_factory=dict)
    log: list[dict[str, Any]] = field(default_factory=list)
    made: int = 0

    def __iter__(self) -> Iterator[MailDealerCustomer]:
        return iter(self.by_id.values())

    def find(self, mailbox: int, address: str, switches: MailDealerSwitches) -> MailDealerCustomer | None:
        """
        The customer of a mailbox with this address.
        """
        wanted = _key(address, switches)
        return next((each for each in self if each.mailbox == mailbox and _key(each.address, switches) == wanted), None)

    # ── cust/get ──

    def get(self, asked: Parameters, switches: MailDealerSwitches) -> dict[str, Any]:
        """
        Customers of one mailbox, all or those that the search names.
        """
        items = (switches.customer_key, *self.account.customer_items)
        asked.only((*PAGING, "search"), switches)
        search = asked.inside("search")
        search.only(("customerId", "mailaddr"), switches)
        wanted, address = search.integer("customerId"), search.text("mailaddr")
        page = read_page(asked, switches, items=items, sortable=items)
        asked.refuse()
        found = [
            each
            for each in self
            if each.mailbox == asked.values["mboxNo"]
            and wanted in {None, each.id}
            and (not address or _key(each.address, switches) == _key(address, switches))
        ]
        rows = [shown(self._row(each, switches), page.columns) for each in take(found, page, _sort_key(switches))]
        return {"count": len(rows), "items": rows}

    def _row(self, customer: MailDealerCustomer, switches: MailDealerSwitches) -> dict[str, Any]:
        row: dict[str, Any] = {switches.customer_key: str(customer.id)}
        for name, item in self.account.customer_items.items():
            value = customer.values.get(name, [] if item.choices else "")
            joined = isinstance(value, list) and switches.choice_form == "text"
            row[name] = ",".join(value) if joined else value
        return row

    # ── cust/update ──

    def update(self, asked: Parameters, switches: MailDealerSwitches, now: datetime) -> dict[str, Any]:
        """
        Register or update one customer, by ID or by address.
        """
        asked.only(("mboxNo", "items"), switches)
        given = asked.inside("items", required=True)
        number = self._number(given, switches)
        values = self._values(given, switches)
        asked.refuse()
        mailbox = asked.values["mboxNo"]
        customer = self._target(mailbox, number, str(values[ADDRESS]), switches)
        action = "更新" if customer else "登録"
        if customer is None:
            self.made += 1
            customer = MailDealerCustomer(
                id=self.made, mailbox=mailbox, values={ADDRESS: values[ADDRESS]}, created_at=now, updated_at=now
            )
            self.by_id[customer.id] = customer
        customer.values.update(
            {name: value for name, value in values.items() if value or switches.empty_value == "clears"}
        )
        customer.updated_at = now
        self.log.append(
            {"at": now, "mailbox": mailbox, "id": customer.id, "action": action, "items": dict(given.values)}
        )
        return {"count": 1, "customerId": customer.id}

    def _target(
        self, mailbox: int, number: int | None, address: str, switches: MailDealerSwitches
    ) -> MailDealerCustomer | None:
        holder = self.find(mailbox, address, switches)
        if number is None:
            return holder
        named = self.by_id.get(number)
        if named is None or named.mailbox != mailbox:
            raise Refusal(400, 200)
        if holder is not None and holder is not named:
            raise Refusal(400, 201)
        return named

    def _number(self, given: Parameters, switches: MailDealerSwitches) -> int | None:
        value = given.values.get(switches.customer_key)
        if value is None or value == "":
            return None
        if isinstance(value, bool) or not isinstance(value, (int, str)):
            given.wrong(switches.customer_key, TYPE)
        elif not re.fullmatch(r"[0-9]{1,10}", str(value)):
            given.wrong(switches.customer_key, FORMAT)
        else:
            return int(value)
        return None

    def _values(self, given: Parameters, switches: MailDealerSwitches) -> dict[str, Value]:
        items = self.account.customer_items
        for name in given.values:
            if name not in items and name != switches.customer_key and switches.unknown_item == "refused":
                given.wrong(name, NO_SUCH)
        values: dict[str, Value] = {}
        for name, item in items.items():
            value = given.values.get(name)
            if item.required and value in (None, "", []):
                given.wrong(name, REQUIRED, "")
            elif value is not None:
                _check(given, item, value)
                values[name] = value
        return values


def _check(given: Parameters, item: CustomerItem, value: Any) -> None:
    if item.choices:
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            given.wrong(item.name, TYPE)
        elif not set(value) <= set(item.choices):
            given.wrong(item.name, NO_SUCH)
    elif not isinstance(value, str):
        given.wrong(item.name, TYPE)
    elif item.chars_max and len(value) > item.chars_max:
        given.wrong(item.name, TOO_LONG)
    elif item.name == ADDRESS and not _ADDRESS.fullmatch(value):
        given.wrong(item.name, FORMAT)


def _sort_key(switches: MailDealerSwitches) -> Any:
    def key(customer: MailDealerCustomer, name: str) -> Any:
        if name == switches.customer_key:
            return customer.id
        value = customer.values.get(name, "")
        return ",".join(value) if isinstance(value, list) else value

    return key


def _key(address: str, switches: MailDealerSwitches) -> str:
    return address.lower() if switches.address_case == "insensitive" else address


def customers_from(
    customers: Mapping[int, tuple[Mapping[str, Value], ...]], account: MailDealerAccount, at: datetime
) -> MailDealerCustomers:
    """
    The customers that an account has from the start: values by mailbox.
    """
    book = MailDealerCustomers(account)
    for mailbox, rows in customers.items():
        for values in rows:
            book.made += 1
            book.by_id[book.made] = MailDealerCustomer(
                id=book.made, mailbox=mailbox, values=dict(values), created_at=at, updated_at=at
            )
    return book
