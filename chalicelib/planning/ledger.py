"""
The ledger's decision: may a call go now, and what must the conditional write claim for it?

The answer is a value; only the write decides, because the snapshot it is made from may be old.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil

from chalicelib.model import Lane, LaneState, Limit, Rate, Reservation
from chalicelib.planning.windows import (
    day_of,
    guard_until,
    hour_name,
    reopening,
    stale_hours,
    stale_windows,
    window_end,
    window_name,
    window_start,
)
from chalicelib.value import value

PROBE_SECONDS_EXTRA = 60
"""
How long after a probe's own time-out another one may go, should the prober die.
"""

LATE_AGAIN = timedelta(minutes=5)
"""
How often late work asks again, when the calls that are left are kept for ordinary work.
"""


@value
class Go:
    """
    A call may go now, if this reservation can be claimed.
    """

    reservation: Reservation


@value
class Wait:
    """
    No call now. `until` is the earliest time to ask again (None: an operator must act); `why` is for people.

    `kind` is paused, closed, open_call, guard, quota, kept, rate or pace.
    """

    kind: str
    why: str
    until: datetime | None


@value
class Ask:
    """
    What is asked for: one call of `timeout_seconds`, urgent or not, under this id.

    `repeat`: the bytes of the lane's own open batch call once more. `late`: only what ordinary work does not need.
    """

    call_id: str
    timeout_seconds: float
    urgent: bool = False
    repeat: bool = False
    late: bool = False


def may_call(lane: Lane, state: LaneState, now: datetime, ask: Ask) -> Go | Wait:
    """
    Whether the lane may make one call at `now`, as far as the snapshot tells.

    Looks at, in this order: pause, breaker, a batch call still open, the guard around the reset, the windows, the rate
    bucket, and for batches the pace. Urgent work is not paced and may use the reserve; a repeat is not paced, as its
    own backoff is its distance.
    """
    return (
        _stopped(lane, state, now, ask)
        or _guarded(lane, now, ask)
        or _full(lane, state, now, ask)
        or _too_fast(lane, state, now, ask)
        or _too_soon(lane, state, now, ask)
        or Go(reservation=reservation(lane, state, now, ask))
    )


def reservation(lane: Lane, state: LaneState, now: datetime, ask: Ask) -> Reservation:
    """
    What one conditional write must claim for this call: every window, the rate bucket and the probe, or nothing.
    """
    now_ms = _ms(now)
    bucket = "" if lane.rate is None else ("fresh" if state.tat_ms < now_ms else "running")
    probing = state.breaker.until if state.breaker.kind else None
    timeout = timedelta(seconds=ask.timeout_seconds + PROBE_SECONDS_EXTRA)
    return Reservation(
        call_id=ask.call_id,
        at=now,
        windows=tuple((window_name(limit, now), room(limit, ask) - kept(limit, now, ask) - 1) for limit in lane.limits),
        bucket=bucket,
        rate=_rate(lane, ask),
        stale=stale_windows(state.used, lane.limits, now),
        probe_of=probing,
        probe_until=now + timeout if probing else None,
        hour=hour_name(now),
        stale_hours=stale_hours(state.hours, now),
    )


def room(limit: Limit, ask: Ask) -> int:
    """
    How many calls of a window this ask may use in all.
    """
    return limit.calls if ask.urgent else limit.calls - limit.reserve


def kept(limit: Limit, now: datetime, ask: Ask) -> int:
    """
    How many calls of a window late work leaves to what may still come by itself: their even share of the time left.

    What is beyond that would go unused at the window's end, if ordinary work went on at the pace it may keep all day.
    """
    if not ask.late:
        return 0
    start, end = window_start(limit, now), window_end(limit, now)
    share = (end - now) / (end - start)
    return ceil((limit.calls - limit.reserve) * share)


def left(limit: Limit, state: LaneState, now: datetime) -> int:
    """
    How many calls of the current window are left for work that is not urgent; never below zero.
    """
    return max(0, limit.calls - limit.reserve - state.used.get(window_name(limit, now), 0))


def pace_seconds(lane: Lane, state: LaneState, now: datetime) -> float:
    """
    The distance that batch calls keep now, so that the day's budget cannot run dry: rest of the day / calls left.
    """
    day = day_of(lane.limits)
    if day is None:
        return lane.gap_seconds_min
    calls = left(day, state, now)
    rest = (window_end(day, now) - now).total_seconds()
    return max(lane.gap_seconds_min, rest / calls) if calls else rest


def calls_now(lane: Lane, state: LaneState, now: datetime) -> int:
    """
    How many ordinary calls the rate bucket and the windows allow at this moment, by the snapshot.
    """
    rooms = [left(limit, state, now) for limit in lane.limits]
    if lane.rate is not None:
        ahead_ms = max(0, state.tat_ms - _ms(now))
        rooms.append(lane.rate.burst - -(-ahead_ms // lane.rate.interval_ms))
    return max(0, min(rooms, default=1))


def late_calls_now(lane: Lane, state: LaneState, now: datetime) -> int:
    """
    The same for late work: half of the burst, and what of the windows is not kept. At least one, where one may go.
    """
    ask = Ask(call_id="-", timeout_seconds=lane.timeout_seconds, late=True)
    spared = (left(limit, state, now) - kept(limit, now, ask) for limit in lane.limits)
    return max(1, min([calls_now(replace(lane, rate=_rate(lane, ask)), state, now), *spared]))


def next_call_at(lane: Lane, state: LaneState, now: datetime) -> datetime | None:
    """
    When the next ordinary call may go: `now`, a later time, or None where an operator must act. For people's eyes.
    """
    verdict = may_call(lane, state, now, Ask(call_id="-", timeout_seconds=lane.timeout_seconds))
    return now if isinstance(verdict, Go) else verdict.until


def _stopped(lane: Lane, state: LaneState, now: datetime, ask: Ask) -> Wait | None:
    if state.paused_reason:
        return Wait(kind="paused", why=f"paused: {state.paused_reason}", until=None)
    breaker = state.breaker
    if breaker.kind and breaker.until and now < breaker.until:
        return Wait(kind="closed", why=f"closed ({breaker.kind}): {breaker.reason}", until=breaker.until)
    if breaker.kind and ask.timeout_seconds < lane.timeout_seconds:
        return Wait(kind="closed", why="a closed lane is probed by a call of full patience only", until=now)
    if lane.batching and state.call is not None and not ask.repeat:
        return Wait(kind="open_call", why=f"call {state.call.id} is not settled", until=state.call.until)
    return None


def _guarded(lane: Lane, now: datetime, ask: Ask) -> Wait | None:
    until = guard_until(lane.limits, now, ask.timeout_seconds)
    return Wait(kind="guard", why="too near to the daily reset", until=until) if until else None


def _full(lane: Lane, state: LaneState, now: datetime, ask: Ask) -> Wait | None:
    for limit in lane.limits:
        used = state.used.get(window_name(limit, now), 0)
        if used >= room(limit, ask):
            return Wait(kind="quota", why=f"{used} of {limit.calls} calls used", until=reopening(limit, now))
        if used >= room(limit, ask) - kept(limit, now, ask):
            soon = now + min(LATE_AGAIN, window_end(limit, now) - now)
            return Wait(kind="kept", why="the calls left are kept for what comes by itself", until=soon)
    return None


def _rate(lane: Lane, ask: Ask) -> Rate | None:
    """
    The lane's rate; late work uses half of its burst, so that a visitor who comes meanwhile finds the other half.
    """
    if lane.rate is None or not ask.late:
        return lane.rate
    return replace(lane.rate, burst=max(1, lane.rate.burst // 2))


def _too_fast(lane: Lane, state: LaneState, now: datetime, ask: Ask) -> Wait | None:
    rate = _rate(lane, ask)
    if rate is None:
        return None
    early_ms = state.tat_ms - (rate.burst - 1) * rate.interval_ms - _ms(now)
    if early_ms <= 0:
        return None
    return Wait(kind="rate", why="at the lane's rate", until=now + timedelta(milliseconds=early_ms))


def _too_soon(lane: Lane, state: LaneState, now: datetime, ask: Ask) -> Wait | None:
    if not lane.batching or ask.urgent or ask.repeat or state.last_call_at is None:
        return None
    due = state.last_call_at + timedelta(seconds=pace_seconds(lane, state, now))
    return Wait(kind="pace", why="pacing the day's calls", until=due) if now < due else None


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
