"""
Storing rows of a file: drafted as any event is, and written many to a transaction.

A row is known by its file's bytes and its place in them: what a worker that died had stored already is found there, and
is neither stored twice nor left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime, timedelta

from chalicelib.errors import StoreUnavailable
from chalicelib.model import Delivery, Event, LaneKey, State
from chalicelib.model.upload import Import
from chalicelib.planning.tiers import tier_of
from chalicelib.ports import Lost
from chalicelib.records import imports
from chalicelib.records import keys as lane_keys
from chalicelib.records.events import Acceptance
from chalicelib.relay.accepting import BELIEF_SECONDS, STORE_TRIES_MAX, hold_full
from chalicelib.relay.bells import backlog_call, send_quietly
from chalicelib.relay.deps import Deps
from chalicelib.relay.drafting import Arrival, draft
from chalicelib.relay.whose import who_is_it
from chalicelib.value import value

WRITES_MAX = 100
GROUP_CHARS_MAX = 600_000
"""
A transaction takes 4 MB; a character is up to four bytes, and a row's text stands in its event and in its delivery.
"""

Numbered = tuple[int, Event]


@value
class Kept:
    """
    What became of some rows: the deliveries that were stored now, and how many rows had been stored before.
    """

    deliveries: tuple[Delivery, ...] = ()
    repeated: int = 0


@value
class _Row:
    """
    One row, drafted; `chars` is about how much text it has.
    """

    acceptance: Acceptance
    chars: int
    keys: Mapping[tuple[str, str], LaneKey] = field(default_factory=dict)


def event_id(found: Import, number: int) -> str:
    """
    The id of a row's event: the file's, and the row's number.
    """
    return f"{found.id}-{number:06d}"


class RowKeeper:
    """
    Stores rows as events with their deliveries.
    """

    def __init__(self, deps: Deps) -> None:
        self._deps = deps
        self._believed: dict[tuple[str, str], datetime] = {}

    def keep(self, found: Import, rows: Sequence[Numbered], signing_key: bytes) -> Kept:
        """
        Store some rows of a file; `rows` are their numbers and events. Raises StoreUnavailable; then some may be in.
        """
        drafted = [self._draft(found, number, event, signing_key) for number, event in rows]
        due = self._register(drafted)
        groups = list(_grouped(drafted))
        writes = [imports.accept_rows(group, self._deps.config.retention) for group in groups]
        results = self._deps.ports.table.write_many(writes)
        kept: list[Delivery] = []
        stored = 0
        for group, result in zip(groups, results, strict=True):
            new = self._again(group) if isinstance(result, Lost) else group
            stored += len(new)
            kept += [delivery for each in new for delivery in each.deliveries]
        for lane, key in due:
            send_quietly(self._deps, lane, backlog_call(key))
        return Kept(deliveries=tuple(kept), repeated=len(rows) - stored)

    def _draft(self, found: Import, number: int, event: Event, signing_key: bytes) -> _Row:
        arrival = Arrival(event_id=event_id(found, number), event=event, at=found.asked_at, signing_key=signing_key)
        drafted = draft(arrival, self._deps, only_route=found.route)
        line = event.evidence.get("line", "")
        acceptance = Acceptance(
            event_id=arrival.event_id,
            event=event,
            arrived_at=arrival.at,
            deliveries=tuple(_of_row(each, found.tier, line) for each in drafted.deliveries),
            who=who_is_it(self._deps, arrival, drafted.deliveries),
        )
        texts = (*(str(text) for text in event.fields.values()), *event.fields)
        chars = sum(map(len, texts)) * (1 + len(drafted.deliveries)) + 2_000
        return _Row(acceptance=acceptance, chars=chars, keys=drafted.keys)

    def _again(self, group: Sequence[Acceptance]) -> list[Acceptance]:
        """
        A group that was refused: without the rows that are in already, and with those held whose contact is full.
        """
        left = list(group)
        for _ in range(STORE_TRIES_MAX):
            if not left:
                return []
            writes = imports.accept_rows(left, self._deps.config.retention)
            result = self._deps.ports.table.write(*writes)
            if not isinstance(result, Lost):
                return left
            known, full = imports.refused(writes, result)
            left = [
                replace(each, deliveries=hold_full(each.deliveries, full))
                for each in left
                if each.event_id not in known
            ]
        raise StoreUnavailable("the table keeps refusing rows of a file", maybe_applied=False)

    def _register(self, rows: Sequence[_Row]) -> list[tuple[str, LaneKey]]:
        """
        Make the batch keys of these rows known before the rows are; those that need a message.
        """
        now, due = self._deps.now(), []
        wanted = {place: key for row in rows for place, key in row.keys.items()}
        for place, key in wanted.items():
            if self._believed.get(place, now) > now:
                continue
            if not isinstance(self._deps.ports.table.write(lane_keys.mark_due(place[0], key, now)), Lost):
                due.append((place[0], key))
            self._believed[place] = now + timedelta(seconds=BELIEF_SECONDS)
        return due


def _of_row(delivery: Delivery, tier: int, line: str) -> Delivery:
    """
    A delivery of a file's row: in the file's tier (an opt-out never waits for leftovers), its faults with their line.
    """
    needs_person = delivery.state in {State.DEAD, State.HELD}
    named = needs_person and f"line {line}:" not in delivery.reason
    reason = f"line {line}: {delivery.reason}" if named else delivery.reason
    return replace(delivery, tier=tier_of(tier, urgent=delivery.urgent), reason=reason)


def _grouped(rows: Iterable[_Row]) -> Iterable[list[Acceptance]]:
    """
    Rows in groups that one transaction takes.
    """
    group: list[Acceptance] = []
    writes = chars = 0
    for row in rows:
        more = imports.weight(row.acceptance)
        if group and (writes + more > WRITES_MAX or chars + row.chars > GROUP_CHARS_MAX):
            yield group
            group, writes, chars = [], 0, 0
        group.append(row.acceptance)
        writes += more
        chars += row.chars
    if group:
        yield group
