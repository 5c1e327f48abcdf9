"""
Deeds on many, with their price; and the record of who did what.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.config import parse
from chalicelib.destinations import VENDORS
from chalicelib.model import State
from chalicelib.ports import Item
from chalicelib.relay.replaying import Done, Filter, Plan, Price, Replayer, only
from chalicelib.relay.viewing import OperatorError
from chalicelib.sources import PRESETS
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


def mend_names(world: World) -> None:
    """Another relay.toml is deployed: what goes to 配配メール has a name that it can write."""
    text = CONFIG.replace('"お名前" = "name"', '"お名前" = { const = "吉田" }')
    world.config = parse(text, vendors=VENDORS, presets=PRESETS)
    world.relay = world._relay()


def audit_items(world: World) -> list[Item]:
    return [item for item in world.table.items() if item["pk"] == "AUDIT"]


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


# ── many ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_replay_tells_its_price_before_anything_is_done(world: World) -> None:
    """Rows of a file cost one call together, single calls one each; what would be refused again is told with why."""
    mend_names(world)
    before = world.table.items()

    plan = replayer(world).plan(Filter())
    assert plan.prices == (Price(lane=HAIHAI, deliveries=3, calls=1, left=228),)
    assert len(plan.ids) == 3
    assert len(plan.refused) == 2
    assert all("last_name" in why for _, why in plan.refused)
    assert world.table.items() == before


def test_what_was_planned_is_carried_out_one_by_one(world: World) -> None:
    """Each says what became of it while it goes; afterwards all of them arrive in one file."""
    mend_names(world)
    heard: list[Done] = []

    done = replayer(world).carry_out(replayer(world).plan(Filter()), progress=heard.append)
    assert heard == done
    assert [bool(each.became) for each in done] == [True] * 3
    world.pass_minutes(5)
    assert world.states() == {"dead": 2, "delivered": 3, "superseded": 3}
    assert world.relay.operator.lane_status(HAIHAI).used == 1


def test_single_calls_cost_one_each(world: World) -> None:
    """A lane without a daily limit has nothing left to tell."""
    world.config = parse(CONFIG.replace('last_name = "sei"', 'last_name = "mei"'), vendors=VENDORS, presets=PRESETS)
    world.relay = world._relay()

    assert replayer(world).plan(Filter(source="contact")).prices == (
        Price(lane=SATORI, deliveries=2, calls=2, left=None),
    )


def test_a_filter_narrows_by_source_destination_reason_and_time(world: World) -> None:
    """Everything that is given must hold; a part of the reason is enough, in any case of letters."""

    def count(**wanted: Any) -> int:
        plan = replayer(world).plan(Filter(**wanted), "drop")
        return len(plan.ids)

    now = world.clock.now()
    assert count() == 5
    assert count(source="newsletter") == 3
    assert count(destination="satori") == 2
    assert count(reason="LAST_NAME") == 2
    assert count(source="newsletter", reason="last_name") == 0
    assert count(since=now + timedelta(seconds=1)) == 0
    assert count(until=now) == 5
    assert count(until=now - timedelta(seconds=1)) == 0


def test_what_has_changed_meanwhile_is_told_and_not_forced(world: World) -> None:
    """Somebody else dropped one between the plan and the deed; the others go."""
    mend_names(world)
    plan = replayer(world).plan(Filter(source="newsletter"))
    world.relay.operator.drop(plan.ids[0])

    done = replayer(world).carry_out(plan)
    assert done[0].error == "it is dropped by now"
    assert [each.error for each in done[1:]] == ["", ""]


def test_nothing_can_be_replayed_twice(world: World) -> None:
    """The same plan carried out again changes nothing more."""
    mend_names(world)
    plan = replayer(world).plan(Filter(source="newsletter"))
    replayer(world).carry_out(plan)
    states = world.states()

    assert {each.error for each in replayer(world).carry_out(plan)} == {"it is superseded by now"}
    assert world.states() == states


def test_some_of_the_planned_can_be_chosen(world: World) -> None:
    """What a person ticked, and nothing that was not planned."""
    plan = replayer(world).plan(Filter(), "drop")
    chosen = only(plan, [plan.ids[1], "01JDXXXXXXXXXXXXXXXXXXXXXX.1"])

    assert chosen.ids == (plan.ids[1],)
    assert replayer(world).carry_out(chosen) == [Done(id=plan.ids[1])]
    assert world.states() == {"dead": 4, "dropped": 1}


def test_held_deliveries_are_released_or_dropped_by_filter(world: World) -> None:
    """As dead letters are, by the same filter."""
    for number in range(10, 13):
        form(world, number, "contact", _gotcha="x")
    plan = replayer(world).plan(Filter(state=State.HELD))

    assert plan.prices == (Price(lane=SATORI, deliveries=3, calls=3, left=None),)
    replayer(world).carry_out(only(plan, plan.ids[:2]))
    replayer(world).carry_out(replayer(world).plan(Filter(state=State.HELD), "drop"))
    world.pass_minutes(2)
    assert world.states() == {"dead": 5, "delivered": 2, "superseded": 2, "dropped": 1}


def test_a_deed_that_is_none_is_refused(world: World) -> None:
    """Only dead letters and held deliveries, and only replay or drop."""
    with pytest.raises(OperatorError, match="nothing else"):
        replayer(world).plan(Filter(state=State.WAITING))
    with pytest.raises(OperatorError, match="nothing else"):
        replayer(world).plan(Filter(), "forget")


def test_a_whole_held_key_can_be_dropped() -> None:
    """Its waiting rows are given up, and their people's later forms go; the key stays held until it is released."""
    world = World()
    del world.haihai.account.groups["12"]
    for number in range(4):
        form(world, number)
    world.pass_minutes(1)
    ((lane, key, _),) = world.relay.operator.held_keys()

    assert world.relay.operator.drop_key(lane, key.name) == 4
    assert world.states() == {"dropped": 4}
    ((_, _, rows),) = world.relay.operator.held_keys()
    assert rows == 0
    world.haihai.account.groups["12"] = "ニュース"
    world.relay.operator.release_key(lane, key.name)
    form(world, 1, name="後")
    world.pass_minutes(10)
    assert world.states() == {"dropped": 4, "delivered": 1}
    with pytest.raises(OperatorError, match="is held"):
        world.relay.operator.drop_key(lane, key.name)


# ── the record ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_deed_is_on_record_with_who_did_it(world: World) -> None:
    """The newest first: what, on what, by whom; a value that was put in is not among it, its field is."""
    dead = world.relay.operator.listed(State.DEAD)
    taro = world.relay.operator_named(lambda: "taro")
    taro.pause(HAIHAI, "maintenance, says boss@example.co.jp")
    taro.resume(HAIHAI)
    taro.note_reveal(dead[0].id)
    taro.replay(dead[0].id, {"お名前": "吉田花子"})
    taro.drop(dead[1].id, "a test")
    replayer(world).carry_out(replayer(world).plan(Filter(), "drop"))

    found = world.relay.operator.audit().found
    assert [(each.by, each.deed) for each in found] == [
        ("hanako", "drop dead by filter"),
        ("taro", "drop"),
        ("taro", "fix"),
        ("taro", "reveal"),
        ("taro", "resume"),
        ("taro", "pause"),
    ]
    assert found[0].on == tuple(each.id for each in dead[2:])
    assert (found[2].on, found[2].why) == ((dead[0].id,), "fields: お名前")
    assert "吉田花子" not in repr(audit_items(world))
    assert "boss@" not in repr(audit_items(world))
    assert {item["ttl"] for item in audit_items(world)} == {int((world.clock.now() + timedelta(days=400)).timestamp())}


def test_a_deed_that_was_refused_is_not_on_record(world: World) -> None:
    """The entry is of the deed's own transaction: both, or neither."""
    (dead, *_) = world.relay.operator.listed(State.DEAD)
    operator = world.relay.operator_named(lambda: "taro")
    stale = operator.delivery(dead.id)
    operator.drop(dead.id)

    with pytest.raises(OperatorError, match="changed meanwhile"):
        operator.give_up(stale, "again", operator._audit.entry("drop", dead.id))
    assert names(world) == [("taro", "drop")]


def test_a_long_trail_is_read_page_by_page(world: World) -> None:
    """No entry is shown twice, and none is left out."""
    for number in range(25):
        world.clock.sleep(1)
        world.relay.operator.note("sign in", f"account {number}")
    seen: list[str] = []
    cursor = ""
    for _ in range(10):
        page = world.relay.operator.audit(limit=10, cursor=cursor)
        seen += [each.on[0] for each in page.found]
        cursor = page.cursor
        if not cursor:
            break

    assert seen == [f"account {number}" for number in reversed(range(25))]


def test_erasing_is_on_record_without_the_person(world: World) -> None:
    """By the keyed digest of the receipt, so that it can be proven and says nothing."""
    eraser = world.relay.eraser
    receipt = eraser.erase(eraser.find("u1@example.co.jp"))

    (entry,) = world.relay.operator.audit().found
    assert (entry.deed, entry.on) == ("erase", (receipt.person,))
    assert "u1@" not in repr(audit_items(world))


def test_a_replay_of_hundreds_is_several_entries(world: World) -> None:
    """Each entry names at most a hundred ids; together they name all."""
    plan = Plan(deed="drop", state=State.DEAD, ids=tuple(f"01JDXXXXXXXXXXXXXXXXXXXXXX.{n}" for n in range(250)))
    done = replayer(world).carry_out(plan)

    assert {each.error.partition(" ")[0] for each in done} == {"There"}
    found = world.relay.operator.audit().found
    assert sorted(len(each.on) for each in found) == [50, 100, 100]
    assert {each.numbers["in all"] for each in found} == {250}
