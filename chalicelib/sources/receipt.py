"""
Receipts: what a visitor's script keeps to ask later what became of a submission, and the words of the answer.

A receipt is the time it runs out and a signature for one submission; nothing of it is stored.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone

from chalicelib.model import Envelope

LIFE = timedelta(days=7)
TOKEN_CHARS = 32

_MARK = b"ekiden receipt\0"
_TIME_BYTES = 8
_MAC_BYTES = 16
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_JST = timezone(timedelta(hours=9))
_ID = re.compile(r"[0-9A-Z]{26}")
_WAITS_FOR = {
    "person": ("担当者の確認待ち", "waiting for a person to look at it"),
    "vendor": ("届け先の応答待ち", "waiting for the other side to answer"),
    "turn": ("順番待ち", "waiting for its turn"),
}


def receipt(event_id: str, signing_key: bytes, now: datetime) -> str:
    """
    A receipt for one submission, good for a week: 32 URL-safe characters.
    """
    until = ((now + LIFE - _EPOCH) // timedelta(milliseconds=1)).to_bytes(_TIME_BYTES, "big")
    return base64.urlsafe_b64encode(until + _mac(event_id, signing_key, until)).decode("ascii")


def receipt_passes(token: str, event_id: str, keys: Sequence[bytes], now: datetime) -> bool:
    """
    Whether a receipt is for this submission and has not run out. `keys`: the live signing keys, all of them compared.
    """
    if len(token) != TOKEN_CHARS or not token.isascii() or not _ID.fullmatch(event_id):
        return False
    try:
        data = base64.b64decode(token.encode(), altchars=b"-_", validate=True)
    except ValueError:
        return False
    until, mac = data[:_TIME_BYTES], data[_TIME_BYTES:]
    found = False
    for key in keys:
        found = hmac.compare_digest(mac, _mac(event_id, key, until)) or found
    return found and now < _EPOCH + timedelta(milliseconds=int.from_bytes(until, "big"))


def receipt_in(envelope: Envelope) -> str:
    """
    The receipt that a request brings: as a bearer of Authorization, else in the query's one `token`.
    """
    scheme, _, given = envelope.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return given.strip()
    values = envelope.query.get("token", ())
    return values[0] if len(values) == 1 else ""


def told(label: str, state: str, *, by: datetime | None, waits_for: str, now: datetime) -> dict[str, str]:
    """
    Where one delivery is, in Japanese and English. Times are Tokyo's; the day is told where it is not today.

    >>> at = datetime(2026, 11, 21, 5, 6, tzinfo=UTC)
    >>> told("配配メール", "accepted", by=at, waits_for="", now=at)
    {'ja': '配配メール 14:06 までに', 'en': '配配メール by 14:06'}
    """
    if state == "delivered":
        return {"ja": f"{label} 届きました", "en": f"{label} delivered"}
    if by is not None:
        at, today = by.astimezone(_JST), now.astimezone(_JST).date()
        clock = f"{at.hour}:{at.minute:02}" if at.date() == today else f"{at.month}/{at.day} {at.hour}:{at.minute:02}"
        return {"ja": f"{label} {clock} までに", "en": f"{label} by {clock}"}
    ja, en = _WAITS_FOR[waits_for]
    return {"ja": f"{label} {ja}", "en": f"{label} {en}"}


def _mac(event_id: str, signing_key: bytes, until: bytes) -> bytes:
    return hmac.digest(signing_key, _MARK + event_id.encode() + b"\0" + until, "sha256")[:_MAC_BYTES]
