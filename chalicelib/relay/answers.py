"""
What the sender of a submission is told: ids, where each delivery is, by when it will be there, where the visitor goes.

A robot must not learn that it was held as spam: what was held at the door is told like what waits.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from chalicelib import sources
from chalicelib.errors import StoreUnavailable
from chalicelib.model import Delivery, Envelope, Form, Lane, LaneState, Source, State
from chalicelib.ports import Query
from chalicelib.records.layout import SHARDS, WAITING, lane_key, shard_of, stamp, waiting_partition
from chalicelib.relay.accepting import Admitted
from chalicelib.relay.deps import Deps
from chalicelib.sources.respond import target_of, wants_json

if TYPE_CHECKING:
    from chalicelib.planning.eta import Eta, Place

TICKET_PARAMETER = "ekiden"
"""
The parameter that carries a ticket to the thank-you page, where ekiden.js takes it out of the address again.
"""

BIG_CALL_ROWS = 1_000
"""
A call that takes so many rows takes whatever waits: what goes before it is not counted while a visitor waits.
"""

AT_A_PERSON = frozenset({State.DEAD})
NEVER_SENT = frozenset({State.SKIPPED})
_MARK = b"ekiden ticket\0"


def told(
    deps: Deps, envelope: Envelope, source: Source, admitted: Admitted, settled: Sequence[Delivery]
) -> sources.Accepted:
    """
    What the answer to an envelope says. Times are reckoned only for a script that sends a form: a window shows none.
    """
    ids = tuple(each.event_id for each in admitted.stored)
    asks = source.form is not None and wants_json(envelope)
    query = query_of(settled)
    if source.form is not None and not query:
        query = _late(deps, source.form, admitted.next_url, settled)
    return sources.Accepted(
        ids=ids,
        deliveries=tuple(_standing(deps, settled)) if asks else (),
        query=query,
        duplicate=bool(admitted.stored) and all(each.duplicate for each in admitted.stored),
        next_url=admitted.next_url,
        receipt=sources.receipt(ids[0], deps.signing_key(), deps.now()) if asks and ids else "",
    )


def query_of(settled: Sequence[Delivery]) -> dict[str, str]:
    """
    What the vendors' answers put into the address of the thank-you page.
    """
    query: dict[str, str] = {}
    for each in settled:
        if each.state is State.DELIVERED:
            query |= {name.removeprefix("query."): value for name, value in each.result.items() if name[:6] == "query."}
    return query


# ── tickets ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _late(deps: Deps, form: Form, next_url: str, settled: Sequence[Delivery]) -> dict[str, str]:
    """
    A ticket for the answer that did not come in time; nothing where no vendor's answer is waited for.

    One that was held at the door gets one too: without, a robot would see that it was.
    """
    late = next((each for each in settled if each.destination and _answers(deps, each)), None)
    origin = sources.origin_of(target_of(form, next_url)) if late is not None else None
    if late is None or origin is None:
        return {}
    from chalicelib.records import tickets  # noqa: PLC0415 - SATORI answers in time, as a rule

    now = deps.now()
    said = f"{late.id}\0{deps.ports.chance.id(now)}".encode()
    made = hmac.digest(deps.signing_key(), _MARK + said, "sha256")
    ticket = base64.urlsafe_b64encode(made).decode("ascii").rstrip("=")
    try:
        deps.ports.table.write(tickets.issue(ticket, delivery_id=late.id, origin=origin, now=now))
    except StoreUnavailable:
        return {}  # the visitor is thanked all the same
    return {TICKET_PARAMETER: ticket}


def _answers(deps: Deps, delivery: Delivery) -> bool:
    over = {State.DELIVERED, State.DEAD, State.SKIPPED, State.ERASED, State.SUPERSEDED}
    if delivery.state in over or not deps.known(delivery):
        return False
    return deps.operation(delivery.destination, delivery.operation).answers


# ── where it is ─────────────────────────────────────────────────────────────────────────────────────────────────────


def standing(deps: Deps, found: Sequence[Delivery]) -> list[dict[str, Any]]:
    """
    Where each delivery is, with all that is known of what goes before it. Raises StoreUnavailable.
    """
    return _describe(deps, found, closely=True)


def _standing(deps: Deps, found: Sequence[Delivery]) -> list[dict[str, Any]]:
    """
    The same for a sender that waits: one read of each lane in which something waits. A table that is away tells less.
    """
    try:
        return _describe(deps, found, closely=False)
    except StoreUnavailable:
        return [_plain(each) for each in found if each.destination]


def _describe(deps: Deps, found: Sequence[Delivery], *, closely: bool) -> list[dict[str, Any]]:
    looked: dict[str, LaneState] = {}
    shown = [each for each in found if each.destination and not _continued(each, found)]
    return [_one(deps, each, looked, closely=closely) for each in shown]


def _one(deps: Deps, delivery: Delivery, looked: dict[str, LaneState], *, closely: bool) -> dict[str, Any]:
    plain = _plain(delivery)
    if delivery.state in NEVER_SENT:
        return plain
    destination = deps.config.destinations.get(delivery.destination)
    label = deps.vendors[destination.vendor].label if destination else delivery.destination
    by, waits_for = None, ""
    if plain["state"] != "delivered":
        eta = _eta(deps, delivery, looked, closely=closely)
        by, waits_for = (eta.by, eta.waits_for) if eta else (None, "person")
    when = {"by": by.isoformat(timespec="seconds")} if by else {"waits_for": waits_for} if waits_for else {}
    words = sources.receipt_words(label, plain["state"], by=by, waits_for=waits_for, now=deps.now())
    return {**plain, **when, "told": words}


def _plain(delivery: Delivery) -> dict[str, Any]:
    return {"id": delivery.id, "destination": delivery.destination, "state": _public(delivery.state)}


def _continued(delivery: Delivery, found: Sequence[Delivery]) -> bool:
    """
    Whether another delivery of the same submission has taken its place: a dead letter that was mended.
    """
    return delivery.state is State.SUPERSEDED and any(each.id == delivery.superseded_by for each in found)


def _public(state: State) -> str:
    """
    What anybody may know of a state: delivered (itself or within a newer one), or received.
    """
    return "delivered" if state in {State.DELIVERED, State.SUPERSEDED} else "accepted"


# ── when ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _eta(deps: Deps, delivery: Delivery, looked: dict[str, LaneState], *, closely: bool) -> Eta | None:
    """
    By when it will be there; None where a person has to look at it first.
    """
    lane = deps.lane(delivery.lane)
    after_call = delivery.state is State.HELD and bool(delivery.call_id)
    if lane is None or delivery.state in AT_A_PERSON or after_call or not deps.known(delivery):
        return None
    from chalicelib.planning import eta  # noqa: PLC0415 - a visitor's window asks for no time

    if lane.name not in looked:
        looked[lane.name] = _state(deps, lane)
    state = looked[lane.name]
    return eta.expected(lane, state, deps.now(), _place(deps, delivery, lane, state, closely=closely))


def _state(deps: Deps, lane: Lane) -> LaneState:
    """
    The lane and its keys, in one consistent read.
    """
    from chalicelib.records import lanes  # noqa: PLC0415

    return lanes.state_from(lane.name, deps.ports.table.query(Query(pk=lane_key(lane.name).pk)))


def _place(deps: Deps, delivery: Delivery, lane: Lane, state: LaneState, *, closely: bool) -> Place:
    from chalicelib.planning.eta import Place  # noqa: PLC0415

    own = next((each for each in state.keys if each.name == delivery.key), None)
    others = [each for each in state.keys if not each.held_reason and each.name != delivery.key]
    rows_max = own.rows_max if own else 0
    few = not lane.batching or (rows_max or lane.rows_max) < BIG_CALL_ROWS
    return Place(
        ahead=_ahead(deps, delivery) if closely or few else 0,
        keys_due=sum(each.due_at is not None for each in others),
        keys=len(others),
        urgent=delivery.urgent,
        after=delivery.after,
        key_held=bool(own and own.held_reason),
        rows_max=rows_max,
    )


def _ahead(deps: Deps, delivery: Delivery) -> int:
    """
    How many deliveries go before it: eight times those in its own eighth of the index and one more.
    """
    shard = shard_of(delivery.contact or delivery.id)
    found = Query(
        pk=waiting_partition(delivery.lane, delivery.key, shard, delivery.tier),
        index=WAITING,
        last=f"{stamp(delivery.arrived_at)}#{delivery.id}",
    )
    return SHARDS * (deps.ports.table.count(found) + 1)
