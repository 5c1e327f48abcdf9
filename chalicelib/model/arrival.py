"""
What knocks (Envelope), what it means (Event), and what the door answers (Response).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Any

from chalicelib.value import value

Json = Any
"""
A JSON value: None, bool, int, float, str, list or dict of the same.
"""


@value
class Envelope:
    """
    One HTTP request as it came: raw bytes, nothing interpreted.

    `headers` have lower-case names. `query` keeps repeated values, percent-decoded (API Gateway gives no raw query
    string). `path_token` is the last path segment of URL-token sources. `received_at` is UTC. `verified` is true only
    for envelopes that Ekiden itself kept in its inbox after it had verified them. `face` names the API at whose
    address it knocked (a drop-in's), empty for Ekiden's own. `suspicion` is why its events are to be held, if so.
    """

    source: str
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    path_token: str | None = None
    body: bytes = field(default=b"", repr=False)
    received_at: datetime
    verified: bool = False
    face: str = ""
    suspicion: str = ""


@value
class Event:
    """
    What one record of an envelope means: one contact's fields at one time.

    `dedupe` identifies the same knock coming twice within `dedupe_seconds` (the sender's own id, else a digest of the
    fields). `kind` is upsert, unsubscribe, delete or ignore. `time` is the sender's event time, else the arrival,
    in UTC. `hold` is a reason for suspicion: the deliveries of this event wait for a person. `evidence` keeps page and
    consent text (特定電子メール法).
    """

    source: str
    kind: str = "upsert"
    time: datetime
    fields: Mapping[str, Json] = field(repr=False)
    dedupe: str
    dedupe_seconds: int
    hold: str | None = None
    test: bool = False
    evidence: Mapping[str, str] = field(default_factory=dict, repr=False)


@value
class Response:
    """
    What the door answers, in neutral form; app.py turns it into Chalice's.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = field(default="", repr=False)
