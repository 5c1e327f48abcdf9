"""
One call for many contacts: the way of lanes that take files (配配メール's CSV import).

A lane has at most one such call open. Its record on the lane's item is written before the request leaves, together
with the reservation; what the reply meant is stored before any row follows. Whoever finds the lane later goes on from
there: a call without a reply is uncertain, and the same bytes are sent again where that is harmless.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.model import (
    Batch,
    Call,
    Delivery,
    Lane,
    LaneKey,
    LaneState,
    Line,
    OpenCall,
    Reading,
    Reservation,
    State,
    Turn,
)
from chalicelib.planning.coalesce import Plan
from chalicelib.planning.ledger import Ask, Wait, may_call
from chalicelib.planning.settle import Moment
from chalicelib.ports import Lost
from chalicelib.records import lanes
from chalicelib.relay import files
from chalicelib.relay.backlog import has_urgent_work
from chalicelib.relay.concluding import conclude, no_answer
from chalicelib.relay.deps import Deps
from chalicelib.relay.files import CallFile
from chalicelib.relay.margins import BATCH_MARGIN_SECONDS
from chalicelib.relay.notices import Notices
from chalicelib.relay.picking import pick, rows_max
from chalicelib.relay.rows import settle_rows
from chalicelib.relay.settling import bury, let_go, log_call, overtake, read, unless_rotated
from chalicelib.value import value


@value
class Sent:
    """
    What came of trying to send one key: whether a call was made, whether rows remain, and what they wait for.

    `behind` names a key whose call must go first; `until` when the rows may go.
    """

    called: bool = False
    remaining: bool = False
    until: datetime | None = None
    behind: str = ""


class Batcher:
    """
    Sends what waits under a batch key, and finishes what another worker left open.
    """

    def __init__(self, deps: Deps, notices: Notices) -> None:
        self._deps = deps
        self._notices = notices

    # ── a new call ──────────────────────────────────────────────────────────────────────────────────────────────────

    def send(self, lane: Lane, state: LaneState, key: LaneKey, ask: Ask) -> Sent:
        """
        One call with as many of the key's rows as fit, oldest first; rows of files after the others.

        Rows that take leftovers ride along, or have a call of their own if today does not need it.
        """
        picked = pick(self._deps, self._notices, lane, state, key)
        plan, more = picked.plan, picked.more
        for each in plan.overtaken:
            overtake(self._deps, each.delivery, each.why, each.by)
        for delivery, why in plan.poison:
            self._bury(delivery, f"our own fault: {why}")
        file = self._pack(key, plan, plan.lines[: rows_max(lane, key)])
        if file is None:
            blocked = [each.until for each in plan.blocked if each.until]
            behind = next((each.behind for each in plan.blocked if each.behind), "")
            return Sent(remaining=bool(plan.blocked) or more, until=min(blocked, default=None), behind=behind)
        if not self._open_and_call(lane, state, key, file, replace(ask, late=picked.late)):
            return Sent(remaining=True)
        return Sent(called=True, remaining=more or len(file.batch.lines) < len(plan.lines) or bool(plan.blocked))

    def _pack(self, key: LaneKey, plan: Plan, lines: Sequence[Line]) -> CallFile | None:
        """
        The file, within the vendor's size. A line whose bytes cannot be made is a dead letter; the others go on.
        """
        if not lines:
            return None
        vendor, destination = self._deps.vendor(key.destination), self._deps.destination(key.destination)
        assert vendor.pack is not None, "a batching lane's vendor makes files"  # noqa: S101 - our own invariant
        packed = vendor.pack(vendor.operations[key.operation], key.settings, lines, destination)
        for line, why in packed.poison:
            for each in (plan.members[name] for name in line.deliveries):
                self._bury(each, why)
        if not packed.taken:
            return None
        batch = Batch(
            lane=destination.lane,
            destination=key.destination,
            operation=key.operation,
            settings=key.settings,
            lines=packed.taken,
        )
        return CallFile(batch=batch, data=packed.data)

    def _open_and_call(self, lane: Lane, state: LaneState, key: LaneKey, file: CallFile, ask: Ask) -> bool:
        """
        Store the file, claim the call and record it in one write, send; False where the lane does not allow it now.
        """
        request = self._request(file)
        place = files.prefix(lane.name, ask.call_id)
        files.store(self._deps.ports.bucket, place, file)
        # Reading thousands of rows took its time: the window and the guard are those of this moment.
        verdict = may_call(lane, state, self._deps.now(), ask)
        if isinstance(verdict, Wait):
            return False
        call = self._opened(lane, verdict.reservation, key=key.name, file=place, rows=len(file.batch.lines))
        if not self._claim(lane, verdict.reservation, call, seen=state.last_call_at):
            return False
        self._call(lane, state, call, file, request)
        return True

    def _bury(self, delivery: Delivery, why: str) -> None:
        bury(self._deps, delivery, Turn(state=State.DEAD, reason=why))
        self._notices.tell_of([replace(delivery, state=State.DEAD, reason=why)])

    # ── what another worker left ────────────────────────────────────────────────────────────────────────────────────

    def resume(self, lane: Lane, state: LaneState) -> datetime | None:
        """
        Go on with the lane's open call. Returns until when it must be left alone, or None where the lane has moved on.
        """
        call, now = state.call, self._deps.now()
        if call is None:
            return None
        key = next((each for each in state.keys if each.name == call.key), None)
        file = files.load(self._deps.ports.bucket, call.file, lane.name, key) if key else None
        if key is None or file is None or key.destination not in self._deps.config.destinations:
            let_go(self._deps, lane, state, call)
            return None
        if call.phase == "replied":
            reading = files.load_reading(self._deps.ports.bucket, call) or no_answer(file.batch)
            return self._conclude(lane, state, call, file, reading, timedelta(0))
        if now < call.until:
            return call.until
        if call.phase == "sending":
            return self._conclude(lane, state, call, file, no_answer(file.batch), now - call.started_at)
        return self._repeat(lane, state, key, call, file)

    def _repeat(self, lane: Lane, state: LaneState, key: LaneKey, call: OpenCall, file: CallFile) -> datetime | None:
        """
        The same bytes once more: the vendor may or may not have them.
        """
        now = self._deps.now()
        # Until this call ends no other may go: opt-outs behind it may use the reserve for it.
        urgent = key.urgent or has_urgent_work(self._deps.ports.table, lane.name, state, tiers=self._deps.open_tiers())
        ask = Ask(call_id=call.id, timeout_seconds=lane.timeout_seconds, urgent=urgent, repeat=True)
        verdict = may_call(lane, state, now, ask)
        if isinstance(verdict, Wait):
            return verdict.until or now + timedelta(hours=1)
        request = self._request(file)
        again = replace(
            self._opened(lane, verdict.reservation, key=call.key, file=call.file, rows=call.rows),
            tries=call.tries + 1,
        )
        if not self._claim(lane, verdict.reservation, again, repeat_of=lanes.token(call)):
            return now + timedelta(seconds=1)
        return self._call(lane, state, again, file, request)

    # ── the call ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _request(self, file: CallFile) -> Call:
        """
        The request, made before anything is claimed, so that what cannot be made (or has no credentials) costs nothing.
        """
        destination = self._deps.destination(file.batch.destination)
        credentials = self._deps.credentials(destination)
        return self._deps.vendor(destination.name).build(file.batch, file.data, destination, credentials)

    def _opened(self, lane: Lane, reservation: Reservation, *, key: str, file: str, rows: int) -> OpenCall:
        now = reservation.at
        return OpenCall(
            id=reservation.call_id,
            key=key,
            phase="sending",
            file=file,
            rows=rows,
            started_at=now,
            until=now + timedelta(seconds=lane.timeout_seconds + BATCH_MARGIN_SECONDS),
            windows=tuple(name for name, _ in reservation.windows),
            claim=self._deps.ports.chance.id(now),
        )

    def _claim(
        self,
        lane: Lane,
        reservation: Reservation,
        call: OpenCall,
        *,
        repeat_of: str = "",
        seen: datetime | None = None,
    ) -> bool:
        write = lanes.reserve_batch(lane.name, reservation, call, repeat_of=repeat_of, seen=seen)
        result = self._deps.ports.table.write(write)
        if not isinstance(result, Lost):
            return True
        # The write may have been repeated after its answer was lost; then the token that stands there is ours.
        return (result.found.get(0) or {}).get("call_token") == lanes.token(call)

    def _call(self, lane: Lane, state: LaneState, call: OpenCall, file: CallFile, request: Call) -> datetime | None:
        deps, started = self._deps, self._deps.now()
        reply = deps.ports.transport.send(request, timeout_seconds=lane.timeout_seconds)
        reading = read(deps, file.batch, reply)
        reading = replace(
            reading, verdict=unless_rotated(deps, deps.destination(file.batch.destination), reading.verdict)
        )
        took = deps.now() - started
        files.store_reading(deps.ports.bucket, call, reading)
        told = {"kind": reading.verdict.kind, "reason": reading.verdict.reason}
        replied = replace(call, phase="replied", verdict=told)
        if isinstance(deps.ports.table.write(lanes.record_reply(lane.name, replied)), Lost):
            deps.ports.journal.log("call.taken_over", call=call.id, lane=lane.name)
            return deps.now() + timedelta(seconds=1)
        return self._conclude(lane, state, replied, file, reading, took)

    def _conclude(
        self,
        lane: Lane,
        state: LaneState,
        call: OpenCall,
        file: CallFile,
        reading: Reading,
        took: timedelta,
    ) -> datetime | None:
        """
        Rows first, then the key, then the lane: whoever dies in between leaves a call that is still to be concluded.
        """
        moment = Moment(now=self._deps.now(), jitter=self._deps.ports.chance.jitter())
        ending = conclude(lane, state, call, reading, moment)
        turns = {name: replace(each, call=call.id) for name, each in ending.turns.items()}
        ends = settle_rows(self._deps, lane.name, file.batch.lines, turns) if turns else []
        self._notices.tell_of(replace(each, state=end, reason=ending.turns[each.id].reason) for each, end in ends)
        for write in ending.key_writes:
            self._deps.ports.table.write(write)
        closing = lanes.settle(lane.name, call.id, call.windows, ending.lane, seen=state.breaker, now=moment.now)
        if ending.repeat_at is None:
            closing = lanes.end_batch(closing, call)
        else:
            closing = lanes.keep_batch(closing, replace(call, phase="uncertain", until=ending.repeat_at))
        self._deps.ports.table.write(closing)
        log_call(self._deps, file.batch, call.id, ends, reading.verdict, took)
        self._notices.tell((*ending.lane.notices, *ending.notices))
        return ending.repeat_at
