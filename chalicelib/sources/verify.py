"""
Who knocks? One verifier for every scheme: tokens, signatures over the raw bytes, and a browser's Origin.

All comparisons are of bytes and take the same time for right and wrong values; every live secret is compared, also
after a match. Whatever is missing, malformed or wrong gets the same words, so that the answer teaches nothing.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from chalicelib.errors import EnvelopeRefused, Unusable
from chalicelib.model import Browser, Captcha, Envelope, Equals, Handshake, Hmac, SecretRefs, Source, Token
from chalicelib.sources import bodies
from chalicelib.sources.origins import listed, origin_of
from chalicelib.sources.paths import find
from chalicelib.sources.signature import as_bytes, signature_passes


def verify(envelope: Envelope, source: Source, secrets: Mapping[str, str], *, public_url: str, now: datetime) -> None:
    """
    Let the envelope pass only if all checks of the source do; a webhook without any check lets nobody pass.

    `secrets` maps every reference of the source to its value. `public_url` is the complete address that the sender was
    given for this source, with its query: some schemes sign it. A captcha is asked about elsewhere, after this. Raises
    EnvelopeRefused: 401 for tokens, signatures and members of the body, 403 for a browser's page that is not listed,
    400 and 415 where a member of the body is wanted and the body cannot be read.
    """
    if envelope.verified:
        return
    proofs = [check for check in source.verify if isinstance(check, Token | Hmac)]
    passed = [
        _token_passes(check, envelope, source, secrets)
        if isinstance(check, Token)
        else signature_passes(check, envelope, _values(check.secret, secrets), public_url=public_url, now=now)
        for check in proofs
    ]
    if not all(passed) or (not source.verify and source.form is None):
        raise unauthorized()
    members = [check for check in source.verify if isinstance(check, Equals)]
    if members and not _members_pass(members, envelope, source):
        raise unauthorized()
    for check in source.verify:
        if isinstance(check, Browser) and not _page_passes(check, envelope, public_url):
            raise EnvelopeRefused(403, "origin", "This form may not be sent from that page.")


def unauthorized() -> EnvelopeRefused:
    """
    The one answer to an unknown source, a missing or a wrong proof.
    """
    return EnvelopeRefused(401, "unauthorized", "The sender could not be verified.")


def secret_refs(source: Source) -> tuple[str, ...]:
    """
    Every secret reference of a source, once each.
    """
    checks = [*source.verify, *source.handshake]
    secret = [check for check in checks if isinstance(check, Token | Hmac | Handshake | Captcha)]
    refs = [ref for check in secret for ref in check.secret]
    return tuple(dict.fromkeys(refs))


def secret_passes(given: str | bytes | None, refs: SecretRefs, secrets: Mapping[str, str]) -> bool:
    """
    Whether `given` is one of the live secrets.
    """
    if given is None:
        return False
    return _among(given if isinstance(given, bytes) else as_bytes(given), _values(refs, secrets))


def _values(refs: SecretRefs, secrets: Mapping[str, str]) -> list[bytes]:
    """
    The live values; an empty one would admit everybody, so it counts as none.
    """
    return [as_bytes(value) for ref in refs if (value := secrets.get(ref))]


def _among(given: bytes, wanted: Iterable[bytes]) -> bool:
    found = False
    for one in wanted:
        found = hmac.compare_digest(given, one) or found
    return found


# ── tokens ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _token_passes(token: Token, envelope: Envelope, source: Source, secrets: Mapping[str, str]) -> bool:
    given = _given(token, envelope, source)
    if isinstance(given, str) and token.prefix:
        start = given[: len(token.prefix)]
        given = given[len(token.prefix) :] if start.lower() == token.prefix.lower() else None
    return secret_passes(given, token.secret, secrets)


def _given(token: Token, envelope: Envelope, source: Source) -> str | bytes | None:
    """
    The value at the token's place; None where it is missing or comes more than once.
    """
    match token.place:
        case "path":
            return envelope.path_token
        case "query":
            values = envelope.query.get(token.name, ())
            return values[0] if len(values) == 1 else None
        case "header":
            return envelope.headers.get(token.name.lower())
        case "basic":
            return _password(envelope.headers.get("authorization", ""), token.name)
        case _:
            return _body_token(token, envelope, source)


def _password(authorization: str, user: str) -> bytes | None:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
    except ValueError:
        return None
    return password if not user or hmac.compare_digest(name, as_bytes(user)) else None


def _body_token(token: Token, envelope: Envelope, source: Source) -> str | None:
    if len(envelope.body) > source.body_bytes_max:
        return None
    try:
        body = bodies.read(envelope, source.parse)
        if token.place == "form":
            values = [value for name, value in body.pairs if name == token.name]
            return values[0] if len(values) == 1 else None
        found = find(token.name, body.value)
    except (EnvelopeRefused, Unusable):
        return None
    return found if isinstance(found, str) else None


def _members_pass(checks: Sequence[Equals], envelope: Envelope, source: Source) -> bool:
    """
    Whether each member of the body has one of its values.
    """
    if len(envelope.body) > source.body_bytes_max:
        return False
    try:
        body = bodies.read(envelope, source.parse).value
    except Unusable:
        return False
    return all(_member_passes(check, find(check.name, body)) for check in checks)


def _member_passes(check: Equals, found: object) -> bool:
    if not isinstance(found, str):
        return False
    chars = check.chars or None
    return any(found.strip()[:chars] == wanted[:chars] for wanted in check.values if len(found.strip()) >= check.chars)


# ── browsers ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _page_passes(check: Browser, envelope: Envelope, public_url: str) -> bool:
    """
    Whether the page may send here.

    A browser that states no Origin passes: old ones do not, and anybody can leave it out. `null` (a sandboxed frame, a
    strict referrer policy) counts by the Referer where there is one. The relay's own pages, on which a visitor mends a
    refused form, are always listed.
    """
    origin = envelope.headers.get("origin", "").strip()
    if not origin or not check.origins:
        return True
    if origin == "null":
        referer = envelope.headers.get("referer", "").strip()
        return not referer or listed(referer, check.origins) or _own(referer, envelope, public_url)
    return listed(origin, check.origins) or _own(origin, envelope, public_url)


def _own(address: str, envelope: Envelope, public_url: str) -> bool:
    origin = origin_of(address)
    if origin is None:
        return False
    return origin == origin_of(public_url) or urlsplit(origin).netloc == envelope.headers.get("host", "").lower()
