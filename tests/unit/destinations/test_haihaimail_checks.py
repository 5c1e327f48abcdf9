"""
配配メール: what an operator is told of relay.toml before anything is deployed.
"""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.destinations.haihaimail import VENDOR
from chalicelib.model import Const, Expr, Fault, FieldName, Mapped, Route
from tests.unit.destinations.accounts import mail_account

ADDRESS = "メールアドレス"


def route(operation: str = "register", *items: str, when: str = "", **settings: Any) -> Route:
    """
    A route that maps the address and some items; settings are constants unless they are expressions.
    """
    fields: dict[str, Mapped] = {name: FieldName("x") for name in (ADDRESS, *items)}
    mapped = {name: value if isinstance(value, Expr) else Const(value) for name, value in settings.items()}
    return Route(
        name="r", source="s", destination="mail", operation=operation, when=when, fields=fields, settings=mapped
    )


def told(faults: list[Fault]) -> dict[str, str]:
    """
    Faults that stop a deployment: path → message and remedy.
    """
    return {fault.path: f"{fault.message}. {fault.remedy}" for fault in faults if not fault.warning}


def warned(faults: list[Fault]) -> dict[str, str]:
    """
    Warnings: path → message and remedy.
    """
    return {fault.path: f"{fault.message}. {fault.remedy}" for fault in faults if fault.warning}


@pytest.mark.parametrize(
    "sound",
    [
        route("register", "お名前", "会社名"),
        route("register", gid=12),
        route("register", "お名前", is_overwrite=1, overwrite_type=2, spid=3, report_option=0),
        route("register", "お名前", is_overwrite=Expr("x"), overwrite_type=2),
        route("delete", gid=12),
        route("stop", gid=12),
        route("forbid", spid=Expr("plan")),
        route("stop", gid=Expr("group"), spid=Expr("plan")),
        route("allow", gid=12, when="consent"),
        route("allow", "お名前", gid=12, is_overwrite=1, when="consent"),
        route("allow", "お名前", gid=12, is_overwrite=Expr("x"), when="consent"),
    ],
    ids=repr,
)
def test_a_sound_route_has_no_fault_and_no_warning(sound: Route) -> None:
    """
    What each event gives is taken to suit until the event comes.
    """
    assert VENDOR.check_route(sound, mail_account()) == []


@pytest.mark.parametrize(
    ("faulty", "path", "hint"),
    [
        (route("stop"), "settings.gid", "step-mail plan"),
        (route("allow", when="x"), "settings.gid", "allow needs gid or spid"),
        (route("stop", gid=1, spid=2), "settings.spid", "not both"),
        (route("register", is_overwrite=0, overwrite_type=2), "settings.overwrite_type", "is_overwrite = 1"),
        (route("register", gid="A1"), "settings.gid", "number"),
        (route("stop", "お名前", gid=1), 'fields."お名前"', "address only"),
        (route("allow", "お名前", gid=1, is_overwrite=0, when="x"), 'fields."お名前"', "is_overwrite = 1"),
        (route("register", "お名前😀"), 'fields."お名前😀"', "U+1F600"),
        (route("register", "お名\n前"), 'fields."お名\\n前"', "no name"),
        (route("register", " "), 'fields." "', "no name"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_faulty_route_is_told(faulty: Route, path: str, hint: str) -> None:
    """
    At deploy time, with its place and what to write instead.
    """
    found = told(VENDOR.check_route(faulty, mail_account()))

    assert set(found) == {f"routes.r.{path}"}
    assert hint in found[f"routes.r.{path}"]


def test_two_spellings_of_one_item_are_told() -> None:
    """
    〜 and ～ are the same bytes in the file, so one column would shadow the other.
    """
    found = told(VENDOR.check_route(route("register", "時間〜", "時間～"), mail_account()))

    assert set(found) == {'routes.r.fields."時間～"'}


def test_the_address_must_be_mapped() -> None:
    """
    A name that was probably meant to be it is told.
    """
    unmapped = Route(
        name="r", source="s", destination="mail", operation="register", fields={"メールアドレ": FieldName("x")}
    )
    found = told(VENDOR.check_route(unmapped, mail_account()))

    assert '"メールアドレ"' in found[f'routes.r.fields."{ADDRESS}"']


def test_required_items_must_be_mapped_in_registrations() -> None:
    """
    The vendor would refuse the row, out of sight; a stop needs the address only.
    """
    account = mail_account(items={"お名前": {"required": True}})

    assert set(told(VENDOR.check_route(route(), account))) == {'routes.r.fields."お名前"'}
    assert VENDOR.check_route(route("stop", gid=1), account) == []


def test_an_item_beside_the_declared_ones_is_warned_of() -> None:
    """
    The vendor does not register a column whose name differs; the nearest name is told.
    """
    account = mail_account(items={"会社名": {}})
    found = warned(VENDOR.check_route(route("register", "会社"), account))

    assert '"会社名"' in found['routes.r.fields."会社"']


def test_a_limited_item_without_an_overflow_rule_is_warned_of() -> None:
    """
    The operator decides whether a longer text is clipped or refused.
    """
    found = warned(VENDOR.check_route(route("register", "備考"), mail_account(items={"備考": {"chars_max": 100}})))

    assert '"備考" = "clip"' in found['routes.r.fields."備考"']


def test_a_constant_beyond_an_items_limits_is_told() -> None:
    """
    Otherwise every row would become a dead letter.
    """
    account = mail_account(items={"種別": {"choices": ["甲", "乙"]}})
    constant = Route(
        name="r",
        source="s",
        destination="mail",
        operation="register",
        fields={ADDRESS: FieldName("x"), "種別": Const("丙")},
    )

    assert set(told(VENDOR.check_route(constant, account))) == {'routes.r.fields."種別"'}


def test_a_delete_from_the_whole_database_is_warned_of() -> None:
    """
    It forgets the opt-out, and delete-and-register is banned by the vendor's terms.
    """
    assert "opt-out" in warned(VENDOR.check_route(route("delete"), mail_account()))["routes.r.operation"]


def test_a_permission_without_a_condition_is_warned_of() -> None:
    """
    配信可能 after an opt-out needs an explicit new consent.
    """
    assert "consent" in warned(VENDOR.check_route(route("allow", gid=1), mail_account()))["routes.r.when"]


def test_a_sound_account_has_no_fault() -> None:
    """
    Host and account are enough.
    """
    assert VENDOR.check(mail_account()) == []
    assert VENDOR.check(mail_account(plan="dedicated", calls_per_day=86_400, reserve=100, charset="utf-8")) == []


@pytest.mark.parametrize(
    ("account", "path", "hint"),
    [
        ({"base_url": "https://a01.hm-f.jp/api_sample/index.php"}, "base_url", "https://a01.hm-f.jp"),
        ({"account": "api_sample/index.php"}, "account", "login URL"),
        ({"account": ""}, "account", "login URL"),
        ({"calls_per_day": 241}, "calls_per_day", "240"),
        ({"calls_per_day": 10, "reserve": 10}, "reserve", "less than 10"),
        ({"reserve": 240}, "reserve", "less than 240"),
        ({"address_item": "メール😀"}, "address_item", "U+1F600"),
        ({"address_item": " "}, "address_item", "no name"),
        ({"items": {"会社": 50}}, 'items."会社"', "table of limits"),
        ({"items": {"会社": {"max": 50}}}, 'items."会社".max', "chars_max"),
        ({"items": {"会社": {"chars_max": 0}}}, 'items."会社".chars_max', "from 1"),
        ({"items": {"会社": {"chars_max": True}}}, 'items."会社".chars_max', "from 1"),
        ({"items": {"会社": {"required": 1}}}, 'items."会社".required', "true or false"),
        ({"items": {"会社": {"choices": "甲"}}}, 'items."会社".choices', "list"),
        ({"items": {"会社": {"choices": ["😀"]}}}, 'items."会社".choices', "cp932"),
        ({"items": {"😀": {}}}, 'items."😀"', "U+1F600"),
        ({"substitutes": {"𠮷": "😀"}}, 'substitutes."𠮷"', "cp932"),
    ],
)
def test_a_faulty_account_is_told(account: dict[str, Any], path: str, hint: str) -> None:
    """
    Each fault names its key and what to write instead.
    """
    (fault,) = VENDOR.check(mail_account(**account))

    assert fault.path == f"destinations.mail.{path}"
    assert hint in f"{fault.message}. {fault.remedy}"
