"""
What goes wrong, how often: one seeded source of mishaps for stores, queues, workers and vendors, and their count.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field

from tests.sandbox.faults import Fault

STORE = ("refused", "no_effect", "lost_answer", "twice", "dies_before", "dies_after", "slow")
"""
What may befall a request to a store: refused or throttled; a time-out without effect; one with effect; the answer lost
and the SDK's own second try; the worker's death before or after it took effect; seconds of slowness.
"""

VENDOR_BEFORE = ("lose_before", "status_503", "status_500", "html_200", "maintenance_200", "early_429", "status_409")
VENDOR_AFTER = ("lose_after", "timeout_after", "slow", "status_after", "garbage", "truncated", "string_codes")


@dataclass(slots=True, kw_only=True)
class Spell:
    """
    A stretch of bad weather, in seconds since the start, for one place.
    """

    place: str
    kind: str
    begins: float
    ends: float


@dataclass(slots=True, kw_only=True)
class Weather:
    """
    Odds by kind of mishap, and spells during which a place fails all the time. `calm` ends everything.
    """

    chance: random.Random
    store_odds: dict[str, float] = field(default_factory=dict)
    vendor_odds: float = 0.0
    vendor_kinds: tuple[str, ...] = ()
    queue_odds: dict[str, float] = field(default_factory=dict)
    spells: list[Spell] = field(default_factory=list)
    latency: float = 0.01
    lag: float = 0.05
    calm: bool = False
    counted: Counter[str] = field(default_factory=Counter)

    def store(self, place: str, seconds: float) -> str:
        """
        What befalls this request to a store; "" where all is well.
        """
        if self.calm:
            return ""
        for spell in self.spells:
            if spell.place == place and spell.begins <= seconds < spell.ends and self.chance.random() < 0.9:
                return self._count(spell.kind)
        throw = self.chance.random()
        for kind, odds in self.store_odds.items():
            throw -= odds
            if throw < 0:
                return self._count(kind)
        return ""

    def spell(self, place: str, seconds: float) -> str:
        """
        What reigns at a place now; "" where all is well.
        """
        now = (each for each in self.spells if each.place == place and each.begins <= seconds < each.ends)
        kind = "" if self.calm else next((each.kind for each in now), "")
        return self._count(kind) if kind else ""

    def queue(self, kind: str) -> bool:
        """
        Whether a message is lost, doubled or late.
        """
        if not self.calm and self.chance.random() < self.queue_odds.get(kind, 0.0):
            self._count(f"message {kind}")
            return True
        return False

    def vendor(self, place: str, seconds: float) -> Fault | None:
        """
        What befalls this request at the vendor.
        """
        if self.calm:
            return None
        for spell in self.spells:
            if spell.place == place and spell.begins <= seconds < spell.ends:
                return self._fault(spell.kind)
        if self.vendor_kinds and self.chance.random() < self.vendor_odds:
            return self._fault(self.chance.choice(self.vendor_kinds))
        return None

    def wait(self) -> float:
        """
        How long a request or its answer is on its way: mostly short, now and then long.
        """
        return self.latency * self.chance.expovariate(1.0) if self.chance.random() < 0.95 else self.latency * 20

    def index_lag(self) -> float:
        """
        How far an index is behind the table for one change.
        """
        return self.lag * self.chance.expovariate(1.0)

    def _fault(self, kind: str) -> Fault:
        self._count(f"vendor {kind}")
        seconds = self.chance.choice([1.0, 15.0, 200.0])
        if kind == "status_409":
            return Fault("status", status=409, body='{"status": 409, "code": 409, "message": "Conflict"}')
        if kind == "status_500":
            return Fault("status", status=500, seconds=seconds)
        if kind == "status_503":
            return Fault("status", status=503, seconds=seconds)
        wish = self.chance.choice(["", "", "30", "600"])
        status = self.chance.choice([500, 500, 502, 504])
        return Fault(kind, status=status, seconds=seconds, retry_after=wish)

    def _count(self, kind: str) -> str:
        self.counted[kind] += 1
        return kind
