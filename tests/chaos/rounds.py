"""
What is done to the relay, round by round, while visitors send forms.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.chaos.place import Place, background
from tests.chaos.senders import Told, Visitors
from tests.sandbox.faults import Fault

KILL_SECONDS = 4.0
"""
Between two kills: a worker needs a second of this machine to start, and must come to do something.
"""

RATE = 10.0
OUTAGE_SECONDS = 30
STORE_SECONDS = 10
NIGHT_STEPS = 16
STEP_SECONDS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Game:
    """
    The place, the crowd, and the one source of chance; `forms` scales the first round.
    """

    place: Place
    visitors: Visitors
    chance: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 - repeatability is the point
    forms: int = 2_000


Round = Callable[[Game, Told], None]


def workers_die(game: Game, told: Told) -> None:
    """
    Workers of the functions are killed in the midst of a burst.
    """
    stop = threading.Event()

    def kill() -> None:
        while not stop.wait(KILL_SECONDS):
            game.place.kill_a_worker(game.chance)

    with background(kill, stop):
        game.visitors.burst(game.forms, told)


def aws_restarts(game: Game, told: Told) -> None:
    """
    The embedded AWS is ended and started again while forms come; who hears nothing sends again.
    """
    begun = threading.Event()

    def restart() -> None:
        begun.wait(3.0)
        game.place.restart()

    with background(restart, threading.Event()):
        game.visitors.steadily(100, RATE, told)


def vendors_fail(game: Game, told: Told) -> None:
    """
    For half a minute the vendors answer 429, 500, 503, nothing, or break the connection, in turn.
    """
    kinds = [
        Fault("early_429", times=3),
        Fault("status", times=3, status=500),
        Fault("lose_before", times=3),
        Fault("status", times=3, status=503),
        Fault("timeout_after", times=2, seconds=5.0),
        Fault("lose_after", times=3),
        Fault("html_200", times=3),
    ]
    with failing(game.place, kinds * 6):
        game.visitors.steadily(int(OUTAGE_SECONDS * RATE), RATE, told)


def vendors_take_and_say_nothing(game: Game, told: Told) -> None:
    """
    The vendors carry out what they are asked, and the answer never comes.
    """
    with failing(game.place, [Fault("timeout_after", times=40, seconds=4.0)]):
        game.visitors.steadily(60, RATE, told)


def dynamodb_refuses(game: Game, told: Told) -> None:
    """
    The table answers nothing but 500: submissions go to the inbox.
    """
    with refusing(game.place, "dynamodb"):
        game.visitors.steadily(int(STORE_SECONDS * RATE / 2), RATE / 2, told)


def sqs_refuses(game: Game, told: Told) -> None:
    """
    The queues answer nothing but 503: nobody is woken, and the minute mends it.
    """
    with refusing(game.place, "sqs"):
        game.visitors.steadily(int(STORE_SECONDS * RATE), RATE, told)


def a_night_of_maintenance(game: Game, told: Told) -> None:
    """
    The vendors are closed from 22:50 to 01:30 in Tokyo, midnight among it; forms come all the time.
    """
    place = game.place
    place.skip_to(place.tonight_at(22, 50))
    faults = [Fault("status", times=100_000, status=503), Fault("maintenance_200", times=1)]
    with failing(place, faults):
        for _ in range(NIGHT_STEPS):
            game.visitors.burst(10, told)
            place.skip(STEP_SECONDS)


ROUNDS: dict[str, Round] = {
    "workers are killed": workers_die,
    "AWS restarts": aws_restarts,
    "vendors fail for 30 s": vendors_fail,
    "vendors take and say nothing": vendors_take_and_say_nothing,
    "DynamoDB refuses": dynamodb_refuses,
    "SQS refuses": sqs_refuses,
    "a night of maintenance": a_night_of_maintenance,
}


@contextmanager
def failing(place: Place, faults: list[Fault]) -> Iterator[None]:
    """
    Both vendors follow this programme, and are well again afterwards.
    """
    for vendor in (place.satori, place.haihai):
        vendor.faults.add(*faults)
    try:
        yield
    finally:
        for vendor in (place.satori, place.haihai):
            vendor.faults.clear()


@contextmanager
def refusing(place: Place, service: str) -> Iterator[None]:
    """
    An AWS service refuses the relay's functions, and is well again afterwards.
    """
    place.weather.refuse(service)
    try:
        yield
    finally:
        place.weather.heal()
