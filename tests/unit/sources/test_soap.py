"""
Salesforce's XML, and XML that only looks like it.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from chalicelib.errors import EnvelopeRefused
from chalicelib.sources import soap
from tests.fuzzing import times

MESSAGE = (Path(__file__).parents[2] / "data" / "senders" / "salesforce_outbound.xml").read_bytes()


def test_a_message_becomes_its_notifications() -> None:
    """Each notification is flat: its own id, the object's type and fields, nil as null."""
    found = soap.load(MESSAGE, depth_max=12)

    assert found["OrganizationId"] == "00D000000000001EAA"
    assert found["notifications"][0] == {
        "notification_id": "04l000000000001AAA",
        "object_type": "Lead",
        "Id": "00Q000000000001AAA",
        "Company": "株式会社①髙﨑 & 子",
        "Email": "taro@example.co.jp",
        "FirstName": None,
        "HasOptedOutOfEmail": "false",
        "LastModifiedDate": "2026-11-21T00:58:00.000Z",
        "LastName": "山田",
    }
    assert [each["LastName"] for each in found["notifications"]] == ["山田", "鈴木"]


@pytest.mark.parametrize(("ours", "theirs"), [(b"soapenv", b"S"), (b"sf", b"ns1")])
def test_prefixes_do_not_matter(ours: bytes, theirs: bytes) -> None:
    """Whoever writes the XML chooses its prefixes."""
    changed = MESSAGE
    for before, after in ((b"<", b":"), (b"</", b":"), (b"xmlns:", b"="), (b'"', b":Lead")):
        changed = changed.replace(before + ours + after, before + theirs + after)

    assert changed != MESSAGE
    assert soap.load(changed, depth_max=12) == soap.load(MESSAGE, depth_max=12)


def test_the_session_id_is_in_nothing_that_is_read_or_kept() -> None:
    """It opens Salesforce's API to whoever has it."""
    kept = soap.without_secrets(MESSAGE, depth_max=12)

    assert b"made-up-session-id" in MESSAGE
    assert b"made-up-session-id" not in kept
    assert b"SessionId" not in kept
    assert soap.load(kept, depth_max=12) == soap.load(MESSAGE, depth_max=12)
    assert "SessionId" not in soap.load(MESSAGE, depth_max=12)


BOMB = b'<!DOCTYPE b [<!ENTITY a "ha">' + b"".join(
    b'<!ENTITY a%d "%s">' % (number, b"&a%d;" % (number - 1) * 10 if number else b"&a;" * 10) for number in range(9)
)
HOSTILE = {
    "entity bomb": BOMB + b"]><b>&a8;</b>",
    "external entity": b'<!DOCTYPE b [<!ENTITY x SYSTEM "file:///etc/passwd">]><b>&x;</b>',
    "external dtd": b'<!DOCTYPE b SYSTEM "http://127.0.0.1:9/x.dtd"><b/>',
    "parameter entity": b'<!DOCTYPE b [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x"> %x;]><b/>',
    "deep": b"<a>" * 100_000 + b"</a>" * 100_000,
    "wide": b"<a>" + b"<b/>" * 150_000 + b"</a>",
    "attributes": b"<a " + b" ".join(b'x%d="1"' % number for number in range(50_000)) + b"/>",
    "unknown encoding": b'<?xml version="1.0" encoding="nothing"?><a/>',
    "multi-byte encoding": b'<?xml version="1.0" encoding="cp932"?><a/>',
    "utf-7": b'<?xml version="1.0" encoding="utf-7"?><a/>',
    "half": MESSAGE[:700],
    "json": b'{"a": 1}',
    "nothing": b"",
    "another root": b"<a/>",
    "no body": b"<Envelope/>",
    "empty body": b"<Envelope><Body/></Envelope>",
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_hostile_xml_is_refused_at_once(body: bytes) -> None:
    """Entity bombs, DTDs, external entities, depth and size: 400, without a wait and without a look elsewhere."""
    began = time.perf_counter()
    with pytest.raises(EnvelopeRefused) as refused:
        soap.load(body, depth_max=12)

    assert refused.value.status == 400
    assert time.perf_counter() - began < 5


@settings(max_examples=times(1_000), deadline=None)
@given(some.one_of(some.binary(max_size=300), some.integers(0, len(MESSAGE) - 1), some.text()))
def test_whatever_comes_is_a_message_or_a_refusal(given_value: bytes | int | str) -> None:
    """Bytes of any kind, and messages with a byte turned over: nothing but a refusal comes of them."""
    body = given_value if isinstance(given_value, bytes) else b""
    if isinstance(given_value, str):
        body = b"<Envelope><Body><n><Notification>" + given_value.encode() + b"</Notification></n></Body></Envelope>"
    if isinstance(given_value, int):
        body = MESSAGE[:given_value] + bytes([MESSAGE[given_value] ^ 4]) + MESSAGE[given_value + 1 :]
    try:
        found = soap.load(body, depth_max=12)
    except EnvelopeRefused:
        return
    assert isinstance(found["notifications"], list)
