"""
What a browser asks of the console: page, form, cookies, language, and where the console stands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from chalicelib.console.saying import LANGUAGES, preferred
from chalicelib.model import Envelope
from chalicelib.value import value

DOOR = "console"
PATH = re.compile(r"(/[A-Za-z0-9._~-]+)*")
BODY_BYTES_MAX = 262_144
FIELDS_MAX = 2_000
LOOPBACK = re.compile(r"(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?")


@value
class Asked:
    """
    One request. `base` is the path of the console as the browser sees it; `pairs` what its form holds.

    `address` is who asks, as API Gateway saw it. `foreign`: another site made the browser ask. `safe_transport`: the
    cookie may be bound to https; only on this machine it may not.
    """

    method: str
    page: str
    name: str
    query: Mapping[str, str]
    pairs: tuple[tuple[str, str], ...]
    cookies: Mapping[str, str]
    language: str
    chosen_language: str
    base: str
    address: str
    foreign: bool
    safe_transport: bool

    def field(self, name: str) -> str:
        """
        The first value of a form's field; empty where there is none.
        """
        return next((text for each, text in self.pairs if each == name), "")

    def fields(self, name: str) -> tuple[str, ...]:
        """
        Every value of a form's field.
        """
        return tuple(text for each, text in self.pairs if each == name)

    def begun(self, prefix: str) -> dict[str, str]:
        """
        The fields whose names begin so, without that beginning.
        """
        return {name.removeprefix(prefix): text for name, text in self.pairs if name.startswith(prefix)}


def asked(envelope: Envelope, page: str, name: str, context: Mapping[str, Any], *, public_url: str) -> Asked:
    """
    Read a request; what cannot be read is as if it were not there.
    """
    headers = envelope.headers
    query = {each: texts[-1] for each, texts in envelope.query.items() if texts}
    chosen = query.get("lang", "")
    site = headers.get("sec-fetch-site", "")
    return Asked(
        method=envelope.method,
        page=page,
        name=name,
        query=query,
        pairs=_pairs(envelope),
        cookies=_cookies(headers.get("cookie", "")),
        language=preferred(headers.get("accept-language", "")),
        chosen_language=chosen if chosen in LANGUAGES else "",
        base=_base(str(context.get("path") or ""), page, name, public_url),
        address=str((context.get("identity") or {}).get("sourceIp") or ""),
        foreign=site not in {"", "same-origin", "none"},
        safe_transport=LOOPBACK.fullmatch(headers.get("host", "")) is None,
    )


def _pairs(envelope: Envelope) -> tuple[tuple[str, str], ...]:
    if envelope.method != "POST" or len(envelope.body) > BODY_BYTES_MAX:
        return ()
    if not envelope.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return ()
    try:
        text = envelope.body.decode("ascii")
        found = parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict")
    except (UnicodeDecodeError, ValueError):
        return ()
    # A browser writes line ends of a form as CR LF.
    return tuple((name, text.replace("\r\n", "\n")) for name, text in found)


def _cookies(header: str) -> dict[str, str]:
    pairs = (part.strip().partition("=") for part in header.split(";"))
    found: dict[str, str] = {}
    for name, _, text in pairs:
        # The first one wins: it is the one with the longest path.
        found.setdefault(name, text)
    return found


def _base(path: str, page: str, name: str, public_url: str) -> str:
    """
    The console's own path. API Gateway tells the whole path, with the stage or what a custom domain puts before it.

    >>> _base("/api/console/dead", "dead", "", ""), _base("/console", "", "", ""), _base("", "", "", "https://a.jp/r")
    ('/api/console', '/console', '/r/console')
    """
    parts = path.rstrip("/").split("/")
    depth = 1 + bool(page) + bool(name)
    before = "/".join(parts[:-depth])
    if len(parts) > depth and parts[-depth] == DOOR and PATH.fullmatch(before):
        return f"{before}/{DOOR}"
    return f"{urlsplit(public_url).path.rstrip('/')}/{DOOR}"
