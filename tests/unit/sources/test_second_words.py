"""
What few senders need: a second word for the kind, a number within a minute, members of the body, headers by two names.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.model import Envelope, Event, EventRule, Parse, Records, Source, Token
from chalicelib.sources import understand, without_secrets

JSON = "application/json"
SECRETS = {"ssm:/new": 'geheim"日本'}


def _events(envelope: Envelope, source: Source) -> list[Event]:
    return list(understand(envelope, source, secrets=SECRETS, signing_key=b"k", now=envelope.received_at).events)


@pytest.mark.parametrize(
    ("word", "detail", "kind"),
    [
        ("consent", "unsubscribed", "unsubscribe"),
        ("consent", "subscribed", "upsert"),
        ("consent", None, "upsert"),
        ("removed", "unsubscribed", "ignore"),
        ("", "unsubscribed", "ignore"),
    ],
)
def test_a_second_word_makes_a_kind_more_exact(
    word: str, detail: str | None, kind: str, webhook_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    Both words together are looked up first, then the first one alone, then the fall-back.
    """
    kinds = {"consent": "upsert", "consent unsubscribed": "unsubscribe", "*": "ignore"}
    source = webhook_source(event=EventRule(kind="header:X-Topic", detail="state", kinds=kinds))

    (event,) = _events(knock(json.dumps({"state": detail, "n": 1}), JSON, x_topic=word), source)

    assert event.kind == kind


def test_what_is_ignored_says_what_it_was(
    webhook_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    The sender's own word is kept, and a record that lacks what the others have is no fault.
    """
    rule = EventRule(kind="type", kinds={"ADD": "upsert", "*": "ignore"})
    source = webhook_source(event=rule, records=Records(map_value="record"))

    (deleted,) = _events(knock('{"type":"DELETE","id":"1"}', JSON), source)
    (added,) = _events(knock('{"type":"ADD","id":"1"}', JSON), source)

    assert (deleted.kind, deleted.evidence, deleted.hold) == ("ignore", {"word": "DELETE"}, None)
    assert (added.kind, added.hold) == ("unusable", "there is no object under record")


@pytest.mark.parametrize(
    ("number", "microseconds"),
    [
        ("4", 4),
        (4, 4),
        ("1000000", 999_999),
        ("9" * 5_000, 999_999),
        ("-1", 0),
        ("x", 0),
        (None, 0),
        ("٣", 0),
        (1.5, 0),
    ],
)
def test_a_sequence_number_orders_changes_of_one_time(
    number: Any, microseconds: int, webhook_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    It counts within the second of the sender's own time; nonsense, and a number that is too high, change nothing.
    """
    source = webhook_source(event=EventRule(time="at", sequence="revision"))
    body = json.dumps({"at": "2026-11-21T02:10:00Z", "revision": number})

    (event,) = _events(knock(body, JSON), source)

    assert event.time == datetime(2026, 11, 21, 2, 10, tzinfo=UTC) + timedelta(microseconds=microseconds)


def test_an_arrival_is_not_moved_by_a_sequence_number(
    webhook_source: Callable[..., Source], knock: Callable[..., Envelope], now: datetime
) -> None:
    """
    Where the sender tells no time, its number orders nothing.
    """
    for rule in (EventRule(time="at", sequence="revision"), EventRule(sequence="revision")):
        (event,) = _events(knock('{"revision": 7}', JSON), webhook_source(event=rule))
        assert event.time == now


def test_records_carry_what_the_body_says_of_them_all(
    webhook_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    Each record gets the body's members that it does not have itself, and is named by them.
    """
    source = webhook_source(
        records=Records(path="items", carry=("operation", "at", "missing")),
        event=EventRule(kind="operation", kinds={"insert": "upsert", "delete": "delete"}, id="[at, id]"),
    )
    items = [{"id": 1}, {"id": 2, "operation": "delete"}, "no object", {}]
    body = json.dumps({"operation": "insert", "at": 5, "items": items})

    first, second, *rest = _events(knock(body, JSON), source)

    assert (first.kind, first.fields) == ("upsert", {"operation": "insert", "at": 5, "id": 1})
    assert (second.kind, second.fields["operation"]) == ("delete", "delete")
    assert [event.kind for event in rest] == ["unusable", "unusable"]


def test_a_header_may_have_two_names(webhook_source: Callable[..., Source], knock: Callable[..., Envelope]) -> None:
    """
    The first of those that came counts, for the kind as for the id.
    """
    source = webhook_source(event=EventRule(id="header:X-New-Id, New-Id", kind="header:X-Kind,Kind"))

    (event,) = _events(knock('{"a":1}', JSON, new_id="n-1", kind="delete"), source)
    (both,) = _events(knock('{"a":1}', JSON, x_new_id="n-0", new_id="n-1", x_kind="unsubscribe", kind="delete"), source)

    assert (event.dedupe, event.kind) == ("id:n-1", "delete")
    assert (both.dedupe, both.kind) == ("id:n-0", "unsubscribe")


def test_line_ends_put_into_json_unescaped_are_read_by_a_lenient_source(
    webhook_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    A visitor's line break in a template is no reason to hold the lead.
    """
    envelope = knock('{"message":"一行目\r\n二行目\t"}', "text/plain")

    (event,) = _events(envelope, webhook_source(parse=Parse(lenient=True)))

    assert event.fields == {"message": "一行目\n二行目\t"}


def test_a_secret_deep_in_the_body_is_nobodys_field(
    webhook_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    Wherever a JSON token stands, its value is masked in what is kept, and the rest stays as it is.
    """
    token = Token(place="json", name="auth.keys[0]", secret=("ssm:/new",))
    body = {"auth": {"keys": [SECRETS["ssm:/new"], "other"]}, "mail": "taro@example.co.jp"}

    (event,) = _events(knock(json.dumps(body), JSON), webhook_source(verify=(token,)))

    assert event.fields == {"auth": {"keys": ["***", "other"]}, "mail": "taro@example.co.jp"}


@pytest.mark.parametrize("escaped", [True, False])
def test_a_kept_body_holds_no_secret_however_it_is_written(escaped: Any, webhook_source: Callable[..., Source]) -> None:
    """
    As JSON escapes it, as it stands, or in a form; a source whose body holds no token keeps its bytes.
    """
    secret = SECRETS["ssm:/new"]
    body = json.dumps({"key": secret, "a": "髙﨑"}, ensure_ascii=escaped).encode()
    in_body = webhook_source(verify=(Token(place="json", name="key", secret=("ssm:/new",)),))

    kept = without_secrets(body, in_body, SECRETS)

    assert json.loads(kept) == {"key": "***", "a": "髙﨑"}
    assert without_secrets(b"key=geheim%22%E6%97%A5%E6%9C%AC&a=1", in_body, SECRETS) == b"key=***&a=1"
    assert without_secrets(body, webhook_source(), SECRETS) == body
