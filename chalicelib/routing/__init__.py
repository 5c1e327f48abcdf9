"""
The routing room: one event and the routes → what each destination shall be given. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from datetime import datetime
from typing import TypeVar

from chalicelib.model import Event, Expr, Mapped, Route
from chalicelib.model.arrival import Json
from chalicelib.routing.expressions import Failure, is_true
from chalicelib.routing.mapping import Scope, scope_of, setting_of, value_of
from chalicelib.value import value

__all__ = ["Draft", "route"]

T = TypeVar("T")

IMPORT_SETTINGS = "_import"
"""
The field in which the row of a file carries the import settings that came with it.
"""


@value
class Draft:
    """
    What one route makes of one event, before the destination has looked at it.

    `fields` are the vendor's fields, any JSON; `settings` those of the operation, as text. `skipped` says why nothing
    travels ("condition", "test", "ignored: DELETE_RECORD"); `failed` which mappings gave no value and why, without
    personal data. Both kinds of draft are empty: what does not travel is not kept a second time.
    """

    route: Route
    fields: Mapping[str, Json] = field(default_factory=dict, repr=False)
    settings: Mapping[str, str] = field(default_factory=dict)
    skipped: str = ""
    failed: str = ""


def route(event: Event, routes: Iterable[Route], *, arrived: datetime, event_id: str) -> list[Draft]:
    """
    One draft for each route of the event's source that takes its kind, in the order of the routes.

    An event to be ignored gives a skipped draft for every route of its source, so that it can be seen where it would
    have gone; an event of a kind that no route takes gives none.
    """
    scope = scope_of(event, arrived=arrived, event_id=event_id)
    return [
        _draft(event, way, scope)
        for way in routes
        if way.source == event.source and (event.kind == "ignore" or event.kind in way.kinds) and _meant(event, way)
    ]


def _meant(event: Event, way: Route) -> bool:
    """
    Whether the import settings of the event's file are those that the route is for.
    """
    if not way.only:
        return True
    said = event.fields.get(IMPORT_SETTINGS)
    return isinstance(said, Mapping) and all(said.get(name) == wanted for name, wanted in way.only.items())


def _draft(event: Event, way: Route, scope: Scope) -> Draft:
    if event.kind == "ignore":
        return Draft(route=way, skipped=": ".join(["ignored", *filter(None, [event.evidence.get("word")])]))
    if event.test:
        return Draft(route=way, skipped="test")
    if way.when:
        met = value_of(Expr(text=way.when), scope)
        if isinstance(met, Failure):
            return Draft(route=way, failed=f"when: {met.reason}")
        if not is_true(met):
            return Draft(route=way, skipped="condition")
    return _mapped(way, scope)


def _mapped(way: Route, scope: Scope) -> Draft:
    """
    All mappings of a route; one that fails fails the draft, and every failure is named.
    """
    fields, faulty_fields = _values(way.fields, scope, value_of)
    if way.rest:
        fields = {name: given for name, given in scope.fields.items() if name != IMPORT_SETTINGS} | fields
    settings, faulty_settings = _values(way.settings, scope, setting_of)
    faults = [f"fields.{name}: {fault.reason}" for name, fault in faulty_fields.items()]
    faults += [f"settings.{name}: {fault.reason}" for name, fault in faulty_settings.items()]
    if faults:
        return Draft(route=way, failed="; ".join(faults))
    return Draft(
        route=way,
        fields=fields,
        settings={name: text for name, text in settings.items() if text is not None},
    )


def _values(
    mappings: Mapping[str, Mapped],
    scope: Scope,
    read: Callable[[Mapped, Scope], T | Failure],
) -> tuple[dict[str, T], dict[str, Failure]]:
    values: dict[str, T] = {}
    failures: dict[str, Failure] = {}
    for name, mapped in mappings.items():
        value = read(mapped, scope)
        if isinstance(value, Failure):
            failures[name] = value
        else:
            values[name] = value
    return values, failures
