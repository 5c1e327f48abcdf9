"""
配配メール: what of a mapped event becomes a CSV row, under which settings, and what is refused before any call.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.destinations.haihaimail import VENDOR
from chalicelib.model import Effect, Prepared, Problem
from tests.unit.destinations.accounts import mail_account

ADDRESS = "メールアドレス"
WHO = {ADDRESS: "Hanako@Example.co.jp"}


def prepare(
    operation: str = "register",
    fields: dict[str, Any] | None = None,
    *,
    settings: dict[str, str] | None = None,
    overflow: dict[str, str] | None = None,
    **account: Any,
) -> Any:
    """
    Prepare one row for the account.
    """
    mapped = {**WHO, **(fields or {})}
    return VENDOR.prepare(VENDOR.operations[operation], mapped, settings or {}, mail_account(**account), overflow or {})


def codes(problems: object) -> dict[str, str]:
    """
    The problems as field → code.
    """
    assert isinstance(problems, tuple), problems
    return {problem.field: problem.code for problem in problems}


def test_a_registration_overwrites_and_keeps_what_is_blank() -> None:
    """
    Every default is written out: overwrite, blanks keep, a report mail on errors only.
    """
    prepared = prepare(fields={"お名前": "見本 花子", "会社名": ""})

    assert prepared.payload == {**WHO, "お名前": "見本 花子"}
    assert prepared.address == "hanako@example.co.jp"
    assert prepared.settings == {
        "import_type": "0",
        "is_overwrite": "1",
        "overwrite_type": "1",
        "report_option": "2",
    }
    assert (prepared.effect, prepared.urgent) == (Effect.DATA, False)


@pytest.mark.parametrize(
    ("operation", "settings", "sent", "effect", "urgent"),
    [
        ("register", {"is_overwrite": "0"}, {"import_type": "0", "is_overwrite": "0"}, Effect.DATA, False),
        ("delete", {}, {"import_type": "1"}, Effect.REMOVE, True),
        ("delete", {"gid": "12"}, {"import_type": "1", "gid": "12"}, Effect.REMOVE, True),
        ("stop", {"gid": "12"}, {"import_type": "2", "gid": "12"}, Effect.OPT_OUT, True),
        ("forbid", {"spid": "3"}, {"import_type": "3", "spid": "3"}, Effect.OPT_OUT, True),
        (
            "allow",
            {"gid": "12"},
            {"import_type": "5", "is_overwrite": "1", "overwrite_type": "1", "gid": "12"},
            Effect.OPT_IN,
            False,
        ),
        (
            "allow",
            {"spid": "3", "is_overwrite": "0"},
            {"import_type": "5", "is_overwrite": "0", "spid": "3"},
            Effect.OPT_IN,
            False,
        ),
    ],
)
def test_each_operation_is_an_import_type(
    *, operation: str, settings: dict[str, str], sent: dict[str, str], effect: Effect, urgent: bool
) -> None:
    """
    Types 0, 1, 2, 3 and 5, with the settings that each of them reads and no others.
    """
    prepared = prepare(operation, settings=settings)

    assert prepared.settings == sent | {"report_option": "2"}
    assert (prepared.effect, prepared.urgent) == (effect, urgent)


@pytest.mark.parametrize(
    ("operation", "settings", "problems"),
    [
        ("stop", {}, {"gid": "missing"}),
        ("forbid", {"gid": ""}, {"gid": "missing"}),
        ("allow", {}, {"gid": "missing"}),
        ("stop", {"gid": "1", "spid": "2"}, {"spid": "invalid"}),
        ("register", {"gid": "A-12"}, {"gid": "invalid"}),
        ("stop", {"gid": "12x"}, {"gid": "invalid"}),
        ("register", {"is_overwrite": "2"}, {"is_overwrite": "choice"}),
        ("register", {"overwrite_type": "0"}, {"overwrite_type": "choice"}),
        ("register", {"report_option": "3"}, {"report_option": "choice"}),
        ("register", {"is_overwrite": "0", "overwrite_type": "2"}, {"overwrite_type": "invalid"}),
        ("stop", {"gid": "1", "is_overwrite": "1"}, {"is_overwrite": "unknown"}),
    ],
)
def test_settings_that_contradict_are_refused(
    operation: str, settings: dict[str, str], problems: dict[str, str]
) -> None:
    """
    A whole file would be refused for them, so no row with them ever waits.
    """
    assert codes(prepare(operation, settings=settings)) == problems


def test_a_group_number_may_be_typed_in_full_width() -> None:
    """
    An expression's １２ is group 12.
    """
    assert prepare("stop", settings={"gid": "１２"}).settings["gid"] == "12"


def test_only_the_address_travels_where_the_vendor_reads_nothing_else() -> None:
    """
    A stop with a name would lead the operator to believe that the name is updated.
    """
    assert codes(prepare("stop", {"お名前": "見本"}, settings={"gid": "1"})) == {"お名前": "unknown"}
    leaving = {"gid": "1", "is_overwrite": "0"}
    assert codes(prepare("allow", {"お名前": "見本"}, settings=leaving)) == {"お名前": "unknown"}
    assert prepare("allow", {"お名前": "見本"}, settings={"gid": "1"}).payload["お名前"] == "見本"


def test_where_blanks_erase_they_are_values_and_columns_are_part_of_the_key() -> None:
    """
    overwrite_type 2: an empty text erases, null is not given, and rows of other columns never share a file.
    """
    erasing = {"overwrite_type": "2"}
    prepared = prepare(fields={"会社名": "", "お名前": "見本", "備考": None}, settings=erasing)

    assert prepared.payload == {**WHO, "会社名": "", "お名前": "見本"}
    assert json.loads(prepared.settings["columns"]) == sorted([ADDRESS, "会社名", "お名前"])
    assert prepared.settings != prepare(fields={"会社名": ""}, settings=erasing).settings


def test_where_blanks_erase_nothing_is_trimmed_away() -> None:
    """
    Every column is required in every call, and a blank merges like any value.
    """
    prepared = prepare(fields={"会社名": "", "お名前": "見本"}, settings={"overwrite_type": "2"})
    rules = VENDOR.rules(VENDOR.operations["register"], prepared.settings, mail_account())

    assert rules.blank_counts
    assert rules.required == {"会社名", "お名前"}
    assert rules.identity == {ADDRESS}


@pytest.mark.parametrize(("settings", "scope"), [({}, ""), ({"gid": "12"}, "gid=12"), ({"spid": "3"}, "spid=3")])
def test_a_state_is_about_a_group_a_plan_or_everything(settings: dict[str, str], scope: str) -> None:
    """
    An opt-out of group 12 does not overtake a permission of group 13.
    """
    prepared = prepare("delete", settings=settings)
    rules = VENDOR.rules(VENDOR.operations["delete"], prepared.settings, mail_account())

    assert (rules.scope, rules.blank_counts, rules.required) == (scope, False, frozenset())


def test_twins_are_sent_in_the_charset_of_the_account() -> None:
    """
    What iPhones and word processors type arrives as its CP932 twin; strict Shift_JIS takes the other one.
    """
    typed = {"備考": "10〜12時−予備—¥500\u00a0か\u3099"}

    assert prepare(fields=typed).payload["備考"] == "10～12時－予備―￥500 が"
    assert prepare(fields=typed, charset="shift_jis").payload["備考"] == "10〜12時−予備―￥500 が"
    assert prepare(fields=typed, charset="utf-8").payload["備考"] == "10〜12時−予備—¥500\u00a0が"


def test_a_name_that_cannot_be_written_is_held_back_by_name() -> None:
    """
    The record waits for a person; the problem names the item and each character with its code point.
    """
    (problem,) = prepare(fields={"お名前": "𠮷野😀"})

    assert (problem.field, problem.code) == ("お名前", "charset")
    assert problem.characters == ("𠮷 U+20BB7", "😀 U+1F600")
    assert "お名前" in str(problem)


def test_the_operators_substitute_lets_it_through() -> None:
    """
    𠮷→吉 where the business agreed.
    """
    assert prepare(fields={"お名前": "𠮷野"}, substitutes={"𠮷": "吉"}).payload["お名前"] == "吉野"


def test_utf_8_accounts_take_every_character() -> None:
    """
    With the option 多言語配信 nothing is held back.
    """
    assert prepare(fields={"お名前": "𠮷野😀"}, charset="utf-8").payload["お名前"] == "𠮷野😀"


def test_line_breaks_stay_inside_a_cell() -> None:
    """
    As one line feed, which the file quotes.
    """
    assert prepare(fields={"備考": "一\r\n二\r三"}).payload["備考"] == "一\n二\n三"


def test_an_item_name_is_written_as_the_file_can_carry_it() -> None:
    """
    A configuration typed on a Mac names the same item; a problem still bears the route's own name.
    """
    account: dict[str, Any] = {"items": {"希望時間〜": {"chars_max": 2, "required": True}}}

    assert prepare(fields={"希望時間〜": "朝"}, **account).payload == {**WHO, "希望時間～": "朝"}
    assert codes(prepare(fields={"希望時間〜": "あさって"}, **account)) == {"希望時間〜": "too_long"}
    assert codes(prepare(fields={"希望時間〜": ""}, **account)) == {"希望時間〜": "missing"}
    assert codes(prepare(fields={"希望😀": "朝"})) == {"希望😀": "charset"}


def test_the_limits_of_items_are_kept() -> None:
    """
    Required, length and choices as the account's database has them; the required ones only for registrations.
    """
    account: dict[str, Any] = {
        "items": {
            "お名前": {"required": True},
            "会社名": {"chars_max": 3},
            "時間帯": {"choices": ["9〜12時", "午後"]},
        }
    }

    assert codes(prepare(fields={"会社名": "株式会社", "時間帯": "夜"}, **account)) == {
        "会社名": "too_long",
        "時間帯": "choice",
        "お名前": "missing",
    }
    assert isinstance(prepare("stop", settings={"gid": "1"}, **account), Prepared)
    sound = {"お名前": "見本", "会社名": "株式会社", "時間帯": "9～12時"}
    prepared = prepare(fields=sound, overflow={"会社名": "clip"}, **account)
    assert prepared.payload == {**WHO, "お名前": "見本", "会社名": "株式会", "時間帯": "9～12時"}
    rules = VENDOR.rules(VENDOR.operations["register"], prepared.settings, mail_account(**account))
    assert rules.required == {"お名前"}


def test_a_required_item_may_not_be_erased() -> None:
    """
    Under overwrite_type 2 an empty required item would be refused row by row at the vendor, out of sight.
    """
    account: dict[str, Any] = {"items": {"お名前": {"required": True}}}

    assert codes(prepare(fields={"お名前": ""}, settings={"overwrite_type": "2"}, **account)) == {"お名前": "missing"}


def test_the_address_item_may_have_another_name() -> None:
    """
    The account's database decides what the mail address item is called.
    """
    account = mail_account(address_item="Eメール")
    operation = VENDOR.operations["register"]

    sound = VENDOR.prepare(operation, {"Eメール": "a@example.co.jp"}, {}, account, {})
    wrong = VENDOR.prepare(operation, WHO, {}, account, {})
    assert isinstance(sound, Prepared)
    assert codes(wrong) == {"Eメール": "missing"}


def test_all_problems_are_told_at_once() -> None:
    """
    Settings, address and items together.
    """
    problems: tuple[Problem, ...] = prepare(
        fields={ADDRESS: "nobody", "お名前": "😀"}, settings={"gid": "x", "report_option": "9"}
    )

    assert codes(problems) == {"gid": "invalid", "report_option": "choice", ADDRESS: "invalid", "お名前": "charset"}
