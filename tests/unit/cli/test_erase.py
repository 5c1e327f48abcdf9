"""
`ekiden erase`: a plan first, then a receipt.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.sandbox.faults import Fault
from tests.scenarios.world import World
from tests.unit.cli.conftest import Ekiden, flat

TARO = "taro@example.co.jp"


@pytest.fixture
def world() -> World:
    """
    One delivered lead.
    """
    world = World()
    world.submit("contact", {"email": TARO, "sei": "山田", "mei": "太郎"})
    return world


def test_without_yes_only_the_plan_is_shown(world: World, ekiden: Ekiden) -> None:
    """The submissions that would go, and that it cannot be undone; nothing is changed."""
    found = ekiden("erase", TARO)

    assert found.exit_code == 1
    assert world.deliveries()[0].event_id in found.output
    assert "Nothing was done. It cannot be undone" in flat(found)
    assert world.states() == {"delivered": 1}


def test_the_receipt_says_what_went(world: World, ekiden: Ekiden, tmp_path: Path) -> None:
    """On the screen and in the file: ids and counts, without the address."""
    file = tmp_path / "receipt.json"
    found = ekiden("erase", TARO, "--yes", "--receipt", str(file))
    receipt = json.loads(file.read_text())

    assert found.exit_code == 0
    assert "1 delivered" in found.output
    assert receipt["deliveries"] == {world.deliveries()[0].id: "delivered"}
    assert TARO not in found.output + file.read_text()
    assert world.states() == {"erased": 1}


def test_the_address_may_come_by_a_pipe(world: World, ekiden: Ekiden) -> None:
    """So that no shell history keeps it."""
    assert ekiden("erase", "-", "--yes", input=f"{TARO}\n").exit_code == 0
    assert world.states() == {"erased": 1}


def test_what_is_in_a_call_is_told(world: World, ekiden: Ekiden) -> None:
    """Status 1, and what to do."""
    world.haihai.faults.add(Fault("timeout_after", times=1, seconds=200))
    world.submit("newsletter", {"email": TARO, "name": "太郎"})
    world.pass_minutes(1)

    found = ekiden("erase", TARO, "--yes")

    assert found.exit_code == 1
    assert "run it again in a few minutes" in flat(found)


def test_a_stranger_is_not_here(ekiden: Ekiden) -> None:
    """It is said, and that is no failure."""
    found = ekiden("erase", "nobody@example.co.jp", "--yes")

    assert (found.exit_code, found.output) == (0, "Nothing of this person is here.\n")


def test_a_word_is_not_a_person(ekiden: Ekiden) -> None:
    """A name would take out everyone who bears it."""
    found = ekiden("erase", "太郎", "--yes")

    assert found.exit_code == 2
    assert "whole mail address" in found.output


def test_programs_get_the_plan_and_the_receipt(ekiden: Ekiden) -> None:
    """JSON in both cases."""
    plan = json.loads(ekiden("erase", TARO, "--json").output)
    receipt = json.loads(ekiden("erase", TARO, "--json", "--yes").output)

    assert plan["submissions"] == receipt["submissions"]
    assert receipt["in_flight"] == []


def test_uploaded_files_with_the_person_are_in_plan_and_receipt(world: World, ekiden: Ekiden) -> None:
    """A file that no source may read any more goes whole; the plan says so before."""
    name = "incoming/gone/list.csv"
    world.bucket.put(name, f"mail\n{TARO}\nother@example.co.jp\n".encode())

    plan = json.loads(ekiden("erase", TARO, "--json").output)
    shown = flat(ekiden("erase", TARO))
    receipt = json.loads(ekiden("erase", TARO, "--json", "--yes").output)

    assert plan["uploads"] == [name]
    assert f"1 uploaded file, whole: {name}" in shown
    assert receipt["files"] == [name]
    assert world.bucket.get(name) is None
