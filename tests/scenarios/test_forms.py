"""
A visitor's form and SATORI.
"""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.errors import StoreUnavailable
from chalicelib.model import State
from tests.sandbox.faults import Fault
from tests.scenarios.world import CONFIG, SECRETS, World

TARO = {"email": "taro@example.co.jp", "sei": "山田", "mei": "太郎"}
LANE = "satori-satori"


def hashcode_in(location: str) -> str:
    return parse_qs(urlsplit(location).query).get("c", [""])[0]


@pytest.mark.parametrize("version", [3, 4])
def test_the_thank_you_page_gets_the_visitors_hashcode(version: int) -> None:
    """The visitor is sent to the thank-you page with c=<hashcode>-00, so that SATORI's tag can bind the browser."""
    world = World(CONFIG.replace("version = 4", f"version = {version}"))

    answer = world.submit("contact", TARO)

    customer = world.satori.customer("taro@example.co.jp")
    assert customer is not None
    assert answer.status == 303
    assert hashcode_in(answer.headers["Location"]) == f"{customer.hashcode}-00"
    assert f"/api/v{version}/public/customer/upsert.json" in world.transport.sent[0].url
    assert world.states() == {"delivered": 1}


def test_satori_is_down_and_the_visitor_does_not_notice() -> None:
    """The thank-you page comes all the same, without a hashcode; the lead arrives when SATORI is back."""
    world = World()
    world.satori.faults.add(Fault("down"))

    answer = world.submit("contact", TARO)
    world.pass_minutes(30)

    assert (answer.status, hashcode_in(answer.headers["Location"])) == (303, "")
    assert world.satori.customer("taro@example.co.jp") is None
    assert sum(world.states().values()) == 1

    world.satori.faults.clear()
    world.pass_minutes(60)

    assert world.states() == {"delivered": 1}
    assert world.satori.customer("taro@example.co.jp") is not None


def test_a_slow_satori_costs_the_visitor_three_seconds_at_most() -> None:
    """An answer that takes 30 seconds is not waited for; the upsert is repeated, since it may have been applied."""
    world = World()
    world.satori.faults.add(Fault("timeout_after", times=1, seconds=30))
    before = world.clock.now()

    answer = world.submit("contact", TARO)
    waited = world.clock.now() - before
    world.pass_minutes(5)

    assert answer.status == 303
    assert waited <= timedelta(seconds=3)
    assert world.states() == {"delivered": 1}
    assert len(world.transport.sent) == 2


def test_a_double_click_is_one_lead_and_one_answer() -> None:
    """The same form twice within ten minutes is one delivery, and both visitors' windows go to the same address."""
    world = World()

    first = world.submit("contact", TARO)
    second = world.submit("contact", TARO)

    assert hashcode_in(first.headers["Location"]) != ""
    assert first.headers["Location"] == second.headers["Location"]
    assert world.states() == {"delivered": 1}
    assert len(world.transport.sent) == 1


def test_the_second_click_waits_for_the_first_ones_outcome() -> None:
    """While the first request is still waiting for SATORI, the second waits too, within its own patience."""
    world = World()
    answers = []

    def click_again(seconds: float) -> None:
        if not answers:
            answers.append("busy")
            world.clock.sleep(seconds / 2)
            before = world.clock.now()
            answers.append(world.submit("contact", TARO))
            answers.append(world.clock.now() - before)

    world.transport._pause = click_again
    world.satori.faults.add(Fault("slow", times=1, seconds=1.0))

    first = world.submit("contact", TARO)

    assert hashcode_in(first.headers["Location"]) != ""
    assert answers[1].status == 303
    assert timedelta(seconds=2) <= answers[2] <= timedelta(seconds=3)
    assert world.states() == {"delivered": 1}


def test_the_same_person_may_write_again_tomorrow() -> None:
    """An honest second submission with the same words, later than ten minutes, is a submission of its own."""
    world = World()
    world.submit("contact", TARO)
    world.pass_minutes(11)

    world.submit("contact", TARO)

    assert world.states() == {"delivered": 2}


def test_what_the_vendor_cannot_take_goes_back_to_the_visitor() -> None:
    """A missing address makes a 422 page that names the field and keeps what was typed; nothing is stored."""
    world = World()

    answer = world.submit("contact", {**TARO, "email": "", "mei": "太郎<b>"})

    assert answer.status == 422
    assert "email" in answer.body
    assert "山田" in answer.body
    assert "太郎&lt;b&gt;" in answer.body
    assert world.states() == {}


def test_a_filled_honeypot_is_held_and_can_be_released() -> None:
    """A robot gets the same answer as anybody; its lead waits for a person, and is sent if it was one after all."""
    world = World()

    answer = world.submit("contact", {**TARO, "_gotcha": "spam"})

    assert answer.status == 303
    assert world.states() == {"held": 1}
    assert world.satori.customer("taro@example.co.jp") is None

    (held,) = world.relay.operator.listed(State.HELD)
    assert held.reason.startswith("honeypot")
    world.relay.operator.release(held.id)
    world.pass_minutes(1)

    assert world.states() == {"superseded": 1, "delivered": 1}


def test_a_flood_is_held_beyond_the_sources_ceiling() -> None:
    """Ten events an hour go through, the eleventh waits for a person, and the next hour starts anew."""
    ceiling = '[sources.contact]\nceiling = { events = 10, per = "hour" }'
    world = World(CONFIG.replace("[sources.contact]", ceiling))
    for number in range(12):
        world.submit("contact", {**TARO, "email": f"u{number}@example.co.jp"})

    assert world.states()["held"] == 2

    world.pass_minutes(61)
    world.submit("contact", {**TARO, "email": "later@example.co.jp"})
    world.pass_minutes(2)

    assert world.states() == {"held": 2, "delivered": 11}


def test_a_burst_is_spread_over_satoris_rate() -> None:
    """Fifty forms in one second: five go at once, the rest one a second; SATORI never sees a burst above five."""
    world = World()
    for number in range(50):
        answer = world.submit("contact", {**TARO, "email": f"u{number}@example.co.jp"})
        assert answer.status == 303
    world.pass_minutes(3)

    times = sorted(sent.at for sent in world.transport.sent if sent.at)
    assert world.states() == {"delivered": 50}
    assert max(sum(1 for at in times if start <= at < start + timedelta(seconds=10)) for start in times) <= 15


def test_bad_credentials_pause_the_lane_until_an_operator_resumes_it() -> None:
    """A 401 pauses the lane with an alarm; the leads wait, burn no attempt, and go out after the keys are mended."""
    world = World()
    right = world.secrets.values["env:SATORI_USER_KEY"]
    world.secrets.values["env:SATORI_USER_KEY"] = "wrong"

    world.submit("contact", TARO)
    world.submit("contact", {**TARO, "email": "hanako@example.co.jp"})
    world.pass_minutes(10)

    assert world.states() == {"waiting": 2}
    assert len(world.transport.sent) == 1
    assert {each.attempts for each in world.deliveries()} == {0}
    assert [cause for cause, _, _ in world.journal.notices] == [f"paused:{LANE}"]

    world.secrets.values["env:SATORI_USER_KEY"] = right
    world.relay.operator.resume(LANE)
    world.pass_minutes(1)

    assert world.states() == {"delivered": 2}


def test_rotated_credentials_do_not_pause_the_lane() -> None:
    """The keys were changed a minute ago and ours were cached: they are read again before anybody is woken."""
    world = World()
    right = world.secrets.values["env:SATORI_USER_KEY"]
    world.secrets.values["env:SATORI_USER_KEY"] = "cached"
    world.secrets.refresh = lambda: world.secrets.values.update({"env:SATORI_USER_KEY": right})  # type: ignore[method-assign]

    world.submit("contact", TARO)
    world.pass_minutes(2)

    assert world.states() == {"delivered": 1}
    assert world.journal.notices == []


def test_an_unreadable_vendor_secret_means_waiting() -> None:
    """Without credentials nothing is called and nothing is lost."""
    world = World()
    key = world.secrets.values.pop("env:SATORI_USER_KEY")

    answer = world.submit("contact", TARO)
    world.pass_minutes(3)

    assert answer.status == 303
    assert world.states() == {"waiting": 1}
    assert world.transport.sent == []

    world.secrets.values["env:SATORI_USER_KEY"] = key
    world.pass_minutes(5)

    assert world.states() == {"delivered": 1}


def test_a_refused_lead_is_a_dead_letter_with_the_vendors_words() -> None:
    """SATORI demands a last name in this account: the dead letter says so, is fixed, and arrives."""
    world = World()
    world.satori.change_switches({"account_required": ("last_name",)})

    world.submit("contact", {"email": "taro@example.co.jp", "mei": "太郎"})

    (dead,) = world.relay.operator.listed(State.DEAD)
    assert "苗字" in dead.reason
    new = world.relay.operator.replay(dead.id, {"last_name": "山田"})
    world.pass_minutes(1)

    assert new.replay_of == dead.id
    assert world.states() == {"superseded": 1, "delivered": 1}
    assert world.relay.operator.listed(State.DEAD) == []


def test_several_updates_of_one_person_become_one_call() -> None:
    """While SATORI is away a visitor writes three times; one call brings the newest values afterwards."""
    world = World()
    world.satori.faults.add(Fault("down"))
    for name in ("一", "二", "三"):
        world.submit("contact", {**TARO, "mei": name})
        world.clock.sleep(5)
    world.satori.faults.clear()
    calls = len(world.transport.sent)
    world.pass_minutes(20)

    customer = world.satori.customer("taro@example.co.jp")
    assert customer is not None
    assert customer.values["first_name"] == "三"
    assert len(world.transport.sent) == calls + 1
    assert world.states() == {"superseded": 2, "delivered": 1}


class Broken:
    """
    A store that refuses everything.
    """

    def __getattr__(self, name: str) -> object:
        def refuse(*_args: object, **_kwargs: object) -> None:
            raise StoreUnavailable(f"{name} is refused")

        return refuse


def test_the_inbox_takes_what_the_table_refuses() -> None:
    """DynamoDB is away: the visitor is thanked, and the lead is unpacked when the table is back."""
    world = World()
    table = world.table
    world.table = Broken()  # type: ignore[assignment]
    world.relay = world._relay()

    answer = world.submit("contact", TARO)

    assert answer.status == 303
    (message,) = world.inbox.receive(10)
    assert "hanako" not in message.body
    with pytest.raises(StoreUnavailable):
        world.relay.unpack(message.body)

    world.table = table
    world.relay = world._relay()
    world.relay.unpack(message.body)
    world.relay.unpack(message.body)
    world.pass_minutes(1)

    assert world.states() == {"delivered": 1}


def test_both_stores_away_is_a_503_that_asks_to_try_again() -> None:
    """Nothing was kept, so nothing is promised: 503 with Retry-After."""
    world = World()
    world.table = Broken()  # type: ignore[assignment]
    world.inbox = Broken()  # type: ignore[assignment]
    world.relay = world._relay()

    answer = world.submit("contact", TARO)

    assert answer.status == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "Traceback" not in answer.body


def test_queues_that_refuse_do_not_lose_what_the_table_has() -> None:
    """SQS is away after the write: the visitor is thanked, and the sweeper finds the work."""
    world = World()
    world.satori.faults.add(Fault("early_429", times=1))
    queues, world.backlogs = world.backlogs, dict.fromkeys(world.backlogs, Broken())  # type: ignore[arg-type]
    world.relay = world._relay()

    assert world.submit("contact", TARO).status == 303
    assert world.submit("newsletter", {"email": "taro@example.co.jp", "name": "太郎"}).status == 303

    world.backlogs = queues
    world.relay = world._relay()
    world.pass_minutes(15)

    assert world.states() == {"delivered": 2}


def test_one_failing_destination_holds_up_no_other() -> None:
    """A form that goes to SATORI and to 配配メール reaches the one while the other is down."""
    both = CONFIG.replace('from = "newsletter"', 'from = ["newsletter", "contact"]').replace(
        '"お名前" = "name"\n\n[[routes]]\nfrom = "crm"\nto = "haihai"\noperation = "register"',
        '"お名前" = "sei"\n\n[[routes]]\nfrom = "crm"\nto = "haihai"\noperation = "register"',
    )
    world = World(both)
    world.satori.faults.add(Fault("down"))

    world.submit("contact", TARO)
    world.pass_minutes(5)

    by_lane = {each.destination: each.state for each in world.deliveries()}
    assert by_lane["haihai"] is State.DELIVERED
    assert by_lane["satori"] in {State.WAITING, State.UNCERTAIN}


def test_no_personal_data_and_no_secret_reaches_a_log_line() -> None:
    """Whatever happens on the way, log lines and notices hold ids, counts and codes."""
    world = World()
    world.satori.change_switches({"account_required": ("last_name",)})
    world.submit("contact", {"email": "taro@example.co.jp", "mei": "太郎"})
    world.submit("contact", {**TARO, "_gotcha": "x"})
    world.submit("newsletter", {"email": "hanako@example.co.jp", "name": "花子😀"})
    world.haihai.faults.add(Fault("status", status=400, body="bad hanako@example.co.jp"))
    world.submit("newsletter", {"email": "jiro@example.co.jp", "name": "次郎"})
    world.pass_minutes(3)

    logged = repr(world.journal.lines) + repr(world.journal.measures)

    for word in ("example.co.jp", "太郎", "花子", "次郎", "山田", *SECRETS.values()):
        assert word not in logged
