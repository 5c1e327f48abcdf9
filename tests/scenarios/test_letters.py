"""
Stories of mail: the visitor's answer, the notice, the inquiry into a mailbox; and what a stranger tries with them.
"""

from __future__ import annotations

import json
from datetime import timedelta
from email import message_from_bytes, policy
from typing import Any

import pytest

from chalicelib.adapters.aws import Clients
from chalicelib.adapters.transport import Outbound
from chalicelib.model import State
from tests.sandbox.faults import Fault
from tests.sandbox.receivers import MailSandbox
from tests.sandbox.smtp_sink import smtp_sink
from tests.scenarios.declared import VISITOR, only, world_of
from tests.scenarios.world import World

MAIL = """
[destinations.post]
vendor = "email"
from = "お問い合わせ窓口 <info@example.co.jp>"
calls_per_second = 10
burst = 10
templates.thanks = { subject = "{name} 様 お問い合わせありがとうございます", text = "受け付けました。\\n\\n{memo}" }
templates.inquiry = { subject = "【Web】{name}", text = "{memo}" }

[[routes]]
from = "contact"
to = "post"
operation = "auto_reply"
settings = { template = "thanks" }
fields = { email = "your-email", name = "name", memo = "memo" }

[[routes]]
from = "contact"
to = "post"
operation = "inquiry"
settings = { template = "inquiry", to = ["desk@staff.example.jp"] }
fields = { email = "your-email", name = "name", memo = "memo" }
"""


@pytest.fixture
def post() -> tuple[World, MailSandbox]:
    """
    A relay that sends as info@example.co.jp, and the mailboxes.
    """
    world = world_of(MAIL)
    mail = MailSandbox(clock=world.clock.now, verified="example.co.jp")
    world.transport.sandboxes["ses:"] = mail
    return world, mail


def test_a_visitor_is_answered_and_the_inquiry_reaches_the_mailbox(post: tuple[World, MailSandbox]) -> None:
    """
    The answer is marked as one; whoever replies to the inquiry replies to the visitor.
    """
    world, mail = post
    world.submit("contact", VISITOR)
    world.answer_bells()
    (answer,) = mail.boxes[VISITOR["your-email"]]
    (inquiry,) = mail.boxes["desk@staff.example.jp"]

    assert (answer["Subject"], answer["From"]) == (
        "見本 花子 様 お問い合わせありがとうございます",
        "お問い合わせ窓口 <info@example.co.jp>",
    )
    assert answer["Auto-Submitted"] == "auto-replied"
    assert "資料をください。" in answer.get_content()
    assert (inquiry["Reply-To"], inquiry["Auto-Submitted"]) == (VISITOR["your-email"], None)
    assert world.states() == {"delivered": 2}


def test_a_name_cannot_add_headers_or_recipients(post: tuple[World, MailSandbox]) -> None:
    """
    Line breaks and header names in what a visitor wrote are nothing but text.
    """
    world, mail = post
    world.submit("contact", {**VISITOR, "name": "A\r\nBcc: victim@example.co.jp\r\n\r\nspam"})
    world.answer_bells()
    (answer,) = mail.boxes[VISITOR["your-email"]]

    assert answer["Bcc"] is None
    assert answer["Subject"].startswith("A Bcc: victim@example.co.jp spam 様")
    assert set(mail.boxes) == {VISITOR["your-email"], "desk@staff.example.jp"}


def test_nobody_is_bombed_with_answers(post: tuple[World, MailSandbox]) -> None:
    """
    Somebody else's address in the form gets three answers a day; the inquiries all arrive; tomorrow counts anew.
    """
    world, mail = post
    for number in range(6):
        world.submit("contact", {**VISITOR, "memo": f"{number}"})
        world.pass_minutes(15)
    today = len(mail.boxes[VISITOR["your-email"]])
    world.pass_until(world.clock.now() + timedelta(hours=14))
    world.submit("contact", {**VISITOR, "memo": "tomorrow"})
    world.pass_minutes(2)

    assert today == 3
    assert len(mail.boxes["desk@staff.example.jp"]) == 7
    assert len(mail.boxes[VISITOR["your-email"]]) == 4
    assert world.states() == {"delivered": 11, "superseded": 3}
    assert "3 of the day" in next(each.reason for each in world.deliveries() if each.state is State.SUPERSEDED)


@pytest.mark.parametrize("address", ["info@example.co.jp", "no-reply@example.co.jp", "MAILER-DAEMON@example.co.jp"])
def test_no_machine_is_answered(post: tuple[World, MailSandbox], address: str) -> None:
    """
    Two machines that answer each other never stop; our own address is one of them.
    """
    world, mail = post
    world.submit("contact", {**VISITOR, "your-email": address})
    world.answer_bells()

    assert set(mail.boxes) == {"desk@staff.example.jp"}
    assert world.states() == {"dead": 1, "delivered": 1}


def test_an_answer_of_which_nobody_knows_is_held_and_an_inquiry_sent_again(post: tuple[World, MailSandbox]) -> None:
    """
    A second answer would trouble the visitor; an inquiry too many troubles nobody.
    """
    world, mail = post
    mail.faults.add(Fault("lose_after", times=2))
    world.submit("contact", VISITOR)
    world.pass_minutes(30)

    assert world.states() == {"held": 1, "delivered": 1}
    assert len(mail.boxes["desk@staff.example.jp"]) == 2
    assert len({each["X-Ekiden-Delivery"] for each in mail.boxes["desk@staff.example.jp"]}) == 1


@pytest.mark.parametrize(("operation", "state"), [("auto_reply", State.HELD), ("notice", State.DELIVERED)])
def test_a_worker_that_dies_with_a_message_in_hand(operation: str, state: State) -> None:
    """
    Nobody knows whether it was sent: the visitor's answer waits for a person, the notice is sent again.
    """
    to = "" if operation == "auto_reply" else ', to = ["desk@staff.example.jp"]'
    route = f"""
[[routes]]
from = "contact"
to = "post"
operation = "{operation}"
settings = {{ template = "thanks"{to} }}
fields = {{ email = "your-email", name = "name", memo = "memo" }}
"""
    template = 'templates.thanks = { subject = "{name}", text = "{memo} {email}" }\n'
    world = world_of('[destinations.post]\nvendor = "email"\nfrom = "info@example.co.jp"\n' + template + route)
    mail = MailSandbox(clock=world.clock.now, verified="example.co.jp")
    world.transport.sandboxes["ses:"] = mail
    world.submit("contact", VISITOR)
    send, world.transport.send = world.transport.send, _die  # type: ignore[method-assign]
    with pytest.raises(SystemExit):
        world.answer_bells()
    world.transport.send = send  # type: ignore[method-assign]
    world.pass_minutes(30)

    assert only(world).state is state


def _die(*_: object, **__: object) -> Any:
    raise SystemExit


@pytest.mark.parametrize(
    ("words", "kind"), [("Maximum sending rate exceeded.", "failing"), ("Daily message quota exceeded.", "quota")]
)
def test_ses_says_too_fast_and_too_many_in_one_code(post: tuple[World, MailSandbox], words: str, kind: str) -> None:
    """
    Too fast is over in seconds; too many waits for a quarter of an hour at least. Nothing is lost either way.
    """
    world, mail = post
    said = json.dumps({"code": "TooManyRequestsException", "message": words})
    mail.faults.add(Fault("status", status=429, body=said))
    world.submit("contact", VISITOR)
    world.answer_bells()
    closed = world.lane("email-ses")["closed_kind"]
    world.pass_minutes(60)

    assert closed == kind
    assert world.states() == {"delivered": 2}


def test_an_unverified_sender_pauses_the_lane(post: tuple[World, MailSandbox]) -> None:
    """
    SES's refusal is the operator's matter, not the visitor's: messages wait.
    """
    world, mail = post
    mail.verified = "other.example.jp"
    world.submit("contact", VISITOR)
    world.answer_bells()

    assert world.states() == {"waiting": 2}
    assert "verified" in world.lane("email-ses")["paused_reason"]
    assert "example.co.jp" not in str(world.lane("email-ses")["paused_reason"])


def test_mail_leaves_by_a_server_of_this_machine() -> None:
    """
    Whoever develops sees the very letters, without SES.
    """
    with smtp_sink() as sink:
        world = world_of(MAIL.replace("from = ", f'server = "{sink.url}"\nfrom = ', 1))
        world.transport.send = Outbound(Clients()).send  # type: ignore[method-assign]
        world.submit("contact", VISITOR)
        world.answer_bells()
    letters = {to[0]: message_from_bytes(data, policy=policy.default) for _, to, data in sink.mails}

    assert world.states() == {"delivered": 2}
    assert letters[VISITOR["your-email"]]["Subject"] == "見本 花子 様 お問い合わせありがとうございます"
    assert letters["desk@staff.example.jp"]["Reply-To"] == VISITOR["your-email"]
