"""
What can be wrong with a route to a declared destination before anything is sent.
"""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.destinations import checks
from chalicelib.destinations.declared import OURS, Declaration
from chalicelib.destinations.declared_checks import sound
from chalicelib.destinations.declared_fields import required_of, terms_of
from chalicelib.destinations.kit import Field
from chalicelib.destinations.templates import texts
from chalicelib.model import Destination, Fault, Route


def check_route(declaration: Declaration, route: Route, destination: Destination, *, merges: bool) -> list[Fault]:
    """
    Faults of `[[routes]]`: unknown or unmapped fields, constants that would be refused, overflow without a limit.
    """
    fields = dict(declaration.fields)
    if declaration.open_fields:
        fields = {name: Field(name=name, label=name) for name in route.fields}
    strange = [name for name in route.fields if name not in fields]
    faults = [_unknown(route, name, fields) for name in strange]
    missing = [name for name in required_of(declaration) if name not in route.fields]
    faults += [checks.unmapped(route, name, strange) for name in missing]
    if merges and not declaration.identity:
        message = "needs to know what names a contact"
        remedy = f'Add identity = "…" to {destination.name}, or use the operation "send".'
        faults.append(checks.route_fault(route, "operation", message=message, remedy=remedy))
    faults += checks.constant_faults(route, fields, terms_of(declaration, destination, route.overflow))
    return [*faults, *checks.overflow_faults(route, fields), *_blank_places(declaration, route, missing)]


def _unknown(route: Route, name: str, fields: Mapping[str, Field]) -> Fault:
    message = f"is no field of {route.destination}"
    return checks.route_fault(route, "fields", name, message=message, remedy=checks.suggestion(name, fields))


def _blank_places(declaration: Declaration, route: Route, missing: list[str]) -> list[Fault]:
    """
    Places of the body that this route never fills: allowed, since a member without a value is left out.
    """
    named = [
        slot.name for node in (declaration.body, declaration.row) for _, text in texts(node) for slot in sound(text)
    ]
    blank = [name for name in dict.fromkeys(named) if name.partition(":")[0] not in OURS]
    return [
        checks.route_warning(
            route,
            "fields",
            name,
            message=f"has a place in the body of {route.destination}, and is not mapped",
            remedy=f'Map "{name}" to a field of the source, or take the place out.',
        )
        for name in blank
        if name not in route.fields and name not in missing
    ]
