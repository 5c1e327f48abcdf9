"""
Our own code fails: one delivery, one key or one request pays for it, and nothing else.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.destinations import VENDORS
from chalicelib.destinations.kit import Vendor
from chalicelib.model import State
from chalicelib.relay import Relay
from tests.scenarios.world import World

TARO = {"email": "taro@example.co.jp", "sei": "山田", "mei": "太郎"}


def with_fault(world: World, slug: str, name: str, *, when: str = "") -> None:
    """Let one function of a vendor's module raise, for calls whose arguments mention `when`."""
    original = getattr(VENDORS[slug], name)

    def faulty(*args: Any) -> Any:
        if when in repr([getattr(each, "lines", each) for each in args]) or when in _payloads(args):
            raise ZeroDivisionError("taro@example.co.jp")
        return original(*args)

    vendors: dict[str, Vendor] = {**VENDORS, slug: replace(VENDORS[slug], **{name: faulty})}
    deps = world.relay._deps
    world.relay = Relay(deps.config, vendors, deps.ports)


def _payloads(args: tuple[Any, ...]) -> str:
    lines = [line for each in args for line in getattr(each, "lines", ())]
    return repr([dict(line.payload) for line in lines])


@pytest.mark.parametrize("name", ["prepare", "build"])
def test_a_lead_that_we_cannot_handle_is_a_dead_letter(name: str) -> None:
    """The visitor is thanked, the lead is kept with our traceback, and the next visitor's lead goes out."""
    world = World()
    with_fault(world, "satori", name, when="taro")

    first = world.submit("contact", TARO)
    second = world.submit("contact", {**TARO, "email": "hanako@example.co.jp"})

    assert (first.status, second.status) == (303, 303)
    assert world.states() == {"dead": 1, "delivered": 1}
    assert "our own fault" in world.relay.operator.listed(State.DEAD)[0].reason


def test_a_reply_that_we_cannot_read_is_no_success() -> None:
    """The vendor answered and our reader failed: maybe applied, so it is repeated, and never called delivered."""
    world = World()
    with_fault(world, "satori", "read")

    world.submit("contact", TARO)

    assert set(world.states()) == {"uncertain"}


def test_a_delivery_that_cannot_be_planned_dies_alone() -> None:
    """After three tries the one delivery is a dead letter; the lane has gone on all the time."""
    world = World()
    lane = world.relay.operator.lane_status("satori-satori").lane
    assert lane.attempts_max > 3
    with_fault(world, "satori", "rules")

    assert world.submit("contact", TARO).status == 303
    world.pass_minutes(30)

    assert world.states() == {"dead": 1}


def test_a_row_that_cannot_be_planned_does_not_stop_its_batch() -> None:
    """The other rows of the batch arrive; the row is a dead letter."""
    world = World()
    original = VENDORS["haihaimail"].rules
    seen: list[str] = []

    def faulty(operation: Any, settings: Any, destination: Any) -> Any:
        seen.append("x")
        if len(seen) == 1:
            raise ZeroDivisionError
        return original(operation, settings, destination)

    deps = world.relay._deps
    vendors = {**VENDORS, "haihaimail": replace(VENDORS["haihaimail"], rules=faulty)}
    world.relay = Relay(deps.config, vendors, deps.ports)
    for number in range(3):
        world.submit("newsletter", {"email": f"u{number}@example.co.jp", "name": "花子"})
    world.pass_minutes(2)

    assert world.states() == {"dead": 1, "delivered": 2}


def test_a_file_that_we_cannot_make_holds_its_key() -> None:
    """If the whole file fails, its key is held with an alarm, and the rows wait."""
    world = World()
    with_fault(world, "haihaimail", "pack")
    world.submit("newsletter", {"email": "taro@example.co.jp", "name": "太郎"})
    world.pass_minutes(3)

    assert world.states() == {"waiting": 1}
    assert len(world.relay.operator.held_keys()) == 1
    assert any(cause.startswith("fault:") for cause, _, _ in world.journal.notices)


def test_a_fault_in_the_door_keeps_the_submission() -> None:
    """A verified submission that we cannot even understand goes to the inbox, for the next version to unpack."""
    world = World()
    world.relay._door._take = None  # type: ignore[assignment, method-assign]

    answer = world.submit("contact", TARO)

    assert answer.status == 303
    assert len(world.inbox) == 1


def test_the_log_of_a_fault_does_not_quote_anybody() -> None:
    """A traceback in a log line names files and lines, not what the exception says."""
    world = World()
    with_fault(world, "satori", "rules")
    world.submit("contact", TARO)
    world.pass_minutes(5)

    assert any(fact == "fault" for fact, _ in world.journal.lines)
    assert "example.co.jp" not in repr(world.journal.lines)
