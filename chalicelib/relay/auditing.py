"""
Who did what: entries of the audit trail, written with the deed itself wherever it is one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from chalicelib.ports import Put, Query
from chalicelib.records import audit
from chalicelib.records.audit import IDS_MAX, Deed
from chalicelib.records.layout import AUDIT, stamp
from chalicelib.relay.deps import Deps
from chalicelib.relay.whose import ADDRESS
from chalicelib.value import value

LISTED = 50
UNKNOWN = "unknown"
LAST = "\U0010ffff"


@value
class Deeds:
    """
    A page of the audit trail, the newest first. `cursor` leads to the next page; empty at the end.
    """

    found: tuple[Deed, ...]
    cursor: str = ""


class Auditor:
    """
    Makes entries in the name of one person.
    """

    def __init__(self, deps: Deps, who: Callable[[], str]) -> None:
        self._deps = deps
        self._who = who

    def entry(self, deed: str, *on: str, why: str = "", numbers: Mapping[str, int] | None = None) -> Put:
        """
        The write that puts a deed on record, to go into the deed's own transaction.
        """
        now = self._deps.now()
        made = Deed(
            id=self._deps.ports.chance.id(now),
            at=now,
            by=self._who() or UNKNOWN,
            deed=deed,
            on=on,
            why=ADDRESS.sub("***", why),
            numbers=dict(numbers or {}),
        )
        return audit.put(made)

    def note(self, deed: str, on: Iterable[str], *, why: str = "", numbers: Mapping[str, int] | None = None) -> None:
        """
        Put a deed on record by itself: on many things, as many entries as it takes.
        """
        ids = list(on) or [""]
        for start in range(0, len(ids), IDS_MAX):
            some = filter(None, ids[start : start + IDS_MAX])
            self._deps.ports.table.write(self.entry(deed, *some, why=why, numbers=numbers))


def listed(
    deps: Deps, *, limit: int = LISTED, cursor: str = "", since: datetime | None = None, until: datetime | None = None
) -> Deeds:
    """
    The audit trail, the newest first. `cursor` is that of the page before.
    """
    last = cursor or (stamp(until) + LAST if until else LAST)
    query = Query(pk=AUDIT, first=stamp(since) if since else "", last=last, limit=limit + 2, newest_first=True)
    items = [item for item in deps.ports.table.query(query) if not cursor or item["sk"] < cursor]
    more = len(items) > limit
    return Deeds(
        found=tuple(audit.from_item(item) for item in items[:limit]),
        cursor=str(items[limit - 1]["sk"]) if more else "",
    )
