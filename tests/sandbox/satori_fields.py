"""
SATORI's fields and what it refuses (API v3 manual; custom fields: v4 manual; checked 2026-11).

Lengths count characters. Texts follow the two documented styles: English where a parameter is missing, Japanese where
a value is not accepted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime

from tests.sandbox.satori_switches import SatoriSwitches

DUPLICATE = "バリデーションに失敗しました。 メールアドレスはすでに存在します。"

LABELS = {
    "email": "メールアドレス",
    "last_name": "苗字",
    "first_name": "名前",
    "last_name_reading": "苗字(ふりがな)",
    "first_name_reading": "名前(ふりがな)",
    "lead_company_name": "会社",
    "department": "部署",
    "position": "役職",
    "phone_number": "電話番号",
    "mobile_phone_number": "携帯電話番号",
    "web_site": "WEBサイト",
    "address": "住所",
    "collection_route": "情報獲得経路",
    "collection_date": "情報獲得日",
    "delivery_permission": "メール配信可否",
    "star": "スター",
    "status": "ステータス",
    "append_tags": "タグ",
    "memo": "メモ",
}
CHOICES = {
    "delivery_permission": ("approval", "reject"),
    "star": ("true", "false"),
    "status": ("regist", "reply", "phone", "visit", "contract", "lost"),
}
TAG_FIELDS = ("append_tags", "delete_tags")
TAG_BANNED = ("(", ")", "AND", "NOT", "OR")
NAMES = ("last_name", "first_name", "last_name_reading", "first_name_reading")
CUSTOM_TYPES = ("text", "integer", "date")
CUSTOM_FIELDS_MAX = 100
CHARS_MAX = 255
MEMO_CHARS_MAX = 500

_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_EMAIL = re.compile(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{_LABEL}(?:\.{_LABEL})+")
_NAME = re.compile("[0-9A-Za-z々-〇ぁ-ゖゝ-ゟァ-ヺー-ヿｦ-ﾟ㐀-䶿一-鿿豈-\ufaff\U00020000-\U000323af]*")
_DATE = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?")


def invalid(problems: list[str]) -> str:
    """
    The message of a 400 for values that are not accepted.
    """
    return "バリデーションに失敗しました。 " + " ".join(problems)


def missing(parameter: str) -> str:
    """
    The message of a 400 for a parameter that did not come.
    """
    return f"validation error: {parameter} required."


def problems(values: Mapping[str, str], switches: SatoriSwitches, custom_fields: Mapping[str, str] | None) -> list[str]:
    """
    Everything wrong with a customer's values, in SATORI's style; `custom_fields` is None where there are none (v3).
    """
    return [text for name, value in values.items() for text in _problems(name, value, switches, custom_fields)]


def _problems(
    name: str, value: str, switches: SatoriSwitches, custom_fields: Mapping[str, str] | None
) -> Iterator[str]:
    label = LABELS.get(name, "タグ" if name in TAG_FIELDS else "")
    if name.startswith("custom:") and custom_fields is not None:
        yield from _custom(name.removeprefix("custom:"), value, custom_fields)
    elif not label:
        return
    elif not value:
        if name in {"email", "collection_route", *switches.account_required}:
            yield f"{label}を入力してください。"
    elif len(value) > (limit := MEMO_CHARS_MAX if name == "memo" else CHARS_MAX):
        yield f"{label}は{limit}文字以内で入力してください。"
    elif not _accepted(name, value, switches):
        yield f"{label}は不正な値です。"


def _accepted(name: str, value: str, switches: SatoriSwitches) -> bool:
    if name == "email":
        return _EMAIL.fullmatch(value) is not None
    if name in CHOICES:
        return value in CHOICES[name]
    if name in TAG_FIELDS:
        return not any(word in value for word in TAG_BANNED)
    if name == "collection_date":
        return is_date(value, date_only=switches.collection_date == "date_only")
    if name in NAMES and switches.name_characters == "listed":
        return _NAME.fullmatch(value) is not None
    return True


def is_date(value: str, *, date_only: bool) -> bool:
    """
    Whether this is a real moment as `yyyy-MM-dd HH:mm:ss`, or a bare date where that passes.
    """
    found = _DATE.fullmatch(value)
    if found is None or not (found[1] or date_only):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _custom(key: str, value: str, custom_fields: Mapping[str, str]) -> Iterator[str]:
    kind = custom_fields.get(key)
    if kind is None:
        yield f"カスタム項目{key}は存在しません。"
    elif value and kind == "integer" and not re.fullmatch(r"-?[0-9]+", value):
        yield f"{key}は数値で入力してください。"
    elif value and kind == "date" and not is_date(value, date_only=True):
        yield f"{key}は不正な値です。"


def check_custom_fields(custom_fields: Mapping[str, str]) -> None:
    """
    Raise ValueError unless an account could be configured so: at most 100 fields of known types.
    """
    wrong = sorted(key for key, kind in custom_fields.items() if kind not in CUSTOM_TYPES)
    if wrong or len(custom_fields) > CUSTOM_FIELDS_MAX:
        raise ValueError(f"at most {CUSTOM_FIELDS_MAX} custom fields of {', '.join(CUSTOM_TYPES)}; wrong: {wrong}")
