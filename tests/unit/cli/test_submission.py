"""
`ekiden submission`: the whole story of one knock.
"""

from __future__ import annotations

import json

from chalicelib.ports import Delete
from chalicelib.records.layout import event_key
from tests.scenarios.world import World
from tests.unit.cli.conftest import Ekiden


def submitted(world: World) -> str:
    world.submit("contact", {"email": "taro@example.co.jp", "sei": "山田", "mei": "太郎"})
    return world.deliveries()[0].event_id


def test_the_story_goes_from_the_form_to_the_vendor(world: World, ekiden: Ekiden) -> None:
    """What came, where from, each step with its time, and what the vendor answered."""
    name = submitted(world)
    shown = ekiden("submission", name, "--reveal").output

    assert "contact → satori upsert" in shown
    assert "evidence: page" in shown
    assert "delivered" in shown
    assert "hashcode = " in shown
    assert "2026-11-21 10:00:00" in shown
    assert shown.count("taro@example.co.jp") == 2


def test_a_delivery_leads_to_its_submission(world: World, ekiden: Ekiden) -> None:
    """Either id tells the same story."""
    name = submitted(world)

    assert ekiden("submission", f"{name}.1").output == ekiden("submission", name).output


def test_the_story_for_programs(world: World, ekiden: Ekiden) -> None:
    """The event with veiled fields, and its deliveries with their histories."""
    found = json.loads(ekiden("submission", submitted(world), "--json").output)

    assert (found["source"], found["kind"], found["fields"]["sei"]) == ("contact", "upsert", "••• (2)")
    assert [each["state"] for each in found["deliveries"][0]["history"]][-1] == "delivered"


def test_what_has_expired_is_told(world: World, ekiden: Ekiden) -> None:
    """The submission's own record goes first; its deliveries can still be seen."""
    name = submitted(world)
    world.table.write(Delete(key=event_key(name)))

    assert "has expired" in ekiden("submission", name).output
    assert json.loads(ekiden("submission", name, "--json").output)["deliveries"][0]["state"] == "delivered"


def test_an_unknown_submission(ekiden: Ekiden) -> None:
    """A sentence and status 1."""
    shown = ekiden("submission", "nonsense")

    assert (shown.exit_code, shown.output) == (1, "There is no submission nonsense\n")
