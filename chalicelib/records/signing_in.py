"""
Sign-ins to the console as items: sessions, and failed attempts counted per account and per address.

An attempt is counted before the password is looked at, by one conditional write, so that however many are made side by
side no more than so many are looked at. Who succeeds gets the attempt back.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.ports import Absent, AnyOf, AtLeast, AtMost, Delete, Put, Update
from chalicelib.records.layout import attempts_key, session_key, stamp, ttl_days

SLOT_SECONDS = 900
ATTEMPTS_MAX = {"account": 5, "address": 30}
"""
Wrong passwords in a quarter of an hour: for one name, and from one address (an office shares one).
"""


def begin(session: str, account: str, *, now: datetime, whole: timedelta) -> Put:
    """
    Note a session.
    """
    key = session_key(session)
    ttl = int((now + whole + timedelta(days=1)).timestamp())
    return Put(item={"pk": key.pk, "sk": key.sk, "account": account, "at": stamp(now), "ttl": ttl}, when=Absent("pk"))


def end(session: str) -> Delete:
    """
    End a session, everywhere.
    """
    return Delete(key=session_key(session))


def attempt(kind: str, digest: str, now: datetime) -> Update:
    """
    Count an attempt in this quarter of an hour; refused where there were too many.
    """
    return Update(
        key=attempts_key(kind, digest, slot(now)),
        add={"attempts": 1},
        set={"ttl": ttl_days(now, 1)},
        when=AnyOf((Absent("attempts"), AtMost("attempts", ATTEMPTS_MAX[kind] - 1))),
    )


def give_back(kind: str, digest: str, now: datetime) -> Update:
    """
    It was the right password: not counted.
    """
    key = attempts_key(kind, digest, slot(now))
    return Update(key=key, add={"attempts": -1}, when=AtLeast("attempts", 1))


def slot(now: datetime) -> int:
    """
    The quarter of an hour that `now` is in.
    """
    return int(now.timestamp()) // SLOT_SECONDS
