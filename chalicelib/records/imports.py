"""
Uploaded files as items, and the transactions that make events of their rows.

An event of a row has an id that follows from its file and its place, so that storing a row again is refused by the
event itself; no item of its own has to remember it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from chalicelib.model import Delivery, Retention, State
from chalicelib.model.upload import Import, ImportState
from chalicelib.ports import (
    Absent,
    All,
    AnyOf,
    AtMost,
    Condition,
    Delete,
    Equals,
    Item,
    Key,
    Lost,
    OneOf,
    Put,
    Update,
    Write,
)
from chalicelib.records import contacts, deliveries
from chalicelib.records.events import Acceptance, by_contact, event_item
from chalicelib.records.layout import IMPORTS, dedupe_key, dump, import_key, load, maybe_time, stamp, ttl_days, unstamp

OPEN = frozenset({ImportState.AWAITED, ImportState.READING})
KEPT_DAYS = 90
SAME_DAYS = 7
"""
How long the same bytes count as the same file, as ids of senders are remembered.
"""


# ── the file ────────────────────────────────────────────────────────────────────────────────────────────────────────


def put(found: Import, now: datetime) -> Put:
    """
    Note a file that is to come, or that came unannounced. Refused where it is known already.
    """
    key = import_key(found.name)
    item: dict[str, Any] = {
        "pk": key.pk,
        "sk": key.sk,
        "name": found.name,
        "id": found.id,
        "source": found.source,
        "route": found.route,
        "filename": found.filename,
        "size": found.size,
        "state": str(found.state),
        "tier": found.tier,
        "asked_at": stamp(found.asked_at),
        "rows_done": found.rows_done,
        "ttl": ttl_days(now, KEPT_DAYS),
        **_listed(found),
    }
    return Put(item=item, when=Absent("pk"))


def from_item(item: Item) -> Import:
    """
    The import that an item holds.
    """
    return Import(
        name=item["name"],
        id=item["id"],
        source=item["source"],
        route=item["route"],
        filename=item["filename"],
        size=item["size"],
        digest=item.get("digest", ""),
        state=ImportState(item["state"]),
        tier=item["tier"],
        asked_at=unstamp(item["asked_at"]),
        rows=item.get("rows", 0),
        rows_done=item["rows_done"],
        counts=load(item.get("counts")),
        repeated=item.get("repeated", 0),
        reason=item.get("reason", ""),
        same_as=item.get("same_as", ""),
        held_as=item.get("held_as", ""),
        owner=item.get("owner", ""),
        lease_until=maybe_time(item.get("lease_until")),
        tries=item.get("tries", 0),
    )


def take(found: Import, owner: str, *, now: datetime, until: datetime) -> Update:
    """
    Let one worker read the file until its own time is up. Refused while another one does, and for a closed import.
    """
    free = AnyOf((Absent("lease_until"), AtMost("lease_until", stamp(now))))
    return Update(
        key=import_key(found.name),
        set={"state": str(ImportState.READING), "owner": owner, "lease_until": stamp(until)},
        add={"tries": 1},
        when=All((OneOf("state", _open_words()), free)),
    )


def begun(found: Import) -> Update:
    """
    What the first look at the file has found: its bytes' digest and how many rows it has.
    """
    values = {"digest": found.digest, "rows": found.rows, "size": found.size}
    return Update(key=import_key(found.name), set=values, when=_mine(found))


def advance(found: Import, seen: int) -> Update:
    """
    Note that the rows up to `rows_done` have become events. Refused where another worker has taken over.
    """
    return Update(
        key=import_key(found.name),
        set={"rows_done": found.rows_done, "counts": dump(found.counts), "repeated": found.repeated, "tries": 0},
        when=All((_mine(found), Equals("rows_done", seen))),
    )


def leave(found: Import) -> Update:
    """
    Give the file back before the worker's time is up, for the next one to go on.
    """
    return Update(key=import_key(found.name), remove=("lease_until",), when=_mine(found))


def close(found: Import) -> Update:
    """
    The file is read to its end, held for a person, or never came.
    """
    values = {
        "state": str(found.state),
        "reason": found.reason,
        "same_as": found.same_as,
        "held_as": found.held_as,
        "repeated": found.repeated,
    }
    gone = ("lease_until", "attention_pk", "attention_sk")
    return Update(key=import_key(found.name), set=values, remove=gone, when=OneOf("state", _open_words()))


def reopen(found: Import) -> Update:
    """
    Read a held file again.
    """
    values = {"state": str(ImportState.READING), "tries": 0, **_listed(found)}
    return Update(
        key=import_key(found.name), set=values, remove=("reason",), when=Equals("state", str(ImportState.HELD))
    )


def erase(found: Import) -> Update:
    """
    Take out of a closed import whatever a person may have said: the file's name, and words about it.
    """
    return Update(
        key=import_key(found.name),
        set={"filename": "", "reason": ""},
        when=OneOf("state", tuple(sorted(str(each) for each in set(ImportState) - OPEN))),
    )


def claim_bytes(found: Import, now: datetime) -> Put:
    """
    Note that these bytes are this import's. Refused where the same came for the same routes within a week.
    """
    key = _bytes_key(found)
    item = {
        "pk": key.pk,
        "sk": key.sk,
        "event_id": found.id,
        "at": stamp(now),
        "ttl": ttl_days(now, SAME_DAYS + 1),
    }
    forgotten = AtMost("at", stamp(now - timedelta(days=SAME_DAYS)))
    return Put(item=item, when=AnyOf((Absent("pk"), Equals("event_id", found.id), forgotten)))


def free_bytes(found: Import) -> Delete:
    """
    The file is held: the same bytes may come again.
    """
    return Delete(key=_bytes_key(found), when=AnyOf((Absent("pk"), Equals("event_id", found.id))))


def _bytes_key(found: Import) -> Key:
    return dedupe_key(found.source, f"file:{found.route}:{found.digest}")


def _mine(found: Import) -> Condition:
    return All((Equals("owner", found.owner), Equals("state", str(ImportState.READING))))


def _open_words() -> tuple[str, ...]:
    return tuple(sorted(str(each) for each in OPEN))


def _listed(found: Import) -> dict[str, str]:
    """
    The attributes by which the sweeper finds files that are still open.
    """
    return {"attention_pk": IMPORTS, "attention_sk": f"{stamp(found.asked_at)}#{found.id}"}


# ── its rows ────────────────────────────────────────────────────────────────────────────────────────────────────────


def accept_rows(rows: Sequence[Acceptance], retention: Retention) -> list[Write]:
    """
    The writes of several rows in one transaction: events, deliveries, and each contact once. All of them, or none.
    """
    now = rows[0].arrived_at
    writes: list[Write] = [Put(item=event_item(each, retention), when=Absent("pk")) for each in rows]
    found = [delivery for each in rows for delivery in each.deliveries]
    writes += [deliveries.put(each, retention, now) for each in found]
    return writes + [contacts.expect(group) for group in by_contact(found)]


def weight(row: Acceptance) -> int:
    """
    How many writes a row has at most.
    """
    waiting = sum(1 for each in row.deliveries if each.state is State.WAITING and each.contact)
    return 1 + len(row.deliveries) + waiting


def refused(writes: Sequence[Write], lost: Lost) -> tuple[frozenset[str], frozenset[str]]:
    """
    Why rows were not written: the ids of events that are there already, and contacts with too many waiting.
    """
    known = {str(writes[place].item["id"]) for place in lost.found if isinstance(writes[place], Put)}  # type: ignore[union-attr]
    full = {write.key.pk.rpartition("#")[2] for place in lost.found if isinstance(write := writes[place], Update)}
    return frozenset(known), frozenset(full)


def summed(counts: Mapping[str, int], found: Sequence[Delivery]) -> dict[str, int]:
    """
    The counts with some more deliveries in them, by state.
    """
    total = dict(counts)
    for each in found:
        total[str(each.state)] = total.get(str(each.state), 0) + 1
    return total
