"""
The sandboxes' own time: a callable that tells now, and the calendar day in Tokyo.

Nothing here comes from chalicelib: a vendor's books must not be computed by the code that they check.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

Clock = Callable[[], datetime]
"""
Tells the time, aware, in UTC.
"""

JST = timezone(timedelta(hours=9), "JST")


def jst_day(at: datetime) -> str:
    """
    The calendar day in Tokyo at this moment, as "2026-11-21".

    >>> jst_day(datetime(2026, 11, 20, 14, 59, 59, tzinfo=UTC)), jst_day(datetime(2026, 11, 20, 15, 0, tzinfo=UTC))
    ('2026-11-20', '2026-11-21')
    """
    return at.astimezone(JST).date().isoformat()


def jst_text(at: datetime) -> str:
    """
    A moment as people in Tokyo write it: "2026-11-21 09:00:00".
    """
    return at.astimezone(JST).strftime("%Y-%m-%d %H:%M:%S")


class HandClock:
    """
    A clock that stands still until a test moves it.
    """

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        """
        The time it was set to.
        """
        return self.at.astimezone(UTC)

    def advance(self, seconds: float) -> None:
        """
        Move on by so many seconds.
        """
        self.at += timedelta(seconds=seconds)


class FileClock:
    """
    Real time shifted by a number of seconds that is read from a text file each time it is asked.

    Several programs that look at one file move together. A missing or empty file means no shift. Raises ValueError
    where the file holds anything but a number.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)

    def __call__(self) -> datetime:
        """
        Now, shifted.
        """
        now = datetime.now(UTC)  # noqa: TID251 - a sandbox server is a world of its own and owns a clock
        return now + timedelta(seconds=self.offset_seconds())

    def offset_seconds(self) -> float:
        """
        What the file says now.
        """
        try:
            text = self.path.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return 0.0
        try:
            offset = float(text or 0)
        except ValueError:
            offset = math.nan
        if not math.isfinite(offset):
            raise ValueError(f"{self.path} must hold a number of seconds, not {text!r}")
        return offset
