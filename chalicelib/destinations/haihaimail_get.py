"""
配配メール's retrieval APIs (API連携・取得系): what is known of all eleven, and the envelope they share.

Known: each returns CSV, takes the API token, and has 240 calls a day of its own (反応者一覧取得: of each 効果測定種別),
86,400 on a dedicated server, counted until 0:00 Japan time; over it 429. Three need the Bridge plan.
(配配メール manual, API連携; checked 2026-11.) Not known: address, method, parameters, charset and columns. They stand
in 【配配メール】API連携仕様書 API連携(取得系), which contract holders are given. The operator copies them into
relay.toml; nothing is guessed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta, timezone
from typing import Any
from urllib.parse import quote, urlencode

from chalicelib.destinations import replies
from chalicelib.destinations.asking import REPLY_BYTES_MAX, Retrieval, Rows, Unread, Wanted
from chalicelib.destinations.checks import setting
from chalicelib.destinations.csv_reply import Mismatch, read_csv
from chalicelib.destinations.haihaimail import CAUSES, said_in, status_of
from chalicelib.destinations.haihaimail_get_checks import BY_TYPE, DAILY, GET_SETTINGS, PLACEHOLDER, check_get
from chalicelib.destinations.haihaimail_terms import CALLS_PER_DAY, SETTINGS
from chalicelib.destinations.kit import credential
from chalicelib.model import Batch, Call, Destination, Lane, Limit, NoReply, Reply, Verdict

JST = timezone(timedelta(hours=9), "JST")
NOTHING = Batch(lane="-", destination="-", operation="-", lines=())
"""
Replies are read as those of a call without deliveries.
"""

SHAPES = {"date": "%Y-%m-%d", "since": "%Y-%m-%d %H:%M:%S", "until": "%Y-%m-%d %H:%M:%S"}
"""
How a time is written where its placeholder says nothing: {date} is 2026-11-22; {date:%Y%m%d} is 20261122.
"""


def lane_of(name: str, destination: Destination, settings: Mapping[str, Any]) -> Lane:
    """
    A lane for each account and API (and measurement type), since the vendor counts each by itself.
    """
    calls = CALLS_PER_DAY[setting(destination, SETTINGS, "plan")]
    measured = f"-{settings.get('measurement', '')}" if name in BY_TYPE else ""
    account = destination.settings.get("account") or destination.name
    return Lane(
        name=f"haihaimail-{account}-get-{name}{measured}",
        vendor="haihaimail",
        batching=False,
        limits=(Limit(calls=min(calls, settings.get("calls_per_day", calls)), per="day"),),
        counts=str(setting(destination, SETTINGS, "counts")),
        timeout_seconds=float(setting(destination, SETTINGS, "timeout_seconds")),
        egress=str(setting(destination, SETTINGS, "egress")),
    )


def build(
    wanted: Wanted, settings: Mapping[str, Any], destination: Destination, credentials: Mapping[str, str]
) -> Call:
    """
    The call that relay.toml describes, with the token's header.
    """
    login_id = credential(credentials, "login_id")
    texts = {"account": str(destination.settings.get("account", "")), "login_id": login_id}
    chosen = {name: _filled(str(text), wanted, texts) for name, text in settings.get("parameters", {}).items()}
    path = _filled(str(settings["path"]), wanted, {name: quote(text, safe="") for name, text in texts.items()})
    url = f"{destination.base_url.rstrip('/')}{path}"
    headers = {"X-HM-apitoken": credential(credentials, "api_token")}
    way = settings.get("parameters_in", "query" if settings["method"] == "GET" else "form")
    body = b""
    if way == "query" and chosen:
        url = f"{url}{'&' if '?' in url else '?'}{urlencode(chosen, encoding=_wire(settings))}"
    elif way == "json":
        headers["Content-Type"], body = "application/json", json.dumps(chosen, ensure_ascii=False).encode()
    elif way == "form":
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        body = urlencode(chosen, encoding=_wire(settings)).encode("ascii")
    return Call(url=url, method=settings["method"], headers=headers, body=body, reply_bytes_max=REPLY_BYTES_MAX)


def _wire(settings: Mapping[str, Any]) -> str:
    return str(settings["charset"])


def _filled(text: str, wanted: Wanted, texts: Mapping[str, str]) -> str:
    """
    A text with its placeholders filled in; times are Tokyo's.
    """
    times = {"since": wanted.since.astimezone(JST), "until": wanted.until.astimezone(JST)}
    day = wanted.day or times["until"].date()
    return PLACEHOLDER.sub(
        lambda found: (
            {"date": day, **times}[found[1]].strftime(found[2] or SHAPES[found[1]])
            if found[1] in SHAPES
            else texts[found[1]]
        ),
        text,
    )


def read(reply: Reply | NoReply, settings: Mapping[str, Any], _destination: Destination) -> Rows | Unread:
    """
    Rows, if the answer is the CSV that relay.toml describes; whatever else it is, nothing is taken of it.
    """
    if isinstance(reply, NoReply):
        return Unread(verdict=replies.unanswered(reply, NOTHING, CAUSES).verdict)
    answer = replies.read_answer(reply)
    if answer.form == "maintenance":
        return Unread(verdict=replies.closed(answer, NOTHING, CAUSES).verdict)
    if answer.form == "json" or not answer.fine:
        return Unread(verdict=_refusal(reply), shown=_shown(reply))
    if answer.form == "html":
        return _mismatch(reply, "it is a page")
    found = read_csv(reply.body, charset=str(settings["charset"]), columns=tuple(settings["columns"]))
    return _mismatch(reply, found.why) if isinstance(found, Mismatch) else Rows(rows=found)


def _refusal(reply: Reply) -> Verdict:
    """
    What a complaint means: a code in the body decides, whatever HTTP says.
    """
    answer = replies.read_answer(reply)
    status, said = status_of(answer), said_in(answer)
    if 200 <= status <= 299:
        cited = replies.told(answer, said)
        return Verdict(kind="strange", reason=f"配配メール answers with JSON where CSV is expected {cited}")
    if status in {400, 422}:
        cited = replies.told(answer, said, status)
        advice = "Check parameters, and whether the contract has this API (some need the Bridge plan)."
        return Verdict(kind="key", reason=f"配配メール refuses the request {cited}. {advice}", definite=True)
    return replies.ordinary(answer, status, said, NOTHING, CAUSES).verdict


def _mismatch(reply: Reply, why: str) -> Unread:
    reason = f"the answer is not the CSV that relay.toml describes: {why}"
    return Unread(verdict=Verdict(kind="strange", reason=reason), shown=_shown(reply))


def _shown(reply: Reply) -> str:
    """
    The answer's first line and its size. A line that holds an address or a number is a person's, not a header.
    """
    first = reply.body.lstrip()[:2_000].splitlines()[:1]
    for charset in ("utf-8-sig", "cp932"):
        try:
            line = b"".join(first).decode(charset)
        except UnicodeDecodeError:
            continue
        words = replies.words(line)
        told = f"a line of {line.count(',') + 1} cells that is not shown" if "***" in words else words
        return f"{told} ({len(reply.body):,} bytes)"
    return f"({len(reply.body):,} bytes that are no text)"


def _retrieval(name: str, label: str, event: Mapping[str, Any] | None = None) -> Retrieval:
    return Retrieval(
        name=name,
        label=label,
        settings=GET_SETTINGS,
        event=event or {},
        build=build,
        read=read,
        by_day=lambda settings: any(
            found[1] == "date"
            for text in (settings.get("path", ""), *settings.get("parameters", {}).values())
            for found in PLACEHOLDER.finditer(str(text))
        ),
        lane=lambda destination, settings: lane_of(name, destination, settings),
        check=lambda settings, _destination: check_get(label, settings, daily=name in DAILY, by_type=name in BY_TYPE),
    )


RETRIEVALS: Mapping[str, Retrieval] = {
    each.name: each
    for each in (
        _retrieval("opened", "開封メール取得"),
        _retrieval("clicked", "クリックメール取得"),
        _retrieval("stopped", "配信停止/禁止顧客一覧取得", {"kinds": {"*": "unsubscribe"}}),
        _retrieval("visits", "来訪回数取得"),
        _retrieval("forms", "フォーム一覧取得"),
        _retrieval("answers", "フォーム回答一覧取得"),
        _retrieval("mails", "メール一覧取得"),
        _retrieval("customer_url", "顧客閲覧URL生成"),
        _retrieval("groups", "グループ名・ステップメール名一覧取得"),
        _retrieval("items", "顧客データベース項目一覧取得"),
        _retrieval("reactions", "反応者一覧取得"),
    )
}
"""
All eleven, as the manual lists them (API連携(取得系), APIリスト; checked 2026-11).
"""
