"""
Text that obeys nobody: strange characters are written, not followed.
"""

from __future__ import annotations

import unicodedata

BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""
Characters that turn the direction of writing, by which a text could show another order than it has.
"""


def plain(text: str) -> str:
    r"""
    Text that cannot steer a terminal: control characters are written, not obeyed. Line ends and tabs stay.

    >>> plain(chr(27) + "[2J 髙﨑")
    '\\x1b[2J 髙﨑'
    """
    return "".join(_written(character) for character in text) if not text.isprintable() else text


def _written(character: str) -> str:
    steers = unicodedata.category(character) == "Cc" and character not in "\n\t"
    return character.encode("unicode_escape").decode("ascii") if steers or character in BIDI else character
