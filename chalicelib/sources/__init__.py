"""
Sources: an envelope in, events out, and the door's answers. Pure: secrets and the time arrive as values.
"""

from __future__ import annotations

from chalicelib.sources import faces
from chalicelib.sources.events import RECORD, Knock, events, headers_that_name, understand, without_secrets
from chalicelib.sources.fill_token import fill_token
from chalicelib.sources.handshake import handshake
from chalicelib.sources.origins import cors_of_pages, origin_of
from chalicelib.sources.paths import HEADER, header_names
from chalicelib.sources.presets import PRESETS
from chalicelib.sources.receipt import receipt, receipt_in, receipt_passes
from chalicelib.sources.receipt import told as receipt_words
from chalicelib.sources.respond import Accepted, preflight, problem, success
from chalicelib.sources.verify import secret_refs, unauthorized, verify
from chalicelib.sources.withheld import withhold

__all__ = [
    "HEADER",
    "PRESETS",
    "RECORD",
    "Accepted",
    "Knock",
    "cors_of_pages",
    "events",
    "faces",
    "fill_token",
    "handshake",
    "header_names",
    "headers_that_name",
    "origin_of",
    "preflight",
    "problem",
    "receipt",
    "receipt_in",
    "receipt_passes",
    "receipt_words",
    "secret_refs",
    "success",
    "unauthorized",
    "understand",
    "verify",
    "withhold",
    "without_secrets",
]
