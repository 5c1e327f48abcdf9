"""
Passwords of operators: kept as scrypt digests whose parameters stand beside them.

The cost is one of those that OWASP's Password Storage Cheat Sheet gives as equal (N=2^14, r=8, p=5; checked 2026-11):
16 MiB, about a third of a second on a Lambda function of 1 GB.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping

COST, BLOCK, LANES = 2**14, 8, 5
DIGEST_BYTES = 32
SALT_BYTES = 16
MEMORY_BYTES_MAX = 64 * 1024 * 1024
COST_MAX = 2**15
LANES_MAX = 16
PASSWORD_CHARS_MIN = 12
PASSWORD_CHARS_MAX = 200
ACCOUNT = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
STORED = re.compile(r"scrypt\$(\d{1,6})\$(\d{1,2})\$(\d{1,2})\$([A-Za-z0-9+/]{22}==)\$([A-Za-z0-9+/]{43}=)")


def digest(password: str, salt: bytes) -> str:
    """
    A password as it is stored; `salt` is 16 random bytes.
    """
    made = _scrypt(password, salt, COST, BLOCK, LANES)
    return f"scrypt${COST}${BLOCK}${LANES}${b64encode(salt).decode()}${b64encode(made).decode()}"


def matches(password: str, stored: str | None) -> bool:
    """
    Whether this is the password. An unknown account (None) takes as long, and never matches.
    """
    found = STORED.fullmatch(stored or NOBODY)
    if found is None or len(password) > PASSWORD_CHARS_MAX:
        return False
    cost, block, lanes, salt, wanted = found.groups()
    made = _scrypt(password, b64decode(salt), int(cost), int(block), int(lanes))
    return hmac.compare_digest(made, b64decode(wanted)) and stored is not None


def accounts(text: str) -> dict[str, str]:
    """
    The accounts of a secret's value: name → stored password. Raises ValueError, whose words hold no secret.

    >>> accounts('{"sato": "hunter2"}')
    Traceback (most recent call last):
    ValueError: the value of "sato" is no password made by: ekiden console password
    """
    try:
        found = json.loads(text)
    except ValueError:
        raise ValueError("it is not JSON") from None
    if not isinstance(found, Mapping) or not found:
        raise ValueError("it is not a JSON object of account names")
    for name, stored in found.items():
        if not ACCOUNT.fullmatch(name):
            raise ValueError(f'"{name[:40]}" is no account name: write 1 to 40 of a-z, 0-9, ".", "_" and "-"')
        if not isinstance(stored, str) or not _usable(stored):
            raise ValueError(f'the value of "{name}" is no password made by: ekiden console password')
    return dict(found)


def weakness(password: str) -> str:
    """
    Why a password is not taken; empty where it is.

    >>> weakness("short"), weakness("aaaaaaaaaaaaaaaa"), weakness("correct horse battery")
    ('a password has 12 to 200 characters', 'a password has at least 6 different characters', '')
    """
    if not PASSWORD_CHARS_MIN <= len(password) <= PASSWORD_CHARS_MAX:
        return f"a password has {PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} characters"
    return "" if len(set(password)) >= 6 else "a password has at least 6 different characters"


def _usable(stored: str) -> bool:
    """
    Whether a stored password is well-formed, and cheap enough not to stop the function that checks it.
    """
    found = STORED.fullmatch(stored)
    if found is None:
        return False
    cost, block, lanes = (int(each) for each in found.groups()[:3])
    is_power = cost > 1 and cost & (cost - 1) == 0
    return is_power and COST <= cost <= COST_MAX and block == BLOCK and 1 <= lanes <= LANES_MAX


def _scrypt(password: str, salt: bytes, cost: int, block: int, lanes: int) -> bytes:
    secret = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(secret, salt=salt, n=cost, r=block, p=lanes, maxmem=MEMORY_BYTES_MAX, dklen=DIGEST_BYTES)


NOBODY = (
    f"scrypt${COST}${BLOCK}${LANES}${b64encode(bytes(SALT_BYTES)).decode()}${b64encode(bytes(DIGEST_BYTES)).decode()}"
)
"""
What the password of an unknown account is compared with.
"""
