"""
`ekiden status`, `pause`, `resume` and `ring`.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from unicodedata import east_asian_width

from chalicelib.cli.lanes import _stops
from chalicelib.model.lane import Breaker
from tests.sandbox.faults import Fault
from tests.scenarios.world import TEN, World
from tests.unit.cli.conftest import LANE, Ekiden, flat


def sign_up(world: World, number: int = 1) -> None:
    world.submit("newsletter", {"email": f"u{number}@example.co.jp", "name": "山田"})


def test_the_table_shows_quota_pace_and_what_waits(world: World, ekiden: Ekiden) -> None:
    """An operator sees at once how much of the day's calls is left, and since when something waits."""
    sign_up(world)
    world.pass_minutes(1)
    sign_up(world, 2)
    world.clock.move_to(TEN + timedelta(minutes=3))
    shown = ekiden("status").output

    assert "1 of 240 used" in shown
    assert "227 left, 12 kept" in shown
    assert "for 2 min" in shown
    assert "2026-11-21 10:03" in shown
    assert "no daily limit" in shown
    assert "0 deliveries dead" in shown


def test_programs_read_the_same(world: World, ekiden: Ekiden) -> None:
    """Numbers, times with their offset, and nothing that has to be parsed out of words."""
    sign_up(world)
    found = json.loads(ekiden("status", "--json").output)
    lane = next(each for each in found["lanes"] if each["lane"] == LANE)

    assert lane["quota"] == {"limit": 240, "used": 0, "reserved": 12, "left": 228}
    assert (lane["waiting"], lane["oldest"]) == (1, "2026-11-21T10:00:00+09:00")
    assert (found["dead"], found["held"]) == (0, 0)


def test_a_paused_lane_says_why_and_what_to_do(world: World, ekiden: Ekiden) -> None:
    """From pausing to resuming, each answer names the next command; meanwhile nothing is called."""
    paused = ekiden("pause", LANE, "--reason", "maintenance at the vendor")
    sign_up(world)
    world.pass_minutes(5)
    shown = flat(ekiden("status"))

    assert f"→ ekiden resume {LANE}" in paused.output
    assert "maintenance at the vendor" in shown
    assert "not before resume" in shown
    assert world.transport.sent == []

    ekiden("resume", LANE)
    world.pass_minutes(1)

    assert world.states() == {"delivered": 1}
    assert "paused" not in ekiden("status").output


def test_a_pause_without_a_reason_is_one_all_the_same(world: World, ekiden: Ekiden) -> None:
    """An empty reason stops the lane like any other."""
    ekiden("pause", LANE, "--reason", " ")
    sign_up(world)
    world.pass_minutes(1)

    assert world.states() == {"waiting": 1}


def test_a_closed_lane_says_until_when(world: World, ekiden: Ekiden) -> None:
    """The vendor refuses although the books have room: the reason, the time, and how to open it at once."""
    world.haihai.faults.add(Fault("early_429", times=1))
    sign_up(world)
    world.pass_minutes(1)
    shown = ekiden("status").output

    assert "closed until 2026-11-21 10:15" in shown
    assert f"→ ekiden resume {LANE}" in shown


def test_a_reason_that_ends_as_a_sentence_is_followed_by_one() -> None:
    """The cause of a closed lane ends with one full stop, whatever it says."""
    lane = World().relay.operator.status()[0]
    breaker = Breaker(kind="failing", reason="It could not be reached. Check base_url.", until=TEN + timedelta(hours=1))
    shut = replace(lane, state=replace(lane.state, breaker=breaker))
    ((words, _),) = _stops(shut, TEN)

    assert "Check base_url. It opens by itself" in words


def test_a_held_key_and_an_open_call_are_told(world: World, ekiden: Ekiden) -> None:
    """What keeps rows waiting is named, with the command that shows it."""
    del world.haihai.account.groups["12"]
    sign_up(world)
    world.pass_minutes(1)
    ((_, key, _),) = world.relay.operator.held_keys()
    assert f"→ ekiden held show {LANE}/{key.name}" in ekiden("status").output

    other = World()
    other.haihai.faults.add(Fault("lose_after", times=1, seconds=100))
    sign_up(other)
    other.pass_minutes(1)
    world.relay = other.relay
    assert "a call of 1 row is uncertain since 2026-11-21 10:00" in flat(ekiden("status"))


def test_addresses_in_a_vendors_words_are_not_shown(world: World, ekiden: Ekiden) -> None:
    """A reason may repeat what was sent."""
    world.relay.operator.pause(LANE, "refused: taro@example.co.jp")

    assert "taro@" not in ekiden("status").output
    assert "taro@" not in ekiden("status", "--json").output


def test_an_unknown_lane_is_answered_with_the_known_ones(ekiden: Ekiden) -> None:
    """A typing error costs one line of reading."""
    for deed in ("pause", "resume", "ring"):
        found = ekiden(deed, "satori")

        assert found.exit_code == 1
        assert f"The lanes are: {LANE}, satori-satori" in found.output


def test_ringing_wakes_one_lane_or_all(world: World, ekiden: Ekiden) -> None:
    """What waits goes without waiting for the minute."""
    sign_up(world)
    assert ekiden("ring", LANE).exit_code == 0
    world.answer_bells()
    assert world.states() == {"delivered": 1}

    assert f"Rung: {LANE}, satori-satori" in ekiden("ring").output


def test_tables_fit_eighty_columns(world: World, ekiden: Ekiden) -> None:
    """With a closed lane, waiting rows and Japanese reasons no line of the table is longer than the terminal."""
    world.haihai.faults.add(Fault("early_429", times=1))
    for number in range(1_200):
        sign_up(world, number)
    world.submit("newsletter", {"email": "a@example.co.jp", "name": "𠮷田" * 30})
    world.pass_minutes(1)
    world.clock.move_to(TEN + timedelta(hours=12, minutes=44))
    lines = [
        line
        for words in (("status",), ("dead", "list"), ("held", "list"))
        for line in ekiden(*words).output.splitlines()
        if not line.startswith("→")
    ]

    assert max(sum(2 if east_asian_width(each) in "WF" else 1 for each in line) for line in lines) <= 80


def test_hints_repeat_the_options_that_were_given(ekiden: Ekiden) -> None:
    """A command that is copied from the screen means the same stage and file."""
    shown = ekiden("--stage", "prod", "pause", LANE, "--config", "my relay.toml").output

    assert f"→ ekiden --config 'my relay.toml' --stage prod resume {LANE}" in shown
    assert f"→ ekiden resume {LANE}" in ekiden("pause", LANE, env={"EKIDEN_STAGE": "prod"}).output


def test_colours_only_where_somebody_looks(ekiden: Ekiden) -> None:
    """A pipe gets plain text."""
    assert "\x1b" not in ekiden("status").output
