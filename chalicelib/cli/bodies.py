"""
A request's body for people: the fields of a form, the parts of a multipart post, a letter, the text of anything else.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl

from chalicelib.cli.trial import hidden
from chalicelib.model import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """
    One field or part of a body. A file has its name and the charset that its text was read by.
    """

    name: str
    text: str
    filename: str = ""
    charset: str = ""


def shown(call: Call) -> list[Shown]:
    """
    The body of a request, as it would be sent, credentials hidden.
    """
    if call.url.startswith(("ses:", "smtp:")):
        return list(_letter(call.body))
    content_type = next((value for name, value in call.headers.items() if name.lower() == "content-type"), "")
    media = content_type.partition(";")[0].strip().lower()
    if media == "application/x-www-form-urlencoded":
        pairs = parse_qsl(call.body.decode("ascii"), keep_blank_values=True)
        return [Shown(name=hidden(name), text=hidden(value)) for name, value in pairs]
    if media == "multipart/form-data":
        return list(_parts(call.body, content_type))
    text, _ = decoded(call.body)
    return [Shown(name="body", text=hidden(text))] if text else []


def _letter(message: bytes) -> Iterator[Shown]:
    """
    A message as its reader will see it: headers and text, their encodings undone.
    """
    from email import message_from_bytes, policy  # noqa: PLC0415 - only mail needs it

    read = message_from_bytes(message, policy=policy.default)
    yield from (Shown(name=name, text=hidden(str(value))) for name, value in read.items())
    yield Shown(name="text", text=hidden(read.get_content().replace("\r\n", "\n")))


def decoded(data: bytes) -> tuple[str, str]:
    """
    Bytes as text, and the charset that they are in: UTF-8, else CP932; what is neither is shown in escapes.
    """
    for charset in ("utf-8", "cp932"):
        try:
            return data.decode(charset), charset
        except UnicodeDecodeError:
            continue
    return data.decode("ascii", "backslashreplace"), ""


def _parts(body: bytes, content_type: str) -> Iterator[Shown]:
    from multipart import MultipartParser, parse_options_header  # noqa: PLC0415 - only some vendors take such posts

    boundary = parse_options_header(content_type)[1]["boundary"]
    for part in MultipartParser(io.BytesIO(body), boundary):
        text, charset = decoded(part.raw)
        yield Shown(name=part.name, text=hidden(text), filename=part.filename or "", charset=charset)
