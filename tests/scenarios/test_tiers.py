"""
Rows of files beside what comes by itself, where something is in the way: nobody waits for a row, and no row is stuck.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from chalicelib.errors import StoreUnavailable
from chalicelib.model import Call, State
from chalicelib.ports import Key, Update
from chalicelib.records.layout import delivery_key, stamp
from tests.scenarios.test_imports import HAIHAI, LIST, SATORI, csv_of, made, upload
from tests.scenarios.world import CONFIG, World

_REGISTER = 'operation = "register"\n[routes.settings]\ngid = '
OTHER_GROUP = (CONFIG + LIST).replace(f"{_REGISTER}12", f"{_REGISTER}13", 1)
"""
Newsletter forms go to group 13, files to group 12: two batch keys.
"""
SMALL_CALLS = OTHER_GROUP.replace('account = "api_sample"', 'account = "api_sample"\nrows_max = 10')


def delivered(world: World, source: str) -> int:
    return sum(each.source == source and each.state is State.DELIVERED for each in world.deliveries())


def test_a_group_that_only_a_file_fills_lets_forms_of_another_go_first() -> None:
    """The file's call was due before; the form of another group takes the first call, and the file the next ones."""
    world = World(SMALL_CALLS)
    upload(world, csv_of(25))
    world.read_files()
    world.clock.sleep(5)
    world.submit("newsletter", {"email": "form@example.co.jp", "name": "髙﨑"})
    world.pass_minutes(1)
    assert (delivered(world, "newsletter"), delivered(world, "list")) == (1, 0)

    world.pass_minutes(20)

    assert world.states() == {"delivered": 26}


def test_forms_without_end_do_not_keep_a_file_waiting_for_ever() -> None:
    """Every call could be filled with forms of another group; the file still gets one within about an hour."""
    world = World(SMALL_CALLS)
    upload(world, csv_of(25))
    for minute in range(75):
        world.submit("newsletter", {"email": f"form{minute}@example.co.jp", "name": "髙﨑"})
        world.pass_minutes(1)

    assert delivered(world, "list") == 10
    assert delivered(world, "newsletter") > 60


def test_a_file_that_needs_many_calls_shares_them() -> None:
    """Two groups with long lists take turns, though one of them was there first."""
    mine = SMALL_CALLS.replace('from = "newsletter"', 'from = "leads"', 1)
    world = World(mine.replace('"メールアドレス" = "email"\n"お名前"', '"メールアドレス" = "mail"\n"お名前"', 1))
    upload(world, csv_of(40))
    upload(world, csv_of(40, name="佐藤"), "leads")
    world.read_files()
    world.pass_minutes(14)

    assert world.haihai.calls_today == 4
    rows = [each for each in world.deliveries() if each.destination == "haihai" and each.state is State.DELIVERED]
    assert Counter(each.source for each in rows) == {"list": 20, "leads": 20}


def test_rows_that_may_not_go_do_not_stop_those_behind_them() -> None:
    """A dozen rows at the head wait for something else; the rows behind them are sent meanwhile."""
    world = made()
    world.relay.operator.pause(SATORI, "not yet")
    upload(world, csv_of(30), "leads")
    world.read_files()
    for each in sorted(world.deliveries(), key=lambda each: each.id)[:12]:
        lease = {"lease": "another call", "lease_until": stamp(world.clock.now() + timedelta(hours=1))}
        world.table.write(Update(key=Key(f"CONTACT#{SATORI}#{each.contact}", "CONTACT"), set=lease))
    world.relay.operator.resume(SATORI)
    world.pass_minutes(3)

    assert world.states() == {"delivered": 18, "waiting": 12}


def test_a_form_that_backs_off_does_not_stop_the_rows() -> None:
    """Of one visitor two submissions wait for an hour; a file's rows take the calls that nobody needs."""
    world = made()
    world.relay.operator.pause(SATORI, "not yet")
    for name in ("山", "川"):
        world.submit("contact", {"email": "v@example.co.jp", "sei": name, "mei": "一"})
    first = min(world.deliveries(), key=lambda each: each.id)
    later = stamp(world.clock.now() + timedelta(hours=1))
    world.table.write(Update(key=delivery_key(first.id), set={"after": later}))
    upload(world, csv_of(20), "leads")
    world.read_files()
    world.relay.operator.resume(SATORI)
    world.pass_minutes(3)

    assert world.states() == {"delivered": 20, "waiting": 2}


def test_no_row_is_begun_that_the_worker_may_not_live_to_settle() -> None:
    """A vendor that takes 15 s, and many rows: the worker leaves in time, and the next one goes on."""
    world = made()
    world.relay.operator.pause(SATORI, "not yet")
    upload(world, csv_of(40), "leads")
    world.read_files()
    world.relay.operator.resume(SATORI)
    world.clock.sleep(60)
    deadline = world.clock.now() + timedelta(seconds=120)
    ordinary, calls = world.transport.send, []

    def slow(call: Call, *, timeout_seconds: float) -> object:
        calls.append(world.clock.now())
        world.clock.sleep(15)
        return ordinary(call, timeout_seconds=timeout_seconds)

    world.transport.send = slow  # type: ignore[method-assign, assignment]
    world.relay._advancer.advance(SATORI, deadline=deadline)

    assert calls
    assert min(deadline - each for each in calls) >= timedelta(seconds=20 + 15)


def test_a_store_that_is_away_ends_the_round_of_rows() -> None:
    """One unanswered question is enough; no row is lost or counted as tried."""
    world = made()
    world.relay.operator.pause(SATORI, "not yet")
    upload(world, csv_of(5), "leads")
    world.read_files()
    world.relay.operator.resume(SATORI)
    asked: list[str] = []

    def away(name: str) -> str:
        asked.append(name)
        raise StoreUnavailable("SSM does not answer", maybe_applied=False)

    get = world.relay._deps.ports.secrets.get
    world.relay._deps.ports.secrets.get = away  # type: ignore[method-assign]
    world.relay._advancer.advance(SATORI, deadline=world.clock.now() + timedelta(seconds=120))
    assert len(asked) == 1
    world.relay._deps.ports.secrets.get = get  # type: ignore[method-assign]
    world.pass_minutes(3)

    assert world.states() == {"delivered": 5}


@pytest.mark.parametrize("rows", [3, 25])
def test_leftovers_ride_along_behind_forms(rows: int) -> None:
    """In the evening a form's call takes leftovers with it, even when no call of their own can be had."""
    world = World((CONFIG + LIST).replace('account = "api_sample"', 'account = "api_sample"\nrows_max = 10'))
    upload(world, csv_of(rows), leftovers=True)
    world.read_files()
    world.table.write(Update(key=Key(f"LANE#{HAIHAI}", "LANE"), set={"w:day#2026-11-21": 225}))
    world.pass_until(world.clock.now().replace(hour=13, minute=30))
    assert world.states() == {"waiting": rows}

    world.submit("newsletter", {"email": "form@example.co.jp", "name": "髙﨑"})
    world.pass_until(world.clock.now().replace(hour=14, minute=40))

    assert world.haihai.calls_today == 1
    assert delivered(world, "newsletter") == 1
    assert delivered(world, "list") == min(rows, 9)
