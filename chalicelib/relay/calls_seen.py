"""
The calls of a story: which ones its deliveries travelled in, when, with how many others, and what came back.

A call for one contact is told by the delivery's own history. A file is told by what the bucket still has of it, which
is ten days; whoever may not read the bucket is told the call's id alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from chalicelib.errors import StoreUnavailable
from chalicelib.model import Delivery
from chalicelib.records.layout import unstamp
from chalicelib.relay import files
from chalicelib.relay.deps import Deps
from chalicelib.value import value

SENDING = "sending"
CALL = "call "


@value
class CallSeen:
    """
    One call as a story tells it. `reply` is what it meant: a state or a verdict with its reason, "" while it is open.

    `rows` is how many contacts travelled in it (0: not known any more), `tries` how often its bytes were sent, `file`
    where its bytes are in the bucket ("": it had none, or they are gone), `file_bytes` how many.
    """

    id: str
    delivery: str
    lane: str
    at: datetime | None = None
    reply: str = ""
    rows: int = 1
    tries: int = 1
    file: str = ""
    file_bytes: int = 0


def calls_of(
    deps: Deps, deliveries: Sequence[Delivery], histories: Mapping[str, Sequence[str]]
) -> tuple[CallSeen, ...]:
    """
    The calls of these deliveries, in the order of the deliveries and of time.
    """
    found: list[CallSeen] = []
    for each in deliveries:
        single = list(_from_history(each, histories.get(each.id, ())))
        known = {call.id for call in single}
        found += single
        if each.call_id and each.call_id not in known:
            found.append(_from_bucket(deps, each))
    return tuple(found)


def _from_history(delivery: Delivery, history: Sequence[str]) -> Iterator[CallSeen]:
    lines = [line.split(" ", 2) for line in history]
    for number, line in enumerate(lines):
        note = line[2] if len(line) > 2 else ""
        if line[1] != SENDING or not note.startswith(CALL):
            continue
        after = lines[number + 1][1:] if number + 1 < len(lines) else []
        yield CallSeen(
            id=note.removeprefix(CALL),
            delivery=delivery.id,
            lane=delivery.lane,
            at=unstamp(line[0]),
            reply=": ".join(after),
        )


def _from_bucket(deps: Deps, delivery: Delivery) -> CallSeen:
    place = files.prefix(delivery.lane, delivery.call_id)
    unknown = CallSeen(
        id=delivery.call_id,
        delivery=delivery.id,
        lane=delivery.lane,
        at=delivery.settled_at,
        rows=0,
        reply=_end(delivery),
    )
    bucket = deps.ports.bucket
    try:
        size = bucket.size(f"{place}/data")
        if size is None:
            return unknown
        return replace(
            unknown,
            rows=len(files.lines_of(bucket, place)),
            tries=max(1, sum(1 for _ in bucket.names(f"{place}/reading-"))),
            file=place,
            file_bytes=size,
        )
    except StoreUnavailable:
        return unknown


def _end(delivery: Delivery) -> str:
    return ": ".join(filter(None, (str(delivery.state), delivery.proof or delivery.reason)))
