"""
What can be wrong with an e-mail destination or a route to it before anything is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain

from chalicelib.destinations import checks
from chalicelib.destinations.forms import Terms
from chalicelib.destinations.kit import Field, Operation
from chalicelib.destinations.mail_terms import (
    OPERATIONS,
    RECIPIENTS_MAX,
    SERVER,
    is_address,
    sender_of,
    template_of,
)
from chalicelib.destinations.templates import slots
from chalicelib.model import Destination, Fault, Route

PARTS = ("subject", "text")


def names_of(operation: Operation, template: str, destination: Destination) -> tuple[str, ...]:
    """
    The fields that a message takes: the operation's own, and the places of its template.
    """
    found = template_of(destination, template) or ()
    named = chain.from_iterable(_places(each) for each in found)
    return tuple(dict.fromkeys([*operation.fields, *named]))


def check(destination: Destination) -> list[Fault]:
    """
    Faults of `[destinations.x]`: the sender, the server, the templates.
    """
    faults = checks.substitute_faults(destination, "utf-8")
    given = destination.settings
    if given.get("from") is not None and sender_of(destination) is None:
        remedy = 'Write one address, such as "お問い合わせ窓口 <info@example.co.jp>".'
        faults.append(checks.fault(destination, "from", message="is no sender", remedy=remedy))
    server = given.get("server")
    if server is not None and not SERVER.fullmatch(server):
        remedy = 'Write "ses", or for trying "smtp://127.0.0.1:1025".'
        faults.append(checks.fault(destination, "server", message="is no server that mail may leave by", remedy=remedy))
    if destination.base_url != "ses:":
        faults.append(checks.fault(destination, "base_url", message="cannot be said of e-mail", remedy="Leave it out."))
    for name, table in (given.get("templates") or {}).items():
        faults += _template_faults(destination, name, table)
    return faults


def _template_faults(destination: Destination, name: str, table: object) -> Iterable[Fault]:
    if not isinstance(table, Mapping):
        remedy = 'Write it as { subject = "…", text = "…" }.'
        yield checks.fault(destination, "templates", name, message="is no table", remedy=remedy)
        return
    for key in table:
        if key not in PARTS:
            message, remedy = "is not a key that Ekiden knows here", checks.suggestion(key, PARTS)
            yield checks.fault(destination, "templates", name, key, message=message, remedy=remedy)
    for key in PARTS:
        text = table.get(key)
        if not isinstance(text, str) or not text.strip():
            message = "is missing" if key not in table else "is no text"
            remedy = f'Add it: {key} = "…".'
            yield checks.fault(destination, "templates", name, key, message=message, remedy=remedy)
            continue
        try:
            strange = [slot.name for slot in slots(text) if slot.kind]
        except ValueError as error:
            remedy = "Write {name} for a place, and {{ or }} for a brace."
            yield checks.fault(destination, "templates", name, key, message=str(error), remedy=remedy)
            continue
        if strange:
            message, remedy = "would put a credential into a message", "Take it out."
            yield checks.fault(destination, "templates", name, key, message=message, remedy=remedy)


def check_route(route: Route, destination: Destination) -> list[Fault]:
    """
    Faults of `[[routes]]`: no such template, places that are not mapped, recipients that an event could choose.
    """
    operation = OPERATIONS[route.operation]
    faults = list(_recipient_faults(route, operation))
    mapped = route.settings.get("template")
    name = checks.constant(mapped) or ""
    if checks.given_by_event(mapped):
        remedy = "Write one name; for several templates write several routes, each with its when."
        return [*faults, checks.route_fault(route, "settings", "template", message="must be a constant", remedy=remedy)]
    if mapped is not None and template_of(destination, name) is None:
        remedy = checks.suggestion(name, destination.settings.get("templates") or {})
        message = f'"{name}" is no template of {destination.name}'
        return [*faults, checks.route_fault(route, "settings", "template", message=message, remedy=remedy)]
    known = names_of(operation, name, destination)
    strange = [each for each in route.fields if each not in known]
    for each in strange:
        remedy = checks.suggestion(each, known)
        faults.append(checks.route_fault(route, "fields", each, message="has no place in this template", remedy=remedy))
    for each in known:
        if each in route.fields:
            continue
        if each in operation.fields:
            faults.append(checks.unmapped(route, each, strange))
        else:
            message, remedy = "has a place in the template, and is not mapped", "Map it, or take the place out."
            faults.append(checks.route_fault(route, "fields", each, message=message, remedy=remedy))
    fields = {each: operation.fields.get(each) or Field(name=each, label=each) for each in known}
    return faults + checks.constant_faults(route, fields, Terms()) + checks.overflow_faults(route, fields)


def _recipient_faults(route: Route, operation: Operation) -> Iterable[Fault]:
    """
    A stranger may not choose who gets mail from us: recipients are constants.
    """
    mapped = route.settings.get("to")
    if "to" not in operation.settings or mapped is None:
        return
    if checks.given_by_event(mapped):
        message, remedy = "would be chosen by whoever fills in the form", "Write constant addresses."
        yield checks.route_fault(route, "settings", "to", message=message, remedy=remedy)
        return
    addresses = (checks.constant(mapped) or "").split(",")
    for each in addresses:
        if not is_address(each):
            remedy = "Write plain addresses, such as desk@example.co.jp."
            yield checks.route_fault(route, "settings", "to", message=f'"{each}" is no address', remedy=remedy)
    if len(addresses) > RECIPIENTS_MAX:
        message, remedy = f"names more than {RECIPIENTS_MAX}", "Write to a mailing list of yours instead."
        yield checks.route_fault(route, "settings", "to", message=message, remedy=remedy)


def _places(text: str) -> Iterable[str]:
    try:
        return [slot.name for slot in slots(text) if not slot.kind]
    except ValueError:
        return []
