"""
The door's answers: to visitors, to scripts, to webhooks, and to those who are refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from chalicelib.errors import EnvelopeRefused
from chalicelib.model import Envelope, FieldProblem, Respond, Source
from chalicelib.sources import Accepted, preflight, problem, success, unauthorized

SITE = "https://www.example.co.jp"
BROWSER = {
    "accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "origin": SITE,
    "referer": SITE + "/contact",
    "sec_fetch_mode": "navigate",
}
URLENCODED = "application/x-www-form-urlencoded"


# ── a visitor ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("next_url", "location"),
    [
        ("", SITE + "/thanks?c=abc-00"),
        (SITE + "/other?x=1#top", SITE + "/other?x=1&c=abc-00#top"),
        ("https://shop.example.co.jp/ok", "https://shop.example.co.jp/ok?c=abc-00"),
        ("https://evil.example/", SITE + "/thanks?c=abc-00"),
        ("https://www.example.co.jp@evil.example/", SITE + "/thanks?c=abc-00"),
        ("https://www.example.co.jp.evil.example/", SITE + "/thanks?c=abc-00"),
        ("//evil.example", SITE + "/thanks?c=abc-00"),
        ("/thanks2", SITE + "/thanks?c=abc-00"),
        ("http://www.example.co.jp/", SITE + "/thanks?c=abc-00"),
        ("https://www.example.co.jp/\r\nSet-Cookie: a=b", SITE + "/thanks?c=abc-00"),
        ("javascript:alert(1)", SITE + "/thanks?c=abc-00"),
    ],
)
def test_a_visitor_is_sent_on_by_303(
    next_url: str, location: str, form_source: Callable[..., Source], knock: Callable[..., Envelope], now: datetime
) -> None:
    """
    The visitor lands where the form may send, with the vendor's hashcode; any other wish leads to the thank-you page.
    """
    source = form_source(redirects=("https://shop.example.co.jp",))
    result = Accepted(ids=("e1",), query={"c": "abc-00"}, next_url=next_url)

    answer = success(knock({"a": "1"}, **BROWSER), source, result, now=now)

    assert (answer.status, answer.headers["Location"], answer.body) == (303, location, "")


def test_a_form_without_a_thank_you_page_says_thanks_itself(
    form_source: Callable[..., Source], knock: Callable[..., Envelope], now: datetime
) -> None:
    """
    Where no address is configured, Ekiden shows a page of its own.
    """
    answer = success(
        knock({"a": "1"}, **BROWSER), form_source(thanks="", title="資料請求"), Accepted(ids=("e1",)), now=now
    )

    assert answer.status == 200
    assert "ありがとうございました" in answer.body
    assert "資料請求" in answer.body


@pytest.mark.parametrize(
    "headers",
    [
        {"accept": "application/json"},
        {"accept": "text/html;q=0.5, application/json"},
        {"accept": "*/*", "x_requested_with": "XMLHttpRequest"},
        {"accept": "*/*", "sec_fetch_mode": "cors"},
        {"accept": "*/*", "content_type": "application/json"},
    ],
)
def test_a_script_gets_json(
    headers: dict[str, str], form_source: Callable[..., Source], knock: Callable[..., Envelope], now: datetime
) -> None:
    """
    Fetch and XMLHttpRequest get the ids and the address to go to, and may read them.
    """
    body = knock("{}", origin=SITE, **headers)
    result = Accepted(ids=("e1",), deliveries=({"id": "d1", "state": "delivered"},), query={"c": "x"}, duplicate=True)

    answer = success(body, form_source(), result, now=now)

    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == SITE
    assert json.loads(answer.body) == {
        "id": "e1",
        "redirect": SITE + "/thanks?c=x",
        "deliveries": [{"id": "d1", "state": "delivered"}],
        "duplicate": True,
        "accepted_at": "2026-11-21T03:00:00+00:00",
    }


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"accept": "*/*"},
        {"accept": "text/html, application/json;q=0.9"},
        {"accept": "text/html, application/json"},
        {"accept": "application/json;q=x"},
        {"accept": ",;,q=,;q="},
        {"sec_fetch_mode": "navigate"},
    ],
)
def test_everybody_else_is_a_visitor(
    headers: dict[str, str], form_source: Callable[..., Source], knock: Callable[..., Envelope], now: datetime
) -> None:
    """
    Without a sign of a script, the answer is the redirect.
    """
    assert success(knock({"a": "1"}, **headers), form_source(), Accepted(ids=("e1",)), now=now).status == 303


# ── a webhook ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("respond", "status", "body", "media"),
    [
        (Respond(kind="empty", status=200), 200, "", None),
        (Respond(kind="json", status=204), 204, "", None),
        (Respond(kind="json", status=202, body="{}"), 202, "{}", "application/json"),
        (Respond(kind="text", body="OK"), 200, "OK", "text/plain; charset=utf-8"),
        (Respond(kind="text"), 200, "", "text/plain; charset=utf-8"),
    ],
)
def test_a_webhook_gets_what_its_sender_expects(
    respond: Respond,
    status: int,
    body: Any,
    media: str | None,
    webhook_source: Callable[..., Source],
    knock: Callable[..., Envelope],
    now: datetime,
) -> None:
    """
    The answer is the source's own; it never depends on what became of the events.
    """
    answer = success(knock("{}"), webhook_source(respond=respond), Accepted(ids=("e1",)), now=now)

    assert (answer.status, answer.body, answer.headers.get("Content-Type")) == (status, body, media)
    assert "Location" not in answer.headers


def test_a_webhook_gets_the_ids_of_its_events(
    webhook_source: Callable[..., Source], knock: Callable[..., Envelope], now: datetime
) -> None:
    """
    By default a webhook learns under which ids its records are kept.
    """
    answer = success(knock("{}"), webhook_source(), Accepted(ids=("e1", "e2")), now=now)

    assert json.loads(answer.body)["ids"] == ["e1", "e2"]


# ── refusals ────────────────────────────────────────────────────────────────────────────────────────────────────────

INVALID = EnvelopeRefused(
    422,
    "invalid",
    "Some fields need attention.",
    problems=[
        FieldProblem(name="mail", label="メール", ja="入力してください。", en="Please fill this in.", code="missing")
    ],
    values=[("mail", "")],
)


def test_a_program_gets_problem_details(form_source: Callable[..., Source], knock: Callable[..., Envelope]) -> None:
    """
    RFC 9457, with every field at fault in both languages, and readable for the page's script.
    """
    answer = problem(knock({"a": "1"}, origin=SITE, accept="application/json"), form_source(), INVALID)

    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Access-Control-Allow-Origin"] == SITE
    details = json.loads(answer.body)
    assert (details["type"], details["status"], details["code"]) == ("about:blank", 422, "invalid")
    assert details["title"]
    assert details["errors"] == [
        {"name": "mail", "label": "メール", "code": "missing", "ja": "入力してください。", "en": "Please fill this in."}
    ]


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (400, "malformed", "読み取れませんでした"),
        (401, "unauthorized", "送信元を確認できませんでした"),
        (403, "origin", "このページからは送信できません"),
        (405, "method", "フォームの送信先です"),
        (413, "too_large", "大きすぎます"),
        (415, "unsupported_type", "この形式では"),
        (418, "tea", "読み取れませんでした"),
        (429, "busy", "混み合っています"),
        (503, "unavailable", "ただいま受け付けられません"),
        (599, "odd", "ただいま受け付けられません"),
    ],
)
def test_a_visitor_gets_a_page_with_advice(
    status: int, code: str, words: str, form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    A visitor reads in Japanese and English what happened and what to do; the status stays, nothing internal shows.
    """
    answer = problem(knock({"a": "1"}, **BROWSER), form_source(), EnvelopeRefused(status, code, "INTERNAL detail"))

    assert answer.status == status
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert words in answer.body
    assert 'lang="en"' in answer.body
    assert "INTERNAL" not in answer.body
    assert json.loads(problem(knock("{}"), None, EnvelopeRefused(status, code, "x")).body)["title"]


def test_a_way_back_to_the_form(form_source: Callable[..., Source], knock: Callable[..., Envelope]) -> None:
    """
    The page links back to the form only where the form's address is one of ours.
    """
    refused = EnvelopeRefused(503, "unavailable", "")
    envelope = knock({"a": "1"}, **BROWSER)
    foreign = knock({"a": "1"}, **(BROWSER | {"referer": "https://evil.example/", "origin": "https://evil.example"}))

    assert f'href="{SITE}/contact"' in problem(envelope, form_source(), refused).body
    assert "href" not in problem(foreign, form_source(), refused).body
    assert "href" not in problem(envelope, form_source(origins=()), refused).body


@pytest.mark.parametrize("headers", [{}, BROWSER, {"accept": "application/json"}])
def test_an_unknown_source_answers_like_a_known_one(
    headers: dict[str, str],
    form_source: Callable[..., Source],
    webhook_source: Callable[..., Source],
    knock: Callable[..., Envelope],
) -> None:
    """
    Whoever probes addresses sees no difference between a name that exists and one that does not.
    """
    envelope = knock({"a": "1"}, **(headers | {"origin": "https://prober.example"}))
    visible = ("Content-Type", "Location", "Retry-After", "Access-Control-Allow-Origin")
    seen = set()
    for source in (None, webhook_source(), form_source(title="秘密の資料請求")):
        answer = problem(envelope, source, unauthorized())
        seen.add((answer.status, answer.body, *(answer.headers.get(name) for name in visible)))

    assert len(seen) == 1


@pytest.mark.parametrize(("preset", "told"), [("webhook", True), ("hubspot_v3", False)])
def test_come_back_later(
    preset: str,
    told: Any,
    webhook_source: Callable[..., Source],
    preset_source: Callable[..., Source],
    knock: Callable[..., Envelope],
) -> None:
    """
    A 503 says when to come back, except to HubSpot, which reads the number as milliseconds.
    """
    source = webhook_source() if preset == "webhook" else preset_source(preset)

    answer = problem(knock("{}"), source, EnvelopeRefused(503, "unavailable", "Please try again later."))

    assert ("Retry-After" in answer.headers) == told


def test_a_405_says_what_is_allowed(knock: Callable[..., Envelope]) -> None:
    """
    RFC 9110 asks for Allow.
    """
    assert problem(knock(""), None, EnvelopeRefused(405, "method", "")).headers["Allow"] == "POST, OPTIONS"


def test_a_page_of_ours_can_load_and_leak_nothing(
    form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    The page runs nothing, is framed by the form's own pages only, and may send its form on to the thank-you page.
    """
    source = form_source(redirects=("https://shop.example.co.jp",))

    answer = problem(knock({"a": "1"}, **BROWSER), source, INVALID)

    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert f"form-action 'self' {SITE} https://shop.example.co.jp" in policy
    assert f"frame-ancestors 'self' {SITE}" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    # With "no-referrer" browsers would send the mended form with "Origin: null".
    assert answer.headers["Referrer-Policy"] == "same-origin"


# ── other origins ───────────────────────────────────────────────────────────────────────────────────────────────────


def _ask(knock: Callable[..., Envelope], **headers: str) -> Envelope:
    return knock(b"", method="OPTIONS", access_control_request_method="POST", **headers)


def test_a_listed_page_may_send(form_source: Callable[..., Source], knock: Callable[..., Envelope]) -> None:
    """
    The preflight of a listed page is granted: POST, with the few headers that a form needs.
    """
    answer = preflight(
        _ask(knock, origin=SITE, access_control_request_headers="Content-Type, X-Evil, ACCEPT"), form_source()
    )

    assert answer.status == 204
    assert answer.headers["Access-Control-Allow-Origin"] == SITE
    assert answer.headers["Access-Control-Allow-Methods"] == "POST"
    assert answer.headers["Access-Control-Allow-Headers"] == "accept, content-type"
    assert int(answer.headers["Access-Control-Max-Age"]) > 0
    assert "Origin" in answer.headers["Vary"]
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", "\ud800", None])
@pytest.mark.parametrize("kind", ["form", "webhook", "unknown"])
def test_other_preflights_get_no_permission(
    origin: str | None,
    kind: str,
    form_source: Callable[..., Source],
    webhook_source: Callable[..., Source],
    knock: Callable[..., Envelope],
) -> None:
    """
    A page that is not listed gets an empty 204, as does every preflight of a webhook or of an unknown source.
    """
    source = {"form": form_source(), "webhook": webhook_source(), "unknown": None}[kind]
    answer = preflight(_ask(knock, **({"origin": origin} if origin is not None else {})), source)

    assert answer.status == 204
    assert not [name for name in answer.headers if name.startswith("Access-Control")]


def test_a_form_open_to_all_pages(
    form_source: Callable[..., Source], knock: Callable[..., Envelope], now: datetime
) -> None:
    """
    A form without listed origins lets every page read its answers, each by its own name.
    """
    anywhere = "https://anywhere.example"
    source = form_source(origins=())

    assert preflight(_ask(knock, origin=anywhere), source).headers["Access-Control-Allow-Origin"] == anywhere
    answer = success(knock({"a": "1"}, origin=anywhere), source, Accepted(ids=()), now=now)
    assert answer.headers["Access-Control-Allow-Origin"] == anywhere


def test_answers_to_listed_pages_vary_by_origin(
    form_source: Callable[..., Source],
    webhook_source: Callable[..., Source],
    knock: Callable[..., Envelope],
    now: datetime,
) -> None:
    """
    A cache may not give one page's permission to another; webhooks need no such header.
    """
    accepted = Accepted(ids=("e1",))

    assert success(knock({"a": "1"}), form_source(), accepted, now=now).headers["Vary"] == "Origin"
    assert "Vary" not in success(knock("{}"), webhook_source(), accepted, now=now).headers
    assert problem(knock("{}", URLENCODED), form_source(), INVALID).headers["Vary"] == "Origin"
