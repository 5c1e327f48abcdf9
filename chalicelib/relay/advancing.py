"""
Advancing a lane: take from its backlog what may be called now, and no more.

One worker advances a lane at a time, by a lease; whoever comes meanwhile rings and leaves. No safety rests on the
lease: the ledger, the deliveries' states and the contacts keep that. It only spares work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.errors import StoreUnavailable
from chalicelib.model import Lane, LaneKey, LaneState
from chalicelib.planning.ledger import Ask, Go, Wait, calls_now, may_call
from chalicelib.ports import Lost, Message, Query, Queue
from chalicelib.records import keys as lane_keys
from chalicelib.records import lanes, leases
from chalicelib.records.layout import lane_key
from chalicelib.relay.batches import BATCH_MARGIN_SECONDS, Batcher, Sent
from chalicelib.relay.bells import bell, pointer, ring_quietly
from chalicelib.relay.calls import Caller
from chalicelib.relay.deps import Deps
from chalicelib.relay.sweeping import Sweeper
from chalicelib.relay.tries import CALL_MARGIN_SECONDS, Tried

ROUNDS_MAX = 1_000
RINGS_MAX = 10
NAP_SECONDS_MAX = 5.0
"""
A worker waits so long for the lane's rate or pace; for anything longer it leaves, and the next minute's bell returns.
"""

HIDE_SECONDS_MAX = 43_200
RECEIVED_MAX = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """
    What one round of advancing came to: go on at once, after a nap of `nap_seconds`, or leave (`more` is false).

    `swept`: the backlog was empty and the sweeper has sent missing messages. `called`: a vendor was called.
    """

    more: bool = False
    nap_seconds: float = 0.0
    swept: bool = False
    called: bool = False


class Advancer:
    """
    Drains lanes as fast as their vendors allow.
    """

    def __init__(self, deps: Deps, caller: Caller, batcher: Batcher, sweeper: Sweeper) -> None:
        self._deps = deps
        self._caller = caller
        self._batcher = batcher
        self._sweeper = sweeper

    def advance(self, name: str, *, deadline: datetime) -> None:
        """
        Advance one lane until nothing may be called any more, or until the worker's time is up.
        """
        lane = self._deps.lane(name)
        if lane is None or name not in self._deps.ports.backlogs:
            self._deps.ports.journal.log("lane.unknown", lane=name)
            return
        table, owner = self._deps.ports.table, self._deps.ports.chance.id(self._deps.now())
        if isinstance(table.write(leases.take(name, owner, now=self._deps.now(), until=deadline)), Lost):
            table.write(leases.ring(name))
            return
        for _ in range(RINGS_MAX):
            self._rounds(lane, deadline)
            if not isinstance(table.write(leases.release(name, owner)), Lost):
                return
            if isinstance(table.write(leases.hear(name, owner, until=deadline)), Lost):
                return
        # Somebody rings all the time: leave the lane to whoever hears the next bell.
        table.write(leases.leave(name, owner))
        ring_quietly(self._deps, [bell(name)])

    def _rounds(self, lane: Lane, deadline: datetime) -> None:
        margin = BATCH_MARGIN_SECONDS if lane.batching else CALL_MARGIN_SECONDS
        needed = timedelta(seconds=lane.timeout_seconds + margin / 2)
        swept = False
        for number in range(ROUNDS_MAX):
            if number and self._deps.now() + needed > deadline:
                ring_quietly(self._deps, [bell(lane.name)])
                return
            round_ = self._batch_round(lane) if lane.batching else self._single_round(lane)
            # What the sweeper has just sent and nobody could call now would only be swept again.
            if not round_.more or (round_.swept and swept):
                return
            swept = round_.swept or (swept and not round_.called)
            if round_.nap_seconds:
                self._deps.ports.clock.sleep(round_.nap_seconds)

    # ── lanes that send one contact a call ──────────────────────────────────────────────────────────────────────────

    def _single_round(self, lane: Lane) -> Round:
        """
        Receive as many messages as calls may go now, and try each.
        """
        now = self._deps.now()
        state = lanes.state_from(lane.name, self._deps.ports.table.get([lane_key(lane.name)]))
        verdict = may_call(lane, state, now, Ask(call_id="-", timeout_seconds=lane.timeout_seconds))
        if isinstance(verdict, Wait):
            return self._nap(verdict, now)
        queue = self._deps.ports.backlogs[lane.name]
        messages = queue.receive(min(RECEIVED_MAX, max(1, calls_now(lane, state, now))))
        if not messages:
            return Round(more=self._sweeper.resend(lane, state), swept=True)
        called = [self._work(queue, message) for message in messages]
        return Round(more=True, called=any(called))

    def _work(self, queue: Queue, message: Message) -> bool:
        """
        Try what a message points to; forget the message if that is settled, else hide it until it may go.

        Returns whether the vendor was called.
        """
        where = pointer(message.body)
        try:
            tried = self._caller.try_one(where.delivery) if where and where.delivery else None
        except StoreUnavailable as unavailable:
            self._deps.ports.journal.log("backlog.left", delivery=where and where.delivery, reason=str(unavailable))
            return False
        if tried is None or tried.settled:
            queue.delete(message)
        else:
            queue.hide(message, self._seconds_until(tried))
        return tried is not None and tried.called

    def _seconds_until(self, tried: Tried) -> int:
        if tried.again_at is None:
            return 1
        seconds = (tried.again_at - self._deps.now()).total_seconds()
        return int(min(max(seconds, 1.0), HIDE_SECONDS_MAX))

    # ── lanes that take files ───────────────────────────────────────────────────────────────────────────────────────

    def _batch_round(self, lane: Lane) -> Round:
        """
        Finish the open call, if any; else make the one call that may go now.
        """
        now = self._deps.now()
        state = self._whole_state(lane)
        if state.call is not None:
            until = self._batcher.resume(lane, state)
            return Round(more=until is None, called=until is None)
        ask = Ask(call_id=self._deps.ports.chance.id(now), timeout_seconds=lane.timeout_seconds)
        verdict, urgent_only = may_call(lane, state, now, ask), False
        if isinstance(verdict, Wait) and any(key.urgent and key.due_at and not key.held_reason for key in state.keys):
            urgent = Ask(call_id=ask.call_id, timeout_seconds=lane.timeout_seconds, urgent=True)
            paced, verdict, urgent_only = verdict, may_call(lane, state, now, urgent), True
            verdict = paced if isinstance(verdict, Wait) else verdict
        if isinstance(verdict, Wait):
            return self._nap(verdict, now)
        queue = self._deps.ports.backlogs[lane.name]
        messages = queue.receive(RECEIVED_MAX)
        if not messages:
            return Round(more=self._sweeper.resend(lane, state), swept=True)
        return self._send_due(lane, state, verdict, messages, urgent_only=urgent_only)

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
            sent = self._send_or_clear_the_way(lane, state, key, go)
            called = called or sent.called
            self._after(lane, key, message, sent)
        return Round(more=called, called=called)

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
            seconds = (sent.until - self._deps.now()).total_seconds()
            queue.hide(message, int(min(max(seconds, 1.0), HIDE_SECONDS_MAX)))
        else:
            queue.hide(message, 0)

    # ── both ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _whole_state(self, lane: Lane) -> LaneState:
        found = self._deps.ports.table.query(Query(pk=lane_key(lane.name).pk))
        return lanes.state_from(lane.name, found)

    def _nap(self, verdict: Wait, now: datetime) -> Round:
        """
        Wait here for the rate or the pace if it is short, else leave.
        """
        seconds = (verdict.until - now).total_seconds() if verdict.until else NAP_SECONDS_MAX + 1
        if verdict.kind in {"rate", "pace"} and seconds <= NAP_SECONDS_MAX:
            return Round(more=True, nap_seconds=max(seconds, 0.01))
        return Round()


def _first(key: LaneKey) -> tuple[bool, str]:
    return (not key.urgent, key.due_at.isoformat() if key.due_at else "")
