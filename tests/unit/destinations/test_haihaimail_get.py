"""
配配メール's retrieval APIs: the request that relay.toml describes, and answers read strictly.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from chalicelib.destinations.asked import retrievals
from chalicelib.destinations.asking import Rows, Unread, Wanted
from chalicelib.destinations.csv_reply import Mismatch, read_csv
from chalicelib.model import Call, Destination, NoReply, Reply

DESTINATION = Destination(
    name="haihai",
    vendor="haihaimail",
    lane="l",
    base_url="https://a01.hm-f.jp",
    credentials="ssm:/x",
    settings={"account": "api_sample"},
)
CREDENTIALS = {"login_id": "ekiden", "api_token": " token\n"}
WANTED = Wanted(since=datetime(2026, 11, 20, 14, 59, 59, tzinfo=UTC), until=datetime(2026, 11, 21, 1, tzinfo=UTC))
SETTINGS: dict[str, Any] = {
    "path": "/{account}/x",
    "method": "POST",
    "parameters": {"day": "{date:%Y%m%d}", "from": "{since}", "種別": "停止"},
    "charset": "cp932",
    "columns": ["メールアドレス"],
}
STOPPED = retrievals("haihaimail")["stopped"]


def build(wanted: Wanted = WANTED, **changes: Any) -> Call:
    return STOPPED.build(wanted, SETTINGS | changes, DESTINATION, CREDENTIALS)


def read(body: bytes, status: int = 200, **headers: str) -> Rows | Unread:
    return STOPPED.read(Reply(status=status, headers=headers, body=body), SETTINGS, DESTINATION)


def test_a_form_carries_the_parameters_in_the_vendors_charset() -> None:
    """With the token in its header and times in Tokyo's clock."""
    call = build()

    assert call.url == "https://a01.hm-f.jp/api_sample/x"
    assert call.headers["X-HM-apitoken"] == "token"
    assert call.body == b"day=20261121&from=2026-11-20+23%3A59%3A59&%8E%ED%95%CA=%92%E2%8E~"


def test_an_address_or_json_carry_them_where_the_document_says_so() -> None:
    """GET puts them behind the address."""
    got = build(method="GET", parameters={"login": "{login_id}"})
    posted = build(parameters_in="json", parameters={"day": "{date}"})

    assert (got.url, got.body) == ("https://a01.hm-f.jp/api_sample/x?login=ekiden", b"")
    assert (json.loads(posted.body), posted.headers["Content-Type"]) == ({"day": "2026-11-21"}, "application/json")


def test_a_day_of_its_own_is_the_one_that_is_written() -> None:
    """A run that catches up asks for yesterday as yesterday."""
    wanted = Wanted(since=WANTED.since, until=WANTED.until, day=date(2026, 11, 20))

    assert b"day=20261120" in build(wanted).body


@pytest.mark.parametrize("charset", ["cp932", "utf-8"])
def test_rows_are_read_by_their_header(charset: str) -> None:
    """Whatever the order of columns; those that nobody named come along."""
    body = "状態,メールアドレス\r\n停止,taro@example.co.jp\r\n".encode(charset)
    found = STOPPED.read(Reply(status=200, body=body), SETTINGS | {"charset": charset}, DESTINATION)

    assert isinstance(found, Rows)
    assert found.rows == ({"状態": "停止", "メールアドレス": "taro@example.co.jp"},)


def test_an_empty_list_is_a_header_without_rows() -> None:
    """Nobody has stopped: that is an answer, an empty body is none."""
    assert read("メールアドレス\r\n".encode("cp932")) == Rows(rows=())
    assert isinstance(read(b""), Unread)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (429, b"", "quota"),
        (400, b'{"code": 429}', "quota"),
        (200, b'{"errors": {"code": "429"}}', "quota"),
        (200, b'{"code": 401}', "paused"),
        (403, b"", "paused"),
        (404, b"<html>", "paused"),
        (400, b'{"code": 400}', "key"),
        (200, b'{"status": "success"}', "strange"),
        (200, b"<html></html>", "strange"),
        (200, b"CODE,STATUS,MESSAGE\r\n81404,too many calls,\r\n", "strange"),
        (200, b"\xff\xff\xff", "strange"),
        (200, "メールアドレス,状態\r\ntaro@example.co.jp\r\n".encode("cp932"), "strange"),
        (200, 'メールアドレス\r\n"taro'.encode("cp932"), "strange"),
        (200, b"Status: 503 Maintenance mode\n", "busy"),
        (503, b"", "failing"),
        (500, b"oops", "failing"),
    ],
)
def test_every_other_answer_is_none(status: int, body: bytes, kind: str) -> None:
    """And says what it means, wherever the code stands."""
    found = read(body, status)

    assert isinstance(found, Unread)
    assert found.verdict.kind == kind
    assert "taro" not in found.verdict.reason + found.shown


def test_no_answer_is_none() -> None:
    """A time-out gives no rows."""
    found = STOPPED.read(NoReply(reason="time-out"), SETTINGS, DESTINATION)

    assert isinstance(found, Unread)
    assert found.verdict.kind == "failing"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a,a\n1,2\n", "twice"),
        ("b\n1\n", "no a"),
        ("\n\n", "no header"),
        ("a,b\n1,2,3\n", "row 2 has 3 cells"),
        ('a\n"x\n', "no CSV"),
    ],
)
def test_a_table_that_does_not_hold_together_is_refused_whole(text: str, why: str) -> None:
    """No half of an answer is taken for all of it."""
    found = read_csv(text.encode(), charset="utf-8", columns=["a"])

    assert isinstance(found, Mismatch)
    assert why in found.why


def test_an_answer_without_a_header_shows_nobodys_name() -> None:
    """What an operator is shown of a strange answer is its header; a row is a person's."""
    found = read("taro@example.co.jp,山田太郎\r\n".encode("cp932"))
    other = read("Eメール,名前\r\ntaro@example.co.jp,山田太郎\r\n".encode("cp932"))

    assert isinstance(found, Unread)
    assert isinstance(other, Unread)
    assert "山田" not in found.shown + found.verdict.reason
    assert other.shown == "Eメール,名前 (43 bytes)"
