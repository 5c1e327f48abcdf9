"""
The functions of mappings over Japanese characters: widths and kana.
"""

from __future__ import annotations

import re
from unicodedata import normalize

from chalicelib.model.arrival import Json
from chalicelib.routing.values import changed


def nfkc(value: Json) -> Json:
    """
    Full-width letters and digits become half-width, half-width kana full-width (Unicode NFKC).

    >>> nfkc("ﾔﾏﾀﾞ　１２３")
    'ヤマダ 123'
    """
    return changed(value, lambda text: normalize("NFKC", text))


def katakana(value: Json) -> Json:
    """
    Hiragana become katakana; all else stays. For half-width kana: `katakana(nfkc(x))`.

    >>> katakana("やまだ 太郎")
    'ヤマダ 太郎'
    """
    return changed(value, lambda text: text.translate(_TO_KATAKANA))


def hiragana(value: Json) -> Json:
    """
    Katakana become hiragana; all else stays, also what hiragana lacks (ー, ヷ).

    >>> hiragana("ヤマダ 太郎")
    'やまだ 太郎'
    """
    return changed(value, lambda text: text.translate(_TO_HIRAGANA))


def half_kana(value: Json) -> Json:
    """
    Full-width katakana and Japanese punctuation become half-width; a voiced sound becomes two characters.

    >>> half_kana("ヤマダ・タロー")
    'ﾔﾏﾀﾞ･ﾀﾛｰ'
    """
    return changed(value, lambda text: text.translate(_TO_HALF_KANA))


def full_width(value: Json) -> Json:
    """
    ASCII and half-width kana become full-width, a space U+3000: for vendor items that take nothing else.

    >>> full_width("ﾔﾏﾀﾞ-12")
    'ヤマダ－１２'
    """
    return changed(value, lambda text: _HALF_KANA_RUN.sub(_composed, text).translate(_TO_FULL_WIDTH))


_TO_KATAKANA = {code: code + 0x60 for code in (*range(0x3041, 0x3097), 0x309D, 0x309E)}
_TO_HIRAGANA = {katakana_code: hiragana_code for hiragana_code, katakana_code in _TO_KATAKANA.items()}
_TO_FULL_WIDTH = {0x20: 0x3000} | {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
_HALF_KANA_RUN = re.compile("[\uff61-\uff9f]+")
_VOICE_MARKS = {"\u3099": "\uff9e", "\u309a": "\uff9f"}


def _composed(run: re.Match[str]) -> str:
    return normalize("NFKC", run.group())


def _half_kana_table() -> dict[int, str]:
    """
    Full-width → half-width, the inverse of Unicode's own compatibility mapping, voiced sounds composed of two.
    """
    plain = {normalize("NFKC", chr(code)): chr(code) for code in range(0xFF61, 0xFF9E)}
    table = {ord(full): half for full, half in plain.items()} | {0x309B: "\uff9e", 0x309C: "\uff9f"}
    for code in range(0x30A1, 0x30FB):
        apart = normalize("NFD", chr(code))
        if len(apart) == 2 and apart[0] in plain:
            table[code] = plain[apart[0]] + _VOICE_MARKS[apart[1]]
    return table


_TO_HALF_KANA = _half_kana_table()
