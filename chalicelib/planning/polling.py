"""
When a poll is asked next, what its next call asks for, and what a reply to it means for the lane.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.model import Poll, PollState, Progress, Verdict
from chalicelib.planning.windows import JST

BACKOFF_SECONDS_FIRST = 120.0
BACKOFF_SECONDS_MAX = 3_600.0
BOOK = "polls"
"""
The name of the ledger's own count of what polls use of a lane.
"""

OF_THE_LANE = frozenset({"fine", "slow", "quota", "busy"})
"""
Verdicts that tell something of the lane. Any other speaks of this poll's own settings or rights, and must not stop the
deliveries of a lane that it shares; no more must a list that the vendor fails to give.
"""


def begin(poll: Poll, state: PollState, now: datetime, *, by_day: bool) -> Progress:
    """
    A new run: it asks from an overlap before what was read last, up to now. The first one has only the overlap.
    """
    since = (state.watermark or now) - timedelta(seconds=poll.overlap_seconds)
    return Progress(until=now, since=since, day=since.astimezone(JST).date() if by_day else None)


def step(progress: Progress, found: int, *, rows_per_call: int, overlap_rows: int) -> Progress | None:
    """
    Where the run goes on after an answer of so many rows; None where it has come to its end.
    """
    if rows_per_call and found >= rows_per_call:
        return replace(progress, offset=progress.offset + max(1, rows_per_call - overlap_rows))
    if progress.day is not None and progress.day < progress.until.astimezone(JST).date():
        return replace(progress, day=progress.day + timedelta(days=1), offset=1, last="")
    return None


def next_after(poll: Poll, progress: Progress, now: datetime) -> datetime:
    """
    When the next run begins: one interval after this one began, however long it took.
    """
    return max(now, progress.until + timedelta(seconds=poll.every_seconds))


def retry_at(failures: int, jitter: float, now: datetime) -> datetime:
    """
    When a poll that failed so often in a row is tried again: from two minutes, doubling to an hour, with jitter.
    """
    ceiling = min(BACKOFF_SECONDS_MAX, BACKOFF_SECONDS_FIRST * 2.0 ** min(failures - 1, 10))
    return now + timedelta(seconds=ceiling * (0.5 + jitter / 2))


def is_due(state: PollState, now: datetime) -> bool:
    """
    Whether a poll is to be started: its time has come, and nobody is at it.
    """
    free = not state.owner or state.lease_until is None or state.lease_until <= now
    return free and (state.next_at is None or state.next_at <= now)


def of_lane(verdict: Verdict, *, shared: bool) -> Verdict:
    """
    A reply's verdict as far as it concerns the lane, which others may use too (`shared`).
    """
    known = verdict.kind in OF_THE_LANE or (verdict.kind == "failing" and not shared)
    return verdict if known else replace(verdict, kind="slow")
