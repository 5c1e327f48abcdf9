"""
The sweeper: the table is the truth, so work that lost its message gets one again.

It acts only where the index names due work and a long poll found the backlog empty. The index may be behind; a message
too many changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from itertools import islice

from chalicelib.model import Delivery, Lane, LaneKey, LaneState, Notice, State
from chalicelib.planning.windows import window_name
from chalicelib.ports import Query
from chalicelib.records import deliveries, keys, lanes
from chalicelib.records.layout import delivery_key, lane_key
from chalicelib.relay.backlog import oldest_wait, waiting_ids
from chalicelib.relay.bells import backlog_call, backlog_delivery, bell, ring_quietly, send_quietly
from chalicelib.relay.deps import Deps
from chalicelib.relay.drafting import SINGLE_KEY
from chalicelib.relay.notices import Notices

LOST_SECONDS = 600
"""
A message that stands for a batch key since so long, and is not seen while the lane has nothing else to do, is lost.
"""

SCANNED_MAX = 1_000
RESENT_MAX = 100


class Sweeper:
    """
    Finds work without a message, and lanes with work.
    """

    def __init__(self, deps: Deps, notices: Notices) -> None:
        self._deps = deps
        self._notices = notices

    def resend(self, lane: Lane, state: LaneState) -> bool:
        """
        Send the messages that are missing from a lane's empty backlog; whether there were any.
        """
        if lane.batching:
            return self._resend_keys(lane, [key for key in state.keys if not key.held_reason])
        bodies = [backlog_delivery(each.id) for each in self._due(lane)]
        return send_quietly(self._deps, lane.name, *bodies)

    def resend_beside(self, lane: Lane, state: LaneState, seen: Collection[str]) -> bool:
        """
        The same for batch keys whose message was not among those `seen`, where none of these could be sent.

        A key that has to wait for another one keeps its message, so that the backlog is never empty; the other one's
        may be lost all the same.
        """
        old = self._deps.now() - timedelta(seconds=LOST_SECONDS)
        return self._resend_keys(
            lane,
            [key for key in state.keys if not key.held_reason and key.name not in seen and (key.due_at or old) <= old],
        )

    def tick(self) -> None:
        """
        Every minute: ring each lane that has work, and measure how long its oldest delivery has waited.
        """
        bells = [bell(lane.name) for lane in self._deps.config.lanes.values() if self._has_work(lane)]
        ring_quietly(self._deps, bells)

    def _has_work(self, lane: Lane) -> bool:
        table, now = self._deps.ports.table, self._deps.now()
        state = lanes.state_from(lane.name, table.query(Query(pk=lane_key(lane.name).pk)))
        names = [key.name for key in state.keys] if lane.batching else [SINGLE_KEY]
        oldest = oldest_wait(table, lane.name, names)
        waited = (now - oldest).total_seconds() if oldest else 0.0
        self._deps.ports.journal.measure("OldestWait", waited, "Seconds", lane=lane.name)
        self._measure_quota(lane, state)
        if waited > self._deps.config.alarms.wait_seconds_max:
            self._notices.tell((_waits_long(lane, state, waited),))
        return oldest is not None or state.call is not None

    def _measure_quota(self, lane: Lane, state: LaneState) -> None:
        for limit in lane.limits:
            used = state.used.get(window_name(limit, self._deps.now()), 0)
            self._deps.ports.journal.measure("QuotaUsed", 100.0 * used / limit.calls, "Percent", lane=lane.name)

    def _resend_keys(self, lane: Lane, missing_from: Sequence[LaneKey]) -> bool:
        """
        Keys that have rows but no message. A key whose mark says that a message stands for it lost that message.
        """
        missing: list[LaneKey] = []
        for key in missing_from:
            if waiting_ids(self._deps.ports.table, lane.name, key.name, limit=1):
                self._deps.ports.table.write(keys.remark_due(lane.name, key, self._deps.now()))
                missing.append(key)
        return send_quietly(self._deps, lane.name, *(backlog_call(key) for key in missing))

    def _due(self, lane: Lane) -> list[Delivery]:
        """
        The oldest deliveries of a lane that could go now: waiting, or sending by a worker that did not come back.
        """
        now = self._deps.now()
        ids = waiting_ids(self._deps.ports.table, lane.name, SINGLE_KEY, limit=SCANNED_MAX)
        items = self._deps.ports.table.get([delivery_key(each) for each in ids])
        found = [deliveries.from_item(item) for item in items if item is not None]
        due = (
            each
            for each in found
            if self._deps.known(each)
            and (
                (each.state in {State.WAITING, State.UNCERTAIN} and (each.after is None or each.after <= now))
                or (each.state is State.SENDING and each.sending_until is not None and each.sending_until <= now)
            )
        )
        return list(islice(due, RESENT_MAX))


def _waits_long(lane: Lane, state: LaneState, waited: float) -> Notice:
    reason = state.paused_reason or state.breaker.reason or "the vendor's quota or pace"
    return Notice(
        cause=f"wait:{lane.name}",
        subject=f"Lane {lane.name}: deliveries wait long",
        text=(
            f"The oldest delivery of lane {lane.name} has waited {timedelta(seconds=round(waited))}. "
            f"What holds it: {reason}. Nothing is lost. See: ekiden status"
        ),
    )
