"""
What can be wrong with a SATORI destination or route before anything is sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from chalicelib.destinations import checks
from chalicelib.destinations.kit import Field, Operation
from chalicelib.destinations.satori_fields import (
    CUSTOM,
    CUSTOM_FIELDS_MAX,
    CUSTOM_TYPES,
    OPERATIONS,
    fields_of,
    required_of,
    terms_of,
)
from chalicelib.model import Const, Destination, Fault, Route

_CUSTOM_KEY = re.compile(r"[^\s\[\]=&:]{1,255}")


def check(destination: Destination) -> list[Fault]:
    """
    Faults of `[destinations.x]`: address, pace, custom fields, substitutes.
    """
    faults = checks.base_url_faults(destination, "https://api.satr.jp")
    faults += checks.substitute_faults(destination, "utf-8")
    pace = destination.settings.get("calls_per_second", 1)
    if not 0.001 <= pace <= 1_000:
        remedy = "Write more than 0 (0.001 to 1000), or leave it out for 1 call a second."
        faults.append(checks.fault(destination, "calls_per_second", message="is no pace", remedy=remedy))
    return faults + _custom_faults(destination)


def _custom_faults(destination: Destination) -> list[Fault]:
    table = destination.settings.get("custom_fields") or {}
    faults = []
    if table and destination.settings.get("version") == 3:
        message, remedy = "needs version 4: version 3 has no custom fields", "Set version = 4."
        faults.append(checks.fault(destination, "custom_fields", message=message, remedy=remedy))
    if len(table) > CUSTOM_FIELDS_MAX:
        message = f"names {len(table)} fields, and SATORI has at most {CUSTOM_FIELDS_MAX}"
        remedy = "Name those that exist in SATORI."
        faults.append(checks.fault(destination, "custom_fields", message=message, remedy=remedy))
    for key, form in table.items():
        if key.startswith(CUSTOM) or not _CUSTOM_KEY.fullmatch(key):
            message = "is no name of a custom field"
            remedy = f"Write the name as SATORI's admin screen shows it, without {CUSTOM}"
            faults.append(checks.fault(destination, "custom_fields", key, message=message, remedy=remedy))
        if form not in CUSTOM_TYPES:
            message, remedy = "is of no known type", f"Write one of: {', '.join(CUSTOM_TYPES)}."
            faults.append(checks.fault(destination, "custom_fields", key, message=message, remedy=remedy))
    return faults


def check_route(route: Route, destination: Destination) -> list[Fault]:
    """
    Faults of `[[routes]]`: unknown or unmapped fields, settings that contradict, and warnings of what may go wrong.
    """
    operation = OPERATIONS[route.operation]
    fields = fields_of(operation, destination)
    return [
        *_identity_faults(route, operation),
        *(_unknown_field(route, name, fields, destination) for name in route.fields if name not in fields),
        *checks.constant_faults(route, fields, terms_of(destination, route.overflow)),
        *checks.overflow_faults(route, fields),
        *_consent_warnings(route),
    ]


def _identity_faults(route: Route, operation: Operation) -> list[Fault]:
    mapped = route.settings.get("identity")
    if checks.given_by_event(mapped):
        message, remedy = "must be a constant", 'Write "email" or "hashcode".'
        return [checks.route_fault(route, "settings", "identity", message=message, remedy=remedy)]
    identity = checks.constant(mapped) or "email"
    strange = [name for name in route.fields if name not in operation.fields]
    required = required_of(operation, identity)
    faults = [checks.unmapped(route, name, strange) for name in required if name not in route.fields]
    if identity == "email" and "hashcode" in route.fields and "hashcode" in operation.fields:
        message = "is mapped, but the customer is named by email"
        remedy = 'Set identity = "hashcode" in the settings of the route, or leave hashcode out.'
        faults.append(checks.route_fault(route, "fields", "hashcode", message=message, remedy=remedy))
    if identity == "hashcode" and "email" not in route.fields:
        message = "is not mapped, and SATORI's manual lists it as required beside a hashcode too"
        remedy = "Map the customer's known address, unless a try on your account shows that SATORI does without it."
        faults.append(checks.route_warning(route, "fields", "email", message=message, remedy=remedy))
    return faults


def _unknown_field(route: Route, name: str, fields: Mapping[str, Field], destination: Destination) -> Fault:
    custom = [each for each in fields if each.startswith(CUSTOM)]
    message = f"is no field of {route.operation} at SATORI"
    if name == "identity_type":
        remedy = 'Set identity = "hashcode" in the settings of the route, or leave it out for "email".'
    elif name.startswith("customer[") and name.endswith("]"):
        bare = name.removeprefix("customer[").removesuffix("]")
        remedy = f'Write "{bare}": Ekiden adds the wrapper.'
    elif name.startswith(CUSTOM) and destination.settings.get("version") == 3:
        message, remedy = "needs version 4: version 3 has no custom fields", "Set version = 4 for the destination."
    elif name.startswith(CUSTOM) and not checks.nearest(name, custom):
        key = name.removeprefix(CUSTOM)
        message, remedy = "is not declared", f'Add custom_fields = {{ "{key}" = "text" }} to {destination.name}.'
    else:
        remedy = checks.suggestion(name, fields)
    return checks.route_fault(route, "fields", name, message=message, remedy=remedy)


def _consent_warnings(route: Route) -> list[Fault]:
    permission = route.fields.get("delivery_permission")
    if not isinstance(permission, Const) or permission.value != "approval":
        return []
    message = "permits mail again with every event, also to people who opted out"
    remedy = "Map it from a consent field, so that it is sent on an explicit new consent only."
    return [checks.route_warning(route, "fields", "delivery_permission", message=message, remedy=remedy)]
