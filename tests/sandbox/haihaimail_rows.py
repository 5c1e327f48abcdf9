"""
The customer database of one account and what a file's rows do to it.

One address is there once. Delivery states belong to a group or plan; whoever is deleted or excluded loses them, which
is why deleting and registering the same people again (洗い替え) is banned by the vendor's terms and noticed here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from tests.sandbox.haihaimail_account import Account
from tests.sandbox.haihaimail_file import CustomerFile, Row
from tests.sandbox.haihaimail_settings import FORBID, REGISTER, REMOVE, REOPEN, STOP, ImportSettings, Target
from tests.sandbox.haihaimail_switches import HaihaiSwitches

DELIVERABLE, STOPPED, FORBIDDEN = "配信可能", "配信停止", "配信禁止"
STATES = {STOP: STOPPED, FORBID: FORBIDDEN, REOPEN: DELIVERABLE}
DONE, FAILED, OTHER = "成功", "失敗", "その他"
WASHES_TOLERATED = 1
ADDRESS_CHARS_MAX = 255

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")


class RowResult(NamedTuple):
    """
    What became of one row; `line` counts the header as 1.
    """

    line: int
    address: str
    result: str
    reason: str = ""


class Alarm(NamedTuple):
    """
    Somebody was deleted and registered again more often than an honest mistake explains.
    """

    at: datetime
    address: str
    where: str
    times: int


@dataclass(slots=True, kw_only=True)
class Customer:
    """
    One row of the database, and the delivery state in each group and plan it belongs to.
    """

    address: str
    created_at: datetime
    updated_at: datetime
    values: dict[str, str] = field(default_factory=dict)
    states: dict[Target, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """
        The customer as JSON values.
        """
        return {
            "address": self.address,
            "values": dict(self.values),
            "states": {f"{kind} {number}": state for (kind, number), state in self.states.items()},
            "created_at": self.created_at.isoformat(),
            "updated_at": self.updated_at.isoformat(),
        }


class Database:
    """
    All customers of one account.
    """

    def __init__(self, account: Account) -> None:
        self.account = account
        self.customers: dict[str, Customer] = {}
        self.alarms: list[Alarm] = []
        self._gone: set[tuple[str, str]] = set()
        self._washes: Counter[tuple[str, str]] = Counter()

    def find(self, address: str, switches: HaihaiSwitches) -> Customer | None:
        """
        The customer with this address.
        """
        return self.customers.get(_key(address, switches))

    def run(
        self, file: CustomerFile, settings: ImportSettings, switches: HaihaiSwitches, at: datetime
    ) -> list[RowResult]:
        """
        Work off a file, row by row, in its order.
        """
        work = _Work(self, file, settings, switches, at)
        return [work.row(place, row) for place, row in enumerate(file.rows)]

    def add(self, address: str, key: str, at: datetime) -> Customer:
        """
        A new customer.
        """
        customer = Customer(address=address, created_at=at, updated_at=at)
        self.customers[key] = customer
        self._returned(key, "", customer, at)
        return customer

    def remove(self, key: str) -> None:
        """
        Delete a customer and all states with it.
        """
        del self.customers[key]
        self._gone.add((key, ""))

    def join(self, customer: Customer, key: str, target: Target, state: str, at: datetime) -> None:
        """
        Set the state in a group or plan, becoming a member where needed.
        """
        if target not in customer.states:
            self._returned(key, " ".join(target), customer, at)
        customer.states[target] = state

    def leave(self, customer: Customer, key: str, target: Target) -> None:
        """
        Exclude a customer from a group or plan.
        """
        del customer.states[target]
        self._gone.add((key, " ".join(target)))

    def _returned(self, key: str, where: str, customer: Customer, at: datetime) -> None:
        if (key, where) not in self._gone:
            return
        self._gone.discard((key, where))
        self._washes[key, where] += 1
        if self._washes[key, where] > WASHES_TOLERATED:
            times = self._washes[key, where]
            self.alarms.append(Alarm(at, customer.address, where or "customer database", times))


class _Work:
    """
    One file being worked off.
    """

    def __init__(
        self,
        database: Database,
        file: CustomerFile,
        settings: ImportSettings,
        switches: HaihaiSwitches,
        at: datetime,
    ) -> None:
        self.database = database
        self.settings = settings
        self.switches = switches
        self.at = at
        self.address_item = database.account.address_item
        self.items = {item.name: item for item in database.account.items}
        self.columns = [name for name in file.columns if name != self.address_item]
        self.problems = [row.fault or self._problem(row.cells[self.address_item], row.cells) for row in file.rows]
        self.winners = self._winners(file)

    def row(self, place: int, row: Row) -> RowResult:
        """
        Carry out one row.
        """
        address = row.cells.get(self.address_item, "")
        if self.problems[place]:
            return RowResult(place + 2, address, FAILED, self.problems[place])
        if self.winners[self._key(address)] != place:
            return RowResult(place + 2, address, OTHER, "ファイル内で重複しています")
        return RowResult(place + 2, address, *self._carry_out(address, row.cells))

    def _winners(self, file: CustomerFile) -> dict[str, int]:
        winners: dict[str, int] = {}
        sound = ((place, row) for place, row in enumerate(file.rows) if not self.problems[place])
        for place, row in sound:
            key = self._key(row.cells[self.address_item])
            if self.switches.duplicates == "last" or key not in winners:
                winners[key] = place
        return winners

    def _key(self, address: str) -> str:
        return _key(address, self.switches)

    def _problem(self, address: str, cells: Mapping[str, str]) -> str:
        if not address:
            return f"{self.address_item}がありません"
        if len(address) > ADDRESS_CHARS_MAX or not _ADDRESS.fullmatch(address):
            return f"{self.address_item}が不正です"
        if self.settings.import_type == REMOVE:
            return ""
        problems = (self.items[name].problem(value) for name, value in cells.items())
        return next((problem for problem in problems if problem), "")

    def _carry_out(self, address: str, cells: Mapping[str, str]) -> tuple[str, str]:
        known = self.database.find(address, self.switches)
        if self.settings.import_type == REMOVE:
            return self._remove(known, self._key(address))
        if known is None:
            self._write(self.database.add(address, self._key(address), self.at), cells)
        if self.settings.import_type == REGISTER:
            return self._register(known, self._key(address), cells)
        return self._set_state(known, self._key(address), cells)

    def _remove(self, known: Customer | None, key: str) -> tuple[str, str]:
        targets = self.settings.targets
        present = [target for target in targets if known is not None and target in known.states]
        if known is None or (targets and not present):
            return self.switches.delete_missing, "登録されていません"
        for target in present:
            self.database.leave(known, key, target)
        if not targets:
            self.database.remove(key)
        return DONE, ""

    def _register(self, known: Customer | None, key: str, cells: Mapping[str, str]) -> tuple[str, str]:
        refused = known is not None and not self.settings.is_overwrite
        if known is not None and not refused:
            self._write(known, cells)
        if not refused or self.switches.existing_with_group == "joins":
            customer = self.database.customers[key]
            for target in self.settings.targets:
                survives = self.switches.stopped_survives == "survives"
                state = customer.states.get(target, DELIVERABLE) if survives else DELIVERABLE
                self.database.join(customer, key, target, state, self.at)
        return (OTHER, "登録済みです") if refused else (DONE, "")

    def _set_state(self, known: Customer | None, key: str, cells: Mapping[str, str]) -> tuple[str, str]:
        kind = self.settings.import_type
        refused = known is not None and kind == REOPEN and not self.settings.is_overwrite
        if refused and self.switches.reopen_existing == "untouched":
            return OTHER, "登録済みです"
        if known is not None and self.settings.is_overwrite:
            self._write(known, cells)
        customer = self.database.customers[key]
        for target in self.settings.targets:
            self.database.join(customer, key, target, STATES[kind], self.at)
        customer.updated_at = self.at
        return (OTHER, "登録済みです") if refused else (DONE, "")

    def _write(self, customer: Customer, cells: Mapping[str, str]) -> None:
        blanks = self.settings.overwrite_type == 2
        for name in self.columns:
            if cells[name] or blanks:
                customer.values[name] = cells[name]
        if blanks and self.switches.missing_columns == "blanks":
            for name in self.items.keys() - {*self.columns, self.address_item}:
                customer.values[name] = ""
        customer.updated_at = self.at


def _key(address: str, switches: HaihaiSwitches) -> str:
    return address.lower() if switches.address_case == "insensitive" else address
