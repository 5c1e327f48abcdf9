"""
The door's own check of a form: what a visitor can mend at once, all faults together.

Undeclared fields pass. The check is tolerant: what a person may rightly type (full-width letters, hyphens of all
kinds, old mobile addresses with dots in odd places) passes here, and the destinations have their own rules.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from chalicelib.model import FieldProblem, Form, FormField
from chalicelib.model.arrival import Json

EMAIL_CHARS_MAX = 254
URL_CHARS_MAX = 2_000

# Old mobile addresses such as abc..def@docomo.ne.jp and abc.@ezweb.ne.jp break the rules and are real.
_EMAIL = re.compile(r"[!#-'*+\-./0-9=?A-Z^_`a-z{|}~\"]+@(?:[\w-]+\.)+[\w-]{2,}")
_TEL = re.compile(r"[0-9+\-()./ #*‐‑‒–—―−ーｰ~〜・:]*(?:(?:内線|ext\.?|x)[0-9\-: ]*)?", re.IGNORECASE)
_TEL_DIGITS_MIN, _TEL_DIGITS_MAX = 6, 20
_URL = re.compile(r"https?://[^\s/?#@]+\.[^\s/?#@]{2,}(?:[/?#]\S*)?", re.IGNORECASE)

_Words = tuple[str, str]

_INVALID: Mapping[str, _Words] = {
    "email": (
        "メールアドレスの形で入力してください（例: taro@example.co.jp）。",
        "Please enter an e-mail address, such as taro@example.co.jp.",
    ),
    "tel": (
        "電話番号を数字で入力してください（例: 0312345678）。",
        "Please enter a phone number in digits, such as 0312345678.",
    ),
    "url": (
        "http:// または https:// で始まるURLを入力してください。",
        "Please enter an address that begins with http:// or https://.",
    ),
}
_MISSING: Mapping[str, _Words] = {
    "checkbox": ("チェックを入れてください。", "Please tick this box."),
    "choice": ("選択してください。", "Please choose."),
}
_FILL_IN = ("入力してください。", "Please fill this in.")
_NOT_A_CHOICE = ("選択肢の中から選んでください。", "Please choose one of the options.")
_NO_TEXT = ("文字で入力してください。", "Please enter text.")
_NO_FILE = ("このフォームではファイルを受け付けていません。", "This form takes no files.")


def check(form: Form, fields: Mapping[str, Json]) -> list[FieldProblem]:
    """
    Everything that the visitor has to mend, in the order of the declared fields.
    """
    return [problem for field in form.fields if (problem := _fault(field, fields.get(field.name))) is not None]


def file_problems(form: Form, names: tuple[str, ...]) -> list[FieldProblem]:
    """
    A problem for each field that brought a file to a form that takes none.
    """
    declared = {field.name: field for field in form.fields}
    keys = dict.fromkeys(name.removesuffix("[]") or name for name in names)
    return [_problem(declared.get(key, FormField(name=key)), "file", _NO_FILE) for key in keys]


def is_control(form: Form, name: str) -> bool:
    """
    Whether a field is the form's own and nobody's data: `_next` and its like, what the source names, the honeypot.
    """
    return name.startswith("_") or name in form.controls or name == form.honeypot


def answers(value: Json) -> list[Json]:
    """
    What was answered to one field: its values without the blank ones. An unticked box (false) is blank.
    """
    values = value if isinstance(value, list) else [value]
    return [
        one for one in values if one is not None and one is not False and not (isinstance(one, str) and _blank(one))
    ]


def _blank(text: str) -> bool:
    return not text or text.isspace()


def _fault(field: FormField, value: Json) -> FieldProblem | None:
    given = answers(value)
    if not given:
        return _problem(field, "missing", _MISSING.get(field.type, _FILL_IN)) if field.required else None
    if any(isinstance(one, list | dict) for one in given):
        return _problem(field, "invalid", _NO_TEXT)
    texts = [one if isinstance(one, str) else str(one) for one in given]
    if field.choices and field.type in {"choice", "checkbox"}:
        allowed = {_plain(choice) for choice in field.choices}
        if any(_plain(text) not in allowed for text in texts):
            return _problem(field, "choice", _NOT_A_CHOICE)
    if not all(_shaped(field.type, text) for text in texts):
        return _problem(field, "invalid", _INVALID[field.type])
    longest = max(len(unicodedata.normalize("NFC", text)) for text in texts)
    if field.chars_max and longest > field.chars_max:
        return _problem(field, "too_long", _too_long(field.chars_max, longest))
    return None


def _shaped(kind: str, typed: str) -> bool:
    """
    Whether the text has the shape of its kind. Full-width letters count as their plain twins, for this check only.
    """
    if kind not in _INVALID:
        return True
    text = unicodedata.normalize("NFKC", typed).strip()
    if kind == "email":
        return len(text) <= EMAIL_CHARS_MAX and _EMAIL.fullmatch(text) is not None
    if kind == "tel":
        digits = sum(character.isdigit() for character in text)
        return _TEL_DIGITS_MIN <= digits <= _TEL_DIGITS_MAX and _TEL.fullmatch(text) is not None
    return len(text) <= URL_CHARS_MAX and _URL.fullmatch(text) is not None


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()


def _too_long(allowed: int, typed: int) -> _Words:
    return (
        f"{allowed:,}文字以内で入力してください（現在{typed:,}文字）。",
        f"Please use at most {allowed:,} characters ({typed:,} now).",
    )


def _problem(field: FormField, code: str, words: _Words) -> FieldProblem:
    return FieldProblem(name=field.name, label=field.label or field.name, ja=words[0], en=words[1], code=code)
