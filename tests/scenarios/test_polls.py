"""
Polls: what 配配メール knows reaches the others within the hour, out of calls of its own, and nothing is lost or doubled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.model import State
from tests.sandbox.faults import Fault
from tests.sandbox.haihaimail_get import RetrievalApi, Row
from tests.scenarios.world import CONFIG, TEN, World

PATH = "/api_sample/contract/stopped"
LANE = "haihaimail-api-sample-get-stopped"
STOPPED = """
[sources.stopped]
preset = "haihaimail_stopped"
destination = "haihai"
every_minutes = 30
path = "/{account}/contract/stopped"
method = "POST"
parameters = { loginid = "{login_id}" }
charset = "cp932"
columns = ["メールアドレス", "状態"]

[[routes]]
from = "stopped"
to = "satori"
operation = "upsert"
on = ["unsubscribe"]
[routes.fields]
email = "メールアドレス"
collection_route = { const = "配配メール" }
delivery_permission = { const = "reject" }
"""


class Stopped:
    """
    The list of stopped customers, as the account's document has it.
    """

    def __init__(self, *addresses: str) -> None:
        self.addresses = list(addresses)

    def rows(self, given: Mapping[str, str]) -> Sequence[Row]:
        assert given == {"loginid": "ekiden"}
        return [{"メールアドレス": each, "状態": "配信停止"} for each in self.addresses]


def world_with(*addresses: str, config: str = CONFIG + STOPPED, now: datetime = TEN) -> tuple[World, Stopped]:
    world, listed = World(config, now=now), Stopped(*addresses)
    world.haihai.retrievals.tell_of(
        RetrievalApi(path=PATH, columns=("メールアドレス", "状態"), rows=listed.rows, parameters=("loginid",))
    )
    return world, listed


def permission(world: World, address: str) -> str:
    found = world.satori.customer(address)
    return found.values.get("delivery_permission", "") if found else "(unknown)"


def poll(world: World) -> object:
    return world.relay.polls.states()[0]


def calls_today(world: World) -> int:
    return sum(world.haihai.retrievals.books[PATH].used.values())


def test_an_opt_out_in_haihaimail_reaches_satori_within_the_hour() -> None:
    """Whoever stops the mails there is stopped here too, and no older consent undoes it."""
    world, listed = world_with()
    world.pass_minutes(5)
    listed.addresses.append("taro@example.co.jp")
    world.pass_minutes(60)

    assert permission(world, "taro@example.co.jp") == "reject"
    assert world.states() == {"delivered": 1}
    assert calls_today(world) == 3
