"""
Reading the parameters of a call, every fault of them collected; and taking the rows that a get API was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.sandbox.maildealer_envelope import ABOVE, BELOW, NO_SUCH, REQUIRED, TYPE, Refusal, Wrong
from tests.sandbox.maildealer_switches import MailDealerSwitches

LIMIT_DEFAULT = 100
PAGING = ("mboxNo", "limit", "offset", "column", "order")


class Parameters:
    """
    One object of a request. What is wrong goes into `wrongs`, and `refuse` says it all at once.
    """

    def __init__(self, values: Mapping[str, Any], wrongs: list[Wrong] | None = None) -> None:
        self.values = values
        self.wrongs: list[Wrong] = [] if wrongs is None else wrongs

    def wrong(self, name: str, code: int, value: Any = None) -> None:
        """
        One more fault.
        """
        self.wrongs.append(Wrong(name, self.values.get(name) if value is None else value, code))

    def refuse(self) -> None:
        """
        Raise Refusal 400/100 where anything was wrong.
        """
        if self.wrongs:
            raise Refusal(400, 100, self.wrongs)

    def only(self, known: Sequence[str], switches: MailDealerSwitches) -> None:
        """
        Names that are no parameters are wrong, unless this account's reading ignores them.
        """
        if switches.unknown_parameter == "refused":
            for name in self.values:
                if name not in known:
                    self.wrong(name, NO_SUCH)

    def integer(
        self, name: str, default: int | None = None, *, required: bool = False, least: int | None = None, most: int = 0
    ) -> int | None:
        """
        A whole number, written as one.
        """
        value = self.values.get(name)
        if value is None:
            if required:
                self.wrong(name, REQUIRED, "")
            return default
        if type(value) is not int:
            self.wrong(name, TYPE)
            return default
        if least is not None and value < least:
            self.wrong(name, BELOW)
        elif most and value > most:
            self.wrong(name, ABOVE)
        return value

    def text(self, name: str, choices: Sequence[str] = ()) -> str:
        """
        A text, "" where there is none.
        """
        value = self.values.get(name, "")
        if not isinstance(value, str):
            self.wrong(name, TYPE)
            return ""
        if choices and value and value not in choices:
            self.wrong(name, NO_SUCH)
        return value

    def flag(self, name: str) -> bool:
        """
        True or false, false where it is not said.
        """
        value = self.values.get(name, False)
        if not isinstance(value, bool):
            self.wrong(name, TYPE)
        return value is True

    def inside(self, name: str, *, required: bool = False) -> Parameters:
        """
        The object under a name, an empty one where there is none; its faults are counted here.
        """
        value = self.values.get(name)
        if value is None and required:
            self.wrong(name, REQUIRED, "")
        elif value is not None and not isinstance(value, Mapping):
            self.wrong(name, TYPE)
        return Parameters(value if isinstance(value, Mapping) else {}, self.wrongs)

    def columns(self, known: Sequence[str]) -> tuple[str, ...]:
        """
        The items asked for by `column`, all of them where it is not given.
        """
        value = self.values.get("column")
        if value is None or value == []:
            return tuple(known)
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            self.wrong("column", TYPE)
            return tuple(known)
        for each in value:
            if each not in known:
                self.wrong("column", NO_SUCH, each)
        return tuple(value)

    def order(self, known: Sequence[str]) -> tuple[tuple[str, bool], ...]:
        """
        The items to sort by, each with whether it goes downwards.
        """
        inner = self.inside("order")
        for name, rule in inner.values.items():
            if name not in known:
                inner.wrong(name, NO_SUCH)
            elif not isinstance(rule, str):
                inner.wrong(name, TYPE)
            elif rule not in {"asc", "desc"}:
                inner.wrong(name, NO_SUCH)
        return tuple((name, rule == "desc") for name, rule in inner.values.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """
    Which rows of all that were found, in which order, with which items.
    """

    limit: int
    skip: int
    columns: tuple[str, ...]
    order: tuple[tuple[str, bool], ...]


def read_page(
    asked: Parameters, switches: MailDealerSwitches, *, items: Sequence[str], sortable: Sequence[str], base: int = 1
) -> Page:
    """
    Limit (100), offset (from `base`), column and order.
    """
    limit = asked.integer("limit", LIMIT_DEFAULT, least=1, most=switches.limit_max)
    offset = asked.integer("offset", base, least=base)
    return Page(
        limit=limit or LIMIT_DEFAULT,
        skip=(base if offset is None else offset) - base,
        columns=asked.columns(items),
        order=asked.order(sortable),
    )


def take(rows: Sequence[Any], page: Page, key: Callable[[Any, str], Any]) -> list[Any]:
    """
    The rows of one page; `key` is what a row is sorted by for an item. Rows that are equal keep their order.
    """
    found = list(rows)
    for name, downwards in reversed(page.order):
        found.sort(key=lambda row, by=name: key(row, by), reverse=downwards)  # type: ignore[misc]
    return found[page.skip : page.skip + page.limit]


def shown(row: Mapping[str, Any], columns: Sequence[str]) -> dict[str, Any]:
    """
    The columns of a row that it has.
    """
    return {name: row[name] for name in columns if name in row}
