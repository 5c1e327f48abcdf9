"""
Where something is wrong in a declared destination, and its small tables: fields, conditions, limits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeGuard

from chalicelib.destinations import checks
from chalicelib.destinations.declared import FORMS, SECONDS
from chalicelib.model import Destination, Fault

MATCH = {"status": "a list of HTTP statuses", "when": "a condition (JMESPath over status, body and text)"}
FIELD = {
    "form": f"one of {', '.join(FORMS)}",
    "required": "true or false",
    "chars_max": "a whole number",
    "choices": "a list of texts",
    "label": "a text",
}
LIMIT = {"calls": "a whole number from 1", "per": f"one of day, {', '.join(SECONDS)}", "reserve": "a whole number"}
_SOUND: Mapping[str, Callable[[Any], bool]] = {
    "status": lambda found: is_list(found) and bool(found) and all(map(_is_status, found)),
    "when": lambda found: isinstance(found, str) and bool(found),
    "form": lambda found: found in FORMS,
    "required": lambda found: isinstance(found, bool),
    "chars_max": lambda found: whole(found) and found > 0,
    "choices": lambda found: is_list(found) and bool(found) and all(isinstance(each, str) for each in found),
    "label": lambda found: isinstance(found, str),
    "calls": lambda found: whole(found) and found > 0,
    "per": lambda found: found in ["day", *SECONDS],
    "reserve": lambda found: whole(found) and found >= 0,
}


class Places:
    """
    Collects the faults of one destination, each at its path.
    """

    def __init__(self, destination: Destination) -> None:
        self.destination = destination
        self.faults: list[Fault] = []

    def fault(self, *names: str, message: str, remedy: str) -> None:
        """
        Note a fault; "[0]" is the first of a list.
        """
        path = checks.place("destinations", self.destination.name)
        for name in names:
            path += name if name.startswith("[") and name.endswith("]") else f".{checks.place(name)}"
        self.faults.append(Fault(path=path, message=message, remedy=remedy))


def check_table(
    table: object, known: Mapping[str, str], at: Places, path: tuple[str, ...], *, required: tuple[str, ...] = ()
) -> None:
    """
    Faults of one small table: no table at all, unknown keys, values of another kind, keys that are missing.
    """
    if not isinstance(table, Mapping):
        at.fault(*path, message="is no table", remedy=f"Write it as {{ {next(iter(known))} = … }}.")
        return
    for name, found in table.items():
        if name not in known:
            remedy = checks.suggestion(name, known)
            at.fault(*path, name, message="is not a key that Ekiden knows here", remedy=remedy)
        elif not _SOUND[name](found):
            at.fault(*path, name, message="cannot be used here", remedy=f"Write {known[name]}.")
    for name in required:
        if name not in table:
            at.fault(*path, name, message="is missing", remedy=f"Write {known[name]}.")


def _is_status(found: object) -> bool:
    return whole(found) and 100 <= found <= 599


def whole(found: object) -> TypeGuard[int]:
    """
    Whether it is a whole number; true and false are none.
    """
    return isinstance(found, int) and not isinstance(found, bool)


def is_list(found: object) -> bool:
    """
    Whether it is a list, as TOML and the schema give it.
    """
    return isinstance(found, list | tuple)
