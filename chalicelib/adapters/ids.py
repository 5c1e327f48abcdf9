"""
Ids that grow with time: 48 bits of milliseconds and 80 bits of chance, in Crockford's base 32 (the ULID layout).
"""

from __future__ import annotations

from datetime import datetime

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_id(now: datetime, chance: int) -> str:
    """
    An id of 26 characters from a time and 80 random bits.
    """
    number = (int(now.timestamp() * 1000) << 80) | (chance & ((1 << 80) - 1))
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))
