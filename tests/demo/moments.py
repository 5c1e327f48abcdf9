"""
Times of the demo's day in Tokyo, as pure arithmetic: ten in the morning, three in the afternoon, midnight, the pace.

Nothing here comes from chalicelib: what is expected must not be computed by the code that is checked.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from tests.sandbox.clock import JST

SKEW_SECONDS = 15
"""
How long after midnight a call may go, because the vendor's clock is not ours.
"""


def today_at(hour: int, now: datetime) -> datetime:
    """
    The full hour on this day in Tokyo, in UTC.

    >>> today_at(10, datetime(2026, 11, 20, 15, 30, tzinfo=UTC)).isoformat()
    '2026-11-21T01:00:00+00:00'
    """
    return now.astimezone(JST).replace(hour=hour, minute=0, second=0, microsecond=0).astimezone(UTC)


def midnight_after(now: datetime) -> datetime:
    """
    The next 00:00 in Tokyo, in UTC.

    >>> midnight_after(datetime(2026, 11, 21, 15, 0, tzinfo=UTC)).isoformat()
    '2026-11-22T15:00:00+00:00'
    """
    return today_at(0, now) + timedelta(days=1)


def pace_seconds(arrived: datetime, calls: Iterable[datetime], *, calls_per_day: int, reserve: int) -> float:
    """
    How far apart calls are kept for a row that arrives now: the rest of the day over the calls left of it.

    `calls` are the vendor's own record. With nothing left, the rest of the day.

    >>> ten = datetime(2026, 11, 21, 1, tzinfo=UTC)
    >>> pace_seconds(ten, [], calls_per_day=240, reserve=12)
    221.05263157894737
    """
    rest = (midnight_after(arrived) - arrived).total_seconds()
    morning = today_at(0, arrived)
    used = sum(1 for at in calls if morning <= at <= arrived)
    left = calls_per_day - reserve - used
    return rest / left if left > 0 else rest


def in_tokyo(at: datetime) -> str:
    """
    A time of the demo's clock, for people.

    >>> in_tokyo(datetime(2026, 11, 21, 15, 0, 16, tzinfo=UTC))
    '11-22 00:00:16'
    """
    return at.astimezone(JST).strftime("%m-%d %H:%M:%S")


def in_words(seconds: float) -> str:
    """
    A span of time, for people.

    >>> in_words(9.44), in_words(227.4), in_words(32_430)
    ('9.4 s', '3 min 47 s', '9 h 00 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"
