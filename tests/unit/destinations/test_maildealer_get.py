"""
What Mail Dealer is asked, and answers read strictly: mails, customers, public questions.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.destinations.asked import lookups, retrievals
from chalicelib.destinations.asking import Question, Rows, Unread, Wanted
from chalicelib.model import Destination, NoReply, Reply

DESTINATION = Destination(
    name="md",
    vendor="maildealer",
    lane="desk",
    base_url="https://md01.maildealer.jp/",
    credentials="ssm:/x",
    settings={"mailbox": 3},
)
WANTED = Wanted(since=datetime(2026, 11, 20, 15, tzinfo=UTC), until=datetime(2026, 11, 21, 1, tzinfo=UTC))
MAILS, CUSTOMERS, QA = (
    retrievals("maildealer")["mails"],
    retrievals("maildealer")["customers"],
    lookups("maildealer")["qa"],
)
MAIL = {"日付": "2026-11-21 09:00:00", "メールID": "7-1", "From": ['"山田" <taro@example.co.jp>'], "件名": "質問"}


def success(*items: Any, **changes: Any) -> Reply:
    body = {"status": "success", "code": 200, "query": {"mboxNo": 3}, "count": len(items), "items": list(items)}
    return Reply(status=200, body=json.dumps(body | changes).encode())


def error(status: int, code: Any, **errors: Any) -> Reply:
    body = {"status": "error", "code": status, "query": {"search": {"from": "taro@example.co.jp"}}}
    return Reply(status=status, body=json.dumps({**body, "errors": {"code": code, "msg": "x", **errors}}).encode())


def test_mails_are_asked_for_oldest_first_within_their_time() -> None:
    """In Tokyo's time, a hundred a call, and from the next row on where a page was full."""
    call = MAILS.build(WANTED, {"id_item": "メール ID"}, DESTINATION, {"api_token": "token "})
    document = json.loads(call.body)

    assert (call.url, call.headers["X-MD-apitoken"]) == ("https://md01.maildealer.jp/api/v1/mail/get", "token")
    assert document["search"] == {"dateFrom": "2026-11-21 00:00:00", "dateTo": "2026-11-21 10:00:00"}
    assert (document["mboxNo"], document["limit"], "offset" in document) == (3, 100, False)
    assert list(document["order"].items()) == [("日付", "asc"), ("メール ID", "asc")]
    assert "メール ID" in document["column"]

    later = Wanted(since=WANTED.since, until=WANTED.until, offset=91)

    assert json.loads(MAILS.build(later, {}, DESTINATION, {}).body)["offset"] == 91


def test_customers_are_asked_for_in_the_order_of_their_ids() -> None:
    """All items, unless some are named."""
    assert json.loads(CUSTOMERS.build(WANTED, {}, DESTINATION, {}).body) == {
        "mboxNo": 3,
        "limit": 100,
        "order": {"顧客ID": "asc"},
    }
    assert json.loads(CUSTOMERS.build(WANTED, {"columns": ["お名前"]}, DESTINATION, {}).body)["column"] == ["お名前"]


def test_a_question_asks_for_public_answers_and_public_members() -> None:
    """Never for the staff's notes, names or files."""
    document = json.loads(QA.build(Question(text="料金", limit=5), {"category": "料金"}, DESTINATION, {}).body)

    assert document["search"] == {
        "keyword": "料金",
        "searchStatus": 1,
        "category": "料金",
        "isSubcategorySearch": "True",
    }
    assert not {"備考", "最終更新者", "添付ファイル"} & set(document["column"])


@pytest.mark.parametrize("count", [1, "1"])
def test_a_mail_has_its_senders_address_and_name_by_themselves(count: Any) -> None:
    """However the count is written, and whatever else stands in the mail stays."""
    found = MAILS.read(success(MAIL, count=count), {}, DESTINATION)

    assert isinstance(found, Rows)
    assert found.rows == ({**MAIL, "From_address": "taro@example.co.jp", "From_name": "山田"},)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (success(MAIL, count=2), "strange"),
        (success(MAIL, items="x"), "strange"),
        (success({"件名": "x"}), "strange"),
        (Reply(status=200, body=b'{"status": "success"}'), "strange"),
        (Reply(status=200, body=b"<html>"), "failing"),
        (Reply(status=200, body=b"Status: 503 Maintenance mode"), "busy"),
        (Reply(status=200, body=b'{"status": "suc'), "failing"),
        (error(429, 6), "quota"),
        (error(429, "6"), "quota"),
        (error(503, 900), "busy"),
        (error(500, 999), "failing"),
        (error(401, 1), "paused"),
        (error(403, 4), "paused"),
        (error(403, 7), "paused"),
        (error(404, 3), "paused"),
        (error(400, 100, description=[{"name": "column", "value": "taro@example.co.jp", "code": 8}]), "key"),
        (error(400, 100, description={"0": {"name": "column", "value": "taro@example.co.jp"}}), "key"),
        (NoReply(reason="time-out"), "failing"),
    ],
)
def test_every_other_answer_is_none(reply: Reply | NoReply, kind: str) -> None:
    """With what it means; neither the echo of the request nor a wrong value is told."""
    found = MAILS.read(reply, {}, DESTINATION)

    assert isinstance(found, Unread)
    assert found.verdict.kind == kind
    assert "taro@" not in found.verdict.reason + found.shown


def test_a_wrong_parameter_is_named() -> None:
    """So that an operator knows what to change."""
    found = MAILS.read(error(400, 100, description=[{"name": "column", "value": "x", "code": 8}]), {}, DESTINATION)

    assert isinstance(found, Unread)
    assert "column" in found.verdict.reason


def test_masked_senders_are_told_by_the_right_that_is_missing() -> None:
    """All of them masked: nothing is taken. One among others: that one is doubted."""
    masked = {**MAIL, "From": ["t***@***"]}
    all_of_them = MAILS.read(success(masked, masked), {}, DESTINATION)
    one = MAILS.read(success(MAIL, masked), {}, DESTINATION)
    by_telephone = MAILS.read(success({**MAIL, "From": []}), {}, DESTINATION)

    assert isinstance(all_of_them, Unread)
    assert "個人情報の閲覧" in all_of_them.verdict.reason
    assert isinstance(one, Rows)
    assert [bool(MAILS.doubt(row)) for row in one.rows] == [False, True]
    assert isinstance(by_telephone, Rows)


@pytest.mark.parametrize(("public", "shown"), [("true", 1), ("TRUE", 1), ("false", 0), ("", 0), (None, 0), (True, 1)])
def test_what_does_not_say_that_it_is_public_is_not_shown(public: Any, shown: int) -> None:
    """And of what is public, only what visitors may see."""
    row = {"件名": "料金", "回答": "一万円", "備考": "秘密", "最終更新者": "佐藤", "公開/非公開": public}
    found = QA.read(success(row), {}, DESTINATION)

    assert isinstance(found, Rows)
    assert [set(each) for each in found.rows] == [{"title", "category", "question", "answer", "updated"}] * shown
    assert "秘密" not in str(found.rows)
