"""
The fill-time token: a page carries it in `_token`, and a form that was filled faster than people type waits.

It holds the time it was made and a signature for one source; a page asks for it when it is shown.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from chalicelib.model import Form

_MARK = b"ekiden fill token\0"
_TIME_BYTES = 8
_MAC_BYTES = 16
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def fill_token(source_name: str, signing_key: bytes, now: datetime) -> str:
    """
    A fresh token for one source's form: 32 URL-safe characters.
    """
    stamp = ((now - _EPOCH) // timedelta(milliseconds=1)).to_bytes(_TIME_BYTES, "big")
    return base64.urlsafe_b64encode(stamp + _mac(source_name, signing_key, stamp)).decode("ascii")


def suspicion(token: str, form: Form, source_name: str, keys: Sequence[bytes], *, arrival: datetime) -> str | None:
    """
    Why a form's token is suspicious, None where it is not: the reason for which the event is held.

    `keys` are the live signing keys: a page may still carry a token of the one before.
    """
    if form.token == "off" or (not token and form.token == "optional"):  # noqa: S105 - modes, not secrets
        return None
    if not token:
        return "token: missing"
    made = next((at for key in keys if (at := _made_at(token, source_name, key)) is not None), None)
    if made is None:
        return "token: forged"
    age = (arrival - made).total_seconds()
    if age < form.fill_seconds_min:
        return "token: too fast"
    return "token: too old" if age > form.token_seconds_max else None


def _made_at(token: str, source_name: str, signing_key: bytes) -> datetime | None:
    try:
        data = base64.b64decode(token.encode(), altchars=b"-_", validate=True)
    except ValueError:
        return None
    stamp, mac = data[:_TIME_BYTES], data[_TIME_BYTES:]
    if not hmac.compare_digest(mac, _mac(source_name, signing_key, stamp)):
        return None
    return _EPOCH + timedelta(milliseconds=int.from_bytes(stamp, "big"))


def _mac(source_name: str, signing_key: bytes, stamp: bytes) -> bytes:
    return hmac.digest(signing_key, _MARK + source_name.encode() + b"\0" + stamp, "sha256")[:_MAC_BYTES]
