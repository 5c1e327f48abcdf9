"""
The door's answers: where a visitor goes next, what a program reads, and what a page of another origin may read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlencode

from chalicelib.errors import EnvelopeRefused
from chalicelib.model import Envelope, Form, Response, Source
from chalicelib.sources.origins import browser_origins, listed, origin_of, with_query
from chalicelib.sources.visitors import page_of
from chalicelib.value import value

RETRY_AFTER_SECONDS = 30
PREFLIGHT_SECONDS = 3_600
REQUEST_HEADERS = ("accept", "content-type", "x-requested-with")
"""
What a page of another origin may send along; there is nothing here that needs more.
"""


@value
class Accepted:
    """
    What became of an envelope: the ids of its events, and what a waiting visitor needs.

    `deliveries` are shown to programs as they are. `query` is added to the address that the visitor goes to. `next_url`
    is Knock.next_url. `duplicate` says that this knock was already known; its ids are the first one's.
    """

    ids: tuple[str, ...]
    deliveries: tuple[Mapping[str, str], ...] = ()
    query: Mapping[str, str] = field(default_factory=dict)
    duplicate: bool = False
    next_url: str = ""


def success(envelope: Envelope, source: Source, result: Accepted, *, now: datetime) -> Response:
    """
    The answer to an envelope that was kept: 303 for a visitor, JSON for a script, the source's own for a webhook.

    A visitor is only sent to origins that the form lists; any other `_next` counts as none.
    """
    headers = cors(envelope, source) | {"Cache-Control": "no-store"}
    if source.form is None:
        return _webhook_answer(source, result, headers, now)
    target = _target(source.form, result)
    if wants_json(envelope):
        told = {
            "id": result.ids[0] if result.ids else None,
            "redirect": target or None,
            "deliveries": [dict(delivery) for delivery in result.deliveries],
            "duplicate": result.duplicate,
            "accepted_at": now.isoformat(timespec="seconds"),
        }
        return _json(200, told, headers)
    if target:
        return Response(status=303, headers=headers | {"Location": target, "Content-Type": "text/html; charset=utf-8"})
    from chalicelib.sources import pages, words  # noqa: PLC0415 - nearly every form has an address to go to

    return _html(200, pages.notice_page(words.RECEIVED, form=source.form), headers, source)


def problem(envelope: Envelope, source: Source | None, refused: EnvelopeRefused) -> Response:
    """
    The answer to a refused envelope: a page for a visitor's browser, else problem details (RFC 9457).

    Which of the two depends on the request alone, so that an unknown source and a bad signature look the same.
    `source` is None for an unknown one. At the address of another API the answer is that API's.
    """
    if envelope.face:
        from chalicelib.sources import faces  # noqa: PLC0415 - few senders have one

        return faces.problem(envelope, refused)
    headers = (cors(envelope, source) if source else {}) | {"Cache-Control": "no-store"}
    if refused.status == 405:
        headers["Allow"] = "POST, OPTIONS"
    # HubSpot reads Retry-After in milliseconds (HubSpot, webhooks; 2026-11): 30 would mean at once.
    if refused.status == 503 and not (source and source.preset.startswith("hubspot")):
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if refused.status == 503 and source is not None and source.respond.kind == "soap":
        from chalicelib.sources import soap  # noqa: PLC0415 - one sender speaks it

        return Response(status=503, headers=headers | {"Content-Type": "text/xml; charset=utf-8"}, body=soap.FAULT)
    if wants_json(envelope) or not _is_browser(envelope):
        return _json(refused.status, _details(refused), headers, media="application/problem+json")
    return _html(refused.status, _problem_page(envelope, source, refused), headers, source)


def preflight(envelope: Envelope, source: Source | None) -> Response:
    """
    The answer to a browser that asks whether a page may send here: always 204, with permission for listed origins.
    """
    headers = cors(envelope, source) if source else {}
    if "Access-Control-Allow-Origin" in headers:
        asked = envelope.headers.get("access-control-request-headers", "").lower().split(",")
        granted = [name for name in REQUEST_HEADERS if name in {one.strip() for one in asked}]
        headers |= {
            "Access-Control-Allow-Methods": "POST",
            "Access-Control-Allow-Headers": ", ".join(granted) or "content-type",
            "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
        }
    return Response(status=204, headers=headers | {"Vary": "Origin, Access-Control-Request-Headers"})


def cors(envelope: Envelope, source: Source) -> dict[str, str]:
    """
    The headers that let a listed page's script read the answer; a source that no browser speaks to has none.
    """
    origins = browser_origins(source)
    if origins is None:
        return {}
    origin = envelope.headers.get("origin", "")
    allowed = origin_of(origin) is not None and (not origins or listed(origin, origins))
    return {"Vary": "Origin"} | ({"Access-Control-Allow-Origin": origin} if allowed else {})


def wants_json(envelope: Envelope) -> bool:
    """
    Whether a script is waiting for the answer, not a visitor's window.
    """
    headers = envelope.headers
    media = headers.get("content-type", "").partition(";")[0].strip().lower()
    accepted = _accepted(headers.get("accept", ""))
    return (
        accepted.get("application/json", 0.0) > accepted.get("text/html", 0.0)
        or "x-requested-with" in headers
        or headers.get("sec-fetch-mode", "").lower() in {"cors", "same-origin", "no-cors"}
        or media == "application/json"
    )


def _is_browser(envelope: Envelope) -> bool:
    return "text/html" in _accepted(envelope.headers.get("accept", ""))


def _accepted(accept: str) -> dict[str, float]:
    """
    The media types of an Accept header with their weights, without the wild ones.
    """
    weights = {}
    for entry in accept.lower().split(","):
        media, *parameters = (part.strip() for part in entry.split(";"))
        quality = next((one[2:] for one in parameters if one.startswith("q=")), "1")
        try:
            weights[media] = float(quality)
        except ValueError:
            weights[media] = 0.0
    return weights


def _target(form: Form, result: Accepted) -> str:
    """
    Where the visitor goes: `_next` if it lies where the form lets it, else the form's thank-you page.
    """
    wished = result.next_url.strip()
    address = wished if wished and listed(wished, (form.thanks, *form.redirects)) else form.thanks
    return with_query(address, result.query) if address else ""


def _webhook_answer(source: Source, result: Accepted, headers: dict[str, str], now: datetime) -> Response:
    respond = source.respond
    if respond.kind == "empty" or respond.status == 204:
        return Response(status=respond.status, headers=headers)
    if respond.kind == "soap":
        from chalicelib.sources import soap  # noqa: PLC0415 - one sender speaks it

        return Response(status=200, headers=headers | {"Content-Type": "text/xml; charset=utf-8"}, body=soap.ACK)
    media = "text/plain; charset=utf-8" if respond.kind == "text" else "application/json"
    if respond.body or respond.kind == "text":
        return Response(status=respond.status, headers=headers | {"Content-Type": media}, body=respond.body)
    told = {
        "ids": list(result.ids),
        "duplicate": result.duplicate,
        "accepted_at": now.isoformat(timespec="seconds"),
    }
    return _json(respond.status, told, headers)


def _details(refused: EnvelopeRefused) -> dict[str, object]:
    try:
        title = HTTPStatus(refused.status).phrase
    except ValueError:
        title = "Refused"
    details: dict[str, object] = {"type": "about:blank", "title": title, "status": refused.status}
    details |= {"code": refused.code, "detail": refused.detail}
    if refused.problems:
        details["errors"] = [
            {"name": one.name, "label": one.label, "code": one.code, "ja": one.ja, "en": one.en}
            for one in refused.problems
        ]
    return details


def _problem_page(envelope: Envelope, source: Source | None, refused: EnvelopeRefused) -> str:
    from chalicelib.sources import pages, words  # noqa: PLC0415 - most envelopes are not refused

    form = source.form if source else None
    if source is None or form is None or refused.status == 401:
        return pages.notice_page(words.notice_for(refused.status))
    page = page_of(envelope, source, dict(refused.values).get("_page", ""))
    if refused.status == 422 and not words.has_words(refused.code):
        query = urlencode(envelope.query, doseq=True)
        return pages.form_page(form, source.parse, refused.problems, refused.values, query=query, page=page)
    known = listed(page, browser_origins(source) or ())
    return pages.notice_page(words.notice_for(refused.status, refused.code), form=form, back=page if known else "")


def _json(
    status: int, told: Mapping[str, object], headers: Mapping[str, str], *, media: str = "application/json"
) -> Response:
    return Response(
        status=status, headers={**headers, "Content-Type": media}, body=json.dumps(told, ensure_ascii=False)
    )


def _html(status: int, page: str, headers: Mapping[str, str], source: Source | None) -> Response:
    """
    A page that may load nothing, and be shown inside the form's own pages only.

    Browsers apply form-action to the redirect after a form, too, so the thank-you page's origin has to be in it. The
    referrer stays within our origin: with none at all, a browser would send the mended form with `Origin: null`.
    """
    pages_of = browser_origins(source) if source else None
    policy = ["default-src 'none'", "style-src 'unsafe-inline'", "base-uri 'none'"]
    if source and source.form:
        targets = [origin_of(one) for one in (source.form.thanks, *source.form.redirects)]
        policy.append(" ".join(["form-action 'self'", *dict.fromkeys(filter(None, targets))]))
    if pages_of is None or pages_of:
        policy.append(
            " ".join(["frame-ancestors 'self'", *dict.fromkeys(filter(None, map(origin_of, pages_of or ())))])
        )
    return Response(
        status=status,
        headers={
            **headers,
            "Content-Type": "text/html; charset=utf-8",
            "Content-Security-Policy": "; ".join(policy),
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        },
        body=page,
    )
