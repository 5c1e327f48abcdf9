"""
What is taken out of a verified envelope before anything may keep it: session ids, captcha proofs.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from urllib.parse import unquote_plus

from chalicelib.model import Envelope, Source
from chalicelib.sources import bodies, soap
from chalicelib.sources.captcha import CARRIED_FIELD, check_of
from chalicelib.sources.visitors import CAPTCHA_FIELDS

_PART_NAME = re.compile(rb'[;\s]name="?([^";\r\n]*)', re.IGNORECASE)


def withhold(envelope: Envelope, source: Source, *, captcha: str = "") -> Envelope:
    """
    The envelope without what must not be kept. `captcha` is the digest that stands for a proof that was good.

    Raises EnvelopeRefused for a body that cannot be read.
    """
    if source.parse.format == "soap":
        return replace(envelope, body=soap.without_secrets(envelope.body, depth_max=source.parse.depth_max))
    if check_of(source) is None:
        return envelope
    form = bodies.format_of(envelope, source.parse)
    if form == "multipart":
        return replace(envelope, body=_multipart(envelope, captcha))
    return replace(
        envelope, body=_json(envelope, source, captcha) if form == "json" else _urlencoded(envelope, captcha)
    )


def _gone(name: str) -> bool:
    return name in CAPTCHA_FIELDS or name == CARRIED_FIELD


def _urlencoded(envelope: Envelope, captcha: str) -> bytes:
    kept = [
        pair for pair in envelope.body.split(b"&") if not _gone(unquote_plus(pair.partition(b"=")[0].decode("latin-1")))
    ]
    return b"&".join([*kept, f"{CARRIED_FIELD}={captcha}".encode()] if captcha else kept)


def _json(envelope: Envelope, source: Source, captcha: str) -> bytes:
    """
    The JSON in ASCII, so that the charset it is read in does not matter.
    """
    found = bodies.read(envelope, source.parse).value
    if isinstance(found, dict):
        found = {name: member for name, member in found.items() if not _gone(name)}
        found |= {CARRIED_FIELD: captcha} if captcha else {}
    return json.dumps(found).encode("ascii")


def _multipart(envelope: Envelope, captcha: str) -> bytes:
    """
    The parts between the boundaries, which cannot occur inside of a part, less those that carry a proof.
    """
    from multipart import parse_options_header  # noqa: PLC0415 - most forms have no need of it

    boundary: bytes = b"--" + parse_options_header(envelope.headers.get("content-type", ""))[1]["boundary"].encode()
    kept = [part for part in envelope.body.split(boundary) if not _gone(_name(part))]
    if captcha:
        carried = f'\r\nContent-Disposition: form-data; name="{CARRIED_FIELD}"\r\n\r\n{captcha}\r\n'
        kept.insert(1, carried.encode())
    return boundary.join(kept)


def _name(part: bytes) -> str:
    found = _PART_NAME.search(part.partition(b"\r\n\r\n")[0])
    return found[1].decode("latin-1") if found else ""
