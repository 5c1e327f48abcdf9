"""
An operator looks for a submission: by address, source, state and time, and never reads the whole table for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest

from chalicelib.adapters.memory import MemoryTable
from chalicelib.model import State
from chalicelib.ports import Item, Key, Put, Query
from chalicelib.relay.searching import LOOKED_AT_MAX, Found, Page, Wanted
from chalicelib.relay.viewing import OperatorError
from tests.scenarios.world import TEN, World


def form(world: World, number: int, source: str = "newsletter") -> None:
    fields = {"email": f"u{number}@example.co.jp", "name": f"名{number}", "sei": "山田", "mei": "太郎"}
    assert world.submit(source, fields).status == 303


def pages(world: World, wanted: Wanted, limit: int) -> list[Found]:
    found: list[Found] = []
    cursor = ""
    for _ in range(100):
        page: Page = world.relay.operator.search(wanted, limit=limit, cursor=cursor)
        found += page.found
        cursor = page.cursor
        if not cursor:
            return found
    pytest.fail("the pages have no end")


@pytest.fixture
def world() -> World:
    """
    Twelve people by newsletter and three by contact, a minute apart.
    """
    world = World()
    for number in range(12):
        form(world, number)
        if number % 4 == 0:
            form(world, number, "contact")
        world.clock.sleep(60)
    return world


def test_a_person_is_found_by_their_address(world: World) -> None:
    """However they write it: capitals and blanks make no other person. Both of their forms are found, newest first."""
    found = world.relay.operator.search(Wanted(address=" U4@Example.co.jp")).found

    assert [each.source for each in found] == ["contact", "newsletter"]
    assert {each.address for each in found} == {"u•••@example.co.jp"}
    assert world.relay.operator.search(Wanted(address="nobody@example.co.jp")).found == ()


def test_a_form_that_cannot_be_mapped_is_found_by_its_address_too(world: World) -> None:
    """A dead letter has no contact; its address stands among what came."""
    world.submit("newsletter", {"email": "emoji@example.co.jp", "name": "😀"})

    (found,) = world.relay.operator.search(Wanted(address="emoji@example.co.jp")).found
    assert [str(each.state) for each in found.deliveries] == ["dead"]
    assert "😀" not in found.deliveries[0].reason


def test_pages_follow_each_other_without_gap_or_repetition(world: World) -> None:
    """The newest first, each submission once, whatever the size of a page."""
    whole = pages(world, Wanted(), 100)

    assert len(whole) == 15
    assert [each.arrived_at for each in whole] == sorted((each.arrived_at for each in whole), reverse=True)
    for limit in (1, 4, 15):
        assert {each.event_id for each in pages(world, Wanted(), limit)} == {each.event_id for each in whole}
        assert len(pages(world, Wanted(), limit)) == 15


def test_source_state_and_time_narrow_a_search(world: World) -> None:
    """Everything that is given must hold."""
    assert len(pages(world, Wanted(source="contact"), 2)) == 3
    assert {each.source for each in pages(world, Wanted(source="contact"), 2)} == {"contact"}
    assert len(pages(world, Wanted(state=State.WAITING), 5)) == 12
    assert len(pages(world, Wanted(state=State.DELIVERED), 5)) == 3
    some = Wanted(source="newsletter", since=TEN + timedelta(minutes=2), until=TEN + timedelta(minutes=4))
    assert len(pages(world, some, 5)) == 3


def test_dead_and_held_are_found_by_state(world: World) -> None:
    """With the reason in short, so that a person knows where to go on."""
    world.submit("newsletter", {"email": "emoji@example.co.jp", "name": "😀"})
    world.pass_minutes(2)

    (found,) = pages(world, Wanted(state=State.DEAD), 5)
    assert "お名前" in found.deliveries[0].reason
    assert pages(world, Wanted(state=State.DEAD, source="contact"), 5) == []
    assert pages(world, Wanted(state=State.HELD), 5) == []


def test_a_replay_is_shown_with_what_it_replaced(world: World) -> None:
    """The summary names the dead letter and the delivery that took its place."""
    world.submit("newsletter", {"email": "emoji@example.co.jp", "name": "😀"})
    (dead,) = world.relay.operator.listed(State.DEAD)
    world.relay.operator.replay(dead.id, {"お名前": "吉田"})

    (found,) = world.relay.operator.search(Wanted(address="emoji@example.co.jp")).found
    assert [str(each.state) for each in found.deliveries] == ["superseded", "waiting"]


def test_an_erased_person_is_not_found_any_more(world: World) -> None:
    """The way to them goes with them; that something came at that time stays."""
    world.pass_minutes(10)
    eraser = world.relay.eraser
    eraser.erase(eraser.find("u4@example.co.jp"))

    assert world.relay.operator.search(Wanted(address="u4@example.co.jp")).found == ()
    whole = pages(world, Wanted(), 100)
    assert len(whole) == 15
    assert [each.address for each in whole].count("") == 2


def test_what_is_no_cursor_is_told(world: World) -> None:
    """A cursor that somebody made up is refused in words."""
    with pytest.raises(OperatorError, match="no cursor"):
        world.relay.operator.search(Wanted(), cursor="nonsense!")


class CountingTable(MemoryTable):
    """
    Counts the items that reads take out of the table; a scan is a fault.
    """

    reads = 0

    def get(self, keys: Sequence[Key]) -> list[Item | None]:
        self.reads += len(keys)
        return super().get(keys)

    def query(self, query: Query) -> list[Item]:
        found = super().query(query)
        self.reads += len(found)
        return found

    def scan(self) -> Iterator[Item]:
        pytest.fail("a search reads the whole table")


def test_a_search_is_as_cheap_in_a_full_table(world: World) -> None:
    """What a page reads is bound by the page, not by how much is stored."""
    table = CountingTable()
    table.write_many([[Put(item=item)] for item in world.table.items()])
    world.table = table
    world.relay = world._relay()
    for number in range(1_000, 3_000):
        form(world, number)
    table.reads = 0

    world.relay.operator.search(Wanted(address="u4@example.co.jp"))
    by_address, table.reads = table.reads, 0
    world.relay.operator.search(Wanted(), limit=25)
    newest, table.reads = table.reads, 0
    page = world.relay.operator.search(Wanted(state=State.SKIPPED))

    assert by_address <= 10
    assert newest <= 1_000
    assert page.looked_at == LOOKED_AT_MAX
    assert page.cursor
    assert table.reads <= 8 * LOOKED_AT_MAX
