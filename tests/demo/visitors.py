"""
The stories of SATORI: the hashcode on the thank-you page, a silent vendor, a double click, a webhook sent twice.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier
from typing import Any

from chalicelib.model import Delivery, State
from tests.demo.expectations import Expect
from tests.demo.moments import in_words
from tests.demo.play import Play
from tests.demo.sending import Landed, Visitor

TARO = "taro@example.co.jp"
HANAKO = "hanako@example.co.jp"
JIRO = "jiro@example.co.jp"
SABURO = "saburo@example.co.jp"
KAORI = "kaori@example.co.jp"
SLOW_SECONDS = 1.0
WAITED_SECONDS_MIN = 0.3
"""
A click that had not to wait for the other one is answered much sooner.
"""

ANSWER_SECONDS_EXTRA = 1.0
"""
What a request may take on top of the form's patience: its way there and back, and a cold start.
"""


def hashcodes(play: Play) -> None:
    """
    A visitor's form, once over v4 and once over v3: the thank-you page carries the hashcode that SATORI has just given.
    """
    play.chapter("1  A form, SATORI's hashcode, and the thank-you page", "a visitor's form")
    fields = {"your-email": TARO, "sei": "山田", "mei": "太郎", "company": "株式会社サンプル", "tel": "03-1234-5678"}
    fields |= {"topic": "見積り", "message": "見積りをお願いします。", "newsletter": "on", "agree": "on"}
    landed, browser = play.visit("contact", fields, TARO)
    _reads_own(play, Expect.V4_HASHCODE, landed, TARO)
    known = play.books.lead(TARO).get("browsers", [])
    play.expect(Expect.BROWSER_BOUND, f"browser {browser}", met=bool(browser) and browser in known)

    landed, _ = play.visit("download", {"email": HANAKO, "name": "佐藤 花子"}, HANAKO)
    _reads_own(play, Expect.V3_HASHCODE, landed, HANAKO)

    play.carry(play.haihai, "the newsletter's row goes to 配配メール")
    both = bool(play.books.lead(TARO)) and TARO in play.books.rows()
    play.expect(Expect.FAN_OUT, "both have the visitor" if both else "one of them has not", met=both)


def _reads_own(play: Play, name: Expect, landed: Landed, address: str) -> None:
    own = play.books.lead(address).get("hashcode", "")
    met = landed.status == 303 and bool(own) and landed.tag == f"{own}-00"
    play.expect(name, f"c = {landed.tag or '(none)'}, after {in_words(landed.seconds)}", met=met)


def silent_vendor(play: Play) -> None:
    """
    SATORI accepts no call: the visitor notices nothing, and the lead arrives when it is back.
    """
    play.chapter("4  SATORI is down", "SATORI down")
    play.books.go_wrong(play.running.at.satori, {"kind": "down"})
    landed, _ = play.visit("contact", _contact(JIRO, "鈴木", "次郎"), JIRO)
    thanked = landed.status == 303 and "/thanks" in landed.page and landed.tag == ""
    play.expect(Expect.DOWN_THANKED, f"thanked after {in_words(landed.seconds)}", met=thanked)
    play.pass_to(play.next_try(play.satori), "tried again; SATORI is still down")
    missing = not play.books.lead(JIRO)

    play.books.go_wrong(play.running.at.satori)
    play.carry(play.satori, "SATORI is back; tried again")
    found = _to_satori(play, JIRO)
    arrived = missing and bool(play.books.lead(JIRO)) and [each.state for each in found] == [State.DELIVERED]
    told = ", ".join(f"{each.state} after {each.attempts + 1} tries" for each in found) or "no delivery"
    play.expect(Expect.DOWN_DELIVERED, told, met=arrived)


def double_click(play: Play) -> None:
    """
    The same form twice at the same moment, while SATORI is slow: one lead, and both windows show the same.
    """
    play.chapter("5  The same thing twice", "the same twice")
    play.books.go_wrong(play.running.at.satori, {"kind": "slow", "times": 1, "seconds": SLOW_SECONDS})
    before = len(play.books.satori()["calls"])
    with play.show.busy("a double click while SATORI is slow"):
        first, second = _click_twice(play, _contact(SABURO, "田中", "三郎"))
    play.note([SABURO], accepted=True)
    calls = len(play.books.satori()["calls"]) - before
    found, own = _to_satori(play, SABURO), play.books.lead(SABURO).get("hashcode", "")
    same = first.location == second.location and f"c={own}-00" in first.location and bool(own)
    play.expect(Expect.DOUBLE_ONE, f"{len(found)} delivery, {calls} call", met=(len(found), calls) == (1, 1))
    play.expect(Expect.DOUBLE_SAME, first.location.rpartition("/")[2], met=same)
    form = play.running.config.sources["contact"].form
    patience = form.patience_seconds if form else 0.0
    spans = sorted((first.seconds, second.seconds))
    within = spans[0] >= WAITED_SECONDS_MIN and spans[1] <= patience + ANSWER_SECONDS_EXTRA
    told = f"{in_words(first.seconds)} and {in_words(second.seconds)}, patience {patience:.0f} s"
    play.expect(Expect.DOUBLE_PATIENCE, told, met=within)


def _click_twice(play: Play, fields: dict[str, str]) -> tuple[Landed, Landed]:
    both_ready = Barrier(2, timeout=10)

    def click() -> Landed:
        with closing(Visitor(play.running.at.website, play.running.at.relay)) as visitor:
            both_ready.wait()
            return visitor.click("contact", fields)

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.submit(click), pool.submit(click)
        return first.result(), second.result()


def webhook_twice(play: Play) -> None:
    """
    A CRM that heard no answer sends the event again, under the same id.
    """
    at = play.running.now().isoformat(timespec="seconds")
    event: dict[str, Any] = {"id": "crm-4711", "type": "changed", "updated_at": at, "email": KAORI}
    event |= {"name": "高橋 香織", "rank": "A", "mail_ok": True}
    first = play.webhook(event)
    play.running.settle()
    second = play.webhook(event, again=True)
    play.carry(play.haihai, "the CRM's contact goes to 配配メール")
    found = [str(each.destination) for each in play.books.by_address(KAORI) if each.state is State.DELIVERED]
    logged = sum(entry["email"] == KAORI for entry in play.books.satori()["action_log"])
    once = sorted(found) == ["haihai", "satori"] and logged == 1 and KAORI in play.books.rows()
    play.expect(Expect.WEBHOOK_ONE, f"delivered once to {' and '.join(sorted(found)) or 'nobody'}", met=once)
    same = bool(first["ids"]) and first["ids"] == second["ids"] and second["duplicate"] and not first["duplicate"]
    play.expect(Expect.WEBHOOK_SAME, f"id {', '.join(second['ids'])}", met=same)


def _contact(address: str, sei: str, mei: str) -> dict[str, str]:
    return {
        "your-email": address,
        "sei": sei,
        "mei": mei,
        "topic": "その他",
        "message": "はじめまして。",
        "agree": "on",
    }


def _to_satori(play: Play, address: str) -> list[Delivery]:
    return [each for each in play.books.by_address(address) if each.destination == "satori"]
