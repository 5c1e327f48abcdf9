"""
What senders mean: single records, their fields, and how each names itself.

The bodies are synthetic; their shapes are those of the senders' documentation.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.errors import EnvelopeRefused
from chalicelib.model import Envelope, Event, EventRule, Parse, Records, Source, Token
from chalicelib.sources import events

JSON = "application/json"
SECRETS = {"ssm:/new": "relay-token"}


def _events(envelope: Envelope, source: Source, secrets: Mapping[str, str] = SECRETS, key: bytes = b"k") -> list[Event]:
    return events(envelope, source, secrets=secrets, signing_key=key, now=envelope.received_at)


def _one(envelope: Envelope, source: Source) -> Event:
    (event,) = _events(envelope, source)
    return event


# ── records and fields ──────────────────────────────────────────────────────────────────────────────────────────────

KINTONE = {
    "id": "01234567-0123-0123-0123-0123456789ab",
    "type": "UPDATE_RECORD",
    "record": {
        "$id": {"type": "__ID__", "value": "12"},
        "メール": {"type": "LINK", "value": "taro@example.co.jp"},
        "興味": {"type": "CHECK_BOX", "value": ["展示会"]},
        "日付": {"type": "DATE", "value": None},
    },
}
GOOGLE_ADS = {
    "lead_id": "L1",
    "google_key": "relay-token",
    "is_test": True,
    "user_column_data": [
        {"column_id": "EMAIL", "string_value": "taro@example.co.jp"},
        {"column_id": "FULL_NAME", "string_value": "山田 太郎"},
    ],
}
TYPEFORM = {
    "event_id": "01J000",
    "event_type": "form_response",
    "form_response": {
        "submitted_at": "2026-01-15T02:10:00Z",
        "answers": [
            {"type": "email", "email": "taro@example.co.jp", "field": {"ref": "email"}},
            {"type": "boolean", "boolean": False, "field": {"ref": "agree"}},
            {"type": "choices", "choices": {"labels": ["資料請求", "見積"]}, "field": {"ref": "topic"}},
        ],
    },
}


def test_kintone_values_become_plain_fields(
    webhook_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    Kintone wraps every value with its type; the fields hold the values, null and lists as they are.
    """
    source = webhook_source(
        records=Records(map_value="record"),
        event=EventRule(id="id", kind="type", kinds={"DELETE_RECORD": "delete", "*": "upsert"}),
    )

    event = _one(knock(json.dumps(KINTONE), JSON), source)

    assert event.fields["メール"] == "taro@example.co.jp"
    assert (event.fields["$id"], event.fields["興味"], event.fields["日付"]) == ("12", ["展示会"], None)
    assert (event.kind, event.dedupe, event.dedupe_seconds) == (
        "upsert", "id:01234567-0123-0123-0123-0123456789ab", 604_800,
    )  # fmt: skip


def test_google_ads_pairs_become_fields_without_the_key(
    webhook_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    Google's columns are fields by their id; the secret in the body is none of them; a test delivery is marked.
    """
    source = webhook_source(
        verify=(Token(place="json", name="google_key", secret=("ssm:/new",)),),
        records=Records(pairs="user_column_data", pairs_key="column_id", pairs_value="string_value"),
        event=EventRule(id="lead_id", test="is_test"),
    )

    event = _one(knock(json.dumps(GOOGLE_ADS), JSON), source)

    assert (event.fields["EMAIL"], event.fields["FULL_NAME"]) == ("taro@example.co.jp", "山田 太郎")
    assert "google_key" not in event.fields
    assert event.test


def test_typeform_answers_become_fields(preset_source: Callable[..., Source], knock: Callable[..., Envelope]) -> None:
    """
    An answer's value stands under the name of its type, and is found, also where it is false.
    """
    event = _one(knock(json.dumps(TYPEFORM), JSON), preset_source("typeform"))

    assert event.fields["email"] == "taro@example.co.jp"
    assert (event.fields["agree"], event.fields["topic"]) == (False, ["資料請求", "見積"])
    assert (event.dedupe, event.time) == ("id:01J000", datetime(2026, 1, 15, 2, 10, tzinfo=UTC))


def test_repeated_pairs_become_a_list(webhook_source: Callable[..., Source], knock: Callable[..., Envelope]) -> None:
    """
    Several answers under one name are kept, all of them; pairs without a name are left out.
    """
    pairs = [{"key": "i", "value": 1}, {"key": "i", "value": 2}, {"key": "i", "value": 3}, {"value": 4}, 5]
    pairs += [
        {"key": "j", "value": [1]},
        {"key": "j", "value": [2]},
        {"key": 7, "value": "x"},
        {"key": True, "value": 0},
    ]
    body = json.dumps({"answers": pairs})

    fields = _one(knock(body, JSON), webhook_source(records=Records(pairs="answers"))).fields

    assert {name: fields[name] for name in fields if name != "answers"} == {"i": [1, 2, 3], "j": [1, 2], "7": "x"}


@pytest.mark.parametrize("kind", ["urlencoded", "multipart", "json"])
def test_json_in_a_form_field(kind: str, webhook_source: Callable[..., Source], knock: Callable[..., Envelope]) -> None:
    """
    MovableType.net sends its JSON in the field `entry`; the same source also takes bare JSON.
    """
    inner = json.dumps({"sequence_number": 12, "columns": [{"label": "メール", "value": "taro@example.co.jp"}]})
    part = f'--b\r\nContent-Disposition: form-data; name="entry"\r\n\r\n{inner}\r\n--b--\r\n'
    envelope = {
        "urlencoded": knock([("entry", inner)]),
        "multipart": knock(part, "multipart/form-data; boundary=b"),
        "json": knock(inner, JSON),
    }[kind]
    source = webhook_source(
        parse=Parse(format="json", json_in_field="entry"),
        records=Records(pairs="columns", pairs_key="label"),
        event=EventRule(id="sequence_number"),
    )

    event = _one(envelope, source)

    assert (event.fields["メール"], event.dedupe) == ("taro@example.co.jp", "id:12")


def test_a_form_encoded_webhook(webhook_source: Callable[..., Source], knock: Callable[..., Envelope]) -> None:
    """
    Gravity Forms and Zoho can send form fields; names that begin with an underscore are fields like others there.
    """
    event = _one(knock([("1.3", "太郎"), ("5", "a"), ("5", "b"), ("_x", "1")]), webhook_source())

    assert event.fields == {"1.3": "太郎", "5": ["a", "b"], "_x": "1"}


@pytest.mark.parametrize(
    ("body", "path", "count"),
    [
        ({"events": [{"a": 1}, {"a": 2}]}, "events", 2),
        ([{"a": 1}, {"a": 2}, {"a": 3}], "", 3),
        ({"entry": [{"changes": [{"v": 1}, {"v": 2}]}, {"changes": [{"v": 3}]}]}, "entry[].changes[]", 3),
        ({"data": {"object": {"a": 1}}}, "data.object", 1),
        ({"events": []}, "events", 0),
        ([], "", 0),
    ],
)
def test_records_of_a_batch(
    body: Any, path: str, count: int, webhook_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    Every record is an event of its own; an empty list is a mere connection check.
    """
    found = _events(knock(json.dumps(body), JSON), webhook_source(records=Records(path=path)))

    assert [event.kind for event in found] == ["upsert"] * count
    assert len({event.dedupe for event in found}) == count


# ── what cannot be understood ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("records", "body", "reason"),
    [
        (Records(), "5", "not a JSON object"),
        (Records(), "null", "not a JSON object"),
        (Records(), '"text"', "not a JSON object"),
        (Records(), "{}", "not an object with members"),
        (Records(path="events"), '{"a":1}', "no records under events"),
        (Records(path="events"), '{"events":"x"}', "no records under events"),
        (Records(path="length(a)"), '{"a":1}', "does not fit"),
        (Records(pairs="answers"), '{"a":1}', "no list under answers"),
        (Records(map_value="record"), '{"record":[]}', "no object under record"),
        (Records(records_max=2), "[{},{},{}]", "3 records in one request, at most 2"),
    ],
)
def test_an_authentic_body_of_a_strange_shape_is_kept(
    records: Records, body: Any, reason: Any, webhook_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    The sender is not refused (many would switch the subscription off): the text waits for a person, with the reason.
    """
    event = _one(knock(body, JSON), webhook_source(records=records))

    assert (event.kind, list(event.fields)) == ("unusable", ["_raw"])
    assert json.loads(event.fields["_raw"]) == json.loads(body)
    assert reason in event.hold


@pytest.mark.parametrize(
    "bad", ["null", "5", "[]", "{}", '"x"', '{"a":"\\ud800"}', '{"type":"surprise"}', '{"type":["x"]}']
)
def test_one_bad_record_does_not_fail_its_neighbours(
    bad: str, webhook_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    In a batch, the record that cannot be understood is held; the others go their way.
    """
    rule = EventRule(kind="type", kinds={"created": "upsert"})
    body = f'[{{"type":"created","n":1}},{bad},{{"type":"created","n":2}}]'

    found = _events(knock(body, JSON), webhook_source(event=rule))

    assert [event.kind for event in found] == ["upsert", "unusable", "upsert"]
    assert [event.hold is None for event in found] == [True, False, True]
    assert found[1].fields["_raw"].encode()


def test_a_record_with_too_many_fields_is_held(
    webhook_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    The bound on fields counts for each record.
    """
    event = _one(knock(json.dumps({f"f{number}": 1 for number in range(201)}), JSON), webhook_source())

    assert (event.kind, event.hold) == ("unusable", "the record has 201 fields, at most 200 are taken")


def test_broken_json_is_refused_or_kept(webhook_source: Callable[..., Source], knock: Callable[..., Envelope]) -> None:
    """
    CF7 to Webhook sends what its template broke as text: with `lenient` it is held, without it is a 400.
    """
    body = '{"name":"山田 "太郎"","mail":"taro@example.co.jp"}'

    with pytest.raises(EnvelopeRefused) as refused:
        _events(knock(body, JSON), webhook_source())
    assert refused.value.status == 400

    for kind in (JSON, "text/plain; charset=UTF-8"):
        event = _one(knock(body, kind), webhook_source(parse=Parse(lenient=True)))
        assert (event.kind, event.fields["_raw"]) == ("unusable", body)
        assert "not valid JSON" in event.hold


def test_lenient_keeps_any_text(webhook_source: Callable[..., Source], knock: Callable[..., Envelope]) -> None:
    """
    A lenient source also keeps text that is no JSON at all, and bytes that are no text; a foreign type stays a 415.
    """
    source = webhook_source(parse=Parse(lenient=True))

    assert _one(knock(b"name: \xff\x00\r\n", "text/plain"), source).fields == {"_raw": "name: \\xff\n"}
    with pytest.raises(EnvelopeRefused) as refused:
        _events(knock("<a/>", "text/xml"), source)
    assert refused.value.status == 415


def test_a_missing_json_field_is_kept(preset_source: Callable[..., Source], knock: Callable[..., Envelope]) -> None:
    """
    A form without the field that should hold the JSON is held.
    """
    event = _one(knock([("other", "1")]), preset_source("github"))

    assert (event.kind, event.fields["_raw"]) == ("unusable", "other=1")
    assert "payload" in event.hold


def test_a_file_in_a_webhook_is_kept_as_unusable(
    webhook_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    A webhook with a file is held, unless the source drops files.
    """
    body = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    body += '--b\r\nContent-Disposition: form-data; name="cv"; filename="x.pdf"\r\n\r\n1\r\n--b--\r\n'
    envelope = knock(body, "multipart/form-data; boundary=b")

    assert "cv" in _one(envelope, webhook_source()).hold
    assert _one(envelope, webhook_source(parse=Parse(files="drop"))).fields == {"a": "1"}


@pytest.mark.parametrize("secret", ["relay-token", 'to"ken-日本', "a+b c"])
def test_kept_text_never_holds_the_secret(
    secret: str, webhook_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    The secret that a sender repeats in its body is masked in what is kept for a person.
    """
    source = webhook_source(verify=(Token(place="json", name="key", secret=("ssm:/new",)),), parse=Parse(lenient=True))
    bodies = [
        knock(json.dumps([{"key": secret, "x": "\ud800"}]), JSON),
        knock(
            json.dumps([{"key": secret, "x": "\ud800"}], ensure_ascii=False).encode("utf-8", "backslashreplace"), JSON
        ),
        knock([("key", secret), ("x", "%")], "text/plain"),
    ]
    for envelope in bodies:
        (event,) = _events(envelope, source, {"ssm:/new": secret})
        assert event.kind == "unusable"
        assert "***" in event.fields["_raw"]


def test_kept_text_is_bounded(webhook_source: Callable[..., Source], knock: Callable[..., Envelope]) -> None:
    """
    What is kept fits into one DynamoDB item.
    """
    source = webhook_source(parse=Parse(lenient=True), body_bytes_max=1_000_000)

    event = _one(knock(b"\xff" * 900_000, "text/plain"), source)

    assert len(event.fields["_raw"].encode()) <= 300_000
