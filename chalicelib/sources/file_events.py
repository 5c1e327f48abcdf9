"""
A row of a file → the event it means. A row that cannot be understood is kept for a person, with its line.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from chalicelib.errors import Unusable
from chalicelib.model import Envelope, Event, Source
from chalicelib.sources import naming
from chalicelib.sources.csv_rows import CsvFault, CsvRow
from chalicelib.sources.events import RECORD

FILE = "file"
"""
`evidence["part"]` of an event that stands for a whole file.
"""


def row_event(
    row: CsvRow | CsvFault, source: Source, *, key: bytes, arrival: datetime, origin: Mapping[str, str]
) -> Event:
    """
    The event of one row: kind, time and test by the source's rules, its columns as fields. Never raises for a row.

    `origin` (the file's name and id) and the row's line are kept as evidence. What the rules call the id is not asked:
    a row is known by its file and its place.
    """
    evidence = {**origin, "line": str(row.line)}
    if isinstance(row, CsvFault):
        return _unusable(row.text, row.reason, source, arrival, evidence)
    fields, envelope = dict(row.fields), Envelope(source=source.name, received_at=arrival)
    try:
        name = naming.name_of(fields, envelope, source.event, key=key, arrival=arrival)
    except Unusable as problem:
        text = json.dumps(fields, ensure_ascii=False)
        return _unusable(text, f"line {row.line}: {problem}", source, arrival, {**evidence, "part": RECORD})
    return Event(
        source=source.name,
        kind=name.kind,
        time=name.time,
        fields=fields,
        dedupe="",
        dedupe_seconds=0,
        test=name.test,
        evidence=evidence | ({"time": name.note} if name.note else {}),
    )


def _unusable(text: str, why: str, source: Source, arrival: datetime, evidence: Mapping[str, str]) -> Event:
    return Event(
        source=source.name,
        kind="unusable",
        time=arrival,
        fields={"_raw": text},
        dedupe="",
        dedupe_seconds=0,
        hold=why,
        evidence=evidence,
    )
