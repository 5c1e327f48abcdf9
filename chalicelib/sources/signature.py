"""
Signatures over the raw bytes of a request: one function for every scheme that a source can describe.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from chalicelib.model import Envelope, Hmac

SIGNATURES_MAX = 10
"""
How many signatures of one header are compared; senders that rotate keys send two.
"""

_TIMESTAMP = re.compile(r"[0-9]{1,15}")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+")
_PLACEHOLDER = re.compile(r"(\{[^{}]+\})")
# Exactly the escapes that HubSpot decodes before signing (developers.hubspot.com, validating requests; 2026-11).
_HUBSPOT_ESCAPES = re.compile(r"%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)


def signature_passes(
    check: Hmac, envelope: Envelope, secrets: Iterable[bytes], *, public_url: str, now: datetime
) -> bool:
    """
    Whether one of the signatures in the header was made with one of the secrets, within the tolerance of `now`.

    Every signature is compared with every secret, also after a match. Junk of any kind is a signature that fails.
    """
    header = next((value for name in check.headers if (value := envelope.headers.get(name.lower())) is not None), None)
    if header is None:
        return False
    given, fields = _signatures(check, header)
    timed = bool(check.timestamp_header or check.timestamp_field)
    found = envelope.headers.get(check.timestamp_header.lower()) if check.timestamp_header else None
    stamp = (fields.get(check.timestamp_field) if check.timestamp_field else found) or ""
    if timed and not _fresh(check, stamp, now):
        return False
    passed = False
    for secret in secrets:
        wanted = _expected(check, envelope, secret, stamp=stamp, public_url=public_url)
        for one in given:
            passed = (wanted is not None and hmac.compare_digest(one, wanted)) or passed
    return passed


def as_bytes(text: str) -> bytes:
    """
    Any text as bytes: a header may hold what UTF-8 cannot, and must fail to match, not to encode.
    """
    return text.encode("utf-8", "surrogatepass")


def _signatures(check: Hmac, header: str) -> tuple[list[bytes], Mapping[str, str]]:
    """
    The decoded signatures of a header, and the other fields of a `t=…,v1=…` header.
    """
    if check.style == "plain":
        texts = [header.removeprefix(check.prefix)] if header.startswith(check.prefix) else []
        return _decoded(texts, check.encoding), {}
    separator, mark = (",", "=") if check.style == "kv" else (None, ",")
    entries = [entry.strip().partition(mark) for entry in header.split(separator)]
    texts = [text for tag, _, text in entries if tag == check.tag]
    fields = {tag: text for tag, _, text in reversed(entries) if tag != check.tag}
    return _decoded(texts[:SIGNATURES_MAX], check.encoding), fields


def _decoded(texts: Iterable[str], encoding: str) -> list[bytes]:
    """
    Signatures as bytes, without those that are not written in the encoding.
    """
    found = []
    for text in texts:
        if encoding == "hex":
            if _HEX.fullmatch(text):
                found.append(bytes.fromhex(text))
            continue
        try:
            found.append(base64.b64decode(text, validate=True))
        except ValueError:
            continue
    return found


def _fresh(check: Hmac, stamp: str, now: datetime) -> bool:
    if not _TIMESTAMP.fullmatch(stamp):
        return False
    seconds = int(stamp) / (1000 if check.timestamp_unit == "ms" else 1)
    return abs(now.timestamp() - seconds) <= check.tolerance_seconds


def _expected(check: Hmac, envelope: Envelope, secret: bytes, *, stamp: str, public_url: str) -> bytes | None:
    """
    The signature that this secret makes, None where a signed header or the key is unusable.
    """
    known = {
        "{body}": envelope.body,
        "{ts}": as_bytes(stamp),
        "{method}": as_bytes(envelope.method.upper()),
        "{url}": as_bytes(_signed_url(public_url, check.url_decode)),
        "{secret}": secret,
    }
    signed = bytearray()
    for piece in _PLACEHOLDER.split(check.signed):
        if piece.startswith("{h:"):
            header = envelope.headers.get(piece[3:-1].lower())
            if header is None:
                return None
            signed += as_bytes(header)
        else:
            signed += known.get(piece, as_bytes(piece))
    if check.construction == "hash":
        return hashlib.new(check.algorithm, signed).digest()
    key = _whsec(secret) if check.key == "whsec" else secret
    return hmac.digest(key, signed, check.algorithm) if key else None


def _signed_url(url: str, decoding: str) -> str:
    if decoding != "hubspot":
        return url
    return _HUBSPOT_ESCAPES.sub(lambda found: chr(int(found[0][1:], 16)), url)


def _whsec(secret: bytes) -> bytes:
    """
    The key behind `whsec_…`: base64, sometimes without its padding; empty where it is none.
    """
    encoded = secret.removeprefix(b"whsec_")
    try:
        return base64.b64decode(encoded + b"=" * (-len(encoded) % 4), validate=True)
    except ValueError:
        return b""
