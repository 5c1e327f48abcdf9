"""
Picking the rows of a batch key's next call: read oldest first, re-read consistently, planned with their contacts.

What came by itself is read before rows of files, so that these fill what is left of the call.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chalicelib.model import Delivery, Lane, LaneKey, LaneState
from chalicelib.planning.coalesce import READY, Plan, coalesce
from chalicelib.planning.ledger import Ask, Go, may_call
from chalicelib.planning.tiers import FILE, ORDINARY, leftovers_only
from chalicelib.records import contacts, deliveries
from chalicelib.records.layout import contact_key, delivery_key
from chalicelib.relay.backlog import has_rows, waiting_ids
from chalicelib.relay.deps import Deps
from chalicelib.relay.notices import Notices
from chalicelib.relay.settling import hold_strangers
from chalicelib.value import value

SCANNED_MAX = 20_000
"""
So far a key is read for a row that may go, where those before it are blocked.
"""


@value
class Picked:
    """
    A plan of a key's rows, and whether there are more that may go.

    `late`: all of them take leftovers only, so that the call must be one that today does not need.
    """

    plan: Plan = Plan()
    more: bool = False
    late: bool = False


def pick(deps: Deps, notices: Notices, lane: Lane, state: LaneState, key: LaneKey) -> Picked:
    """
    The key's oldest rows that may go, those of files last; it looks further while none of them may go.
    """
    tiers, spare = deps.open_tiers(), _is_spare(deps, lane, state)
    if not spare and not has_rows(deps.ports.table, lane.name, key.name, tiers=(ORDINARY, FILE)):
        return Picked()
    limit = rows_max(lane, key)
    while True:
        found, more = _read(deps, notices, lane, key, limit, tiers)
        plan = _plan(deps, lane, state, found)
        if plan.lines or not more or limit >= SCANNED_MAX:
            break
        limit = min(limit * 4, SCANNED_MAX)
    late = leftovers_only(each.tier for each in plan.members.values())
    if late and not spare:
        return Picked(plan=replace(plan, lines=(), members={}))
    return Picked(plan=plan, more=more or plan.spoken_of < len(found), late=late)


def _is_spare(deps: Deps, lane: Lane, state: LaneState) -> bool:
    """
    Whether a call could be had that the rest of the day does not need.
    """
    ask = Ask(call_id="-", timeout_seconds=lane.timeout_seconds, late=True)
    return isinstance(may_call(lane, state, deps.now(), ask), Go)


def rows_max(lane: Lane, key: LaneKey) -> int:
    """
    How many rows of a key may go in one file now.
    """
    return min(lane.rows_max, key.rows_max or lane.rows_max)


def _read(
    deps: Deps, notices: Notices, lane: Lane, key: LaneKey, limit: int, tiers: Sequence[int]
) -> tuple[list[Delivery], bool]:
    """
    The key's oldest rows, re-read consistently: the index that names them may be behind.
    """
    ids = waiting_ids(deps.ports.table, lane.name, key.name, limit=limit + 1, tiers=tiers)
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
