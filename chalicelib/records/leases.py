"""
The lease on a lane: one worker advances it, whoever comes meanwhile rings.
"""

from __future__ import annotations

from datetime import datetime

from chalicelib.ports import Absent, All, AnyOf, AtMost, Equals, Present, Update
from chalicelib.records.layout import lease_key, stamp


def take(lane: str, owner: str, *, now: datetime, until: datetime) -> Update:
    """
    Become the one who advances this lane, if nobody is or whoever was has run out of time.
    """
    return Update(
        key=lease_key(lane),
        set={"owner": owner, "until": stamp(until)},
        remove=("rung",),
        when=AnyOf((Absent("owner"), AtMost("until", stamp(now)))),
    )


def ring(lane: str) -> Update:
    """
    Ask whoever advances the lane to look once more before leaving.
    """
    return Update(key=lease_key(lane), set={"rung": 1}, when=Present("owner"))


def release(lane: str, owner: str) -> Update:
    """
    Leave, unless somebody rang meanwhile.
    """
    return Update(
        key=lease_key(lane),
        remove=("owner", "until"),
        when=All((Equals("owner", owner), Absent("rung"))),
    )


def leave(lane: str, owner: str) -> Update:
    """
    Leave even though somebody rang; the ring is answered by a bell.
    """
    return Update(key=lease_key(lane), remove=("owner", "until", "rung"), when=Equals("owner", owner))


def hear(lane: str, owner: str, *, until: datetime) -> Update:
    """
    Note the ring and stay.
    """
    return Update(
        key=lease_key(lane),
        set={"until": stamp(until)},
        remove=("rung",),
        when=Equals("owner", owner),
    )
