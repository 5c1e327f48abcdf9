"""
Lookups: a website's visitors find public answers, out of a share of the calls, and never anything else.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from chalice.test import Client

import app as doors
from chalicelib.errors import StoreUnavailable
from chalicelib.model import Envelope, Response
from tests.sandbox.faults import Fault
from tests.sandbox.maildealer_questions import Question
from tests.sandbox.wire import SandboxRequest, Spoken
from tests.scenarios.desk import FAQ, ORIGIN, PUSHES, Desk
from tests.scenarios.world import TEN

ROOT = Path(__file__).resolve().parents[2]
QUESTIONS = (
    Question(
        subject="料金について",
        category="料金",
        at=TEN,
        question="月額の料金はいくらですか。",
        answer="一万円です。",
        note="値引きは二割まで",
        person="佐藤",
        attachments=("price.pdf",),
    ),
    Question(subject="料金の秘密", category="料金", at=TEN, public=False, question="料金は", answer="部外秘"),
    Question(subject="解約", category="契約/解約", at=TEN, question="解約できますか。", answer="できます。"),
)


def faq(config: str = FAQ, questions: Sequence[Question] = QUESTIONS) -> Desk:
    return Desk(config, questions=questions)


def items(answer: Response) -> list[dict[str, str]]:
    assert answer.status == 200, answer.body
    found = json.loads(answer.body)["items"]
    assert isinstance(found, list)
    return found


def test_a_visitor_finds_public_answers_and_nothing_else() -> None:
    """Title, category, question, answer and date; no private question, no staff's note, name or attachment."""
    answer = faq().look_up("料金")
    (found,) = items(answer)

    assert set(found) == {"title", "category", "question", "answer", "updated"}
    assert found["answer"] == "一万円です。"
    assert not [secret for secret in ("部外秘", "秘密", "値引き", "佐藤", "price.pdf") if secret in answer.body]
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN


def test_a_private_answer_stays_private_whatever_the_vendor_sends() -> None:
    """A vendor that ignored the search for public ones would still not be passed on."""
    desk = faq()
    handle = desk.desk.handle

    def careless(request: SandboxRequest) -> Spoken:
        body = json.loads(request.body)
        body["search"]["searchStatus"] = 0
        return handle(replace(request, body=json.dumps(body).encode()))

    desk.desk.handle = careless  # type: ignore[method-assign]

    assert [each["title"] for each in items(desk.look_up("料金"))] == ["料金について"]


def test_the_same_question_is_asked_of_the_vendor_once() -> None:
    """A hundred visitors who ask alike, whatever their spelling, cost one call; later the answer is fresh again."""
    desk = faq()
    answers = {
        desk.look_up(text, visitor=f"192.0.2.{number}").body for number, text in enumerate(["料金", " 料金 "] * 50)
    }

    assert (len(answers), desk.calls("qa/get")) == (1, 1)

    desk.clock.move_to(TEN + timedelta(minutes=11))
    desk.desk.questions.clear()

    assert items(desk.look_up("料金")) == []
    assert desk.calls("qa/get") == 2


def test_a_browser_keeps_the_answer_as_long_as_it_holds() -> None:
    """With its tag it is told that nothing has changed, and how long that is true."""
    desk = faq()
    first = desk.look_up("料金")
    desk.clock.move_to(TEN + timedelta(minutes=2))
    again = desk.look_up("料金", if_none_match=first.headers["ETag"])

    assert first.headers["Cache-Control"] == "public, max-age=600"
    assert (again.status, again.body, again.headers["Cache-Control"]) == (304, "", "public, max-age=480")


def test_an_older_answer_serves_while_the_vendor_is_away() -> None:
    """For an hour what was true before is better than nothing; then it is said that nothing can be said."""
    desk = faq()
    desk.look_up("料金")
    desk.desk.faults.add(Fault("status", times=1_000, status=500))
    desk.clock.move_to(TEN + timedelta(minutes=30))
    stale = desk.look_up("料金")
    desk.clock.move_to(TEN + timedelta(minutes=90))
    gone = desk.look_up("料金")

    assert len(items(stale)) == 1
    assert stale.headers["Cache-Control"] == "public, max-age=0"
    assert (gone.status, json.loads(gone.body)["code"]) == (503, "unavailable")
    assert int(gone.headers["Retry-After"]) > 0


def test_a_visitor_who_asks_without_end_is_asked_to_wait() -> None:
    """So many new questions a minute, by address; others go on, and so does the same visitor a minute later."""
    desk = faq(FAQ + "per_visitor_per_minute = 3\n")
    for number in range(3):
        desk.look_up(f"質問{number}")
        desk.clock.move_to(desk.clock.now() + timedelta(seconds=13))
    refused = desk.look_up("質問9")
    other = desk.look_up("質問9", visitor="192.0.2.2")
    desk.clock.move_to(TEN + timedelta(minutes=2))

    assert (refused.status, json.loads(refused.body)["code"], refused.headers["Retry-After"]) == (429, "too_many", "60")
    assert (other.status, desk.look_up("質問8").status) == (200, 200)
    assert not [item for item in desk.table.items() if "192.0.2" in str(item)]


def test_lookups_never_starve_the_pushes() -> None:
    """A storm of questions gets its quarter of the calls; every form is written within seconds."""
    desk = faq(FAQ + PUSHES)
    for number in range(30):
        for each in range(20):
            desk.look_up(f"質問{number} {each}", visitor=f"192.0.2.{each}")
        fields = {"email": f"v{number}@example.co.jp", "sei": "山田", "mei": "太郎"}
        desk.submit("contact", fields)
        desk.pass_minutes(1)
    pushed = [each for each in desk.deliveries() if each.lane == "desk"]

    assert {str(each.state) for each in pushed} == {"delivered"}
    assert max((each.settled_at or desk.clock.now()) - each.arrived_at for each in pushed) <= timedelta(seconds=65)
    assert {each.answer for each in desk.desk.calls} == {"200"}


@pytest.mark.parametrize("fault", ["early_429", "maintenance_200", "internal_999", "timeout_after", "garbage"])
def test_what_the_vendor_says_of_its_limits_is_believed(fault: str) -> None:
    """The visitor hears 503 and no internals; after a 429 nobody asks again at once."""
    desk = faq()
    desk.desk.faults.add(Fault(fault, times=1))
    refused = desk.look_up("料金")
    again = desk.look_up("解約")

    assert refused.status == 503
    assert set(json.loads(refused.body)) == {"title", "status", "code", "detail"}
    assert "Mail Dealer" not in refused.body + again.body
    assert (again.status == 503) == (fault in {"early_429", "maintenance_200"} or desk.calls("qa/get") == 1)


@pytest.mark.parametrize("text", ["", "x", "あ" * 101, "a\x00b", " \u3000 "])
def test_what_is_no_question_is_not_asked(text: str) -> None:
    """400 in plain words, and no call."""
    desk = faq()
    answer = desk.look_up(text)

    assert (answer.status, json.loads(answer.body)["code"]) == (400, "invalid")
    assert desk.calls("qa/get") == 0


def test_other_sites_and_unknown_names_are_refused() -> None:
    """A page of another origin gets no answer that its script could read; an unknown lookup is 404."""
    desk = faq()
    foreign = desk.look_up("料金", origin="https://evil.example")

    assert (foreign.status, "Access-Control-Allow-Origin" in foreign.headers) == (403, False)
    assert desk.look_up("料金", lookup="nobody").status == 404
    assert desk.calls("qa/get") == 0


def test_a_page_without_a_script_may_ask_too() -> None:
    """A plain form (GET) sends no Origin and is answered."""
    desk = faq()
    envelope = Envelope(source="faq", method="GET", query={"q": ("料金",)}, received_at=desk.clock.now())

    assert desk.relay.look_up(envelope, visitor="192.0.2.1").status == 200


def test_a_table_that_is_away_is_told_as_busy() -> None:
    """503 with the time to come again, never a traceback."""
    desk = faq()

    def away(*_: object) -> object:
        raise StoreUnavailable("gone")

    desk.table.get = away  # type: ignore[method-assign,assignment]
    answer = desk.look_up("料金")

    assert (answer.status, answer.headers["Retry-After"]) == (503, "15")


def test_questions_of_one_category_only() -> None:
    """A lookup may be bound to a category and those below it."""
    desk = faq(FAQ + 'category = "契約"\n')

    assert [each["title"] for each in items(desk.look_up("でき"))] == ["解約"]

    desk.clock.move_to(TEN + timedelta(seconds=13))

    assert items(desk.look_up("料金")) == []


def test_the_door_passes_the_question_and_the_visitors_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Through API Gateway's event: the words in Japanese, the origin, and the network address that is counted."""
    desk = faq(FAQ + "per_visitor_per_minute = 1\n")
    monkeypatch.setattr(doors, "relay", lambda: desk.relay)
    with Client(doors.app, project_dir="/nonexistent") as client:
        first = client.http.get(f"/lookup/faq?{urlencode({'q': '料金'})}", headers={"Origin": ORIGIN})
        again = client.http.get(f"/lookup/faq?{urlencode({'q': '解約'})}", headers={"Origin": ORIGIN})

    assert [each["title"] for each in first.json_body["items"]] == ["料金について"]
    assert first.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert (again.status_code, again.json_body["code"]) == (429, "too_many")


def test_a_cold_start_loads_nothing_of_polls_and_lookups() -> None:
    """A form's visitor does not wait for what only asking needs."""
    code = (
        "import sys, app, chalicelib.wiring;"
        "asked = ('asking', 'haihaimail_get', 'maildealer_get', 'relay.polling', 'relay.lookups', 'csv_reply');"
        "print([name for name in sys.modules if name.endswith(asked)])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
