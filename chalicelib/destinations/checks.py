"""
What `check` and `check_route` of every vendor share: places, suggestions, constants, overflow, base URL, substitutes.

The configuration itself tells of unknown keys, settings of a wrong kind and operations that do not exist; here is only
what needs the vendor's rules. A message goes on after its path ("is not mapped"); a remedy is a whole sentence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from chalicelib.destinations.charset import describe, fit
from chalicelib.destinations.forms import CLIPPABLE, Terms, accept
from chalicelib.destinations.kit import Field, Setting
from chalicelib.model import Const, Destination, Fault, Mapped, Problem, Route
from chalicelib.model.arrival import Json

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def setting(destination: Destination, settings: Mapping[str, Setting], name: str) -> Json:
    """
    The value of a destination's setting, or its declared default.
    """
    value = destination.settings.get(name)
    return settings[name].default if value is None else value


def constant(mapped: Mapped | None) -> str | None:
    """
    The text of a route setting that is known at deploy time; None for one that each event gives, or none at all.
    """
    if not isinstance(mapped, Const):
        return None
    return str(int(mapped.value) if isinstance(mapped.value, bool) else mapped.value)


def place(*names: str) -> str:
    """
    A path in relay.toml, each name written as TOML writes a key.

    >>> place("routes", "contact", "fields", "お名前")
    'routes.contact.fields."お名前"'
    """
    return ".".join(name if _BARE_KEY.fullmatch(name) else json.dumps(name, ensure_ascii=False) for name in names)


def fault(destination: Destination, *names: str, message: str, remedy: str) -> Fault:
    """
    A fault of a destination's settings.
    """
    return Fault(path=place("destinations", destination.name, *names), message=message, remedy=remedy)


def route_fault(route: Route, *names: str, message: str, remedy: str) -> Fault:
    """
    A fault of a route.
    """
    return Fault(path=place("routes", route.name, *names), message=message, remedy=remedy)


def route_warning(route: Route, *names: str, message: str, remedy: str) -> Fault:
    """
    Something of a route that is allowed, and may do harm.
    """
    return Fault(path=place("routes", route.name, *names), message=message, remedy=remedy, warning=True)


def nearest(name: str, known: Iterable[str]) -> str:
    """
    The known name that was probably meant, or "".
    """
    from difflib import get_close_matches  # noqa: PLC0415 - a sound configuration never needs it

    by_case = {each.casefold(): each for each in known}
    found = get_close_matches(name.casefold()[:100], by_case, n=1, cutoff=0.6)
    return by_case[found[0]] if found else ""


def suggestion(name: str, known: Iterable[str]) -> str:
    """
    A remedy for a name that is not known: the nearest right one, else all of them.
    """
    names = list(known)
    guess = nearest(name, names)
    return f'Did you mean "{guess}"?' if guess else f"Write one of: {', '.join(names)}."


def unmapped(route: Route, name: str, strange: Iterable[str]) -> Fault:
    """
    The fault of a required field that the route does not map; perhaps a strange name was meant to be it.
    """
    guess = nearest(name, strange)
    hint = f' Is "{guess}" meant to be it?' if guess else ""
    remedy = f'Map "{name}" to a field of the source.{hint}'
    return route_fault(route, "fields", name, message=f"is required by {route.operation} and not mapped", remedy=remedy)


def constant_faults(route: Route, fields: Mapping[str, Field], terms: Terms) -> list[Fault]:
    """
    Constants that the vendor's rules would refuse on every single delivery.
    """
    faults = []
    for name, mapped in route.fields.items():
        if name not in fields or not isinstance(mapped, Const):
            continue
        shaped = accept(fields[name], mapped.value, terms)
        if isinstance(shaped, Problem):
            wrong = shaped.text
        elif not shaped and fields[name].required:
            wrong = "is empty"
        else:
            continue
        remedy = "Write another constant, or map a field of the source."
        faults.append(route_fault(route, "fields", name, message=wrong, remedy=remedy))
    return faults


def overflow_faults(route: Route, fields: Mapping[str, Field]) -> list[Fault]:
    """
    Overflow rules that would clip what must stay whole or has no limit; and a warning where a rule is wanting.
    """
    faults = []
    for name, rule in route.overflow.items():
        field = fields.get(name)
        if rule != "clip" or name not in route.fields:
            continue
        if field is None or not field.chars_max:
            message = "has no known limit to clip at"
        elif field.form not in CLIPPABLE:
            message = "would become another value if it were clipped"
        else:
            continue
        faults.append(route_fault(route, "overflow", name, message=message, remedy="Leave it out."))
    return faults + [
        route_warning(
            route,
            "fields",
            name,
            message=f"may hold more than the {fields[name].chars_max} characters that the vendor takes",
            remedy=f'Add overflow = {{ "{name}" = "clip" }} to shorten it, or "refuse" to keep it as a dead letter.',
        )
        for name, mapped in route.fields.items()
        if name in fields and fields[name].free_text and fields[name].chars_max
        if name not in route.overflow and not isinstance(mapped, Const)
    ]


def given_by_event(mapped: Mapped | None) -> bool:
    """
    Whether a route setting is known with each event only.
    """
    return mapped is not None and not isinstance(mapped, Const)


def base_url_faults(destination: Destination, example: str) -> list[Fault]:
    """
    A base URL that has more than the host: the vendor's paths are added by Ekiden.
    """
    try:
        bare = urlsplit(destination.base_url).path in {"", "/"}
    except ValueError:
        bare = False
    if bare:
        return []
    return [fault(destination, "base_url", message="has more than the host", remedy=f"Write it like {example}.")]


def substitute_faults(destination: Destination, charset: str) -> list[Fault]:
    """
    Substitutes that replace nothing, or that the charset cannot carry themselves.
    """
    faults = []
    for key, value in destination.substitutes.items():
        unfit = fit(value, charset)[1]
        if not key:
            message, remedy = "is an empty key", "Name the character to replace."
        elif unfit:
            message = f"is replaced by what {charset} does not have: {', '.join(map(describe, unfit))}"
            remedy = "Write something that it has."
        else:
            continue
        faults.append(fault(destination, "substitutes", key, message=message, remedy=remedy))
    return faults
