"""
Switches: the points that a vendor's documents leave open. Each is a field of a dataclass, the likeliest reading first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

S = TypeVar("S")


def check(switches: Any) -> None:
    """
    Raise ValueError naming every field whose value its type does not allow.
    """
    faults = [
        f"{name}: {getattr(switches, name)!r} is not {_words(hint)}"
        for name, hint in _hints(type(switches)).items()
        if not _allows(hint, getattr(switches, name))
    ]
    if faults:
        raise ValueError("; ".join(faults))


def change(switches: S, changes: Mapping[str, Any]) -> S:
    """
    A copy with some switches set, lists taken as tuples. Raises ValueError for an unknown name or value.
    """
    hints = _hints(type(switches))
    unknown = sorted(set(changes) - set(hints))
    if unknown:
        raise ValueError(f"no such switch: {', '.join(unknown)}; there are {', '.join(hints)}")
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in changes.items()}
    return replace(switches, **values)  # type: ignore[type-var]


def as_dict(switches: Any) -> dict[str, Any]:
    """
    The switches by name, as they stand.
    """
    return {item.name: getattr(switches, item.name) for item in fields(switches)}


def _hints(kind: type[Any]) -> dict[str, Any]:
    return get_type_hints(kind)


def _allows(hint: Any, value: Any) -> bool:
    if get_origin(hint) is Literal:
        return any(value == option and type(value) is type(option) for option in get_args(hint))
    if get_origin(hint) is tuple:
        return isinstance(value, tuple) and all(isinstance(entry, str) for entry in value)
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0


def _words(hint: Any) -> str:
    if get_origin(hint) is Literal:
        return "one of " + ", ".join(map(repr, get_args(hint)))
    return "a list of names" if get_origin(hint) is tuple else "a number, 0 or more"
