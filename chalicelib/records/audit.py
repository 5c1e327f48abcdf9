"""
The audit trail as items: what operators did, who they were, and when. No personal data, and no value that was put in.
"""

from __future__ import annotations

from dataclasses import field
from datetime import datetime

from chalicelib.ports import Item, Put
from chalicelib.records.layout import AUDIT, dump, load, stamp, ttl_days, unstamp
from chalicelib.value import value

KEPT_DAYS = 400
IDS_MAX = 100
"""
So many ids stand in one entry; a deed on more has more entries.
"""

WORDS_CHARS_MAX = 300


@value
class Deed:
    """
    One entry: who did what on which deliveries, submissions, lanes or keys, and when. `why` is what the person gave.
    """

    id: str
    at: datetime
    by: str
    deed: str
    on: tuple[str, ...] = ()
    why: str = ""
    numbers: dict[str, int] = field(default_factory=dict)


def put(deed: Deed) -> Put:
    """
    Store an entry; entries are never changed.
    """
    item = {
        "pk": AUDIT,
        "sk": f"{stamp(deed.at)}#{deed.id}",
        "id": deed.id,
        "at": stamp(deed.at),
        "by": deed.by,
        "deed": deed.deed,
        "on": list(deed.on[:IDS_MAX]),
        "why": deed.why[:WORDS_CHARS_MAX],
        "numbers": dump(deed.numbers),
        "ttl": ttl_days(deed.at, KEPT_DAYS),
    }
    return Put(item=item)


def from_item(item: Item) -> Deed:
    """
    The entry that an item holds.
    """
    return Deed(
        id=item["id"],
        at=unstamp(item["at"]),
        by=item["by"],
        deed=item["deed"],
        on=tuple(item.get("on", ())),
        why=item.get("why", ""),
        numbers=load(item.get("numbers")),
    )
