"""
[sources.NAME]: a preset, and what the file writes over it → Source.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from chalicelib.config import texts
from chalicelib.config.forms import FORM, form
from chalicelib.config.named import named_tables
from chalicelib.config.place import Place, shown, suggestion
from chalicelib.config.schema import Rule, Shape, read
from chalicelib.config.standing_in import DROPIN, check_dropins, check_members, dropin, with_organization
from chalicelib.config.uploading import UPLOAD, check_files
from chalicelib.config.verify import HANDSHAKE, VERIFY, handshakes, signs_url, verifications
from chalicelib.model import (
    Browser,
    Captcha,
    Ceiling,
    EventRule,
    Files,
    Handshake,
    Hmac,
    Parse,
    Records,
    Respond,
    Source,
    Token,
    Verify,
)

Presets = Mapping[str, Mapping[str, Any]]

DIGEST_SECONDS_MAX = 600
"""
How long a digest of the fields may stand for an id: longer, and a person's honest second submission would be lost.
"""

PARSE: Shape = {
    "format": Rule(choices=("auto", "urlencoded", "multipart", "json", "soap")),
    "charset": Rule(choices=("auto", "utf-8", "cp932")),
    "charset_in": Rule(),
    "json_in_field": Rule(),
    "lenient": Rule(kind="flag"),
    "files": Rule(choices=("refuse", "drop")),
    "fields_max": Rule(kind="integer", least=1, most=1_000),
    "depth_max": Rule(kind="integer", least=1, most=32),
}
RECORDS: Shape = {
    "path": Rule(kind="query"),
    "pairs": Rule(kind="query"),
    "pairs_key": Rule(kind="query"),
    "pairs_value": Rule(kind="query"),
    "map_value": Rule(kind="query"),
    "map_value_name": Rule(),
    "carry": Rule(kind="texts"),
    "records_max": Rule(kind="integer", least=1, most=1_000),
}
EVENT: Shape = {
    "kind": Rule(kind="locator"),
    "detail": Rule(kind="locator"),
    "kinds": Rule(kind="words", choices=("upsert", "unsubscribe", "delete", "ignore")),
    "id": Rule(kind="locator"),
    "time": Rule(kind="locator"),
    "time_unit": Rule(choices=("iso", "s", "ms")),
    "time_zone": Rule(kind="integer", least=-12, most=14),
    "sequence": Rule(kind="locator"),
    "test": Rule(kind="locator"),
    "dedupe_seconds": Rule(kind="integer", least=0, most=604_800),
}
RESPOND: Shape = {
    "kind": Rule(choices=("json", "text", "empty", "soap", "page")),
    "status": Rule(kind="integer", least=200, most=399),
    "body": Rule(),
}
CEILING: Shape = {
    "events": Rule(kind="integer", least=1, most=1_000_000, required=True, example="500"),
    "per": Rule(choices=("hour", "day"), required=True),
}
SHORTHANDS = ("charset", "files")
SOURCE: Shape = {
    "preset": Rule(required=True, example='"form"'),
    "secret": Rule(kind="secret"),
    "origins": Rule(kind="texts", clean=texts.origin),
    "organization_id": Rule(clean=texts.salesforce_organization),
    "verify": Rule(kind="tables", shape=VERIFY),
    "handshake": Rule(kind="tables", shape=HANDSHAKE),
    "parse": Rule(kind="table", shape=PARSE),
    "records": Rule(kind="table", shape=RECORDS),
    "event": Rule(kind="table", shape=EVENT),
    "respond": Rule(kind="table", shape=RESPOND),
    **{name: PARSE[name] for name in SHORTHANDS},
    "ceiling": Rule(kind="table", shape=CEILING),
    "upload": Rule(kind="table", shape=UPLOAD),
    "dropin": Rule(kind="table", shape=DROPIN),
    # A raw envelope must fit into a queue's message as base64.
    "body_bytes_max": Rule(kind="integer", least=1_024, most=700_000),
    "personal": Rule(kind="texts"),
    **FORM,
}


def sources(raw: object, place: Place, *, presets: Presets, public_url: str) -> dict[str, Source]:
    """
    Every source by name, also one at fault: its routes are to be checked against it.
    """
    found = {
        name: _source(name, table, here, presets=presets, public_url=public_url)
        for name, table, here in named_tables(raw, place)
    }
    check_dropins(found, place)
    return found


def _source(name: str, written: Mapping[str, Any], place: Place, *, presets: Presets, public_url: str) -> Source:
    preset = _preset(written.get("preset"), place, presets)
    values = read(_over(preset, written), SOURCE, place)
    _shorthands(values, written, place)
    respond = Respond(**values.get("respond", {}))
    secret = values.get("secret", ())
    verify = verifications(values.get("verify", ()), place.key("verify"), secret=secret)
    if "origins" in values:
        verify = _with_origins(verify, values["origins"])
    if "organization_id" in values:
        verify = with_organization(verify, values["organization_id"])
    source = Source(
        name=name,
        preset=str(written.get("preset", "")),
        verify=verify,
        handshake=handshakes(values.get("handshake", ()), place.key("handshake"), secret=secret),
        parse=Parse(**values.get("parse", {})),
        records=Records(**values.get("records", {})),
        event=EventRule(**values.get("event", {})),
        respond=respond,
        form=form(values, place) if _is_form(values, preset) else None,
        ceiling=_ceiling(values.get("ceiling", {})),
        personal=values.get("personal", ()),
        files=Files(**values["upload"]) if "upload" in values else None,
        **{**{key: values[key] for key in ("body_bytes_max",) if key in values}, **dropin(values)},
    )
    if preset is not None:
        _check(source, written, place, public_url=public_url)
    return source


# ── preset and file ─────────────────────────────────────────────────────────────────────────────────────────────────


def _preset(name: object, place: Place, presets: Presets) -> Mapping[str, Any] | None:
    """
    The preset's lines, None where there is none of that name.
    """
    if isinstance(name, str) and name in presets:
        return presets[name]
    if isinstance(name, str):
        place.key("preset").fault(f"{shown(name)} is no preset", suggestion(name, presets))
    return None


def _over(preset: Mapping[str, Any] | None, written: Mapping[str, Any]) -> dict[str, Any]:
    """
    What is written, over the preset: table by table, key by key; lists and single values replace the preset's.
    """
    merged = dict(preset or {})
    for key, value in written.items():
        below = merged.get(key)
        merged[key] = {**below, **value} if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged


def _shorthands(values: dict[str, Any], written: Mapping[str, Any], place: Place) -> None:
    """
    `charset` and `files` beside `preset` are short for the same keys of `parse`.

    What the file says goes over what the preset says, whichever way either says it.
    """
    parse = written.get("parse")
    for key in SHORTHANDS:
        in_parse = isinstance(parse, Mapping) and key in parse
        if in_parse and key in written:
            place.key(key).fault(f"stands here and in parse.{key}", "Write it once.")
        short = values.pop(key, None)
        if short is not None and not in_parse:
            values.setdefault("parse", {})[key] = short


def _with_origins(verify: tuple[Verify, ...], origins: tuple[str, ...]) -> tuple[Verify, ...]:
    """
    `origins` fill every browser check that has none; without a browser check they are one.
    """
    if not any(isinstance(check, Browser) for check in verify):
        return (*verify, Browser(origins=origins))
    return tuple(
        Browser(origins=origins) if isinstance(check, Browser) and not check.origins else check for check in verify
    )


def _is_form(values: Mapping[str, Any], preset: Mapping[str, Any] | None) -> bool:
    """
    Whether a browser is answered. A kind at fault must not make a form's other keys faults too: then the preset tells.
    """
    below = (preset or {}).get("respond", {}).get("kind")
    return bool(values.get("respond", {}).get("kind", below) == "page")


def _ceiling(values: Mapping[str, Any]) -> Ceiling | None:
    return Ceiling(**values) if len(values) == len(CEILING) else None


# ── the whole source ────────────────────────────────────────────────────────────────────────────────────────────────


def _check(source: Source, written: Mapping[str, Any], place: Place, *, public_url: str) -> None:
    """
    What no single key shows.
    """
    _check_secrets(source, written, place)
    check_members(source, written, place)
    if source.form is None:
        _check_webhook(source, written, place)
    if source.files is not None:
        check_files(written, place)
    address = Place("relay.public_url", place.report)
    if signs_url(source.verify) and not public_url and not address.at_fault:
        address.fault(
            f"is missing, and {place.path} is verified by a signature over the address",
            'Write the address that senders call: public_url = "https://relay.example.co.jp".',
        )
    _check_dedupe(source, written.get("event"), place.key("event").key("dedupe_seconds"))
    _check_body(source.respond, place)


def _check_secrets(source: Source, written: Mapping[str, Any], place: Place) -> None:
    checks = [check for check in source.verify if isinstance(check, Token | Hmac | Captcha)]
    takers: list[Token | Hmac | Captcha | Handshake] = [
        *checks,
        *(ritual for ritual in source.handshake if ritual.token_name),
    ]
    here = place.key("secret")
    lacking = any(not taker.secret for taker in takers)
    if lacking and not any(place.key(key).at_fault for key in ("secret", "verify", "handshake")):
        here.fault("is missing", f'Store the shared secret and refer to it: secret = "{texts.SECRET_EXAMPLE}".')
    if "secret" in written and not takers:
        here.warn("is used by nothing", "Remove it, or add a check to verify.")


def _check_webhook(source: Source, written: Mapping[str, Any], place: Place) -> None:
    for key in FORM:
        if key in written:
            place.key(key).fault(
                "is a key of forms, and this source answers programs", 'Remove it, or use preset = "form".'
            )
    if source.respond.status > 299:
        place.key("respond").key("status").fault(
            f"{source.respond.status} is a failure to programs, and some of them then switch the webhook off",
            "Write a status from 200 to 299.",
        )
    proofs = [check for check in source.verify if isinstance(check, Token | Hmac)]
    if not proofs and not place.key("verify").at_fault:
        place.key("verify").fault(
            "is missing: anybody could send",
            'Add a check, for example verify = [{ token = { in = "header", name = "X-Relay-Token" } }] and a secret.',
        )


def _check_dedupe(source: Source, event: object, place: Place) -> None:
    """
    Without an id of the sender's, what is remembered is a digest of the fields.
    """
    if source.event.id or not isinstance(event, Mapping) or "dedupe_seconds" not in event:
        return
    if source.event.dedupe_seconds > DIGEST_SECONDS_MAX:
        place.fault(
            f"is longer than the {DIGEST_SECONDS_MAX} seconds that fields without an id are remembered",
            f"Write at most {DIGEST_SECONDS_MAX}, or name the sender's id by event.id.",
        )


def _check_body(respond: Respond, place: Place) -> None:
    """
    A fixed answer that calls itself JSON is JSON.
    """
    if respond.kind != "json" or not respond.body:
        return
    try:
        json.loads(respond.body)
    except (ValueError, RecursionError):
        place.key("respond").key("body").fault("is not JSON", "Write JSON, for example body = '{\"ok\": true}'.")
