"""
The functions that a mapping may call beside JMESPath's own: Japanese text, Tokyo time, telephone digits, names.

All of them are pure. A missing value (null) stays null, so that an optional field needs no guard; a number is read as
its text. A value of any other kind raises Unfit, whose words never repeat the value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from unicodedata import normalize

from chalicelib.model.arrival import Json
from chalicelib.routing.japanese import full_width, half_kana, hiragana, katakana, nfkc
from chalicelib.routing.times import date, jst
from chalicelib.routing.values import Unfit, changed, kind_of, text_of
from chalicelib.value import value


@value
class Function:
    """
    One callable function: how many arguments it takes at least and at most.
    """

    call: Callable[..., Json]
    least: int = 1
    most: int = 1


def lower(value: Json) -> Json:
    """
    Capital letters become small ones.

    >>> lower("Taro@Example.co.jp")
    'taro@example.co.jp'
    """
    return changed(value, str.lower)


def trim(value: Json) -> Json:
    """
    The text without blanks, full-width ones included, at its ends.

    >>> trim("　山田 太郎 ")
    '山田 太郎'
    """
    return changed(value, str.strip)


def replace(value: Json, old: Json, new: Json) -> Json:
    """
    The text with every `old` replaced by `new`; both are literal text, no pattern.

    >>> replace("株式会社例", "株式会社", "(株)")
    '(株)例'
    """
    before, after = text_of(old), text_of(new)
    if not before or after is None:
        raise Unfit("wants texts as its second and third argument, the second not empty")
    return changed(value, lambda text: text.replace(before, after))


def digits(value: Json) -> Json:
    """
    The digits alone, full-width ones made half-width: a telephone number as most vendors want it.

    >>> digits("０３（１２３４）5678")
    '0312345678'
    """
    return changed(value, lambda text: re.sub(r"[^0-9]", "", normalize("NFKC", text)))


# ── composition ─────────────────────────────────────────────────────────────────────────────────────────────────────


def join_nonblank(separator: Json, values: Json) -> Json:
    """
    The texts of a list, without nulls and blanks, joined; null where nothing is left.

    >>> join_nonblank(" ", ["東京都", None, "千代田区", ""])
    '東京都 千代田区'
    """
    glue = text_of(separator)
    if glue is None:
        raise Unfit("wants a text to join with as its first argument")
    if values is None:
        return None
    if not isinstance(values, list):
        raise Unfit(f"wants a list as its second argument, not {kind_of(values)}")
    texts = [text for text in map(text_of, values) if text and not text.isspace()]
    return glue.join(texts) if texts else None


def split_name(value: Json) -> Json:
    """
    Family and given name, split at the first run of blanks (half- or full-width); without one, all is the last name.

    >>> split_name("山田　太郎")
    {'last': '山田', 'first': '太郎'}
    >>> split_name("山田太郎")
    {'last': '山田太郎', 'first': None}
    """
    text = text_of(value)
    if text is None:
        return None
    last, *rest = text.split(maxsplit=1) or [""]
    return {"last": last, "first": rest[0].rstrip() if rest else None}


def default(value: Json, otherwise: Json) -> Json:
    """
    The value, or `otherwise` where it is null, an empty list or blank text.

    >>> default("  ", "未記入")
    '未記入'
    """
    blank = value is None or value == [] or (isinstance(value, str) and not value.strip())
    return otherwise if blank else value


# ── the list of them ────────────────────────────────────────────────────────────────────────────────────────────────

FUNCTIONS: Mapping[str, Function] = {
    "nfkc": Function(call=nfkc),
    "katakana": Function(call=katakana),
    "hiragana": Function(call=hiragana),
    "half_kana": Function(call=half_kana),
    "full_width": Function(call=full_width),
    "lower": Function(call=lower),
    "trim": Function(call=trim),
    "replace": Function(call=replace, least=3, most=3),
    "digits": Function(call=digits),
    "join_nonblank": Function(call=join_nonblank, least=2, most=2),
    "split_name": Function(call=split_name),
    "default": Function(call=default, least=2, most=2),
    "jst": Function(call=jst, least=1, most=2),
    "date": Function(call=date),
}
