"""
`ekiden held`: what a person must judge, and what a vendor refused as a whole.
"""

from __future__ import annotations

import json

import pytest

from chalicelib.model import State
from tests.sandbox.faults import Fault
from tests.scenarios.world import World
from tests.unit.cli.conftest import LANE, Ekiden, flat


@pytest.fixture
def suspect(world: World) -> str:
    """
    A form in which a robot filled the hidden field.
    """
    world.submit("contact", {"email": "robot@example.co.jp", "sei": "山田", "mei": "太郎", "_gotcha": "x"})
    return world.relay.operator.listed(State.HELD)[0].id


@pytest.fixture
def key(world: World) -> str:
    """
    A batch key that 配配メール refused, as its group does not exist.
    """
    del world.haihai.account.groups["12"]
    for number in range(4):
        world.submit("newsletter", {"email": f"u{number}@example.co.jp", "name": "山田"})
    world.pass_minutes(1)
    ((lane, found, _),) = world.relay.operator.held_keys()
    return f"{lane}/{found.name}"


def test_the_list_shows_keys_and_deliveries(suspect: str, key: str, ekiden: Ekiden) -> None:
    """What is held, why, how many rows wait behind a key, and the commands for both."""
    shown = ekiden("held", "list").output

    assert f"→ ekiden held release {key}\n" in shown
    assert f"→ ekiden held bisect {key}\n" in shown
    assert f"→ ekiden held show {suspect}\n" in shown
    assert "honeypot" in shown
    assert "robot@" not in shown


def test_programs_get_both_lists(suspect: str, key: str, ekiden: Ekiden) -> None:
    """Keys with their waiting rows, deliveries veiled."""
    found = json.loads(ekiden("held", "list", "--json").output)

    assert [f"{each['lane']}/{each['key']}" for each in found["keys"]] == [key]
    assert found["keys"][0]["waiting"] == 4
    assert found["deliveries"][0]["id"] == suspect
    assert found["deliveries"][0]["fields"]["email"] == "••• (19)"


def test_nothing_held_is_said(ekiden: Ekiden) -> None:
    """A sentence, not an empty table."""
    assert ekiden("held", "list").output == "Nothing is held.\n"


def test_a_key_is_shown_with_its_settings(key: str, ekiden: Ekiden) -> None:
    """The settings that the vendor refuses are what an operator has to mend."""
    shown = ekiden("held", "show", key).output

    assert "gid = 12" in shown
    assert "gid が不正です" in shown
    assert json.loads(ekiden("held", "show", key, "--json").output)["settings"]["gid"] == "12"


def test_a_released_delivery_goes(suspect: str, world: World, ekiden: Ekiden) -> None:
    """It was a person after all: the vendor gets the lead."""
    done = ekiden("held", "release", suspect)
    world.answer_bells()

    assert done.exit_code == 0
    assert f"released as {suspect[:-1]}2" in done.output
    assert world.states() == {"superseded": 1, "delivered": 1}


def test_a_released_key_sends_its_rows_again(key: str, world: World, ekiden: Ekiden) -> None:
    """After the group was made at the vendor, all rows arrive."""
    world.haihai.account.groups["12"] = "ニュース"
    done = ekiden("held", "release", key)
    world.pass_minutes(10)

    assert "4 rows will be sent again" in flat(done)
    assert world.states() == {"delivered": 4}


def test_a_search_finds_the_row_at_fault(world: World, ekiden: Ekiden) -> None:
    """By halves, at the cost of a few calls; the row becomes a dead letter, the others arrive."""
    for number in range(8):
        world.submit("newsletter", {"email": f"u{number}@example.co.jp", "name": "山田"})
    world.haihai.faults.add(Fault("status", times=99, status=400, body='{"code":400}', match="u5@example.co.jp"))
    world.pass_minutes(1)
    ((_, key, _),) = world.relay.operator.held_keys()
    done = ekiden("held", "bisect", f"{LANE}/{key.name}")
    world.pass_minutes(60)

    assert "Searching 8 rows" in done.output
    assert world.states() == {"delivered": 7, "dead": 1}


def test_one_wrong_name_does_not_stop_the_others(suspect: str, ekiden: Ekiden) -> None:
    """Each result stands beside its name; status 1 says that one was not done."""
    done = ekiden("held", "release", "nonsense.1", suspect, f"{LANE}/nope")

    assert done.exit_code == 1
    assert "There is no delivery nonsense.1" in flat(done)
    assert "released as" in done.output
    assert "2 of 3 stayed as before." in done.output


def test_dropping_needs_yes(suspect: str, world: World, ekiden: Ekiden) -> None:
    """The plan first, with status 1 and nothing done."""
    planned = ekiden("held", "drop", suspect)

    assert planned.exit_code == 1
    assert "Would drop 1 held delivery" in planned.output
    assert world.states() == {"held": 1}

    assert ekiden("held", "drop", suspect, "--yes").exit_code == 0
    assert world.states() == {"dropped": 1}


def test_what_could_not_be_understood_is_shown_on_request(world: World, ekiden: Ekiden) -> None:
    """The webhook's text, veiled, and in clear with --reveal."""
    world.webhook(b'{"oops": "taro@example.co.jp"}')
    name = world.relay.operator.listed(State.HELD)[0].id

    assert "taro@" not in ekiden("held", "show", name).output
    assert '"taro@example.co.jp"' in ekiden("held", "show", name, "--reveal").output
    assert "(not understood)" in ekiden("held", "list").output


def test_an_unknown_key_is_told(ekiden: Ekiden) -> None:
    """With the command that lists the known ones."""
    for deed in ("show", "bisect"):
        shown = ekiden("held", deed, f"{LANE}/nope")

        assert shown.exit_code == 1
        assert "See: ekiden held list" in shown.output
