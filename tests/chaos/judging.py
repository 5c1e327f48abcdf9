"""
What the vendors' books, the relay's table and the visitors' memory say when all is over.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from chalicelib.planning.windows import window_name
from chalicelib.records import lanes
from chalicelib.records.layout import lane_key
from tests.chaos.place import Place
from tests.chaos.senders import Told

LANE = "haihaimail-api-sample-import"
OPEN = frozenset({"waiting", "sending", "uncertain"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """
    One round: what was accepted, what of it never reached its vendor, what came twice, who was turned away.
    """

    name: str
    accepted: int
    lost: int
    twice: int
    refused: int
    unanswered: int
    killed: int = 0
    seconds: float = 0.0


class Books:
    """
    How often each address was carried to its vendor.
    """

    def __init__(self, place: Place) -> None:
        leads = [str(entry["email"]) for entry in place.satori.action_log if entry.get("email")]
        rows = [row.address for job in place.haihai.results() for row in job.results]
        self.carried = Counter([*leads, *rows])
        customers = [*place.satori.state()["customers"], *place.haihai.state()["customers"]]
        self.known = {str(each.get("email") or each.get("address")) for each in customers}

    def score(self, name: str, told: Told, *, killed: int, seconds: float) -> Score:
        """
        The score of one round.
        """
        return Score(
            name=name,
            accepted=len(told.accepted),
            lost=sum(each not in self.known for each in told.accepted),
            twice=sum(self.carried[each] > 1 for each in told.accepted),
            refused=len(told.refused),
            unanswered=told.unanswered,
            killed=killed,
            seconds=seconds,
        )


def over_limit(place: Place) -> int:
    """
    Calls beyond the 240 of a day in Tokyo, by the vendor's own count.
    """
    return sum(max(0, calls - place.haihai.quota.limit) for calls in place.haihai.calls_by_day.values())


def calls_by_our_books(place: Place) -> int:
    """
    Calls of today, by the relay's ledger.
    """
    (limit,) = place.config.lanes[LANE].limits
    state = lanes.state_from(LANE, [next((i for i in place.items("LANE") if i["pk"] == lane_key(LANE).pk), None)])
    return state.used.get(window_name(limit, place.now()), 0)


def is_drained(place: Place) -> bool:
    """
    Whether nothing waits any more.
    """
    return not OPEN & set(place.states())
