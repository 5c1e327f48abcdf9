"""
Rounds of lanes that take files.
"""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.errors import SecretUnavailable, StoreUnavailable
from chalicelib.model import Lane, LaneKey, LaneState, Notice
from chalicelib.planning.ledger import Ask, Go, Wait, may_call
from chalicelib.ports import Message, Query, Queue
from chalicelib.records import keys as lane_keys
from chalicelib.records import lanes
from chalicelib.records.layout import lane_key
from chalicelib.relay import faults
from chalicelib.relay.batches import Batcher, Sent
from chalicelib.relay.bells import pointer
from chalicelib.relay.deps import Deps
from chalicelib.relay.notices import Notices
from chalicelib.relay.rounds import RECEIVED_MAX, Round, left, nap, seconds_until
from chalicelib.relay.sweeping import Sweeper


class BatchRounds:
    """
    Finishes a lane's open call, and makes the one call that may go now.
    """

    def __init__(self, deps: Deps, notices: Notices, batcher: Batcher, sweeper: Sweeper) -> None:
        self._deps = deps
        self._notices = notices
        self._batcher = batcher
        self._sweeper = sweeper

    def round(self, lane: Lane) -> Round:
        """
        Finish the open call, if any; else make the one call that may go now.
        """
        now = self._deps.now()
        state = lanes.state_from(lane.name, self._deps.ports.table.query(Query(pk=lane_key(lane.name).pk)))
        if state.call is not None:
            return self._go_on(lane, state)
        ask = Ask(call_id=self._deps.ports.chance.id(now), timeout_seconds=lane.timeout_seconds)
        verdict, urgent_only = may_call(lane, state, now, ask), False
        if isinstance(verdict, Wait) and any(key.urgent and key.due_at and not key.held_reason for key in state.keys):
            urgent = Ask(call_id=ask.call_id, timeout_seconds=lane.timeout_seconds, urgent=True)
            paced, verdict, urgent_only = verdict, may_call(lane, state, now, urgent), True
            verdict = paced if isinstance(verdict, Wait) else verdict
        if isinstance(verdict, Wait):
            return nap(verdict, now)
        queue = self._deps.ports.backlogs[lane.name]
        messages = queue.receive(RECEIVED_MAX)
        if not messages:
            return Round(more=self._sweeper.resend(lane, state), swept=True)
        return self._send_due(lane, state, verdict, messages, urgent_only=urgent_only)

    def _go_on(self, lane: Lane, state: LaneState) -> Round:
        """
        Finish the lane's open call.
        """
        try:
            until = self._batcher.resume(lane, state)
        except SecretUnavailable as unavailable:
            left(self._deps, self._notices, unavailable, lane=lane.name)
            return Round()
        return Round(more=until is None, called=until is None)

    def _send_due(
        self,
        lane: Lane,
        state: LaneState,
        go: Go,
        messages: Sequence[Message],
        *,
        urgent_only: bool,
    ) -> Round:
        """
        Of the keys whose calls are due, send the most urgent and oldest that has rows which may go.
        """
        queue = self._deps.ports.backlogs[lane.name]
        due = self._due(state, messages, queue)
        called = False
        for key, message in sorted(due.values(), key=lambda each: _first(each[0])):
            if called or (urgent_only and not key.urgent):
                queue.hide(message, 0)
                continue
            try:
                sent = self._send_or_clear_the_way(lane, state, key, go)
            except StoreUnavailable as unavailable:
                left(self._deps, self._notices, unavailable, lane=lane.name)
                return Round()
            except Exception:  # noqa: BLE001 - a key that our own code cannot take must not stop the others
                self._key_at_fault(lane, key)
                continue
            called = called or sent.called
            self._after(lane, key, message, sent)
        if called:
            return Round(more=True, called=True)
        return Round(more=self._sweeper.resend_beside(lane, state, due), swept=True)

    def _send_or_clear_the_way(self, lane: Lane, state: LaneState, key: LaneKey, go: Go) -> Sent:
        """
        Send a key; where its rows wait behind another key's (a stop behind a registration), send that one first.
        """
        sent = self._batcher.send(lane, state, key, go.reservation)
        if sent.called or not sent.behind:
            return sent
        before = next((each for each in state.keys if each.name == sent.behind and not each.held_reason), None)
        if before is None:
            return sent
        return Sent(called=self._batcher.send(lane, state, before, go.reservation).called, remaining=True)

    def _key_at_fault(self, lane: Lane, key: LaneKey) -> None:
        """
        Our own code failed on a whole key, not on one row: it is held, with the traceback in the log.
        """
        words = faults.for_log()
        self._deps.ports.journal.log("fault", where="batch", lane=lane.name, key=key.name, traceback=words)
        reason = "our own fault: " + words.rpartition(" > ")[2]
        self._deps.ports.table.write(lane_keys.hold(lane.name, key, reason))
        self._notices.tell((_our_fault(lane, key, reason),))

    def _due(self, state: LaneState, messages: Sequence[Message], queue: Queue) -> dict[str, tuple[LaneKey, Message]]:
        """
        The keys that the messages stand for; messages of held or unknown keys, and doubles, are forgotten.
        """
        keys = {each.name: each for each in state.keys}
        due: dict[str, tuple[LaneKey, Message]] = {}
        for message in messages:
            where = pointer(message.body)
            key = keys.get(where.key) if where else None
            if key is None or key.held_reason or key.name in due:
                queue.delete(message)
            else:
                due[key.name] = (key, message)
        return due

    def _after(self, lane: Lane, key: LaneKey, message: Message, sent: Sent) -> None:
        """
        A key with rows left keeps its message; the message of an empty one is done, and the next row sends a new one.
        """
        queue = self._deps.ports.backlogs[lane.name]
        if not sent.remaining:
            self._deps.ports.table.write(lane_keys.clear_due(lane.name, key))
            queue.delete(message)
        elif sent.until is not None:
            queue.hide(message, seconds_until(sent.until, self._deps.now()))
        else:
            queue.hide(message, 0)


def _our_fault(lane: Lane, key: LaneKey, reason: str) -> Notice:
    return Notice(
        cause=f"fault:{lane.name}:{key.name}",
        subject=f"Lane {lane.name}: a batch key is held",
        text=(
            f"Ekiden itself failed on it: {reason}. Its rows wait. The log has the traceback; after an update: "
            f"ekiden held release {lane.name}/{key.name}"
        ),
    )


def _first(key: LaneKey) -> tuple[bool, str]:
    return (not key.urgent, key.due_at.isoformat() if key.due_at else "")
