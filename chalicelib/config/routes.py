"""
[[routes]]: source → destination + operation + mapping + condition → Route.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chalicelib.config import texts
from chalicelib.config.advice import advise_mapping
from chalicelib.config.as_sent import as_sent
from chalicelib.config.destinations import setting_rule
from chalicelib.config.mappings import field_mappings, setting_mappings
from chalicelib.config.place import Place, shown, suggestion
from chalicelib.config.schema import Rule, Shape, as_table, in_words, read
from chalicelib.model import Destination, Route, Source
from chalicelib.value import value

if TYPE_CHECKING:
    from chalicelib.destinations.kit import Operation, Vendor

ROUTES_PER_SOURCE_MAX = 20
"""
An event and all its deliveries are one transaction of at most 100 actions.
"""

ROUTE: Shape = {
    "name": Rule(clean=texts.route_name),
    "from": Rule(kind="either", required=True, example='"contact"'),
    "to": Rule(required=True, example='"satori"'),
    "operation": Rule(required=True, example='"upsert"'),
    "on": Rule(kind="either", choices=("upsert", "unsubscribe", "delete")),
    "when": Rule(kind="expression"),
    "fields": Rule(kind="raw"),
    "settings": Rule(kind="raw"),
    "overflow": Rule(kind="words", choices=("refuse", "clip")),
}
AS_SENT = "as_sent"
"""
Not an operation but a drop-in's: the one that each file's import settings name.
"""


@value
class Known:
    """
    What routes may refer to. A destination of an unknown vendor is None: it exists, and nothing is checked against it.
    """

    sources: Mapping[str, Source]
    destinations: Mapping[str, Destination | None]
    vendors: Mapping[str, Vendor]


@value
class _Draft:
    """
    A route with its place, before it has its final name. `named` is what the file calls it, if anything.
    """

    route: Route
    named: str
    place: Place


def routes(raw: object, place: Place, known: Known) -> tuple[Route, ...]:
    """
    Every route in the order of the file; one with several sources is one route for each.
    """
    if not isinstance(raw, list | tuple):
        place.fault(f"is {in_words(raw)}, where a list of tables is wanted", "Write [[routes]] with two brackets.")
        return ()
    drafts: list[_Draft] = []
    for number, entry in enumerate(raw):
        here = place.item(number)
        table = as_table(entry, here)
        if table is not None:
            drafts += _drafts(table, here, known)
    _check_count(drafts)
    _check_names(drafts)
    return tuple(_named(drafts, known))


def _drafts(table: Mapping[str, Any], place: Place, known: Known) -> Iterator[_Draft]:
    """
    One draft for each source of a route that names its ends and operation; else none, and the faults are reported.
    """
    values = read(table, ROUTE, place)
    senders = _senders(values.get("from", ()), place.key("from"), known)
    destination = _destination(values.get("to"), place.key("to"), known)
    vendor = known.vendors[destination.vendor] if destination else None
    if values.get("operation") == AS_SENT and vendor and vendor.imports:
        yield from _as_sent(values, senders, destination, vendor, place, known)
        return
    operation = _operation(values.get("operation"), place.key("operation"), vendor)
    rules = {name: setting_rule(setting) for name, setting in operation.settings.items()} if operation else {}
    fields = field_mappings(values.get("fields", {}), place.key("fields"))
    settings = setting_mappings(values.get("settings", {}), place.key("settings"), rules) if operation else {}
    overflow = values.get("overflow", {})
    for name in overflow:
        if name not in fields and not place.key("fields").at_fault:
            place.key("overflow").key(name).fault("is not mapped by this route", suggestion(name, fields))
    for sender in senders:
        route = Route(
            name="",
            source=sender,
            destination=values.get("to", ""),
            operation=values.get("operation", ""),
            kinds=tuple(dict.fromkeys(values.get("on", ()))) or ("upsert",),
            when=values.get("when", ""),
            fields=fields,
            settings=settings,
            overflow=overflow,
        )
        named = values.get("name", "")
        advise_mapping(route, known.sources[sender], place)
        yield _Draft(route=route, named=f"{named}-{sender}" if named and len(senders) > 1 else named, place=place)


def _as_sent(
    values: Mapping[str, Any],
    senders: list[str],
    destination: Destination | None,
    vendor: Vendor,
    place: Place,
    known: Known,
) -> Iterator[_Draft]:
    """
    A route for each operation that a drop-in's file may name, with its columns and its settings.
    """
    if destination is None:
        return
    for key in ("on", "when"):
        if key in values:
            place.key(key).fault("cannot be said of a route that goes as it was sent", "Remove it.")
    fields = field_mappings(values.get("fields", {}), place.key("fields"))
    rules = {name: setting_rule(one) for each in vendor.operations.values() for name, one in each.settings.items()}
    settings = setting_mappings(values.get("settings", {}), place.key("settings"), rules)
    for sender in senders:
        if known.sources[sender].dropin is None:
            place.key("operation").fault(
                f'"{AS_SENT}" is for files of drop-ins, and {shown(sender)} sends none',
                suggestion(AS_SENT, vendor.operations),
            )
            continue
        for route in as_sent(sender, destination, vendor, fields=fields, settings=settings):
            named = replace(route, overflow=values.get("overflow", {}))
            own = f"{values['name']}-{route.name}" if values.get("name") else ""
            own = f"{own}-{sender}" if own and len(senders) > 1 else own
            yield _Draft(route=named, named=own, place=place)


def _senders(names: tuple[str, ...], place: Place, known: Known) -> list[str]:
    senders = list(dict.fromkeys(names))
    for name in senders:
        if name not in known.sources:
            place.fault(f"{shown(name)} is no source", suggestion(name, known.sources))
    return [name for name in senders if name in known.sources]


def _destination(name: str | None, place: Place, known: Known) -> Destination | None:
    if name is not None and name not in known.destinations:
        place.fault(f"{shown(name)} is no destination", suggestion(name, known.destinations))
    return known.destinations.get(name or "")


def _operation(name: str | None, place: Place, vendor: Vendor | None) -> Operation | None:
    if name is None or vendor is None:
        return None
    if name not in vendor.operations:
        place.fault(f"{shown(name)} is no operation of {vendor.label}", suggestion(name, vendor.operations))
    return vendor.operations.get(name)


# ── all routes together ─────────────────────────────────────────────────────────────────────────────────────────────


def _check_count(drafts: list[_Draft]) -> None:
    counts: Counter[str] = Counter()
    for draft in drafts:
        counts[draft.route.source] += 1
        if counts[draft.route.source] == ROUTES_PER_SOURCE_MAX + 1:
            draft.place.fault(
                f"is one more than the {ROUTES_PER_SOURCE_MAX} routes that a source may have",
                f"Take a route from {shown(draft.route.source)} away, or split the source in two.",
            )


def _check_names(drafts: list[_Draft]) -> None:
    first: dict[str, Place] = {}
    for draft in drafts:
        if not draft.named:
            continue
        if draft.named in first:
            draft.place.key("name").fault(
                f"{shown(draft.named)} is the name of {first[draft.named].path} too",
                "Give each route a name of its own, or none.",
            )
        else:
            first[draft.named] = draft.place


def _named(drafts: list[_Draft], known: Known) -> Iterator[Route]:
    """
    The routes under their final names, each checked by its vendor. Names by default never clash with given ones.
    """
    taken = {draft.named for draft in drafts if draft.named}
    for draft in drafts:
        route = replace(draft.route, name=draft.named or _free_name(draft.route, taken))
        taken.add(route.name)
        destination = known.destinations.get(route.destination)
        if destination and route.operation in known.vendors[destination.vendor].operations:
            for fault in known.vendors[destination.vendor].check_route(route, destination):
                draft.place.take_in(fault, known_as=f"routes.{route.name}")
        yield route


def _free_name(route: Route, taken: set[str]) -> str:
    """
    "contact-satori-upsert"; the second one of the kind ends in "-2".
    """
    base = f"{route.source}-{route.destination}-{route.operation}"
    number = 1
    while (name := base if number == 1 else f"{base}-{number}") in taken:
        number += 1
    return name
