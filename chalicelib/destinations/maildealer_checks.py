"""
What can be wrong with a Mail Dealer destination or route before anything is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from chalicelib.destinations import checks
from chalicelib.destinations.forms import Terms
from chalicelib.destinations.maildealer_fields import (
    ID_ITEMS,
    OPERATIONS,
    choices_of,
    id_item,
    known_items,
    prepare,
    texts_of,
)
from chalicelib.model import Const, Destination, Fault, Route
from chalicelib.model.arrival import Json

_EXAMPLE = "https://md00.maildealer.jp (the host of the login URL)"
_NAME_REMEDY = "Write the name as 顧客管理 shows it."
_TABLES = ("choice_items", "items_chars_max")


def check(destination: Destination) -> list[Fault]:
    """
    Faults of `[destinations.x]`: address, item names, choices, lengths, substitutes.
    """
    return [
        *checks.base_url_faults(destination, _EXAMPLE),
        *_scheme_faults(destination),
        *_name_faults(destination),
        *_choice_faults(destination),
        *_length_faults(destination),
        *checks.substitute_faults(destination, "utf-8"),
    ]


def _scheme_faults(destination: Destination) -> list[Fault]:
    try:
        parts = urlsplit(destination.base_url)
    except ValueError:
        return []
    if parts.scheme != "http" or not (parts.hostname or "").endswith(".maildealer.jp"):
        return []
    message, remedy = "would send the token in clear before the vendor redirects it", f"Write {_EXAMPLE}."
    return [checks.fault(destination, "base_url", message=message, remedy=remedy)]


def _name_faults(destination: Destination) -> list[Fault]:
    faults = []
    mentioned = [("items", name) for name in texts_of(destination, "items")]
    mentioned += [("required_items", name) for name in texts_of(destination, "required_items")]
    for table in _TABLES:
        found = destination.settings.get(table)
        mentioned += [(table, name) for name in found] if isinstance(found, Mapping) else []
    listed = texts_of(destination, "items")
    known = (*_fixed(), id_item(destination), *listed) if listed else tuple(known_items(destination))
    for setting, name in mentioned:
        if not name.strip() or not name.isprintable():
            faults.append(
                checks.fault(destination, setting, name, message="is no name of an item", remedy=_NAME_REMEDY)
            )
        elif name in ID_ITEMS:
            message, remedy = "is the customer's ID, which the vendor gives", "Leave it out."
            faults.append(checks.fault(destination, setting, name, message=message, remedy=remedy))
        elif name not in known:
            remedy = checks.suggestion(name, known)
            faults.append(checks.fault(destination, setting, name, message="is not among items", remedy=remedy))
    return faults


def _fixed() -> tuple[str, ...]:
    return tuple(OPERATIONS["customer"].fields)


def _choice_faults(destination: Destination) -> list[Fault]:
    faults = []
    table = destination.settings.get("choice_items")
    for name, given in table.items() if isinstance(table, Mapping) else ():
        if name in _fixed():
            message, remedy = "takes a text, no choices", "Leave it out."
        elif not isinstance(given, list | tuple) or not all(isinstance(each, str) and each.strip() for each in given):
            message, remedy = "is no list of choices", f'Write e.g. choice_items = {{ "{name}" = ["A", "B"] }}.'
        elif any("\n" in each or each != each.strip() for each in given):
            message, remedy = "has a choice with a line break or outer blanks", "Write it as 顧客管理 shows it."
        else:
            continue
        faults.append(checks.fault(destination, "choice_items", name, message=message, remedy=remedy))
    return faults


def _length_faults(destination: Destination) -> list[Fault]:
    faults = []
    table = destination.settings.get("items_chars_max")
    for name, given in table.items() if isinstance(table, Mapping) else ():
        if not _is_length(given):
            message, remedy = "is no number of characters", "Write a whole number from 1."
        elif name in choices_of(destination):
            message, remedy = "takes choices, which have no length", "Leave it out."
        else:
            continue
        faults.append(checks.fault(destination, "items_chars_max", name, message=message, remedy=remedy))
    return faults


def _is_length(given: Json) -> bool:
    return isinstance(given, int) and not isinstance(given, bool) and given >= 1


def check_route(route: Route, destination: Destination) -> list[Fault]:
    """
    Faults of `[[routes]]`: unknown or unmapped items, constants that cannot be sent, and warnings of what may go wrong.
    """
    fields = known_items(destination)
    plain = {name: each for name, each in fields.items() if name not in choices_of(destination)}
    terms = Terms(charset="utf-8", substitutes=destination.substitutes, overflow=route.overflow)
    strange = [name for name in route.fields if name not in fields]
    wanted = [name for name, each in fields.items() if each.required and name not in route.fields]
    return [
        *(_strange(route, name, destination) for name in strange if _is_strange(name, destination)),
        *(checks.unmapped(route, name, strange) for name in wanted if not route.rest),
        *checks.constant_faults(route, plain, terms),
        *_choice_constants(route, destination),
        *checks.overflow_faults(route, fields),
    ]


def _is_strange(name: str, destination: Destination) -> bool:
    """
    Whether a name that no setting mentions is worth a word: items are listed, or it is nearly one that is known.
    """
    listed = texts_of(destination, "items")
    return bool(listed or name in ID_ITEMS or not name.strip() or checks.nearest(name, known_items(destination)))


def _strange(route: Route, name: str, destination: Destination) -> Fault:
    known = known_items(destination)
    if name in ID_ITEMS:
        message = f'is spelled "{id_item(destination)}" for {destination.name}'
        remedy = f'Write that, or set customer_id_item = "{name}" if this account has it so.'
        return checks.route_fault(route, "fields", name, message=message, remedy=remedy)
    if not name.strip() or texts_of(destination, "items"):
        message, remedy = f"is none of the items of {destination.name}", checks.suggestion(name, known)
        return checks.route_fault(route, "fields", name, message=message, remedy=remedy)
    message = "is unknown here, and Mail Dealer refuses a customer with an item that it does not have"
    remedy = f"{checks.suggestion(name, known)} Else add it to items, or ask: ekiden vendor check {destination.name}."
    return checks.route_warning(route, "fields", name, message=message, remedy=remedy)


def _choice_constants(route: Route, destination: Destination) -> list[Fault]:
    faults = []
    for name, choices in choices_of(destination).items():
        mapped = route.fields.get(name)
        if not isinstance(mapped, Const):
            continue
        made = prepare(OPERATIONS[route.operation], {name: mapped.value}, {}, destination, {})
        wrong = [each.text for each in made if each.field == name] if isinstance(made, tuple) else []
        if wrong:
            guess = checks.nearest(str(mapped.value), choices)
            remedy = f'Did you mean "{guess}"?' if guess else "Write one of the choices."
            faults.append(checks.route_fault(route, "fields", name, message=wrong[0], remedy=remedy))
    return faults
