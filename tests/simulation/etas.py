"""
python -m tests.simulation.etas: on days without faults, how many deliveries come by the time that their form was told.

The days differ in load, limits, hour and clock, as all days do; nothing fails, nobody interferes, and what senders say
can be sent. Every form asks for JSON, and what it is told is compared with when each delivery came to its end.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from os import cpu_count
from typing import Any

from rich.console import Console
from rich.table import Table

from chalicelib.model import Envelope, Response
from chalicelib.ports import Key
from tests.simulation.day import Day
from tests.simulation.options import Options, options_of
from tests.simulation.senders import Senders
from tests.simulation.settings import HAIHAI, SATORI

SHARE_MIN = 0.95
PATIENT_SECONDS = 30 * 3_600.0
INDEX_LAG_MAX = 0.5
OVER = frozenset({"delivered", "superseded"})
Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """
    What one form was told of one delivery that waited, and when it came: both in seconds since then. None: never.
    """

    lane: str
    by: float | None
    came: float | None
    waits_for: str = ""

    @property
    def kept(self) -> bool:
        return self.by is not None and self.came is not None and self.came <= self.by


class AskingSenders(Senders):
    """
    Visitors whose pages send by script, so that they are told times.
    """

    def _envelope(self, made: list[Any]) -> Envelope:
        envelope = super()._envelope(made)
        if made[0].source == "crm":
            return envelope
        return replace(envelope, headers={**envelope.headers, "accept": "application/json"})


class FairDay(Day):
    """
    A day on which nothing goes wrong, and its answers and ends.
    """

    def __init__(self, seed: int) -> None:
        super().__init__(seed, options=fair(options_of(seed)))
        self.promised: dict[str, tuple[float, str, Item]] = {}
        self.ended: dict[str, float] = {}
        self.senders = AskingSenders(self.scheduler, self.lambdas, self.books, self.options)
        self.table.watchers.append(self._changed)
        invoke = self.lambdas.invoke

        def listening(function: str, work: Any, limit: float, ended: Any) -> None:
            def heard(result: Any, error: BaseException | None) -> None:
                self._heard(result)
                ended(result, error)

            invoke(function, work, limit, heard if function == "accept" else ended)

        self.lambdas.invoke = listening  # type: ignore[method-assign]

    def told(self) -> list[Told]:
        """
        Live through the day, and until nothing waits any more.
        """
        self.senders.plan()
        self._tick(60.0)
        self.scheduler.run_until(self.options.live_seconds + 60.0)
        while self._waiting() and self.scheduler.seconds < PATIENT_SECONDS and not self.scheduler.halted:
            self.scheduler.run_until(self.scheduler.seconds + 600.0)
        self.scheduler.end()
        return [self._one(name, *what) for name, what in self.promised.items()]

    def _waiting(self) -> bool:
        return any(name not in self.ended for name in self.promised)

    def _one(self, name: str, at: float, lane: str, told: Item) -> Told:
        by = (datetime.fromisoformat(told["by"]) - self.options.start).total_seconds() - at if "by" in told else None
        came = self.ended[name] - at if name in self.ended else None
        return Told(lane=lane, by=by, came=came, waits_for=told.get("waits_for", ""))

    def _heard(self, answer: Any) -> None:
        if not isinstance(answer, Response) or answer.status != 200 or '"deliveries"' not in answer.body:
            return
        for each in json.loads(answer.body)["deliveries"]:
            if each["state"] == "accepted":
                lane = SATORI if each["destination"] == "satori" else HAIHAI
                self.promised.setdefault(each["id"], (self.scheduler.seconds, lane, each))

    def _changed(self, key: Key, _before: Item | None, after: Item | None) -> None:
        if key.sk.startswith("DELIVERY#") and after is not None and after["state"] in OVER:
            self.ended.setdefault(after["id"], self.scheduler.seconds)


def fair(options: Options) -> Options:
    """
    The same day, on which nothing fails.
    """
    return replace(
        options,
        forms=True,
        kinds=("changed",),
        contacts=max(30, options.contacts),
        resend=0.0,
        bad_rows=0.0,
        again=0.0,
        useless_lease=False,
        lag=min(options.lag, INDEX_LAG_MAX),
        store_odds={},
        queue_odds={},
        vendor_odds=0.0,
        vendor_kinds=(),
        spells=(),
        deeds=(),
    )


def told(seed: int) -> list[Told]:
    """
    What was told on the fair day of a seed.
    """
    return FairDay(seed).told()


def share(found: Iterable[Told]) -> float:
    """
    How many of those that were told a time came by then.
    """
    timed = [each for each in found if each.by is not None]
    return sum(each.kept for each in timed) / max(1, len(timed))


def figures(found: list[Told]) -> Table:
    """
    By lane: how many were told a time, how many came by then, and how early.
    """
    table = Table("lane", "told", "without a time", "by then", "told, median", "early, median")
    for lane in (SATORI, HAIHAI):
        its = [each for each in found if each.lane == lane]
        timed = [each for each in its if each.by is not None]
        row = (lane, str(len(timed)), str(len(its) - len(timed)), f"{share(its):.2%}")
        table.add_row(
            *row, _minutes(each.by for each in timed), _minutes((each.by or 0) - (each.came or 0) for each in timed)
        )
    table.add_row("all", str(sum(each.by is not None for each in found)), "", f"{share(found):.2%}", "", "")
    return table


def _minutes(seconds: Iterable[float | None]) -> str:
    found = sorted(each for each in seconds if each is not None)
    return f"{found[len(found) // 2] / 60:.1f} min" if found else "-"


def main() -> int:
    """
    The command line. Exit status 1 where too few came in time.
    """
    parser = ArgumentParser(prog="etas")
    parser.add_argument("--seeds", type=int, default=60)
    parser.add_argument("--from", type=int, default=0, dest="first")
    chosen = parser.parse_args()
    seeds = range(chosen.first, chosen.first + chosen.seeds)
    with ProcessPoolExecutor(cpu_count()) as workers:
        found = [each for some in workers.map(told, seeds) for each in some]
    Console().print(figures(found))
    return int(share(found) < SHARE_MIN)


if __name__ == "__main__":
    sys.exit(main())
