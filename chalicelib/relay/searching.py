"""
Finding submissions: by address, source, state and time, the newest first, a page at a time.

No search reads the whole table. Each walks one or a few partitions of an index that lists ids by time, reads what the
ids name, and leaves out what was not asked for. A page looks at so many submissions at most; where few of them are
wanted it may be short or empty and still have a next one.
"""

from __future__ import annotations

import heapq
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from datetime import datetime

from chalicelib.model import Delivery, State
from chalicelib.ports import Item, Query
from chalicelib.records import deliveries
from chalicelib.records.layout import (
    ATTENTION,
    CAME_SHARDS,
    WAITING,
    came_partition,
    delivered_partition,
    delivery_id,
    delivery_key,
    event_key,
    load,
    stamp,
    unstamp,
    who_partition,
)
from chalicelib.relay.deps import Deps
from chalicelib.relay.faults import gist
from chalicelib.relay.viewing import OperatorError
from chalicelib.relay.whose import digests, first_address, masked
from chalicelib.value import value

PAGE = 25
PAGE_MAX = 100
LOOKED_AT_MAX = 500
"""
So many submissions one page looks at, at most: about ten requests to the table.
"""

CHUNK = 100
REPLAYS_FOLLOWED_MAX = 10
LAST = "\U0010ffff"


@value
class Wanted:
    """
    What is looked for; everything that is given must hold. `source` and `state` are exact; times are of arrival.

    With `state` held or dead the order is that of becoming so, with `delivered` that of delivery.
    """

    address: str = field(default="", repr=False)
    source: str = ""
    state: State | None = None
    since: datetime | None = None
    until: datetime | None = None


@value
class Gist:
    """
    One delivery of a submission, in short. The reason names the field, not what a person wrote in it.
    """

    id: str
    destination: str
    operation: str
    state: State
    reason: str
    at: datetime


@value
class Found:
    """
    One submission, in short. `address` is masked; it is empty where none was given, or where it has been erased.
    """

    event_id: str
    source: str
    kind: str
    arrived_at: datetime
    address: str
    deliveries: tuple[Gist, ...]


@value
class Page:
    """
    What one step of a search found. `cursor` leads to the next page; empty at the end. `looked_at` counts submissions.
    """

    found: tuple[Found, ...]
    cursor: str
    looked_at: int


def search(deps: Deps, wanted: Wanted, *, limit: int = PAGE, cursor: str = "") -> Page:
    """
    The next page of what is wanted. Raises OperatorError for a cursor that is none.
    """
    limit, before = max(1, min(limit, PAGE_MAX)), _read_cursor(cursor)
    partitions = _partitions(deps, wanted)
    found: list[Found] = []
    seen: dict[str, None] = {}
    while len(seen) < LOOKED_AT_MAX:
        listed = _listed(deps, partitions, wanted, before)
        for name, submission in _read(deps, listed, wanted, seen):
            before = name
            if submission:
                found.append(submission)
            if len(found) == limit:
                return Page(found=tuple(found), cursor=_write_cursor(before), looked_at=len(seen))
        if len(listed) < CHUNK:
            return Page(found=tuple(found), cursor="", looked_at=len(seen))
    return Page(found=tuple(found), cursor=_write_cursor(before), looked_at=len(seen))


# ── the index ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _partitions(deps: Deps, wanted: Wanted) -> list[tuple[str, str]]:
    """
    Where to look: the partitions, each with its index, that together list all that could be wanted.
    """
    if wanted.address:
        return [(WAITING, who_partition(digest)) for digest in digests(deps, wanted.address)]
    if wanted.state in {State.DEAD, State.HELD}:
        return [(ATTENTION, str(wanted.state))]
    partition = delivered_partition if wanted.state is State.DELIVERED else came_partition
    names = [wanted.source] if wanted.source else sorted(deps.config.sources)
    return [(ATTENTION, partition(name, shard)) for name in names for shard in range(CAME_SHARDS)]


def _listed(deps: Deps, partitions: Sequence[tuple[str, str]], wanted: Wanted, before: str) -> list[str]:
    """
    The next names of the partitions together, `<time>#<id>`, the newest first.
    """
    by_arrival = bool(wanted.address) or wanted.state not in {State.DEAD, State.HELD, State.DELIVERED}
    # A delivery settles after it came: an upper bound of arrival is none of settling.
    last = stamp(wanted.until) + LAST if wanted.until and by_arrival else LAST
    first = stamp(wanted.since) if wanted.since else ""
    last = min(last, before) if before else last
    if first > last:
        return []
    pages = []
    for index, pk in partitions:
        query = Query(pk=pk, index=index, first=first, last=last, limit=CHUNK + 1, newest_first=True)
        pages.append([str(item[f"{index}_sk"]) for item in deps.ports.table.query(query)])
    merged = heapq.merge(*pages, reverse=True)
    return [name for name in merged if not before or name < before][:CHUNK]


# ── what is found ───────────────────────────────────────────────────────────────────────────────────────────────────


def _read(
    deps: Deps, listed: Sequence[str], wanted: Wanted, seen: dict[str, None]
) -> Iterable[tuple[str, Found | None]]:
    """
    Each name with its submission, or with None where it is not wanted or was shown on this page before.
    """
    ids = {name: name.partition("#")[2].partition(".")[0] for name in listed}
    fresh = [each for each in dict.fromkeys(ids.values()) if each not in seen]
    items = deps.ports.table.get([event_key(each) for each in fresh])
    events = {each: item for each, item in zip(fresh, items, strict=True) if item is not None}
    rows = _deliveries(deps, events)
    for name in listed:
        event_id = ids[name]
        if event_id in seen:
            yield name, None
            continue
        seen[event_id] = None
        event, made = events.get(event_id), rows.get(event_id, [])
        yield name, summary(event, made) if event is not None and _fits(event, made, wanted) else None


def _deliveries(deps: Deps, events: Mapping[str, Item]) -> dict[str, list[Delivery]]:
    """
    The deliveries of these events, with those that replays have made; about one request for fifty submissions.
    """
    wanted = [delivery_id(each, n) for each, item in events.items() for n in range(1, int(item["deliveries"]) + 1)]
    rows: dict[str, list[Delivery]] = {each: [] for each in events}
    for _ in range(REPLAYS_FOLLOWED_MAX):
        items = deps.ports.table.get([delivery_key(each) for each in wanted])
        found = [deliveries.from_item(item) for item in items if item is not None]
        for each in found:
            rows[each.event_id].append(each)
        known = {each.id for made in rows.values() for each in made}
        later = {each.superseded_by for each in found if each.superseded_by.startswith(f"{each.event_id}.")}
        wanted = sorted(later - known)
        if not wanted:
            break
    return rows


def _fits(event: Item, made: Sequence[Delivery], wanted: Wanted) -> bool:
    arrived = unstamp(event["arrived_at"])
    return (
        (not wanted.source or event["source"] == wanted.source)
        and (wanted.state is None or any(each.state is wanted.state for each in made))
        and (wanted.since is None or arrived >= wanted.since)
        and (wanted.until is None or arrived <= wanted.until)
    )


def summary(event: Item, made: Iterable[Delivery]) -> Found:
    """
    A submission in short.
    """
    return Found(
        event_id=event["id"],
        source=event["source"],
        kind=event["kind"],
        arrived_at=unstamp(event["arrived_at"]),
        address=masked(first_address(load(event.get("fields")))),
        deliveries=tuple(_gist(each) for each in made),
    )


def _gist(delivery: Delivery) -> Gist:
    return Gist(
        id=delivery.id,
        destination=delivery.destination,
        operation=delivery.operation,
        state=delivery.state,
        reason=gist(delivery.reason),
        at=delivery.settled_at or delivery.arrived_at,
    )


# ── cursors ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _write_cursor(name: str) -> str:
    return urlsafe_b64encode(name.encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> str:
    if not cursor:
        return ""
    try:
        name = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        unstamp(name.partition("#")[0])
    except ValueError as error:
        raise OperatorError("This is no cursor of a search; begin again without it") from error
    return name
