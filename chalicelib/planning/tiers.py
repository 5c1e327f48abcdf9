"""
The order in which a lane serves: what comes by itself, then rows of files, then rows that take only a day's leftovers.

| tier | what | may go |
|---|---|---|
| 0 | forms, webhooks | by the ledger, as ever |
| 1 | rows of a file | with tier 0 in the same batch call; one by one only with calls that tier 0 does not need |
| 2 | rows that were told to take leftovers | in the evening, with a call that goes anyway or that today does not need |

A batch call holds thousands of rows, so that rows of files cost the quota next to nothing. Where each contact is a call
of its own, "not needed" means: beyond the even share that the rest of the day keeps for tier 0 (ledger.kept).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from chalicelib.planning.windows import JST

ORDINARY = 0
FILE = 1
LEFTOVERS = 2


def open_tiers(now: datetime, leftovers_hour: int) -> tuple[int, ...]:
    """
    The tiers that may go at this time, the first first. The evening is from `leftovers_hour` to midnight in Tokyo.

    >>> from datetime import UTC
    >>> (
    ...     open_tiers(datetime(2026, 11, 21, 12, 59, tzinfo=UTC), 22),
    ...     open_tiers(datetime(2026, 11, 21, 13, tzinfo=UTC), 22),
    ... )
    ((0, 1), (0, 1, 2))
    """
    evening = now.astimezone(JST).hour >= leftovers_hour
    return (ORDINARY, FILE, LEFTOVERS) if evening else (ORDINARY, FILE)


def next_evening(now: datetime, leftovers_hour: int) -> datetime:
    """
    When rows that take leftovers may go: now, in the evening, else from the next evening's beginning.
    """
    local = now.astimezone(JST)
    begins = local.replace(hour=leftovers_hour, minute=0, second=0, microsecond=0)
    return max(now, begins.astimezone(now.tzinfo))


def leftovers_only(tiers: Iterable[int]) -> bool:
    """
    Whether a call with rows of these tiers must be one that today does not need: nothing else rides in it.

    >>> leftovers_only([2, 2]), leftovers_only([2, 1]), leftovers_only([])
    (True, False, False)
    """
    return set(tiers) == {LEFTOVERS}


def tier_of(tier: int, *, urgent: bool) -> int:
    """
    The tier of a row of a file that was told to take this one: an opt-out never waits for leftovers.

    >>> tier_of(2, urgent=True), tier_of(2, urgent=False), tier_of(0, urgent=True)
    (1, 2, 0)
    """
    return min(tier, FILE) if urgent else tier
