"""
What was mapped, as text: JSON values to text, line breaks made equal, invisible controls gone, NFC.

Everything a vendor is sent has passed `clean`. Nothing visible is changed here except what the operator's substitute
table names.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping

from chalicelib.model.arrival import Json

_BREAKS = "\r\v\f\x85\u2028\u2029"
_CONTROLS: dict[int, str | None] = {
    **{code: None for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n"},
    **{ord(character): "\n" for character in _BREAKS},
}
_ZERO_WIDTH = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))
_COMPATIBILITY_IDEOGRAPHS = re.compile("([\uf900-\ufaff\U0002f800-\U0002fa1f]+)")
_JOINER = "\u200d"


def to_text(value: Json) -> str:
    """
    A mapped JSON value as text: null is empty, true and false are words, the members of a list are joined with ",".

    Raises ValueError for an object, a list inside a list, or a number that is none (NaN).
    """
    if isinstance(value, list | tuple):
        if any(isinstance(member, list | tuple) for member in value):
            raise ValueError("a list inside a list")
        return ",".join(member for member in map(to_text, value) if not is_blank(member))
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, int):
        return str(value)  # Python refuses integers of thousands of digits; that ValueError is right here too.
    raise ValueError("neither a text nor a number")


def clean(text: str, substitutes: Mapping[str, str]) -> str:
    r"""
    Text with "\n" as its only line break, without invisible control characters, in NFC, substitutes applied.

    Blanks around it, also of full width, come from typing and pasting: nobody means them, and vendors refuse some. A
    vertical tab, form feed, NEL, line or paragraph separator is a line break. The substitute table is applied in one
    pass, longest key first; what it puts in is not substituted again.
    """
    text = nfc(text.replace("\r\n", "\n").translate(_CONTROLS)).strip()
    if not substitutes:
        return text
    keys = {nfc(key): value for key, value in substitutes.items() if key}
    pattern = "|".join(map(re.escape, sorted(keys, key=len, reverse=True)))
    return nfc(re.sub(pattern, lambda found: keys[found.group()], text)) if keys else text


def nfc(text: str) -> str:
    """
    NFC that keeps compatibility ideographs: 福 U+FA1B stays what the person typed, か+゙ becomes が.

    Plain NFC would replace these shapes of kanji, used in names, by their common twins; two of them (凞 U+FA15,
    蘒 U+FA20) would even lose their place in CP932 (measured with Python 3.11).
    """
    if text.isascii() or unicodedata.is_normalized("NFC", text):
        return text
    parts = _COMPATIBILITY_IDEOGRAPHS.split(text)
    parts[::2] = [unicodedata.normalize("NFC", part) for part in parts[::2]]
    return "".join(parts)


def half_width(text: str) -> str:
    """
    Text whose full-width letters, digits and signs became half-width (NFKC), without blanks around it.
    """
    return unicodedata.normalize("NFKC", text).translate(_ZERO_WIDTH).strip()


def is_blank(text: str) -> bool:
    """
    Whether nobody can see anything in the text: empty, spaces of any width, zero-width characters.
    """
    return not text.translate(_ZERO_WIDTH).strip()


def clip(text: str, chars_max: int) -> str:
    """
    The first characters of a text, never cutting an accent, a variant selector or a joined emoji off its base.
    """
    end = min(chars_max, len(text))
    while 0 < end < len(text) and (_joins(text[end]) or text[end - 1] == _JOINER):
        end -= 1
    return text[:end]


def _joins(character: str) -> bool:
    return (
        character == _JOINER
        or "\ufe00" <= character <= "\ufe0f"
        or "\U000e0100" <= character <= "\U000e01ef"
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or unicodedata.combining(character) != 0
    )
