"""
Mail Dealer: what becomes of mapped values before anything is sent.
"""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.destinations.maildealer import VENDOR
from chalicelib.model import Effect, Prepared
from tests.unit.destinations.accounts import desk_account

CUSTOMER = VENDOR.operations["customer"]
CHOICES = {"興味": ["資料", "デモ", "価格,納期"], "希望": []}


def prepared(fields: dict[str, Any], overflow: dict[str, str] | None = None, **settings: Any) -> Any:
    given = {"メールアドレス": "Hanako@example.co.jp", **fields}
    return VENDOR.prepare(CUSTOMER, given, {}, desk_account(**settings), overflow or {})


def told(result: Any) -> list[tuple[str, str]]:
    assert isinstance(result, tuple), result
    return [(each.field, each.code) for each in result]


def test_a_customer_is_known_by_the_address_whatever_its_case() -> None:
    """Writes to one address go one after another, with an ID or without."""
    plain, numbered = prepared({}), prepared({"顧客ID": "118"})

    assert isinstance(plain, Prepared)
    assert (plain.address, plain.effect) == ("hanako@example.co.jp", Effect.DATA)
    assert plain.payload == {"メールアドレス": "Hanako@example.co.jp"}
    assert numbered.address == plain.address
    assert VENDOR.rules(CUSTOMER, {}, desk_account()).identity == {"メールアドレス", "顧客ID"}


def test_blank_items_are_left_out() -> None:
    """Whether an empty text keeps or clears at the vendor is not documented: none is sent."""
    result = prepared({"お名前": " 　", "電話番号": None, "興味": [], "希望": "\u200b"}, choice_items=CHOICES)

    assert list(result.payload) == ["メールアドレス"]


@pytest.mark.parametrize(
    ("value", "payload"),
    [
        (["資料", "デモ"], "資料\nデモ"),
        ("資料,デモ", "資料\nデモ"),
        ("資料\nデモ", "資料\nデモ"),
        ("価格,納期", "価格,納期"),
        (["価格,納期", "資料", "資料", ""], "価格,納期\n資料"),
        (" 資料 ", "資料"),
    ],
)
def test_choices_come_as_lists_or_texts(value: object, payload: str) -> None:
    """A form's list, a CSV cell with commas, or one choice that has a comma itself."""
    assert prepared({"興味": value}, choice_items=CHOICES).payload["興味"] == payload


def test_a_choice_that_the_account_does_not_have_is_refused_before_any_call() -> None:
    """The problem lists the choices; where none are listed, any may be sent."""
    assert told(prepared({"興味": ["資料", "旅行"]}, choice_items=CHOICES)) == [("興味", "choice")]
    assert told(prepared({"興味": {"a": 1}}, choice_items=CHOICES)) == [("興味", "invalid")]
    assert prepared({"希望": "朝"}, choice_items=CHOICES).payload["希望"] == "朝"


def test_every_problem_is_told_at_once() -> None:
    """Compulsory items, lengths, the form of an address and an ID that is no number."""
    settings = {"required_items": ["会社名", "部署"], "items_chars_max": {"お名前": 3, "部署": 2}}
    fields = {"メールアドレス": "nobody", "お名前": "四文字名", "部署": "三文字", "顧客ID": "x"}

    assert told(prepared(fields, **settings)) == [
        ("メールアドレス", "invalid"),
        ("お名前", "too_long"),
        ("部署", "too_long"),
        ("顧客ID", "invalid"),
        ("会社名", "missing"),
    ]


def test_a_length_may_be_clipped() -> None:
    """Where the route says so, a text is cut at the item's length."""
    result = prepared({"備考": "あいうえお"}, {"備考": "clip"}, items_chars_max={"備考": 3})

    assert result.payload["備考"] == "あいう"


def test_listed_items_are_the_only_ones() -> None:
    """With `items`, a name that is not among them is refused; without, any name may be sent."""
    assert told(prepared({"役職": "長"}, items=["会社名"])) == [("役職", "unknown")]
    assert prepared({"役職": "長", "会社名": "見本"}).payload["役職"] == "長"
    assert prepared({"お名前": "花子", "会社名": "見本"}, items=["会社名"]).payload["会社名"] == "見本"


def test_the_ids_item_is_spelled_as_the_account_has_it() -> None:
    """In the other spelling it is the customer's identity just the same."""
    result = prepared({"顧客 ID": "118"}, customer_id_item="顧客 ID")

    assert result.payload["顧客 ID"] == "118"
    assert "顧客 ID" in VENDOR.rules(CUSTOMER, {}, desk_account(customer_id_item="顧客 ID")).identity


def test_compulsory_items_travel_with_older_updates() -> None:
    """Mail Dealer demands them in each call."""
    rules = VENDOR.rules(CUSTOMER, {}, desk_account(required_items=["会社名"]))

    assert rules.required == {"会社名"}
    assert rules.merges
