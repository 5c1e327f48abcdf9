"""
Captcha proofs that were good: remembered by digest for half an hour, and good for a few submissions.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.ports import All, AtLeast, AtMost, Key, Put, Update
from chalicelib.records.layout import captcha_key, stamp, ttl_days

USES_MAX = 5
"""
A form that is sent twice, or mended and sent again; not a robot that had one captcha solved for it.
"""

REMEMBERED_SECONDS = 1_800


def key_of(source: str, digest: str) -> Key:
    """
    Where a good proof is remembered.
    """
    return captcha_key(source, digest)


def passed(source: str, digest: str, now: datetime) -> Put:
    """
    Remember that a proof was good, and was used once.
    """
    key = captcha_key(source, digest)
    return Put(item={"pk": key.pk, "sk": key.sk, "at": stamp(now), "uses": 1, "ttl": ttl_days(now, 1)})


def use_again(source: str, digest: str, now: datetime) -> Update:
    """
    Count one more use; refused where it is used up or too old.
    """
    oldest = stamp(now - timedelta(seconds=REMEMBERED_SECONDS))
    return Update(
        key=captcha_key(source, digest),
        add={"uses": 1},
        when=All((AtLeast("at", oldest), AtMost("uses", USES_MAX - 1))),
    )
