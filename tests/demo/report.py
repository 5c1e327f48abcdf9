"""
What the demo prints at the end: tables for people, one JSON line for programs.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from rich.table import Table
from rich.text import Text

from chalicelib.model import Delivery, State
from tests.demo.judging import seconds_waited, states
from tests.demo.moments import in_words

COUNTED = ("delivered", "waiting", "uncertain", "held", "dead", "superseded", "skipped")
NAMES = 2
"""
How many columns of a table are names; the others are numbers.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """
    The calls of one lane (on one day): made by the relay's book, seen by the vendor, refused with 429.

    `counted` is what the vendor holds against its limit, other programs' calls included; `limit` 0: no published one.
    """

    lane: str
    day: str = ""
    limit: int = 0
    relay: int = 0
    vendor: int = 0
    refused: int = 0
    counted: int = 0


@dataclass(slots=True, kw_only=True)
class Outcome:
    """
    What is known of a run: its deliveries, calls, the reasons of its dead letters, and the story each address was in.
    """

    found: Sequence[Delivery] = ()
    calls: Sequence[Calls] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)


def tables(outcome: Outcome) -> list[Table]:
    """
    Everything that is worth a table.
    """
    return [
        arrivals_table(outcome.found),
        calls_table(outcome.calls),
        waits_table(outcome.found, outcome.people),
        dead_table(outcome.found, outcome.reasons),
    ]


def arrivals_table(found: Iterable[Delivery]) -> Table:
    """
    What went from where to where, and how it ended.
    """
    table = _table("What arrived where", "from", "to", "deliveries", "delivered", "replaced", "skipped", "open")
    for (source, destination), group in _grouped(found, lambda each: (each.source, _target(each))).items():
        ended = Counter(each.state for each in group)
        known = [ended[State.DELIVERED], ended[State.SUPERSEDED], ended[State.SKIPPED]]
        left = len(group) - sum(known)
        table.add_row(source, destination, *_numbers(len(group), *known), _open(left))
    return table


def calls_table(calls: Iterable[Calls]) -> Table:
    """
    How many calls that cost, by both books. What other programs of the account made stands in the last column alone.
    """
    table = _table("Calls", "lane", "day", "relay", "vendor", "429", "of the day")
    for each in calls:
        of_day = f"{each.counted:,} of {each.limit:,}" if each.limit else "no limit"
        table.add_row(each.lane, each.day or "both", *_numbers(each.relay, each.vendor, each.refused), of_day)
    return table


def waits_table(found: Iterable[Delivery], people: Mapping[str, str]) -> Table:
    """
    How long deliveries waited, by the relay's clock, story by story.
    """
    table = _table("Waits, by the relay's clock", "story", "to", "delivered", "half within", "longest")
    delivered = [each for each in found if each.state is State.DELIVERED]
    for (story, destination), group in _grouped(
        delivered, lambda each: (_story(each, people), each.destination)
    ).items():
        seconds = [seconds_waited(each) for each in group]
        table.add_row(story, destination, *_numbers(len(group)), in_words(median(seconds)), in_words(max(seconds)))
    return table


def dead_table(found: Sequence[Delivery], reasons: Mapping[str, str]) -> Table:
    """
    Every dead letter there was: why, what a person put in, and how that ended.
    """
    table = Table(title="Dead letters", title_justify="left", title_style="bold", header_style="dim", box=None)
    table.add_column("delivery", no_wrap=True)
    table.add_column("why", overflow="fold")
    table.add_column("mended with", overflow="fold")
    table.add_column("now", no_wrap=True)
    again = {each.replay_of: each for each in found if each.replay_of}
    for each in found:
        if each.id in reasons:
            mended = again.get(each.id, each)
            fixes = ", ".join(f"{name}={value}" for name, value in mended.fixes.items())
            table.add_row(f"…{each.id[-8:]}", Text(reasons[each.id]), Text(fixes), str(mended.state))
    return table


def verdict(failed: Sequence[str], total: int) -> Text:
    """
    How many expectations were met, and the names of those that were not.
    """
    if not failed:
        return Text(f"✓ All {total} expectations are met.", style="bold green")
    names = "".join(f"\n  ✗ {name}" for name in failed)
    return Text(f"✗ {len(failed)} of {total} expectations are not met:{names}", style="bold red")


def summary(outcome: Outcome, expectations: Mapping[str, bool]) -> str:
    """
    The whole run as one line of JSON.
    """
    counts = states(outcome.found)
    by_lane: Counter[str] = Counter()
    for each in outcome.calls:
        by_lane[each.lane] += each.relay
    told: dict[str, Any] = {"accepted": len(outcome.found), **{name: counts.get(name, 0) for name in COUNTED}}
    return json.dumps(told | {"calls": dict(by_lane), "expectations": dict(expectations)}, ensure_ascii=False)


def _target(delivery: Delivery) -> str:
    return f"{delivery.destination} {delivery.operation}".strip() or "(no route)"


def _story(delivery: Delivery, people: Mapping[str, str]) -> str:
    return next((people[text] for text in delivery.payload.values() if text in people), "(other)")


def _grouped(
    found: Iterable[Delivery], label: Callable[[Delivery], tuple[str, str]]
) -> dict[tuple[str, str], list[Delivery]]:
    """
    Deliveries by their label, in the order in which the labels first arrived.
    """
    groups: dict[tuple[str, str], list[Delivery]] = {}
    for each in sorted(found, key=lambda delivery: delivery.arrived_at):
        groups.setdefault(label(each), []).append(each)
    return groups


def _numbers(*numbers: int) -> list[str]:
    return [f"{number:,}" for number in numbers]


def _open(number: int) -> Text:
    return Text(f"{number:,}", style="bold red" if number else "")


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", header_style="dim", box=None)
    for number, name in enumerate(columns):
        table.add_column(name, justify="left" if number < NAMES else "right", no_wrap=True)
    return table
