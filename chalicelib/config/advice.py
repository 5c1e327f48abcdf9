"""
What is likely a mistake although every line is sound: warnings over the whole configuration.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from chalicelib.config.place import Place, nearest
from chalicelib.model import Destination, FieldName, Lane, Route, Source

if TYPE_CHECKING:
    from chalicelib.destinations.kit import Vendor

_PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", re.ASCII)


def advise_sources(sources: Mapping[str, Source], routes: tuple[Route, ...], place: Place) -> None:
    """
    Sources that reach nothing, opt-outs that go nowhere, forms without a defence.
    """
    for name, source in sources.items():
        here = place.key(name)
        taken = {kind for route in routes if route.source == name for kind in route.kinds}
        if not taken:
            here.warn("has no route: what it sends goes nowhere", f'Add [[routes]] with from = "{name}".')
            continue
        for kind in ("unsubscribe", "delete"):
            if kind in source.event.kinds.values() and kind not in taken:
                here.key("event").key("kinds").warn(
                    f'gives "{kind}" events, and no route takes them',
                    f'Add a route with on = ["{kind}"], or map them to "ignore".',
                )
        if source.form and not source.form.honeypot:
            here.key("honeypot").warn("is empty", 'Name a field that only robots fill, such as "_gotcha".')
        if source.form and not source.ceiling:
            here.key("ceiling").warn(
                "is missing: a flood of this public form may use up a vendor's quota",
                'Hold what is more than usual: ceiling = { events = 500, per = "hour" }.',
            )


def advise_destinations(destinations: Mapping[str, Destination], routes: tuple[Route, ...], place: Place) -> None:
    """
    Destinations that nothing reaches.
    """
    reached = {route.destination for route in routes}
    for name in destinations:
        if name not in reached:
            place.key(name).warn("has no route: nothing is sent there", f'Add [[routes]] with to = "{name}".')


def advise_routes(
    routes: tuple[Route, ...],
    place: Place,
    *,
    sources: Mapping[str, Source],
    destinations: Mapping[str, Destination],
    lanes: Mapping[str, Lane],
    vendors: Mapping[str, Vendor],
) -> None:
    """
    Routes that bring a CRM's masses to an API made for single persons. `place` is that of the sources.
    """
    for route in routes:
        source, destination = sources.get(route.source), destinations.get(route.destination)
        lane = lanes.get(destination.lane) if destination else None
        if not source or not destination or not lane:
            continue
        if source.form is None and source.ceiling is None and not lane.batching:
            label = vendors[destination.vendor].label
            if source.poll is not None and source.poll.first == "remember":
                continue
            if source.poll is not None:
                place.key(source.name).key("ceiling").warn(
                    f"is missing, and {label} is called once for every row that this list brings, and the first run "
                    "may take all of it",
                    'Write first = "remember" to begin with what changes, or a ceiling; a person frees what it holds.',
                )
                continue
            place.key(source.name).key("ceiling").warn(
                f"is missing, and {label} is called once for every record that this webhook sends: its API is not "
                "meant for keeping a CRM in step",
                'Send only what changed (when), and hold what is more: ceiling = { events = 500, per = "hour" }.',
            )


def advise_mapping(route: Route, source: Source, place: Place) -> None:
    """
    Names that a source's own declaration makes look mistyped. `place` is that of the route.
    """
    declared = [field.name for field in source.form.fields] if source.form else []
    for name, mapped in route.fields.items():
        if not isinstance(mapped, FieldName) or mapped.name in declared:
            continue
        near = nearest(mapped.name, declared)
        if near:
            place.key("fields").key(name).warn(
                f'reads "{mapped.name}", which the form does not declare', f'Did you mean "{near}"?'
            )
        elif source.form is None and _PATH.fullmatch(mapped.name):
            place.key("fields").key(name).warn(
                f'reads a field that is literally called "{mapped.name}"',
                f'For a path write {{ expr = "{mapped.name}" }}.',
            )
