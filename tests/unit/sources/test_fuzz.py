"""
Whatever strangers send, the door answers: events or a refusal, never a traceback.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.errors import EnvelopeRefused
from chalicelib.model import Envelope, Equals, EventRule, FormField, Parse, Records, Response, Source, Token
from chalicelib.sources import PRESETS, Accepted, handshake, preflight, problem, success, understand, verify
from tests.fuzzing import times

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
SECRETS = {"ssm:/new": "neu", "ssm:/secret": "geheim"}

types = st.sampled_from(
    [
        "application/json", "application/x-www-form-urlencoded", "text/plain", "", "multipart/form-data; boundary=b",
        "application/json; charset=shift_jis", "application/x-www-form-urlencoded; charset=cp932", "text/xml",
    ]
)  # fmt: skip
names = st.sampled_from(
    [
        "origin", "referer", "accept", "authorization", "x-relay-token", "stripe-signature", "webhook-signature",
        "webhook-id", "webhook-timestamp", "x-hub-signature-256", "x-slack-signature", "x-slack-request-timestamp",
        "x-hubspot-signature-v3", "x-hubspot-request-timestamp", "accept-language", "sec-fetch-mode", "host",
        "access-control-request-headers", "x-id",
    ]
)  # fmt: skip
header_texts = st.one_of(
    st.text(max_size=80),
    st.from_regex(r"\A(t=[0-9]{1,12},)?v[01][=,][0-9a-zA-Z+/=]{0,90}( v1,[a-z=]*)?\Z"),
    st.sampled_from(
        ["null", "https://www.example.co.jp", str(int(NOW.timestamp())), "sha256=", "text/html", "Basic Og=="]
    ),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
field_names = st.sampled_from(
    ["mail", "_next", "_token", "_gotcha", "_charset_", "_page", "i[]", "payload", "events", "t"]
)
pairs = st.lists(st.tuples(field_names | st.text(max_size=10), st.text(max_size=30)), max_size=8)
part_heads = st.sampled_from(
    ['form-data; name="a"', 'form-data; name="_charset_"', 'form-data; name="a"; filename="x"', "form-data", "x", ""]
)


def _multipart(parts: Any) -> bytes:
    lines = [b"--b\r\nContent-Disposition: " + head.encode() + b"\r\n\r\n" + data + b"\r\n" for head, data in parts]
    return b"".join(lines) + b"--b--\r\n"


hostile_json = st.sampled_from(
    [
        b'{"a":NaN}',
        b"[Infinity]",
        b'{"t":1e999}',
        b'{"id":' + b"9" * 400 + b"}",
        b"[" * 5_000,
        b'{"a":' * 3_000,
        b'{"id":1,"id":{},"id":[]}',
        b'{"type":"\\ud800"}',
        b'{"\\u0000":"\\u0000"}',
        b'{"events":[[],null,"x",{}]}',
        b'{"record":{"a":{"value":{}}},"type":"x"}',
    ]
)
bodies = st.one_of(
    st.binary(max_size=200),
    hostile_json,
    json_values.map(lambda value: json.dumps(value).encode()),
    json_values.map(lambda value: json.dumps({"events": [value], "payload": value, "record": value}).encode()),
    pairs.map(lambda given: "&".join(f"{name}={value}" for name, value in given).encode("utf-8", "surrogatepass")),
    st.text(alphabet='%&=+_ab0189ABC;[]{}"\\\n', max_size=80).map(str.encode),
    st.lists(st.tuples(part_heads, st.binary(max_size=20)), max_size=4).map(_multipart),
)
headers = st.dictionaries(names, header_texts, max_size=5)
methods = st.sampled_from(["POST", "PUT", "GET", "", "x"])


@pytest.fixture(scope="session")
def sources(
    form_source: Callable[..., Source], webhook_source: Callable[..., Source], preset_source: Callable[..., Source]
) -> list[Source]:
    """
    One source of every kind, with every optional part switched on somewhere.
    """
    rule = EventRule(
        kind="type", kinds={"x": "delete", "*": "upsert"}, id="[id, t]", time="t", time_unit="ms", test="t"
    )
    token = Token(place="json", name="key.inner", secret=("ssm:/new",))
    fields = tuple(FormField(name=kind, type=kind, required=True, chars_max=3) for kind in ("email", "tel", "url"))
    return [
        form_source(token="required", consent_field="agree"),
        form_source(fields=(*fields, FormField(name="mail", type="choice", choices=("a",))), parse=Parse(files="drop")),
        form_source(origins=(), event=rule, parse=Parse(charset="cp932", format="multipart")),
        webhook_source(event=rule, records=Records(path="events"), parse=Parse(lenient=True)),
        webhook_source(verify=(token,), event=EventRule(id="header:X-Id", time="t", kind="max_by(x, &y)")),
        webhook_source(records=Records(pairs="events", map_value="record"), parse=Parse(json_in_field="payload")),
        webhook_source(
            verify=(Token(place="basic", secret=("ssm:/new",)), Token(place="form", name="a", secret=("x",)))
        ),
        *map(preset_source, sorted(set(PRESETS) - {"form"})),
    ]


def _storable(value: Any) -> bool:
    """
    Whether DynamoDB, CSV and JSON can carry the value: no NUL, no half characters, no NaN.
    """
    if isinstance(value, str):
        return "\0" not in value and value.encode() is not None
    if isinstance(value, dict):
        return all(_storable(name) and _storable(member) for name, member in value.items())
    if isinstance(value, list):
        return all(map(_storable, value))
    return json.dumps(value, allow_nan=False) is not None


def _answered(envelope: Envelope, source: Source) -> Response:
    """
    The whole of the door for one envelope: every path ends in events and an answer that can be sent.
    """
    try:
        handshake(envelope, source, SECRETS)
        known = understand(envelope, source, secrets=SECRETS, signing_key=b"k", now=NOW)
    except EnvelopeRefused as refused:
        answer = problem(envelope, source, refused)
        return answer if 400 <= refused.status < 500 else pytest.fail("a stranger's fault is no fault of ours")
    for event in known.events:
        assert event.time.tzinfo is UTC
        assert _storable([event.fields, event.evidence, event.dedupe, event.hold or ""])
        assert event.kind in {"upsert", "unsubscribe", "delete", "ignore", "unusable"}
        assert (event.kind == "unusable") <= (event.hold is not None)
    return success(envelope, source, Accepted(ids=("e",), query={"c": "x"}, next_url=known.next_url), now=NOW)


@settings(max_examples=times(900), deadline=None)
@given(number=st.integers(0, 60), method=methods, given_headers=headers, content_type=types, body=bodies)
@example(number=0, method="POST", given_headers={}, content_type="application/json", body=b'{"_next":"\\ud800"}')
@example(number=3, method="POST", given_headers={}, content_type="text/plain", body=b"\xed\xa0\x80\x00")
@example(number=9, method="POST", given_headers={}, content_type="application/json", body=b'{"type":{},"t":1e300}')
def test_any_bytes_and_headers_get_an_answer(
    sources: list[Source], number: int, method: str, given_headers: dict[str, str], content_type: str, body: Any
) -> None:
    """
    Any request to any kind of source ends in events that can be stored, or in a refusal; and in an answer.
    """
    envelope = Envelope(
        source="x",
        method=method,
        headers=given_headers | {"content-type": content_type},
        query={"hub.mode": ("subscribe",)},
        body=body,
        received_at=NOW,
    )

    answer = _answered(envelope, sources[number % len(sources)])

    answer.body.encode()
    location = answer.headers.get("Location", "https://www.example.co.jp/")
    assert location.startswith("https://www.example.co.jp/")
    assert "".join(answer.headers.values()).isascii()
    assert "\n" not in "".join(answer.headers.values())
    preflight(envelope, sources[number % len(sources)])


@settings(max_examples=times(900), deadline=None)
@given(number=st.integers(0, 60), given_headers=headers, content_type=types, body=bodies, token=st.none() | st.text())
def test_any_proof_passes_or_is_refused(
    sources: list[Source], number: int, given_headers: dict[str, str], content_type: str, body: Any, token: Any
) -> None:
    """
    Nothing that a stranger can put into a request makes verification fail in any other way than by a refusal.
    """
    envelope = Envelope(
        source="x",
        headers=given_headers | {"content-type": content_type},
        query={"key": (token or "",)},
        path_token=token,
        body=body,
        received_at=NOW,
    )
    result = (200, "")
    try:
        verify(
            envelope, sources[number % len(sources)], SECRETS, public_url="https://relay.example.co.jp/in/x", now=NOW
        )
    except EnvelopeRefused as refused:
        result = (refused.status, refused.code)

    may_read = any(isinstance(check, Equals) for check in sources[number % len(sources)].verify)
    unreadable = {(400, "malformed"), (415, "unsupported_type")} if may_read else set()
    assert result in {(200, ""), (401, "unauthorized"), (403, "origin")} | unreadable
