"""
One mapped value against one declared field: its form, its charset, its length. Every vendor's `prepare` uses this.

A value is accepted as text, or answered with a Problem that says what would be accepted. Blank means: no value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import datetime, timedelta, timezone

from chalicelib.destinations.charset import describe, fit
from chalicelib.destinations.kit import Field
from chalicelib.destinations.text import clean, clip, half_width, is_blank, to_text
from chalicelib.model import Problem
from chalicelib.model.arrival import Json
from chalicelib.value import value

_JST = timezone(timedelta(hours=9))

# Tolerant on purpose: "abc..def@docomo.ne.jp" is an address that Japanese carriers gave out and deliver to.
_EMAIL = re.compile(
    r"""(?:"[!#-\[\]-~]+"|[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+)"""
    r"""@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9]""",
)
_EMAIL_WORK_MAX = 1_000  # characters; bounds the matching only, each vendor's own limit is lower
_PATTERNS = {
    "code": (re.compile(r"[A-Za-z0-9_-]+"), "half-width letters and digits"),
    "digits": (re.compile(r"[0-9]{1,18}"), "half-width digits"),
    "integer": (re.compile(r"[+-]?[0-9]{1,18}"), "a whole number"),
    "decimal": (re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]{1,18})?"), "a number"),
}
# SATORI's rule (its manual, APIバージョン3; checked 2026-11): as substrings, so BRAND and NOTE are refused too.
_TAG_BANNED = ("(", ")", "AND", "NOT", "OR")

Shaped = str | Problem


@value
class Terms:
    """
    What holds for all fields of one delivery: the charset, the substitute table, and per field refuse or clip.
    """

    charset: str = "utf-8"
    substitutes: Mapping[str, str] = field(default_factory=dict)
    overflow: Mapping[str, str] = field(default_factory=dict)


def accept(field: Field, value: Json, terms: Terms) -> Shaped:
    """
    A mapped JSON value as the vendor takes it, or why it does not. Empty text: there is no value.
    """
    try:
        text = clean(to_text(value), terms.substitutes)
    except ValueError:
        wanted = "must be a text, a number, true, false, or a list of these"
        return Problem(field=field.name, code="invalid", text=wanted)
    if is_blank(text):
        return ""
    shaped = _SHAPES[field.form](field, text)
    if isinstance(shaped, Problem):
        return shaped
    fitted, unfit = fit(shaped, terms.charset)
    if unfit:
        return unencodable(field.name, unfit, terms.charset)
    return _within(field, "" if is_blank(fitted) else fitted, terms.overflow.get(field.name, "refuse"))


def unencodable(name: str, characters: tuple[str, ...], charset: str) -> Problem:
    """
    The Problem of characters that a charset does not have, with their code points.
    """
    told = tuple(map(describe, characters))
    text = f"has characters that {charset} does not have: {', '.join(told)}"
    return Problem(field=name, code="charset", text=text, characters=told)


def missing(name: str) -> Problem:
    """
    The Problem of a required field without a value.
    """
    return Problem(field=name, code="missing", text="is required and has no value")


def _within(field: Field, text: str, overflow: str) -> Shaped:
    if field.choices and text and text.strip() not in field.choices:
        return Problem(field=field.name, code="choice", text=f"must be one of {', '.join(field.choices)}")
    text = text.strip() if field.choices else text
    if not field.chars_max or len(text) <= field.chars_max:
        return text
    clipped = _SHORTEN[field.form](text, field.chars_max) if overflow == "clip" and field.form in _SHORTEN else ""
    if clipped:
        return clipped
    told = f"may have at most {field.chars_max} characters and has {len(text)}"
    return Problem(field=field.name, code="too_long", text=told)


def _clip_tags(text: str, chars_max: int) -> str:
    # A tag cut in the middle would be another tag: whole tags go, from the end.
    while len(text) > chars_max:
        text = text.rpartition(",")[0]
    return text


def _as_text(_: Field, text: str) -> Shaped:
    return text


def _as_email(field: Field, text: str) -> Shaped:
    address = half_width(text)
    if len(address) <= _EMAIL_WORK_MAX and _EMAIL.fullmatch(address):
        return address
    return Problem(field=field.name, code="invalid", text="is not an e-mail address in half-width characters")


def _as_pattern(field: Field, text: str) -> Shaped:
    pattern, wanted = _PATTERNS[field.form]
    value = half_width(text)
    return value if pattern.fullmatch(value) else Problem(field=field.name, code="invalid", text=f"must be {wanted}")


def _as_moment(field: Field, text: str) -> Shaped:
    try:
        moment = datetime.fromisoformat(half_width(text))
        local = moment.astimezone(_JST) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        wanted = "yyyy-MM-dd HH:mm:ss (Japan time), a date, or an ISO 8601 time"
        return Problem(field=field.name, code="invalid", text=f"must be {wanted}")
    stamp = local.replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")
    return stamp[:10] if field.form == "date" else stamp


def _as_tags(field: Field, text: str) -> Shaped:
    tags = tuple(dict.fromkeys(tag.strip() for tag in text.split(",") if not is_blank(tag)))
    for tag in tags:
        banned = [word for word in _TAG_BANNED if word in tag]
        if banned:
            told = f"holds {' and '.join(banned)}, which the vendor bans anywhere in a tag: {tag!r}"
            return Problem(field=field.name, code="tag", text=told)
    return ",".join(tags)


def _as_list(_: Field, text: str) -> Shaped:
    return ",".join(each.strip() for each in text.split(",") if not is_blank(each))


_SHAPES: Mapping[str, Callable[[Field, str], Shaped]] = {
    "text": _as_text,
    "email": _as_email,
    "datetime": _as_moment,
    "date": _as_moment,
    "flag": _as_text,
    "tags": _as_tags,
    "list": _as_list,
    **dict.fromkeys(_PATTERNS, _as_pattern),
}
FORMS = tuple(_SHAPES)
"""
The forms a Field may have.
"""

_SHORTEN: Mapping[str, Callable[[str, int], str]] = {"text": clip, "tags": _clip_tags}
CLIPPABLE = frozenset(_SHORTEN)
"""
The forms that `overflow = "clip"` may shorten; a shortened address or date would be another one.
"""
