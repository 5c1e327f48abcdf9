"""
The door's first question: who knocks? Tokens, the words of a refusal, and a browser's page.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import pytest

from chalicelib.errors import EnvelopeRefused
from chalicelib.model import Browser, Envelope, Handshake, Hmac, Parse, Source, Token
from chalicelib.sources import secret_refs, unauthorized, verify

SECRETS = {"ssm:/secret": "geheim-日本", "ssm:/new": "neu", "ssm:/old": "alt"}


def _passes(
    envelope: Envelope, source: Source, now: datetime, secrets: Mapping[str, str] = SECRETS, public_url: str = ""
) -> EnvelopeRefused | bool:
    try:
        verify(envelope, source, secrets, public_url=public_url, now=now)
    except EnvelopeRefused as refused:
        return refused
    return True


# ── tokens ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("token", "request_", "passes"),
    [
        ({"place": "header", "name": "X-Relay-Token"}, {"x_relay_token": "neu"}, True),
        ({"place": "header", "name": "X-Relay-Token"}, {"x_relay_token": "alt"}, True),
        ({"place": "header", "name": "X-Relay-Token"}, {"x_relay_token": "neu "}, False),
        ({"place": "header", "name": "X-Relay-Token"}, {"x_relay_token": "é"}, False),
        ({"place": "header", "name": "X-Relay-Token"}, {"x_relay_token": "\ud800"}, False),
        ({"place": "header", "name": "X-Relay-Token"}, {"x_relay_token": ""}, False),
        ({"place": "header", "name": "X-Relay-Token"}, {}, False),
        ({"place": "header", "name": "Authorization", "prefix": "Bearer "}, {"authorization": "Bearer neu"}, True),
        ({"place": "header", "name": "Authorization", "prefix": "Bearer "}, {"authorization": "bearer neu"}, True),
        ({"place": "header", "name": "Authorization", "prefix": "Bearer "}, {"authorization": "neu"}, False),
        ({"place": "path"}, {"path_token": "neu"}, True),
        ({"place": "path"}, {"path_token": "wrong"}, False),
        ({"place": "path"}, {}, False),
        ({"place": "query", "name": "key"}, {"query": {"key": ("neu",)}}, True),
        ({"place": "query", "name": "key"}, {"query": {"key": ("wrong", "neu")}}, False),
        ({"place": "query", "name": "key"}, {"query": {"key": ()}}, False),
    ],
)
def test_a_token_in_the_address_or_a_header(
    token: Any,
    request_: dict[str, Any],
    passes: Any,
    webhook_source: Callable[..., Source],
    knock: Callable[..., Envelope],
    now: datetime,
) -> None:
    """
    A sender that repeats a live secret at the declared place passes; anything else gets the same 401.
    """
    source = webhook_source(verify=(Token(**token, secret=("ssm:/new", "ssm:/old")),))

    assert (_passes(knock("{}", **request_), source, now) is True) == passes


@pytest.mark.parametrize(
    ("user", "header", "passes"),
    [
        ("relay", base64.b64encode(b"relay:neu").decode(), True),
        ("", base64.b64encode(b"anybody:neu").decode(), True),
        ("relay", base64.b64encode(b"other:neu").decode(), False),
        ("relay", base64.b64encode(b"relay:wrong").decode(), False),
        ("relay", base64.b64encode(b"relay").decode(), False),
        ("relay", "é", False),
        ("relay", "!!", False),
        ("relay", "", False),
    ],
)
def test_basic_authentication(
    user: str,
    header: str,
    passes: Any,
    webhook_source: Callable[..., Source],
    knock: Callable[..., Envelope],
    now: datetime,
) -> None:
    """
    The password is the secret; a declared user name must match, too.
    """
    source = webhook_source(verify=(Token(place="basic", name=user, secret=("ssm:/new",)),))

    assert (_passes(knock("{}", authorization=f"Basic {header}"), source, now) is True) == passes
    assert _passes(knock("{}", authorization=f"Digest {header}"), source, now).status == 401


@pytest.mark.parametrize(
    ("name", "body", "passes"),
    [
        ("google_key", '{"google_key":"neu"}', True),
        ("auth.token", '{"auth":{"token":"neu"}}', True),
        ('auth."トークン"', '{"auth":{"トークン":"neu"}}', True),
        ("google_key", '{"google_key":["neu"]}', False),
        ("google_key", '{"google_key":1}', False),
        ("google_key", "[1]", False),
        ("length(google_key)", "{}", False),
        ("google_key", "{", False),
        ("google_key", "[" * 100_000, False),
        ("google_key", '{"google_key":"neu","x":"' + "a" * 300_000 + '"}', False),
    ],
)
def test_a_token_in_a_json_body(
    name: str,
    body: Any,
    passes: Any,
    webhook_source: Callable[..., Source],
    knock: Callable[..., Envelope],
    now: datetime,
) -> None:
    """
    A secret in the body counts (Google Ads, Zoho); a body that cannot be read, or is too large, is a plain 401.
    """
    source = webhook_source(verify=(Token(place="json", name=name, secret=("ssm:/new",)),))

    assert (_passes(knock(body, "application/json"), source, now) is True) == passes


@pytest.mark.parametrize(
    ("pairs", "passes"),
    [
        ([("HandshakeKey", "neu")], True),
        ([("HandshakeKey", "no")], False),
        ([("HandshakeKey", "neu"), ("HandshakeKey", "no")], False),
        ([], False),
    ],
)
def test_a_token_in_a_form_field(
    pairs: Any, passes: Any, webhook_source: Callable[..., Source], knock: Callable[..., Envelope], now: datetime
) -> None:
    """
    A secret in a form field counts (Wufoo), if it is there exactly once.
    """
    source = webhook_source(verify=(Token(place="form", name="HandshakeKey", secret=("ssm:/new",)),))

    assert (_passes(knock([*pairs, ("a", "b")]), source, now) is True) == passes


def test_every_check_has_to_pass(
    webhook_source: Callable[..., Source], knock: Callable[..., Envelope], now: datetime
) -> None:
    """
    A source with two checks lets nobody pass who meets only one of them.
    """
    source = webhook_source(
        verify=(
            Token(place="path", secret=("ssm:/new",)),
            Token(place="header", name="X-Relay-Token", secret=("ssm:/old",)),
        )
    )

    assert _passes(knock(path_token="neu", x_relay_token="alt"), source, now) is True
    assert _passes(knock(path_token="neu"), source, now).status == 401
    assert _passes(knock(x_relay_token="alt"), source, now).status == 401


def test_a_webhook_without_any_check_is_closed(knock: Callable[..., Envelope], now: datetime) -> None:
    """
    A webhook for which no proof is configured admits nobody, rather than everybody.
    """
    assert _passes(knock("{}"), Source(name="crm", preset="webhook"), now).status == 401


def test_what_was_verified_before_is_not_verified_again(
    knock: Callable[..., Envelope], preset_source: Callable[..., Source], now: datetime
) -> None:
    """
    An envelope from Ekiden's own inbox passes although its signature has grown old meanwhile.
    """
    assert _passes(knock("{}", verified=True), preset_source("stripe"), now) is True


def test_all_refusals_sound_the_same(
    webhook_source: Callable[..., Source],
    preset_source: Callable[..., Source],
    knock: Callable[..., Envelope],
    now: datetime,
) -> None:
    """
    Nobody can learn from the answer whether a source exists, or what was wrong with the proof.
    """
    refusals = [
        _passes(knock("{}"), webhook_source(), now),
        _passes(knock("{}", x_relay_token="wrong"), webhook_source(), now),
        _passes(knock("{}", stripe_signature="t=1,v1=00"), preset_source("stripe"), now),
        unauthorized(),
    ]

    assert len({(one.status, one.code, one.detail) for one in refusals}) == 1


def test_the_secrets_that_a_source_needs() -> None:
    """
    All references of a source are listed once each, so that they are read in one call.
    """
    source = Source(
        name="crm",
        preset="webhook",
        verify=(
            Token(place="path", secret=("ssm:/a", "ssm:/b")),
            Hmac(headers=("X",), secret=("ssm:/b", "ssm:/c")),
            Browser(),
        ),
        handshake=(Handshake(place="query", echo="c", secret=("ssm:/d", "ssm:/a")),),
    )

    assert secret_refs(source) == ("ssm:/a", "ssm:/b", "ssm:/c", "ssm:/d")


# ── browsers ──────────────────────────────────────────────────────────────────────────────────────────────────────────

SITE = "https://www.example.co.jp"
RELAY = "https://relay.example.co.jp/in/contact"


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ({"origin": SITE}, True),
        ({"origin": "https://WWW.EXAMPLE.CO.JP:443"}, True),
        ({}, True),
        ({"origin": "https://relay.example.co.jp"}, True),
        ({"origin": "https://abc.execute-api.example.com", "host": "abc.execute-api.example.com"}, True),
        ({"origin": "null"}, True),
        ({"origin": "null", "referer": SITE + "/contact"}, True),
        ({"origin": "null", "referer": RELAY}, True),
        ({"origin": "null", "referer": "https://evil.example/"}, False),
        ({"origin": "null", "referer": "nonsense"}, False),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "http://www.example.co.jp"}, False),
        ({"origin": "https://www.example.co.jp:8443"}, False),
        ({"origin": "https://www.example.co.jp.evil.example"}, False),
        ({"origin": f"{SITE}, https://evil.example"}, False),
        ({"origin": "https://[::1"}, False),
        ({"origin": "\ud800"}, False),
        ({"origin": "file://"}, False),
    ],
)
def test_a_form_may_be_sent_from_listed_pages(
    headers: dict[str, str],
    passes: Any,
    form_source: Callable[..., Source],
    knock: Callable[..., Envelope],
    now: datetime,
) -> None:
    """
    A browser that states another page is refused; one that states none passes; our own page of mending always may.
    """
    result = _passes(knock({"a": "b"}, **headers), form_source(), now, public_url=RELAY)

    assert result is True if passes else (result.status, result.code) == (403, "origin")


def test_without_a_list_any_page_may_send(
    form_source: Callable[..., Source], knock: Callable[..., Envelope], now: datetime
) -> None:
    """
    A form without listed origins takes visitors from anywhere.
    """
    for origin in ("https://anywhere.example", "null", "nonsense"):
        assert _passes(knock({"a": "b"}, origin=origin), form_source(origins=()), now) is True


def test_a_form_with_a_token_needs_the_token_first(
    form_source: Callable[..., Source], knock: Callable[..., Envelope], now: datetime
) -> None:
    """
    Who lacks the secret learns nothing about listed pages: 401 comes before 403.
    """
    source = form_source(
        verify=(Browser(origins=(SITE,)), Token(place="header", name="X-T", secret=("ssm:/new",))), parse=Parse()
    )

    assert _passes(knock({"a": "b"}, origin="https://evil.example"), source, now).status == 401
    assert _passes(knock({"a": "b"}, origin="https://evil.example", x_t="neu"), source, now).status == 403
