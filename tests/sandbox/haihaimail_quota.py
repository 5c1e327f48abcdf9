"""
The vendor's own book of calls: per calendar day in Tokyo, 240 or 86,400 (配配メール manual, API連携; checked 2026-11).
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from tests.sandbox.clock import jst_day


class QuotaBook:
    """
    Calls counted and calls refused, by day.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    def room(self, at: datetime) -> int:
        """
        How many calls the day still has.
        """
        return self.limit - self.used[jst_day(at)]

    def count(self, at: datetime) -> None:
        """
        One call more.
        """
        self.used[jst_day(at)] += 1

    def refuse(self, at: datetime, calls: int = 1) -> None:
        """
        So many calls were answered with 429.
        """
        self.refused[jst_day(at)] += calls

    def spend(self, calls: int, at: datetime) -> None:
        """
        Another program of the same account makes so many calls; those beyond the limit are refused.
        """
        taken = min(calls, self.room(at))
        self.used[jst_day(at)] += taken
        self.refuse(at, calls - taken)
