"""
Forms and webhooks that reach 配配メール in files, 240 calls a day.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.model import Call, NoReply, Reply, State
from chalicelib.ports import Delete, Key
from tests.sandbox.faults import Fault
from tests.scenarios.world import CONFIG, TEN, World

LANE = "haihaimail-api-sample-import"
MIDNIGHT = datetime(2026, 11, 21, 15, 0, 0, tzinfo=UTC)


def sign_up(world: World, number: int, name: str = "髙﨑①㈱〜") -> int:
    return world.submit("newsletter", {"email": f"u{number}@example.co.jp", "name": name}).status


def crm(world: World, number: int, at: str, kind: str = "changed", **fields: str) -> None:
    record = {"id": f"e{number}", "type": kind, "updated_at": at, "email": "taro@example.co.jp", **fields}
    assert world.webhook(json.dumps({"events": [record]}, ensure_ascii=False).encode()).status == 200


def test_a_thousand_forms_in_a_burst_ride_in_few_calls() -> None:
    """Every row is in the customer table, no row waits longer than the pace's gap and a minute, and calls are few."""
    world = World()
    assert {sign_up(world, number) for number in range(1_000)} == {303}
    world.pass_minutes(6)

    waits = [(each.settled_at or each.arrived_at) - each.arrived_at for each in world.deliveries()]
    assert world.states() == {"delivered": 1_000}
    assert len(world.haihai.customers()) == 1_000
    assert world.haihai.calls_today <= 3
    assert max(waits) <= timedelta(seconds=14 * 3_600 / 228 + 60)
    assert world.haihai.customer("u7@example.co.jp").values["お名前"] == "髙﨑①㈱～"  # type: ignore[union-attr]


def test_a_trickle_all_day_never_uses_up_the_calls() -> None:
    """A form every minute around the clock: each row waits about the pace's gap, and at midnight calls are left."""
    world = World(now=datetime(2026, 11, 20, 15, 0, 20, tzinfo=UTC))
    for minute in range(24 * 60 - 2):
        sign_up(world, minute)
        world.pass_minutes(1)

    waits = [(each.settled_at - each.arrived_at).total_seconds() for each in world.deliveries() if each.settled_at]
    assert world.haihai.calls_today <= 240
    assert max(waits) <= 24 * 3_600 / 228 + 150


def test_one_bad_name_holds_up_nobody() -> None:
    """A name with 𠮷 or an emoji becomes a dead letter that names the character; the others arrive at once."""
    world = World()
    sign_up(world, 1)
    sign_up(world, 2, "𠮷田")
    sign_up(world, 3, "花子😀")
    sign_up(world, 4)
    world.pass_minutes(1)

    dead = world.relay.operator.listed(State.DEAD)
    assert world.states() == {"delivered": 2, "dead": 2}
    assert ["U+20BB7" in dead[0].reason, "U+1F600" in dead[1].reason] == [True, True]
    assert all("お名前" in each.reason for each in dead)

    world.relay.operator.replay(dead[0].id, {"お名前": "吉田"})
    world.pass_minutes(5)

    assert world.haihai.customer("u2@example.co.jp").values["お名前"] == "吉田"  # type: ignore[union-attr]
    assert world.states() == {"delivered": 3, "superseded": 1, "dead": 1}


def test_another_program_spends_the_days_calls() -> None:
    """The 240 calls are gone by 15:00: nothing is lost, no attempt burnt, and all arrives after midnight."""
    world = World()
    for number in range(5):
        sign_up(world, number)
    world.pass_minutes(5)
    world.pass_until(TEN + timedelta(hours=5))
    world.haihai.spend(240 - world.haihai.calls_today)
    for number in range(5, 25):
        sign_up(world, number)
        world.pass_minutes(10)
    world.pass_until(MIDNIGHT)

    assert world.states() == {"delivered": 5, "waiting": 20}
    assert {each.attempts for each in world.deliveries()} == {0}
    assert [cause for cause, _, _ in world.journal.notices if cause.startswith("closed:")] == [f"closed:{LANE}"]

    world.pass_minutes(3)

    assert world.states() == {"delivered": 25}
    assert f"opened:{LANE}" in [cause for cause, _, _ in world.journal.notices]
    assert world.haihai.calls_by_day["2026-11-21"] == 240


def test_an_early_429_closes_the_lane_until_a_probe_goes_through() -> None:
    """The vendor refuses although our books have room: an alarm, a probe a quarter of an hour later, open again."""
    world = World()
    world.haihai.faults.add(Fault("early_429", times=1))
    sign_up(world, 1)
    world.pass_minutes(1)

    assert world.relay.operator.lane_status(LANE).state.breaker.kind == "quota"
    assert world.relay.operator.lane_status(LANE).next_call_at == TEN + timedelta(minutes=15)

    world.pass_minutes(17)

    assert world.states() == {"delivered": 1}
    assert world.relay.operator.lane_status(LANE).state.breaker.kind == ""
    assert len(world.transport.sent) == 2


@pytest.mark.parametrize("kind", ["lose_before", "lose_after", "timeout_after", "garbage", "html_200", "truncated"])
def test_a_lost_answer_sends_the_same_bytes_again(kind: str) -> None:
    """Nobody knows whether the file was taken: it is sent again before anything newer, and does no harm."""
    world = World()
    world.haihai.faults.add(Fault(kind, times=1, seconds=100))
    sign_up(world, 1)
    world.pass_minutes(1)
    open_call = world.relay.operator.lane_status(LANE).state.call

    assert open_call is not None
    assert open_call.phase == "uncertain"

    sign_up(world, 2)
    world.pass_minutes(15)

    data = [name for name in world.bucket.objects if name.endswith("/data")]
    assert world.states() == {"delivered": 2}
    assert len(data) == 2
    assert {each.address for each in world.haihai.customers()} == {"u1@example.co.jp", "u2@example.co.jp"}


def test_a_maintenance_page_is_waited_out() -> None:
    """HTML under HTTP 200 that says maintenance is no success and no loss: the rows wait and go later."""
    world = World()
    world.haihai.faults.add(Fault("maintenance_200", until=TEN + timedelta(minutes=30)))
    sign_up(world, 1)
    world.pass_minutes(60)

    assert world.states() == {"delivered": 1}
    assert world.deliveries()[0].attempts == 0


def test_a_success_that_is_none_of_the_vendors_is_held_after_a_few_tries() -> None:
    """A 2xx that says nothing known: the rows may well be there, a person decides, and the lane goes on."""
    world = World()
    world.haihai.faults.add(Fault("garbage", times=5))
    sign_up(world, 1)
    world.pass_minutes(1)
    sign_up(world, 2)
    world.pass_minutes(90)

    assert world.states() == {"held": 1, "delivered": 1}


def test_a_refused_group_holds_its_key_and_its_rows_wait() -> None:
    """A wrong gid is the key's fault, not the rows': alarm, the other keys go on, and after the mend all is sent."""
    world = World()
    del world.haihai.account.groups["12"]
    sign_up(world, 1)
    world.pass_minutes(5)

    ((lane, key, rows),) = world.relay.operator.held_keys()
    assert (lane, rows, world.states()) == (LANE, 1, {"waiting": 1})
    assert any(cause.startswith("key:") for cause, _, _ in world.journal.notices)

    sign_up(world, 2)
    world.pass_minutes(60)

    assert len(world.transport.sent) == 1

    world.haihai.account.groups["12"] = "ニュース"
    world.relay.operator.release_key(lane, key.name)
    world.pass_minutes(2)

    assert world.states() == {"delivered": 2}


def test_a_mended_group_takes_the_waiting_rows_along() -> None:
    """The gid in relay.toml was wrong: after the mend, releasing the key sends the old rows to the right group."""
    world = World(CONFIG.replace("gid = 12", "gid = 99"))
    for number in range(3):
        sign_up(world, number)
    sign_up(world, 1, "新しい名前")
    world.pass_minutes(2)
    ((lane, key, rows),) = world.relay.operator.held_keys()
    assert rows == 4

    world.config = World().config
    world.relay = world._relay()
    moved = world.relay.operator.release_key(lane, key.name)
    world.pass_minutes(10)

    assert moved == 4
    assert world.relay.operator.held_keys() == []
    assert world.states() == {"superseded": 5, "delivered": 3}
    assert world.haihai.customer("u1@example.co.jp").values["お名前"] == "新しい名前"  # type: ignore[union-attr]
    assert {("gid", "12")} == set(world.haihai.customer("u2@example.co.jp").states)  # type: ignore[union-attr]
    assert all(not item.get("pending") for item in world.table.items() if item["sk"] == "CONTACT")


@pytest.mark.parametrize("success_body", ["json", "any"])
def test_an_account_that_answers_without_json(success_body: str) -> None:
    """Plain text proves nothing by default: after a few tries the rows are held; with the setting it is a success."""
    world = World(CONFIG.replace('account = "api_sample"', f'account = "api_sample"\nsuccess_body = "{success_body}"'))
    send = world.transport.send

    def answer_in_plain_text(call: Call, *, timeout_seconds: float) -> Reply | NoReply:
        reply = send(call, timeout_seconds=timeout_seconds)
        return replace(reply, headers={"content-type": "text/plain"}, body=b"OK") if isinstance(reply, Reply) else reply

    world.transport.send = answer_in_plain_text  # type: ignore[method-assign]
    sign_up(world, 1)
    world.pass_minutes(120)

    assert world.states() == ({"held": 1} if success_body == "json" else {"delivered": 1})
    assert len(world.transport.sent) == (5 if success_body == "json" else 1)


def test_an_operator_may_search_for_the_row_at_fault() -> None:
    """By halves, within eight calls, the one row that the vendor refuses is found; the others arrive."""
    world = World()
    for number in range(8):
        sign_up(world, number)
    world.haihai.faults.add(Fault("status", times=99, status=400, body='{"code":400}', match="u5@example.co.jp"))
    world.pass_minutes(1)
    ((lane, key, _),) = world.relay.operator.held_keys()

    world.relay.operator.release_key(lane, key.name, bisect_calls=8)
    world.pass_minutes(60)

    assert world.states() == {"delivered": 7, "dead": 1}
    (dead,) = world.relay.operator.listed(State.DEAD)
    assert dead.payload["メールアドレス"] == "u5@example.co.jp"


def test_a_file_that_is_too_large_is_halved() -> None:
    """A 413 sends half as many rows next time, and more again once that works."""
    world = World()
    for number in range(8):
        sign_up(world, number)
    world.haihai.faults.add(Fault("status", times=2, status=413, body="too large"))
    world.pass_minutes(30)

    assert world.states() == {"delivered": 8}


def test_a_registration_and_a_stop_go_in_order_and_apart() -> None:
    """The stop is urgent, but the older registration goes first, and the file before it has time to be worked off."""
    world = World()
    sign_up(world, 0)
    world.pass_minutes(1)
    crm(world, 1, "2026-11-21T10:01:00+09:00", name="山田")
    crm(world, 2, "2026-11-21T10:02:00+09:00", "stopped")
    world.pass_minutes(10)

    customer = world.haihai.customer("taro@example.co.jp")
    assert customer is not None
    assert (customer.values["お名前"], customer.states["gid", "12"]) == ("山田", "配信停止")
    gap = world.transport.sent[2].at - world.transport.sent[1].at  # type: ignore[operator]
    assert timedelta(minutes=5) <= gap <= timedelta(minutes=7)


def test_an_older_registration_does_not_undo_a_stop() -> None:
    """A webhook that comes late and is older than the delivered opt-out is superseded, not sent."""
    world = World()
    crm(world, 2, "2026-11-21T09:30:00+09:00", "stopped")
    world.pass_minutes(2)
    crm(world, 1, "2026-11-21T09:00:00+09:00", name="山田")
    world.pass_minutes(20)

    assert world.states() == {"delivered": 1, "superseded": 1}
    assert world.haihai.customer("taro@example.co.jp").states["gid", "12"] == "配信停止"  # type: ignore[union-attr]


def test_reordered_updates_end_with_the_newest_values() -> None:
    """Updates that come in any order leave the newest value of each field at the vendor."""
    world = World()
    crm(world, 3, "2026-11-21T09:03:00+09:00", name="三")
    world.pass_minutes(5)
    crm(world, 1, "2026-11-21T09:01:00+09:00", name="一")
    crm(world, 2, "2026-11-21T09:02:00+09:00", name="二")
    world.pass_minutes(10)

    assert world.haihai.customer("taro@example.co.jp").values["お名前"] == "三"  # type: ignore[union-attr]
    assert world.states() == {"delivered": 1, "superseded": 2}


def test_a_stop_uses_the_reserve_when_the_day_is_used_up() -> None:
    """An opt-out does not wait for midnight: calls are kept back for it."""
    world = World()
    for _ in range(228):
        sign_up(world, len(world.transport.sent))
        world.clock.move_to(world.clock.now() + timedelta(seconds=221))
        world.pass_minutes(0)
        world.relay.tick()
        world.answer_bells()
    used = world.relay.operator.lane_status(LANE).used
    assert used >= 225

    spent = world.relay.operator.lane_status(LANE)
    while spent.used < 228:
        sign_up(world, 1_000 + spent.used)
        world.clock.move_to(world.clock.now() + timedelta(seconds=30))
        world.relay.tick()
        world.answer_bells()
        spent = world.relay.operator.lane_status(LANE)
        if world.clock.now() > MIDNIGHT - timedelta(minutes=5):
            break
    crm(world, 2, "2026-11-21T09:30:00+09:00", "stopped")
    world.answer_bells()

    assert world.haihai.customer("taro@example.co.jp").states["gid", "12"] == "配信停止"  # type: ignore[union-attr]


def test_lost_messages_and_bells_are_mended_by_the_sweeper() -> None:
    """SQS forgets everything: the next minute finds the rows in the index and sends the messages again."""
    world = World()
    sign_up(world, 1)
    world.submit("contact", {"email": "taro@example.co.jp", "sei": "山田", "mei": "太郎"})
    for queue in (*world.backlogs.values(), world.bell):
        queue._messages.clear()
    world.pass_minutes(3)

    assert world.states() == {"delivered": 2}


def test_messages_that_come_twice_change_nothing() -> None:
    """Duplicated backlog messages and bells cause no second call."""
    world = World()
    sign_up(world, 1)
    for _ in range(5):
        world.relay.tick()
        for queue in world.backlogs.values():
            queue.send(*[body for _, body, _ in list(queue._messages.values())])
    world.pass_minutes(10)

    assert world.states() == {"delivered": 1}
    assert len(world.transport.sent) == 1


def test_two_workers_at_once_make_one_call() -> None:
    """While one worker is in the midst of the call, a second one that ignores the lease finds the call open."""
    world = World()
    sign_up(world, 1)
    calls: list[int] = []

    def meanwhile(_seconds: float) -> None:
        if not calls:
            calls.append(1)
            lease = [item for item in world.table.items() if item["sk"] == "LEASE"]
            world.table.write(Delete(key=Key(lease[0]["pk"], lease[0]["sk"])))
            world.relay.ring(f'{{"lane": "{LANE}"}}', deadline=world.clock.now() + timedelta(seconds=120))

    world.transport._pause = meanwhile
    world.pass_minutes(5)

    assert len(world.transport.sent) == 1
    assert world.states() == {"delivered": 1}


@pytest.mark.parametrize("counts", ["all", "accepted"])
@pytest.mark.parametrize("vendor", ["accepted", "all"])
def test_the_vendors_own_count_stays_below_its_limit(counts: str, vendor: str) -> None:
    """Whether the vendor counts refused calls or not, and whichever way we count, 240 a day are never exceeded."""
    config = CONFIG.replace(
        'account = "api_sample"', f'account = "api_sample"\ncounts = "{counts}"\ngap_seconds_min = 1'
    )
    world = World(config)
    world.haihai.change_switches({"quota_counts": vendor})
    world.haihai.faults.add(Fault("status", times=30, status=400, body='{"code":400}'))
    for number in range(100):
        sign_up(world, number)
        world.pass_minutes(5)
        for lane, key, _ in world.relay.operator.held_keys():
            world.relay.operator.release_key(lane, key.name)

    assert world.haihai.calls_today <= 240
    assert world.states()["delivered"] == 100
