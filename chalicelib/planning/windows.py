"""
Quota windows: a window is a name computed from the time, never a timer.

The limit is not part of the name, so lowering it at noon keeps the day's count. Days are calendar days in Asia/Tokyo,
because the vendors reset at 00:00 there (配配メール manual, API連携: 毎日夜 0:00; checked 2026-11).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone

from chalicelib.model import Limit

JST = timezone(timedelta(hours=9), "JST")

SKEW_SECONDS = 15
"""
How far the vendor's clock may be from ours. No call may fall so near to a reset that the two could name its day
differently.
"""

HISTORY_DAYS = 8
SLOTS_KEPT = timedelta(minutes=2)
"""
Longer than any call takes: a past slot may still get a refused call back. A slot may be as short as a second.
"""

STALE_MAX = 200
"""
So many names are cleared away in one write: DynamoDB refuses expressions above 4 KB, and the next write goes on.
"""

HOURS_KEPT = 36
"""
So many hours of calls stand on a lane: today's and, for who looks in the morning, yesterday's.
"""


def window_name(limit: Limit, now: datetime) -> str:
    """
    The name of the window that `now` falls into.

    >>> day = Limit(calls=240, per="day")
    >>> window_name(day, datetime(2026, 8, 31, 14, 59, 59, tzinfo=UTC))
    'day#2026-08-31'
    >>> window_name(day, datetime(2026, 8, 31, 15, 0, 0, tzinfo=UTC))
    'day#2026-09-01'
    """
    if limit.per == "day":
        return f"day#{now.astimezone(JST).date().isoformat()}"
    return f"slot{limit.slot_seconds}#{int(now.timestamp()) // limit.slot_seconds}"


def tokyo_day(now: datetime) -> str:
    """
    The calendar day in Tokyo.

    >>> tokyo_day(datetime(2026, 8, 31, 15, 0, 0, tzinfo=UTC))
    '2026-09-01'
    """
    return now.astimezone(JST).date().isoformat()


def window_start(limit: Limit, now: datetime) -> datetime:
    """
    When the window of `now` began, in UTC.
    """
    if limit.per == "day":
        midnight = now.astimezone(JST).replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight.astimezone(UTC)
    return datetime.fromtimestamp(int(now.timestamp()) // limit.slot_seconds * limit.slot_seconds, UTC)


def window_end(limit: Limit, now: datetime) -> datetime:
    """
    When the window of `now` ends and the next begins, in UTC.
    """
    length = timedelta(days=1) if limit.per == "day" else timedelta(seconds=limit.slot_seconds)
    return window_start(limit, now) + length


def day_of(limits: tuple[Limit, ...]) -> Limit | None:
    """
    The calendar-day limit among a lane's limits, if it has one.
    """
    return next((limit for limit in limits if limit.per == "day"), None)


def reopening(limit: Limit, now: datetime) -> datetime:
    """
    When the first call of the next window may go: after the reset by everybody's clock.
    """
    skew = SKEW_SECONDS if limit.per == "day" else 0
    return window_end(limit, now) + timedelta(seconds=skew)


def guard_until(limits: tuple[Limit, ...], now: datetime, timeout_seconds: float) -> datetime | None:
    """
    Until when no call may start because it could fall on either side of a daily reset; None where it may.

    A call is counted by the vendor at some moment between its start and its time-out, by a clock that may be
    `SKEW_SECONDS` off ours; the moment must have one name by both clocks.
    """
    limit = day_of(limits)
    if limit is None:
        return None
    skew = timedelta(seconds=SKEW_SECONDS)
    start, end = window_start(limit, now), window_end(limit, now)
    if now < start + skew:
        return start + skew
    if now + timedelta(seconds=timeout_seconds) + skew >= end:
        return end + skew
    return None


def stale_windows(used: Mapping[str, int], limits: tuple[Limit, ...], now: datetime) -> tuple[str, ...]:
    """
    Names that may be cleared away: slots that are past, and days older than the history that operators look at.

    At most so many as one write can take; what is left goes with the next.
    """
    oldest_day = f"day#{(now.astimezone(JST) - timedelta(days=HISTORY_DAYS)).date().isoformat()}"
    past = now - SLOTS_KEPT
    oldest_slots = {limit.slot_seconds: window_name(limit, past) for limit in limits if limit.per != "day"}
    past_names = sorted(name for name in used if _is_past(name.rpartition("/")[2], oldest_day, oldest_slots))
    return tuple(past_names[:STALE_MAX])


def hour_name(now: datetime) -> str:
    """
    The hour in Tokyo that `now` falls into.

    >>> hour_name(datetime(2026, 11, 20, 15, 30, tzinfo=UTC))
    '2026-11-21T00'
    """
    return f"{now.astimezone(JST):%Y-%m-%dT%H}"


def stale_hours(hours: Mapping[str, int], now: datetime) -> tuple[str, ...]:
    """
    Names of hours that nobody looks at any more.
    """
    oldest = hour_name(now - timedelta(hours=HOURS_KEPT))
    return tuple(sorted(name for name in hours if name < oldest))


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """
    When a day in Tokyo begins and ends, in UTC.

    >>> day_bounds(date(2026, 11, 21))[0].isoformat()
    '2026-11-20T15:00:00+00:00'
    """
    start = datetime(day.year, day.month, day.day, tzinfo=JST).astimezone(UTC)
    return start, start + timedelta(days=1)


def _is_past(name: str, oldest_day: str, oldest_slots: Mapping[int, str]) -> bool:
    if name.startswith("day#"):
        return name < oldest_day
    kind, _, number = name.removeprefix("slot").partition("#")
    oldest = oldest_slots.get(int(kind))
    return oldest is None or int(number) < int(oldest.partition("#")[2])
