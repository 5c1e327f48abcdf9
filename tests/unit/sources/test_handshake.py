"""
Proofs of ownership that senders ask for before they send.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from chalicelib.errors import EnvelopeRefused
from chalicelib.model import Envelope, Handshake, Parse, Source
from chalicelib.sources import handshake

META = Handshake(
    place="query",
    echo="hub.challenge",
    when={"hub.mode": "subscribe"},
    token_name="hub.verify_token",
    secret=("ssm:/verify",),
)
SECRETS = {"ssm:/verify": "wort"}


def _query(**values: str) -> dict[str, tuple[str]]:
    return {f"hub.{name}": (value,) for name, value in values.items()}


def test_meta_gets_its_challenge_back(webhook_source: Callable[..., Source], knock: Callable[..., Envelope]) -> None:
    """
    A GET with the agreed token is answered with its own challenge, as plain text that no browser takes for a page.
    """
    envelope = knock(method="GET", query=_query(mode="subscribe", verify_token="wort", challenge="1158201444"))

    answer = handshake(envelope, webhook_source(handshake=(META,)), SECRETS)

    assert (answer.status, answer.body) == (200, "1158201444")
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("query", [_query(mode="subscribe", verify_token="falsch", challenge="1")])
@pytest.mark.parametrize("secrets", [SECRETS, {}])
def test_a_wrong_verify_token_is_refused(
    query: Any, secrets: Mapping[str, str], webhook_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    A GET with a wrong token gets the same 401 as everybody else.
    """
    with pytest.raises(EnvelopeRefused) as refused:
        handshake(knock(method="GET", query=query), webhook_source(handshake=(META,)), secrets)
    assert refused.value.status == 401


@pytest.mark.parametrize(
    "options",
    [
        {"method": "GET", "query": {}},
        {"method": "GET", "query": _query(mode="unsubscribe", verify_token="wort", challenge="1")},
        {"method": "GET", "query": _query(mode="subscribe", verify_token="wort")},
        {"method": "GET", "query": _query(mode="subscribe", verify_token="wort", challenge="1" * 2_000)},
        {"method": "POST", "query": _query(mode="subscribe", verify_token="wort", challenge="1")},
    ],
)
def test_other_requests_are_no_handshakes(
    options: dict[str, Any], webhook_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    Only a GET that asks for a challenge is a handshake; the word it asks for is bounded.
    """
    assert handshake(knock(**options), webhook_source(handshake=(META,)), SECRETS) is None


def test_slack_gets_its_challenge_back(preset_source: Callable[..., Source], knock: Callable[..., Envelope]) -> None:
    """
    Slack's signed url_verification is answered with its challenge.
    """
    body = json.dumps({"type": "url_verification", "challenge": "3eZbrw1a"})

    assert handshake(knock(body, "application/json"), preset_source("slack"), {}).body == "3eZbrw1a"


@pytest.mark.parametrize(
    "body",
    [
        '{"type":"event_callback","challenge":"x"}',
        '{"type":"url_verification"}',
        '{"type":"url_verification","challenge":5}',
        '{"type":"url_verification","challenge":"\\ud800"}',
        '["challenge"]',
        '{"challenge":',
        "challenge",
        "",
    ],
)
def test_slack_events_and_junk_are_no_handshakes(
    body: Any, preset_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    Everything else that Slack sends, and whatever cannot be read, goes on to be understood as an event.
    """
    assert handshake(knock(body, "application/json"), preset_source("slack"), {}) is None


def test_a_handshake_by_another_method_is_none(
    preset_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    Slack asks by POST; nobody asks by PUT.
    """
    body = json.dumps({"type": "url_verification", "challenge": "x"})

    assert handshake(knock(body, "application/json", method="PUT"), preset_source("slack"), {}) is None


def test_a_source_without_handshakes(webhook_source: Callable[..., Source], knock: Callable[..., Envelope]) -> None:
    """
    Most senders ask for nothing.
    """
    assert handshake(knock("{}", "application/json"), webhook_source(parse=Parse()), {}) is None
