"""
Polls of Mail Dealer: new inquiries and changed customers, out of the calls that pushes leave.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.sandbox.faults import Fault
from tests.sandbox.maildealer_customers import MailDealerCustomer
from tests.sandbox.maildealer_mails import Mail
from tests.scenarios.desk import CUSTOMERS, MAILS, PUSHES, Desk
from tests.scenarios.world import TEN


def mail(number: int, minutes: float = 0, **changes: Any) -> Mail:
    sender = (f"山田 <u{number}@example.co.jp>",)
    values = {"id": f"{number}-1", "at": TEN + timedelta(minutes=minutes), "sender": sender, "subject": "質問"}
    return Mail(**{**values, **changes})


def register(desk: Desk, number: int, name: str = "山田") -> None:
    desk.desk.customers.by_id[number] = MailDealerCustomer(
        id=number,
        mailbox=1,
        values={"メールアドレス": f"u{number}@example.co.jp", "お名前": name},
        created_at=desk.clock.now(),
        updated_at=desk.clock.now(),
    )


# ── mails ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "reading",
    [
        {},
        {"address_form": "named"},
        {"mail_offset_base": 0},
        {"mail_order": "oldest_first", "date_to": "exclusive"},
        {"count": "text", "error_codes": "text"},
        {"rate_scope": "api", "rate_window": "fixed"},
    ],
)
def test_each_new_inquiry_is_an_event_once(reading: dict[str, Any]) -> None:
    """Mails that arrive over hours, in bursts of more than a page, each reach SATORI once, under every reading."""
    desk = Desk(MAILS)
    desk.desk.change_switches(reading)
    desk.pass_minutes(2)
    desk.desk.mails += [mail(number, 2 + number * 0.01) for number in range(1, 251)]
    desk.pass_minutes(40)
    desk.desk.mails += [mail(number, 41) for number in range(300, 305)]
    desk.pass_minutes(30)

    assert desk.states() == {"delivered": 255}
    assert desk.satori.customer("u7@example.co.jp") is not None


def test_a_mail_is_known_by_its_id_and_its_time() -> None:
    """The event says when the mail came, in Tokyo's time, and repeats nothing that was read before."""
    desk = Desk(MAILS, mails=[mail(1, -30)])
    desk.pass_minutes(60)
    (event,) = (item for item in desk.table.items() if item["sk"] == "EVENT")
    dedupes = [item["pk"] for item in desk.table.items() if item["sk"] == "DEDUPE"]

    assert event["time"] == "2026-11-21T00:30:00.000000Z"
    assert dedupes == ["DEDUPE#mails#id:mail:1-1"]


def test_masked_addresses_are_not_taken_until_the_right_is_given() -> None:
    """Nobody could be written to: an operator is told which right is missing, and then every mail comes, once."""
    desk = Desk(MAILS, mails=[mail(number, -30) for number in range(1, 6)])
    desk.desk.change_switches({"missing_rights": ("個人情報の閲覧",)})
    desk.pass_minutes(5)
    state = desk.relay.polls.states()[0]

    assert "個人情報の閲覧" in state.reason
    assert (state.watermark, desk.deliveries()) == (None, [])
    assert any("個人情報の閲覧" in text for cause, _, text in desk.journal.notices if cause == "poll:mails")

    desk.desk.change_switches({"missing_rights": ()})
    desk.pass_minutes(20)

    assert desk.states() == {"delivered": 5}


def test_one_odd_sender_stops_no_other() -> None:
    """A single address with a star is held for a person; the other mails go their way."""
    desk = Desk(MAILS, mails=[mail(1, -30), mail(2, -29, sender=("a***@example.co.jp",))])
    desk.pass_minutes(5)

    assert desk.states() == {"delivered": 1, "held": 1}

    held = next(each for each in desk.deliveries() if each.state == "held")
    desk.desk.mails.clear()
    new = desk.relay.operator.release(held.id)
    desk.pass_minutes(3)

    assert [each.event_id for each in new] != [held.event_id]
    assert desk.states()["superseded"] == 1


def test_an_account_that_spells_its_keys_otherwise_is_read_once_it_is_said() -> None:
    """メール ID: the poll stands still with words that name the key, and goes on when relay.toml has it."""
    still = Desk(MAILS, mails=[mail(1, -30)])
    still.desk.change_switches({"key_spelling": "spaced"})
    still.pass_minutes(5)

    assert "メールID" in still.relay.polls.states()[0].reason
    assert still.deliveries() == []

    told = Desk(MAILS.replace("every_minutes = 10", 'every_minutes = 10\nid_item = "メール ID"'), mails=[mail(1, -30)])
    told.desk.change_switches({"key_spelling": "spaced"})
    told.pass_minutes(5)

    assert told.states() == {"delivered": 1}


def test_a_mail_that_goes_while_pages_are_read_hides_none() -> None:
    """Rows that moved are noticed by the overlap, and the run begins anew."""
    desk = Desk(MAILS, mails=[mail(number, -60 + number * 0.01) for number in range(1, 301)])
    handle, pages = desk.desk.handle, []

    def deleting(request: Any) -> Any:
        answer = handle(request)
        if request.path.endswith("mail/get"):
            pages.append(len(desk.desk.mails))
            if len(pages) == 1:
                del desk.desk.mails[:20]
        return answer

    desk.desk.handle = deleting  # type: ignore[method-assign]
    desk.pass_minutes(30)

    assert desk.states() == {"delivered": 300}


# ── customers ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_new_and_changed_customers_are_events_and_others_are_not() -> None:
    """Of many customers, only who is new or says something else travels; back and forth is two changes."""
    desk = Desk(CUSTOMERS)
    for number in range(1, 131):
        register(desk, number)
    desk.pass_minutes(25)
    first = desk.states()
    register(desk, 7, "佐藤")
    register(desk, 500)
    desk.pass_minutes(12)
    second = desk.states()
    register(desk, 7, "山田")
    desk.pass_minutes(12)

    assert (first["delivered"], second["delivered"], desk.states()["delivered"]) == (130, 132, 133)
    assert desk.satori.customer("u7@example.co.jp").values["last_name"] == "山田"  # type: ignore[union-attr]


def test_a_first_run_may_only_remember() -> None:
    """Whoever does not want the whole list at the beginning gets what changes from then on."""
    desk = Desk(CUSTOMERS.replace("every_minutes = 10", 'every_minutes = 10\nfirst = "remember"'))
    register(desk, 1)
    desk.pass_minutes(12)
    register(desk, 2)
    desk.pass_minutes(12)

    assert [each.payload["email"] for each in desk.deliveries()] == ["u2@example.co.jp"]


# ── beside the pushes ───────────────────────────────────────────────────────────────────────────────────────────────


def test_polls_get_what_pushes_leave() -> None:
    """While forms come without pause, a poll of hundreds of pages takes its share and no form waits for it."""
    desk = Desk(CUSTOMERS + PUSHES)
    for number in range(1, 1_001):
        register(desk, number)
    for number in range(60):
        fields = {"email": f"v{number}@example.co.jp", "sei": "山田", "mei": "太郎"}
        assert desk.submit("contact", fields).status == 303
        desk.pass_minutes(1)
    desk.pass_minutes(5)

    pushed = [each for each in desk.deliveries() if each.lane == "desk"]
    waits = [(each.settled_at or desk.clock.now()) - each.arrived_at for each in pushed]
    assert {str(each.state) for each in pushed} == {"delivered"}
    assert max(waits) <= timedelta(seconds=75)
    assert {each.answer for each in desk.desk.calls} == {"200"}
    assert busiest(desk) <= 30
    assert desk.calls("cust/get") > 20


def busiest(desk: Desk) -> int:
    times = sorted(each.at for each in desk.desk.calls)
    return max(sum(1 for at in times if start <= at < start + timedelta(seconds=60)) for start in times)


def test_a_refusal_of_the_poll_does_not_stop_the_pushes() -> None:
    """A user without the right to read mails still writes customers: the poll stands still alone."""
    desk = Desk(MAILS + PUSHES)
    desk.desk.change_switches({"missing_rights": ("メール閲覧",)})
    desk.pass_minutes(3)
    desk.submit("contact", {"email": "v1@example.co.jp", "sei": "山田", "mei": "太郎"})
    desk.pass_minutes(5)

    assert [str(each.state) for each in desk.deliveries() if each.lane == "desk"] == ["delivered"]
    assert "メール閲覧" in desk.relay.polls.states()[0].reason
    assert "paused_reason" not in desk.lane("desk")


def test_a_list_that_the_vendor_fails_to_give_does_not_close_the_lane() -> None:
    """Whatever mail/get answers for hours, forms are written at once."""
    desk = Desk(MAILS + PUSHES)
    desk.desk.faults.add(Fault("status", times=1_000, status=500, match="/mail/get"))
    for number in range(6):
        desk.pass_minutes(20)
        desk.submit("contact", {"email": f"v{number}@example.co.jp", "sei": "山田", "mei": "太郎"})
        desk.pass_minutes(1)
    pushed = [each for each in desk.deliveries() if each.lane == "desk"]

    assert [str(each.state) for each in pushed] == ["delivered"] * 6
    assert max((each.settled_at or desk.clock.now()) - each.arrived_at for each in pushed) <= timedelta(seconds=60)
    assert desk.relay.polls.states()[0].failures > 3


@pytest.mark.parametrize("fault", [Fault("html_200"), Fault("garbage"), Fault("truncated"), Fault("internal_999")])
def test_an_answer_that_cannot_be_read_is_no_success(fault: Fault) -> None:
    """Nothing is taken, the watermark stays, and the mail comes with the next attempt."""
    desk = Desk(MAILS, mails=[mail(1, -30)])
    desk.desk.faults.add(fault)
    desk.pass_minutes(1)
    before = desk.relay.polls.states()[0]
    desk.pass_minutes(10)

    assert (before.watermark, bool(before.reason)) == (None, True)
    assert desk.states() == {"delivered": 1}
