"""
Salesforce points at Ekiden: Outbound Messages, and Web-to-Lead forms with another action.
"""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from chalicelib.model import Envelope, Response
from tests.fuzzing import times
from tests.scenarios.test_forms import Broken
from tests.scenarios.world import CONFIG, SECRETS, World

SENDERS = Path(__file__).parents[1] / "data" / "senders"
MESSAGE = (SENDERS / "salesforce_outbound.xml").read_bytes()
FORM = (SENDERS / "web_to_lead_sjis.txt").read_bytes()
TOKEN = SECRETS["env:CRM_TOKEN"]
SESSION = b"made-up-session-id"
SOURCES = """
[sources.salesforce]
preset = "salesforce_outbound"
secret = "env:CRM_TOKEN"
organization_id = "00D000000000001EAA"
event = { kind = "HasOptedOutOfEmail", kinds = { true = "unsubscribe", "*" = "upsert" } }

[sources.lead]
preset = "web_to_lead"
origins = ["https://www.example.co.jp"]
thanks = "https://www.example.co.jp/thanks"
redirects = ["https://shop.example.co.jp"]
organization_id = "00D000000000001"

[[routes]]
from = "salesforce"
to = "haihai"
operation = "register"
settings = { gid = 12 }
fields = { "メールアドレス" = "Email", "お名前" = "LastName" }

[[routes]]
from = "salesforce"
to = "haihai"
operation = "stop"
on = ["unsubscribe"]
settings = { gid = 12 }
fields = { "メールアドレス" = "Email" }

[[routes]]
from = "lead"
to = "satori"
operation = "upsert"
[routes.fields]
email = "email"
last_name = "last_name"
first_name = "first_name"
lead_company_name = "company"
collection_route = "lead_source"
append_tags = "00N000000000001"
"""


def world_of_leads() -> World:
    return World(CONFIG + SOURCES)


def send(world: World, body: bytes = MESSAGE, token: str | None = TOKEN, source: str = "salesforce") -> Response:
    headers = {"content-type": "text/xml; charset=UTF-8", "soapaction": '""'}
    return world.relay.accept(
        Envelope(source=source, headers=headers, path_token=token, body=body, received_at=world.clock.now())
    )


def acknowledged(answer: Response) -> bool:
    media = answer.headers.get("Content-Type", "").startswith("text/xml")
    return answer.status == 200 and media and "<Ack>true</Ack>" in answer.body


def test_a_message_is_acknowledged_when_all_its_notifications_are_kept() -> None:
    """Two leads in one message: one is registered, the one who opted out is stopped, each an event of its own."""
    world = world_of_leads()

    answer = send(world)
    world.pass_minutes(10)

    assert acknowledged(answer)
    assert {(each.operation, each.payload["メールアドレス"]) for each in world.deliveries()} == {
        ("register", "taro@example.co.jp"),
        ("stop", "hanako@example.co.jp"),
    }
    assert world.states() == {"delivered": 2}
    times = sorted(item["time"] for item in world.table.items() if item["sk"] == "EVENT")
    assert times == ["2026-11-21T00:58:00.000000Z", "2026-11-21T00:59:00.000000Z"]


def test_a_message_that_comes_again_is_acknowledged_and_carried_once() -> None:
    """Salesforce repeats what it thinks unheard for a day; notifications have ids."""
    world = world_of_leads()
    assert acknowledged(send(world))
    world.pass_minutes(60)

    assert acknowledged(send(world))
    assert sum(world.states().values()) == 2


@pytest.mark.parametrize(
    ("body", "token", "source"),
    [
        (MESSAGE, "wrong", "salesforce"),
        (MESSAGE, None, "salesforce"),
        (MESSAGE.replace(b"00D000000000001EAA", b"00D000000000002EAA"), TOKEN, "salesforce"),
        (MESSAGE.replace(b"00D000000000001EAA", b"00D"), TOKEN, "salesforce"),
        (MESSAGE.replace(b"OrganizationId", b"Organization"), TOKEN, "salesforce"),
        (MESSAGE, TOKEN, "nobody"),
        (b"<!DOCTYPE x>", "wrong", "salesforce"),
    ],
)
def test_whoever_is_not_the_organisation_hears_the_same_401(body: bytes, token: str | None, source: str) -> None:
    """Wrong address, wrong organisation, unknown source: one answer, nothing kept."""
    world = world_of_leads()

    answer = send(world, body, token, source)
    unknown = send(world, MESSAGE, "x", "nobody")

    assert (answer.status, answer.body, dict(answer.headers)) == (401, unknown.body, dict(unknown.headers))
    assert world.table.items() == []


def test_an_id_of_15_characters_is_the_same_organisation() -> None:
    """Salesforce writes its ids with 15 and with 18."""
    world = World((CONFIG + SOURCES).replace("00D000000000001EAA", "00D000000000001"))

    assert acknowledged(send(world))


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE b [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + MESSAGE[39:],
        MESSAGE[:-40],
        b"<a>" * 50_000,
        b"",
        b"not xml",
        MESSAGE.replace(b"<Notification>", b"<Notification>" + b"<x>" * 30 + b"</x>" * 30, 1),
    ],
)
def test_broken_and_hostile_xml_is_a_400(body: bytes) -> None:
    """Also with the right address: nothing is kept, and it is nobody's 5xx."""
    world = world_of_leads()

    assert send(world, body).status == 400
    assert world.table.items() == []


def test_the_session_id_is_nowhere() -> None:
    """Not in the table, the queues or the log: not of a message that is understood, nor held, nor kept in the inbox."""
    understood, held, kept = world_of_leads(), world_of_leads(), world_of_leads()
    send(understood)
    many = re.search(rb"<Notification>.*?</Notification>", MESSAGE, re.DOTALL)
    assert many is not None
    assert acknowledged(send(held, MESSAGE.replace(many[0], many[0] * 100)))
    kept.table = Broken()  # type: ignore[assignment]
    kept.relay = kept._relay()
    assert acknowledged(send(kept))

    assert held.states() == {"held": 1}
    for world in (understood, held):
        assert SESSION.decode() not in repr([world.table.items(), world.journal])
    (message,) = kept.inbox.receive(1)
    assert SESSION not in base64.b64decode(json.loads(message.body)["body"])
    assert SESSION.decode() not in message.body + repr(kept.journal)


def test_a_message_of_the_inbox_is_understood_later() -> None:
    """What was acknowledged while the table was away is stored when it is back, each notification once."""
    world = world_of_leads()
    table, world.table = world.table, Broken()  # type: ignore[assignment]
    world.relay = world._relay()
    assert acknowledged(send(world))
    world.table = table
    world.relay = world._relay()
    (message,) = world.inbox.receive(1)
    world.relay.unpack(message.body)
    assert acknowledged(send(world))

    assert sum(world.states().values()) == 2


def test_without_any_store_there_is_a_fault_and_no_ack() -> None:
    """503 with a SOAP fault: Salesforce keeps the message and comes again."""
    world = world_of_leads()
    world.table = Broken()  # type: ignore[assignment]
    world.inbox = Broken()  # type: ignore[assignment]
    world.relay = world._relay()

    answer = send(world)

    assert answer.status == 503
    assert "<soapenv:Fault>" in answer.body
    assert "Ack" not in answer.body


def test_half_a_message_stored_is_no_harm() -> None:
    """The table goes away between two notifications: the repeat brings the second, and the first is known."""
    world = world_of_leads()
    second = re.findall(rb"\s*<Notification>.*?</Notification>", MESSAGE, re.DOTALL)[1]
    assert acknowledged(send(world, MESSAGE.replace(second, b"")))
    assert acknowledged(send(world))

    assert sum(world.states().values()) == 2


@settings(max_examples=times(400), deadline=None)
@given(some.integers(0, len(MESSAGE) - 1), some.integers(1, 255))
def test_no_message_makes_a_fault_of_ours(at: int, change: int) -> None:
    """A byte turned over anywhere: an Ack, a 400 or a 401, never a 5xx and never a fault in the log."""
    world = world_of_leads()

    answer = send(world, MESSAGE[:at] + bytes([MESSAGE[at] ^ change]) + MESSAGE[at + 1 :])

    assert answer.status in {200, 400, 401}
    assert not [fact for fact, _ in world.journal.lines if fact == "fault"]


# ── Web-to-Lead ─────────────────────────────────────────────────────────────────────────────────────────────────────


def post(world: World, body: bytes, query: dict[str, tuple[str, ...]] | None = None, **headers: str) -> Response:
    given_headers = {
        "content-type": "application/x-www-form-urlencoded",
        "accept": "text/html",
        "origin": "https://www.example.co.jp",
        **headers,
    }
    return world.relay.accept(
        Envelope(source="lead", headers=given_headers, query=query or {}, body=body, received_at=world.clock.now())
    )


def test_an_old_shift_jis_form_keeps_working_with_another_action() -> None:
    """Its hidden fields steer and are nobody's data; lead_source and the 00N fields are the event's."""
    world = world_of_leads()

    answer = post(world, FORM)

    assert answer.status == 303
    assert answer.headers["Location"].startswith("https://www.example.co.jp/download?c=")
    customer = world.satori.customer("taro@example.co.jp")
    assert customer is not None
    assert customer.values["last_name"] == "山田"
    assert customer.values["lead_company_name"] == "株式会社①髙﨑"
    assert customer.values["collection_route"] == "Web"
    (event,) = [item for item in world.table.items() if item["sk"] == "EVENT"]
    assert not [name for name in ("oid", "retURL", "encoding", "debug", "debugEmail") if f'"{name}"' in event["fields"]]
    assert '"Campaign_ID":"701000000000001"' in event["fields"]


@pytest.mark.parametrize(
    ("query", "field", "stated", "charset"),
    [
        ("Shift_JIS", "", "", "cp932"),
        ("UTF-8", "", "", "utf-8"),
        ("", "Shift_JIS", "", "cp932"),
        ("", "", "", "utf-8"),
        ("Shift_JIS", "", "UTF-8", "utf-8"),
        ("UTF-8", "", "Shift_JIS", "cp932"),
    ],
)
def test_the_charset_is_what_the_address_the_form_or_the_browser_says(
    query: str, field: str, stated: str, charset: str
) -> None:
    """The browser's own `_charset_` goes before `encoding` in the address, and that before a field of the name."""
    world = world_of_leads()
    pairs = {
        "oid": "00D000000000001",
        "email": "taro@example.co.jp",
        "last_name": "髙﨑",
        "first_name": "x",
        "lead_source": "Web",
    }
    pairs |= {"encoding": field} if field else {}
    pairs |= {"_charset_": stated} if stated else {}
    body = "&".join(f"{name}={quote(text.encode(charset))}" for name, text in pairs.items())

    assert post(world, body.encode(), {"encoding": (query,)} if query else {}).status == 303
    assert world.satori.customer("taro@example.co.jp").values["last_name"] == "髙﨑"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("https://www.example.co.jp/a?b=1", "https://www.example.co.jp/a?b=1&c="),
        ("https://shop.example.co.jp/", "https://shop.example.co.jp/?c="),
        ("https://evil.example/", "https://www.example.co.jp/thanks?c="),
        ("//evil.example/", "https://www.example.co.jp/thanks?c="),
        ("javascript:alert(1)", "https://www.example.co.jp/thanks?c="),
        ("", "https://www.example.co.jp/thanks?c="),
    ],
)
def test_the_visitor_goes_where_retURL_says_if_that_is_listed(address: str, target: str) -> None:  # noqa: N802
    """A public form must not become anybody's redirector."""
    world = world_of_leads()
    body = FORM.replace(quote("https://www.example.co.jp/download", safe="").encode(), quote(address, safe="").encode())

    assert post(world, body).headers["Location"].startswith(target)


@pytest.mark.parametrize("oid", ["00D000000000002", "", "00D"])
def test_another_organisations_form_is_not_taken(oid: str) -> None:
    """A page for the visitor, who has done nothing wrong; nothing kept."""
    world = world_of_leads()

    answer = post(world, FORM.replace(b"00D000000000001&", f"{oid}&".encode()))

    assert answer.status == 401
    assert "送信元を確認できませんでした" in answer.body
    assert world.table.items() == []


def test_a_mended_form_still_has_its_hidden_fields() -> None:
    """The page with the fault carries oid and retURL on, unseen."""
    world = world_of_leads()

    page = post(world, FORM.replace(b"email=taro%40example.co.jp", b"email="))

    assert page.status == 422
    assert '<input type="hidden" name="oid" value="00D000000000001">' in page.body
    assert '<input type="hidden" name="retURL" value="https://www.example.co.jp/download">' in page.body
    assert 'type="text" class="box" name="debugEmail"' not in page.body


def test_a_form_sent_twice_is_one_lead() -> None:
    """A reload of the post is recognised, as for any form."""
    world = world_of_leads()

    assert [post(world, FORM).status for _ in range(2)] == [303, 303]
    assert world.states() == {"delivered": 1}
