"""
Judging: what the books say, as values to be compared with what was promised. Pure functions.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from urllib.parse import quote

from chalicelib.model import Delivery
from tests.demo.moments import pace_seconds
from tests.sandbox.clock import jst_day

WAIT_SECONDS_EXTRA = 60
DAY = "day#"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """
    What a lane may call in a day, and what of it is kept back.
    """

    calls_per_day: int
    reserve: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """
    How long deliveries waited, in seconds.

    `bound` is the strictest promise that was made to any of them, `late` how many waited longer than their own.
    """

    count: int = 0
    middle: float = 0.0
    longest: float = 0.0
    bound: float = 0.0
    late: int = 0


def seconds_waited(delivery: Delivery) -> float:
    """
    From arrival to the end, by the relay's clock; endless while there is no end.
    """
    if delivery.settled_at is None:
        return float("inf")
    return (delivery.settled_at - delivery.arrived_at).total_seconds()


def waits(found: Sequence[Delivery], calls: Iterable[str], quota: Quota) -> Waits:
    """
    The waits of batched deliveries against the pace that each of them met on arrival, and a minute.

    `calls` is the vendor's own record of calls, in ISO times.
    """
    if not found:
        return Waits()
    times = [datetime.fromisoformat(at) for at in calls]
    waited = [seconds_waited(each) for each in found]
    bounds = [
        pace_seconds(each.arrived_at, times, calls_per_day=quota.calls_per_day, reserve=quota.reserve)
        + WAIT_SECONDS_EXTRA
        for each in found
    ]
    return Waits(
        count=len(found),
        middle=median(waited),
        longest=max(waited),
        bound=min(bounds),
        late=sum(1 for seconds, bound in zip(waited, bounds, strict=True) if seconds > bound),
    )


def calls_by_day(times: Iterable[str]) -> dict[str, int]:
    """
    A vendor's record of calls (ISO times) as calls by day in Tokyo.

    >>> calls_by_day(["2026-11-21T14:59:59+00:00", "2026-11-21T15:00:00+00:00"])
    {'2026-11-21': 1, '2026-11-22': 1}
    """
    return dict(Counter(jst_day(datetime.fromisoformat(at)) for at in times))


def ledger_by_day(used: Mapping[str, int]) -> dict[str, int]:
    """
    A lane's quota windows as calls by day in Tokyo; days without a call are left out.

    >>> ledger_by_day({"day#2026-11-21": 3, "day#2026-11-22": 0, "slot12#147": 1})
    {'2026-11-21': 3}
    """
    return {name.removeprefix(DAY): calls for name, calls in sorted(used.items()) if name.startswith(DAY) and calls}


def settled_calls(lines: Iterable[str]) -> dict[str, int]:
    """
    The relay's own record of calls, by lane: its log lines `call.settled`.

    >>> settled_calls(['{"message": "call.settled", "lane": "satori"}', "END RequestId: 1"])
    {'satori': 1}
    """
    return dict(Counter(str(line["lane"]) for line in _facts(lines) if line.get("message") == "call.settled"))


def facts(lines: Iterable[str], name: str) -> int:
    """
    How often a fact was logged.

    >>> facts(['{"message": "envelope.accepted"}', "START RequestId: 1"], "envelope.accepted")
    1
    """
    return sum(1 for line in _facts(lines) if line.get("message") == name)


def addresses_in(lines: Iterable[str], addresses: Iterable[str]) -> list[str]:
    """
    Those of the addresses that stand in a line, plainly or percent-encoded.

    >>> addresses_in(["to taro%40example.co.jp"], ["taro@example.co.jp", "jiro@example.co.jp"])
    ['taro@example.co.jp']
    """
    text = "\n".join(lines).lower()
    return [each for each in addresses if each.lower() in text or quote(each, safe="").lower() in text]


def states(found: Iterable[Delivery]) -> dict[str, int]:
    """
    How many deliveries are in each state.
    """
    return dict(Counter(str(each.state) for each in found))


def names_character(reason: str, field: str, character: str) -> bool:
    """
    Whether a dead letter says which character in which field stops it.

    >>> names_character("お名前: has a character that cp932 does not have: 𠮷 U+20BB7", "お名前", "𠮷")
    True
    """
    return field in reason and f"U+{ord(character):04X}" in reason


def _facts(lines: Iterable[str]) -> Iterable[Mapping[str, object]]:
    for line in lines:
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict):
            yield found
