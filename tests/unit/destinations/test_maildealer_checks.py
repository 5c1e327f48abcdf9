"""
Mail Dealer: faults of a destination or a route, told before anything is deployed.
"""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.config import check
from chalicelib.destinations import VENDORS
from chalicelib.destinations.maildealer import VENDOR
from chalicelib.model import Const, FieldName, Route
from chalicelib.sources import PRESETS
from tests.unit.destinations.accounts import desk_account


def faults(**settings: Any) -> list[str]:
    return [str(each) for each in VENDOR.check(desk_account(**settings))]


def route_faults(fields: dict[str, Any], *, overflow: dict[str, str] | None = None, **settings: Any) -> list[str]:
    route = Route(
        name="form",
        source="contact",
        destination="desk",
        operation="customer",
        fields={"メールアドレス": FieldName("email"), **fields},
        overflow=overflow or {},
    )
    return [f"{'~' if each.warning else ''}{each}" for each in VENDOR.check_route(route, desk_account(**settings))]


def test_a_sound_destination_has_no_fault() -> None:
    """Every setting may be given at once."""
    assert (
        faults(
            items=["会社名", "興味"],
            required_items=["会社名"],
            choice_items={"興味": ["資料", "デモ"]},
            items_chars_max={"会社名": 50, "お名前": 40},
            calls_per_slot=5,
        )
        == []
    )


@pytest.mark.parametrize(
    ("settings", "path", "remedy"),
    [
        ({"items": ["会社名"], "required_items": ["会社名称"]}, 'required_items."会社名称"', 'mean "会社名"?'),
        ({"items": ["会社名"], "choice_items": {"興味": ["a"]}}, 'choice_items."興味"', "is not among items"),
        ({"items": ["顧客ID"]}, 'items."顧客ID"', "Leave it out."),
        ({"required_items": [" "]}, 'required_items." "', "顧客管理"),
        ({"choice_items": {"興味": "資料"}}, 'choice_items."興味"', '{ "興味" = ["A", "B"] }'),
        ({"choice_items": {"興味": ["a\nb"]}}, 'choice_items."興味"', "line break"),
        ({"choice_items": {"お名前": ["a"]}}, 'choice_items."お名前"', "takes a text"),
        ({"items_chars_max": {"会社名": 0}}, 'items_chars_max."会社名"', "whole number from 1"),
        ({"items_chars_max": {"会社名": True}}, 'items_chars_max."会社名"', "whole number from 1"),
        ({"items_chars_max": {"興味": 5}, "choice_items": {"興味": []}}, 'items_chars_max."興味"', "no length"),
    ],
)
def test_a_wrong_setting_is_told_by_its_path_with_what_to_write(
    settings: dict[str, Any], path: str, remedy: str
) -> None:
    """Names, choices and lengths, each where it stands in relay.toml."""
    (found,) = faults(**settings)

    assert found.startswith(f"destinations.desk.{path}: ")
    assert remedy in found


def test_an_address_with_a_path_or_without_tls_is_a_fault() -> None:
    """The vendor's paths are Ekiden's to add, and a token must not travel in clear."""
    assert "has more than the host" in faults(base_url="https://md00.maildealer.jp/api/")[0]
    assert "token in clear" in faults(base_url="http://md00.maildealer.jp")[0]
    assert faults(base_url="http://127.0.0.1:8080") == []


def test_an_item_that_is_not_listed_is_told_with_the_nearest_right_name() -> None:
    """Mail Dealer would refuse every customer with it."""
    (found,) = route_faults({"御名前": FieldName("name")}, items=["会社名"])

    assert found.startswith('routes.form.fields."御名前": is none of the items of desk')
    assert found.endswith('Did you mean "お名前"?')


def test_without_a_list_only_near_misses_are_worth_a_word() -> None:
    """An unknown item may well be the account's own; one that is nearly known is warned of."""
    assert route_faults({"会社名": FieldName("company")}) == []
    (found,) = route_faults({"フリカナ": FieldName("kana")})
    assert found.startswith('~routes.form.fields."フリカナ"')
    assert 'Did you mean "フリガナ"?' in found
    assert "ekiden vendor check desk" in found


def test_the_other_spelling_of_the_id_is_a_fault() -> None:
    """It would be an item that does not exist, or be ignored, and then the address decides."""
    (found,) = route_faults({"顧客 ID": FieldName("id")})

    assert 'is spelled "顧客ID" for desk' in found
    assert 'customer_id_item = "顧客 ID"' in found
    assert route_faults({"顧客 ID": FieldName("id")}, customer_id_item="顧客 ID") == []


def test_a_compulsory_item_must_be_mapped() -> None:
    """Else every delivery would be a dead letter."""
    (found,) = route_faults({}, required_items=["会社名"])

    assert found.startswith('routes.form.fields."会社名": is required by customer and not mapped')


def test_constants_are_checked_at_once() -> None:
    """A choice that does not exist, with the nearest that does; a text that is too long."""
    (choice,) = route_faults({"興味": Const("資料請")}, choice_items={"興味": ["資料請求", "資料"]})
    (long,) = route_faults({"会社名": Const("株式会社見本")}, items_chars_max={"会社名": 3})

    assert 'Did you mean "資料請求"?' in choice
    assert "at most 3 characters" in long


def test_long_free_text_is_warned_of() -> None:
    """An item with a length that people type into wants a word on what becomes of the rest."""
    (found,) = route_faults({"ご要望": FieldName("message")}, items_chars_max={"ご要望": 200})

    assert found.startswith('~routes.form.fields."ご要望"')
    assert route_faults({"ご要望": FieldName("m")}, items_chars_max={"ご要望": 200}, overflow={"ご要望": "clip"}) == []


def test_a_misspelt_setting_is_told_with_the_right_one() -> None:
    """`config check` names the path in relay.toml and what was probably meant."""
    text = """
[destinations.desk]
vendor = "maildealer"
base_url = "https://md00.maildealer.jp"
mailbx = 1
calls_per_slot = 6
choise_items = { "興味" = ["資料"] }
credentials = { api_tokn = "ssm:/ekiden/prod/desk" }
"""
    found = [str(each) for each in check(text, vendors=VENDORS, presets=PRESETS, stage="prod")]

    for path, remedy in (
        ("destinations.desk.mailbx", 'Did you mean "mailbox"?'),
        ("destinations.desk.choise_items", 'Did you mean "choice_items"?'),
        ("destinations.desk.credentials.api_tokn", 'Did you mean "api_token"?'),
        ("destinations.desk.calls_per_slot", "Write at least 1 and at most 5."),
    ):
        assert [each for each in found if each.startswith(path) and each.endswith(remedy)], path


def test_one_mailbox_in_two_lanes_is_a_fault_and_two_mailboxes_are_none() -> None:
    """The vendor counts by mailbox, whatever lanes are called."""
    desk = """
[destinations.NAME]
vendor = "maildealer"
base_url = "https://md00.maildealer.jp"
mailbox = 1
credentials = { api_token = "ssm:/ekiden/prod/desk" }
"""
    one = desk.replace("NAME", "one")
    split = one + desk.replace("NAME", "two") + 'lane = "other"\n'
    apart = one + desk.replace("NAME", "two").replace("mailbox = 1", "mailbox = 2")

    def lanes_at_fault(text: str) -> list[str]:
        return [each.path for each in check(text, vendors=VENDORS, presets=PRESETS) if each.path.endswith(".lane")]

    assert lanes_at_fault(split) == ["destinations.two.lane"]
    assert lanes_at_fault(apart) == []
