"""
Rare interleavings and odd vendors: nothing gets stuck, older never beats newer, opt-outs get through.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.model import Call, NoReply, Reply, State
from chalicelib.ports import Delete, Key, Update
from chalicelib.records import leases
from chalicelib.records.layout import key_key, lane_key
from chalicelib.relay.bells import backlog_delivery
from tests.scenarios.world import CONFIG, World

LANE = "haihaimail-api-sample-import"
SATORI = "satori-satori"
STOP = b'"import_type": "2"'
ALLOW = """
[[routes]]
from = "newsletter"
to = "haihai"
operation = "allow"
[routes.settings]
gid = 12
[routes.fields]
"メールアドレス" = "email"
"お名前" = "name"
"""


def crm(world: World, number: int, address: str, kind: str, **fields: Any) -> None:
    record = {
        "id": f"e{number}",
        "type": kind,
        "updated_at": world.clock.now().isoformat(),
        "email": address,
        "name": "名",
        **fields,
    }
    body = json.dumps({"events": [record]}, ensure_ascii=False).encode()
    assert world.webhook(body).status == 200


def sign_up(world: World, number: int, name: str = "名") -> None:
    assert world.submit("newsletter", {"email": f"n{number}@example.co.jp", "name": name}).status == 303


def answers(world: World, answer: Callable[[Call, float], Reply | NoReply | None]) -> list[datetime]:
    """Let the vendors answer otherwise, where `answer` says so; returns when calls were made."""
    ordinary, made = world.transport.send, []

    def send(call: Call, *, timeout_seconds: float) -> Reply | NoReply:
        made.append(world.clock.now())
        found = answer(call, timeout_seconds)
        return ordinary(call, timeout_seconds=timeout_seconds) if found is None else found

    world.transport.send = send  # type: ignore[method-assign]
    return made


def stops(world: World) -> set[str]:
    return {str(each.state) for each in world.deliveries() if each.operation == "stop"}


def expire(world: World) -> None:
    """What DynamoDB does some time after an item's time to live."""
    now = int(world.clock.now().timestamp())
    for item in world.table.items():
        if item.get("ttl", now + 1) < now:
            world.table.write(Delete(key=Key(item["pk"], item["sk"])))


# ── one address, many times ─────────────────────────────────────────────────────────────────────────────────────────


def test_hundreds_of_forms_of_one_address_go_through() -> None:
    """A robot or a loop of a CRM: more of one person than one transaction takes, and the last one counts."""
    world = World()
    world.relay.operator.pause(LANE, "for the test")
    for number in range(150):
        world.submit("newsletter", {"email": "loop@example.co.jp", "name": f"名{number}"})
    world.relay.operator.resume(LANE)
    world.pass_minutes(40)

    assert set(world.states()) == {"delivered", "superseded"}
    assert world.haihai.customer("loop@example.co.jp").values["お名前"] == "名149"


GONE = (
    CONFIG.replace('stopped = "unsubscribe",', 'stopped = "unsubscribe", gone = "delete",')
    + """
[[routes]]
from = "crm"
to = "satori"
operation = "upsert"
when = "type == 'changed'"
[routes.fields]
email = "email"
last_name = "name"
collection_route = { const = "CRM" }

[[routes]]
from = "crm"
to = "satori"
operation = "delete"
on = ["delete"]
[routes.fields]
email = "email"
"""
)


def test_the_newest_does_not_pass_the_deletion_before_it() -> None:
    """Forty changes, a deletion and a change wait; the queue hands over the last first: the person is there at last."""
    world = World(GONE)
    world.relay.operator.pause(SATORI, "for the test")
    for number in range(40):
        crm(world, number, "taro@example.co.jp", "changed", name="前")
        world.clock.sleep(1)
    crm(world, 40, "taro@example.co.jp", "gone")
    world.clock.sleep(1)
    crm(world, 41, "taro@example.co.jp", "changed", name="後")
    for queue in (world.bell, world.backlogs[SATORI]):
        queue._messages.clear()
    newest = max((each for each in world.deliveries() if each.lane == SATORI), key=lambda each: each.order)
    world.backlogs[SATORI].send(backlog_delivery(newest.id))
    world.relay.operator.resume(SATORI)
    world.pass_minutes(40)

    customer = world.satori.customer("taro@example.co.jp")
    assert customer is not None
    assert customer.values["last_name"] == "後"
    assert not [each for each in world.deliveries() if each.lane == SATORI and each.state in {"waiting", "dead"}]


# ── opt-outs ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("warm", [True, False])
def test_an_opt_out_that_comes_during_another_is_not_forgotten(*, warm: bool) -> None:
    """It goes within a minute or two, however busy the lane is with other rows."""
    world = World()
    crm(world, 1, "u1@example.co.jp", "stopped")
    came: list[bool] = []

    def meanwhile(call: Call, _seconds: float) -> None:
        if STOP in call.body and not came:
            came.append(True)
            world.clock.sleep(5)
            if not warm:
                world.relay._door._believed_due.clear()
            crm(world, 2, "u2@example.co.jp", "stopped")

    answers(world, meanwhile)
    for minute in range(4):
        sign_up(world, minute)
        world.pass_minutes(1)

    assert came
    assert stops(world) == {"delivered"}


def test_an_opt_out_may_use_the_reserve_for_the_call_that_is_in_its_way() -> None:
    """A file without an answer has used up the ordinary calls of the day; the opt-out behind it need not wait."""
    world = World(now=datetime(2026, 11, 21, 3, 0, tzinfo=UTC))
    world.table.write(Update(key=lane_key(LANE), set={"w:day#2026-11-21": 227}))
    sign_up(world, 1)
    first: list[bool] = []

    def silent_once(_call: Call, _seconds: float) -> NoReply | None:
        first.append(True)
        return NoReply(reason="no answer") if len(first) == 1 else None

    answers(world, silent_once)
    world.pass_minutes(2)
    crm(world, 1, "z@example.co.jp", "stopped")
    world.pass_minutes(10)

    assert stops(world) == {"delivered"}
    assert world.lane(LANE)["w:day#2026-11-21"] <= 240


def test_an_opt_out_does_not_wait_for_a_held_registration() -> None:
    """Somebody else's settings are at fault; the registration that waits there is overtaken."""
    world = World()
    crm(world, 1, "z@example.co.jp", "changed")
    answers(
        world,
        lambda call, _: (
            None if STOP in call.body else Reply(status=400, headers={}, body=b'{"code":400,"message":"gid"}')
        ),
    )
    world.pass_minutes(5)
    crm(world, 2, "z@example.co.jp", "stopped")
    world.pass_minutes(10)
    assert stops(world) == {"delivered"}

    ((lane, key, _),) = world.relay.operator.held_keys()
    world.relay.operator.release_key(lane, key.name)
    world.pass_minutes(10)
    assert {each.operation: str(each.state) for each in world.deliveries()} == {
        "register": "superseded",
        "stop": "delivered",
    }


def test_blocked_rows_at_the_head_starve_nobody() -> None:
    """A key that may send two rows at once looks beyond two that have to wait."""
    world = World(CONFIG.replace('account = "api_sample"', 'account = "api_sample"\nrows_max = 2'))
    for number in range(2):
        crm(world, number, f"held{number}@example.co.jp", "changed")
    world.pass_minutes(1)
    # Their registrations are just being worked off, so that their opt-outs have to wait for settle_seconds.
    for number, name in enumerate(("held0", "held1", "free")):
        crm(world, 10 + number, f"{name}@example.co.jp", "stopped")
    world.pass_minutes(2)

    assert {
        each.state for each in world.deliveries() if each.payload.get("メールアドレス") == "free@example.co.jp"
    } == {State.DELIVERED}


@pytest.mark.parametrize("days", [1, 40, 170])
def test_an_old_replay_never_undoes_an_opt_out(days: int) -> None:
    """As long as a dead letter can be replayed, what was delivered after it is remembered."""
    world = World(CONFIG + ALLOW)
    begun = world.clock.now()
    world.submit("newsletter", {"email": "taro@example.co.jp", "name": "𠮷田"})
    world.clock.sleep(60)
    crm(world, 1, "taro@example.co.jp", "stopped")
    world.pass_minutes(15)
    world.clock.move_to(begun + timedelta(days=days))
    expire(world)
    for each in world.relay.operator.listed(State.DEAD):
        world.relay.operator.replay(each.id, {"お名前": "吉田"})
    world.pass_minutes(20)

    assert world.haihai.customer("taro@example.co.jp").states["gid", "12"] == "配信停止"


# ── vendors without a clear answer ──────────────────────────────────────────────────────────────────────────────────


def test_a_slow_vendor_does_not_stay_closed_by_impatient_visitors() -> None:
    """SATORI needs four seconds, a visitor waits three: the leads arrive by the lane's own, patient calls."""
    world = World()

    def slow(_call: Call, seconds: float) -> NoReply | None:
        world.clock.sleep(min(seconds, 4.0))
        return NoReply(reason="no answer in time") if seconds < 4.0 else None

    answers(world, slow)
    for number in range(60):
        world.submit("contact", {"email": f"n{number}@example.co.jp", "sei": "山田", "mei": "一"})
        world.pass_minutes(1)
    world.pass_minutes(10)

    assert set(world.states()) == {"delivered"}


def test_a_file_that_is_never_answered_lets_others_go() -> None:
    """A gateway that gives up on one file: opt-outs go in between, and after half a day the key is held with words."""
    world = World()
    for number in range(3):
        sign_up(world, number)
    made = answers(
        world,
        lambda call, _: None if STOP in call.body else Reply(status=504, headers={}, body=b"<html>timeout</html>"),
    )
    world.pass_minutes(5)
    crm(world, 1, "z@example.co.jp", "stopped")
    world.pass_minutes(60)
    assert stops(world) == {"delivered"}

    world.pass_minutes(24 * 60)
    ((_, key, rows),) = world.relay.operator.held_keys()
    assert "no clear answer to 12 files" in key.held_reason
    assert rows == 3
    assert len(made) < 60


def test_a_large_file_that_takes_too_long_goes_in_halves() -> None:
    """A vendor that answers files of at most 300 rows in time gets them in such files, without anybody's help."""
    world = World()
    for number in range(900):
        sign_up(world, number)
    answers(
        world,
        lambda call, _: Reply(status=504, headers={}, body=b"") if call.body.count(b"@example.co.jp") > 300 else None,
    )
    world.pass_minutes(8 * 60)

    assert world.states() == {"delivered": 900}


def test_an_outage_with_errors_of_the_vendors_own_needs_nobody() -> None:
    """An hour of 500 and then a working vendor: everything arrives, nothing is held."""
    world = World()
    until = world.clock.now() + timedelta(hours=1)
    body = b'{"status":"error","code":500}'
    answers(world, lambda _call, _: Reply(status=500, headers={}, body=body) if world.clock.now() < until else None)
    for number in range(20):
        sign_up(world, number)
        world.pass_minutes(3)
    world.pass_minutes(60)

    assert world.states() == {"delivered": 20}


def test_an_open_call_can_be_let_go_by_hand() -> None:
    """An operator ends a call that has no end; its rows go in the next one."""
    world = World()
    sign_up(world, 1)
    silent = [True]
    answers(world, lambda _call, _: NoReply(reason="no answer") if silent[0] else None)
    world.pass_minutes(1)
    silent[0] = False

    assert world.relay.operator.let_go(LANE) == 1
    world.pass_minutes(10)
    assert world.states() == {"delivered": 1}


def test_a_fault_of_our_own_on_an_open_call_is_told() -> None:
    """The lane stands still, and somebody hears of it, with the way out."""
    world = World()
    sign_up(world, 1)
    world.haihai.faults.clear()
    answers(world, lambda _call, _: NoReply(reason="no answer"))
    world.pass_minutes(1)
    (lines,) = (name for name in world.bucket.objects if name.endswith("lines.json"))
    world.bucket.objects[lines] = b'[{"contact": 1}]'
    world.pass_minutes(5)

    (told,) = (each for each in world.journal.notices if each[0].startswith("stuck:"))
    assert "ekiden held let-go" in told[2]


# ── workers ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_no_call_begins_that_the_worker_may_not_live_to_settle() -> None:
    """A vendor that takes 15 s, messages for minutes, a worker with two: it leaves in time."""
    world = World(CONFIG.replace("version = 4\n", "version = 4\nburst = 10\n", 1))
    world.relay.operator.pause(SATORI, "for the test")
    for number in range(40):
        world.submit("contact", {"email": f"n{number}@example.co.jp", "sei": "山田", "mei": "一"})
    world.relay.operator.resume(SATORI)
    world.clock.sleep(60)
    deadline = world.clock.now() + timedelta(seconds=120)
    made = answers(world, lambda _call, _: world.clock.sleep(15))

    world.relay._advancer.advance(SATORI, deadline=deadline)

    assert made
    assert min(deadline - each for each in made) >= timedelta(seconds=20 + 15)


def test_bells_during_the_run_do_not_make_a_worker_overstay() -> None:
    """Somebody rings all the time: the worker still looks at its own deadline."""
    world = World()
    for number in range(3):
        sign_up(world, number)
    deadline = world.clock.now() + timedelta(seconds=120)

    def ring_meanwhile(_call: Call, _seconds: float) -> None:
        world.clock.sleep(50)
        crm(world, len(made), f"s{len(made)}@example.co.jp", "stopped")
        world.table.write(leases.ring(LANE))

    made = answers(world, ring_meanwhile)
    world.relay._advancer.advance(LANE, deadline=deadline)

    assert all(deadline - each >= timedelta(seconds=60 + 30) for each in made[1:])


def test_a_plan_made_before_another_workers_call_is_void() -> None:
    """Two workers on one lane, one of them with an old picture: it does not overwrite what the other delivered."""
    world = World()
    crm(world, 1, "taro@example.co.jp", "changed", name="old")
    world.clock.sleep(1)
    put, other, lane = world.bucket.put, world._relay(), world.config.lanes[LANE]
    deadline = world.clock.now() + timedelta(hours=1)
    overtaken: list[bool] = []

    def overtake(name: str, data: bytes) -> None:
        if not overtaken:
            overtaken.append(True)
            crm(world, 2, "taro@example.co.jp", "changed", name="new")
            for _ in range(2):
                other._advancer._batch.round(lane, deadline)
        put(name, data)

    world.bucket.put = overtake  # type: ignore[method-assign]
    world.relay._advancer._batch.round(lane, deadline)
    world.pass_minutes(30)

    assert world.haihai.customer("taro@example.co.jp").values["お名前"] == "new"


def test_a_slow_preparation_does_not_slip_past_midnight() -> None:
    """The window and the guard are those of the moment at which the call goes, not of the look before."""
    world = World(now=datetime(2026, 11, 21, 14, 58, 44, tzinfo=UTC))
    sign_up(world, 1)
    put = world.bucket.put

    def slow(name: str, data: bytes) -> None:
        world.clock.sleep(40)
        put(name, data)

    world.bucket.put = slow  # type: ignore[method-assign]
    made = answers(world, lambda _call, _: None)
    world.pass_minutes(3)

    assert all(each >= datetime(2026, 11, 21, 15, 0, 15, tzinfo=UTC) for each in made)


def test_a_write_that_took_effect_twice_is_no_duplicate() -> None:
    """DynamoDB says 500 after the transaction was done; the repeat finds it, and the visitor is served as always."""
    world = World()
    write, lost = world.table.write, []

    def repeated(*writes: Any) -> Any:
        answer = write(*writes)
        if len(writes) > 2 and not lost:
            lost.append(True)
            return write(*writes)
        return answer

    world.table.write = repeated  # type: ignore[method-assign]
    answer = world.submit("contact", {"email": "n@example.co.jp", "sei": "山田", "mei": "一"})

    assert "c=" in answer.headers["Location"]
    assert world.states() == {"delivered": 1}


# ── configuration ───────────────────────────────────────────────────────────────────────────────────────────────────


def reconfigure(world: World, text: str) -> None:
    """A deployment with another relay.toml."""
    again = World(text, now=world.clock.now())
    world.config = again.config
    world.relay = world._relay()


def test_what_a_new_relay_toml_carries_nowhere_is_held() -> None:
    """A destination is taken out while its deliveries wait: they are shown to a person, and go when it is back."""
    world = World()
    world.relay.operator.pause(SATORI, "for the test")
    world.submit("contact", {"email": "n@example.co.jp", "sei": "山田", "mei": "一"})
    other = CONFIG.replace("[destinations.satori]", '[destinations.other]\nlane = "satori-satori"', 1).replace(
        'to = "satori"', 'to = "other"'
    )
    reconfigure(world, other)
    world.relay.operator.resume(SATORI)
    world.pass_minutes(3)
    (held,) = world.relay.operator.listed(State.HELD)
    assert "sends nothing to satori" in held.reason

    reconfigure(world, CONFIG)
    world.relay.operator.release(held.id)
    world.pass_minutes(3)
    assert world.states() == {"superseded": 1, "delivered": 1}


def test_a_renamed_address_item_sends_no_row_without_an_address() -> None:
    """Rows that wait under the old name are dead letters that say so, not rows that count as delivered."""
    world = World()
    sign_up(world, 1)
    text = CONFIG.replace('account = "api_sample"', 'account = "api_sample"\naddress_item = "Eメール"').replace(
        '"メールアドレス" = "email"', '"Eメール" = "email"'
    )
    reconfigure(world, text)
    world.pass_minutes(3)

    (dead,) = world.relay.operator.listed(State.DEAD)
    assert "was the item renamed" in dead.reason
    world.relay.operator.replay(dead.id)


def test_a_row_whose_route_is_gone_does_not_stop_the_release_of_the_others() -> None:
    """It is held with the reason; the rows of routes that are still there are mapped anew and go."""
    world = World()
    answers(
        world, lambda call, _: Reply(status=400, headers={}, body=b'{"code":400}') if b'"12"' in call.body else None
    )
    crm(world, 1, "crm@example.co.jp", "changed")
    sign_up(world, 1)
    world.pass_minutes(3)
    ((lane, key, rows),) = world.relay.operator.held_keys()
    assert rows == 2
    head, _, rest = CONFIG.partition('[[routes]]\nfrom = "newsletter"')
    reconfigure(world, (head + "[[routes]]" + rest.partition("[[routes]]")[2]).replace("gid = 12", "gid = 13"))

    world.relay.operator.release_key(lane, key.name)
    world.pass_minutes(10)

    assert world.states() == {"superseded": 1, "delivered": 1, "held": 1}


def test_a_thousand_batch_keys_do_not_hide_the_lane() -> None:
    """Settings that come from the submissions make many keys; the pause is still seen."""
    world = World()
    for number in range(1_100):
        world.table.write(Update(key=key_key(LANE, f"{number:04d}"), set={"destination": "haihai"}))
    world.relay.operator.pause(LANE, "seen?")

    assert world.relay.operator.lane_status(LANE).state.paused_reason == "seen?"


def test_a_resend_does_not_count_against_the_ceiling() -> None:
    """A CRM that repeats itself is not a flood."""
    ceiling = 'ceiling = { events = 2, per = "hour" }\n'
    world = World(CONFIG.replace('records = { path = "events" }', ceiling + 'records = { path = "events" }'))
    crm(world, 1, "a@example.co.jp", "changed")
    for _ in range(5):
        record = {"id": "e1", "type": "changed", "email": "a@example.co.jp", "name": "名"}
        world.webhook(json.dumps({"events": [record]}).encode())
    crm(world, 2, "b@example.co.jp", "changed")

    assert "held" not in world.states()


def test_notices_and_logs_quote_nobody() -> None:
    """The mail names the field and what is wrong; what the person wrote there is in the dead letter only."""
    world = World()
    world.submit("newsletter", {"email": "taro@example.co.jp", "name": "𠮷田"})

    assert any("お名前: has characters that cp932 does not have" in each[2] for each in world.journal.notices)
    assert "𠮷" not in repr(world.journal.notices) + repr(world.journal.lines)
    assert "𠮷" in world.relay.operator.listed(State.DEAD)[0].reason
