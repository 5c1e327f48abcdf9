"""
Who is signed in: a session in a signed cookie, and the proof that a form was made for that session.

The signing key is made of the relay's key and the account's stored password, so that a changed password or a changed
key ends every session of the account. The table knows each session too, so that signing out ends it everywhere.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from chalicelib.value import value

IDLE = timedelta(minutes=30)
WHOLE = timedelta(hours=12)
RENEWED_AFTER = timedelta(seconds=60)
COOKIE_CHARS_MAX = 1_000


@value
class Session:
    """
    One sign-in of one account. `seen` is when its cookie was last renewed.
    """

    id: str
    account: str
    began: datetime
    seen: datetime
    lang: str

    @property
    def ends(self) -> datetime:
        """
        When it ends, if nobody uses it any more.
        """
        return min(self.seen + IDLE, self.began + WHOLE)


def account_key(relay_key: bytes, stored: str) -> bytes:
    """
    What the sessions of an account are signed with.
    """
    return hmac.new(relay_key, b"console session\0" + stored.encode(), hashlib.sha256).digest()


def written(session: Session, key: bytes) -> str:
    """
    The cookie of a session.
    """
    told = [session.id, session.account, _seconds(session.began), _seconds(session.seen), session.lang]
    body = _encoded(json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode())
    return f"{body}.{_encoded(_sign(key, b'cookie', body.encode()))}"


def read(cookie: str, key_of: Callable[[str], bytes | None], now: datetime) -> Session | None:
    """
    The session of a cookie, if its signature holds and it has not ended. `key_of` gives an account's key.
    """
    body, _, signature = cookie.partition(".")
    if len(cookie) > COOKIE_CHARS_MAX:
        return None
    try:
        name, account, began, seen, lang = json.loads(_decoded(body))
        session = Session(id=name, account=account, began=_time(began), seen=_time(seen), lang=lang)
    except (ValueError, TypeError, Error, OverflowError, OSError, RecursionError):
        return None
    key = key_of(account) if isinstance(account, str) else None
    if key is None or not hmac.compare_digest(
        signature.encode(), _encoded(_sign(key, b"cookie", body.encode())).encode()
    ):
        return None
    # A cookie of the future is one that a moved clock has made; it counts as of now.
    return session if now < session.ends else None


def form_proof(key: bytes, session_id: str) -> str:
    """
    What each form of a session carries, and no other site can know.
    """
    return _sign(key, b"form", session_id.encode()).hex()


def proves(given: str, key: bytes, session_id: str) -> bool:
    """
    Whether a form was made for this session.
    """
    return hmac.compare_digest(given.encode(), form_proof(key, session_id).encode())


def _sign(key: bytes, what: bytes, text: bytes) -> bytes:
    return hmac.new(key, what + b"\0" + text, hashlib.sha256).digest()


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
