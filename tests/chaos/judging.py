"""
What the vendors' books, the relay's table and the visitors' memory say when all is over.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from tests.chaos.place import CALLS_PER_DAY, Place
from tests.chaos.senders import Told, Unthanked
from tests.chaos.watching import ADDRESS, Carriage

OPEN = frozenset({"waiting", "sending", "uncertain"})
FILES = "newsletter-"
"""
What the addresses begin with that travel in files.
"""

WITH_A_PERSON = frozenset({"held", "dead"})
LATE_SECONDS = 2.0
"""
An outage is felt a little before and after it: what was begun is cut off, what begins meets a door not yet open.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """
    One round.

    `lost`: accepted, not at the vendor, and nothing of it waits or is in front of a person. `unfinished`: still waits.
    `doubted`: came twice, after an answer that left it open; `twice`: came twice without any such doubt.
    `refused`: visitors to whom Ekiden said no. `cut_off`: those to whom the platform did, while its worker was killed
    or itself was away.
    `hurts`: how often the round did what its name says; a round without any has shown nothing.
    """

    name: str
    accepted: int
    lost: int
    unfinished: int
    with_a_person: int
    doubted: int
    twice: int
    refused: int
    cut_off: int
    hurts: int
    seconds: float

    @property
    def is_good(self) -> bool:
        """
        Whether this is what was promised.
        """
        return bool(self.hurts) and not any((self.lost, self.unfinished, self.with_a_person, self.twice, self.refused))


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """
    What was written down while a round lasted.
    """

    name: str
    told: Told
    hurts: int
    seconds: float


@dataclass(slots=True)
class Books:
    """
    How often each address was carried to its vendor, and what the relay's table says of it.
    """

    carried: Counter[str] = field(default_factory=Counter)
    states: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    stories: dict[str, str] = field(default_factory=lambda: defaultdict(str))
    calls: dict[str, list[Carriage]] = field(default_factory=lambda: defaultdict(list))

    def lost(self, told: Told) -> list[str]:
        """
        Who was thanked, and is nowhere.
        """
        kept = OPEN | WITH_A_PERSON
        return [each for each in told.accepted if not self.carried[each] and not kept & self.states[each]]

    def odd(self, told: Told) -> list[str]:
        """
        Who was not carried just once.
        """
        return [each for each in told.accepted if self.carried[each] != 1]

    def story(self, address: str) -> dict[str, Any]:
        """
        All that is known of one address, for whoever has to understand it.
        """
        calls = [f"{each.at:.1f} {'taken' if each.clear else 'in doubt'}" for each in self.calls[address]]
        states, told = sorted(self.states[address]), self.stories[address].splitlines()
        return {"address": address, "carried": self.carried[address], "states": states, "calls": calls, "told": told}

    def score(self, played: Played, place: Place) -> Score:
        """
        The score of one round.
        """
        told, missing = played.told, [each for each in played.told.accepted if not self.carried[each]]
        again = [each for each in told.accepted if self.carried[each] > 1]
        doubted = [each for each in again if self._was_in_doubt(each, place)]
        refused = {each.address for each in refused_of(played, place)} | set(told.never)
        cut_off = {each.address for each in told.unthanked} - refused
        return Score(
            name=played.name,
            accepted=len(told.accepted),
            lost=len(self.lost(told)),
            unfinished=sum(bool(OPEN & self.states[each]) for each in missing),
            with_a_person=sum(bool(WITH_A_PERSON & self.states[each]) for each in missing),
            doubted=len(doubted),
            twice=len(again) - len(doubted),
            refused=len(refused),
            cut_off=len(cut_off),
            hurts=played.hurts,
            seconds=played.seconds,
        )

    def _was_in_doubt(self, address: str, place: Place) -> bool:
        """
        Whether each repetition had its reason.

        The relay noted its doubt in the delivery's story; or the answer before was no plain yes. A file has no story
        of its own: there, a worker killed or a service away between the answer and the repetition is a reason too.
        """
        if "uncertain" in self.stories[address]:
            return True
        hurts = [*((at, at) for at in place.kills), *place.outages] if address.startswith(FILES) else []
        calls = sorted(self.calls[address], key=lambda each: each.at)
        return all(
            not before.clear or any(begins < after.at and ends > before.at for begins, ends in hurts)
            for before, after in pairwise(calls)
        )


def opened(place: Place) -> Books:
    """
    The books as they stand now.
    """
    books = Books()
    books.carried.update(str(entry["email"]) for entry in place.satori.action_log if entry.get("email"))
    books.carried.update(row.address for job in place.haihai.results() for row in job.results)
    for item in place.items("DELIVERY#"):
        for address in ADDRESS.findall(str(item["payload"])):
            books.states[address].add(str(item["state"]))
            books.stories[address] += "\n".join([*item.get("history", ()), str(item.get("reason", "")), ""])
    for carriage in (*place.satori.carriages, *place.haihai.carriages):
        for address in carriage.addresses:
            books.calls[address].append(carriage)
    return books


def refused_of(played: Played, place: Place) -> list[Unthanked]:
    """
    The knocks of a round that Ekiden refused.
    """
    return refusals(played.told.unthanked, kills=place.kills, outages=place.outages)


def refusals(
    unthanked: Iterable[Unthanked], *, kills: Iterable[float], outages: Iterable[tuple[float, float]]
) -> list[Unthanked]:
    """
    The knocks that Ekiden refused: all that it answered itself, and all that the platform did without an excuse.

    The platform is excused while it is away, and for what was under way when a worker was killed: what was in that
    worker, and what waited for it.
    """
    excuses = [*((at, at) for at in kills), *((begins - LATE_SECONDS, ends + LATE_SECONDS) for begins, ends in outages)]
    return [
        each
        for each in unthanked
        if each.relays or not any(begins <= each.ended and each.begun <= ends for begins, ends in excuses)
    ]


def over_limit(place: Place) -> int:
    """
    Calls that reached 配配メール beyond what its account allows a day in Tokyo, answered or not.
    """
    return sum(max(0, calls - CALLS_PER_DAY) for calls in place.haihai.calls_by_day.values())
