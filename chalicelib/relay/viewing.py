"""
What an operator sees: lanes with their quota, dead and held deliveries, and one submission's story.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from chalicelib.errors import RelayError
from chalicelib.model import Config, Delivery, Lane, LaneKey, LaneState, State
from chalicelib.planning.forecast import Forecast, Waiting, forecast
from chalicelib.planning.ledger import next_call_at, pace_seconds
from chalicelib.planning.windows import day_of, window_name
from chalicelib.ports import Item, Query
from chalicelib.records import deliveries
from chalicelib.records.layout import ATTENTION, delivery_key, event_key, load
from chalicelib.relay.backlog import lane_state, waiting_by_key, waiting_count
from chalicelib.relay.daily import Daily, DayPicture
from chalicelib.relay.deps import Deps
from chalicelib.relay.drafting import SINGLE_KEY
from chalicelib.value import value

if TYPE_CHECKING:
    from chalicelib.relay.calls_seen import CallSeen
    from chalicelib.relay.searching import Page, Wanted

LISTED_MAX = 1_000


class OperatorError(RelayError):
    """
    What was asked for cannot be done; the words say why and what can.
    """


class NotThere(OperatorError):
    """
    Nothing has this id: it never had, or its time is over.
    """


@value
class LaneStatus:
    """
    A lane as an operator sees it. `used`, `limit` and `reserved` are of the day in Tokyo (0 where it has no limit).

    `rows` is what waits under each batch key.
    """

    lane: Lane
    state: LaneState
    waiting: int
    oldest: datetime | None
    next_call_at: datetime | None
    used: int = 0
    limit: int = 0
    reserved: int = 0
    pace_seconds: float = 0.0
    rows: Mapping[str, int] = field(default_factory=dict)


@value
class Story:
    """
    One submission: what came, and its deliveries with their histories.
    """

    event: Item
    fields: Mapping[str, Any] = field(repr=False)
    deliveries: tuple[Delivery, ...]
    histories: Mapping[str, tuple[str, ...]]


class Viewer:
    """
    Looks, and changes nothing.
    """

    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    @property
    def config(self) -> Config:
        """
        The configuration that this relay works by.
        """
        return self._deps.config

    def status(self) -> list[LaneStatus]:
        """
        Every lane of the configuration.
        """
        return [self.lane_status(name) for name in sorted(self._deps.config.lanes)]

    def lane_status(self, name: str) -> LaneStatus:
        """
        One lane. Raises OperatorError for a name that relay.toml does not have.
        """
        lane = self._lane(name)
        table, now = self._deps.ports.table, self._deps.now()
        state = lane_state(table, name)
        keys = [key.name for key in state.keys] if lane.batching else [SINGLE_KEY]
        limit = day_of(lane.limits)
        rows, oldest = waiting_by_key(table, name, keys)
        return LaneStatus(
            lane=lane,
            state=state,
            waiting=sum(rows.values()),
            oldest=oldest,
            rows=rows,
            next_call_at=next_call_at(lane, state, now),
            used=state.used.get(window_name(limit, now), 0) if limit else 0,
            limit=limit.calls if limit else 0,
            reserved=limit.reserve if limit else 0,
            pace_seconds=pace_seconds(lane, state, now) if lane.batching else 0.0,
        )

    def forecast(self) -> list[Forecast]:
        """
        The outlook of every lane: when its calls run out at this pace, and when what waits will have gone.
        """
        return [self.outlook(each) for each in self.status()]

    def outlook(self, status: LaneStatus) -> Forecast:
        """
        The outlook of a lane as it was seen.
        """
        held = {key.name for key in status.state.keys if key.held_reason}
        may_go = {key: count for key, count in status.rows.items() if key not in held}
        waiting = Waiting(deliveries=sum(may_go.values()), rows_by_key=may_go)
        return forecast(status.lane, status.state, waiting, self._deps.now())

    def search(self, wanted: Wanted, *, limit: int = 0, cursor: str = "") -> Page:
        """
        Submissions, the newest first, a page at a time.
        """
        from chalicelib.relay.searching import PAGE, search  # noqa: PLC0415 - it needs the errors of this module

        return search(self._deps, wanted, limit=limit or PAGE, cursor=cursor)

    def day(self, day: date | None = None) -> DayPicture:
        """
        A day in Tokyo by hours: what came, calls, waits; today without a date.
        """
        return Daily(self._deps).picture(day)

    def listed(self, state: State, *, limit: int = LISTED_MAX) -> list[Delivery]:
        """
        Dead letters or held deliveries, oldest first.
        """
        found = self._deps.ports.table.query(Query(pk=str(state), index=ATTENTION, limit=limit))
        items = self._deps.ports.table.get(
            [delivery_key(str(item["attention_sk"]).partition("#")[2]) for item in found]
        )
        return [delivery for item in items if item and (delivery := deliveries.from_item(item)).state is state]

    def count(self, state: State) -> int:
        """
        How many deliveries are dead, or held.
        """
        return self._deps.ports.table.count(Query(pk=str(state), index=ATTENTION))

    def held_keys(self) -> list[tuple[str, LaneKey, int]]:
        """
        Batch keys that the vendor refused: lane, key, and how many rows wait behind it.
        """
        table = self._deps.ports.table
        found = []
        for name in sorted(self._deps.config.lanes):
            state = lane_state(table, name)
            found += [(name, key, waiting_count(table, name, key.name)) for key in state.keys if key.held_reason]
        return found

    def delivery(self, delivery_id: str) -> Delivery:
        """
        One delivery. Raises OperatorError where there is none.
        """
        try:
            item = self._deps.ports.table.get([delivery_key(delivery_id)])[0]
        except ValueError:
            item = None
        if item is None:
            raise NotThere(f"There is no delivery {delivery_id}. Ids look like 01JDXXXXXXXXXXXXXXXXXXXXXX.1")
        return deliveries.from_item(item)

    def story(self, event_or_delivery_id: str) -> Story:
        """
        One submission's whole story, by its id or by the id of one of its deliveries.
        """
        event_id = event_or_delivery_id.partition(".")[0]
        items = self._deps.ports.table.query(Query(pk=event_key(event_id).pk, limit=LISTED_MAX))
        event = next((item for item in items if item["sk"] == "EVENT"), None)
        if event is None and not items:
            raise NotThere(f"There is no submission {event_id}")
        rows = [item for item in items if item["sk"] != "EVENT"]
        return Story(
            event=event or {},
            fields=load((event or {}).get("fields")),
            deliveries=tuple(deliveries.from_item(item) for item in rows),
            histories={item["id"]: tuple(item.get("history", ())) for item in rows},
        )

    def calls(self, story: Story) -> tuple[CallSeen, ...]:
        """
        Every call that a submission's deliveries travelled in, with what came back; for files as long as they are kept.
        """
        from chalicelib.relay.calls_seen import calls_of  # noqa: PLC0415 - only a whole story asks for them

        return calls_of(self._deps, story.deliveries, story.histories)

    def _lane(self, name: str) -> Lane:
        lane = self._deps.lane(name)
        if lane is None:
            known = ", ".join(sorted(self._deps.config.lanes)) or "none"
            raise OperatorError(f"There is no lane {name}. The lanes are: {known}")
        return lane
