"""
Deeds on many, with their price; and the record of who did what.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.model import State
from chalicelib.relay.replaying import Done, Filter, Plan, Price, Replayer, only
from chalicelib.relay.viewing import OperatorError
from tests.scenarios.test_hard_cases import hold_a_key
from tests.scenarios.world import CONFIG, World

HAIHAI = "haihaimail-api-sample-import"
SATORI = "satori-satori"
LONG = "あ" * 300


def form(world: World, number: int, source: str = "newsletter", **fields: str) -> None:
    given = {"email": f"u{number}@example.co.jp", "name": "名", "sei": "山田", "mei": "太郎", **fields}
    assert world.submit(source, given).status == 303


def replayer(world: World) -> Replayer:
    return world.relay.replayer(lambda: "hanako")


def names(world: World) -> list[tuple[str, str]]:
    return [(each.by, each.deed) for each in world.relay.operator.audit().found]


@pytest.fixture
def world() -> World:
    """
    Five dead letters: three of the newsletter with an emoji, two of contact with too long a name.
    """
    world = World()
    for number in range(3):
        form(world, number, name="😀")
    for number in range(3, 5):
        form(world, number, "contact", sei=LONG)
    assert world.states() == {"dead": 5}
    return world
