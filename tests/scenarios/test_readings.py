"""
Where a vendor's documents leave a point open, the relay works under both readings: the same story under each.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

from chalicelib.model import FINAL_STATES, State
from tests.sandbox.haihaimail_switches import HaihaiSwitches
from tests.sandbox.satori_switches import SatoriSwitches
from tests.scenarios.world import CONFIG, World

STORY = (
    CONFIG.replace('stopped = "unsubscribe"', 'stopped = "unsubscribe", gone = "delete"')
    + """
[[routes]]
from = "crm"
to = "satori"
operation = "delete"
on = ["delete"]
[routes.fields]
email = "email"
"""
)
NUMBERS: dict[str, tuple[Any, ...]] = {"rate_per_second": (0, 5), "conflict_seconds": (0.0, 5.0)}
TUPLES: dict[str, tuple[Any, ...]] = {"account_required": ((), ("last_name",))}
STOPPED = "配信停止"
LANE = "haihaimail-api-sample-import"


def positions(switches: type) -> Iterator[tuple[str, Any]]:
    """Every switch with every position it has."""
    for name, hint in get_type_hints(switches).items():
        values = get_args(hint) if get_origin(hint) is Literal else {**NUMBERS, **TUPLES}.get(name, ())
        for value in values:
            yield name, value


def crm(world: World, number: int, at: str, kind: str, email: str = "taro@example.co.jp", name: str = "山田") -> None:
    record = {"id": f"e{number}", "type": kind, "updated_at": f"2026-11-21T{at}+09:00", "email": email, "name": name}
    assert world.webhook(json.dumps({"events": [record]}).encode()).status == 200


def settled(world: World) -> bool:
    return all(each.state in FINAL_STATES for each in world.deliveries())


@pytest.mark.parametrize(("switch", "position"), list(positions(SatoriSwitches)), ids=str)
@pytest.mark.parametrize("version", [3, 4])
def test_satori_is_served_under_every_reading(version: int, switch: str, position: object) -> None:
    """New lead, double submit, second form, a burst, a name with an apostrophe, a delete: all end as they should."""
    world = World(STORY.replace("version = 4", f"version = {version}"))
    world.satori.change_switches({switch: position})
    person = {"email": "Taro@example.co.jp", "sei": "山田", "mei": "太郎"}

    first = world.submit("contact", person)
    world.submit("contact", person)
    world.submit("contact", {**person, "mei": ""})
    for number in range(8):
        world.submit("contact", {**person, "email": f"u{number}@example.co.jp"})
    world.submit("contact", {**person, "email": "x@example.co.jp", "sei": "O'Brien"})
    world.pass_minutes(10)
    crm(world, 1, "10:10:00", "gone", "u1@example.co.jp")
    crm(world, 2, "10:11:00", "gone", "nobody@example.co.jp")
    world.pass_minutes(20)

    assert "c=" in first.headers["Location"]
    assert settled(world)
    customer = world.satori.customer("taro@example.co.jp") or world.satori.customer("Taro@example.co.jp")
    assert customer is not None
    assert (customer.values["last_name"], customer.values["first_name"]) == ("山田", "太郎")
    assert world.satori.customer("u0@example.co.jp") is not None
    assert world.satori.customer("u1@example.co.jp") is None
    dead = {each.payload.get("last_name", each.operation) for each in world.deliveries() if each.state is State.DEAD}
    assert dead <= {"O'Brien", "delete"}
    assert world.satori.leaked_keys() == []


@pytest.mark.parametrize("forbidden", [401, 403])
@pytest.mark.parametrize("http_code", ["mirror", "always_200"])
def test_a_user_without_the_right_pauses_the_lane(forbidden: int, http_code: str) -> None:
    """Whichever way SATORI says that the keys' owner may not do this, the lane pauses and names the cause."""
    world = World()
    world.satori.change_switches({"permissions": (), "forbidden": forbidden, "http_code": http_code})

    world.submit("contact", {"email": "taro@example.co.jp", "sei": "山田", "mei": "太郎"})
    world.pass_minutes(5)

    assert world.states() == {"waiting": 1}
    assert "2025-10-21" in world.relay.operator.lane_status("satori-satori").state.paused_reason


@pytest.mark.parametrize(("switch", "position"), list(positions(HaihaiSwitches)), ids=str)
def test_haihaimail_is_served_under_every_reading(switch: str, position: object) -> None:
    """A batch, a double, a late update, a stop, a used-up day and a lost answer: all end as they should."""
    charset = f'account = "api_sample"\ncharset = "{position if switch == "charset" else "cp932"}"'
    world = World(STORY.replace('account = "api_sample"', charset))
    world.haihai.change_switches({switch: position})

    for number in range(5):
        world.submit("newsletter", {"email": f"U{number}@example.co.jp", "name": "花子"})
    world.submit("newsletter", {"email": "u1@example.co.jp", "name": "新しい花子"})
    crm(world, 1, "09:00:00", "changed", name="古い")
    crm(world, 2, "09:20:00", "changed", name="新しい")
    crm(world, 3, "09:30:00", "stopped")
    world.pass_minutes(20)
    crm(world, 4, "09:10:00", "changed", name="遅い")
    world.pass_minutes(10)
    world.haihai.spend(240 - world.haihai.calls_today)
    world.submit("newsletter", {"email": "late@example.co.jp", "name": "遅子"})
    world.pass_minutes(14 * 60, step=20)

    assert settled(world)
    assert world.states()["dead"] == 0
    assert world.haihai.customer("late@example.co.jp") is not None
    updated = world.haihai.customer("u1@example.co.jp")
    assert updated is not None
    assert updated.values["お名前"] == "新しい花子"
    taro = world.haihai.customer("taro@example.co.jp")
    assert taro is not None
    assert (taro.values["お名前"], taro.states["gid", "12"]) == ("新しい", STOPPED)
    assert max(world.haihai.calls_by_day.values()) <= 240
    assert world.haihai.alarms == []
    assert world.haihai.unknown_keys == []


@pytest.mark.parametrize("charset", ["shift_jis", "cp932", "utf-8"])
def test_a_name_travels_as_far_as_the_accounts_charset_allows(charset: str) -> None:
    """髙﨑①㈱ arrives under CP932, is a dead letter under strict Shift_JIS, and an emoji arrives under UTF-8 only."""
    world = World(CONFIG.replace('account = "api_sample"', f'account = "api_sample"\ncharset = "{charset}"'))
    world.haihai.change_switches({"charset": charset})
    world.submit("newsletter", {"email": "a@example.co.jp", "name": "髙﨑①㈱"})
    world.submit("newsletter", {"email": "b@example.co.jp", "name": "花子😀"})
    world.submit("newsletter", {"email": "c@example.co.jp", "name": "花子〜"})
    world.pass_minutes(2)

    arrived = {each.address[0] for each in world.haihai.customers()}
    assert arrived == {"shift_jis": {"c"}, "cp932": {"a", "c"}, "utf-8": {"a", "b", "c"}}[charset]
    assert world.states()["dead"] == 3 - len(arrived)
