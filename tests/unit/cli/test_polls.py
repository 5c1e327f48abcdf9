"""
`ekiden polls` and `polls run`.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.sandbox.faults import Fault
from tests.scenarios.test_polls import STOPPED, Stopped, world_with
from tests.scenarios.world import CONFIG, World
from tests.unit.cli.conftest import Ekiden, Make, flat


@pytest.fixture
def listed() -> tuple[World, Stopped]:
    """
    A relay that asks 配配メール who has stopped.
    """
    return world_with("taro@example.co.jp")


@pytest.fixture
def world(listed: tuple[World, Stopped]) -> World:
    """
    The same, for the command line.
    """
    return listed[0]


def test_the_list_shows_how_far_and_when_next(world: World, ekiden: Ekiden) -> None:
    """An operator sees what is asked for, what came of it, and when it is asked again."""
    before = flat(ekiden("polls"))
    world.pass_minutes(2)
    shown = flat(ekiden("polls"))

    assert ("never" in before, "at once" in before) == (True, True)
    assert "配信停止/禁止顧客一覧取得" in shown
    assert "1 new" in shown
    assert "2026-11-21 10:30" in shown
    assert "every 30 min" in shown


def test_programs_read_the_same(world: World, ekiden: Ekiden) -> None:
    """Times with their offset, counts as numbers."""
    world.pass_minutes(2)
    (found,) = json.loads(ekiden("polls", "--json").output)["polls"]

    assert (found["poll"], found["rows"], found["new"], found["stands_still"]) == ("stopped", 1, 1, None)
    assert found["watermark"] == "2026-11-21T10:00:00+09:00"
    assert found["next_run_at"] == "2026-11-21T10:30:00+09:00"


def test_one_that_stands_still_says_why_and_what_to_do(world: World, ekiden: Ekiden) -> None:
    """What the vendor answered is shown with the command that asks again, and that works."""
    world.haihai.faults.add(Fault("html_200"))
    world.pass_minutes(1)
    stands = ekiden("polls").output
    ran = ekiden("polls", "run", "stopped")
    world.answer_bells()

    assert "it is a page" in " ".join(stands.split())
    assert "→ ekiden polls run stopped" in stands
    assert ran.exit_code == 0
    assert len(world.deliveries()) == 1
    assert "stands still" not in ekiden("polls").output


def test_a_poll_that_is_not_there_is_told(ekiden: Ekiden) -> None:
    """With the names of those that are."""
    found = ekiden("polls", "run", "nobody")

    assert found.exit_code == 1
    assert "relay.toml has no poll nobody. It has: stopped" in flat(found)


def test_a_relay_without_polls_says_so(typed: Make) -> None:
    """No empty table."""
    found = typed(connect=lambda *_: World().relay)("polls")

    assert "has no poll" in found.output


def test_nobody_is_told_to_send_to_a_source_that_is_asked(tmp_path: Path, typed: Make) -> None:
    """`ekiden senders` leaves it out; a sample of a row may still be tried."""
    file = tmp_path / "relay.toml"
    file.write_text(CONFIG + STOPPED, encoding="utf-8")
    row = tmp_path / "row.json"
    row.write_text('{"メールアドレス": "taro@example.co.jp"}', encoding="utf-8")
    run = typed(base=lambda _stage, _config: "https://relay.example.co.jp/api")
    sources = json.loads(run("--config", str(file), "senders", "--json").output)["sources"]
    tried = run("--config", str(file), "try", str(row), "--source", "stopped")

    assert "stopped" not in [each["source"] for each in sources]
    assert "reject" in tried.output
