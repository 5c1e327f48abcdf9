"""
Mail Dealer under every reading: pushes, both polls and a lookup beside each other, in one mailbox.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.model import FINAL_STATES, State
from tests.sandbox.clock import JST
from tests.sandbox.faults import Fault
from tests.sandbox.maildealer_account import NEEDED, CustomerItem
from tests.sandbox.maildealer_books import busiest_minute, overlapping_writers
from tests.sandbox.maildealer_switches import RIGHTS, MailDealerSwitches
from tests.sandbox.wire import SandboxRequest, Spoken
from tests.scenarios.readings.catalogue import Play, Readings
from tests.scenarios.readings.front_desk import FRONT_DESK, LANE, FrontDesk, crm, mail, person
from tests.scenarios.readings.stories import reason_of_pause

SPACED = (
    FRONT_DESK.replace("mailbox = 1", 'mailbox = 1\ncustomer_id_item = "顧客 ID"')
    .replace('"顧客ID" = ', '"顧客 ID" = ')
    .replace('_mails"\n', '_mails"\nid_item = "メール ID"\n')
    .replace('_customers"\n', '_customers"\nid_item = "顧客 ID"\n')
)
"""
The same for an account whose ID items have a blank.
"""

COMPANY = '"会社名" = "company"'
KEYS_OF_POLLS = {"mails": "mail/get", "customers": "cust/get"}


def a_day(play: Play) -> None:
    """
    Two spellings of an address, a blank, an over-long name, a lost answer, an ID, pages of mails: all end well.
    """
    office = FrontDesk(play)
    office.desk.mails += [mail(2_000 + minute, minute) for minute in range(20)]
    assert office.found("料金") == ["料金について"]
    office.submit("support", person(0, email="Taro@example.co.jp", interest="資料"))
    office.submit("support", person(0, email="taro@example.co.jp", name=""))
    office.submit("support", person(90, name="長" * 256))
    office.desk.faults.add(Fault("lose_after"))
    for number in range(1, 13):
        office.submit("support", person(number))
    office.pass_minutes(6)
    office.desk.mails += [mail(1_000 + number, 5 + number * 0.001) for number in range(110)]
    office.pass_minutes(24)
    taro = office.desk.customer("taro@example.co.jp") or office.desk.customer("Taro@example.co.jp")
    assert taro is not None
    assert (taro.values["お名前"], taro.values["会社名"], taro.values["興味"]) == ("花子", "見本商事", ["資料"])
    crm(office, 1, number=str(taro.id), email="taro@example.co.jp", name="改名太郎")
    office.pass_minutes(15)

    assert {each.state for each in office.deliveries()} <= FINAL_STATES
    (refused,) = (each for each in office.deliveries() if each.state is State.DEAD)
    assert "お名前 is too long" in refused.reason
    assert office.desk.by_id(taro.id).values["お名前"] == "改名太郎"
    assert office.arrived("taro@example.co.jp")["last_name"] == "改名太郎"
    assert [each for each in office.everybody() if not office.arrived(each)] == []
    assert office.taken("mails") == 130
    assert [each.reason for each in office.relay.polls.states()] == ["", ""]
    assert busiest_minute(office.desk.calls, 1) <= 28
    assert overlapping_writers(office.desk.calls) == []
    assert {call.answer for call in office.desk.calls} == {"200", "400/100", "no answer"}


def over_the_closing_hours(play: Play) -> None:
    """
    Whenever the maintenance is, and however long: it is waited out, visitors are told, nothing burns an attempt.
    """
    begins = play.position if play.switch == "maintenance_from" else 120
    lasts = play.position if play.switch == "maintenance_minutes" else 180
    office = FrontDesk(play)
    today = office.clock.now().astimezone(JST).replace(hour=0, minute=0)
    opens = today + timedelta(minutes=begins)
    office.clock.move_to(opens + timedelta(days=1, minutes=-3))
    office.pass_minutes(5)
    office.submit("support", person(1))
    office.desk.mails.append(mail(1_000, at=office.clock.now()))
    asked = office.look_up("料金")
    office.pass_minutes(lasts + 45, step=5)

    assert asked.status == (503 if lasts else 200)
    assert "Mail Dealer" not in asked.body
    assert any(call.answer == "503/900" for call in office.desk.calls) == bool(lasts)
    assert {(each.state, each.attempts) for each in office.deliveries()} == {(State.DELIVERED, 0)}
    assert office.arrived("u1@example.co.jp")
    assert office.arrived("u1000@example.co.jp")
    assert office.found("料金") == ["料金について"]


def until_somebody_mends_it(play: Play) -> None:
    """
    What Mail Dealer does not let us do stands still and says why; all else goes on, and so does the rest once mended.
    """
    office = FrontDesk(play, **({"missing_rights": RIGHTS} if play.switch == "no_right" else {}))
    stopped = _stopped(play)
    office.desk.mails.append(mail(1_000, -30))
    office.register("v1@example.co.jp")
    office.submit("support", person(1))
    office.pass_minutes(5)

    (pushed,) = (each for each in office.deliveries() if each.destination == "desk")
    assert (pushed.state is State.DELIVERED) == ("cust/update" not in stopped)
    assert bool(reason_of_pause(office, LANE)) == ("cust/update" in stopped)
    for poll in office.relay.polls.states():
        assert bool(poll.reason) == (KEYS_OF_POLLS[poll.source] in stopped), poll.reason
    assert (office.look_up("料金").status == 200) == ("qa/get" not in stopped)
    assert len(office.desk.calls) <= 12

    office.mend(addresses=(), missing_rights=(), licence="valid")
    if "cust/update" in stopped:
        office.relay.operator.resume(LANE)
    office.pass_minutes(90)
    assert {(each.state, each.attempts) for each in office.deliveries()} == {(State.DELIVERED, 0)}
    assert [office.arrived(f"{name}@example.co.jp") for name in ("u1", "u1000", "v1")].count({}) == 0
    assert office.found("料金") == ["料金について"]


def _stopped(play: Play) -> set[str]:
    """
    The APIs that stand still: mails with masked senders are not taken, and a lane that pauses makes no call at all.
    """
    if play.switch == "missing_rights":
        needed = {**NEEDED, "mail/get": (*NEEDED["mail/get"], "個人情報の閲覧")}
        closed = {api for api, rights in needed.items() if set(rights) & set(play.position)}
    else:
        all_are = play.switch == "no_right" or play.position in ("invalid", ("203.0.113.9",))
        closed = set(NEEDED) if all_are else set()
    return set(NEEDED) if "cust/update" in closed else closed


def as_the_account_spells_its_ids(play: Play) -> None:
    """
    Where relay.toml spells them as the account does all goes; where not, nothing is lost and the item is named.
    """
    office = FrontDesk(play, FRONT_DESK if play.position == "joined" else SPACED)
    _mail_form_and_id(office)
    assert {each.state for each in office.deliveries()} == {State.DELIVERED}
    assert office.desk.by_id(1).values["お名前"] == "改名花子"
    assert office.arrived("u1@example.co.jp")["last_name"] == "改名花子"

    office = FrontDesk(play, SPACED if play.position == "joined" else FRONT_DESK)
    _mail_form_and_id(office)
    name = {"joined": "顧客 ID", "spaced": "顧客ID"}[play.position]
    (refused,) = (each for each in office.deliveries() if each.state is State.DEAD)
    assert f"{name} does not exist" in refused.reason
    for poll in office.relay.polls.states():
        assert name.replace("顧客", "メール" if poll.source == "mails" else "顧客") in poll.reason, poll.reason


def _mail_form_and_id(office: FrontDesk) -> None:
    office.desk.mails.append(mail(1_000, -30))
    office.submit("support", person(1))
    office.pass_minutes(5)
    crm(office, 1, number="1", email="u1@example.co.jp", name="改名花子")
    office.pass_minutes(20)


def of_the_very_second(play: Play) -> None:
    """
    A mail of the second up to which a run asks is taken once, in this run or in the next.
    """
    office = FrontDesk(play)
    handle = office.desk.handle

    def just_then(request: SandboxRequest) -> Spoken:
        if request.path.endswith("mail/get") and len(office.desk.mails) < 3:
            until = datetime.fromisoformat(f"{json.loads(request.body)['search']['dateTo']}+09:00")
            office.desk.mails.append(mail(1_000 + len(office.desk.mails), at=until))
        return handle(request)

    office.desk.handle = just_then  # type: ignore[method-assign]
    office.pass_minutes(5)
    first = office.taken("mails")
    office.pass_minutes(50)

    assert first == (1 if play.position == "inclusive" else 0)
    assert office.taken("mails") == 3
    assert [name for name in office.everybody() if not office.arrived(name)] == []


def with_an_item_that_the_account_lacks(play: Play) -> None:
    """
    Refused, it is a dead letter that names the item; ignored, the rest of the customer arrives.
    """
    office = FrontDesk(play, FRONT_DESK.replace(COMPANY, f'{COMPANY}\n"好きな色" = "color"'))
    office.submit("support", person(1, color="青"))
    office.pass_minutes(5)

    (delivery,) = (each for each in office.deliveries() if each.destination == "desk")
    if play.position == "refused":
        assert (delivery.state, "好きな色 does not exist" in delivery.reason) == (State.DEAD, True)
    else:
        assert delivery.state is State.DELIVERED


def with_many_choices(play: Play) -> None:
    """
    Choices that a form makes are set, and travel on from the customers' list whole.
    """
    office = FrontDesk(play)
    office.submit("support", person(1, interest="資料,デモ"))
    office.pass_minutes(25)

    customer = office.desk.customer("u1@example.co.jp")
    assert customer is not None
    assert customer.values["興味"] == ["資料", "デモ"]
    told = office.arrived("u1@example.co.jp")["memo"]
    assert ("資料" in told, "デモ" in told) == (True, True)


def with_the_longest_text(play: Play) -> None:
    """
    The longest text that a form may bring is far below 5 MB of any kind; a longer one is told so at once.
    """
    office = FrontDesk(play, FRONT_DESK.replace(COMPANY, f'{COMPANY}\n"メモ" = "memo"'))
    items = (*office.desk.account.items, CustomerItem(name="メモ", chars_max=0))
    office.desk.account = office.desk.customers.account = replace(office.desk.account, items=items)
    assert office.submit("support", person(1, memo="x" * 90_000)).status == 303
    assert office.submit("support", person(2, memo="x" * 5_000_001)).status == 413
    office.pass_minutes(5)

    (delivery,) = (each for each in office.deliveries() if each.destination == "desk")
    assert delivery.state is State.DELIVERED


def beside_another_program(play: Play) -> None:
    """
    A flood of forms, lists and questions stays within the minute; where others use it up, we wait and burn nothing.
    """
    office = FrontDesk(play)
    alone = play.switch != "rate_rejects" and play.position != 12
    if play.switch == "rate_rejects":
        office.somebody_else_asks(times=40)
    office.desk.mails += [mail(1_000 + number, -30) for number in range(130)]
    for number in range(100):
        office.submit("support", person(number))
    for number in range(20):
        office.look_up(f"質問{number}", visitor=f"192.0.2.{number}")
        office.pass_minutes(1)
    office.pass_minutes(120, step=2)

    assert {(each.state, each.attempts) for each in office.deliveries()} == {(State.DELIVERED, 0)}
    assert [each for each in office.everybody() if not office.arrived(each)] == []
    assert {call.answer for call in office.desk.calls} == ({"200"} if alone else {"200", "429/6"})
    assert any("another program" in text for _, _, text in office.journal.notices) != alone


READINGS = Readings(
    vendor="Mail Dealer",
    switches=MailDealerSwitches,
    story=a_day,
    stories={
        "maintenance_from": over_the_closing_hours,
        "maintenance_minutes": over_the_closing_hours,
        "addresses": until_somebody_mends_it,
        "missing_rights": until_somebody_mends_it,
        "no_right": until_somebody_mends_it,
        "licence": until_somebody_mends_it,
        "rate_per_minute": beside_another_program,
        "rate_scope": beside_another_program,
        "rate_window": beside_another_program,
        "rate_rejects": beside_another_program,
        "megabyte": with_the_longest_text,
        "key_spelling": as_the_account_spells_its_ids,
        "date_to": of_the_very_second,
        "unknown_item": with_an_item_that_the_account_lacks,
        "choice_form": with_many_choices,
    },
    positions={
        "maintenance_from": (120, 605, 1_400),
        "maintenance_minutes": (180, 30, 0),
        "addresses": ((), ("127.0.0.1",), ("203.0.113.9",)),
        "missing_rights": ((), *((right,) for right in RIGHTS)),
        "rate_per_minute": (30, 12),
        "limit_max": (0, 100),
    },
    uncalled={"empty_value": "a blank travels in no call"},
)
