"""
Where a vendor's documents leave a point open, the relay works under both readings: the same story under each.

The stories are in readings/, one file a vendor; `make readings` plays the same and prints a table.
"""

from __future__ import annotations

import pytest

from tests.sandbox.satori_switches import SatoriSwitches
from tests.scenarios.readings.__main__ import main, rows_of, table
from tests.scenarios.readings.catalogue import Play, Readings, catalogue, unread
from tests.scenarios.readings.satori import LANE
from tests.scenarios.world import CONFIG, World

PLAYS = [
    pytest.param(readings, play, id=f"{readings.vendor} {play.variant} {play.switch} {play.position}")
    for readings in catalogue()
    for play in readings.plays()
]


@pytest.mark.parametrize(("readings", "play"), PLAYS)
def test_a_vendor_is_served_under_every_reading(readings: Readings, play: Play) -> None:
    """The vendor's story ends as it should, whichever position the switch has."""
    readings.run(play)

    assert play.looked or play.switch in readings.uncalled or len(readings.variants) > 1


@pytest.mark.parametrize("readings", catalogue(), ids=lambda each: each.vendor)
def test_no_switch_is_left_out(readings: Readings) -> None:
    """Two positions of each are played; what a story names is a switch."""
    assert readings.gaps() == []


def test_every_sandbox_has_its_readings() -> None:
    """A sandbox with switches is played by a file of its own."""
    assert unread() == []


# ── the table ───────────────────────────────────────────────────────────────────────────────────────────────────────


def fails(play: Play) -> None:
    """
    A story of one good and one bad position.
    """
    world = World()
    play.on(world.satori)
    world.submit("contact", {"email": "taro@example.co.jp", "sei": "山田", "mei": "太郎"})
    if play.position == 401:
        raise ValueError("not as it should be")


def test_a_position_that_fails_or_is_never_looked_at_is_told() -> None:
    """Both are a NO in the table, with the reason below it; a switch of what is never called says so."""
    switches = type("Few", (), {"__annotations__": {}})
    hints = SatoriSwitches.__annotations__
    switches.__annotations__ = {name: hints[name] for name in ("forbidden", "http_code", "bulk_route")}
    switches.__module__ = SatoriSwitches.__module__
    readings = Readings(
        vendor="SATORI", switches=switches, story=fails, uncalled={"bulk_route": "no bulk", "http_code": "never"}
    )
    found = {(row.switch, row.position): (row.passed, row.why.strip().splitlines()[-1:]) for row in rows_of(readings)}

    assert found == {
        ("forbidden", "403"): ("NO", ["the story never made the sandbox look at this switch"]),
        ("forbidden", "401"): ("NO", ["ValueError: not as it should be"]),
        ("http_code", "mirror"): ("NO", ["declared as never called (never), but it was"]),
        ("http_code", "always_200"): ("NO", ["declared as never called (never), but it was"]),
        ("bulk_route", "optional"): ("not called: no bulk", []),
        ("bulk_route", "required"): ("not called: no bulk", []),
    }
    assert table(rows_of(readings)).splitlines()[1].split() == ["SATORI", "forbidden", "403", "NO"]


def test_the_table_ends_badly_where_anything_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    """A sandbox that nobody plays makes `make readings` fail, though every position played passes."""
    assert main(found=[], unplayed=["tests.sandbox.new_switches.NewSwitches: no file plays it"]) == 1
    assert main(found=[], unplayed=[]) == 0
    assert "not played: tests.sandbox.new_switches" in capsys.readouterr().out


# ── points that no switch has ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("forbidden", [401, 403])
@pytest.mark.parametrize("http_code", ["mirror", "always_200"])
def test_a_user_without_the_right_pauses_the_lane(forbidden: int, http_code: str) -> None:
    """Whichever way SATORI says that the keys' owner may not do this, the lane pauses and names the cause."""
    world = World()
    world.satori.change_switches({"permissions": (), "forbidden": forbidden, "http_code": http_code})

    world.submit("contact", {"email": "taro@example.co.jp", "sei": "山田", "mei": "太郎"})
    world.pass_minutes(5)

    assert world.states() == {"waiting": 1}
    assert "2025-10-21" in world.relay.operator.lane_status(LANE).state.paused_reason


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
