"""
Lookups as items: answers that may be given again, and what each visitor asked within a minute.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.ports import Absent, AnyOf, AtMost, Item, Put, Update
from chalicelib.records.layout import answer_key, maybe_time, stamp, visitor_key
from chalicelib.value import value


@value
class Kept:
    """
    An answer as it was given last, and when the vendor gave it.
    """

    body: str
    at: datetime


def from_item(item: Item | None) -> Kept | None:
    """
    The answer that is kept; None where there is none.
    """
    at = maybe_time(item.get("at")) if item else None
    return Kept(body=str(item["body"]), at=at) if item and at else None


def keep(lookup: str, digest: str, body: str, *, now: datetime, seconds: int) -> Put:
    """
    Keep an answer for so long.
    """
    key = answer_key(lookup, digest)
    gone = int((now + timedelta(seconds=seconds)).timestamp())
    return Put(item={"pk": key.pk, "sk": key.sk, "body": body, "at": stamp(now), "ttl": gone})


def count(lookup: str, visitor: str, *, most: int, now: datetime) -> Update:
    """
    Count one question of a visitor in this minute; refused where it is one too many.
    """
    minute = int(now.timestamp()) // 60
    return Update(
        key=visitor_key(lookup, visitor, minute),
        add={"asked": 1},
        set={"ttl": (minute + 60) * 60},
        when=AnyOf((Absent("asked"), AtMost("asked", most - 1))),
    )
