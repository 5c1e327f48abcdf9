"""
SATORI's parameter table, row by row, and the switches that concern values.
"""

from __future__ import annotations

import pytest

from tests.sandbox.clock import HandClock
from tests.sandbox.satori import SatoriKeys, SatoriSandbox
from tests.unit.sandbox.vendors import KEYS, ask, lead, satori, satori_request


def _refused(sandbox: SatoriSandbox, operation: str, fields: dict[str, str]) -> str:
    status, body = ask(sandbox, satori_request(operation, fields))
    assert status == body["status"] == 400
    assert not len(sandbox.customers.book)
    return str(body["message"])


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"email": ""}, "メールアドレスを入力してください。"),
        ({"email": "hanako"}, "メールアドレスは不正な値です。"),
        ({"email": "hanako@example"}, "メールアドレスは不正な値です。"),
        ({"email": "ｈanako@example.co.jp"}, "メールアドレスは不正な値です。"),
        ({"email": "x" * 242 + "@example.co.jp"}, "メールアドレスは255文字以内で入力してください。"),
        ({"collection_route": ""}, "情報獲得経路を入力してください。"),
        ({"collection_route": "あ" * 256}, "情報獲得経路は255文字以内で入力してください。"),
        ({"collection_date": "2026/11/21 09:00:00"}, "情報獲得日は不正な値です。"),
        ({"collection_date": "2026-02-30 09:00:00"}, "情報獲得日は不正な値です。"),
        ({"collection_date": "2026-11-21"}, "情報獲得日は不正な値です。"),
        ({"last_name": "O'Brien"}, "苗字は不正な値です。"),
        ({"first_name": "花 子"}, "名前は不正な値です。"),
        ({"last_name_reading": "ﾔﾏﾀﾞ!"}, "苗字(ふりがな)は不正な値です。"),
        ({"first_name_reading": "x" * 256}, "名前(ふりがな)は255文字以内で入力してください。"),
        ({"lead_company_name": "x" * 256}, "会社は255文字以内で入力してください。"),
        ({"department": "x" * 256}, "部署は255文字以内で入力してください。"),
        ({"position": "x" * 256}, "役職は255文字以内で入力してください。"),
        ({"phone_number": "0" * 256}, "電話番号は255文字以内で入力してください。"),
        ({"mobile_phone_number": "0" * 256}, "携帯電話番号は255文字以内で入力してください。"),
        ({"web_site": "x" * 256}, "WEBサイトは255文字以内で入力してください。"),
        ({"address": "x" * 256}, "住所は255文字以内で入力してください。"),
        ({"delivery_permission": "Approval"}, "メール配信可否は不正な値です。"),
        ({"star": "1"}, "スターは不正な値です。"),
        ({"status": "won"}, "ステータスは不正な値です。"),
        ({"append_tags": "x" * 256}, "タグは255文字以内で入力してください。"),
        ({"append_tags": "(a"}, "タグは不正な値です。"),
        ({"append_tags": "a)"}, "タグは不正な値です。"),
        ({"append_tags": "BRAND"}, "タグは不正な値です。"),
        ({"append_tags": "NOTE"}, "タグは不正な値です。"),
        ({"append_tags": "FLOOR"}, "タグは不正な値です。"),
        ({"memo": "あ" * 501}, "メモは500文字以内で入力してください。"),
        ({"custom:budget": "多め"}, "budgetは数値で入力してください。"),
        ({"custom:since": "last year"}, "sinceは不正な値です。"),
        ({"custom:shoe_size": "26"}, "カスタム項目shoe_sizeは存在しません。"),
        ({"star": "1", "status": "won"}, "スターは不正な値です。 ステータスは不正な値です。"),
    ],
)
def test_a_value_that_is_not_accepted(clock: HandClock, fields: dict[str, str], told: str) -> None:
    """
    Each row of the parameter table is enforced, lengths in characters, and nothing is stored.
    """
    assert _refused(satori(clock), "upsert", lead(**fields)) == f"バリデーションに失敗しました。 {told}"


@pytest.mark.parametrize("operation", ["registration", "upsert"])
def test_the_route_must_come_along(clock: HandClock, operation: str) -> None:
    """
    How the lead was obtained is compulsory.
    """
    fields = {"identity_type": "email", "email": "hanako@example.co.jp"}
    assert _refused(satori(clock), operation, fields) == "validation error: customer[collection_route] required."


@pytest.mark.parametrize(
    "fields",
    [
        {"email": "x" * 241 + "@example.co.jp"},
        {"last_name": "𠮷田", "first_name": "ジョー々", "last_name_reading": "ﾔﾏﾀﾞ", "first_name_reading": "Abc9"},
        {"collection_date": "2026-02-28 23:59:59"},
        {"delivery_permission": "reject", "star": "false", "status": "contract"},
        {"append_tags": "メルマガ登録, サイト訪問者, brand"},
        {"memo": "𠮷" * 500},
        {"custom:budget": "-12", "custom:interest": "多め", "custom:since": "2026-11-21"},
        {"star": "", "memo": "", "append_tags": "", "custom:budget": ""},
    ],
)
def test_a_value_at_its_limit_is_accepted(clock: HandClock, fields: dict[str, str]) -> None:
    """
    The limits themselves, all enum members and blank optional values pass.
    """
    assert ask(satori(clock), satori_request("upsert", lead(**fields)))[0] == 200


@pytest.mark.parametrize(("reading", "status"), [("strict", 400), ("date_only", 200)])
def test_a_date_without_time(clock: HandClock, reading: str, status: int) -> None:
    """
    The manual prints date and time; clients send dates alone.
    """
    sandbox = satori(clock, collection_date=reading)
    assert ask(sandbox, satori_request("upsert", lead(collection_date="2026-11-21")))[0] == status
    assert ask(sandbox, satori_request("upsert", lead(collection_date="2026-11-21 09:00:00")))[0] == 200
    assert ask(sandbox, satori_request("upsert", lead(collection_date="2026-13-21")))[0] == 400


@pytest.mark.parametrize(("reading", "status"), [("listed", 400), ("any", 200)])
def test_a_name_with_other_characters(clock: HandClock, reading: str, status: int) -> None:
    """
    The manual lists letters, digits, kana and kanji; whether others are refused is untested.
    """
    sandbox = satori(clock, name_characters=reading)
    assert ask(sandbox, satori_request("upsert", lead(last_name="O'Brien")))[0] == status
    assert ask(sandbox, satori_request("upsert", lead(last_name="山田")))[0] == 200


@pytest.mark.parametrize("version", [3, 4])
def test_unknown_parameters_are_taken_and_only_logged(clock: HandClock, version: int) -> None:
    """
    A misspelt field is a silent loss: it shows in the action log and nowhere else.
    """
    sandbox = satori(clock)
    request = satori_request("upsert", lead(lastname="山田"), version=version, utm_source="news")
    assert ask(sandbox, request)[0] == 200
    (customer,), (entry,) = sandbox.customers.book, sandbox.action_log
    assert entry["content"]["customer[lastname]"] == "山田"
    assert entry["content"]["utm_source"] == "news"
    assert "山田" not in customer.values.values()


def test_version_3_knows_no_custom_fields(clock: HandClock) -> None:
    """
    In v3 a custom field is one unknown parameter more.
    """
    sandbox = satori(clock)
    assert ask(sandbox, satori_request("upsert", lead(**{"custom:shoe_size": "26"}), version=3))[0] == 200


def test_an_account_has_at_most_a_hundred_custom_fields(clock: HandClock) -> None:
    """
    A sandbox cannot be set up as no account could be.
    """
    with pytest.raises(ValueError, match="at most 100 custom fields of text, integer, date"):
        SatoriSandbox(clock=clock, keys=SatoriKeys(**KEYS), custom_fields={f"f{n}": "text" for n in range(101)})
    with pytest.raises(ValueError, match="wrong: \\['size'\\]"):
        SatoriSandbox(clock=clock, keys=SatoriKeys(**KEYS), custom_fields={"size": "float"})
