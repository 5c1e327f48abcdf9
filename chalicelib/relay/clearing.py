"""
Telling when a trouble is over: each minute, what stands open is compared with how things are now.

Where the table says whether a trouble is still there (a pause, a closure, a held key, a long wait), that decides. The
others are over when nobody has seen them for half an hour.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from chalicelib.model import LaneState, Notice
from chalicelib.planning.windows import JST
from chalicelib.ports import Lost, Query
from chalicelib.records import notices as records
from chalicelib.records.layout import ATTENTION, NOTICE, notice_key
from chalicelib.records.notices import Open
from chalicelib.relay.deps import Deps
from chalicelib.relay.notices import Notices

UNSEEN_SECONDS = 1_800
OPENED_SECONDS = 120
OPEN_MAX = 500


class Clearing:
    """
    Finds open troubles that are over.
    """

    def __init__(self, deps: Deps, notices: Notices) -> None:
        self._deps = deps
        self._notices = notices
        self._opened: dict[str, datetime] = {}

    def open(self) -> list[Open]:
        """
        What operators were told and is not over, the oldest first.
        """
        listed = self._deps.ports.table.query(Query(pk=NOTICE, index=ATTENTION, limit=OPEN_MAX))
        keys = [notice_key(str(item["attention_sk"]).partition("#")[2]) for item in listed]
        return [found for item in self._deps.ports.table.get(keys) if (found := records.from_item(item))]

    def tell(self, lanes: Mapping[str, LaneState], late: Collection[str]) -> None:
        """
        Tell what is over, by the lanes' states; `late` are the lanes whose oldest delivery waits too long.
        """
        for each in self.open():
            if self._is_over(each, lanes, late) and self._close(each):
                self._opened.pop(each.cause, None)
                self._notices.send(_cleared(each))

    def _is_over(self, found: Open, lanes: Mapping[str, LaneState], late: Collection[str]) -> bool:
        kind, _, name = found.cause.partition(":")
        lane, _, key = name.partition(":")
        state = lanes.get(lane, LaneState(lane=lane))
        if kind == "paused":
            return not state.paused_reason
        if kind == "closed":
            return self._stays_open(found, state)
        if kind == "wait":
            return lane not in late
        if kind in {"key", "fault"}:
            return not any(each.name == key and each.held_reason for each in state.keys)
        return (self._deps.now() - found.seen).total_seconds() >= UNSEEN_SECONDS

    def _stays_open(self, found: Open, state: LaneState) -> bool:
        """
        A lane that opens is told of by the worker that opened it; only where that worker has died it is told here.
        """
        now = self._deps.now()
        if state.breaker.kind:
            self._opened.pop(found.cause, None)
            return False
        return (now - self._opened.setdefault(found.cause, now)).total_seconds() >= OPENED_SECONDS

    def _close(self, found: Open) -> bool:
        return not isinstance(self._deps.ports.table.write(records.cleared(found.cause, self._deps.now())), Lost)


def _cleared(found: Open) -> Notice:
    told = f"{found.at.astimezone(JST):%Y-%m-%d %H:%M} JST"
    return Notice(
        cause=f"cleared:{found.cause}",
        subject=f"Cleared: {found.cause}",
        text=f"It was told at {told} and is not there any more. See: ekiden status",
    )
