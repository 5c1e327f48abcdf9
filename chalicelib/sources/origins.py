"""
Web origins: which page a request comes from, and where a visitor may be sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, unquote_plus, urlencode, urlsplit

from chalicelib.model import Browser, Envelope, Source

_DEFAULT_PORTS = {"http": 80, "https": 443}
# Browsers drop or reinterpret these where Python does not, so an address that holds one has no origin we could trust.
_AMBIGUOUS = re.compile(r"[\x00-\x20\x7f\\]")
_URL_CHARACTERS = "%/:=&?~#+!$,;'@()*[]"


def origin_of(address: str) -> str | None:
    """
    The origin (scheme://host[:port]) of an http(s) address; None for whatever a browser might read differently.

    Hosts are ASCII, as browsers send them: 日本語.example is xn--wgv71a119e.example.

    >>> origin_of("https://WWW.example.co.jp:443/thanks?x=1")
    'https://www.example.co.jp'
    >>> origin_of("https://www.example.co.jp@evil.example/") is None
    True
    """
    if _AMBIGUOUS.search(address):
        return None
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or "@" in parts.netloc or not parts.netloc.isascii():
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + ("" if port in {None, _DEFAULT_PORTS[parts.scheme]} else f":{port}")


def listed(address: str, allowed: Iterable[str]) -> bool:
    """
    Whether the address lies in one of the allowed origins.
    """
    origin = origin_of(address)
    return origin is not None and origin in {origin_of(one) for one in allowed}


def browser_origins(source: Source) -> tuple[str, ...] | None:
    """
    The origins that a source's pages come from: empty for any, None for a source that no browser speaks to.
    """
    checks = [check for check in source.verify if isinstance(check, Browser)]
    return tuple(origin for check in checks for origin in check.origins) if checks else None


def cors_of_pages(envelope: Envelope, sources: Iterable[Source]) -> dict[str, str]:
    """
    The headers that let a script read an answer on the pages of any form, and on those that forms lead to.
    """
    origin, allowed = origin_of(envelope.headers.get("origin", "")), False
    for source in sources if origin else ():
        if source.form is not None:
            pages = browser_origins(source)
            allowed = (
                allowed
                or pages == ()
                or listed(origin or "", (*(pages or ()), source.form.thanks, *source.form.redirects))
            )
    return {"Vary": "Origin"} | ({"Access-Control-Allow-Origin": envelope.headers["origin"]} if allowed else {})


def with_query(address: str, query: Mapping[str, str]) -> str:
    """
    The address with `query` added: its own query and fragment stay, a parameter of the same name gives way.

    >>> with_query("https://www.example.co.jp/thanks?from=expo#top", {"c": "abc-00"})
    'https://www.example.co.jp/thanks?from=expo&c=abc-00#top'
    """
    head, hash_mark, fragment = address.partition("#")
    base, _, own = head.partition("?")
    kept = [part for part in own.split("&") if part and unquote_plus(part.partition("=")[0]) not in query]
    text = "&".join([*kept, urlencode(query)] if query else kept)
    return quote(base + ("?" + text if text else "") + hash_mark + fragment, safe=_URL_CHARACTERS)
