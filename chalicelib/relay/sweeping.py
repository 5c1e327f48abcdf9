"""
The sweeper: the table is the truth, so work that lost its message gets one again.

It acts only where the index names due work and a long poll found the backlog empty. The index may be behind; a message
too many changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from itertools import islice

from chalicelib.model import Delivery, Lane, LaneKey, LaneState, Notice, State
from chalicelib.planning.ledger import Ask, Go, may_call
from chalicelib.planning.tiers import FILE, LEFTOVERS, ORDINARY
from chalicelib.planning.windows import window_name
from chalicelib.records import deliveries, keys
from chalicelib.records.layout import delivery_key
from chalicelib.relay.backlog import has_rows, lane_state, oldest_wait, waiting_ids
from chalicelib.relay.bells import backlog_call, backlog_delivery, bell, ring_quietly, send_quietly
from chalicelib.relay.daily import Daily
from chalicelib.relay.deps import Deps
from chalicelib.relay.drafting import SINGLE_KEY
from chalicelib.relay.notices import Notices

SCANNED_FIRST = 500
SCANNED_MAX = 32_000
RESENT_MAX = 100
LOST_SECONDS = 600
"""
A batch key that has been due for so long, and whose message does not turn up, gets another one.
"""

ROWS_SCANNED_FIRST = 50
ROWS_WAIT_SECONDS_MAX = 2 * 86_400
"""
Rows of files may wait for the calls that are left over; that two days left none is worth telling.
"""


class Sweeper:
    """
    Finds work without a message, and lanes with work.
    """

    def __init__(self, deps: Deps, notices: Notices) -> None:
        self._deps = deps
        self._notices = notices
        self._daily = Daily(deps)

    def resend(self, lane: Lane) -> bool:
        """
        Send the messages that are missing from the empty backlog of a lane without batches; whether there were any.
        """
        bodies = [backlog_delivery(each.id) for each in self._due(lane)]
        return send_quietly(self._deps, lane.name, *bodies)

    def tick(self) -> None:
        """
        Every minute: ring each lane that has work, and measure how long its oldest delivery has waited.
        """
        waited: dict[str, float] = {}
        bells = [bell(lane.name) for lane in self._deps.config.lanes.values() if self._has_work(lane, waited)]
        ring_quietly(self._deps, bells)
        self._daily.note_waits(waited)
        self._daily.close_hours()

    def _has_work(self, lane: Lane, waits: dict[str, float]) -> bool:
        table, now = self._deps.ports.table, self._deps.now()
        state = lane_state(table, lane.name)
        names = [key.name for key in state.keys] if lane.batching else [SINGLE_KEY]
        oldest = oldest_wait(table, lane.name, names)
        rows = self._rows_wait(lane, state, names) if oldest is None else None
        waited = waits[lane.name] = (now - oldest).total_seconds() if oldest else 0.0
        self._deps.ports.journal.measure("OldestWait", waited, "Seconds", lane=lane.name)
        self._measure_quota(lane, state)
        if waited > self._deps.config.alarms.wait_seconds_max:
            self._notices.tell((_waits_long(lane, state, waited),))
        return oldest is not None or rows is not None or state.call is not None

    def _rows_wait(self, lane: Lane, state: LaneState, names: Sequence[str]) -> datetime | None:
        """
        Since when the oldest row of a file waits that could go now. Operators are told of any that waits for days.
        """
        table, now = self._deps.ports.table, self._deps.now()
        oldest = oldest_wait(table, lane.name, names, tiers=(FILE, LEFTOVERS))
        waited = (now - oldest).total_seconds() if oldest else 0.0
        if waited > ROWS_WAIT_SECONDS_MAX:
            self._notices.tell((_waits_long(lane, state, waited),))
        return oldest_wait(table, lane.name, names, tiers=self._late_tiers(lane, state)) if oldest else None

    def _late_tiers(self, lane: Lane, state: LaneState) -> tuple[int, ...]:
        """
        The tiers of rows of files that may go now; leftovers only where a call for them could be had.
        """
        now = self._deps.now()
        spare = may_call(lane, state, now, Ask(call_id="-", timeout_seconds=lane.timeout_seconds, late=True))
        tiers = self._deps.open_tiers()[1:]
        return tuple(tier for tier in tiers if tier != LEFTOVERS or isinstance(spare, Go))

    def _measure_quota(self, lane: Lane, state: LaneState) -> None:
        for limit in lane.limits:
            used = state.used.get(window_name(limit, self._deps.now()), 0)
            self._deps.ports.journal.measure("QuotaUsed", 100.0 * used / limit.calls, "Percent", lane=lane.name)

    def keys_without_message(
        self, lane: Lane, state: LaneState, known: Collection[str], *, backlog_empty: bool
    ) -> list[LaneKey]:
        """
        Keys of a batching lane that have rows but no message, for which one is sent again.

        A key without a mark never had one; one marked long ago, or while the backlog is empty, has lost it.
        """
        now, table = self._deps.now(), self._deps.ports.table
        long_ago, tiers = now - timedelta(seconds=LOST_SECONDS), (ORDINARY, *self._late_tiers(lane, state))
        missing = [
            key
            for key in state.keys
            if not key.held_reason
            and key.name not in known
            and (backlog_empty or key.due_at is None or key.due_at < long_ago)
            and has_rows(table, lane.name, key.name, tiers=tiers)
        ]
        for key in missing:
            table.write(keys.remark_due(lane.name, key, now))
        send_quietly(self._deps, lane.name, *(backlog_call(key) for key in missing))
        return missing

    def rows_of_files(self, lane: Lane, state: LaneState) -> list[Delivery]:
        """
        Rows of files that could go now in a lane of single calls. They have no messages: what has one goes first.
        """
        tiers = self._late_tiers(lane, state)
        return [each for tier in tiers for each in self._due(lane, tier=tier, scanned_first=ROWS_SCANNED_FIRST)]

    def _due(self, lane: Lane, *, tier: int = ORDINARY, scanned_first: int = SCANNED_FIRST) -> list[Delivery]:
        """
        The oldest deliveries of a lane that could go now: waiting, or sending by a worker that did not come back.
        """
        limit = scanned_first
        while True:
            ids = waiting_ids(self._deps.ports.table, lane.name, SINGLE_KEY, limit=limit, tiers=(tier,))
            found = self._due_of(ids)
            if found or len(ids) < limit or limit >= SCANNED_MAX:
                return found
            limit = min(limit * 4, SCANNED_MAX)

    def _due_of(self, ids: Sequence[str]) -> list[Delivery]:
        now = self._deps.now()
        items = self._deps.ports.table.get([delivery_key(each) for each in ids])
        found = [deliveries.from_item(item) for item in items if item is not None]
        due = (
            each
            for each in found
            if (each.state in {State.WAITING, State.UNCERTAIN} and (each.after is None or each.after <= now))
            or (each.state is State.SENDING and each.sending_until is not None and each.sending_until <= now)
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
