"""
A batch call's file in the bucket: its exact bytes, and which line carries which deliveries.

Both are stored before the call is recorded, so that a worker that dies leaves nothing to guess: the same bytes can be
sent again, and every row can be settled by its line.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, field, fields
from datetime import datetime
from typing import Any

from chalicelib.errors import StoreUnavailable
from chalicelib.model import (
    Batch,
    Deferred,
    Delivered,
    LaneKey,
    Line,
    OpenCall,
    Outcome,
    Reading,
    Refused,
    Uncertain,
    Verdict,
)
from chalicelib.ports import Bucket
from chalicelib.records.layout import stamp, unstamp
from chalicelib.value import value

OUTCOMES: Mapping[str, type] = {
    "delivered": Delivered,
    "refused": Refused,
    "deferred": Deferred,
    "uncertain": Uncertain,
}

ABOUT = "about.json"
"""
The small object that tells of a call's file what an operator's list shows: nothing of anybody in it.
"""


@value
class CallFile:
    """
    What the bucket holds of one batch call: the batch (as it was planned) and the bytes that are sent.
    """

    batch: Batch
    data: bytes = field(repr=False)


def prefix(lane: str, call_id: str) -> str:
    """
    Where a call's objects are.
    """
    return f"calls/{lane}/{call_id}"


def store(bucket: Bucket, place: str, file: CallFile, *, key: str, at: datetime) -> None:
    """
    Store what tells of them, lines and bytes, in this order: whoever erases a person finds files by their lines.
    """
    about = {
        "at": stamp(at),
        "key": key,
        "destination": file.batch.destination,
        "operation": file.batch.operation,
        "settings": dict(file.batch.settings),
        "rows": len(file.batch.lines),
        "bytes": len(file.data),
    }
    bucket.put(f"{place}/{ABOUT}", json.dumps(about, ensure_ascii=False).encode())
    bucket.put(f"{place}/lines.json", _lines_json(file.batch.lines))
    bucket.put(f"{place}/data", file.data)


def load(bucket: Bucket, place: str, lane: str, key: LaneKey) -> CallFile | None:
    """
    What was stored, or None where its ten days are over.
    """
    data, lines = bucket.get(f"{place}/data"), bucket.get(f"{place}/lines.json")
    if data is None or lines is None:
        return None
    batch = Batch(
        lane=lane,
        destination=key.destination,
        operation=key.operation,
        settings=key.settings,
        lines=tuple(_line(each) for each in json.loads(lines)),
    )
    return CallFile(batch=batch, data=data)


def store_reading(bucket: Bucket, call: OpenCall, reading: Reading) -> None:
    """
    Store what the reply meant for each row, before any row follows it. Each try of a call has a place of its own.
    """
    told = {
        "verdict": asdict(reading.verdict),
        "outcomes": {name: _outcome_json(outcome) for name, outcome in reading.outcomes.items()},
    }
    bucket.put(_reading_name(call), json.dumps(told, ensure_ascii=False).encode())
    # By its name alone, so that a list of files need not read what their answers meant row by row. A list may lack it;
    # the call itself must not be made again for it.
    with suppress(StoreUnavailable):
        bucket.put(f"{call.file}/said-{call.tries}-{reading.verdict.kind}", b"")


def load_reading(bucket: Bucket, call: OpenCall) -> Reading | None:
    """
    What `store_reading` stored of this try, or None where it is gone.
    """
    raw = bucket.get(_reading_name(call))
    if raw is None:
        return None
    told = json.loads(raw)
    return Reading(
        outcomes={name: _outcome(each) for name, each in told["outcomes"].items()},
        verdict=Verdict(**told["verdict"]),
    )


def last_said(parts: Iterable[str]) -> str:
    """
    What the last answer meant for the lane, read off the names of a call's objects; "" where none is there.
    """
    said = [part.split("-", 2) for part in parts if part.startswith("said-")]
    return max(((int(tries), kind) for _, tries, kind in said), default=(0, ""))[1]


def lines_of(bucket: Bucket, place: str) -> list[dict[str, Any]]:
    """
    The lines of a call as they are stored; none where they are gone.
    """
    found: list[dict[str, Any]] = json.loads(bucket.get(f"{place}/lines.json") or b"[]")
    return found


def lines_without(lines: Sequence[Mapping[str, Any]], numbers: Collection[int]) -> bytes:
    """
    What to store of a call's lines when some of them are taken out.
    """
    left = [dict(line) for number, line in enumerate(lines) if number not in numbers]
    return json.dumps(left, ensure_ascii=False).encode()


def _reading_name(call: OpenCall) -> str:
    return f"{call.file}/reading-{call.tries}.json"


def _lines_json(lines: Sequence[Line]) -> bytes:
    told = [
        {
            "contact": line.contact,
            "payload": dict(line.payload),
            "deliveries": list(line.deliveries),
            "times": {name: stamp(at) for name, at in line.times.items()},
        }
        for line in lines
    ]
    return json.dumps(told, ensure_ascii=False).encode()


def _line(told: Mapping[str, Any]) -> Line:
    return Line(
        contact=told["contact"],
        payload=told["payload"],
        deliveries=tuple(told["deliveries"]),
        times={name: unstamp(at) for name, at in told["times"].items()},
    )


def _outcome_json(outcome: Outcome) -> dict[str, object]:
    kind = next(name for name, each in OUTCOMES.items() if isinstance(outcome, each))
    values = {each.name: getattr(outcome, each.name) for each in fields(outcome)}
    return {"kind": kind, **{name: dict(v) if isinstance(v, Mapping) else v for name, v in values.items()}}


def _outcome(told: Mapping[str, Any]) -> Outcome:
    outcome: Outcome = OUTCOMES[told["kind"]](**{name: value for name, value in told.items() if name != "kind"})
    return outcome
