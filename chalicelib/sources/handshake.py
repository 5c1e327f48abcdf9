"""
A sender's proof-of-ownership ritual: it asks the address to repeat a word.

Meta asks by GET with a token of its own, before any signed request. Slack asks by a signed POST.
"""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.errors import EnvelopeRefused, Unusable
from chalicelib.model import Envelope, Handshake, Response, Source
from chalicelib.sources import bodies, json_text
from chalicelib.sources.verify import secret_passes, unauthorized

ECHO_CHARS_MAX = 1_024


def handshake(envelope: Envelope, source: Source, secrets: Mapping[str, str]) -> Response | None:
    """
    The answer if the envelope is a handshake of this source, else None.

    A GET handshake carries its own token and is asked for before `verify`; a POST one after it. Raises
    EnvelopeRefused (401) for a GET handshake with a wrong token.
    """
    for rule in source.handshake:
        word = (
            _asked_by_query(rule, envelope, secrets)
            if rule.place == "query"
            else _asked_by_json(rule, envelope, source)
        )
        if word is not None and len(word) <= ECHO_CHARS_MAX:
            return Response(status=200, headers=_HEADERS, body=word)
    return None


# Plain text that a browser may not take for a page: the word comes from outside.
_HEADERS = {
    "Content-Type": "text/plain; charset=utf-8",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def _asked_by_query(rule: Handshake, envelope: Envelope, secrets: Mapping[str, str]) -> str | None:
    if envelope.method.upper() != "GET":
        return None
    query = {name: values[0] for name, values in envelope.query.items() if values}
    word = query.get(rule.echo)
    if word is None or any(query.get(name) != value for name, value in rule.when.items()):
        return None
    if rule.token_name and not secret_passes(query.get(rule.token_name), rule.secret, secrets):
        raise unauthorized()
    return word


def _asked_by_json(rule: Handshake, envelope: Envelope, source: Source) -> str | None:
    if envelope.method.upper() != "POST" or len(envelope.body) > source.body_bytes_max:
        return None
    if rule.echo.encode() not in envelope.body:  # spares the events of every day a second parsing
        return None
    try:
        body = bodies.read(envelope, source.parse).value
    except (EnvelopeRefused, Unusable):
        return None
    if not isinstance(body, dict) or any(body.get(name) != value for name, value in rule.when.items()):
        return None
    word = body.get(rule.echo)
    return word if isinstance(word, str) and json_text.encodable(word) else None
