"""
Mapping waiting rows anew: after the vendor refused a batch key's settings and relay.toml was mended.

The rows wait under the old settings; each is taken by a new delivery that today's relay.toml makes of its event.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from chalicelib.model import Delivery, LaneKey, State, Turn
from chalicelib.planning.coalesce import READY
from chalicelib.planning.tiers import tier_of
from chalicelib.ports import Absent, Lost, Put, Write
from chalicelib.records import contacts, deliveries
from chalicelib.records import keys as lane_keys
from chalicelib.records.layout import TIERS, contact_key, delivery_key
from chalicelib.relay.backlog import waiting_ids
from chalicelib.relay.bells import backlog_call, send_quietly
from chalicelib.relay.deps import Deps
from chalicelib.relay.drafting import lane_key_of
from chalicelib.relay.settling import bury
from chalicelib.relay.viewing import OperatorError

ROWS_AT_ONCE = 500
ROUNDS_MAX = 1_000
TRIES_MAX = 5

Draft = Callable[[Delivery], Delivery]


def remap(deps: Deps, lane: str, key: LaneKey, draft: Draft) -> int:
    """
    Map a key's waiting rows anew; how many now wait under other settings (or are dead letters that say why).

    Rows that today's relay.toml maps as before stay where they are.
    """
    moved = 0
    looked_at: set[str] = set()
    for _ in range(ROUNDS_MAX):
        # By what was looked at, not by how many: the index may still show rows that have moved.
        ids = waiting_ids(deps.ports.table, lane, key.name, limit=ROWS_AT_ONCE + len(looked_at), tiers=TIERS)
        fresh = [each for each in ids if each not in looked_at]
        if not fresh:
            return moved
        looked_at.update(fresh)
        items = deps.ports.table.get([delivery_key(each) for each in fresh])
        found = [deliveries.from_item(item) for item in items if item is not None]
        moved += sum(_move(deps, old, draft) for old in found if old.state in READY and old.key == key.name)
    return moved


def _move(deps: Deps, old: Delivery, draft: Draft) -> bool:
    """
    One row: old out, new in, one transaction; False where nothing would change or somebody was faster.
    """
    try:
        drafted = draft(old)
        new = replace(drafted, arrived_at=old.arrived_at, tier=tier_of(old.tier, urgent=drafted.urgent))
    except OperatorError as error:
        # Its route or its event is gone: this row is for a person, the others go on.
        return bury(deps, old, Turn(state=State.HELD, reason=str(error)))
    if (new.lane, new.key, new.payload, new.state) == (old.lane, old.key, old.payload, old.state):
        return False
    for _ in range(TRIES_MAX):
        if not isinstance(deps.ports.table.write(*_writes(deps, old, new)), Lost):
            _announce(deps, new)
            return True
    return False


def _writes(deps: Deps, old: Delivery, new: Delivery) -> list[Write]:
    now, retention = deps.now(), deps.config.retention
    writes: list[Write] = [
        deliveries.supersede(old, new.id, f"mapped anew as {new.id}", retention, now=now),
        Put(item=deliveries.to_item(new, ttl=deliveries.ttl_of(new.state, retention, now)), when=Absent("pk")),
    ]
    same = (new.lane, new.contact) == (old.lane, old.contact)
    if old.contact and same and new.state is State.WAITING:
        item = deps.ports.table.get([contact_key(old.lane, old.contact)])[0]
        contact = contacts.from_item(old.contact, old.lane, item)
        return [*writes, contacts.exchange(contact, old, new)]
    if old.contact:
        writes.append(contacts.forget([old], old.lane, old.contact, retention, now))
    if new.contact and new.state is State.WAITING:
        writes.append(contacts.expect([new]))
    return writes


def _announce(deps: Deps, new: Delivery) -> None:
    if new.state is State.WAITING and deps.config.lanes[new.lane].batching:
        key = lane_key_of(new, new.urgent)
        if not isinstance(deps.ports.table.write(lane_keys.mark_due(new.lane, key, deps.now())), Lost):
            send_quietly(deps, new.lane, backlog_call(key))
