"""
multipart/form-data by hand: the same parts always give the same bytes, so that a call can be sent again unchanged.

A part with a file name is a file to PHP, one without is a parameter; the vendors' servers tell them apart
(measured with PHP 8.2; 2026-11).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import field

from chalicelib.value import value


@value
class Part:
    """
    One part. `name`, `filename` and `content_type` are ASCII without quotes: constants of the vendor's module.
    """

    name: str
    data: bytes = field(repr=False)
    filename: str = ""
    content_type: str = ""


def multipart(parts: Sequence[Part]) -> tuple[str, bytes]:
    """
    The Content-Type and the body. The boundary is a digest of the parts, proven to be in none of them.
    """
    boundary = _boundary(parts)
    pieces: list[bytes] = []
    for part in parts:
        pieces += (_head(part, boundary), part.data, b"\r\n")
    pieces.append(f"--{boundary}--\r\n".encode("ascii"))
    return f"multipart/form-data; boundary={boundary}", b"".join(pieces)


def _boundary(parts: Sequence[Part]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(b"%d:" % len(part.data))
        digest.update(part.data)
    while True:  # ends: no data of finite size holds every digest
        boundary = f"ekiden-{digest.hexdigest()}"
        if not any(boundary.encode("ascii") in part.data for part in parts):
            return boundary
        digest.update(b"again")


def _head(part: Part, boundary: str) -> bytes:
    lines = [f"--{boundary}", f'Content-Disposition: form-data; name="{part.name}"']
    if part.filename:
        lines[1] += f'; filename="{part.filename}"'
    if part.content_type:
        lines.append(f"Content-Type: {part.content_type}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")
