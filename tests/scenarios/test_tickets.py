"""
SATORI answers after the visitor has gone on: the thank-you page hears the hashcode by its ticket, once.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from chalicelib.errors import StoreUnavailable
from chalicelib.model import Envelope, Response, State
from chalicelib.ports import Lost, Write, Written
from chalicelib.records.tickets import LIFE, POLLS_MAX
from tests.sandbox.faults import Fault
from tests.scenarios.world import CONFIG, World

SITE = "https://www.example.co.jp"
TARO = {"email": "taro@example.co.jp", "sei": "山田", "mei": "太郎"}


def late(world: World, fields: dict[str, str] = TARO) -> str:
    """A form that SATORI does not answer within the visitor's patience; the ticket of the thank-you page."""
    world.satori.faults.add(Fault("timeout_after", times=1, seconds=30))
    return ticket_of(world.submit("contact", fields))


def ticket_of(answer: Response) -> str:
    assert answer.status == 303
    address = urlsplit(answer.headers["Location"])
    found = parse_qs(address.query)
    assert "c" not in found
    return found.get("ekiden", [""])[0]


def exchange(world: World, ticket: str, origin: str = SITE) -> Response:
    """The thank-you page's script asks."""
    headers = {"content-type": "application/x-www-form-urlencoded"} | ({"origin": origin} if origin else {})
    body = urlencode({"ticket": ticket}).encode()
    return world.relay.ticket(
        Envelope(source="", headers=headers, body=body, received_at=world.clock.now()),
    )


def hashcode(world: World) -> str:
    customer = world.satori.customer("taro@example.co.jp")
    assert customer is not None
    return customer.hashcode


def test_a_late_hashcode_is_fetched_with_the_ticket() -> None:
    """Not yet, while the upsert is open; then once the parameter that the tag reads; then nothing any more."""
    world = World()
    ticket = late(world)

    before = exchange(world, ticket)
    world.pass_minutes(2)
    found, again = exchange(world, ticket), exchange(world, ticket)

    assert (before.status, json.loads(before.body)) == (202, {"status": "wait"})
    assert (found.status, json.loads(found.body)) == (200, {"query": {"c": f"{hashcode(world)}-00"}})
    assert found.headers["Access-Control-Allow-Origin"] == SITE
    assert found.headers["Cache-Control"] == "no-store"
    assert again.status == 404


def test_a_lane_with_a_fixed_address_gets_its_tag_bound_too() -> None:
    """It is never called inside the request, so that its hashcode always comes late."""
    world = World()
    lanes = {name: replace(lane, egress="fixed") for name, lane in world.config.lanes.items()}
    world.config = replace(world.config, lanes=lanes)
    world.relay = world._relay()
    ticket = ticket_of(world.submit("contact", TARO))

    world.answer_bells()

    assert json.loads(exchange(world, ticket).body)["query"] == {"c": f"{hashcode(world)}-00"}


def test_two_that_ask_at_once_get_one_hashcode() -> None:
    """The ticket is used up by a conditional write: who comes second to it gets nothing."""
    world = World()
    ticket = late(world)
    world.pass_minutes(2)
    write, overtaking = world.table.write, []

    def overtaken(*writes: Write) -> Written | Lost:
        if not overtaking:
            overtaking.append(0)
            overtaking[0] = exchange(world, ticket).status
        return write(*writes)

    world.table.write = overtaken  # type: ignore[method-assign]

    assert exchange(world, ticket).status == 404
    assert overtaking == [200]


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://www.example.co.jp", "null", "", SITE + ".evil.example"]
)
def test_a_foreign_page_gets_nothing_for_a_ticket(origin: str) -> None:
    """Whoever has seen the address cannot use it from a page of his own; the visitor's own page still can."""
    world = World()
    ticket = late(world)
    world.pass_minutes(2)

    foreign = exchange(world, ticket, origin)

    assert (foreign.status, json.loads(foreign.body)) == (404, {"status": "gone"})
    assert "Access-Control-Allow-Origin" not in foreign.headers
    assert exchange(world, ticket).status == 200


@pytest.mark.parametrize("guess", ["", "x", "A" * 43, "あ" * 43, "A" * 500, "../LANE#x", "A" * 42 + "\n"])
def test_a_guess_gets_what_a_used_ticket_gets(guess: str) -> None:
    """Unknown, used, foreign, run out: one answer."""
    world = World()
    late(world)

    assert (exchange(world, guess).status, exchange(world, guess).body) == (404, '{"status": "gone"}')


def test_a_ticket_runs_out() -> None:
    """After ten minutes it is nothing, whatever has been delivered."""
    world = World()
    ticket = late(world)
    world.pass_minutes(2)
    world.clock.move_to(world.clock.now() + LIFE)

    assert exchange(world, ticket).status == 404


def test_a_ticket_cannot_be_asked_about_without_end() -> None:
    """After forty questions it is gone."""
    world = World()
    ticket = late(world)

    answers = [exchange(world, ticket).status for _ in range(POLLS_MAX + 1)]

    assert answers == [202] * POLLS_MAX + [404]


def test_the_ticket_itself_is_nowhere_in_the_table_or_the_log() -> None:
    """Who reads the table cannot use one; nor does it stand for an address."""
    world = World()
    ticket = late(world)

    assert len(ticket) == 43
    assert ticket not in str(list(world.table.items()))
    assert ticket not in str(world.journal.lines)
    assert "example.co.jp" not in str(
        [{**each, "origin": ""} for each in world.table.items() if each["sk"] == "TICKET"]
    )


def test_each_visitor_has_a_ticket_of_his_own() -> None:
    """Also who sends the same form twice."""
    world = World()
    first = late(world)
    second = ticket_of(world.submit("contact", TARO))
    world.pass_minutes(2)

    assert first != second
    assert [exchange(world, each).status for each in (first, second)] == [200, 200]


def test_an_erased_person_has_no_hashcode_to_give() -> None:
    """What was erased meanwhile is gone."""
    world = World()
    ticket = late(world)
    world.pass_minutes(2)
    world.relay.eraser.erase(world.relay.eraser.find("taro@example.co.jp"))

    assert exchange(world, ticket).status == 404


def test_a_robot_gets_a_ticket_like_anybody() -> None:
    """What is held at the door is not to be told apart by the address that it leads to."""
    world = World()

    ticket = ticket_of(world.submit("contact", {**TARO, "_gotcha": "x"}))

    assert world.states() == {State.HELD: 1}
    assert exchange(world, ticket).status == 202


def test_no_ticket_where_no_hashcode_is_waited_for() -> None:
    """Neither after an answer in time, nor for a form that goes to 配配メール alone."""
    world = World()

    assert "ekiden=" not in world.submit("contact", TARO).headers["Location"]
    assert "ekiden=" not in world.submit("newsletter", {"email": "a@example.co.jp", "name": "山"}).headers["Location"]


def test_a_script_is_led_to_the_ticket_too() -> None:
    """The JSON answer's redirect is the same address."""
    world = World()
    world.satori.faults.add(Fault("timeout_after", times=1, seconds=30))

    told = json.loads(world.submit("contact", TARO, accept="application/json").body)

    assert told["redirect"].startswith(f"{SITE}/thanks?ekiden=")


def test_a_table_that_does_not_take_the_ticket_costs_only_that() -> None:
    """The visitor is thanked all the same; nothing is lost."""
    world = World()
    world.satori.faults.add(Fault("timeout_after", times=1, seconds=30))
    write = world.table.write

    def refuse_tickets(*writes: Write) -> Written | Lost:
        if any("TICKET" in str(each) for each in writes):
            raise StoreUnavailable("away")
        return write(*writes)

    world.table.write = refuse_tickets  # type: ignore[method-assign]
    answer = world.submit("contact", TARO)
    world.pass_minutes(2)

    assert answer.headers["Location"] == f"{SITE}/thanks"
    assert world.states() == {State.DELIVERED: 1}


def test_a_ticket_is_bound_to_the_page_that_the_visitor_was_sent_to() -> None:
    """A form that leads to another of its origins has its ticket good there, and only there."""
    other = "https://lp.example.co.jp"
    world = World(
        CONFIG.replace(
            'thanks = "https://www.example.co.jp/thanks"', f'thanks = "{SITE}/thanks"\nredirects = ["{other}"]', 1
        )
    )
    ticket = late(world, {**TARO, "_next": f"{other}/done"})
    world.pass_minutes(2)

    assert exchange(world, ticket).status == 404
    assert exchange(world, ticket, other).status == 200


def test_a_ticket_outlives_no_silence_of_the_store() -> None:
    """While the table does not answer, the page is told to try again, and the ticket is still good afterwards."""
    world = World()
    ticket = late(world)
    world.pass_minutes(2)
    get = world.table.get

    def away(*_: object) -> object:
        raise StoreUnavailable("away")

    world.table.get = away  # type: ignore[method-assign, assignment]
    assert exchange(world, ticket).status == 503

    world.table.get = get  # type: ignore[method-assign]
    world.clock.move_to(world.clock.now() + timedelta(seconds=5))
    assert exchange(world, ticket).status == 200
