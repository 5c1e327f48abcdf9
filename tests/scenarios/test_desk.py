"""
Mail Dealer through the relay: floods, IDs, what an operator must mend, lost answers, nights (its readings: readings/).
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.model import Delivery, State
from tests.sandbox.clock import JST
from tests.sandbox.faults import Fault
from tests.sandbox.maildealer_books import busiest_minute
from tests.sandbox.maildealer_switches import RIGHTS
from tests.scenarios.test_imports import csv_of, upload
from tests.scenarios.world import CONFIG, World

LANE = "maildealer-md00-1"
DESK = """
[destinations.desk]
vendor = "maildealer"
base_url = "https://md00.maildealer.jp"
mailbox = 1
required_items = ["会社名"]
choice_items = { "興味" = ["資料", "デモ"] }
credentials = { api_token = "env:MAILDEALER_TOKEN" }

[sources.support]
preset = "form"
origins = ["https://www.example.co.jp"]
thanks = "https://www.example.co.jp/thanks"

[[routes]]
from = "support"
to = "desk"
operation = "customer"
[routes.fields]
"メールアドレス" = "email"
"お名前" = "name"
"会社名" = "company"
"興味" = "interest"

[[routes]]
from = "crm"
to = "desk"
operation = "customer"
on = ["upsert"]
[routes.fields]
"顧客ID" = "number"
"メールアドレス" = "email"
"お名前" = "name"
"会社名" = { const = "見本商事" }
"""
HAIHAI_ROUTES = CONFIG.index('[[routes]]\nfrom = "crm"')
STORY = CONFIG[:HAIHAI_ROUTES] + DESK
TWO_AM = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)


def world(config: str = STORY, **switches: Any) -> World:
    made = World(config.replace('"顧客ID"', '"顧客 ID"') if switches.get("key_spelling") == "spaced" else config)
    made.desk.change_switches(switches)
    return made


def person(number: int = 0, **fields: str) -> dict[str, str]:
    return {"email": f"u{number}@example.co.jp", "name": "花子", "company": "見本商事", **fields}


def crm(made: World, count: int, **fields: Any) -> None:
    record = {
        "id": f"e{count}",
        "type": "changed",
        "updated_at": "2026-11-21T10:05:00+09:00",
        "name": "山田",
        **fields,
    }
    assert made.webhook(json.dumps({"events": [record]}).encode()).status == 200


def sent_to_desk(made: World) -> list[Delivery]:
    return [each for each in made.deliveries() if each.destination == "desk"]


def reasons(made: World) -> list[str]:
    return [each.reason for each in sent_to_desk(made) if each.state is State.DEAD]


@pytest.mark.parametrize("window", ["sliding", "fixed"])
@pytest.mark.parametrize("scope", ["mailbox", "api"])
@pytest.mark.parametrize("rejects", ["count", "free"])
@pytest.mark.parametrize("calls", [4, 5])
def test_a_flood_never_meets_a_429(window: str, scope: str, rejects: str, calls: int) -> None:
    """300 submissions at once travel at the full pace of a slot, and no reading of the minute is broken."""
    config = STORY.replace("mailbox = 1", f"mailbox = 1\ncalls_per_slot = {calls}")
    made = world(config, rate_window=window, rate_scope=scope, rate_rejects=rejects)
    for number in range(300):
        made.submit("support", person(number))
    started = made.clock.now()
    while len(list(made.desk.customers)) < 300:
        made.pass_minutes(1)

    assert {call.answer for call in made.desk.calls} == {"200"}
    assert busiest_minute(made.desk.calls, 1) <= calls * 6
    assert made.clock.now() - started <= timedelta(minutes=300 / (5 * calls) + 3)


LIST = """
[sources.list]
preset = "csv_upload"
secret = "env:CRM_TOKEN"

[[routes]]
from = "list"
to = "desk"
operation = "customer"
[routes.fields]
"メールアドレス" = "mail"
"お名前" = "name"
"会社名" = { const = "見本商事" }
"""


def test_a_list_leaves_a_call_of_each_slot_to_visitors() -> None:
    """A hundred rows go at three calls in twelve seconds; whoever sends a form meanwhile is served within a minute."""
    made = world(STORY + LIST)
    upload(made, csv_of(100), "list")
    made.read_files()
    waited = []
    for minute in range(6):
        made.submit("support", person(1_000 + minute))
        sent = made.clock.now()
        made.pass_minutes(1)
        mine = [call.at for call in made.desk.calls if call.address == f"u{1_000 + minute}@example.co.jp"]
        waited.append(mine[0] - sent if mine else timedelta.max)
    made.pass_minutes(6)

    assert made.states() == {"delivered": 106}
    assert max(waited) <= timedelta(minutes=1)
    assert busiest_minute(made.desk.calls, 1) <= 24


def test_two_destinations_of_one_mailbox_share_its_minute() -> None:
    """Names in relay.toml do not make a second quota; another mailbox does."""
    other = DESK[: DESK.index("[sources.support]")]
    same, sales = (other.replace("destinations.desk", f"destinations.{name}") for name in ("same", "sales"))
    more = same + sales.replace("mailbox = 1", "mailbox = 2")
    made = world(STORY + more)

    assert {name for name in made.config.lanes if name.startswith("maildealer")} == {LANE, "maildealer-md00-2"}


def test_somebody_else_who_uses_the_mailbox_is_noticed() -> None:
    """A 429 although our slots hold is drift: the lane waits, tells, and delivers in the end."""
    made = world(rate_per_minute=2)
    for number in range(8):
        made.submit("support", person(number))
    made.pass_minutes(2)
    assert any("another program" in text for _, _, text in made.journal.notices)
    made.desk.change_switches({"rate_per_minute": 30})
    made.pass_minutes(40)

    assert made.states() == {"delivered": 8}
    assert all(each.attempts == 0 for each in made.deliveries())


@pytest.mark.parametrize("spelling", ["joined", "spaced"])
def test_ids_and_addresses_that_do_not_fit_are_dead_letters_that_say_what_to_do(spelling: str) -> None:
    """The decision table: an ID that is not there, an address of somebody else, an ID that moves to a free address."""
    config = (
        STORY.replace("mailbox = 1", 'mailbox = 1\ncustomer_id_item = "顧客 ID"') if spelling == "spaced" else STORY
    )
    made = world(config, key_spelling=spelling)
    made.submit("support", person(1))
    made.submit("support", person(2))
    made.pass_minutes(2)
    crm(made, 1, number="99", email="x@example.co.jp")
    crm(made, 2, number="1", email="u2@example.co.jp")
    crm(made, 3, number=2, email="moved@example.co.jp")
    made.pass_minutes(3)

    gone, taken = sorted(reasons(made))
    assert "another customer than the one with the ID 1" in taken
    assert "no customer with the ID 99" in gone
    assert made.desk.by_id(2).values["メールアドレス"] == "moved@example.co.jp"


@pytest.mark.parametrize(
    ("no_right", "change", "cause"),
    [
        ("403/4", {"missing_rights": ["顧客情報の編集"]}, "API連携"),
        ("401/1", {"missing_rights": list(RIGHTS)}, "API token"),
        ("403/4", {"addresses": ["203.0.113.9"]}, "IP restriction"),
        ("403/4", {"licence": "invalid"}, "ライセンス"),
    ],
)
def test_what_an_operator_must_mend_pauses_the_lane_and_loses_nothing(
    no_right: str, change: dict[str, Any], cause: str
) -> None:
    """After the cause is mended and the lane resumed, everything arrives; no attempt was used."""
    made = world(no_right=no_right, **change)
    made.submit("support", person())
    made.pass_minutes(5)
    assert made.states() == {"waiting": 1}
    assert cause in made.relay.operator.lane_status(LANE).state.paused_reason
    assert len(made.desk.calls) <= 2

    made.desk.change_switches({"missing_rights": [], "addresses": [], "licence": "valid"})
    made.relay.operator.resume(LANE)
    made.pass_minutes(2)
    (delivered,) = made.deliveries()
    assert (delivered.state, delivered.attempts) == (State.DELIVERED, 0)
    assert delivered.result == {"customer_id": "1"}


@pytest.mark.parametrize(
    "fault",
    [
        Fault("internal_999_after"),
        Fault("lose_after"),
        Fault("truncated"),
        Fault("html_200"),
        Fault("status", status=503),
        Fault("timeout_after", seconds=60),
        Fault("lose_before", times=2),
        Fault("early_429", times=3, retry_after="30"),
    ],
    ids=lambda fault: fault.kind,
)
def test_lost_and_broken_answers_end_in_one_customer(fault: Fault) -> None:
    """The same call again is harmless: the address names the customer."""
    made = world()
    made.desk.faults.add(fault)
    made.submit("support", person())
    made.pass_minutes(30)

    assert made.states() == {"delivered": 1}
    assert len(list(made.desk.customers)) == 1


def test_a_token_that_is_made_anew_is_taken_up_without_a_pause() -> None:
    """The old one is refused, the secret is read again, and the delivery goes."""
    made = world()
    made.secrets.values["env:MAILDEALER_TOKEN"] = made.desk.regenerate_token("ekiden")
    made.submit("support", person())
    made.pass_minutes(3)

    assert made.states() == {"delivered": 1}


def test_nothing_that_mail_dealer_echoes_is_kept_or_logged() -> None:
    """`query` repeats the person in each answer, refusals too; the journal and the lane show nothing of it."""
    made = world()
    made.submit("support", person(1, name="秘密花子"))
    made.submit("support", person(2, name="秘密" * 200))
    made.pass_minutes(3)

    (refused,) = reasons(made)
    assert "お名前 is too long" in refused
    told = str(made.journal.lines) + str(made.journal.notices) + str(made.lane(LANE)) + refused
    assert "秘密" not in told
    assert "example.co.jp" not in told


def test_the_second_night_is_waited_out_with_two_knocks() -> None:
    """
    The first maintenance is knocked at each quarter of an hour, and learned; the second costs two knocks.

    No attempt is burnt, and everything arrives soon after the vendor is back.
    """
    made = world()
    counts, late = [], []
    for night in range(2):
        begins = TWO_AM + timedelta(days=night)
        made.pass_until(begins + timedelta(minutes=4))
        for number in range(3):
            made.submit("support", person(number, name=f"夜{night}"))
        ends = begins + timedelta(hours=3)
        made.pass_until(ends + timedelta(minutes=30))
        counts.append(sum(call.answer == "503/900" for call in made.desk.calls if begins <= call.at))
        first = min(call.at for call in made.desk.calls if call.answer == "200" and call.at >= begins)
        late.append(first - ends)

    assert counts[0] >= 10
    assert counts[1] <= 2
    assert max(late) <= timedelta(minutes=16)
    assert made.states() == {"delivered": 6}
    assert all(each.attempts == 0 for each in made.deliveries())
    night_known = made.relay.operator.lane_status(LANE).state.night
    assert night_known is not None
    assert 300 <= night_known.ends <= 316
    assert sum(cause.startswith("closed:") for cause, _, _ in made.journal.notices) == 1


def test_a_form_of_the_night_is_answered_at_once() -> None:
    """Visitors never wait for a vendor that is away."""
    made = world()
    made.pass_until(TWO_AM + timedelta(minutes=10))
    at = made.clock.now()

    assert made.submit("support", person()).status == 303
    assert made.clock.now() == at
    assert at.astimezone(JST).hour == 2
