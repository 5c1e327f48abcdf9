"""
Forecast: at today's pace, when a lane's calls run out, and when what waits will have gone.

Figures for people's eyes: nothing is decided by them. The pace is that of the last sixty minutes, taken from hours of
the clock as if the hour before had been even.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta
from math import ceil

from chalicelib.model import Lane, LaneState, Limit
from chalicelib.planning.ledger import left, next_call_at, pace_seconds
from chalicelib.planning.windows import JST, day_of, hour_name, window_end, window_name
from chalicelib.value import value

DAYS_MAX = 60
"""
A backlog that takes longer than this has no end worth naming.
"""


@value
class Waiting:
    """
    What waits in a lane: deliveries, and the rows of each batch key that may go (a held key's rows do not).
    """

    deliveries: int
    rows_by_key: Mapping[str, int] = field(default_factory=dict)


@value
class Forecast:
    """
    A lane's outlook. Quota figures are of the current window, 0 where the lane has none.

    `calls_by_hour` are today's in Tokyo, from 0 o'clock on. `calls_an_hour` is the pace of the last sixty minutes, and
    `empty_at` when it uses up what is left (None: not before the reset). `calls_needed` is what the backlog takes, and
    `done_at` when the last of it may go (None: nothing waits, or an operator must act, which `blocked` says).
    `drift_at`: when the vendor last refused a call although our books had room (somebody else uses the account).
    """

    lane: str
    limit: int
    used: int
    left: int
    reserved: int
    resets_at: datetime | None
    calls_by_hour: tuple[int, ...]
    calls_an_hour: float
    empty_at: datetime | None
    waiting: int
    calls_needed: int
    done_at: datetime | None
    blocked: str
    drift_at: datetime | None


def forecast(lane: Lane, state: LaneState, waiting: Waiting, now: datetime) -> Forecast:
    """
    The outlook of one lane at `now`.
    """
    day = day_of(lane.limits)
    shown = day or (lane.limits[0] if lane.limits else None)
    pace = calls_an_hour(lane, state, now)
    needed = calls_needed(lane, state, waiting)
    return Forecast(
        lane=lane.name,
        limit=shown.calls if shown else 0,
        used=state.used.get(window_name(shown, now), 0) if shown else 0,
        left=left(shown, state, now) if shown else 0,
        reserved=shown.reserve if shown else 0,
        resets_at=window_end(shown, now) if shown else None,
        calls_by_hour=calls_by_hour(state, now),
        calls_an_hour=round(pace, 1),
        empty_at=_empty_at(day, state, pace, now),
        waiting=waiting.deliveries,
        calls_needed=needed,
        done_at=_done_at(lane, state, needed, now),
        blocked=state.paused_reason,
        drift_at=state.drift_at if state.drift_at and _is_today(state.drift_at, now) else None,
    )


def calls_by_hour(state: LaneState, now: datetime) -> tuple[int, ...]:
    """
    The calls of each hour of today in Tokyo, up to the current one.
    """
    today = now.astimezone(JST)
    return tuple(state.hours.get(f"{today:%Y-%m-%d}T{hour:02d}", 0) for hour in range(today.hour + 1))


def calls_an_hour(lane: Lane, state: LaneState, now: datetime) -> float:
    """
    The pace of the last sixty minutes; a batching lane does not go faster than its own pace allows.
    """
    today = now.astimezone(JST)
    rest = 1.0 - (today.minute * 60 + today.second) / 3_600
    made = state.hours.get(hour_name(now), 0) + rest * state.hours.get(hour_name(now - timedelta(hours=1)), 0)
    return min(made, 3_600 / max(pace_seconds(lane, state, now), 1.0)) if lane.batching else made


def calls_needed(lane: Lane, state: LaneState, waiting: Waiting) -> int:
    """
    The calls that the backlog takes, at least: one for each delivery, or a file for so many rows of one key.
    """
    if not lane.batching:
        return waiting.deliveries
    bounds = {key.name: key.rows_max or lane.rows_max for key in state.keys}
    return sum(ceil(rows / bounds.get(name, lane.rows_max)) for name, rows in waiting.rows_by_key.items())


def _empty_at(day: Limit | None, state: LaneState, pace: float, now: datetime) -> datetime | None:
    if day is None:
        return None
    room = left(day, state, now)
    if not room:
        return now
    at = now + timedelta(hours=room / pace) if pace > 0 else None
    return at if at and at < window_end(day, now) else None


def _done_at(lane: Lane, state: LaneState, needed: int, now: datetime) -> datetime | None:
    """
    When the last of so many calls may go: today as far as the calls last, the rest on the days after.
    """
    start = next_call_at(lane, state, now)
    if not needed or start is None:
        return None
    day = day_of(lane.limits)
    if day is None:
        return start + timedelta(seconds=(needed - 1) * _seconds_a_call(lane))
    rest = left(day, state, now) if start < window_end(day, now) else 0
    if needed <= rest:
        return start + timedelta(seconds=(needed - 1) * _distance(lane, state, now))
    daily = max(1, day.calls - day.reserve)
    days, over = divmod(needed - rest - 1, daily)
    if days >= DAYS_MAX:
        return None
    seconds = 86_400 / daily if lane.batching else _seconds_a_call(lane)
    return window_end(day, now) + timedelta(days=days, seconds=over * max(seconds, lane.gap_seconds_min))


def _distance(lane: Lane, state: LaneState, now: datetime) -> float:
    return pace_seconds(lane, state, now) if lane.batching else _seconds_a_call(lane)


def _seconds_a_call(lane: Lane) -> float:
    """
    How far apart calls of a lane are when it works as fast as its rate and its shorter windows let it.
    """
    rate = lane.rate.interval_ms / 1_000 if lane.rate else 0.0
    slots = (each.slot_seconds / max(1, each.calls - each.reserve) for each in lane.limits if each.per != "day")
    return max([rate, lane.gap_seconds_min if lane.batching else 0.0, *slots])


def _is_today(at: datetime, now: datetime) -> bool:
    return at.astimezone(JST).date() == now.astimezone(JST).date()
