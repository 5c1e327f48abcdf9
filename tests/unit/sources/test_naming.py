"""
How records name themselves: kind, time, id and test marks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.model import Envelope, Event, EventRule, Source
from chalicelib.sources import events, understand

JSON = "application/json"
SECRETS = {"ssm:/new": "relay-token"}


def _events(envelope: Envelope, source: Source, secrets: Mapping[str, str] = SECRETS, key: bytes = b"k") -> list[Event]:
    return events(envelope, source, secrets=secrets, signing_key=key, now=envelope.received_at)


def _one(envelope: Envelope, source: Source) -> Event:
    (event,) = _events(envelope, source)
    return event


@pytest.mark.parametrize(
    ("rule", "record", "kind"),
    [
        ({}, {"a": 1}, "upsert"),
        ({"kind": "t"}, {"t": "unsubscribe"}, "unsubscribe"),
        ({"kind": "t"}, {"a": 1}, "upsert"),
        ({"kind": "t", "kinds": {"x": "delete"}}, {"t": "x"}, "delete"),
        ({"kind": "t", "kinds": {"x": "delete", "*": "ignore"}}, {"t": "y"}, "ignore"),
        ({"kind": "t", "kinds": {"x": "delete", "*": "ignore"}}, {"a": 1}, "ignore"),
        ({"kind": "t", "kinds": {"true": "unsubscribe", "*": "upsert"}}, {"t": True}, "unsubscribe"),
        ({"kind": "t", "kinds": {"1": "unsubscribe"}}, {"t": 1}, "unsubscribe"),
        ({"kind": "header:X-Topic", "kinds": {"customers/delete": "delete"}}, {"a": 1}, "delete"),
        ({"kinds": {"*": "unsubscribe"}}, {"a": 1}, "unsubscribe"),
        ({"kind": "t", "kinds": {"x": "delete"}}, {"t": "y"}, "unusable"),
        ({"kind": "t", "kinds": {"x": "delete"}}, {"a": 1}, "unusable"),
        ({"kind": "t"}, {"t": "surprise"}, "unusable"),
        ({"kind": "t", "kinds": {"x": "surprise"}}, {"t": "x"}, "unusable"),
    ],
)
def test_what_a_record_wants(
    rule: Any, record: dict[str, Any], kind: str, webhook_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    The sender's word is looked up in the source's table; a word that nobody foresaw is held, never guessed.
    """
    envelope = knock(json.dumps(record), JSON, x_topic="customers/delete")

    assert _one(envelope, webhook_source(event=EventRule(**rule))).kind == kind


@pytest.mark.parametrize(
    ("rule", "found", "time"),
    [
        ({}, "2026-01-15T11:10:00+09:00", datetime(2026, 1, 15, 2, 10, tzinfo=UTC)),
        ({}, "2026-01-15T02:10:00Z", datetime(2026, 1, 15, 2, 10, tzinfo=UTC)),
        ({}, "2026-01-15 11:10:00", datetime(2026, 1, 15, 2, 10, tzinfo=UTC)),
        ({}, "2026/01/15 11:10:00", datetime(2026, 1, 15, 2, 10, tzinfo=UTC)),
        ({"time_zone": 0}, "2026-01-15 02:10:00", datetime(2026, 1, 15, 2, 10, tzinfo=UTC)),
        ({"time_unit": "s"}, 1_768_443_000, datetime(2026, 1, 15, 2, 10, tzinfo=UTC)),
        ({"time_unit": "s"}, "1768443000", datetime(2026, 1, 15, 2, 10, tzinfo=UTC)),
        ({"time_unit": "ms"}, 1_768_443_000_500, datetime(2026, 1, 15, 2, 10, 0, 500_000, tzinfo=UTC)),
    ],
)
def test_when_it_happened(
    rule: Any, found: Any, time: datetime, webhook_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    The sender's own time counts, in every form it comes in; a time without zone is Japanese unless configured.
    """
    event = _one(knock(json.dumps({"t": found}), JSON), webhook_source(event=EventRule(time="t", **rule)))

    assert (event.time, event.evidence) == (time, {})


@pytest.mark.parametrize(
    ("unit", "found", "words"),
    [
        ("iso", None, "no time"),
        ("iso", "", "no time"),
        ("iso", "yesterday", "cannot be read"),
        ("iso", True, "cannot be read"),
        ("iso", ["2026-01-15"], "cannot be read"),
        ("iso", "0001-01-01T00:00:00+14:00", "cannot be read"),
        ("iso", "2026-11-21T12:05:01+09:00", "future"),
        ("s", 10**37, "cannot be read"),
        ("s", "nan", "cannot be read"),
        ("s", "inf", "cannot be read"),
        ("s", "x", "cannot be read"),
        ("s", {}, "cannot be read"),
        ("s", 0, "before the year 2000"),
        ("s", 1_768_443_000_000, "cannot be read|future"),
        ("ms", 1_768_443_000, "before the year 2000"),
    ],
)
def test_a_time_that_cannot_be_is_the_arrival(
    unit: str,
    found: Any,
    words: str,
    webhook_source: Callable[..., Source],
    knock: Callable[..., Envelope],
    now: datetime,
) -> None:
    """
    A missing, unreadable or impossible time never fails an event: the arrival counts, and the evidence says so.
    """
    rule = EventRule(time="t", time_unit=unit)

    event = _one(knock(json.dumps({"t": found, "a": 1}), JSON), webhook_source(event=rule))

    assert event.time == now
    assert any(word in event.evidence["time"] for word in words.split("|"))


def test_a_clock_that_runs_a_little_ahead(
    webhook_source: Callable[..., Source], knock: Callable[..., Envelope], now: datetime
) -> None:
    """
    A sender's clock may be five minutes fast.
    """
    ahead = now + timedelta(minutes=5)

    assert (
        _one(knock(json.dumps({"t": ahead.isoformat()}), JSON), webhook_source(event=EventRule(time="t"))).time == ahead
    )


def test_an_envelope_that_waited_keeps_its_arrival(
    webhook_source: Callable[..., Source], knock: Callable[..., Envelope], now: datetime
) -> None:
    """
    What lay in the inbox for hours happened when it came; and nothing can have come after now.
    """
    envelope = knock('{"a":1}', JSON, received_at=now - timedelta(hours=5))
    hasty = knock('{"a":1}', JSON, received_at=now + timedelta(seconds=20))
    options = {"secrets": {}, "signing_key": b"k", "now": now}

    assert events(envelope, webhook_source(), **options)[0].time == now - timedelta(hours=5)
    assert events(hasty, webhook_source(), **options)[0].time == now


@pytest.mark.parametrize(
    ("found", "plain"),
    [
        ("evt_1", "id:evt_1"),
        (12, "id:12"),
        ("01234567-0123-0123-0123-0123456789ab", "id:01234567-0123-0123-0123-0123456789ab"),
        ("taro@example.co.jp", None),
        ("山田", None),
        ("x" * 129, None),
        (["invitee.created", "https://api.example.com/1"], None),
        ({"a": 1}, None),
    ],
)
def test_the_senders_own_id(
    found: Any, plain: str | None, webhook_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    A plain id is kept as it is; one of several parts, or one that may hold a person's data, as a digest.
    """
    source = webhook_source(event=EventRule(id="i"))

    event = _one(knock(json.dumps({"i": found}), JSON), source)

    assert event.dedupe_seconds == 604_800
    if plain:
        assert event.dedupe == plain
    else:
        assert event.dedupe.startswith("id-digest:")
        assert len(event.dedupe) < 100
        assert "taro" not in event.dedupe
    assert event.dedupe == _one(knock(json.dumps({"i": found, "retry": 2}), JSON), source).dedupe


@pytest.mark.parametrize("found", [None, "", " ", [], [None, ""], {}, {"a": None}, 1.5])
def test_without_an_id_the_content_is_remembered_for_ten_minutes(
    found: Any, webhook_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    Where the sender gives no id, the same content within ten minutes is the same knock, and later a new one.
    """
    source = webhook_source(event=EventRule(id="i"))
    first, again, other = (
        _one(knock(body, JSON), source)
        for body in (
            json.dumps({"i": found, "a": "が"}),
            json.dumps({"a": "か\u3099", "i": found}),
            json.dumps({"i": found, "a": "か"}),
        )
    )
    if found != 1.5:
        assert first.dedupe_seconds == 600
        assert first.dedupe.startswith("digest:")
        assert first.dedupe == again.dedupe != other.dedupe
    else:
        assert first.dedupe == other.dedupe == "id:1.5"


def test_a_digest_needs_the_key(webhook_source: Callable[..., Source], knock: Callable[..., Envelope]) -> None:
    """
    Without the signing key nobody can find out by trying whose data a digest stands for.
    """
    envelope = knock('{"email":"taro@example.co.jp"}', JSON)

    (one,), (other,) = (_events(envelope, webhook_source(), key=key) for key in (b"k", b"other"))

    assert one.dedupe != other.dedupe


def test_one_header_id_for_several_records(
    webhook_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    A header names the whole request: a single record takes it as it is, several get their place added.
    """
    source = webhook_source(event=EventRule(id="header:X-Id"))

    assert _one(knock('{"a":1}', JSON, x_id="7"), source).dedupe == "id:7"
    assert [event.dedupe for event in _events(knock('[{"a":1},{"a":1}]', JSON, x_id="7"), source)] == [
        "id:7#0",
        "id:7#1",
    ]


@pytest.mark.parametrize(
    ("found", "test"),
    [
        (True, True),
        ("yes", True),
        (1, True),
        (False, False),
        ("false", False),
        ("0", False),
        (None, False),
        ("", False),
    ],
)
def test_test_deliveries_are_marked(
    found: Any, test: Any, webhook_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    What the sender marks as a test is an event, marked as such.
    """
    source = webhook_source(event=EventRule(test="is_test"))

    assert _one(knock(json.dumps({"is_test": found, "a": 1}), JSON), source).test is test


def test_a_webhook_has_no_visitor(
    webhook_source: Callable[..., Source], knock: Callable[..., Envelope], now: datetime
) -> None:
    """
    A webhook's envelope leads nowhere and shows nothing again.
    """
    envelope = knock('{"_next":"https://evil.example"}', JSON)

    known = understand(envelope, webhook_source(), secrets={}, signing_key=b"k", now=now)

    assert (known.next_url, known.values) == ("", ())
