"""
E-mail: faults found before a deployment, and messages that no visitor can bend.
"""

from __future__ import annotations

import email
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.config import check
from chalicelib.destinations import VENDORS
from chalicelib.model import Batch, Line, Prepared
from chalicelib.sources import PRESETS
from tests.contract.destinations.samples import DESTINATIONS

MAIL = VENDORS["email"]
POST = DESTINATIONS["email"]
BASE = """
[relay]
name = "test"
secret = "env:EKIDEN_SECRET"
[sources.crm]
preset = "webhook"
verify = [{ token = { in = "header", name = "X-Relay-Token", secret = "env:CRM_TOKEN" } }]
[destinations.post]
vendor = "email"
from = "窓口 <info@example.co.jp>"
templates.hello = { subject = "{name}", text = "{memo}" }
[[routes]]
from = "crm"
to = "post"
operation = "notice"
settings = { template = "hello", to = ["desk@staff.example.jp"] }
fields = { name = "name", memo = "memo" }
"""


@pytest.mark.parametrize(
    ("old", "new", "path", "words"),
    [
        ("窓口 <info@example.co.jp>", "info", "destinations.post.from", "no sender"),
        ("窓口 <info@example.co.jp>", "a@example.jp\\nBcc: b@example.jp", "destinations.post.from", "no sender"),
        ("from =", 'server = "smtp://mail.example.co.jp:25"\nfrom =', "destinations.post.server", "no server"),
        ("from =", 'base_url = "https://x.example.jp"\nfrom =', "destinations.post.base_url", "cannot be said"),
        ('subject = "{name}"', 'subjct = "{name}"', "destinations.post.templates.hello.subjct", '"subject"?'),
        ('subject = "{name}", ', "", "destinations.post.templates.hello.subject", "is missing"),
        ("{memo}", "{memo", "destinations.post.templates.hello.text", "stands alone"),
        ("{memo}", "{secret:x} {memo}", "destinations.post.templates.hello.text", "credential"),
        ('template = "hello"', 'template = "helo"', "routes[0].settings.template", 'Did you mean "hello"?'),
        ('template = "hello"', 'template = { field = "x" }', "routes[0].settings.template", "constant"),
        ('["desk@staff.example.jp"]', '{ field = "shop" }', "routes[0].settings.to", "whoever fills in"),
        ('["desk@staff.example.jp"]', '["desk"]', "routes[0].settings.to", "no address"),
        ('["desk@staff.example.jp"]', str(["a@example.jp"] * 6), "routes[0].settings.to", "more than 5"),
        ('memo = "memo" }', 'mem = "memo" }', "routes[0].fields.mem", 'Did you mean "memo"?'),
        (', memo = "memo" }', " }", "routes[0].fields.memo", "not mapped"),
        ('operation = "notice"', 'operation = "inquiry"', "routes[0].fields.email", "required by inquiry"),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_a_remedy(old: str, new: str, path: str, words: str) -> None:
    """
    Mistyped templates, places and recipients never become mail.
    """
    assert old in BASE
    text = BASE.replace(old, new, 1)
    faults = check(text.encode(), vendors=VENDORS, presets=PRESETS, stage="local")
    found = {fault.path: f"{fault.message}: {fault.remedy}" for fault in faults}

    assert words in found[path], found


def message(operation: str, **fields: str) -> EmailMessage | None:
    """
    The message for these values, as Python's own parser reads it; None where there is none.
    """
    to = {} if operation == "auto_reply" else {"to": "desk@staff.example.jp"}
    prepared = MAIL.prepare(MAIL.operations[operation], fields, {"template": "thanks", **to}, POST, {})
    if not isinstance(prepared, Prepared):
        return None
    line = Line(contact="c", payload=prepared.payload, deliveries=("d1",))
    batch = Batch(
        lane="l",
        destination="post",
        operation=operation,
        settings=prepared.settings,
        lines=(line,),
        at=datetime(2026, 11, 21, 1, tzinfo=UTC),
    )
    made = email.message_from_bytes(MAIL.build(batch, b"", POST, {}).body, policy=policy.default)
    assert isinstance(made, EmailMessage)
    return made


def test_a_message_says_when_and_which_it_is() -> None:
    """
    The date is the call's, the id the delivery's.
    """
    made = message("auto_reply", email="hanako.sample@example.co.jp", name="花子")

    assert made is not None
    assert made["Date"] == "Sat, 21 Nov 2026 01:00:00 +0000"
    assert made["Message-ID"] == "<d1@example.co.jp>"
    assert made["X-Ekiden-Delivery"] == "d1"


@pytest.mark.parametrize("address", ["abc..def@docomo.ne.jp", "a.@ezweb.ne.jp", "hanako+web@example.co.jp"])
def test_addresses_that_carriers_gave_out_are_answered(address: str) -> None:
    """
    They are no addresses by the book, and their owners read mail.
    """
    made = message("auto_reply", email=address, name="花子")

    assert made is not None
    assert made["To"] == address


@settings(deadline=None, max_examples=150)
@given(name=st.text(max_size=80), memo=st.text(max_size=200))
def test_whatever_is_typed_stays_in_its_place(name: str, memo: str) -> None:
    """
    Any text at all: the headers are ours, and each of them once; what is typed is in subject and text alone.
    """
    made = message("inquiry", email="hanako.sample@example.co.jp", name=name, memo=memo)
    if made is None:
        return

    assert sorted(made.keys()) == sorted(
        {
            "Subject",
            "From",
            "To",
            "Content-Type",
            "Content-Transfer-Encoding",
            "MIME-Version",
            "Message-ID",
            "X-Ekiden-Delivery",
            "Date",
            "Reply-To",
        }
    )
    assert made["To"] == "desk@staff.example.jp"
    assert made["Reply-To"] == "hanako.sample@example.co.jp"
