"""
What goes over the wire between a program and a sandbox, the same in process and over HTTP.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any
from urllib.parse import parse_qsl

from multipart import MultipartError, PushMultipartParser, parse_options_header

FORM_FIELDS_MAX = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxRequest:
    """
    One request as the vendor's web server sees it: header names in lower case, `client` the sender's address.
    """

    method: str
    path: str
    query: str = ""
    host: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    client: str = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxAnswer:
    """
    What the vendor answers, `delay_seconds` after it was asked.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxDrop:
    """
    No answer: the connection is reset after `delay_seconds`; `reached` is false where it was never accepted.
    """

    reason: str
    delay_seconds: float = 0.0
    reached: bool = True


Spoken = SandboxAnswer | SandboxDrop


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """
    One uploaded file of a form.
    """

    filename: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """
    A posted form. A part that carries a file name is a file, a part without one is a field: never both.
    """

    fields: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    files: Mapping[str, Upload] = field(default_factory=dict)


def json_answer(status: int, document: Any) -> SandboxAnswer:
    """
    A JSON answer, characters beyond ASCII written as they are.
    """
    body = json.dumps(document, ensure_ascii=False).encode()
    return SandboxAnswer(status=status, headers={"content-type": "application/json; charset=utf-8"}, body=body)


def html_answer(status: int, text: str) -> SandboxAnswer:
    """
    An HTML answer.
    """
    return SandboxAnswer(status=status, headers={"content-type": "text/html; charset=utf-8"}, body=text.encode())


def html_page(title: str, body: str) -> str:
    """
    A small HTML page; `body` is markup.
    """
    return f'<!doctype html><meta charset="utf-8"><title>{escape(title)}</title>\n{body}\n'


def media_type(request: SandboxRequest) -> tuple[str, Mapping[str, str]]:
    """
    The request's content type in lower case, and its options.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    return kind, options


def read_form(request: SandboxRequest) -> Form:
    """
    The form in a request body; an empty one where the body is no form or cannot be parsed. A repeated name: last wins.
    """
    kind, options = media_type(request)
    try:
        if kind == "application/x-www-form-urlencoded":
            return _urlencoded(request.body)
        if kind == "multipart/form-data":
            return _multipart(request.body, options.get("boundary", ""))
    except (MultipartError, ValueError):
        return Form()
    return Form()


def php_form(request: SandboxRequest) -> Form:
    """
    The form as PHP names its parts: leading blanks go, other blanks and dots become underscores.
    """
    form = read_form(request)
    return Form(
        fields={_php_name(name): value for name, value in form.fields.items()},
        files={_php_name(name): upload for name, upload in form.files.items()},
    )


def _php_name(name: str) -> str:
    return name.lstrip(" ").replace(" ", "_").replace(".", "_")


def _urlencoded(body: bytes) -> Form:
    # latin-1 both ways keeps every byte as it came, whatever charset the sender used.
    pairs = parse_qsl(
        body.decode("latin-1"), keep_blank_values=True, encoding="latin-1", max_num_fields=FORM_FIELDS_MAX
    )
    return Form(fields={name.encode("latin-1").decode(): value.encode("latin-1") for name, value in pairs})


def _multipart(body: bytes, boundary: str) -> Form:
    fields: dict[str, bytes] = {}
    files: dict[str, Upload] = {}
    chunks: list[bytes] = []
    name, filename = "", None
    with PushMultipartParser(boundary, max_segment_count=FORM_FIELDS_MAX) as parser:
        for event in parser.parse(body):
            if isinstance(event, (bytes, bytearray)):
                chunks.append(bytes(event))
            elif event is not None:
                name, filename, chunks = event.name or "", event.filename, []
            elif filename is None:
                fields[name] = b"".join(chunks)
            elif filename:
                files[name] = Upload(filename=filename, data=b"".join(chunks))
    return Form(fields=fields, files=files)
