"""
Ids that grow with time: 48 bits of milliseconds and 80 bits of chance, in Crockford's base 32 (the ULID layout).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHANCE_BITS = 80


def new_id(now: datetime, chance: int) -> str:
    """
    An id of 26 characters from a time and 80 random bits.
    """
    number = (int(now.timestamp() * 1000) << CHANCE_BITS) | (chance & ((1 << CHANCE_BITS) - 1))
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))


class Ids:
    """
    Ids of one worker: those of one millisecond grow too, so that the records of one envelope keep their order.
    """

    def __init__(self, bits: Callable[[int], int]) -> None:
        self._bits = bits
        self._last = (0, 0)

    def new(self, now: datetime) -> str:
        """
        An id greater than every other that this worker has made for this millisecond.
        """
        at = int(now.timestamp() * 1000)
        # The top bit stays clear, so that counting on from it cannot run over.
        chance = self._last[1] + 1 if at == self._last[0] else self._bits(CHANCE_BITS - 1)
        self._last = (at, chance)
        return new_id(now, chance)
