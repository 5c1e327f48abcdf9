"""
One virtual clock and one seeded scheduler: the relay's own synchronous code runs unchanged, many workers at once.

Each worker is a greenlet. Wherever it asks the outside world for something it lets time pass, and the scheduler goes on
with whatever is due next; moments that fall together are ordered by chance. A worker may be killed at any such point.
"""

from __future__ import annotations

import hashlib
import heapq
import random
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from greenlet import greenlet

SHOWN_LINES_MAX = 60


class Killed(BaseException):
    """
    The worker is no more; nothing it would have done afterwards happens.
    """


class Trace:
    """
    What happened, as a running digest of every line; the last lines are kept for whoever has to understand a failure.
    """

    def __init__(self, *, whole: bool = False) -> None:
        self._digest = hashlib.blake2b(digest_size=16)
        self.lines: deque[str] = deque(maxlen=None if whole else SHOWN_LINES_MAX)

    def note(self, line: str) -> None:
        self._digest.update(line.encode())
        self.lines.append(line)

    @property
    def digest(self) -> str:
        return self._digest.hexdigest()


class Worker:
    """
    One invocation of a function: a greenlet with a time limit.
    """

    def __init__(self, name: str, run: Callable[[], None]) -> None:
        self.name = name
        self.greenlet = greenlet(run)
        self.over = False


class Scheduler:
    """
    Time, and who runs next.
    """

    def __init__(self, start: datetime, chance: random.Random, trace: Trace) -> None:
        self.chance = chance
        self.trace = trace
        self.seconds = 0.0
        self.current: Worker | None = None
        self.halted = False
        self._start = start
        self._due: list[tuple[float, float, int, Callable[[], Any]]] = []
        self._count = 0
        self._hub = greenlet.getcurrent()
        self._workers: list[Worker] = []

    def now(self) -> datetime:
        """
        The relay's time, in UTC.
        """
        return self._start + timedelta(microseconds=round(self.seconds * 1_000_000))

    def seconds_of(self, at: datetime) -> float:
        """
        A moment as seconds since the start.
        """
        return (at - self._start).total_seconds()

    def note(self, text: str) -> None:
        """
        One line of the trace, with the time and whoever is running.
        """
        who = self.current.name if self.current else "-"
        self.trace.note(f"{self.seconds:12.3f} {who:<12} {text}")

    # ── what happens when ───────────────────────────────────────────────────────────────────────────────────────────

    def later(self, seconds: float, deed: Callable[[], Any]) -> None:
        """
        Let something happen so many seconds from now.
        """
        self._count += 1
        heapq.heappush(self._due, (self.seconds + seconds, self.chance.random(), self._count, deed))

    def run_until(self, seconds: float) -> None:
        """
        Let everything happen that is due until then, or until something is found to be wrong.
        """
        while self._due and self._due[0][0] <= seconds and not self.halted:
            at, _, _, deed = heapq.heappop(self._due)
            self.seconds = max(self.seconds, at)
            deed()
        self.seconds = max(self.seconds, seconds)

    # ── workers ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def start(self, name: str, work: Callable[[], Any], ended: Callable[[Any, BaseException | None], None]) -> Worker:
        """
        Run `work` as a worker, from now on; `ended` hears what it returned or died of.
        """

        def run() -> None:
            outcome: tuple[Any, BaseException | None]
            try:
                outcome = (work(), None)
            except Killed as killed:
                outcome = (None, killed)
            except Exception as error:  # noqa: BLE001 - a function may fail; its caller is told
                outcome = (None, error)
            worker.over = True
            ended(*outcome)

        worker = Worker(name, run)
        self._workers = [each for each in self._workers if not each.over]
        self._workers.append(worker)
        self.later(0.0, lambda: self._go(worker))
        return worker

    def pause(self, seconds: float) -> None:
        """
        Let time pass for the running worker, while others run. Whoever looks from outside waits for nothing.
        """
        worker = self.current
        if worker is None:
            return
        self.later(seconds, lambda: self._go(worker))
        self._hub.switch()

    def wait(self) -> Any:
        """
        Let the running worker stand still until somebody wakes it; returns what it is woken with.
        """
        return self._hub.switch()

    def wake(self, worker: Worker, *values: Any) -> None:
        """
        Let a standing worker go on with these values.
        """
        self._go(worker, *values)

    def kill(self, worker: Worker) -> None:
        """
        End a worker where it stands.
        """
        if worker.over:
            return
        if not worker.greenlet:  # it has not begun
            worker.over = True
            return
        before, self.current = self.current, worker
        worker.greenlet.throw(Killed)
        self.current = before

    def end(self) -> None:
        """
        End every worker, for a clean exit.
        """
        for worker in self._workers:
            self.kill(worker)

    def _go(self, worker: Worker, *values: Any) -> None:
        if worker.over:
            return
        before, self.current = self.current, worker
        worker.greenlet.switch(*values)
        self.current = before
