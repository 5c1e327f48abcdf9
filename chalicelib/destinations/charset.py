"""
Text for a vendor that reads Shift_JIS: a fixed table of safe twins, then a strict check that every character arrives.

Vendors write "SJIS" and never define it; in practice it is CP932 (配配メール manual, API連携: checked 2026-11). A
character that the charset does not have is named and held back. Nothing is replaced by "?", nothing is left out.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from chalicelib.destinations.text import nfc

CHARSETS = ("cp932", "shift_jis", "utf-8")

_INVISIBLE = (
    "\u00ad\u200b\u200c\u200d\u2060\ufeff"  # soft hyphen, zero-width spaces and joiners, byte order mark
    "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # writing direction
    "\ufe0e\ufe0f"  # "as text", "as emoji"
)
_SPACES = "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f"

_JAPANESE: dict[str, str] = {
    **dict.fromkeys(_INVISIBLE, ""),
    **dict.fromkeys(_SPACES, " "),
    **dict.fromkeys("\u2011\u2012\u2013", "-"),  # no-break hyphen, figure dash, en dash: phone numbers, ranges
    "\u2014": "\u2015",  # em dash → horizontal bar, as Windows and iconv do
    "\u00a5": "\uffe5",  # yen: strict Shift_JIS would turn it into a backslash
    "\u203e": "\uffe3",  # overline: strict Shift_JIS would turn it into a tilde
    "\u00c5": "\u212b",  # Å: NFC gives the letter, JIS has the ångström sign
}
_TWINS = {
    "\u301c": "\uff5e",  # 〜 ～: phones type the first, Windows the second
    "\u2212": "\uff0d",  # − －
    "\u2016": "\u2225",  # ‖ ∥
    "\u00a2": "\uffe0",  # ¢
    "\u00a3": "\uffe1",  # £
    "\u00ac": "\uffe2",  # ¬
}

MAPPINGS: Mapping[str, Mapping[str, str]] = {
    "cp932": _JAPANESE | _TWINS,
    "shift_jis": _JAPANESE | {twin: plain for plain, twin in _TWINS.items()},
    "utf-8": {"\ufeff": ""},
}
"""
What may be sent instead of a character, per charset. Each target reads back as itself in that charset.
"""

_TABLES = {charset: str.maketrans(dict(mapping)) for charset, mapping in MAPPINGS.items()}

# Microsoft's table gives these private-use characters to the bytes A0 and FD to FF, which no other reader knows.
_SINGLE_BYTES = frozenset("\uf8f0\uf8f1\uf8f2\uf8f3")


def fit(text: str, charset: str) -> tuple[str, tuple[str, ...]]:
    """
    A text as the charset can carry it, and the characters it cannot, each once, in order of appearance.

    The text that comes back has been through NFC and the fixed table. If the second member is empty, it encodes
    strictly and decodes to itself.
    """
    mapped = text if text.isascii() else nfc(text).translate(_TABLES[charset])
    if _survives(mapped, charset):
        return mapped, ()
    return mapped, tuple(character for character in dict.fromkeys(mapped) if not _survives(character, charset))


def _survives(text: str, charset: str) -> bool:
    try:
        intact = text.encode(charset).decode(charset) == text
    except UnicodeError:
        return False
    return intact and (charset != "cp932" or _SINGLE_BYTES.isdisjoint(text))


def describe(character: str) -> str:
    r"""
    A character with its code point, for a person who has to find it: "😀 U+1F600".

    >>> describe("\u00e9"), describe("\u0301")
    ('é U+00E9', 'U+0301')
    """
    code = f"U+{ord(character):04X}"
    alone = character.isprintable() and not unicodedata.category(character).startswith("M")
    return f"{character} {code}" if alone else code
