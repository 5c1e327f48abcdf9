"""
What operators were told, as items: when last of an incident, and which troubles stand open until they clear.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.ports import Absent, AnyOf, AtMost, Equals, Item, Put
from chalicelib.records.layout import NOTICE, notice_key, stamp, ttl_days, unstamp
from chalicelib.value import value

INCIDENT_DAYS = 8
TROUBLE_DAYS = 90
"""
A trouble that nobody has cleared for so long is told once more.
"""


@value
class Open:
    """
    A trouble that operators were told of: since when, and when it was last seen.
    """

    cause: str
    at: datetime
    seen: datetime


def incident(cause: str, now: datetime, seconds: int) -> Put:
    """
    Note that operators are told of an incident now; refused where they were told less than `seconds` ago.
    """
    key = notice_key(cause)
    return Put(
        item={"pk": key.pk, "sk": key.sk, "at": stamp(now), "ttl": ttl_days(now, INCIDENT_DAYS)},
        when=AnyOf((Absent("at"), AtMost("at", stamp(now - timedelta(seconds=seconds))))),
    )


def opened(cause: str, now: datetime) -> Put:
    """
    Note that operators are told of a trouble now; refused while it stands open.
    """
    return Put(item=_open_item(cause, now, now), when=AnyOf((Absent("open"), Equals("open", value=False))))


def seen(found: Open, now: datetime) -> Put:
    """
    Note that an open trouble is still there.
    """
    return Put(item=_open_item(found.cause, found.at, now), when=Equals("open", value=True))


def cleared(cause: str, now: datetime) -> Put:
    """
    A trouble is over; refused where it was not open, so that one worker tells of it.
    """
    key = notice_key(cause)
    item = {"pk": key.pk, "sk": key.sk, "at": stamp(now), "open": False, "ttl": ttl_days(now, INCIDENT_DAYS)}
    return Put(item=item, when=Equals("open", value=True))


def once(cause: str, now: datetime) -> Put:
    """
    Note something that is told once for good.
    """
    key = notice_key(cause)
    item = {"pk": key.pk, "sk": key.sk, "at": stamp(now), "ttl": ttl_days(now, INCIDENT_DAYS)}
    return Put(item=item, when=Absent("pk"))


def from_item(item: Item | None) -> Open | None:
    """
    The open trouble that an item holds, if it holds one.
    """
    if not item or not item.get("open"):
        return None
    return Open(cause=item["cause"], at=unstamp(item["at"]), seen=unstamp(item["seen"]))


def _open_item(cause: str, at: datetime, now: datetime) -> dict[str, object]:
    key = notice_key(cause)
    return {
        "pk": key.pk,
        "sk": key.sk,
        "cause": cause,
        "at": stamp(at),
        "seen": stamp(now),
        "open": True,
        "ttl": ttl_days(now, TROUBLE_DAYS),
        "attention_pk": NOTICE,
        "attention_sk": f"{stamp(at)}#{cause}",
    }
