"""
What can be wrong with a 配配メール destination or route before anything is sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from chalicelib.destinations import checks
from chalicelib.destinations.charset import describe, fit
from chalicelib.destinations.forms import Terms
from chalicelib.destinations.haihaimail_rows import address_item, charset_of, items_of, takes_items
from chalicelib.destinations.haihaimail_terms import CALLS_PER_DAY, OPERATIONS, SETTINGS, choose
from chalicelib.destinations.kit import Operation
from chalicelib.model import Destination, Fault, Route
from chalicelib.model.arrival import Json

_ACCOUNT = re.compile(r"[A-Za-z0-9_-]{1,60}")
_LIMITS = ("required", "chars_max", "choices")
_NAME_REMEDY = "Write the name as 配配メール's database has it."


def check(destination: Destination) -> list[Fault]:
    """
    Faults of `[destinations.x]`: address, account, calls, items, substitutes.
    """
    plan = checks.setting(destination, SETTINGS, "plan")
    return [
        *checks.base_url_faults(destination, "https://a01.hm-f.jp (the host of the login URL)"),
        *_account_faults(destination),
        *call_faults(destination, default=CALLS_PER_DAY[plan], most=CALLS_PER_DAY[plan], whose=f"{plan} plan"),
        *file_faults(destination),
    ]


def file_faults(destination: Destination) -> list[Fault]:
    """
    Faults of what every import of the family has: the address item, the limits of items, the substitutes.
    """
    charset = charset_of(destination)
    item = checks.setting(destination, SETTINGS, "address_item")
    faults = [*_item_faults(destination, charset), *checks.substitute_faults(destination, charset)]
    wrong = _wrong_name(item, charset)
    if wrong:
        faults.append(checks.fault(destination, "address_item", message=wrong, remedy=_NAME_REMEDY))
    return faults


def _account_faults(destination: Destination) -> list[Fault]:
    if _ACCOUNT.fullmatch(destination.settings.get("account", "")):
        return []
    remedy = "Write the first part of the login URL's path: api_sample of https://a01.hm-f.jp/api_sample/index.php."
    return [checks.fault(destination, "account", message="is no name of an account", remedy=remedy)]


def call_faults(destination: Destination, *, default: int, most: int, whose: str) -> list[Fault]:
    """
    Faults of the day's calls: more than there are, or all of them kept back. `whose`: who allows `most`.
    """
    calls, reserve = destination.settings.get("calls_per_day", default), destination.settings.get("reserve", 0)
    faults = []
    if calls > most:
        message, remedy = f"is more than the {whose}'s {most}", f"Write at most {most}."
        faults.append(checks.fault(destination, "calls_per_day", message=message, remedy=remedy))
    if reserve >= calls:
        message, remedy = f"leaves nothing of {calls} calls a day", f"Write less than {calls}."
        faults.append(checks.fault(destination, "reserve", message=message, remedy=remedy))
    return faults


def _item_faults(destination: Destination, charset: str) -> list[Fault]:
    faults = []
    for name, limits in (destination.settings.get("items") or {}).items():
        wrong = _wrong_name(name, charset)
        if wrong:
            faults.append(checks.fault(destination, "items", name, message=wrong, remedy=_NAME_REMEDY))
        if not isinstance(limits, Mapping):
            remedy = "Write { required = true, chars_max = 50, choices = [] }, with what applies."
            faults.append(checks.fault(destination, "items", name, message="is no table of limits", remedy=remedy))
            continue
        for limit, value in limits.items():
            told = _wrong_limit(limit, value, charset)
            if told:
                message, remedy = told
                faults.append(checks.fault(destination, "items", name, limit, message=message, remedy=remedy))
    return faults


def _wrong_limit(limit: str, value: Json, charset: str) -> tuple[str, str] | None:
    match limit:
        case "required":
            right, remedy = isinstance(value, bool), "Write true or false."
        case "chars_max":
            right = isinstance(value, int) and not isinstance(value, bool) and value >= 1
            remedy = "Write a whole number from 1."
        case "choices":
            texts = isinstance(value, list | tuple) and all(isinstance(each, str) for each in value)
            right = texts and not any(fit(each, charset)[1] for each in value)
            remedy = f"Write a list of texts, in characters that {charset} has."
        case _:
            return "is no limit of an item", checks.suggestion(limit, _LIMITS)
    return None if right else ("is not what is wanted here", remedy)


def _wrong_name(name: str, charset: str) -> str:
    unfit = fit(name, charset)[1]
    if unfit:
        return f"has characters that {charset} does not have: {', '.join(map(describe, unfit))}"
    return "" if name.strip() and name.isprintable() else "is no name of an item"


def check_route(route: Route, destination: Destination) -> list[Fault]:
    """
    Faults of `[[routes]]`: item names, the address, settings that contradict; warnings of what may do harm.
    """
    return route_faults(route, OPERATIONS[route.operation], destination)


def route_faults(route: Route, operation: Operation, destination: Destination) -> list[Fault]:
    """
    The same for any import of the family: what the operation declares decides which settings it has.
    """
    charset = charset_of(destination)
    items = items_of(destination)
    fields = {name: items[item] for name in route.fields if (item := fit(name, charset)[0]) in items}
    terms = Terms(charset=charset, substitutes=destination.substitutes, overflow=route.overflow)
    return [
        *_setting_faults(route, operation),
        *_field_faults(route, operation, destination),
        *checks.constant_faults(route, fields, terms),
        *checks.overflow_faults(route, fields),
        *_harm_warnings(route),
        *_strange_item_warnings(route, destination),
    ]


def _setting_faults(route: Route, operation: Operation) -> list[Fault]:
    """
    Contradictions among the settings; one that each event gives is taken to suit, and is checked with each event.
    """
    given = {name for name, mapped in route.settings.items() if checks.given_by_event(mapped)}
    texts = {name: text for name, mapped in route.settings.items() if (text := checks.constant(mapped)) is not None}
    if "is_overwrite" in given:
        texts["is_overwrite"] = "1"
    if given & {"gid", "spid"}:
        texts = {name: text for name, text in texts.items() if name != "spid"} | {"gid": "1"}
    chosen = choose(operation, texts)
    if isinstance(chosen, dict):
        return []
    both = "Set gid to the number of a delivery group, or spid to that of a step-mail plan, not both."
    remedies = {"gid": both, "spid": both, "overwrite_type": "Set is_overwrite = 1, or leave overwrite_type out."}
    return [
        checks.route_fault(
            route,
            "settings",
            problem.field,
            message=problem.text,
            remedy=remedies.get(problem.field, "Correct it, or leave it out."),
        )
        for problem in chosen
    ]


def _field_faults(route: Route, operation: Operation, destination: Destination) -> list[Fault]:
    charset, address = charset_of(destination), address_item(destination)
    overwrite = route.settings.get("is_overwrite")
    takes = checks.given_by_event(overwrite) or takes_items(operation, checks.constant(overwrite) or "1")
    hint = " Or set is_overwrite = 1." if "is_overwrite" in operation.settings else ""
    faults = []
    items: dict[str, str] = {}
    for name in route.fields:
        item, wrong = fit(name, charset)[0], _wrong_name(name, charset)
        if wrong:
            faults.append(checks.route_fault(route, "fields", name, message=wrong, remedy=_NAME_REMEDY))
        elif item in items:
            message = f'is the same item as "{items[item]}" in {charset}'
            faults.append(checks.route_fault(route, "fields", name, message=message, remedy="Map one of them."))
        elif item != address and not takes:
            message = f"is not read by {operation.name}, which takes the address only"
            faults.append(
                checks.route_fault(route, "fields", name, message=message, remedy=f"Leave the item out.{hint}")
            )
        items[item] = name
    known = items_of(destination)
    strange = [name for item, name in items.items() if item not in known]
    wanted = [
        field.name for field in known.values() if field.identity or (field.required and operation.name == "register")
    ]
    return faults + [checks.unmapped(route, name, strange) for name in wanted if name not in items and not route.rest]


def _harm_warnings(route: Route) -> list[Fault]:
    if route.operation == "delete" and not {"gid", "spid"} & route.settings.keys():
        message = "deletes the address from the whole database, its opt-out with it, since neither gid nor spid is set"
        remedy = 'Use "stop" or "forbid" for an opt-out; set gid or spid to take it out of a group or plan only.'
        return [checks.route_warning(route, "operation", message=message, remedy=remedy)]
    if route.operation == "allow" and not route.when and not route.only:
        message = "is not set: every event makes the address deliverable again, also after an opt-out"
        return [checks.route_warning(route, "when", message=message, remedy="Set it to an explicit new consent.")]
    return []


def _strange_item_warnings(route: Route, destination: Destination) -> list[Fault]:
    if not destination.settings.get("items"):
        return []
    known, charset = items_of(destination), charset_of(destination)
    warnings = []
    for name in route.fields:
        if fit(name, charset)[0] not in known:
            guess = checks.nearest(name, known)
            remedy = f'Did you mean "{guess}"? Else add' if guess else "Add"
            remedy += " it to items, if the database has it: 配配メール does not register unknown columns."
            message = "is not among the items of the destination"
            warnings.append(checks.route_warning(route, "fields", name, message=message, remedy=remedy))
    return warnings
