"""
Settling the rows of a batch call: thousands of deliveries and their contacts, a hundred writes at a time.

It may be done twice: rows that are settled already are left alone, so that a worker may die anywhere in between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chalicelib.model import Delivery, Line, State, Turn
from chalicelib.ports import Lost, Write
from chalicelib.records import contacts, deliveries
from chalicelib.records.layout import contact_key, delivery_key
from chalicelib.relay.deps import Deps
from chalicelib.relay.settling import after_turns, line_writes, settle_late

LINES_READ_AT_ONCE = 400
WRITES_MAX = 100

Settled = tuple[Line, list[Delivery], list[Write]]


def settle_rows(
    deps: Deps,
    lane: str,
    lines: Sequence[Line],
    turns: Mapping[str, Turn],
) -> list[tuple[Delivery, State]]:
    """
    Write what became of each row, by the delivery ids of its line; returns which deliveries ended how.
    """
    ends: list[tuple[Delivery, State]] = []
    for start in range(0, len(lines), LINES_READ_AT_ONCE):
        some = lines[start : start + LINES_READ_AT_ONCE]
        prepared = _prepare(deps, lane, some, turns)
        groups = _grouped(prepared)
        results = deps.ports.table.write_many([[w for _, _, writes in group for w in writes] for group in groups])
        for group, result in zip(groups, results, strict=True):
            for line, members, _ in group:
                if isinstance(result, Lost):
                    settle_late(deps, line, members, turns)
                ends += after_turns(members, turns)
    return ends


def _prepare(deps: Deps, lane: str, lines: Sequence[Line], turns: Mapping[str, Turn]) -> list[Settled]:
    """
    Read the rows and contacts of some lines consistently; keep what still waits, with the writes that settle it.
    """
    ids = [each for line in lines for each in line.deliveries]
    names = [line.contact for line in lines if line.contact]
    items = deps.ports.table.get([delivery_key(each) for each in ids])
    found = {item["id"]: deliveries.from_item(item) for item in items if item is not None}
    known = dict(zip(names, deps.ports.table.get([contact_key(lane, name) for name in names]), strict=True))
    prepared: list[Settled] = []
    for line in lines:
        members = [found[each] for each in line.deliveries if each in found]
        members = [each for each in members if each.state in {State.WAITING, State.UNCERTAIN}]
        if members:
            contact = contacts.from_item(line.contact, lane, known.get(line.contact))
            prepared.append((line, members, line_writes(deps, line, members, contact, turns)))
    return prepared


def _grouped(prepared: Sequence[Settled]) -> list[list[Settled]]:
    """
    Whole lines together, as many as one transaction takes.
    """
    groups: list[list[Settled]] = []
    size = WRITES_MAX
    for each in prepared:
        if size + len(each[2]) > WRITES_MAX:
            groups.append([])
            size = 0
        groups[-1].append(each)
        size += len(each[2])
    return groups
