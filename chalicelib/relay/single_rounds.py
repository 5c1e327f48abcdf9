"""
Rounds of lanes that send one contact a call.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from chalicelib.errors import StoreUnavailable
from chalicelib.model import Delivery, Lane, LaneState
from chalicelib.planning.ledger import Ask, Wait, calls_now, late_calls_now, may_call
from chalicelib.ports import Message, Queue
from chalicelib.records import lanes
from chalicelib.records.layout import lane_key
from chalicelib.relay import faults
from chalicelib.relay.bells import pointer
from chalicelib.relay.calls import Caller
from chalicelib.relay.deps import Deps
from chalicelib.relay.margins import time_for_a_call
from chalicelib.relay.notices import Notices
from chalicelib.relay.rounds import RECEIVED_MAX, Round, left, nap, seconds_until
from chalicelib.relay.sweeping import Sweeper
from chalicelib.relay.tries import Tried

FAULTS_MAX = 3
FAULT_SECONDS = 60
AWAY_SECONDS = 60
"""
So long a message is left alone when a store or a secret did not answer.
"""

LOOKS_APART = timedelta(seconds=60)
"""
How often missing messages are looked for while rows of files keep the lane busy.
"""


class SingleRounds:
    """
    Receives as many backlog messages as calls may go, and tries each.
    """

    def __init__(self, deps: Deps, notices: Notices, caller: Caller, sweeper: Sweeper) -> None:
        self._deps = deps
        self._notices = notices
        self._caller = caller
        self._sweeper = sweeper
        self._looked: dict[str, datetime] = {}

    def round(self, lane: Lane, deadline: datetime) -> Round:
        """
        Receive as many messages as calls may go now, and try each.
        """
        now = self._deps.now()
        state = lanes.state_from(lane.name, self._deps.ports.table.get([lane_key(lane.name)]))
        verdict = may_call(lane, state, now, Ask(call_id="-", timeout_seconds=lane.timeout_seconds))
        if isinstance(verdict, Wait):
            return nap(verdict, now)
        queue = self._deps.ports.backlogs[lane.name]
        messages = queue.receive(min(RECEIVED_MAX, max(1, calls_now(lane, state, now))))
        if not messages:
            return self._nothing_received(lane, state, deadline)
        return self._work_all(lane, queue, messages, deadline)

    def _nothing_received(self, lane: Lane, state: LaneState, deadline: datetime) -> Round:
        """
        Send the messages that are missing; and, whatever these come to, try rows of files.

        While rows go one after another, what is missing is looked for once a minute only: a delivery that has to wait
        for another one would get a message each time.
        """
        now = self._deps.now()
        looked = self._looked.get(lane.name)
        looks = looked is None or looked + LOOKS_APART <= now
        sent = looks and self._sweeper.resend(lane)
        rows = self._rows_of_files(lane, state, deadline)
        if rows.called or rows.nap_seconds:
            if looks:
                self._looked[lane.name] = now
            return rows
        self._looked.pop(lane.name, None)
        return Round(more=True, swept=True) if sent else rows

    def _rows_of_files(self, lane: Lane, state: LaneState, deadline: datetime) -> Round:
        """
        Try rows of files, with calls that what comes by itself does not need.

        A row that may not go (another call for its contact is open) is passed over: the next one may.
        """
        rows, now = self._sweeper.rows_of_files(lane, state), self._deps.now()
        if not rows:
            return Round(swept=True)
        verdict = may_call(lane, state, now, Ask(call_id="-", timeout_seconds=lane.timeout_seconds, late=True))
        if isinstance(verdict, Wait):
            return nap(verdict, now)
        calls, calls_max, settled = 0, min(RECEIVED_MAX, late_calls_now(lane, state, now)), False
        for number, row in enumerate(rows):
            if calls >= calls_max:
                break
            if number > 0 and self._deps.now() + time_for_a_call(lane) > deadline:
                return Round(more=True, called=bool(calls))
            tried = self._try_row(row)
            if tried is None:
                return Round(called=bool(calls))
            calls += tried.called
            settled = settled or tried.settled
        return Round(more=calls > 0 or settled, called=calls > 0)

    def _try_row(self, row: Delivery) -> Tried | None:
        """
        Try one row; None where a store or a secret does not answer.
        """
        try:
            return self._caller.try_one(row.id) or Tried(delivery=row)
        except StoreUnavailable as unavailable:
            left(self._deps, self._notices, unavailable, delivery=row.id)
            return None
        except Exception:  # noqa: BLE001 - one row that our own code cannot take must not stop the lane
            self._deps.ports.journal.log("fault", where="advance", delivery=row.id, traceback=faults.for_log())
            self._caller.bury(row.id, faults.for_operator())
            return Tried(delivery=row)

    def _work_all(self, lane: Lane, queue: Queue, messages: Sequence[Message], deadline: datetime) -> Round:
        """
        One after the other, while the worker's time lasts and the stores answer; what is left is there for the next.
        """
        called = False
        for number, message in enumerate(messages):
            late = number > 0 and self._deps.now() + time_for_a_call(lane) > deadline
            worked = None if late else self._work(queue, message)
            if worked is None:
                for each in messages[number:]:
                    queue.hide(each, 0 if late else AWAY_SECONDS)
                return Round(more=late, called=called)
            called = called or worked
        return Round(more=True, called=called)

    def _work(self, queue: Queue, message: Message) -> bool | None:
        """
        Try what a message points to; forget the message if that is settled, else hide it until it may go.

        Returns whether the vendor was called; None where a store or a secret does not answer.
        """
        where = pointer(message.body)
        try:
            tried = self._caller.try_one(where.delivery) if where and where.delivery else None
        except StoreUnavailable as unavailable:
            left(self._deps, self._notices, unavailable, delivery=where.delivery if where else "")
            return None
        except Exception:  # noqa: BLE001 - one delivery that our own code cannot take must not stop the lane
            self._at_fault(queue, message, where.delivery if where else "")
            return False
        if tried is None or tried.settled:
            queue.delete(message)
        else:
            now = self._deps.now()
            queue.hide(message, seconds_until(tried.again_at or now, now))
        return tried is not None and tried.called

    def _at_fault(self, queue: Queue, message: Message, delivery_id: str) -> None:
        """
        Our own code failed on a delivery: after a few tries it alone is a dead letter, with the traceback.
        """
        self._deps.ports.journal.log("fault", where="advance", delivery=delivery_id, traceback=faults.for_log())
        if message.receives < FAULTS_MAX:
            queue.hide(message, FAULT_SECONDS)
            return
        self._caller.bury(delivery_id, faults.for_operator())
        queue.delete(message)
