"""
What is done to the relay, round by round, while visitors send forms.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.chaos.place import Place, background
from tests.chaos.senders import Told, Visitors
from tests.sandbox.faults import Fault

FORMS = 2_000
KILLS = 25
LOOK_SECONDS = 0.1

RATE = 10.0
OUTAGE_SECONDS = 30
STORE_SECONDS = 10
FILE_CALLS = 4
"""
How many turns of the lane that sends files fall into a vendor's failure: it calls every few minutes only.
"""

FILE_SECONDS = 1_200
NIGHT_STEPS = 16
NIGHT_FORMS = 10
STEP_SECONDS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Game:
    """
    The place, the crowd, and the one source of chance; `done` counts forms for whoever watches.
    """

    place: Place
    visitors: Visitors
    done: Callable[[], None]
    chance: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 - repeatability is the point


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """
    One way to hurt the relay; `play` has to leave everything well again.
    """

    name: str
    forms: int
    play: Callable[[Game, Told, int], None]


def workers_die(game: Game, told: Told, forms: int) -> None:
    """
    Workers of the functions are killed in the midst of a burst, one for every so many forms, however long it lasts.
    """
    stop, killed = threading.Event(), 0

    def kill() -> None:
        nonlocal killed
        while not stop.wait(LOOK_SECONDS):
            if len(told.accepted) * (KILLS + 1) > forms * (killed + 1):
                game.place.kill_a_worker(game.chance)
                killed += 1

    with background(kill, stop):
        game.visitors.burst(forms, told, game.done)


def aws_restarts(game: Game, told: Told, forms: int) -> None:
    """
    The embedded AWS is ended and started again while forms come; who hears nothing sends again.
    """
    begun = threading.Event()

    def restart() -> None:
        begun.wait(3.0)
        game.place.restart()

    with background(restart, threading.Event()):
        game.visitors.steadily(forms, RATE, told, game.done)


def vendors_fail(game: Game, told: Told, forms: int) -> None:
    """
    For half a minute the vendors answer 429, 500, 503, nothing, or break the connection, in turn.
    """
    kinds = [
        Fault("early_429", times=2),
        Fault("status", times=2, status=500),
        Fault("lose_before", times=2),
        Fault("status", times=2, status=503),
        Fault("timeout_after", times=1, seconds=5.0),
        Fault("lose_after", times=2),
        Fault("html_200", times=1),
        Fault("garbage", times=1),
    ]
    with game.place.failing(kinds * 40):
        game.visitors.steadily(forms, RATE, told, game.done)
        game.place.turns(FILE_CALLS, FILE_SECONDS)


def vendors_take_and_say_nothing(game: Game, told: Told, forms: int) -> None:
    """
    The vendors carry out what they are asked, and the answer never comes.
    """
    with game.place.failing([Fault("timeout_after", times=40, seconds=4.0)]):
        game.visitors.steadily(forms, RATE, told, game.done)
        game.place.turns(FILE_CALLS, FILE_SECONDS)


def dynamodb_refuses(game: Game, told: Told, forms: int) -> None:
    """
    The table answers nothing but 500: submissions go to the inbox.
    """
    with game.place.refusing("dynamodb"):
        game.visitors.steadily(forms, RATE / 2, told, game.done)


def sqs_refuses(game: Game, told: Told, forms: int) -> None:
    """
    The queues answer nothing but 503: nobody is woken, and the minute mends it.
    """
    with game.place.refusing("sqs"):
        game.visitors.steadily(forms, RATE, told, game.done)


def a_night_of_maintenance(game: Game, told: Told, forms: int) -> None:
    """
    The vendors are closed from 22:50 to 01:30 in Tokyo, midnight among it; forms come all the time.
    """
    place = game.place
    place.skip_to(place.tonight_at(22, 50))
    with place.failing([Fault("maintenance_200", times=3), Fault("status", times=100_000, status=503)]):
        for _ in range(NIGHT_STEPS):
            game.visitors.burst(forms // NIGHT_STEPS, told, game.done)
            place.turns(1, STEP_SECONDS)


ROUNDS: tuple[Round, ...] = (
    Round(name="AWS restarts", forms=100, play=aws_restarts),
    Round(name="workers are killed (SIGKILL)", forms=FORMS, play=workers_die),
    Round(name="vendors fail for 30 s", forms=int(OUTAGE_SECONDS * RATE), play=vendors_fail),
    Round(name="vendors take, and say nothing", forms=60, play=vendors_take_and_say_nothing),
    Round(name="DynamoDB refuses", forms=int(STORE_SECONDS * RATE / 2), play=dynamodb_refuses),
    Round(name="SQS refuses", forms=int(STORE_SECONDS * RATE), play=sqs_refuses),
    Round(name="a night of maintenance", forms=NIGHT_STEPS * NIGHT_FORMS, play=a_night_of_maintenance),
)
