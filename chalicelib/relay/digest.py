"""
The day's digest: each morning at nine in Tokyo, once, what came the day before and what needs a person now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta

from chalicelib.model import Delivery, Notice, State
from chalicelib.planning.windows import JST, day_bounds
from chalicelib.ports import Lost, Query
from chalicelib.records import deliveries
from chalicelib.records import notices as records
from chalicelib.records.layout import ATTENTION, TIERS, delivery_key, notice_key
from chalicelib.relay.backlog import lane_state, waiting_ids
from chalicelib.relay.clearing import Clearing
from chalicelib.relay.daily import Daily
from chalicelib.relay.deps import Deps
from chalicelib.relay.drafting import SINGLE_KEY
from chalicelib.relay.notices import Notices
from chalicelib.value import value

HOUR = 9
READ_MAX = 2_000
"""
So many deliveries of each state are read to tell whose they are; beyond that the digest says "at least".
"""


@value
class SourceLine:
    """
    One source in the digest: what came and was delivered that day, and what of it waits, is dead or held by now.
    """

    source: str
    came: int
    delivered: int
    waiting: int
    dead: int
    held: int


@value
class Summary:
    """
    A day in numbers. `complete` is false where there is more that waits, is dead or held than was read.
    """

    day: date
    lines: tuple[SourceLine, ...]
    complete: bool = True
    open: tuple[str, ...] = ()


class Digest:
    """
    Makes the digest, and sends it once a day however many workers come.
    """

    def __init__(self, deps: Deps, notices: Notices, daily: Daily, clearing: Clearing) -> None:
        self._deps = deps
        self._notices = notices
        self._daily = daily
        self._clearing = clearing
        self._sent: date | None = None

    def send_once(self) -> None:
        """
        Between nine and ten in Tokyo, the first time that is asked for. Without a source there is nothing to tell.
        """
        now = self._deps.now().astimezone(JST)
        if now.hour != HOUR or not self._deps.config.sources or self._sent == now.date():
            return
        day, table = now.date() - timedelta(days=1), self._deps.ports.table
        cause = f"digest:{day}"
        if table.get([notice_key(cause)])[0] is None:
            # Counted first: a table that fails half-way shall not cost the day its digest.
            found = told(self.summary(day))
            if not isinstance(table.write(records.once(cause, self._deps.now())), Lost):
                self._notices.send(found)
        self._sent = now.date()

    def summary(self, day: date) -> Summary:
        """
        A day in numbers, source by source.
        """
        start, end = day_bounds(day)
        by_state = {state: self._of_state(state) for state in (State.DEAD, State.HELD)}
        waiting, all_read = self._waiting()
        lines = tuple(
            SourceLine(
                source=name,
                came=self._daily.came(name, start, end),
                delivered=self._daily.delivered(name, start, end),
                waiting=waiting[name],
                dead=by_state[State.DEAD][name],
                held=by_state[State.HELD][name],
            )
            for name in sorted(self._deps.config.sources)
        )
        complete = all_read and all(sum(found.values()) < READ_MAX for found in by_state.values())
        return Summary(
            day=day, lines=lines, complete=complete, open=tuple(each.cause for each in self._clearing.open())
        )

    def _of_state(self, state: State) -> Counter[str]:
        listed = self._deps.ports.table.query(Query(pk=str(state), index=ATTENTION, limit=READ_MAX))
        found = self._read(str(item["attention_sk"]).partition("#")[2] for item in listed)
        return Counter(each.source for each in found if each.state is state)

    def _waiting(self) -> tuple[Counter[str], bool]:
        table = self._deps.ports.table
        ids: list[str] = []
        for name, lane in sorted(self._deps.config.lanes.items()):
            keys = [key.name for key in lane_state(table, name).keys] if lane.batching else [SINGLE_KEY]
            for key in keys:
                ids += waiting_ids(table, name, key, limit=READ_MAX - len(ids), tiers=TIERS)
        found = self._read(ids)
        return Counter(each.source for each in found if each.state in deliveries.IN_BACKLOG), len(ids) < READ_MAX

    def _read(self, ids: Iterable[str]) -> list[Delivery]:
        items = self._deps.ports.table.get([delivery_key(each) for each in ids])
        return [deliveries.from_item(item) for item in items if item is not None]


def told(found: Summary) -> Notice:
    """
    The digest in words.
    """
    came = sum(line.came for line in found.lines)
    least = "" if found.complete else "There is more that waits, is dead or held than is counted here.\n"
    standing = "".join(f"Still open / 未解消: {cause}\n" for cause in found.open)
    return Notice(
        cause=f"digest:{found.day}",
        subject=f"Digest of {found.day}: {came:,} came",
        text=f"{_lines(found, came)}\n{least}{standing}See: ekiden status".rstrip(),
    )


def _lines(found: Summary, came: int) -> str:
    none = "Nothing came. / 何も届きませんでした。\n" if not came else ""
    return none + "\n".join(_line(each) for each in found.lines)


def _line(line: SourceLine) -> str:
    return (
        f"{line.source}: {line.came:,} came 受付, {line.delivered:,} delivered 配信済; now "
        f"{line.waiting:,} waiting 待機, {line.dead:,} dead 配信不可, {line.held:,} held 確認待ち"
    )
