"""
The pages that are looked at; none of them changes anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from chalicelib.console.day import day_page
from chalicelib.console.deliveries import Listing, dead_page, held_page
from chalicelib.console.frame import Frame
from chalicelib.console.lanes import lanes_page
from chalicelib.console.record import record_page
from chalicelib.console.saying import JST, moment
from chalicelib.model import Delivery, State
from chalicelib.relay.console.answers import File, csv_file
from chalicelib.relay.console.asking import Asked
from chalicelib.relay.console.filing import Files, files_drawn
from chalicelib.relay.console.finding import day_of, searched, stamped
from chalicelib.relay.console.telling import delivery_drawn, submission_drawn
from chalicelib.relay.console.views import deed_view, delivery_view, lane_view, picture
from chalicelib.relay.operating import Operator
from chalicelib.veil import Veil

PAGE_ROWS = 50
CSV_ROWS_MAX = 5_000
"""
More would not fit into what API Gateway hands over (10 MB) for large submissions.
"""

HEADINGS = (
    "id",
    "state",
    "at (JST)",
    "arrived (JST)",
    "source",
    "route",
    "destination",
    "operation",
    "attempts",
    "reason",
)
Drawn = str | File | None


class Looking:
    """
    One look at one page.
    """

    def __init__(self, operator: Operator, files: Files, frame: Frame, request: Asked) -> None:
        self._operator = operator
        self._files = files
        self._frame = frame
        self._asked = request
        self._veil = Veil(config=operator.config)

    def doors(self) -> Mapping[str, Callable[[], Drawn]]:
        """
        The pages by the first part of their address.
        """
        return {
            "": self._lanes,
            "lanes": self._lanes,
            "dead": lambda: self._listed(State.DEAD),
            "held": lambda: self._listed(State.HELD),
            "deliveries": self._delivery,
            "submissions": self._submission,
            "days": self._day,
            "search": lambda: searched(self._operator, self._frame, self._asked),
            "record": self._record,
            "files": lambda: files_drawn(self._operator, self._files, self._frame, self._asked),
        }

    def _lanes(self) -> str:
        operator, late = self._operator, self._operator.config.alarms.wait_seconds_max
        found = [operator.lane_status(self._asked.name)] if self._asked.name else operator.status()
        views = [lane_view(each, operator.outlook(each), self._frame.at, late_seconds=late) for each in found]
        return lanes_page(self._frame, views, dead=operator.count(State.DEAD), held=operator.count(State.HELD))

    def _listed(self, state: State) -> Drawn:
        if self._asked.name == "csv":
            return self._csv(state)
        if self._asked.name:
            return None
        found = self._operator.listed(state, limit=PAGE_ROWS)
        shown = tuple(delivery_view(each, self._veil, whole=False) for each in found)
        listing = Listing(
            shown=shown,
            count=self._operator.count(state),
            sources=tuple(sorted(self._operator.config.sources)),
            destinations=tuple(sorted(self._operator.config.destinations)),
        )
        if state is State.DEAD:
            return dead_page(self._frame, listing)
        keys = [
            (lane, key.name, self._veil.words(key.held_reason), rows) for lane, key, rows in self._operator.held_keys()
        ]
        return held_page(self._frame, listing, keys)

    def _csv(self, state: State) -> File:
        found = self._operator.listed(state, limit=CSV_ROWS_MAX)
        return self._as_csv(f"{state}-{stamped(self._frame.at)}.csv", found)

    def _as_csv(self, name: str, found: list[Delivery]) -> File:
        names = list(dict.fromkeys(each for delivery in found for each in delivery.payload))
        lines = [self._cells(each, names) for each in found]
        return csv_file(name, [*HEADINGS, *(f"field: {each}" for each in names)], lines)

    def _cells(self, each: Delivery, names: list[str]) -> list[str]:
        values = self._veil.payload(each)
        told = (each.source, each.route, each.destination, each.operation, str(each.attempts))
        return [
            each.id,
            str(each.state),
            moment(each.settled_at),
            moment(each.arrived_at),
            *told,
            self._veil.words(each.reason),
            *(values.get(name, "") for name in names),
        ]

    def _day(self) -> str:
        today = self._frame.at.astimezone(JST).date()
        day = min(day_of(self._asked.name or self._asked.query.get("date", "")) or today, today)
        return day_page(self._frame, picture(self._operator.day(day), today))

    def _record(self) -> str:
        found = self._operator.audit(limit=PAGE_ROWS, cursor=self._asked.query.get("after", ""))
        return record_page(self._frame, [deed_view(each) for each in found.found], found.cursor)

    def _delivery(self) -> str:
        return delivery_drawn(self._operator, self._frame, self._asked.name, lifted=False)

    def _submission(self) -> str:
        return submission_drawn(self._operator, self._frame, self._asked.name, lifted=False)
