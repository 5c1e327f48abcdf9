"""
Settling: what a reply, or its absence, does to the deliveries of a call and to their lane.

This is the failure table of the design in one place; nothing else in Ekiden retries. A refusal before the call burns
nothing; a 429 burns nothing; what may have been applied is Uncertain and is repeated only where that is harmless.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.model import (
    Breaker,
    Delivered,
    Lane,
    LaneState,
    LaneTurn,
    Notice,
    Outcome,
    Refused,
    State,
    Turn,
    Uncertain,
    Verdict,
)
from chalicelib.planning.nights import back_at, learned
from chalicelib.planning.windows import JST, day_of, reopening, window_name
from chalicelib.value import value

BACKOFF_SECONDS_FIRST = 30.0
BACKOFF_SECONDS_MAX = 3_600.0
BREAKER_SECONDS_FIRST = 10.0
BREAKER_SECONDS_MAX = 900.0
PROBE_SECONDS_FIRST = 900.0
PROBE_SECONDS_NEXT = 3_600.0
FAILURES_MAX = 3
"""
After so many calls in a row without a clear answer the lane closes and probes. A batching lane closes at once: its one
call carries everything that could be tried.
"""


@value
class Moment:
    """
    When a reply is settled, and the throw of chance for its backoff, in [0, 1).
    """

    now: datetime
    jitter: float


def turn(outcome: Outcome, lane: Lane, moment: Moment, *, attempts: int, probe: bool) -> Turn:
    """
    The next state of one delivery after one call. `attempts` were burnt before; a probe of a closed lane burns none.
    """
    if isinstance(outcome, Delivered):
        return Turn(state=State.DELIVERED, proof=outcome.proof, result=outcome.result)
    if isinstance(outcome, Refused):
        return Turn(state=State.DEAD, reason=outcome.reason)
    if isinstance(outcome, Uncertain) and not outcome.harmless:
        return Turn(state=State.HELD, reason=f"maybe applied, and a repeat is not harmless: {outcome.reason}")
    burns = not probe and (isinstance(outcome, Uncertain) or outcome.burns)
    if burns and attempts + 1 >= lane.attempts_max:
        applied = " (the last one may have been applied)" if isinstance(outcome, Uncertain) else ""
        return Turn(state=State.DEAD, burns=True, reason=f"{attempts + 1} attempts{applied}: {outcome.reason}")
    state = State.UNCERTAIN if isinstance(outcome, Uncertain) else State.WAITING
    after = moment.now + timedelta(seconds=backoff_seconds(attempts, moment.jitter)) if burns else None
    return Turn(state=state, reason=outcome.reason, burns=burns, after=after)


def backoff_seconds(attempts: int, jitter: float) -> float:
    """
    Exponential backoff with full jitter, in seconds: between 1 and 30 · 2^attempts, at most an hour.
    """
    ceiling: float = min(BACKOFF_SECONDS_MAX, BACKOFF_SECONDS_FIRST * 2.0 ** min(attempts, 20))
    return max(1.0, ceiling * jitter)


def lane_turn(lane: Lane, state: LaneState, verdict: Verdict, moment: Moment) -> LaneTurn:
    """
    The lane after one call. `state` is the snapshot that the call was reserved from.
    """
    refund = verdict.definite and lane.counts == "accepted"
    if verdict.kind == "slow":
        return LaneTurn(breaker=state.breaker)
    if verdict.kind == "paused":
        return LaneTurn(
            breaker=Breaker(), paused_reason=verdict.reason, refund=refund, notices=(_paused(lane, verdict),)
        )
    if verdict.kind == "quota":
        return _over_quota(lane, state, verdict, moment, refund=refund)
    if verdict.kind in {"failing", "busy"}:
        return _not_answering(lane, state, verdict, moment, refund=refund)
    notices = (_opened(lane, state.breaker),) if _told_of(state.breaker) else ()
    since = state.breaker.night_since
    night = learned(state.night, since, moment.now) if since else None
    return LaneTurn(breaker=Breaker(), refund=refund, notices=notices, night=night)


def _over_quota(lane: Lane, state: LaneState, verdict: Verdict, moment: Moment, *, refund: bool) -> LaneTurn:
    """
    A 429 closes the lane. Where the ledger still shows room, somebody else uses the account: that is drift.
    """
    now = moment.now
    old = state.breaker if state.breaker.kind == "quota" else Breaker()
    day = day_of(lane.limits)
    # Our slots hold under every reading of a vendor's minute, so that a 429 tells of somebody else's calls.
    drift = bool(lane.limits) and (day is None or state.used.get(window_name(day, now), 0) < day.calls)
    wish = verdict.retry_after_seconds
    if day is None:
        seconds = max(wish or 0.0, breaker_seconds(old.probes, moment.jitter))
        until = now + timedelta(seconds=min(seconds, PROBE_SECONDS_NEXT))
    else:
        probe = PROBE_SECONDS_FIRST if old.probes == 0 else PROBE_SECONDS_NEXT
        until = min(now + timedelta(seconds=max(wish or 0.0, probe)), reopening(day, now))
    breaker = Breaker(
        kind="quota",
        reason=verdict.reason or "429",
        until=until,
        since=old.since or now,
        probes=old.probes + 1,
    )
    notices = (_closed(lane, breaker, drift=drift),) if old.probes == 0 else ()
    return LaneTurn(breaker=breaker, refund=refund, drift=drift, notices=notices)


def _not_answering(lane: Lane, state: LaneState, verdict: Verdict, moment: Moment, *, refund: bool) -> LaneTurn:
    old = state.breaker
    failures = old.failures + 1
    threshold = 1 if lane.batching or verdict.kind == "busy" else FAILURES_MAX
    if failures < threshold:
        return LaneTurn(breaker=Breaker(reason=verdict.reason, failures=failures), refund=refund)
    probes = old.probes + 1 if old.kind else 1
    seconds = max(verdict.retry_after_seconds or 0.0, breaker_seconds(probes - 1, moment.jitter))
    until = moment.now + timedelta(seconds=min(seconds, PROBE_SECONDS_NEXT))
    known = back_at(state.night, old, moment.now, moment.jitter) if verdict.nightly else None
    breaker = Breaker(
        kind="failing",
        reason=verdict.reason,
        until=max(until, known or until),
        since=old.since or moment.now,
        failures=failures,
        probes=probes,
        night_since=old.night_since or (moment.now if verdict.nightly else None),
    )
    notices = (_closed(lane, breaker, drift=False),) if _told_of(breaker) and not _told_of(old) else ()
    return LaneTurn(breaker=breaker, refund=refund, notices=notices)


def breaker_seconds(probes: int, jitter: float) -> float:
    """
    How long a lane that does not answer stays closed: 10 s, doubling to 15 minutes, with jitter over the upper half.
    """
    ceiling: float = min(BREAKER_SECONDS_MAX, BREAKER_SECONDS_FIRST * 2.0 ** min(probes, 20))
    return ceiling * (0.5 + jitter / 2)


def _told_of(breaker: Breaker) -> bool:
    """
    Whether operators have been told of this closure: of a 429 at once, of a silent vendor after a few failures.
    """
    return breaker.kind == "quota" or (breaker.kind == "failing" and breaker.failures >= FAILURES_MAX)


def _paused(lane: Lane, verdict: Verdict) -> Notice:
    return Notice(
        cause=f"paused:{lane.name}",
        subject=f"Lane {lane.name} is paused",
        text=(
            f"{verdict.reason}. Nothing is lost: deliveries keep waiting. "
            f"Mend the cause, then: ekiden resume {lane.name}"
        ),
    )


def _closed(lane: Lane, breaker: Breaker, *, drift: bool) -> Notice:
    until = f"at {_in_tokyo(breaker.until)}" if breaker.until else "when an operator acts"
    told = (
        "The vendor refuses calls although our books have room: another program uses the same account (drift). "
        if drift
        else ""
    )
    return Notice(
        cause=f"closed:{lane.name}",
        subject=f"Lane {lane.name} is closed ({breaker.kind})",
        text=f"{told}{breaker.reason}. Nothing is lost: deliveries wait, the next probe is {until}.",
    )


def _opened(lane: Lane, breaker: Breaker) -> Notice:
    since = _in_tokyo(breaker.since) if breaker.since else "some time ago"
    return Notice(
        cause=f"opened:{lane.name}",
        subject=f"Lane {lane.name} is open again",
        text=f"It was closed ({breaker.kind}) since {since}; the vendor answers, and what waits is being delivered.",
    )


def _in_tokyo(at: datetime) -> str:
    """
    A time as the console and the commands write it: who reads a notice looks there next.
    """
    return f"{at.astimezone(JST):%Y-%m-%d %H:%M:%S} JST"
