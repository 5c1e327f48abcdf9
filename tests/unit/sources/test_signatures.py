"""
Signatures over the raw bytes: every scheme, every vector, every kind of junk.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.errors import EnvelopeRefused
from chalicelib.model import Envelope, Source
from chalicelib.sources import unauthorized, verify

VECTORS = json.loads((Path(__file__).parents[2] / "data/senders/signatures.json").read_text())["vectors"]
PUBLISHED = json.loads((Path(__file__).parents[2] / "data/senders/published.json").read_text())["vectors"]
PRESET_OF = {"github_sha256": "github", "slack_v0": "slack", "gas_hmac": "google_forms"}
SECRETS = {"ssm:/secret": "geheim-日本", "ssm:/new": "neu", "ssm:/old": "alt"}


def _passes(
    envelope: Envelope, source: Source, now: datetime, secrets: Mapping[str, str] = SECRETS, public_url: str = ""
) -> EnvelopeRefused | bool:
    try:
        verify(envelope, source, secrets, public_url=public_url, now=now)
    except EnvelopeRefused as refused:
        return refused
    return True


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["id"] for vector in VECTORS])
def test_every_vector_of_every_scheme(vector: dict[str, Any], preset_source: Callable[..., Source]) -> None:
    """
    Each preset accepts what its sender signs, and rejects what is tampered with, stale or written wrongly.
    """
    body = vector["body"].encode()
    assert hashlib.sha256(body).hexdigest() == vector["body_sha256"]
    source = preset_source(PRESET_OF.get(vector["scheme"], vector["scheme"]))
    at = datetime.fromtimestamp(vector["now"], UTC)
    envelope = Envelope(
        source="crm",
        method=vector["method"],
        headers={name.lower(): value for name, value in vector["headers"].items()},
        body=body,
        received_at=at,
    )

    result = _passes(envelope, source, at, {"ssm:/secret": vector["secret"]}, vector["url"])

    assert (result is True) == vector["valid"]
    if not vector["valid"]:
        assert (result.status, result.code) == (401, "unauthorized")


@pytest.mark.parametrize("vector", PUBLISHED, ids=[vector["preset"] for vector in PUBLISHED])
def test_what_vendors_publish_passes(vector: dict[str, Any], preset_source: Callable[..., Source]) -> None:
    """
    The signatures in the vendors' own documentation are right, and wrong over any other body.
    """
    at = datetime.fromtimestamp(vector["now"], UTC)
    headers = {name.lower(): value for name, value in vector["headers"].items()}
    passed = [
        _passes(
            Envelope(source="crm", method=vector["method"], headers=headers, body=body, received_at=at),
            preset_source(vector["preset"]),
            at,
            {"ssm:/secret": vector["secret"]},
            vector["url"],
        )
        for body in (vector["body"].encode(), vector["body"].encode() + b" ")
    ]

    assert [each is True for each in passed] == [True, False]


@pytest.mark.parametrize("scheme", sorted({vector["scheme"] for vector in VECTORS}))
def test_a_changed_byte_is_noticed(scheme: str, preset_source: Callable[..., Source]) -> None:
    """
    A body that differs in one byte from the signed one does not pass, whatever the scheme.
    """
    vector = next(one for one in VECTORS if one["scheme"] == scheme and one["valid"])
    at = datetime.fromtimestamp(vector["now"], UTC)
    headers = {name.lower(): value for name, value in vector["headers"].items()}
    body = vector["body"].replace("example", "exemple").encode()
    envelope = Envelope(source="crm", headers=headers, body=body + b" ", received_at=at)

    assert (
        _passes(
            envelope, preset_source(PRESET_OF.get(scheme, scheme)), at, {"ssm:/secret": vector["secret"]}, vector["url"]
        )
        is not True
    )


@pytest.mark.parametrize(("seconds", "passes"), [(300, True), (-300, True), (301, False), (-301, False)])
def test_a_signature_is_good_for_five_minutes_each_way(
    seconds: float, passes: Any, preset_source: Callable[..., Source], knock: Callable[..., Envelope], now: datetime
) -> None:
    """
    A recorded request cannot be played back later, and a sender's clock may differ a little.
    """
    stamp = str(int((now + timedelta(seconds=seconds)).timestamp()))
    mac = hmac.new(SECRETS["ssm:/secret"].encode(), f"{stamp}.{{}}".encode(), hashlib.sha256).hexdigest()
    envelope = knock("{}", "application/json", stripe_signature=f"t={stamp},v1={mac}")

    assert (_passes(envelope, preset_source("stripe"), now) is True) == passes


JUNK = [
    "", " ", "sha256=", "sha256=é", "sha256=zz", "sha256", "=", ",", ",,,", "v1", "v1=", "v1,", "v1,é", "v0=ü", "t=1",
    "t=,v1=", "t=1,t=2,v1=00", "t=999999999999999999999,v1=00", "t=-1,v1=00", "t=١,v1=00", "v1, v1, v1,", "\ud800",
    "v1,AAAAA", "sha256=" + "0" * 63, "sha256=" + "0" * 64, "v1=" + "A" * 5_000, "v1,a " * 2_000, "\x00",
    "sha256=\udcff",
]  # fmt: skip


@pytest.mark.parametrize("scheme", sorted({PRESET_OF.get(vector["scheme"], vector["scheme"]) for vector in VECTORS}))
@pytest.mark.parametrize("junk", JUNK, ids=range(len(JUNK)))
def test_junk_in_signature_headers_is_a_plain_401(
    scheme: str, junk: str, preset_source: Callable[..., Source], now: datetime
) -> None:
    """
    Headers are an attacker's to choose: nonsense of any kind is a wrong signature, never an error of ours.
    """
    source = preset_source(scheme)
    check = source.verify[0]
    headers = dict.fromkeys((name.lower() for name in check.headers), junk) | {"webhook-id": junk}
    stamps = (str(int(now.timestamp())), junk)
    for stamp in stamps:
        envelope = Envelope(
            source="crm", headers=headers | {check.timestamp_header.lower(): stamp}, body=b"{}", received_at=now
        )

        refused = _passes(envelope, source, now)

        assert str(refused) == str(unauthorized())


def test_both_live_secrets_count_while_one_is_rotated(
    preset_source: Callable[..., Source], knock: Callable[..., Envelope], now: datetime
) -> None:
    """
    During a rotation, requests signed with the old or the new secret pass, and with any other they do not.
    """
    source = preset_source("github", "ssm:/new", "ssm:/old")

    def signed_with(key: bytes) -> EnvelopeRefused | bool:
        mac = hmac.new(key, b"{}", hashlib.sha256).hexdigest()
        return _passes(knock("{}", "application/json", x_hub_signature_256=f"sha256={mac}"), source, now)

    assert [signed_with(key) is True for key in (b"neu", b"alt", b"", b"other")] == [True, True, False, False]


@pytest.mark.parametrize("secrets", [{}, {"ssm:/secret": ""}], ids=["missing", "empty"])
def test_an_empty_secret_admits_nobody(
    secrets: Mapping[str, str], preset_source: Callable[..., Source], knock: Callable[..., Envelope], now: datetime
) -> None:
    """
    A secret that is empty or unknown matches nothing, not even a signature made with an empty key.
    """
    mac = hmac.new(b"", b"{}", hashlib.sha256).hexdigest()
    envelope = knock("{}", "application/json", x_hub_signature_256=f"sha256={mac}")

    assert _passes(envelope, preset_source("github"), now, secrets).status == 401


def test_an_unusable_whsec_key_admits_nobody(
    preset_source: Callable[..., Source], knock: Callable[..., Envelope], now: datetime
) -> None:
    """
    A Standard Webhooks secret that is no base64 matches nothing.
    """
    envelope = knock("{}", webhook_id="1", webhook_timestamp=str(int(now.timestamp())), webhook_signature="v1,AAAA")

    assert _passes(envelope, preset_source("standard_webhooks"), now, {"ssm:/secret": "whsec_é!"}).status == 401


@pytest.mark.parametrize("left_out", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_signature_without_what_it_signs_is_refused(
    left_out: str, preset_source: Callable[..., Source], now: datetime
) -> None:
    """
    Whoever leaves out a signed header, or the signature itself, is not let in.
    """
    stamp = str(int(now.timestamp()))
    mac = base64.b64encode(hmac.new(bytes(24), f".{stamp}.{{}}".encode(), hashlib.sha256).digest()).decode()
    headers = {"webhook-id": "", "webhook-timestamp": stamp, "webhook-signature": "v1," + mac}
    secrets = {"ssm:/secret": "whsec_" + base64.b64encode(bytes(24)).decode()}

    def result(given: dict[str, str]) -> Any:
        envelope = Envelope(source="crm", headers=given, body=b"{}", received_at=now)
        return _passes(envelope, preset_source("standard_webhooks"), now, secrets)

    assert result(headers) is True
    assert result({name: value for name, value in headers.items() if name != left_out}).status == 401


def test_svix_is_standard_webhooks_under_its_own_names(
    preset_source: Callable[..., Source], knock: Callable[..., Envelope], now: datetime
) -> None:
    """
    Svix signs like Standard Webhooks, with svix-… headers.
    """
    stamp = str(int(now.timestamp()))
    mac = hmac.new(bytes(range(24)), f"evt_1.{stamp}.{{}}".encode(), hashlib.sha256).digest()
    secret = "whsec_" + base64.b64encode(bytes(range(24))).decode()
    envelope = knock("{}", svix_id="evt_1", svix_timestamp=stamp, svix_signature="v1," + base64.b64encode(mac).decode())

    assert _passes(envelope, preset_source("svix"), now, {"ssm:/secret": secret}) is True
