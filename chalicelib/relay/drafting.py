"""
From an event to the deliveries that it asks for: routed, mapped, checked by the vendor's rules; nothing sent yet.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from chalicelib import routing
from chalicelib.destinations.kit import Operation
from chalicelib.errors import EnvelopeRefused
from chalicelib.model import (
    Delivery,
    Effect,
    Event,
    FieldName,
    FieldProblem,
    LaneKey,
    Prepared,
    Problem,
    Route,
    Source,
    State,
)
from chalicelib.records.layout import delivery_id, dump
from chalicelib.relay.deps import Deps
from chalicelib.value import value

SINGLE_KEY = "-"
PAYLOAD_BYTES_MAX = 150_000
"""
A transaction takes 4 MB: an event and twenty deliveries of at most 150 KB.
"""

SURELY_SMALL_CHARS = 20_000
CUT_CHARS = 500
VISITOR_CAN_MEND = frozenset({"missing", "invalid"})


@value
class Drafted:
    """
    An event's deliveries, the lane keys of those that wait for a batch, and problems by route for the visitor's page.
    """

    deliveries: tuple[Delivery, ...]
    keys: Mapping[tuple[str, str], LaneKey]
    problems: tuple[tuple[Route, Problem], ...] = ()


@value
class Arrival:
    """
    One event on its way in: its new id, when it arrived, and the key that digests addresses.
    """

    event_id: str
    event: Event
    at: datetime
    signing_key: bytes


def draft(
    arrival: Arrival, deps: Deps, *, only_route: str = "", first: int = 1, fixes: Mapping[str, str] | None = None
) -> Drafted:
    """
    Everything that an event asks for, one delivery for each of its routes.

    `only_route`, `first` and `fixes` serve replays: one route, numbered from there, with values put in by a person.
    What no route wants, and what cannot be understood, still becomes a delivery that somebody can see.
    """
    event = arrival.event
    if event.kind == "unusable":
        return _only(_bare(arrival, first, State.HELD, f"not usable: {event.hold or 'unknown'}"))
    routes = [route for route in deps.config.routes if only_route in {"", route.name}]
    drafts = routing.route(event, routes, arrived=arrival.at, event_id=arrival.event_id)
    if not drafts:
        return _only(_bare(arrival, first, State.SKIPPED, f"no route takes {event.kind} events of {event.source}"))
    deliveries: list[Delivery] = []
    keys: dict[tuple[str, str], LaneKey] = {}
    problems: list[tuple[Route, Problem]] = []
    for number, each in enumerate(drafts, start=first):
        made, key, wrong = _deliver(arrival, deps, each, number, fixes or {})
        deliveries.append(made)
        problems += [(each.route, problem) for problem in wrong]
        if key is not None:
            keys[made.lane, key.name] = key
    return Drafted(deliveries=tuple(deliveries), keys=keys, problems=tuple(problems))


def refuse_what_the_visitor_can_mend(drafted: Drafted, source: Source, values: Sequence[tuple[str, str]]) -> None:
    """
    A form whose missing or invalid field would make a dead letter goes back to the visitor instead (422).
    """
    if source.form is None:
        return
    labels = {field.name: field for field in source.form.fields}
    found: dict[str, FieldProblem] = {}
    for route, problem in drafted.problems:
        mapped = route.fields.get(problem.field)
        if problem.code in VISITOR_CAN_MEND and isinstance(mapped, FieldName):
            declared = labels.get(mapped.name)
            label = (declared and declared.label) or mapped.name
            found[mapped.name] = _for_visitor(mapped.name, label, problem.code)
    if found:
        raise EnvelopeRefused(
            422,
            "invalid",
            "some fields are missing or not valid",
            problems=tuple(found.values()),
            values=values,
        )


def lane_key_of(delivery: Delivery, urgent: bool) -> LaneKey:  # noqa: FBT001 - a property of the operation
    """
    The batch key that a delivery travels under.
    """
    return LaneKey(
        name=delivery.key,
        destination=delivery.destination,
        operation=delivery.operation,
        settings=delivery.settings,
        urgent=urgent,
    )


def _deliver(
    arrival: Arrival,
    deps: Deps,
    found: routing.Draft,
    number: int,
    fixes: Mapping[str, str],
) -> tuple[Delivery, LaneKey | None, tuple[Problem, ...]]:
    route = found.route
    destination = deps.destination(route.destination)
    vendor = deps.vendors[destination.vendor]
    operation = vendor.operations[route.operation]
    base = replace(
        _bare(arrival, number, State.WAITING, ""),
        route=route.name,
        destination=destination.name,
        operation=operation.name,
        lane=destination.lane,
        key=SINGLE_KEY,
        effect=operation.effect,
        urgent=operation.urgent,
    )
    if found.skipped:
        return replace(base, state=State.SKIPPED, reason=found.skipped, settled_at=arrival.at), None, ()
    fields = {**found.fields, **fixes}
    if found.failed:
        return _dead(base, fields, found.failed), None, ()
    try:
        prepared = vendor.prepare(operation, fields, found.settings, destination, route.overflow)
    except Exception as error:  # noqa: BLE001 - a row that our own code cannot take must not stop the others
        return _dead(base, fields, f"our own fault: {type(error).__name__} while preparing"), None, ()
    if not isinstance(prepared, Prepared):
        return _dead(base, fields, "; ".join(str(problem) for problem in prepared)), None, prepared
    return *_waiting(base, prepared, arrival, deps, operation), ()


def _waiting(
    base: Delivery,
    prepared: Prepared,
    arrival: Arrival,
    deps: Deps,
    operation: Operation,
) -> tuple[Delivery, LaneKey | None]:
    lane = deps.config.lanes[base.lane]
    if _bytes_of(prepared.payload) > PAYLOAD_BYTES_MAX:
        return _dead(base, {}, f"mapped to more than {PAYLOAD_BYTES_MAX:,} bytes; see the submission"), None
    hold = arrival.event.hold
    delivery = replace(
        base,
        payload=prepared.payload,
        settings=prepared.settings,
        contact=deps.contact(prepared.address, arrival.signing_key),
        effect=prepared.effect,
        urgent=prepared.urgent,
        key=_key_name(base, prepared) if lane.batching else SINGLE_KEY,
        state=State.HELD if hold else State.WAITING,
        reason=hold or "",
        settled_at=arrival.at if hold else None,
    )
    waits_for_batch = lane.batching and not hold
    return delivery, lane_key_of(delivery, operation.urgent) if waits_for_batch else None


def _bare(arrival: Arrival, number: int, state: State, reason: str) -> Delivery:
    return Delivery(
        id=delivery_id(arrival.event_id, number),
        event_id=arrival.event_id,
        source=arrival.event.source,
        route="",
        destination="",
        operation="",
        lane="",
        key="",
        contact="",
        effect=Effect.DATA,
        event_time=arrival.event.time,
        arrived_at=arrival.at,
        state=state,
        reason=reason,
        settled_at=None if state is State.WAITING else arrival.at,
    )


def _dead(base: Delivery, fields: Mapping[str, Any], reason: str) -> Delivery:
    """
    A dead letter keeps what was mapped, so that a person can see it and mend it.
    """
    payload = {name: _text(value) for name, value in fields.items() if value is not None}
    if _bytes_of(payload) > PAYLOAD_BYTES_MAX:
        payload = {name: value[:CUT_CHARS] for name, value in payload.items()}
    return replace(base, state=State.DEAD, reason=reason, payload=payload, settled_at=base.arrived_at)


def _bytes_of(payload: Mapping[str, str]) -> int:
    """
    How large a payload is in the table; small ones are not measured exactly.
    """
    characters = sum(map(len, payload.values()))
    return len(dump(payload).encode()) if characters > SURELY_SMALL_CHARS else characters


def _text(value: object) -> str:
    if isinstance(value, list):
        return ",".join(str(each) for each in value)
    return value if isinstance(value, str) else str(value)


def _only(delivery: Delivery) -> Drafted:
    return Drafted(deliveries=(delivery,), keys={})


def _key_name(base: Delivery, prepared: Prepared) -> str:
    """
    A short stable name of what a batch's rows must share: destination, operation and settings.
    """
    shared = dump({"to": base.destination, "operation": base.operation, **dict(sorted(prepared.settings.items()))})
    return hashlib.sha256(shared.encode()).hexdigest()[:12]


def _for_visitor(name: str, label: str, code: str) -> FieldProblem:
    ja, en = {
        "missing": ("入力してください。", "Please fill in this field."),
        "invalid": ("正しい形式で入力してください。", "Please check this field."),
    }[code]
    return FieldProblem(name=name, label=label, ja=ja, en=en, code=code)
