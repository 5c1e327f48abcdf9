"""
Presets are data that the rest of the room can carry out.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from chalicelib.model import Envelope, Event, Source
from chalicelib.sources import PRESETS, events, secret_refs, verify


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_every_preset_makes_a_source(name: str, preset_source: Callable[..., Source]) -> None:
    """
    Every key of every preset is one that a source knows; a preset that needs a secret takes it from the top.
    """
    source = preset_source(name, "ssm:/a", "ssm:/b")

    assert source.verify
    assert secret_refs(source) == (() if name in {"form", "web_to_lead"} else ("ssm:/a", "ssm:/b"))


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_presets_are_plain_data(name: str) -> None:
    """
    A preset can be written into relay.toml as it stands.
    """
    assert json.loads(json.dumps(PRESETS[name])) == PRESETS[name]


@pytest.mark.parametrize(
    ("name", "headers", "body", "dedupe"),
    [
        ("github", {"x_github_delivery": "72d3162e"}, {"action": "created"}, "id:72d3162e"),
        ("typeform", {}, {"event_id": "01J000"}, "id:01J000"),
        ("shopify", {"x_shopify_webhook_id": "b54557e4"}, {"id": 1001}, "id:b54557e4"),
        ("line", {}, {"events": [{"webhookEventId": "01FZ74A0", "timestamp": 1}]}, "id:01FZ74A0"),
        ("segment", {}, {"messageId": "m-1", "type": "identify"}, "id:m-1"),
        ("stripe", {}, {"id": "evt_1", "created": 1_768_443_000}, "id:evt_1"),
        ("slack", {}, {"event_id": "Ev08", "event_time": 1_768_443_000}, "id:Ev08"),
        ("standard_webhooks", {"webhook_id": "msg_1"}, {"type": "a", "data": {}}, "id:msg_1"),
        ("svix", {"svix_id": "msg_1"}, {"type": "a", "data": {}}, "id:msg_1"),
        ("google_forms", {}, {"id": "r1", "answers": []}, "id:r1"),
    ],
)
def test_each_sender_has_its_own_id(
    name: str,
    headers: dict[str, str],
    body: Any,
    dedupe: str,
    preset_source: Callable[..., Source],
    knock: Callable[..., Envelope],
) -> None:
    """
    A retry of the same delivery is recognised by the id that its sender gives.
    """
    (event,) = _read(knock(json.dumps(body), "application/json", **headers), preset_source(name))

    assert (event.dedupe, event.dedupe_seconds) == (dedupe, 604_800)


def _read(envelope: Envelope, source: Source) -> list[Event]:
    return events(envelope, source, secrets={}, signing_key=b"k", now=envelope.received_at)


@pytest.mark.parametrize("name", ["hubspot_v1", "hubspot_v3"])
def test_hubspot_events_are_told_apart_by_what_happened(
    name: str, preset_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    HubSpot's eventId is not unique: a retry (a new attemptNumber) is the same knock, another property another one.
    """
    thin = {"eventId": 1, "subscriptionId": 2, "objectId": 3, "propertyName": "email", "occurredAt": 1_768_443_000_000}
    batch = [thin | {"attemptNumber": 0}, thin | {"attemptNumber": 1}, thin | {"propertyName": "phone"}]

    first, retry, other = _read(knock(json.dumps(batch), "application/json"), preset_source(name))

    assert first.dedupe == retry.dedupe != other.dedupe


def test_calendly_names_its_events_by_kind_and_invitee(
    preset_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    Calendly has no event id: what happened to which invitee is the knock.
    """
    body = {"event": "invitee.created", "payload": {"uri": "https://api.example.com/invitees/1"}}
    source = preset_source("calendly")

    created, again = (_read(knock(json.dumps(body | {"n": n}), "application/json"), source)[0] for n in (1, 2))
    (canceled,) = _read(knock(json.dumps(body | {"event": "invitee.canceled"}), "application/json"), source)

    assert created.dedupe == again.dedupe != canceled.dedupe


def test_github_sends_json_or_a_form_and_a_ping(
    preset_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    Both of GitHub's content types are read, and its ping is a test.
    """
    source = preset_source("github")

    (ping,) = _read(knock([("payload", '{"zen":"Keep it logically awesome.","hook_id":1}')]), source)
    (event,) = _read(knock('{"action":"created"}', "application/json"), source)

    assert (ping.test, event.test, event.fields) == (True, False, {"action": "created"})


def test_the_webhook_preset_asks_for_a_token(
    preset_source: Callable[..., Source], knock: Callable[..., Envelope], now: datetime
) -> None:
    """
    A plain webhook needs only a secret in relay.toml: the sender repeats it in X-Relay-Token.
    """
    envelope = knock('{"a":1}', "application/json", x_relay_token="geheim")

    verify(envelope, preset_source("webhook"), {"ssm:/secret": "geheim"}, public_url="", now=now)
    assert _read(envelope, preset_source("webhook"))[0].fields == {"a": 1}
