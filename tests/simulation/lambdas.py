"""
Lambda: invocations with time limits, workers that stay warm, and queues that feed them, ten at a time.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from chalicelib.errors import RelayError, StoreUnavailable
from chalicelib.ports import Message
from chalicelib.relay import Relay
from tests.simulation.queues import SimQueue
from tests.simulation.scheduler import Killed, Scheduler

API_SECONDS = 29.0
ADVANCE_SECONDS = 120.0
UNPACK_SECONDS = 60.0
CONCURRENCY_MAX = 10

Work = Callable[[Relay], Any]
Ended = Callable[[Any, BaseException | None], None]


class Lambdas:
    """
    The functions of one installation. A warm worker keeps its Relay, with whatever that remembers.
    """

    def __init__(self, scheduler: Scheduler, make: Callable[[], Relay], chance: random.Random) -> None:
        self._scheduler = scheduler
        self._make = make
        self._chance = chance
        self._warm: dict[str, list[Relay]] = {}
        self._generation = 0
        self.count = 0
        self.crashed: Callable[[str, BaseException], None] = lambda *_: None
        self.timed_out = 0

    def deploy(self) -> None:
        """
        New code or configuration: what runs ends in its own time, and nothing warm is used again.
        """
        self._generation += 1
        self._warm.clear()

    def invoke(self, function: str, work: Work, limit: float, ended: Ended) -> None:
        """
        Run one invocation; `ended` hears its result, or what it died of.
        """
        generation, self.count = self._generation, self.count + 1
        idle = self._warm.setdefault(function, [])
        relay = idle.pop(self._chance.randrange(len(idle))) if idle and self._chance.random() < 0.9 else self._make()

        def over(result: Any, error: BaseException | None) -> None:
            if not isinstance(error, Killed) and generation == self._generation:
                self._warm.setdefault(function, []).append(relay)
            if error is not None and not isinstance(error, Killed | StoreUnavailable | RelayError):
                self.crashed(function, error)
            self._scheduler.note(f"{function} ends {type(error).__name__ if error else 'well'}")
            ended(result, error)

        worker = self._scheduler.start(f"{function}-{self.count}", lambda: work(relay), over)

        def time_is_up() -> None:
            self.timed_out += not worker.over
            self._scheduler.kill(worker)

        self._scheduler.later(limit, time_is_up)


class Feeder:
    """
    An event source mapping: each message is one invocation; what fails is seen again after the queue's visibility.
    """

    def __init__(
        self, scheduler: Scheduler, lambdas: Lambdas, queue: SimQueue, function: str, work: Callable[[Relay, str], Any]
    ) -> None:
        self._scheduler = scheduler
        self._lambdas = lambdas
        self._queue = queue
        self._function = function
        self._work = work
        self._running = 0
        self._limit = ADVANCE_SECONDS if function == "advance" else UNPACK_SECONDS
        queue.on_send = lambda delay: scheduler.later(delay + scheduler.chance.random() * 0.2, self.poll)

    def poll(self) -> None:
        """
        Hand over what is visible, as far as there are workers.
        """
        while self._running < CONCURRENCY_MAX:
            found = self._queue.take(1)
            if not found:
                return
            self._running += 1
            self._hand_over(found[0])

    def _hand_over(self, message: Message) -> None:
        def ended(_result: Any, error: BaseException | None) -> None:
            self._running -= 1
            if error is None:
                self._queue.forget(message)
            self._scheduler.later(0.0, self.poll)

        self._lambdas.invoke(self._function, lambda relay: self._work(relay, message.body), self._limit, ended)


def advance(scheduler: Scheduler) -> Callable[[Relay, str], Any]:
    """
    What the advance function does with a bell.
    """
    return lambda relay, body: relay.ring(body, deadline=scheduler.now() + timedelta(seconds=ADVANCE_SECONDS))


def unpack(relay: Relay, body: str) -> None:
    """
    What the unpack function does with an envelope from the inbox.
    """
    relay.unpack(body)
