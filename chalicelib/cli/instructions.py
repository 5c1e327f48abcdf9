"""
What to type into a sender's screen, from the source as it is configured: nothing here is written for one sender.

A secret is named by its reference, never shown; a token within an address is a placeholder.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from chalicelib.model import (
    Browser,
    Captcha,
    Config,
    Equals,
    EventRule,
    Handshake,
    Hmac,
    Respond,
    SecretRefs,
    Source,
    Token,
    Verify,
)
from chalicelib.ops.addresses import source_addresses
from chalicelib.sources import secret_refs

GUIDES = Path(__file__).with_name("senders.toml")
PLACEHOLDER = "<token>"
MEDIA = {
    "json": "application/json",
    "urlencoded": "application/x-www-form-urlencoded",
    "multipart": "multipart/form-data",
    "auto": "application/json",
    "soap": "text/xml",
}

Words = tuple[str, str]
"""
The same in Japanese and in English.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """
    What is known of a preset's sender: where its screen is, what to do there, and what it cannot do.
    """

    label: str
    group: str = ""
    screen: Words = ("", "")
    steps: tuple[Words, ...] = ()
    limits: tuple[Words, ...] = ()
    toml: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instructions:
    """
    One source: its address, headers and secret, what its body has to be, and what comes back.
    """

    source: str
    preset: str
    guide: Guide
    url: str
    headers: Mapping[str, str]
    secret: str
    proof: Words
    facts: Mapping[str, str]
    kinds: Mapping[str, str] = field(default_factory=dict)

    @property
    def steps(self) -> list[Words]:
        """
        The guide's steps with this source's address and secret.
        """
        return [(self._filled(ja), self._filled(en)) for ja, en in self.guide.steps]

    def _filled(self, text: str) -> str:
        return text.replace("{url}", self.url).replace("{secret}", self.secret)


@cache
def guides() -> Mapping[str, Guide]:
    """
    The guide of each preset.
    """
    found = tomllib.loads(GUIDES.read_text(encoding="utf-8"))
    return {name: Guide(**{key: _frozen(value) for key, value in one.items()}) for name, one in found.items()}


def instructions(config: Config, base: str) -> list[Instructions]:
    """
    Every source of a configuration that sends, as it is reached under `base`.
    """
    addresses = {name: address for name, kind, address in source_addresses(config, base) if kind != "lookup"}
    return [_of(config.sources[name], address) for name, address in addresses.items()]


def _of(source: Source, address: str) -> Instructions:
    secret = _value_of(secret_refs(source))
    tokens = [check for check in source.verify if isinstance(check, Token)]
    query = "&".join(f"{check.name}={PLACEHOLDER}" for check in tokens if check.place == "query")
    return Instructions(
        source=source.name,
        preset=source.preset,
        guide=guides().get(source.preset, Guide(label=source.preset)),
        url=f"{address}?{query}" if query else address,
        headers=dict(_headers(source, tokens)),
        secret=secret,
        proof=_proof(source),
        facts={name: words for name, words in _facts(source).items() if words},
        kinds=source.event.kinds,
    )


def _headers(source: Source, tokens: Iterable[Token]) -> Iterable[tuple[str, str]]:
    if source.form is None:
        yield "Content-Type", MEDIA["urlencoded" if source.parse.json_in_field else source.parse.format]
    for check in tokens:
        if check.place == "header":
            yield check.name, check.prefix + _value_of(check.secret)
        elif check.place == "basic":
            yield "Authorization", f"Basic (user {check.name or 'any'}, password {_value_of(check.secret)})"


def _value_of(refs: SecretRefs) -> str:
    """
    A secret by its place. While it is rotated, the first reference is the current one.
    """
    return f"<{refs[0]}>" if refs else ""


# ── proof ───────────────────────────────────────────────────────────────────────────────────────────────────────────

_PLACES: Mapping[str, Words] = {
    "path": ("URL の末尾のトークン", "a token at the end of the address"),
    "query": ("URL の引数 {name} のトークン", "a token in the address, {name}"),
    "header": ("ヘッダー {name} のトークン", "a token in the header {name}"),
    "basic": ("Basic 認証", "basic authentication"),
    "form": ("フォームの項目 {name} のトークン", "a token in the form field {name}"),
    "json": ("本文の {name} のトークン", "a token in the body, {name}"),
}


def _proof(source: Source) -> Words:
    found = [_proof_of(check) for check in (*source.verify, *source.handshake)]
    return "、".join(ja for ja, _ in found), "; ".join(en for _, en in found)


def _proof_of(check: Verify | Handshake) -> Words:
    match check:
        case Token(place=place, name=name):
            ja, en = _PLACES[place]
            return ja.format(name=name), en.format(name=name)
        case Hmac(headers=headers):
            listed = " / ".join(headers)
            return f"署名 {listed}", f"a signature in {listed}"
        case Browser(origins=origins):
            sites = ", ".join(origins) or "any"
            return f"ブラウザーの Origin（{sites}）", f"the browser's Origin ({sites})"
        case Equals(name=name):
            return f"{name} の値", f"the value of {name}"
        case Captcha(provider=provider):
            return f"CAPTCHA（{provider}）", f"a captcha ({provider})"
        case Handshake(echo=echo):
            return f"確認要求 {echo} に自動応答", f"the challenge {echo} is answered"


# ── body and answer ─────────────────────────────────────────────────────────────────────────────────────────────────


def _facts(source: Source) -> dict[str, str]:
    records, event = source.records, source.event
    if source.files is not None:
        return {**_FACTS_OF_FILES, "time": event.time, "kind": event.kind}
    return {
        "json in field": source.parse.json_in_field,
        "records": records.path,
        "fields": _fields(source),
        "id": event.id,
        "remembered": "" if source.form else _remembered(event),
        "time": event.time,
        "kind": " + ".join(filter(None, (event.kind, event.detail))),
        "test": event.test,
        "answer": _answer(source.respond),
    }


_FACTS_OF_FILES: Mapping[str, str] = {
    "id": "sha256, line",
    "remembered": "7 d (same file)",
    "answer": "201 JSON with url and headers; 200 to the PUT",
}


def _fields(source: Source) -> str:
    records = source.records
    if records.pairs:
        return f"{records.pairs}: {records.pairs_key} → {records.pairs_value}"
    return f"{records.map_value}.*.{records.map_value_name}" if records.map_value else ""


def _remembered(event: EventRule) -> str:
    if not event.id:
        return "10 min (same content)"
    return f"{event.dedupe_seconds // 86_400} d" if event.dedupe_seconds >= 86_400 else f"{event.dedupe_seconds} s"


def _answer(respond: Respond) -> str:
    body = {"empty": "empty", "text": respond.body, "page": "to the thank-you page"}.get(respond.kind)
    return f"{respond.status} {body if body is not None else respond.body or 'JSON with ids'}".strip()


def _frozen(value: Any) -> Any:  # noqa: ANN401 - TOML
    return tuple(_frozen(one) for one in value) if isinstance(value, list) else value
