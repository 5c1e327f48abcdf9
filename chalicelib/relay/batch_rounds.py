"""
Rounds of lanes that take files.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.errors import StoreUnavailable
from chalicelib.model import Lane, LaneKey, LaneState, Notice
from chalicelib.planning.ledger import Ask, Go, Wait, may_call
from chalicelib.ports import Message
from chalicelib.records import keys as lane_keys
from chalicelib.relay import faults
from chalicelib.relay.backlog import has_rows, has_urgent_work, lane_state
from chalicelib.relay.batches import Batcher, Sent
from chalicelib.relay.bells import pointer
from chalicelib.relay.deps import Deps
from chalicelib.relay.notices import Notices
from chalicelib.relay.rounds import RECEIVED_MAX, Round, left, nap, seconds_until
from chalicelib.relay.sweeping import Sweeper

LAST = "~"
PATIENCE_SECONDS = 3_600
"""
So long a key that has only rows of files lets keys go first that have something which came by itself.
"""

Due = tuple[LaneKey, Message | None]
"""
A key whose call is due, and the message that stands for it, if one was received.
"""


class BatchRounds:
    """
    Finishes a lane's open call, and makes the one call that may go now.
    """

    def __init__(self, deps: Deps, notices: Notices, batcher: Batcher, sweeper: Sweeper) -> None:
        self._deps = deps
        self._notices = notices
        self._batcher = batcher
        self._sweeper = sweeper

    def round(self, lane: Lane, deadline: datetime) -> Round:  # noqa: ARG002 - one call a round: the advancer has looked
        """
        Finish the open call, if any; else make the one call that may go now.
        """
        now, table = self._deps.now(), self._deps.ports.table
        state = lane_state(table, lane.name)
        if state.call is not None:
            return self._go_on(lane, state)
        ask = Ask(call_id=self._deps.ports.chance.id(now), timeout_seconds=lane.timeout_seconds)
        verdict, urgent = may_call(lane, state, now, ask), replace(ask, urgent=True)
        if isinstance(verdict, Wait):
            may_urgent = isinstance(may_call(lane, state, now, urgent), Go)
            if not may_urgent or not has_urgent_work(table, lane.name, state, tiers=self._deps.open_tiers()):
                return nap(verdict, now)
            ask = urgent
        messages = self._deps.ports.backlogs[lane.name].receive(RECEIVED_MAX)
        due = self._due(lane, state, messages)
        for key in self._sweeper.keys_without_message(lane, state, set(due), backlog_empty=not messages):
            due[key.name] = (key, None)
        return self._send_due(lane, state, ask, due)

    def _go_on(self, lane: Lane, state: LaneState) -> Round:
        """
        Finish the lane's open call. While that cannot be done, nothing else of the lane may go.
        """
        try:
            until = self._batcher.resume(lane, state)
        except StoreUnavailable as unavailable:
            left(self._deps, self._notices, unavailable, lane=lane.name)
            return Round()
        except Exception:  # noqa: BLE001 - the next minute tries again; an operator is told
            words = faults.for_log()
            self._deps.ports.journal.log("fault", where="batch", lane=lane.name, traceback=words)
            self._notices.tell((_stuck(lane, words.rpartition(" > ")[2]),))
            return Round()
        return Round(more=until is None, called=until is None)

    def _send_due(
        self,
        lane: Lane,
        state: LaneState,
        ask: Ask,
        due: dict[str, Due],
    ) -> Round:
        """
        Of the keys whose calls are due, send the most urgent and oldest that has rows which may go.
        """
        called = False
        for key, message in self._in_order(lane, due.values()):
            if called or (ask.urgent and not key.urgent):
                self._show_again(lane, message)
                continue
            try:
                sent = self._send_or_clear_the_way(lane, state, key, ask)
            except StoreUnavailable as unavailable:
                left(self._deps, self._notices, unavailable, lane=lane.name)
                return Round()
            except Exception:  # noqa: BLE001 - a key that our own code cannot take must not stop the others
                self._key_at_fault(lane, key)
                continue
            called = called or sent.called
            self._after(lane, key, message, sent)
        return Round(more=called, called=called)

    def _in_order(self, lane: Lane, due: Iterable[Due]) -> list[Due]:
        """
        Opt-outs first, then what came by itself, then what has only rows of files; among its like the oldest.
        """
        found, patient_since = list(due), self._deps.now() - timedelta(seconds=PATIENCE_SECONDS)

        def first(each: Due) -> tuple[bool, bool, str]:
            key, table = each[0], self._deps.ports.table
            patient = key.due_at is None or key.due_at > patient_since
            late = len(found) > 1 and patient and not has_rows(table, lane.name, key.name)
            return (not key.urgent, late, key.due_at.isoformat() if key.due_at else LAST)

        return sorted(found, key=first)

    def _send_or_clear_the_way(self, lane: Lane, state: LaneState, key: LaneKey, ask: Ask) -> Sent:
        """
        Send a key; where its rows wait behind another key's (a stop behind a registration), send that one first.
        """
        sent = self._batcher.send(lane, state, key, ask)
        if sent.called or not sent.behind:
            return sent
        before = next((each for each in state.keys if each.name == sent.behind and not each.held_reason), None)
        if before is None:
            return sent
        return Sent(called=self._batcher.send(lane, state, before, ask).called, remaining=True, behind=sent.behind)

    def _key_at_fault(self, lane: Lane, key: LaneKey) -> None:
        """
        Our own code failed on a whole key, not on one row: it is held, with the traceback in the log.
        """
        words = faults.for_log()
        self._deps.ports.journal.log("fault", where="batch", lane=lane.name, key=key.name, traceback=words)
        reason = "our own fault: " + words.rpartition(" > ")[2]
        self._deps.ports.table.write(lane_keys.hold(lane.name, key, reason))
        self._notices.tell((_our_fault(lane, key, reason),))

    def _due(self, lane: Lane, state: LaneState, messages: Sequence[Message]) -> dict[str, Due]:
        """
        The keys that the messages stand for; messages of held or unknown keys, and doubles, are forgotten.
        """
        keys = {each.name: each for each in state.keys}
        due: dict[str, Due] = {}
        for message in messages:
            where = pointer(message.body)
            key = keys.get(where.key) if where else None
            if key is None or key.held_reason or key.name in due:
                self._deps.ports.backlogs[lane.name].delete(message)
            else:
                due[key.name] = (key, message)
        return due

    def _after(self, lane: Lane, key: LaneKey, message: Message | None, sent: Sent) -> None:
        """
        A key with rows left keeps its message; the message of an empty one is done, and the next row sends a new one.
        """
        queue, now = self._deps.ports.backlogs[lane.name], self._deps.now()
        if not sent.remaining:
            self._deps.ports.table.write(lane_keys.clear_due(lane.name, key, now))
            if message is not None:
                queue.delete(message)
        elif sent.until is not None and message is not None:
            queue.hide(message, seconds_until(sent.until, now))
        else:
            if sent.called and not sent.behind:
                # It has had its turn: others that are due may go before the rest of it.
                self._deps.ports.table.write(lane_keys.remark_due(lane.name, key, now))
            self._show_again(lane, message)

    def _show_again(self, lane: Lane, message: Message | None) -> None:
        if message is not None:
            self._deps.ports.backlogs[lane.name].hide(message, 0)


def _stuck(lane: Lane, why: str) -> Notice:
    return Notice(
        cause=f"stuck:{lane.name}",
        subject=f"Lane {lane.name}: its open call cannot be finished",
        text=(
            f"Ekiden itself fails on it: {why}. Nothing else of the lane goes meanwhile; everything waits. The log has "
            f"the traceback. Update Ekiden; or let its rows wait for another call: ekiden held let-go {lane.name}"
        ),
    )


def _our_fault(lane: Lane, key: LaneKey, reason: str) -> Notice:
    return Notice(
        cause=f"fault:{lane.name}:{key.name}",
        subject=f"Lane {lane.name}: a batch key is held",
        text=(
            f"Ekiden itself failed on it: {reason}. Its rows wait. The log has the traceback; after an update: "
            f"ekiden held release {lane.name}/{key.name}"
        ),
    )
