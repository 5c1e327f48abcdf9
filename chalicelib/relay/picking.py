"""
Picking the rows of a batch key's next call: read oldest first, re-read consistently, planned with their contacts.
"""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.model import Delivery, Lane, LaneKey, LaneState
from chalicelib.planning.coalesce import READY, Plan, coalesce
from chalicelib.records import contacts, deliveries
from chalicelib.records.layout import contact_key, delivery_key
from chalicelib.relay.backlog import waiting_ids
from chalicelib.relay.deps import Deps
from chalicelib.relay.notices import Notices
from chalicelib.relay.settling import hold_strangers

SCANNED_MAX = 20_000
"""
So far a key is read for a row that may go, where those before it are blocked.
"""


def pick(deps: Deps, notices: Notices, lane: Lane, state: LaneState, key: LaneKey) -> tuple[Plan, bool]:
    """
    A plan of the key's oldest rows, and whether there are more; it looks further while none of them may go.
    """
    limit = rows_max(lane, key)
    while True:
        found, more = _read(deps, notices, lane, key, limit)
        plan = _plan(deps, lane, state, found)
        if plan.lines or not more or limit >= SCANNED_MAX:
            return plan, more or plan.spoken_of < len(found)
        limit = min(limit * 4, SCANNED_MAX)


def rows_max(lane: Lane, key: LaneKey) -> int:
    """
    How many rows of a key may go in one file now.
    """
    return min(lane.rows_max, key.rows_max or lane.rows_max)


def _read(deps: Deps, notices: Notices, lane: Lane, key: LaneKey, limit: int) -> tuple[list[Delivery], bool]:
    """
    The key's oldest rows, re-read consistently: the index that names them may be behind.
    """
    ids = waiting_ids(deps.ports.table, lane.name, key.name, limit=limit + 1)
    items = deps.ports.table.get([delivery_key(each) for each in ids[:limit]])
    found = [deliveries.from_item(item) for item in items if item is not None]
    now = deps.now()
    due = [each for each in found if each.state in READY and (each.after is None or each.after <= now)]
    mine = [each for each in due if each.key == key.name]
    hold_strangers(deps, notices, [each for each in mine if not deps.known(each)])
    return [each for each in mine if deps.known(each)], len(ids) > limit


def _plan(deps: Deps, lane: Lane, state: LaneState, found: Sequence[Delivery]) -> Plan:
    names = list(dict.fromkeys(each.contact for each in found if each.contact))
    items = deps.ports.table.get([contact_key(lane.name, name) for name in names])
    known = {name: contacts.from_item(name, lane.name, item) for name, item in zip(names, items, strict=True)}
    return coalesce(
        found,
        known,
        deps.rules,
        now=deps.now(),
        settle_seconds=lane.settle_seconds,
        held_keys=frozenset(each.name for each in state.keys if each.held_reason),
    )
