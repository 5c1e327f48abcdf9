"""
Events as items, and the one transaction that accepts an event with all its deliveries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from datetime import datetime, timedelta
from typing import Any

from chalicelib.model import Delivery, Event, LaneKey, Retention, State
from chalicelib.ports import Absent, AnyOf, AtLeast, AtMost, Item, Lost, Present, Put, Update, Write
from chalicelib.records import contacts, deliveries, keys
from chalicelib.records.layout import (
    came_partition,
    came_shard,
    ceiling_key,
    dedupe_key,
    dump,
    event_key,
    notice_key,
    stamp,
    ttl_days,
    who_partition,
)
from chalicelib.value import value

DEDUPE_TTL_DAYS_EXTRA = 1
HIDDEN = frozenset(
    {"pk", "sk", "fields", "raw", "ttl", "waiting_pk", "waiting_sk", "attention_pk", "attention_sk"},
)


@value
class Acceptance:
    """
    One event, ready to be stored with its deliveries in one transaction.

    `keys` are the lane keys whose first row may begin to wait with it: (lane, key). `who` is the keyed digest of the
    address that it is of.
    """

    event_id: str
    event: Event
    arrived_at: datetime
    deliveries: tuple[Delivery, ...]
    keys: tuple[tuple[str, LaneKey], ...] = ()
    raw: str = field(default="", repr=False)
    who: str = ""


@value
class Refusals:
    """
    Why an acceptance was not written: a repeated knock, contacts with too many waiting, keys that have their message.
    """

    duplicate_of: str = ""
    full_contacts: frozenset[str] = frozenset()
    marked_keys: frozenset[tuple[str, str]] = frozenset()


def accept(acceptance: Acceptance, retention: Retention) -> list[Write]:
    """
    The writes of one acceptance: dedupe, event, deliveries, contacts, keys. All of them, or none.
    """
    now = acceptance.arrived_at
    writes: list[Write] = [_dedupe(acceptance), Put(item=event_item(acceptance, retention))]
    writes += [deliveries.put(each, retention, now) for each in acceptance.deliveries]
    writes += [contacts.expect(group) for group in by_contact(acceptance.deliveries)]
    writes += [keys.mark_due(lane, key, now) for lane, key in acceptance.keys]
    return writes


def refusals(writes: Sequence[Write], lost: Lost) -> Refusals:
    """
    Read the failed positions of an acceptance.
    """
    duplicate, full, marked = "", set(), set()
    for position, found in lost.found.items():
        write = writes[position]
        if isinstance(write, Put):
            duplicate = (found or {}).get("event_id", "")
        elif isinstance(write, Update) and write.key.sk == "CONTACT":
            full.add(write.key.pk.rpartition("#")[2])
        elif isinstance(write, Update):
            marked.add((write.key.pk.removeprefix("LANE#"), write.key.sk.removeprefix("KEY#")))
    return Refusals(duplicate_of=duplicate, full_contacts=frozenset(full), marked_keys=frozenset(marked))


def count_against_ceiling(source: str, window: str, events_max: int, now: datetime) -> Update:
    """
    Count one event of a source in this window; refused where the ceiling is reached.
    """
    return Update(
        key=ceiling_key(source, window),
        add={"events": 1},
        set={"ttl": ttl_days(now, 3)},
        when=AnyOf((Absent("events"), AtMost("events", events_max - 1))),
    )


def uncount(source: str, window: str) -> Update:
    """
    Take back the count of an event that turned out to be known.
    """
    return Update(key=ceiling_key(source, window), add={"events": -1}, when=AtLeast("events", 1))


def tell_once(cause: str, now: datetime, seconds: int) -> Put:
    """
    Note that operators are told of a cause now; refused where they were told less than `seconds` ago.
    """
    key = notice_key(cause)
    return Put(
        item={"pk": key.pk, "sk": key.sk, "at": stamp(now), "ttl": ttl_days(now, 8)},
        when=AnyOf((Absent("at"), AtMost("at", stamp(now - timedelta(seconds=seconds))))),
    )


def erase(event_id: str, now: datetime) -> Update:
    """
    Take out of an event whatever it said; that it came stays.
    """
    return Update(
        key=event_key(event_id),
        set={"fields": dump({}), "evidence": dump({}), "erased_at": stamp(now)},
        remove=("raw", "waiting_pk", "waiting_sk"),
        when=Present("pk"),
    )


def summary(item: Item) -> dict[str, Any]:
    """
    What an event item says besides its fields.
    """
    return {name: value for name, value in item.items() if name not in HIDDEN}


def _dedupe(acceptance: Acceptance) -> Put:
    event, now = acceptance.event, acceptance.arrived_at
    key = dedupe_key(event.source, event.dedupe)
    forgotten = stamp(now - timedelta(seconds=event.dedupe_seconds))
    seconds = timedelta(seconds=event.dedupe_seconds, days=DEDUPE_TTL_DAYS_EXTRA)
    item = {
        "pk": key.pk,
        "sk": key.sk,
        "event_id": acceptance.event_id,
        "at": stamp(now),
        "ttl": int((now + seconds).timestamp()),
    }
    return Put(item=item, when=AnyOf((Absent("pk"), AtMost("at", forgotten))))


def event_item(acceptance: Acceptance, retention: Retention) -> dict[str, Any]:
    """
    The item of an event.
    """
    event, key = acceptance.event, event_key(acceptance.event_id)
    item: dict[str, Any] = {
        "pk": key.pk,
        "sk": key.sk,
        "id": acceptance.event_id,
        "source": event.source,
        "kind": event.kind,
        "time": stamp(event.time),
        "arrived_at": stamp(acceptance.arrived_at),
        "fields": dump(event.fields),
        "evidence": dump(event.evidence),
        "deliveries": len(acceptance.deliveries),
        "ttl": ttl_days(acceptance.arrived_at, retention.event_days),
    } | index_attributes(acceptance)
    if event.hold:
        item["hold"] = event.hold
    if acceptance.raw:
        item["raw"] = acceptance.raw
    return item


def index_attributes(acceptance: Acceptance) -> dict[str, str]:
    """
    The attributes by which an event is found: by its source, and by whom it is of. One write to an index each.
    """
    when = f"{stamp(acceptance.arrived_at)}#{acceptance.event_id}"
    source = came_partition(acceptance.event.source, came_shard(acceptance.event_id))
    found = {"attention_pk": source, "attention_sk": when}
    return found | ({"waiting_pk": who_partition(acceptance.who), "waiting_sk": when} if acceptance.who else {})


def by_contact(found: Sequence[Delivery]) -> list[list[Delivery]]:
    """
    The deliveries that begin to wait, grouped by the contact item they share: no two writes may touch one item.
    """
    groups: dict[tuple[str, str], list[Delivery]] = {}
    for each in found:
        if each.state is State.WAITING and each.contact:
            groups.setdefault((each.lane, each.contact), []).append(each)
    return list(groups.values())
