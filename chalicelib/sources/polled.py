"""
A row that was asked for → the event it means. A row that cannot be understood is kept for a person.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from chalicelib.errors import Unusable
from chalicelib.model import Envelope, Event, Source
from chalicelib.model.arrival import Json
from chalicelib.sources import naming, records
from chalicelib.sources.events import RECORD

REMEMBERED_SECONDS = 14 * 86_400
"""
How long a row's id is remembered: longer than any overlap of two runs.
"""

DIGEST_CHARS = 24


def row_digest(row: Mapping[str, Json], key: bytes) -> str:
    """
    A short keyed digest of a whole row: whether it is the same as before, without what it says.
    """
    return naming.digest(row, key).partition(":")[2][:DIGEST_CHARS]


def polled_event(
    row: Mapping[str, Json], source: Source, *, key: bytes, arrival: datetime, dedupe: str = "", doubt: str = ""
) -> Event:
    """
    The event of one row: kind, time and id by the source's rules. Never raises for a row.

    `dedupe` stands for the id where rows have none that never changes; `doubt` is why it waits for a person.
    """
    evidence = {"poll": source.poll.retrieval if source.poll else ""}
    record: Json = dict(row)
    try:
        record = records.tidy(record)
        name = naming.name_of(
            record, Envelope(source=source.name, received_at=arrival), source.event, key=key, arrival=arrival
        )
    except Unusable as problem:
        known = dedupe or naming.digest(record, key)
        return _unusable(record, str(problem), source, arrival, dedupe=known, evidence=evidence)
    if doubt:
        known = f"doubt:{dedupe or name.dedupe}"  # not its own id: released, it comes in anew under that
        return _unusable(record, doubt, source, arrival, dedupe=known, evidence=evidence)
    return Event(
        source=source.name,
        kind=name.kind,
        time=name.time,
        fields=record,
        dedupe=dedupe or name.dedupe,
        dedupe_seconds=REMEMBERED_SECONDS,
        test=name.test,
        evidence=evidence | ({"time": name.note} if name.note else {}),
    )


def _unusable(
    record: Mapping[str, Json], why: str, source: Source, arrival: datetime, *, dedupe: str, evidence: Mapping[str, str]
) -> Event:
    return Event(
        source=source.name,
        kind="unusable",
        time=arrival,
        fields={"_raw": json.dumps(record)},
        dedupe=dedupe,
        dedupe_seconds=REMEMBERED_SECONDS,
        hold=why,
        evidence={**evidence, "part": RECORD},
    )
