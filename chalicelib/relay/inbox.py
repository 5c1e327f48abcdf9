"""
The inbox: where a verified envelope goes, raw, when the table does not take it; it is unpacked later.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import replace

from chalicelib import sources
from chalicelib.errors import StoreUnavailable
from chalicelib.model import Envelope, Source
from chalicelib.records.layout import stamp, unstamp
from chalicelib.relay.deps import Deps

BODY_BYTES_MAX = 700_000
"""
What fits, as base64 and with its headers, into an SQS message of 1 MiB.
"""

KEPT_HEADERS = frozenset(
    {"content-type", "accept", "origin", "referer", "accept-language", "x-requested-with", "sec-fetch-mode"},
)


def keep(deps: Deps, envelope: Envelope, source: Source, why: Exception, *, secrets: Mapping[str, str]) -> None:
    """
    Put a verified envelope into the inbox. Raises StoreUnavailable if it cannot take it either.

    Secrets are left behind, in headers, in the address and in the body: what is in the inbox has been verified.
    """
    if len(envelope.body) > BODY_BYTES_MAX:
        raise StoreUnavailable("the table refuses, and the envelope is too large for the inbox", maybe_applied=False)
    body = sources.without_secrets(envelope.body, source, secrets)
    deps.ports.inbox.send(pack(replace(envelope, body=body), source))
    deps.ports.journal.log("envelope.in_inbox", source=source.name, reason=str(why))


def pack(envelope: Envelope, source: Source) -> str:
    """
    An envelope as a message.
    """
    named = sources.headers_that_name(source.event).union(sources.header_names(source.event.id))
    headers = {name: value for name, value in envelope.headers.items() if name in KEPT_HEADERS | named}
    return json.dumps(
        {
            "source": envelope.source,
            "method": envelope.method,
            "headers": headers,
            "body": base64.b64encode(envelope.body).decode(),
            "received_at": stamp(envelope.received_at),
            "suspicion": envelope.suspicion,
        },
        ensure_ascii=False,
    )


def unpack(body: str) -> Envelope:
    """
    The envelope that `pack` made. Raises ValueError or KeyError for a message that is not ours.
    """
    found = json.loads(body)
    return Envelope(
        source=found["source"],
        method=found["method"],
        headers=found["headers"],
        body=base64.b64decode(found["body"]),
        received_at=unstamp(found["received_at"]),
        verified=True,
        suspicion=found.get("suspicion", ""),
    )
