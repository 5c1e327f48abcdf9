"""
What every sandbox offers to its tests, to the in-process transport and to the HTTP server.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from tests.sandbox.clock import Clock
from tests.sandbox.faults import FaultProgramme
from tests.sandbox.wire import SandboxRequest, Spoken


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """
    One table of the page that people look at.
    """

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[Any]]


class Sandbox(Protocol):
    """
    A strict double of one vendor account, with state and books of its own.
    """

    name: str
    clock: Clock
    faults: FaultProgramme

    def handle(self, request: SandboxRequest) -> Spoken:
        """
        Answer one request as the vendor would.
        """

    def state(self) -> dict[str, Any]:
        """
        All that is known inside, as JSON values.
        """

    def tables(self) -> list[Table]:
        """
        The same for people.
        """

    def change_switches(self, changes: Mapping[str, Any]) -> None:
        """
        Set switches by name. Raises ValueError for what does not exist.
        """

    def reset(self) -> None:
        """
        Forget everything: the account is as it was made.
        """


class Ledger:
    """
    When calls arrived, so that a test can hold the sender to the pace it promised.
    """

    def __init__(self) -> None:
        self.times: list[datetime] = []

    def note(self, at: datetime) -> None:
        """
        One more call.
        """
        self.times.append(at)

    def busiest(self, seconds: float) -> int:
        """
        The most calls in any half-open span of so many seconds.
        """
        times = sorted(self.times)
        most = first = 0
        for last, at in enumerate(times):
            while at - times[first] >= timedelta(seconds=seconds):
                first += 1
            most = max(most, last - first + 1)
        return most

    def recent(self, now: datetime, seconds: float) -> int:
        """
        Calls within the last so many seconds.
        """
        edge = now - timedelta(seconds=seconds)
        count = 0
        for at in reversed(self.times):
            if at <= edge:
                break
            count += 1
        return count
