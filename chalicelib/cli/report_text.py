"""
The text of a report that a person hands in: pasted, or a whole mail as a mail program saves it.
"""

from __future__ import annotations

import html
import re

CHARSETS = ("utf-8-sig", "cp932", "iso2022_jp", "euc_jp")
_HEADER = re.compile(rb"\A(?:>?From |[A-Za-z][A-Za-z0-9-]{1,40}:[ \t])")
_TAG = re.compile(r"<[^<>]{0,2000}>")
_BREAK = re.compile(r"<(?:br|/p|/tr|/div|/li|/h[1-6])\b[^<>]{0,200}>", re.IGNORECASE)
_CELL_END = re.compile(r"</t[dh]\s*>", re.IGNORECASE)


def text_of(raw: bytes) -> str:
    """
    The words of a report, whatever charset and transfer encoding it is in. Never raises.
    """
    return _of_mail(raw) or _plain(_decoded(raw))


def _of_mail(raw: bytes) -> str:
    """
    The text of a saved mail; empty where it is no mail.
    """
    if not _HEADER.match(raw):
        return ""
    import email  # noqa: PLC0415 - a slow import, for mails only
    import email.policy  # noqa: PLC0415 - as above

    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    if not {"subject", "content-type", "mime-version"} & {name.lower() for name in parsed}:
        return ""
    body = parsed.get_body(("plain", "html"))
    if body is None:
        return ""
    payload = body.get_payload(decode=True)
    return _plain(_decoded(payload)) if isinstance(payload, bytes) else ""


def _decoded(raw: bytes) -> str:
    charsets = ("iso2022_jp", *CHARSETS) if b"\x1b$" in raw else CHARSETS
    for charset in charsets:
        try:
            return raw.decode(charset)
        except UnicodeDecodeError:
            continue
    return raw.decode("cp932", "replace")


def _plain(text: str) -> str:
    """
    Text without markup: cells become tabs, rows lines.
    """
    if "<" not in text:
        return text
    return html.unescape(_TAG.sub("", _CELL_END.sub("\t", _BREAK.sub("\n", re.sub(r"\s*\n\s*", "\n", text)))))
