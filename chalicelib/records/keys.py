"""
Batch keys as items: which calls are due, which keys are held, how many rows they may send.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from chalicelib.model import LaneKey
from chalicelib.ports import Absent, Update
from chalicelib.records.layout import dump, key_key, stamp, ttl_days

IDLE_DAYS = 30
BOUNDS = ("bisect_left", "rows_max", "unanswered")


def mark_due(lane: str, key: LaneKey, now: datetime) -> Update:
    """
    Register a key's first waiting row; refused where a message already stands for the key.
    """
    return Update(
        key=key_key(lane, key.name),
        set=_values(key) | {"due_at": stamp(now)},
        remove=("ttl",),
        when=Absent("due_at"),
    )


def remark_due(lane: str, key: LaneKey, now: datetime) -> Update:
    """
    Note that a message has been sent again for a key.
    """
    return Update(key=key_key(lane, key.name), set={"due_at": stamp(now)}, remove=("ttl",))


def clear_due(lane: str, key: LaneKey, now: datetime) -> Update:
    """
    The key's rows are gone; the next one to wait sends a message again. A key that nobody uses any more expires.
    """
    return Update(key=key_key(lane, key.name), set={"ttl": ttl_days(now, IDLE_DAYS)}, remove=("due_at",))


def unanswered(lane: str, key: LaneKey, *, rows_max: int) -> Update:
    """
    A call of the key ended without a clear answer: that is counted, and perhaps fewer rows go at once.
    """
    bounds = {"rows_max": rows_max} if rows_max else {}
    return Update(key=key_key(lane, key.name), set=bounds, add={"unanswered": 1})


def hold(lane: str, key: LaneKey, reason: str) -> Update:
    """
    The vendor refused the key's settings: its rows wait until an operator acts.
    """
    return Update(key=key_key(lane, key.name), set={"held_reason": reason}, remove=(*BOUNDS, "ttl"))


def release(lane: str, key: LaneKey) -> Update:
    """
    Try the key again.
    """
    return Update(key=key_key(lane, key.name), remove=("held_reason", *BOUNDS))


def bound(lane: str, key: LaneKey, *, rows_max: int, bisect_left: int) -> Update:
    """
    Send fewer rows of this key at once; 0 lifts the bound. The vendor has answered clearly.
    """
    values = {name: value for name, value in (("rows_max", rows_max), ("bisect_left", bisect_left)) if value}
    gone = tuple(name for name in (*BOUNDS, "held_reason") if name not in values)
    return Update(key=key_key(lane, key.name), set=values, remove=gone)


def _values(key: LaneKey) -> dict[str, Any]:
    return {
        "destination": key.destination,
        "operation": key.operation,
        "settings": dump(key.settings),
        "urgent": key.urgent,
    }
