"""
Rounds of lanes that send one contact a call.
"""

from __future__ import annotations

from chalicelib.errors import StoreUnavailable
from chalicelib.model import Lane, LaneState
from chalicelib.planning.ledger import Ask, Wait, calls_now, late_calls_now, may_call
from chalicelib.ports import Message, Queue
from chalicelib.records import lanes
from chalicelib.records.layout import lane_key
from chalicelib.relay import faults
from chalicelib.relay.bells import pointer
from chalicelib.relay.calls import Caller
from chalicelib.relay.deps import Deps
from chalicelib.relay.notices import Notices
from chalicelib.relay.rounds import RECEIVED_MAX, Round, left, nap, seconds_until
from chalicelib.relay.sweeping import Sweeper

FAULTS_MAX = 3
FAULT_SECONDS = 60


class SingleRounds:
    """
    Receives as many backlog messages as calls may go, and tries each.
    """

    def __init__(self, deps: Deps, notices: Notices, caller: Caller, sweeper: Sweeper) -> None:
        self._deps = deps
        self._notices = notices
        self._caller = caller
        self._sweeper = sweeper

    def round(self, lane: Lane) -> Round:
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
            if self._sweeper.resend(lane, state):
                return Round(more=True, swept=True)
            return self._rows_of_files(lane, state)
        called = [self._work(queue, message) for message in messages]
        return Round(more=True, called=any(called))

    def _rows_of_files(self, lane: Lane, state: LaneState) -> Round:
        """
        Nothing else is due: try rows of files, with calls that what comes by itself does not need.
        """
        rows, now = self._sweeper.rows_of_files(lane, state), self._deps.now()
        if not rows:
            return Round(swept=True)
        verdict = may_call(lane, state, now, Ask(call_id="-", timeout_seconds=lane.timeout_seconds, late=True))
        if isinstance(verdict, Wait):
            return nap(verdict, now)
        called = [self._try_row(each.id) for each in rows[: min(RECEIVED_MAX, late_calls_now(lane, state, now))]]
        return Round(more=any(called), called=any(called))

    def _try_row(self, delivery_id: str) -> bool:
        try:
            tried = self._caller.try_one(delivery_id)
        except StoreUnavailable as unavailable:
            left(self._deps, self._notices, unavailable, delivery=delivery_id)
            return False
        except Exception:  # noqa: BLE001 - one row that our own code cannot take must not stop the lane
            self._deps.ports.journal.log("fault", where="advance", delivery=delivery_id, traceback=faults.for_log())
            self._caller.bury(delivery_id, faults.for_operator())
            return False
        return tried is not None and tried.called

    def _work(self, queue: Queue, message: Message) -> bool:
        """
        Try what a message points to; forget the message if that is settled, else hide it until it may go.

        Returns whether the vendor was called.
        """
        where = pointer(message.body)
        try:
            tried = self._caller.try_one(where.delivery) if where and where.delivery else None
        except StoreUnavailable as unavailable:
            left(self._deps, self._notices, unavailable, delivery=where.delivery if where else "")
            return False
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
