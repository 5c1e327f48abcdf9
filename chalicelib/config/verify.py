"""
How a source is proved to be who it says: `verify` and `handshake`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from chalicelib.config import texts
from chalicelib.config.expressions import check_expression
from chalicelib.config.place import Place, suggestion
from chalicelib.config.schema import Rule, Shape
from chalicelib.model import Browser, Captcha, Equals, Handshake, Hmac, SecretRefs, Token, Verify

TOKEN: Shape = {
    "in": Rule(required=True, choices=("path", "query", "header", "basic", "form", "json"), example='"header"'),
    "name": Rule(),
    "prefix": Rule(),
    "secret": Rule(kind="secret"),
}
HMAC: Shape = {
    "headers": Rule(kind="either", required=True, example='["X-Signature"]'),
    "style": Rule(choices=("plain", "kv", "list")),
    "prefix": Rule(),
    "tag": Rule(),
    "encoding": Rule(choices=("hex", "base64")),
    "algorithm": Rule(choices=("sha256", "sha1")),
    "key": Rule(choices=("utf8", "whsec")),
    "signed": Rule(),
    "timestamp_header": Rule(),
    "timestamp_field": Rule(),
    "timestamp_unit": Rule(choices=("s", "ms")),
    "tolerance_seconds": Rule(kind="integer", least=1, most=3_600),
    "construction": Rule(choices=("hmac", "hash")),
    "url_decode": Rule(choices=("", "hubspot")),
    "secret": Rule(kind="secret"),
}
BROWSER: Shape = {"origins": Rule(kind="texts", clean=texts.origin)}
EQUALS: Shape = {
    "name": Rule(required=True, kind="query", example='"OrganizationId"'),
    "values": Rule(kind="texts"),
    "chars": Rule(kind="integer", least=1, most=200),
}
CAPTCHA: Shape = {
    "provider": Rule(required=True, choices=("turnstile", "recaptcha", "hcaptcha")),
    "secret": Rule(kind="secret"),
    "hostnames": Rule(kind="texts"),
    "action": Rule(most=200),
    "score_min": Rule(kind="number", least=0, most=1),
    "outage": Rule(choices=("closed", "hold")),
    # A visitor waits for it, and the form's own patience counts it.
    "timeout_seconds": Rule(kind="number", least=0.5, most=5),
    "url": Rule(clean=texts.service_url),
}
VERIFY: Shape = {
    "token": Rule(kind="table", shape=TOKEN),
    "hmac": Rule(kind="table", shape=HMAC),
    "browser": Rule(kind="table", shape=BROWSER),
    "equals": Rule(kind="table", shape=EQUALS),
    "captcha": Rule(kind="table", shape=CAPTCHA),
}
HANDSHAKE: Shape = {
    "query": Rule(
        kind="table",
        shape={
            "echo": Rule(required=True, example='"hub.challenge"'),
            "when": Rule(kind="words"),
            "token": Rule(),
            "secret": Rule(kind="secret"),
        },
    ),
    "json": Rule(
        kind="table",
        shape={"echo": Rule(required=True, example='"challenge"'), "when": Rule(kind="words")},
    ),
}

_UNNAMED_PLACES = frozenset({"path", "basic"})
_VARIABLE = re.compile(r"\{([^{}]*)\}")
_VARIABLES = ("body", "ts", "method", "url", "secret")


def verifications(tables: Sequence[dict[str, Any]], place: Place, *, secret: SecretRefs) -> tuple[Verify, ...]:
    """
    The checks of a source, in order; `secret` serves every check that names none.
    """
    checks: list[Verify] = []
    for number, table in enumerate(tables):
        here = place.item(number)
        kind = _only_key(table, VERIFY, here)
        if not kind:
            continue
        values = dict(table[kind])
        if kind in {"browser", "equals"}:
            checks += [Browser(**values)] if kind == "browser" else _equals(values)
            continue
        if kind == "captcha":
            checks += [_captcha(values, here.key(kind), secret)] if "provider" in values else []
            continue
        values.setdefault("secret", secret)
        check = _token(values, here.key(kind)) if kind == "token" else _hmac(values, here.key(kind))
        if check is not None:
            checks.append(check)
    return tuple(checks)


def handshakes(tables: Sequence[dict[str, Any]], place: Place, *, secret: SecretRefs) -> tuple[Handshake, ...]:
    """
    The proof-of-ownership rituals of a source, in order.
    """
    rituals = []
    for number, table in enumerate(tables):
        here = place.item(number)
        kind = _only_key(table, HANDSHAKE, here)
        if not kind or "echo" not in table[kind]:
            continue
        values = dict(table[kind])
        token = values.pop("token", "")
        own = values.pop("secret", ())
        if own and not token:
            here.key(kind).key("token").fault(
                "is missing, so that nothing is compared with the secret",
                'Name the parameter that carries the secret, for example token = "hub.verify_token".',
            )
        rituals.append(Handshake(place=kind, token_name=token, secret=(own or secret) if token else (), **values))
    return tuple(rituals)


def signs_url(checks: Sequence[Verify]) -> bool:
    """
    Whether a check covers the address that the sender called, which only public_url knows.
    """
    return any(isinstance(check, Hmac) and "{url}" in check.signed for check in checks)


def _only_key(table: dict[str, Any], shape: Shape, place: Place) -> str:
    """
    The one key of an element such as { token = { … } }, or "" after the fault was reported.
    """
    if len(table) == 1:
        return next(iter(table))
    if len(table) > 1 or not place.at_fault:
        kinds = " or ".join(f"{{ {name} = {{ … }} }}" for name in shape)
        place.fault(f"has {len(table)} kinds where exactly one is wanted", f"Write each by itself: {kinds}.")
    return ""


def _token(values: dict[str, Any], place: Place) -> Token | None:
    where = values.pop("in", None)
    if where is None:
        return None
    if where not in _UNNAMED_PLACES and not values.get("name"):
        place.key("name").fault("is missing", f"Name the {where} that carries the token.")
    if where == "json" and values.get("name"):
        check_expression(values["name"], place.key("name"), ours=False)
    return Token(place=where, **values)


def _equals(values: dict[str, Any]) -> list[Equals]:
    return [Equals(**values)] if values.get("name") else []


def _captcha(values: dict[str, Any], place: Place, secret: SecretRefs) -> Captcha:
    if values.get("score_min") and values["provider"] == "turnstile":
        place.key("score_min").fault("is asked of a provider that gives no score", "Leave it out.")
    return Captcha(**{"secret": secret, **values})


def _hmac(values: dict[str, Any], place: Place) -> Hmac | None:
    if not values.get("headers"):
        return None
    check = Hmac(**values)
    _check_template(check, place)
    if check.style == "plain" and check.timestamp_field:
        place.key("timestamp_field").fault(
            "is read from a kv signature, and this one is plain",
            'Write timestamp_header, or style = "kv".',
        )
    return check


def _check_template(check: Hmac, place: Place) -> None:
    """
    A signature that does not cover the body, or that anybody could make, proves nothing.
    """
    signed = place.key("signed")
    variables = set(_VARIABLE.findall(check.signed))
    for name in sorted(variables):
        if name not in _VARIABLES and not (name.startswith("h:") and len(name) > 2):
            signed.fault(f"has the unknown variable {{{name}}}", suggestion(name, (*_VARIABLES, "h:Header-Name")))
    if "body" not in variables:
        signed.fault("leaves the body out, so that anybody may change it", "Add {body}.")
    if check.construction == "hash" and "secret" not in variables:
        signed.fault("is hashed without a secret, so that anybody can make it", "Add {secret}.")
    if "ts" in variables and not (check.timestamp_header or check.timestamp_field):
        signed.fault("has {ts}, but no timestamp is read", "Add timestamp_header (or timestamp_field with style kv).")
