"""
What a form's script is told when it sends, and when it asks again with its receipt.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.model import Envelope, Response, State
from tests.sandbox.faults import Fault
from tests.scenarios.world import CONFIG, World

SITE = "https://www.example.co.jp"
TARO = {"email": "taro@example.co.jp", "sei": "山田", "mei": "太郎"}
NEWS = {"email": "taro@example.co.jp", "name": "山田"}
BOTH = (
    CONFIG.replace("[sources.crm]\n", "[sources.crm]\n")
    .replace('from = "newsletter"', 'from = "contact"')
    .replace('"お名前" = "name"', '"お名前" = "sei"', 1)
)
HAIHAI = "haihaimail-api-sample-import"


def sent(world: World, source: str, fields: dict[str, str]) -> dict[str, Any]:
    answer = world.submit(source, fields, accept="application/json")
    assert answer.status == 200
    told: dict[str, Any] = json.loads(answer.body)
    return told


def ask(
    world: World, event_id: str, *, token: str = "", origin: str = SITE, method: str = "GET", **headers: str
) -> Response:
    """A script asks what became of a submission."""
    envelope = Envelope(
        source="",
        method=method,
        headers={"origin": origin, **headers},
        query={"token": (token,)} if token else {},
        body=b"",
        received_at=world.clock.now(),
    )
    return world.relay.submission(envelope, event_id)


def test_a_script_is_told_where_each_delivery_is_and_by_when() -> None:
    """SATORI has it already; 配配メール will by a time, for people in two languages and for machines."""
    world = World(BOTH)

    told = sent(world, "contact", TARO)

    satori, haihai = told["deliveries"]
    assert (satori["destination"], satori["state"], satori["told"]["ja"]) == (
        "satori",
        "delivered",
        "SATORI 届きました",
    )
    assert (haihai["destination"], haihai["state"]) == ("haihai", "accepted")
    by = datetime.fromisoformat(haihai["by"])
    assert haihai["told"] == {"ja": f"配配メール 10:{by.minute:02} までに", "en": f"配配メール by 10:{by.minute:02}"}
    assert world.clock.now() < by <= world.clock.now() + timedelta(minutes=3)


def test_the_receipt_answers_later_and_the_time_was_kept() -> None:
    """By the time told the row is delivered, and the receipt says so."""
    world = World(BOTH)
    told = sent(world, "contact", TARO)

    world.pass_until(datetime.fromisoformat(told["deliveries"][1]["by"]))
    answer = ask(world, told["id"], token=told["receipt"])

    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == SITE
    assert answer.headers["Cache-Control"] == "no-store"
    found = json.loads(answer.body)
    assert found["id"] == told["id"]
    assert [each["state"] for each in found["deliveries"]] == ["delivered", "delivered"]
    assert "taro@example.co.jp" not in answer.body


def test_the_receipt_may_come_as_a_bearer() -> None:
    """Authorization keeps it out of addresses; the browser may ask first whether it may send that."""
    world = World()
    told = sent(world, "contact", TARO)

    assert ask(world, told["id"], authorization=f"Bearer {told['receipt']}").status == 200
    preflight = ask(world, told["id"], method="OPTIONS")
    assert (preflight.status, preflight.headers["Access-Control-Allow-Headers"]) == (204, "authorization")
    assert (
        "Access-Control-Allow-Headers"
        not in ask(world, told["id"], method="OPTIONS", origin="https://evil.example").headers
    )


def test_unknown_wrong_run_out_and_erased_are_one_answer() -> None:
    """Nobody can find out which submissions there are."""
    world = World()
    told = sent(world, "contact", TARO)
    other = sent(world, "newsletter", NEWS)
    answers = [
        ask(world, told["id"]),
        ask(world, told["id"], token=other["receipt"]),
        ask(world, told["id"], token=told["receipt"][:-1] + ("A" if told["receipt"][-1] != "A" else "B")),
        ask(world, "01JDXXXXXXXXXXXXXXXXXXXXXX", token=told["receipt"]),
        ask(world, "../LANE", token=told["receipt"]),
    ]
    world.relay.eraser.erase(world.relay.eraser.find("taro@example.co.jp"))
    answers.append(ask(world, told["id"], token=told["receipt"]))
    fresh = sent(world, "contact", {**TARO, "email": "hanako@example.co.jp"})
    world.clock.move_to(world.clock.now() + timedelta(days=8))
    answers.append(ask(world, fresh["id"], token=fresh["receipt"]))

    assert {(each.status, each.body) for each in answers} == {(404, answers[0].body)}


def test_a_foreign_page_cannot_read_the_answer() -> None:
    """Its browser keeps it from the script; the answer itself is for whoever has the receipt."""
    world = World()
    told = sent(world, "contact", TARO)

    assert (
        "Access-Control-Allow-Origin"
        not in ask(world, told["id"], token=told["receipt"], origin="https://evil.example").headers
    )


def test_a_paused_lane_has_no_time_but_a_reason() -> None:
    """What waits for the operator says so."""
    world = World()
    world.relay.operator.pause(HAIHAI, "by hand")

    (haihai,) = sent(world, "newsletter", NEWS)["deliveries"]

    assert "by" not in haihai
    assert haihai["waits_for"] == "person"
    assert haihai["told"]["ja"] == "配配メール 担当者の確認待ち"


def test_a_vendor_that_is_down_has_no_time() -> None:
    """After a failed file, who sends then is told that the other side does not answer."""
    world = World()
    world.haihai.faults.add(Fault("down"))
    sent(world, "newsletter", NEWS)
    world.pass_minutes(3)

    (haihai,) = sent(world, "newsletter", {**NEWS, "email": "jiro@example.co.jp"})["deliveries"]

    assert haihai["waits_for"] == "vendor"


def test_a_robot_is_told_what_a_person_is_told() -> None:
    """A filled honeypot is held; the answer, and the one to its receipt, have the same words as those of what waits."""
    world, honest = World(), World()

    robot = sent(world, "newsletter", {**NEWS, "_gotcha": "x"})
    person = sent(honest, "newsletter", NEWS)
    later = [
        json.loads(ask(each, told["id"], token=told["receipt"]).body)
        for each, told in ((world, robot), (honest, person))
    ]

    assert world.states() == {State.HELD: 1}
    assert {**robot, "receipt": "", "id": "", "deliveries": [{**robot["deliveries"][0], "id": ""}]} == {
        **person,
        "receipt": "",
        "id": "",
        "deliveries": [{**person["deliveries"][0], "id": ""}],
    }
    assert later[0]["deliveries"][0]["told"] == later[1]["deliveries"][0]["told"]


def test_a_dead_letter_waits_for_a_person() -> None:
    """配配メール's CSV has no emoji: no time is promised."""
    world = World()

    (haihai,) = sent(world, "newsletter", {**NEWS, "name": "😀"})["deliveries"]

    assert world.states() == {State.DEAD: 1}
    assert (haihai["state"], haihai["waits_for"]) == ("accepted", "person")


class Counting:
    """
    The table, with what is asked of it.
    """

    def __init__(self, table: Any) -> None:
        self._table = table
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        asked, method = self.asked, getattr(self._table, name)

        def counted(*given: Any, **named: Any) -> Any:
            asked.append(name)
            return method(*given, **named)

        return counted


@pytest.mark.parametrize(("accept", "extra"), [("text/html", 0), ("application/json", 1)])
def test_the_time_costs_one_read_and_only_a_script(accept: str, extra: int) -> None:
    """A window's answer costs nothing more than it did; a script's one read more of the table."""
    world = World()
    counting = Counting(world.table)
    world.table = counting  # type: ignore[assignment]
    world.relay = world._relay()

    world.submit("newsletter", NEWS, accept=accept)

    assert counting.asked == ["write", *["query"] * extra]


def test_a_table_that_goes_away_after_the_write_costs_the_time_only() -> None:
    """Stored is stored: the answer is a success, and says less."""
    world = World()

    class Gone(Counting):
        def query(self, *_: Any) -> Any:
            from chalicelib.errors import StoreUnavailable  # noqa: PLC0415

            raise StoreUnavailable("away")

    world.table = Gone(world.table)  # type: ignore[assignment]
    world.relay = world._relay()

    (haihai,) = sent(world, "newsletter", NEWS)["deliveries"]

    assert set(haihai) == {"id", "destination", "state"}
