"""
Sources: an envelope in, events out, and the door's answers. Pure: secrets and the time arrive as values.
"""

from __future__ import annotations

from chalicelib.sources import faces
from chalicelib.sources.events import RECORD, Knock, events, understand
from chalicelib.sources.fill_token import fill_token
from chalicelib.sources.handshake import handshake
from chalicelib.sources.presets import PRESETS
from chalicelib.sources.respond import Accepted, preflight, problem, success
from chalicelib.sources.verify import secret_refs, unauthorized, verify
from chalicelib.sources.withheld import withhold

__all__ = [
    "PRESETS",
    "RECORD",
    "Accepted",
    "Knock",
    "events",
    "faces",
    "fill_token",
    "handshake",
    "preflight",
    "problem",
    "secret_refs",
    "success",
    "unauthorized",
    "understand",
    "verify",
    "withhold",
]
