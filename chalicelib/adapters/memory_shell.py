"""
Memory twins of the other ports: clock, chance, secrets, journal.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from chalicelib.adapters.ids import Ids
from chalicelib.errors import SecretUnavailable


class MemoryClock:
    """
    A clock that is moved by hand; sleeping moves it.
    """

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        """
        The time it was moved to.
        """
        return self._now

    def sleep(self, seconds: float) -> None:
        """
        Let so many seconds pass.
        """
        self._now += timedelta(seconds=max(0.0, seconds))

    def move_to(self, at: datetime) -> None:
        """
        Set the time.
        """
        self._now = at


class SeededChance:
    """
    Chance from a seed: the same seed gives the same ids and the same jitter.
    """

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)  # noqa: S311 - repeatability is the point
        self._ids = Ids(self._random.getrandbits)

    def id(self, now: datetime) -> str:
        """
        A new id, growing with time.
        """
        return self._ids.new(now)

    def jitter(self) -> float:
        """
        A number in [0, 1).
        """
        return self._random.random()


class MemorySecrets:
    """
    Secrets from a dict.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = dict(values)
        self.refreshes = 0

    def get(self, reference: str) -> str:
        """
        The value of a reference.
        """
        if reference not in self.values:
            raise SecretUnavailable(reference)
        return self.values[reference]

    def refresh(self) -> None:
        """
        Count the wish; there is no cache.
        """
        self.refreshes += 1


@dataclass(slots=True)
class MemoryJournal:
    """
    Keeps every line, measure and notice for assertions.
    """

    lines: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    measures: list[tuple[str, float, str, dict[str, str]]] = field(default_factory=list)
    notices: list[tuple[str, str, str]] = field(default_factory=list)

    def log(self, fact: str, **fields: Any) -> None:
        """
        Keep one line.
        """
        self.lines.append((fact, fields))

    def measure(self, name: str, value: float, unit: str, **dimensions: str) -> None:
        """
        Keep one measure.
        """
        self.measures.append((name, value, unit, dimensions))

    def notice(self, cause: str, subject: str, text: str) -> None:
        """
        Keep one notice.
        """
        self.notices.append((cause, subject, text))
