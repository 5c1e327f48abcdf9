"""
What browsers load: two plain scripts, with headers that let them be kept for an hour and asked after by their ETag.

ekiden.js is for pages with forms, thanks.js for thank-you pages (docs/forms.md).
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from chalicelib.model import Envelope, Response

FRESH_SECONDS = 3_600


def script(envelope: Envelope, name: str) -> Response:
    """
    One of the scripts, or 304 where the browser has this very version.
    """
    body, etag = _script(name)
    headers = {
        "ETag": etag,
        "Cache-Control": f"public, max-age={FRESH_SECONDS}",
        "Access-Control-Allow-Origin": "*",
        "X-Content-Type-Options": "nosniff",
    }
    known = {each.strip().removeprefix("W/") for each in envelope.headers.get("if-none-match", "").split(",")}
    if etag in known:
        return Response(status=304, headers=headers)
    return Response(status=200, headers=headers | {"Content-Type": "text/javascript; charset=utf-8"}, body=body)


@cache
def _script(name: str) -> tuple[str, str]:
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    return text, f'"{hashlib.sha256(text.encode()).hexdigest()[:16]}"'
