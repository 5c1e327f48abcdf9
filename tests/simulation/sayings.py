"""
What requests say to a vendor: nothing twice that is known there, nothing old over something new, no opt-out unsaid.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from tests.simulation.books import Books
from tests.simulation.network import Sent
from tests.simulation.scheduler import Scheduler

MARK = re.compile(r"[名社](\d+)")


class Sayings:
    """
    Everything said so far, by vendor and contact.
    """

    def __init__(self, scheduler: Scheduler, books: Books, fail: Callable[[str, str], None]) -> None:
        self._scheduler = scheduler
        self._books = books
        self._fail = fail
        self._noted: dict[tuple[str, str, str, tuple[tuple[str, str], ...]], list[Sent]] = defaultdict(list)
        self._newest: dict[tuple[str, str, str], tuple[int, Sent]] = {}

    def arrived(self, sent: Sent) -> None:
        """
        One more request has arrived.
        """
        if sent.applied:
            for who, values in sent.rows:
                self._check_twice(sent, who.lower(), values)
                self._check_order(sent, who.lower(), dict(values))
        if sent.vendor == "satori":
            self._check_merged(sent)

    def _check_twice(self, sent: Sent, who: str, values: tuple[tuple[str, str], ...]) -> None:
        place = (sent.vendor, sent.operation, who, values)
        known = sum(each.noted and not each.disturbed and each.status == 200 for each in self._noted[place])
        if known >= self._honest(sent.operation, who, dict(values)):
            self._fail("applied twice", f"call {sent.number} says again what {_numbers(self._noted[place])} did")
        self._noted[place].append(sent)

    def _honest(self, operation: str, who: str, values: Mapping[str, str]) -> int:
        """
        How often the senders gave reason to say just this.
        """
        numbers = {int(found) for text in values.values() for found in MARK.findall(text)}
        numbers |= {int(tag[1:]) for tag in values.get("append_tags", "").split(",") if tag[:1] == "t"}
        kind = {"stop 12": "stopped", "allow 12": "allowed", "delete": "gone"}.get(operation, "changed")
        if kind == "changed" and numbers:
            return max(
                len(self._books.submissions[each].events) + 1 * bool(self._books.submissions[each].mended)
                for each in numbers
            )
        return sum(len(each.events) for each in self._books.of_address(who) if each.kind == kind)

    def _check_order(self, sent: Sent, who: str, values: Mapping[str, str]) -> None:
        """
        No value that the relay knows to be at a vendor is ever replaced by an older one.
        """
        if sent.operation == "delete":
            self._newest = {place: known for place, known in self._newest.items() if place[:2] != ("satori", who)}
            return
        for name, text in values.items():
            found = MARK.search(text)
            if found is None:
                continue
            place, number = (sent.vendor, who, name), int(found[1])
            before, by = self._newest.get(place, (number, sent))
            if by.noted and not by.disturbed and max(self._times(number)) < min(self._times(before)):
                self._fail("newest wins", f"call {sent.number} puts {text} of {number} over that of {before}")
            self._newest[place] = number, sent

    def _times(self, number: int) -> list[Any]:
        return [each.time for each in self._books.submissions[number].events] or [self._scheduler.now()]

    def _check_merged(self, sent: Sent) -> None:
        """
        An opt-out beats any opt-in that travels with it.
        """
        values = dict(sent.rows[0][1])
        carried = [self._books.submissions[number] for number in sent.tags()]
        rejects = [each.number for each in carried if each.source == "crm" and each.fields["permission"] == "reject"]
        if rejects and values.get("delivery_permission") == "approval":
            self._fail("opt-out wins", f"call {sent.number} lets {rejects} be mailed")


def _numbers(requests: list[Sent]) -> str:
    return ", ".join(str(each.number) for each in requests)
