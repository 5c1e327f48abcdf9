"""
Uploads: files too large for a request, on their way to becoming events row by row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum

from chalicelib.value import value


class ImportState(StrEnum):
    """
    Where a file is: not there yet, being read, read to its end, in front of a person, or never sent.
    """

    AWAITED = "awaited"
    READING = "reading"
    DONE = "done"
    HELD = "held"
    ABSENT = "absent"


@value
class Import:
    """
    One file of one source, and how far its rows have become events.

    `name` is the object in the bucket, `id` its last part. `route` names the only route its rows shall take (empty: all
    of the source's). `tier` is that of its deliveries. `rows` are in the file (0: not counted yet), `rows_done` of them
    have become events. `counts` are deliveries by state; `repeated` rows had become events before. `same_as` is the id
    of an earlier import of the same bytes, `held_as` that of the event by which a person sees a held file. `owner` is
    the worker that reads it until `lease_until`; `tries` counts workers since the last one that got on.
    """

    name: str
    id: str
    source: str
    route: str = ""
    filename: str
    size: int
    digest: str = ""
    state: ImportState = ImportState.AWAITED
    tier: int = 1
    asked_at: datetime
    rows: int = 0
    rows_done: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    repeated: int = 0
    reason: str = ""
    same_as: str = ""
    held_as: str = ""
    owner: str = ""
    lease_until: datetime | None = None
    tries: int = 0


@value
class Upload:
    """
    Where and how to send a file: one PUT of exactly these bytes, with these headers, before `expires_at`.
    """

    id: str
    url: str = field(repr=False)
    headers: Mapping[str, str]
    size: int
    expires_at: datetime
