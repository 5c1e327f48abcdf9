"""
One call of a poll: reserve, send, read, settle, and hand its rows on.

Polls get what pushes leave: none is made while deliveries of the lane wait, none uses the reserve, and what they use is
bounded by a share that is counted in the same conditional write as the lane's windows.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.destinations.asking import Rows, Wanted
from chalicelib.model import Lane, LaneState, Progress, Reservation, State, Verdict
from chalicelib.planning import polling
from chalicelib.planning.ledger import Ask, Share, Wait, may_call
from chalicelib.planning.settle import Moment, lane_turn
from chalicelib.ports import Lost
from chalicelib.records import deliveries, lanes
from chalicelib.records.layout import delivery_key, lane_key
from chalicelib.relay.backlog import waiting_ids
from chalicelib.relay.deps import Deps
from chalicelib.relay.drafting import SINGLE_KEY
from chalicelib.relay.notices import Notices
from chalicelib.relay.poll_rows import Later, Leg, RowTaker
from chalicelib.relay.settling import unless_rotated

CALLS_MAX = 2_000
"""
Calls of one run. A vendor that has more pages than that is asked too broadly, or repeats itself.
"""

NAP_SECONDS_MAX = 15.0
SETTLE_SECONDS = 15
"""
What a worker must have left after a call's time-out, to store rows and write down how far it came.
"""

PAUSED_AGAIN = timedelta(minutes=10)
PUSHES_FIRST = timedelta(seconds=60)
LOOKED_AT = 20
ON_THE_LANE = frozenset({"quota", "busy"})
OPERATORS_MATTER = frozenset({"paused", "key", "strange", "too_large"})


class Failed(Exception):
    """
    The vendor gave nothing that could be read.

    `shown`: the beginning of its answer, masked. `anew`: the run begins anew. `tell`: it is worth a notice at once.
    """

    def __init__(self, why: str, *, shown: str = "", anew: bool = False, tell: bool = False) -> None:
        super().__init__(why)
        self.shown = shown
        self.anew = anew
        self.tell = tell


class Asker:
    """
    Makes the calls of polls.
    """

    def __init__(self, deps: Deps, notices: Notices) -> None:
        self._deps = deps
        self._notices = notices

    def call(self, leg: Leg, progress: Progress, rows: RowTaker) -> tuple[Progress, Progress | None]:
        """
        One call and its rows: how far the run has come, and where it goes on (None: nowhere, it is complete).

        Raises Later where the lane allows no call or time is up, Failed for an answer that cannot be used.
        """
        if progress.calls >= CALLS_MAX:
            raise Failed(f"more than {CALLS_MAX} calls in one run; ask for less at once", anew=True, tell=True)
        found = self._reply(leg, progress)
        counted = replace(progress, calls=progress.calls + 1)
        last = _continuous(leg, counted, found, rows)
        counted = replace(counted, rows=counted.rows + len(found.rows), last=last)
        done = replace(counted, taken=counted.taken + rows.take(found.rows))
        return done, polling.step(
            done, len(found.rows), rows_per_call=leg.retrieval.rows_per_call, overlap_rows=leg.retrieval.overlap_rows
        )

    def _reply(self, leg: Leg, progress: Progress) -> Rows:
        deps = self._deps
        wanted = Wanted(since=progress.since, until=progress.until, day=progress.day, offset=progress.offset)
        request = leg.retrieval.build(wanted, leg.poll.settings, leg.destination, deps.credentials(leg.destination))
        state, reservation = self._claim(leg)
        started = deps.now()
        reply = deps.ports.transport.send(request, timeout_seconds=leg.lane.timeout_seconds)
        found = leg.retrieval.read(reply, leg.poll.settings, leg.destination)
        verdict = Verdict() if isinstance(found, Rows) else unless_rotated(deps, leg.destination, found.verdict)
        until = self._settle(leg, state, reservation, verdict)
        deps.ports.journal.log(
            "poll.called",
            source=leg.source.name,
            lane=leg.lane.name,
            call=reservation.call_id,
            verdict=verdict.kind,
            rows=len(found.rows) if isinstance(found, Rows) else 0,
            seconds=round((deps.now() - started).total_seconds(), 3),
        )
        if isinstance(found, Rows):
            return found
        if verdict.kind in ON_THE_LANE and until is not None:
            raise Later(until, verdict.reason)
        raise Failed(verdict.reason, shown=found.shown, tell=verdict.kind in OPERATORS_MATTER)

    # ── may it ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _claim(self, leg: Leg) -> tuple[LaneState, Reservation]:
        """
        The right to one call, with the lane as it was then. Naps where that is all it takes.
        """
        deps, lane, poll = self._deps, leg.lane, leg.poll
        share = Share(book=polling.BOOK, percent=poll.quota_share) if poll.quota_share else None
        while True:
            now = deps.now()
            if now + timedelta(seconds=lane.timeout_seconds + SETTLE_SECONDS) > leg.deadline:
                raise Later(now, "one worker's time was up; the next one goes on")
            if share and self._pushes_wait(lane, now):
                raise Later(now + PUSHES_FIRST, f"deliveries of lane {lane.name} go first")
            state = lanes.state_from(lane.name, deps.ports.table.get([lane_key(lane.name)]))
            ask = Ask(call_id=deps.ports.chance.id(now), timeout_seconds=lane.timeout_seconds, share=share)
            verdict = may_call(lane, state, now, ask)
            if isinstance(verdict, Wait):
                self._nap(verdict, leg, now)
            elif not isinstance(deps.ports.table.write(lanes.reserve(lane.name, verdict.reservation)), Lost):
                return state, verdict.reservation
            else:
                deps.ports.clock.sleep(deps.ports.chance.jitter())

    def _nap(self, wait: Wait, leg: Leg, now: datetime) -> None:
        until = wait.until or now + PAUSED_AGAIN
        seconds = (until - now).total_seconds()
        if seconds > NAP_SECONDS_MAX:
            raise Later(until, f"lane {leg.lane.name}: {wait.why}")
        self._deps.ports.clock.sleep(max(seconds, 0.05))

    def _pushes_wait(self, lane: Lane, now: datetime) -> bool:
        """
        Whether a delivery of the lane could go now.
        """
        table = self._deps.ports.table
        ids = waiting_ids(table, lane.name, SINGLE_KEY, limit=LOOKED_AT)
        found = (deliveries.from_item(item) for item in table.get([delivery_key(each) for each in ids]) if item)
        waiting = {State.WAITING, State.UNCERTAIN}
        return any(each.state in waiting and (each.after is None or each.after <= now) for each in found)

    # ── what became of it ───────────────────────────────────────────────────────────────────────────────────────────

    def _settle(self, leg: Leg, state: LaneState, reservation: Reservation, verdict: Verdict) -> datetime | None:
        """
        Close the call on its lane; until when the lane is closed, if it is.
        """
        deps, now = self._deps, self._deps.now()
        moment = Moment(now=now, jitter=deps.ports.chance.jitter())
        turn = lane_turn(leg.lane, state, polling.of_lane(verdict, shared=bool(leg.poll.quota_share)), moment)
        windows = [name for name, _ in reservation.windows]
        deps.ports.table.write(
            lanes.settle(leg.lane.name, reservation.call_id, windows, turn, seen=state.breaker, now=now)
        )
        self._notices.tell(turn.notices)
        return turn.breaker.until


def _continuous(leg: Leg, progress: Progress, found: Rows, rows: RowTaker) -> str:
    """
    The digest of the last row, after a look at whether this answer goes on where the one before ended.
    """
    digests = [rows.digest(row) for row in found.rows]
    if progress.offset > 1 and progress.last:
        if progress.last not in digests:
            raise Failed("rows moved while they were read; the run begins anew", anew=True)
        if digests[-1] == progress.last and len(digests) >= leg.retrieval.rows_per_call:
            raise Failed("the vendor gave the same rows again instead of the next ones", anew=True, tell=True)
    return digests[-1] if digests else progress.last
