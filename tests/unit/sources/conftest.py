"""
Builders for envelopes and sources; all people and companies are made up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from chalicelib.model import (
    Browser,
    Dropin,
    Envelope,
    Equals,
    EventRule,
    Form,
    Handshake,
    Hmac,
    Parse,
    Records,
    Respond,
    Source,
    Token,
)
from chalicelib.sources import PRESETS

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
URLENCODED = "application/x-www-form-urlencoded"
_CHECKS = {"hmac": Hmac, "token": Token, "browser": Browser, "equals": Equals}


def _value(options: dict[str, Any], kind: type, refs: tuple[str, ...]) -> Any:
    names = {one.name for one in fields(kind)}
    options = {{"in": "place"}.get(name, name): value for name, value in options.items()}
    if "secret" in names:
        options.setdefault("secret", refs)
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in options.items()})


def _ritual(place: str, options: dict[str, Any], refs: tuple[str, ...]) -> Handshake:
    options = {{"token": "token_name"}.get(name, name): value for name, value in options.items()}
    return Handshake(place=place, secret=refs if options.get("token_name") else (), **options)


def _from_preset(name: str, refs: tuple[str, ...]) -> Source:
    """
    A source as the preset alone describes it, with one secret for all its checks.
    """
    preset = PRESETS[name]
    verify = [_value(options, _CHECKS[kind], refs) for check in preset["verify"] for kind, options in check.items()]
    return Source(
        name="crm",
        preset=name,
        verify=tuple(verify),
        handshake=tuple(
            _ritual(place, options, refs) for one in preset.get("handshake", ()) for place, options in one.items()
        ),
        parse=Parse(**preset.get("parse", {})),
        records=Records(**preset.get("records", {})),
        event=EventRule(**preset.get("event", {})),
        respond=Respond(**preset.get("respond", {})),
        dropin=Dropin(**preset["dropin"]) if "dropin" in preset else None,
    )


@pytest.fixture(scope="session")
def now() -> datetime:
    """
    Noon in Tokyo.
    """
    return NOW


@pytest.fixture(scope="session")
def knock() -> Callable[..., Envelope]:
    """
    Build an envelope: a form from pairs, else from bytes or text; keywords with `_` for `-` are headers.
    """

    def build(body: Any = b"", content_type: str = "", /, **options: Any) -> Envelope:
        if isinstance(body, dict | list):
            body = urlencode(body, doseq=True)
            content_type = content_type or URLENCODED
        data = body.encode() if isinstance(body, str) else body
        known = {"method", "query", "path_token", "received_at", "verified"}
        given = {name: options.pop(name) for name in list(options) if name in known}
        headers = {name.replace("_", "-"): value for name, value in options.items()}
        if content_type:
            headers["content-type"] = content_type
        return Envelope(**({"source": "contact", "headers": headers, "body": data, "received_at": NOW} | given))

    return build


@pytest.fixture(scope="session")
def form_source() -> Callable[..., Source]:
    """
    Build a form source; keywords of Form and of Source.
    """

    def build(**options: Any) -> Source:
        names = {one.name for one in fields(Form)}
        form = {"thanks": "https://www.example.co.jp/thanks"}
        form |= {name: options.pop(name) for name in list(options) if name in names}
        origins = options.pop("origins", ("https://www.example.co.jp",))
        given = {"name": "contact", "preset": "form", "verify": (Browser(origins=origins),), "form": Form(**form)}
        given["event"] = EventRule(dedupe_seconds=600)
        return Source(**(given | options))

    return build


@pytest.fixture(scope="session")
def webhook_source() -> Callable[..., Source]:
    """
    Build a webhook source with a token in a header; keywords of Source.
    """

    def build(**options: Any) -> Source:
        token = Token(place="header", name="X-Relay-Token", secret=("ssm:/new", "ssm:/old"))
        return Source(**({"name": "crm", "preset": "webhook", "verify": (token,)} | options))

    return build


@pytest.fixture(scope="session")
def preset_source() -> Callable[..., Source]:
    """
    Build a source from a preset and the references of its secret.
    """
    return lambda name, *refs: _from_preset(name, refs or ("ssm:/secret",))
