"""
The clock port: real time; on a developer's machine shifted by a file; and the chance port.
"""

from __future__ import annotations

import random
import secrets
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from chalicelib.adapters.ids import Ids

READS_MAX = 5
READ_AGAIN_SECONDS = 0.01


class SystemClock:
    """
    Real time.
    """

    def now(self) -> datetime:
        """
        The time in UTC.
        """
        return datetime.now(UTC)  # noqa: TID251 - this is the one clock

    def sleep(self, seconds: float) -> None:
        """
        Wait.
        """
        time.sleep(max(0.0, seconds))  # noqa: TID251 - this is the one clock


class ShiftedClock(SystemClock):
    """
    Real time plus the seconds that a file names, read anew each time. For trying out midnight; never on real AWS.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._last = 0.0

    def now(self) -> datetime:
        """
        The shifted time in UTC; unshifted where the file is missing, shifted as before where it holds no number.
        """
        self._last = self._offset()
        return super().now() + timedelta(seconds=self._last)

    def _offset(self) -> float:
        """
        Whoever writes the file by other means may leave it empty for a moment: that must not throw the time back.
        """
        for _ in range(READS_MAX):
            try:
                return float(self._path.read_text())
            except FileNotFoundError:
                return 0.0
            except (OSError, ValueError):
                self.sleep(READ_AGAIN_SECONDS)
        return self._last


class SystemChance:
    """
    Chance from the operating system.
    """

    def __init__(self) -> None:
        self._ids = Ids(secrets.randbits)

    def id(self, now: datetime) -> str:
        """
        A new id, growing with time, not guessable.
        """
        return self._ids.new(now)

    def jitter(self) -> float:
        """
        A number in [0, 1).
        """
        return random.random()  # noqa: S311 - jitter, not a secret
