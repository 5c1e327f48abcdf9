"""
mail/get and qa/get: every parameter, every column, in every reading.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.sandbox.admin import administer
from tests.sandbox.clock import HandClock
from tests.sandbox.maildealer import MailDealerSandbox
from tests.sandbox.maildealer_mails import Mail
from tests.sandbox.maildealer_questions import Question
from tests.sandbox.wire import SandboxRequest
from tests.unit.sandbox.vendors import NOON, ask, mail_dealer, md_request

MAILS = (
    Mail(
        id="9-1",
        at=NOON - timedelta(hours=3),
        sender=("見本 次郎 <jiro@example.co.jp>",),
        to=("support@example.co.jp", "desk@example.co.jp"),
        reply_to=("reply@example.co.jp",),
        cc=("cc@example.co.jp",),
        bcc=("bcc@example.co.jp",),
        subject="問い合わせ",
        body="ほんぶん\nほんぶん",
        person="担当",
        person_id=4,
        attachments={"資料A.txt": True, "資料C.txt": False},
        comments=({"rdate": "2026-11-21 10:00:00", "mdate": "2026-11-21 10:00:00", "user": "担当", "comment": "済"},),
        folder="/A/B",
        labels=("至急",),
    ),
    Mail(id="10-1", at=NOON - timedelta(hours=2), sender=("hanako@example.co.jp",), status=203, subject="電話メモ"),
    Mail(id="10-2", at=NOON - timedelta(hours=1), sender=("hanako@example.co.jp",), spam=True),
    Mail(id="11-1", at=NOON, sender=("hanako@example.co.jp",), trash=True),
    Mail(id="12-1", at=NOON, sender=("hanako@example.co.jp",), stored=True),
    Mail(id="13-1", at=NOON, sender=("hanako@example.co.jp",), mailbox=2),
)
QUESTIONS = (
    Question(subject="納期", category="商品", at=NOON, person="担当", question="いつ?", answer="3日", note="社内"),
    Question(subject="価格", category="商品/本", at=NOON - timedelta(days=1), answer="千円", attachments=("表.txt",)),
    Question(subject="内規", category="社内", at=NOON, public=False),
    Question(subject="納期", category="商品", at=NOON, mailbox=2),
)


def _get(clock: HandClock, parameters: dict[str, Any], **switches: Any) -> list[dict[str, Any]]:
    sandbox = mail_dealer(clock, mails=MAILS, switches=switches)
    status, body = ask(sandbox, md_request("mail/get", {"mboxNo": 1, **parameters}))
    assert status == 200, body
    assert body["count"] == len(body["items"])
    found: list[dict[str, Any]] = body["items"]
    return found


def _ids(clock: HandClock, parameters: dict[str, Any], **switches: Any) -> list[str]:
    return [item["メールID"] for item in _get(clock, parameters, **switches)]


def _wrongs(sandbox: MailDealerSandbox, api: str, parameters: dict[str, Any]) -> dict[str, int]:
    status, body = ask(sandbox, md_request(api, {"mboxNo": 1, **parameters}))
    assert (status, body["errors"]["code"]) == (400, 100)
    return {each["name"]: each["code"] for each in body["errors"]["description"]}


def test_a_mail_has_every_documented_column(clock: HandClock) -> None:
    """
    Seventeen columns, each in its form.
    """
    (mail,) = _get(clock, {"search": {"mailId": "9-1"}})
    assert mail == {
        "日付": "2026-11-21 09:00:00",
        "メールID": "9-1",
        "To": ["support@example.co.jp", "desk@example.co.jp"],
        "Reply_To": ["reply@example.co.jp"],
        "Cc": ["cc@example.co.jp"],
        "Bcc": ["bcc@example.co.jp"],
        "From": ["jiro@example.co.jp"],
        "件名": "問い合わせ",
        "本文": "ほんぶん\nほんぶん",
        "対応状況": 201,
        "担当者": "担当",
        "添付": [{"name": "資料A.txt", "enable": True}, {"name": "資料C.txt", "enable": False}],
        "コメント": [{"rdate": "2026-11-21 10:00:00", "mdate": "2026-11-21 10:00:00", "user": "担当", "comment": "済"}],
        "フォルダ": "/A/B",
        "ラベル": ["至急"],
        "ゴミ箱": False,
        "迷惑メール": False,
    }


def test_the_data_type_and_the_store_choose(clock: HandClock) -> None:
    """
    All (the default), mails, spam or trash; what was put away is shown on request only.
    """
    assert _ids(clock, {}) == ["11-1", "10-2", "10-1", "9-1"]
    assert _ids(clock, {"dataType": "all"}) == _ids(clock, {})
    assert _ids(clock, {"dataType": "mail"}) == ["10-1", "9-1"]
    assert _ids(clock, {"dataType": "spam"}) == ["10-2"]
    assert _ids(clock, {"dataType": "trash"}) == ["11-1"]
    assert _ids(clock, {"dataType": "mail", "includestoredmail": True}) == ["12-1", "10-1", "9-1"]
    assert _ids(clock, {"dataType": "mail"}, mail_order="oldest_first") == ["9-1", "10-1"]


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("mailId", "10", ["10-2", "10-1"]),
        ("mailId", "10-1", ["10-1"]),
        ("mailId", "1", []),
        ("to", "desk@example.co.jp", ["9-1"]),
        ("to", "example.co.jp", []),
        ("reply_to", "reply@example.co.jp", ["9-1"]),
        ("cc", "cc@example.co.jp", ["9-1"]),
        ("bcc", "bcc@example.co.jp", ["9-1"]),
        ("from", "jiro@example.co.jp", ["9-1"]),
        ("dateFrom", "2026-11-21 11:00:00", ["11-1", "10-2"]),
        ("dateTo", "2026-11-21 10:00:00", ["10-1", "9-1"]),
    ],
)
def test_every_search_key(clock: HandClock, name: str, value: str, found: list[str]) -> None:
    """
    Numbers with and without a branch, exact addresses, and moments in Tokyo.
    """
    assert _ids(clock, {"search": {name: value}}) == found


def test_open_points_of_mail_get(clock: HandClock) -> None:
    """
    Whether offset counts from 1 or 0, the last moment is in, names come with addresses, and 「メール ID」 has a blank.
    """
    assert _ids(clock, {"offset": 1, "limit": 1}) == ["11-1"]
    assert _ids(clock, {"offset": 1, "limit": 1}, mail_offset_base=0) == ["10-2"]
    assert _ids(clock, {"offset": 0, "limit": 1}, mail_offset_base=0) == ["11-1"]
    until = {"search": {"dateTo": "2026-11-21 10:00:00"}}
    assert _ids(clock, until, date_to="exclusive") == ["9-1"]
    (named,) = _get(clock, {"search": {"mailId": "9-1"}}, address_form="named")
    assert named["From"] == ["見本 次郎 <jiro@example.co.jp>"]
    (spaced,) = _get(clock, {"search": {"mailId": "9-1"}, "column": ["メール ID"]}, key_spelling="spaced")
    assert spaced == {"メール ID": "9-1"}


def test_order_by_number_and_by_several_items(clock: HandClock) -> None:
    """
    IDs sort as numbers, addresses by name before address, equal ones by the next item.
    """
    assert _ids(clock, {"order": {"メールID": "asc"}}) == ["9-1", "10-1", "10-2", "11-1"]
    assert _ids(clock, {"order": {"From": "asc", "日付": "asc"}}) == ["10-1", "10-2", "11-1", "9-1"]
    assert _ids(clock, {"order": {"対応状況": "desc", "日付": "asc"}})[0] == "10-1"
    for name in ("件名", "本文", "担当者", "添付", "フォルダ", "ゴミ箱", "迷惑メール", "To"):
        assert len(_ids(clock, {"order": {name: "asc"}})) == 4


def test_what_rights_hide(clock: HandClock) -> None:
    """
    Without the right to see personal data addresses are masked, without the one for comments there are none.
    """
    sandbox = mail_dealer(clock, mails=MAILS)
    sandbox.give("ekiden", rights=("API連携", "メール閲覧"))
    _, body = ask(sandbox, md_request("mail/get", {"mboxNo": 1, "search": {"from": "jiro@example.co.jp"}}))
    (mail,) = body["items"]
    assert mail["From"] == ["j***@***"]
    assert "コメント" not in mail


def test_wrong_parameters_of_mail_get(clock: HandClock) -> None:
    """
    Types, formats and names are checked.
    """
    wrong = {
        "dataType": "phone",
        "includestoredmail": 1,
        "limit": "9",
        "order": {"コメント": "asc"},
        "search": {"dateFrom": "2026/11/21", "mailId": "a", "subject": "x"},
    }
    assert _wrongs(mail_dealer(clock), "mail/get", wrong) == {
        "dataType": 8,
        "includestoredmail": 2,
        "limit": 2,
        "コメント": 8,
        "dateFrom": 7,
        "mailId": 7,
        "subject": 8,
    }


def test_a_mail_arrives_over_the_admin_door(clock: HandClock) -> None:
    """
    A mail in JSON is found by the next call; one without an address is told what is wanting.
    """
    sandbox = mail_dealer(clock)
    for document, status in (({"id": "1-1", "at": NOON.isoformat(), "sender": ["a@example.co.jp"]}, 200), ({}, 400)):
        body = json.dumps(document).encode()
        assert administer(sandbox, SandboxRequest(method="POST", path="/_sandbox/receive", body=body)).status == status
    assert [mail.id for mail in sandbox.mails] == ["1-1"]


# ── questions ──


def _subjects(clock: HandClock, search: dict[str, Any], **more: Any) -> list[str]:
    sandbox = mail_dealer(clock, questions=QUESTIONS)
    status, body = ask(sandbox, md_request("qa/get", {"mboxNo": 1, "search": search, **more}))
    assert status == 200, body
    return [item["件名"] for item in body["items"]]


def test_questions_are_found_by_category_keyword_and_state(clock: HandClock) -> None:
    """
    Public ones by default; a category with or without what is below it; a keyword in subject, question or answer.
    """
    assert _subjects(clock, {"keyword": ""}) == ["納期", "価格"]
    assert _subjects(clock, {"searchStatus": 0}) == ["納期", "価格", "内規"]
    assert _subjects(clock, {"searchStatus": 2}) == ["内規"]
    assert _subjects(clock, {"category": "商品"}) == ["納期"]
    assert _subjects(clock, {"category": "商品", "isSubcategorySearch": "True"}) == ["納期", "価格"]
    assert [_subjects(clock, {"keyword": word}) for word in ("価", "いつ", "3日", "社内")] == [
        ["価格"],
        ["納期"],
        ["納期"],
        [],
    ]
    assert _subjects(clock, {"searchStatus": 1}, order={"最終更新日": "asc"}, limit=1) == ["価格"]


def test_a_question_has_every_documented_column(clock: HandClock) -> None:
    """
    Nine columns; 公開 is the text "true"; attachments may be left out where there are none.
    """
    for switch, there in (("always", True), ("when_any", False)):
        sandbox = mail_dealer(clock, questions=QUESTIONS, switches={"qa_attachments": switch})
        _, body = ask(sandbox, md_request("qa/get", {"mboxNo": 1, "search": {"searchStatus": 1}}))
        first, second = body["items"]
        assert second["添付ファイル"] == ["表.txt"]
        assert ("添付ファイル" in first) == there
        first.pop("添付ファイル", None)
        assert first == {
            "件名": "納期",
            "公開/非公開": "true",
            "カテゴリ": "商品",
            "最終更新者": "担当",
            "最終更新日": "2026-11-21 12:00:00",
            "質問内容": "いつ?",
            "回答": "3日",
            "備考": "社内",
        }


def test_wrong_parameters_of_qa_get(clock: HandClock) -> None:
    """
    A search is compulsory and must name something; its members have types and bounds.
    """
    sandbox = mail_dealer(clock)
    assert _wrongs(sandbox, "qa/get", {}) == {"search": 1}
    assert _wrongs(sandbox, "qa/get", {"search": {}}) == {"search": 1}
    wrong = {"category": 1, "searchStatus": 3, "isSubcategorySearch": True}
    assert _wrongs(sandbox, "qa/get", {"search": wrong}) == {
        "category": 2,
        "searchStatus": 4,
        "isSubcategorySearch": 2,
    }
