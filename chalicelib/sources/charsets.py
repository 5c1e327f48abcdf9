"""
What a body's text is encoded in, and its strict decoding.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from chalicelib.errors import EnvelopeRefused
from chalicelib.model import Envelope, Parse

# Shift_JIS of browsers is Windows-31J: ①, 髙 and ～ fail in Python's own "shift_jis". Latin-1 is the label that many
# HTTP clients set by default over text that is ASCII or UTF-8; the strict decoding tells if it was not.
_CHARSETS = {
    **dict.fromkeys(("utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin1", "windows-1252"), "utf-8"),
    **dict.fromkeys(("shift_jis", "shift-jis", "sjis", "x-sjis", "windows-31j", "ms932", "cp932"), "cp932"),
    **dict.fromkeys(("ms_kanji", "csshiftjis"), "cp932"),
}
# Single bytes that CP932 has no character for, and Python's codec gives private ones or controls.
_NO_CP932 = re.compile("[\x80\xa0\uf8f0-\uf8f3]")
_CHARSET_PARAMETER = re.compile(r';\s*charset\s*=\s*"?([^\s";]+)', re.IGNORECASE)
_CHARSET_FIELD = rb"(?:\A|&)%s=([A-Za-z0-9_\-]*)"


def charset_of(parse: Parse, content_type: str, stated: str = "") -> str:
    """
    What the text is encoded in: what the browser says in `_charset_`, else what is configured, else the header.
    """
    if stated:
        return known_charset(stated)
    if parse.charset != "auto":
        return known_charset(parse.charset)
    found = _CHARSET_PARAMETER.search(content_type)
    return known_charset(found[1]) if found else "utf-8"


def stated_charset(envelope: Envelope, parse: Parse, texts: Mapping[str, str]) -> str:
    """
    The charset that the sender names: `_charset_` first, which browsers fill in; else what the source looks for.
    """
    if texts.get("_charset_") or not parse.charset_in:
        return texts.get("_charset_", "")
    asked = envelope.query.get(parse.charset_in, ())
    return asked[0] if len(asked) == 1 else texts.get(parse.charset_in, "")


def text_field(body: bytes, name: str) -> str:
    """
    The plain value of a form field whose name and value need no decoding.
    """
    found = re.search(_CHARSET_FIELD % re.escape(name.encode()), body)
    return found[1].decode("ascii") if found else ""


def known_charset(label: str) -> str:
    """
    Python's name of a charset that is taken. Raises EnvelopeRefused (415) for any other.
    """
    charset = _CHARSETS.get(label.strip().lower())
    if charset is None:
        raise EnvelopeRefused(415, "unsupported_type", "This charset is not taken here. Accepted: UTF-8, Shift_JIS.")
    return charset


def decode(data: bytes, charset: str) -> str:
    """
    The text. Raises EnvelopeRefused (400) for bytes that are none of the charset.
    """
    try:
        return real(data.decode(charset), charset)
    except UnicodeDecodeError as problem:
        raise undecodable(charset) from problem


def real(text: str, charset: str) -> str:
    """
    The text, if all of it is real: Python's CP932 takes single bytes for which there is no character.
    """
    if charset == "cp932" and _NO_CP932.search(text):
        raise undecodable(charset)
    return text


def undecodable(charset: str) -> EnvelopeRefused:
    """
    The refusal of bytes that are none of the charset.
    """
    name = "Shift_JIS" if charset == "cp932" else "UTF-8"
    return EnvelopeRefused(400, "malformed", f"The text is not valid {name}.")
