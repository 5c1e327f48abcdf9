"""
A visitor's form: what is data, what must be mended, what is suspicious, and what is kept as evidence.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.model import Envelope, Event, EventRule, Parse, Source
from chalicelib.sources import Knock, events, fill_token, understand

KEY = b"signing key"


def _understand(envelope: Envelope, source: Source) -> Knock:
    return understand(envelope, source, secrets={}, signing_key=KEY, now=envelope.received_at)


def _event(envelope: Envelope, source: Source) -> Event:
    (event,) = events(envelope, source, secrets={}, signing_key=KEY, now=envelope.received_at)
    return event


def test_control_fields_are_never_data(form_source: Callable[..., Source], knock: Callable[..., Envelope]) -> None:
    """
    Names that begin with an underscore, the honeypot and captcha proofs steer the door and are not stored.
    """
    pairs = [("_next", "https://www.example.co.jp/ok"), ("_subject", "x"), ("_charset_", "UTF-8"), ("bot-field", "")]
    pairs += [("g-recaptcha-response", "03AG"), ("cf-turnstile-response", "x"), ("name", "山田")]

    known = _understand(knock(pairs), form_source(honeypot="bot-field"))

    assert known.events[0].fields == {"name": "山田"}
    assert known.next_url == "https://www.example.co.jp/ok"
    assert ("_subject", "x") in known.values
    assert not {name for name, _ in known.values} & {"g-recaptcha-response", "cf-turnstile-response"}


# ── suspicion ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("pairs", "hold"),
    [
        ([("_gotcha", "")], None),
        ([("_gotcha", "  ")], None),
        ([], None),
        ([("_gotcha", "http://spam.example")], "honeypot"),
        ([("_gotcha", ""), ("_gotcha", "x")], "honeypot"),
    ],
)
def test_a_filled_honeypot_is_held(
    pairs: Any, hold: str | None, form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    A robot that fills the hidden field is not told: its event is accepted, and waits for a person.
    """
    event = _event(knock([("name", "x"), *pairs]), form_source())

    assert (event.hold, event.kind, event.fields) == (hold, "upsert", {"name": "x"})


@pytest.mark.parametrize("mode", ["off", "optional", "required"])
@pytest.mark.parametrize(
    ("age_seconds", "reason"),
    [(None, "missing"), (1.9, "too fast"), (-1, "too fast"), (2, None), (86_400, None), (86_401, "too old")],
)
def test_the_fill_time_token(
    mode: str,
    age_seconds: float | None,
    reason: Any,
    form_source: Callable[..., Source],
    knock: Callable[..., Envelope],
    now: datetime,
) -> None:
    """
    A form filled within two seconds, or a day after its page was made, waits for a person; without a token it depends.
    """
    pairs = {"name": "x"}
    if age_seconds is not None:
        pairs["_token"] = fill_token("contact", KEY, now - timedelta(seconds=age_seconds))

    hold = _event(knock(pairs), form_source(token=mode)).hold

    forgiven = mode == "off" or (mode == "optional" and reason == "missing")
    assert hold == (None if forgiven or reason is None else f"token: {reason}")


@pytest.mark.parametrize("how", ["other source", "other key", "changed", "cut", "é", "\ud800", "A" * 32, "=", "!"])
def test_a_forged_token_is_held(
    how: str, form_source: Callable[..., Source], knock: Callable[..., Envelope], now: datetime
) -> None:
    """
    A token for another form, made with another key, or made up, is noticed.
    """
    past = now - timedelta(minutes=1)
    good = fill_token("contact", KEY, past)
    token = {
        "other source": fill_token("seminar", KEY, past),
        "other key": fill_token("contact", b"other", past),
        "changed": ("B" if good[10] == "A" else "A").join([good[:10], good[11:]]),
        "cut": good[:-4],
    }.get(how, how)
    envelope = knock(json.dumps({"name": "x", "_token": "é" if token == "\ud800" else token}), "application/json")

    assert _event(envelope, form_source(token="optional")).hold == "token: forged"


def test_a_token_is_short_and_fits_a_url(now: datetime) -> None:
    """
    A page can carry the token anywhere.
    """
    token = fill_token("contact", KEY, now)

    assert len(token) == 32
    assert token.replace("-", "").replace("_", "").isalnum()


def test_a_form_from_the_inbox_is_as_old_as_when_it_came(
    form_source: Callable[..., Source], knock: Callable[..., Envelope], now: datetime
) -> None:
    """
    A form that lay in the inbox overnight is not taken for one whose token grew old.
    """
    came = now - timedelta(days=3)
    envelope = knock(
        {"name": "x", "_token": fill_token("contact", KEY, came - timedelta(seconds=30))}, received_at=came
    )

    (event,) = events(envelope, form_source(token="required"), secrets={}, signing_key=KEY, now=now)

    assert (event.hold, event.time) == (None, came)


def test_what_the_configuration_does_not_know_is_held(
    form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    A form's word that is in no table of kinds is no fault of the visitor: the event waits for a person.
    """
    rule = EventRule(kind="wish", kinds={"news": "upsert"}, dedupe_seconds=600)

    event = _event(knock({"wish": "stop"}), form_source(event=rule))

    assert "stop" in event.hold
    assert event.fields == {"wish": "stop"}


# ── the same knock twice ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_double_click_is_the_same_knock(form_source: Callable[..., Source], knock: Callable[..., Envelope]) -> None:
    """
    The same fields are one submission for ten minutes, whatever their order, composition and control fields.
    """
    source = form_source()
    first = _event(knock([("name", "が"), ("mail", "a@b.jp"), ("_token", "1")]), source)
    again = _event(knock([("mail", "a@b.jp"), ("name", "か\u3099"), ("_gotcha", "x")]), source)
    other = _event(knock([("name", "か"), ("mail", "a@b.jp")]), source)

    assert first.dedupe == again.dedupe != other.dedupe
    assert first.dedupe_seconds == 600
    assert "が" not in first.dedupe


def test_a_forms_digest_is_never_remembered_for_long(
    form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    Who writes the same again tomorrow is heard, even if the source remembers ids for a week.
    """
    week = EventRule(dedupe_seconds=604_800)

    assert _event(knock({"a": "1"}), form_source(event=week)).dedupe_seconds == 600


# ── evidence ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_evidence_of_consent(form_source: Callable[..., Source], knock: Callable[..., Envelope]) -> None:
    """
    Page, words, tick and language are kept with the event; the page's query, which may hold a person's data, is not.
    """
    source = form_source(consent_field="agree", consent_text="メールマガジンを受け取る")
    headers = {"referer": "https://www.example.co.jp/contact?mail=taro%40example.co.jp#x", "accept_language": "ja,en"}

    ticked = _event(knock({"name": "x", "agree": "on"}, **headers), source)
    unticked = _event(knock({"name": "x"}, **headers), source)

    assert ticked.evidence == {
        "page": "https://www.example.co.jp/contact",
        "language": "ja,en",
        "consent_text": "メールマガジンを受け取る",
        "consent": "yes",
    }
    assert unticked.evidence["consent"] == "no"


@pytest.mark.parametrize(
    ("value", "consent"),
    [("yes", "yes"), ("同意する", "yes"), ("1", "yes"), ("no", "no"), ("0", "no"), ("いいえ", "no"), (" ", "no")],
)
def test_a_consent_that_says_no(
    value: Any, consent: str, form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    A consent field that was sent with a no is no consent.
    """
    assert _event(knock({"n": "x", "agree": value}), form_source(consent_field="agree")).evidence["consent"] == consent


@pytest.mark.parametrize(
    ("headers", "pairs", "page"),
    [
        ({"origin": "https://www.example.co.jp"}, {}, "https://www.example.co.jp"),
        ({"referer": "https://user:pass@www.example.co.jp/a"}, {}, "https://www.example.co.jp/a"),
        (
            {"referer": "https://relay.example/in"},
            {"_page": "https://www.example.co.jp/a?b"},
            "https://www.example.co.jp/a",
        ),
        ({"referer": "https://relay.example/in"}, {"_page": "https://evil.example/"}, "https://relay.example/in"),
        ({"referer": "javascript:1", "origin": "null"}, {}, None),
        ({"referer": "https://[::1", "origin": "\ud800"}, {}, None),
        ({}, {}, None),
        ({"referer": "https://www.example.co.jp/" + "a" * 900}, {}, "https://www.example.co.jp/" + "a" * 474),
    ],
)
def test_the_page_of_the_form(
    headers: dict[str, str],
    pairs: Any,
    page: str | None,
    form_source: Callable[..., Source],
    knock: Callable[..., Envelope],
) -> None:
    """
    The page is the Referer, else the Origin; a form mended on our own page keeps the page it was first filled on.
    """
    assert _event(knock({"n": "x"} | pairs, **headers), form_source()).evidence.get("page") == page


def test_odd_headers_leave_storable_evidence(
    form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    Headers are the visitor's to choose: what cannot be stored is left out of the evidence.
    """
    event = _event(knock({"n": "x"}, accept_language="ja\ud800\0", referer="https://a.example/\udfff"), form_source())

    assert event.evidence == {"language": "ja", "page": "https://a.example/"}


def test_no_address_of_the_visitor_is_kept(form_source: Callable[..., Source], knock: Callable[..., Envelope]) -> None:
    """
    Evidence holds no IP address.
    """
    event = _event(knock({"n": "x"}, x_forwarded_for="203.0.113.7"), form_source())

    assert "203.0.113.7" not in repr(event.evidence)


def test_an_event_keeps_what_was_typed_out_of_sight(
    form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    Fields and evidence never show in a representation, which might end up in a log.
    """
    known = _understand(knock({"mail": "taro@example.co.jp"}), form_source(parse=Parse()))

    assert "taro" not in repr(known)


# ── the page's nonce ────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_same_page_sent_twice_is_one_knock(
    form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """By script and then by the browser itself, it has one name for an hour; other words, or the page anew, another."""
    source = form_source()
    first, again, mended, anew, bare = (
        _event(knock(pairs), source)
        for pairs in (
            [("name", "山田"), ("_nonce", "1-2-3-4")],
            [("_nonce", "1-2-3-4"), ("name", "山田"), ("_charset_", "UTF-8")],
            [("name", "山本"), ("_nonce", "1-2-3-4")],
            [("name", "山田"), ("_nonce", "5-6-7-8")],
            [("name", "山田")],
        )
    )

    assert first.dedupe == again.dedupe
    assert first.dedupe_seconds == 3_600
    assert len({first.dedupe, mended.dedupe, anew.dedupe, bare.dedupe}) == 4
    assert "_nonce" not in first.fields


def test_an_id_of_the_forms_own_counts_before_the_nonce(
    form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """Where relay.toml names the field that tells submissions apart, that is it."""
    source = form_source(event=EventRule(id="order"))

    assert _event(knock([("order", "7"), ("_nonce", "1")]), source).dedupe == "id:7"
