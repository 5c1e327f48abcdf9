"""
What Mail Dealer can be asked: mails (mail/get), customers (cust/get), and public answers for visitors (qa/get).

From the API連携仕様書 第3版 (2019-01-07, API v1; checked 2026-11), which leaves open: whether `offset` counts from 1 in
mail/get (each call goes on ten rows before the end of the last one, and the first says none), how the ID keys are spelt
(メールID or メール ID: a setting), what 日付 is when a mail was long under way (the overlap of two runs covers it), and
how addresses look without the right 個人情報の閲覧 (where all are masked, nothing is taken).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import timedelta, timezone
from typing import Any

from chalicelib.destinations.asking import (
    REPLY_BYTES_MAX,
    LookupKind,
    Question,
    Retrieval,
    Rows,
    Unread,
    Wanted,
)
from chalicelib.destinations.kit import Setting, credential
from chalicelib.destinations.maildealer_rows import read_rows
from chalicelib.model import Call, Destination, Fault, NoReply, Reply, Verdict
from chalicelib.model.arrival import Json

JST = timezone(timedelta(hours=9), "JST")
ROWS_PER_CALL = 100
OVERLAP_ROWS = 10
MAIL_COLUMNS = ("日付", "メールID", "To", "From", "件名", "本文", "対応状況", "担当者", "フォルダ", "ラベル")
DATA_TYPES = ("all", "mail", "spam", "trash")
_NAMED = re.compile(r"(.*?)\s*<([^<>]*)>\s*")

MAIL_SETTINGS: Mapping[str, Setting] = {
    "data_type": Setting(name="data_type", default="mail", choices=DATA_TYPES, help="all also has spam and trash"),
    "columns": Setting(name="columns", kind="texts", help="what is read of a mail; by default all but attachments"),
    "id_item": Setting(name="id_item", default="メールID", help="how this account spells the mails' ID"),
}
CUSTOMER_SETTINGS: Mapping[str, Setting] = {
    "columns": Setting(name="columns", kind="texts", help="the items that are read; by default all"),
    "id_item": Setting(name="id_item", default="顧客ID", help="how this account spells the customers' ID"),
}
QA_SETTINGS: Mapping[str, Setting] = {
    "category": Setting(name="category", help="only of this category and those below it"),
}


# ── requests ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _call(api: str, document: Mapping[str, Any], destination: Destination, credentials: Mapping[str, str]) -> Call:
    return Call(
        url=f"{destination.base_url.rstrip('/')}/api/v1/{api}",
        headers={
            "Content-Type": "application/json",
            "Accept": "application/json",
            "X-MD-apitoken": credential(credentials, "api_token"),
        },
        body=json.dumps({"mboxNo": int(destination.settings["mailbox"]), **document}, ensure_ascii=False).encode(),
        reply_bytes_max=REPLY_BYTES_MAX,
    )


def _id_item(settings: Mapping[str, Any], default: str) -> str:
    return str(settings.get("id_item") or default)


def _page(wanted: Wanted) -> dict[str, Any]:
    return {"limit": ROWS_PER_CALL} | ({"offset": wanted.offset} if wanted.offset > 1 else {})


def build_mails(
    wanted: Wanted, settings: Mapping[str, Any], destination: Destination, credentials: Mapping[str, str]
) -> Call:
    """
    Mails of a span of time, the oldest first, so that what arrives meanwhile stands at the end.
    """
    number = _id_item(settings, "メールID")
    moments = {"dateFrom": wanted.since, "dateTo": wanted.until}
    document = {
        **_page(wanted),
        "dataType": settings.get("data_type", "mail"),
        "search": {name: f"{at.astimezone(JST):%Y-%m-%d %H:%M:%S}" for name, at in moments.items()},
        "column": [number if name == "メールID" else name for name in settings.get("columns") or MAIL_COLUMNS],
        "order": {"日付": "asc", number: "asc"},
    }
    return _call("mail/get", document, destination, credentials)


def build_customers(
    wanted: Wanted, settings: Mapping[str, Any], destination: Destination, credentials: Mapping[str, str]
) -> Call:
    """
    Customers in the order of their IDs: a new one stands at the end.
    """
    column = {"column": list(settings["columns"])} if settings.get("columns") else {}
    order = {"order": {_id_item(settings, "顧客ID"): "asc"}}
    return _call("cust/get", {**_page(wanted), **column, **order}, destination, credentials)


def build_question(
    question: Question, settings: Mapping[str, Any], destination: Destination, credentials: Mapping[str, str]
) -> Call:
    """
    A search in public questions and answers.
    """
    search: dict[str, Any] = {"keyword": question.text, "searchStatus": 1}
    if settings.get("category"):
        search |= {"category": settings["category"], "isSubcategorySearch": "True"}
    document = {"limit": question.limit, "search": search, "column": list(PUBLIC), "order": {"最終更新日": "desc"}}
    return _call("qa/get", document, destination, credentials)


# ── answers ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def read_mails(reply: Reply | NoReply, settings: Mapping[str, Any], _destination: Destination) -> Rows | Unread:
    """
    Mails with their ID under メールID, and the sender's address and name by themselves.
    """
    found = read_rows(reply)
    if isinstance(found, Unread):
        return found
    number = _id_item(settings, "メールID")
    if any(not row.get(number) or not row.get("日付") for row in found.rows):
        return Unread(verdict=Verdict(kind="strange", reason=f"the answer has mails without {number} or 日付"))
    mails = tuple(_mail(row, number) for row in found.rows)
    sent = [mail for mail in mails if mail["From_address"]]
    if sent and all(masked(mail) for mail in sent):
        return Unread(verdict=Verdict(kind="paused", reason=f"{_MASKED}. Give it, and every mail is read then"))
    return Rows(rows=mails)


def _mail(row: Mapping[str, Json], number: str) -> dict[str, Json]:
    senders = row.get("From")
    first = str(senders[0]) if isinstance(senders, list) and senders else str(senders or "")
    named = _NAMED.fullmatch(first)
    mail = {name: value for name, value in row.items() if name != number}
    return {
        **mail,
        "メールID": row[number],
        "From_address": named[2].strip() if named else first.strip(),
        "From_name": named[1].strip().strip('"') if named else "",
    }


_MASKED = "the senders' addresses are masked: the token's user lacks the right 個人情報の閲覧"


def masked(row: Mapping[str, Json]) -> str:
    """
    Why a mail is held: its sender is no address that anybody could be written to.
    """
    return "the sender's address is masked" if "*" in str(row.get("From_address", "")) else ""


def read_customers(reply: Reply | NoReply, settings: Mapping[str, Any], _destination: Destination) -> Rows | Unread:
    """
    Customers as the account names their items.
    """
    found = read_rows(reply)
    number = _id_item(settings, "顧客ID")
    if isinstance(found, Rows) and not settings.get("columns") and any(number not in row for row in found.rows):
        return Unread(verdict=Verdict(kind="strange", reason=f"the answer has customers without {number}"))
    return found


PUBLIC: Mapping[str, str] = {
    "件名": "title",
    "カテゴリ": "category",
    "質問内容": "question",
    "回答": "answer",
    "最終更新日": "updated",
    "公開/非公開": "",
}
"""
What visitors may see of a question, by the name it has for them. 備考, 最終更新者 and 添付ファイル are the staff's.
"""


def read_answers(reply: Reply | NoReply, _settings: Mapping[str, Any], _destination: Destination) -> Rows | Unread:
    """
    Public questions and answers, public members only. What does not say itself that it is public is left out.
    """
    found = read_rows(reply)
    if isinstance(found, Unread):
        return found
    public = [row for row in found.rows if str(row.get("公開/非公開", "")).strip().casefold() == "true"]
    shown = ({ours: str(row.get(theirs) or "") for theirs, ours in PUBLIC.items() if ours} for row in public)
    return Rows(rows=tuple(shown))


def _check_columns(settings: Mapping[str, Any], _destination: Destination) -> list[Fault]:
    needed = ("日付", "メールID", "From")
    missing = [name for name in needed if settings.get("columns") and name not in settings["columns"]]
    if not missing:
        return []
    return [
        Fault(path="columns", message=f"lacks {', '.join(missing)}", remedy="Add them: no mail can be known without.")
    ]


RETRIEVALS: Mapping[str, Retrieval] = {
    "mails": Retrieval(
        name="mails",
        label="メール情報取得 (mail/get)",
        build=build_mails,
        read=read_mails,
        settings=MAIL_SETTINGS,
        event={"id": "join('', ['mail:', \"メールID\"])", "time": '"日付"', "time_zone": 9},
        known_by="id",
        rows_per_call=ROWS_PER_CALL,
        overlap_rows=OVERLAP_ROWS,
        check=_check_columns,
        doubt=masked,
    ),
    "customers": Retrieval(
        name="customers",
        label="顧客情報取得 (cust/get)",
        build=build_customers,
        read=read_customers,
        settings=CUSTOMER_SETTINGS,
        rows_per_call=ROWS_PER_CALL,
        overlap_rows=OVERLAP_ROWS,
    ),
}
LOOKUPS: Mapping[str, LookupKind] = {
    "qa": LookupKind(
        name="qa", label="Q&A 検索 (qa/get)", build=build_question, read=read_answers, settings=QA_SETTINGS
    ),
}
