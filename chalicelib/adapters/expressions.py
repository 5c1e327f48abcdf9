"""
The language of conditional writes, translated into DynamoDB's expressions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.ports import (
    Absent,
    All,
    AnyOf,
    AtLeast,
    AtMost,
    Check,
    Condition,
    Delete,
    Equals,
    FewerThan,
    Has,
    Item,
    Not,
    OneOf,
    Present,
    Put,
    Update,
)


def serialize(item: Item) -> dict[str, Any]:
    """
    An item in DynamoDB's typed form.
    """
    return {name: _typed(value) for name, value in item.items()}


def deserialize(item: Mapping[str, Any]) -> dict[str, Any]:
    """
    An item from DynamoDB's typed form.
    """
    return {name: _plain(value) for name, value in item.items()}


def expression(write: Put | Update | Check | Delete) -> dict[str, Any]:
    """
    The expressions of a write as request arguments.
    """
    names = _Names()
    arguments: dict[str, Any] = {}
    if isinstance(write, Update):
        arguments["UpdateExpression"] = _update(write, names)
    if write.when is not None:
        arguments["ConditionExpression"] = _condition(write.when, names)
    if names.names:
        arguments["ExpressionAttributeNames"] = names.names
    if names.values:
        arguments["ExpressionAttributeValues"] = names.values
    return arguments


class _Names:
    """
    Placeholders for the names and values of one request.
    """

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.values: dict[str, Any] = {}
        self._known: dict[str, str] = {}

    def name(self, name: str) -> str:
        if name not in self._known:
            self._known[name] = f"#n{len(self._known)}"
            self.names[self._known[name]] = name
        return self._known[name]

    def value(self, value: Any) -> str:
        placeholder = f":v{len(self.values)}"
        self.values[placeholder] = _typed(value)
        return placeholder


def _update(write: Update, names: _Names) -> str:
    sets = [f"{names.name(name)} = {names.value(value)}" for name, value in write.set.items()]
    for name, values in write.append.items():
        place = names.name(name)
        sets.append(f"{place} = list_append(if_not_exists({place}, {names.value([])}), {names.value(values)})")
    adds = [f"{names.name(name)} {names.value(amount)}" for name, amount in write.add.items()]
    adds += [f"{names.name(name)} {names.value(elements)}" for name, elements in write.include.items()]
    deletes = [f"{names.name(name)} {names.value(elements)}" for name, elements in write.exclude.items()]
    removes = [names.name(name) for name in write.remove]
    clauses = {"SET": sets, "ADD": adds, "DELETE": deletes, "REMOVE": removes}
    return " ".join(f"{verb} {', '.join(parts)}" for verb, parts in clauses.items() if parts)


def _condition(condition: Condition, names: _Names) -> str:  # noqa: C901, PLR0911 - one line per condition
    match condition:
        case Absent(name):
            return f"attribute_not_exists({names.name(name)})"
        case Present(name):
            return f"attribute_exists({names.name(name)})"
        case Equals(name, value):
            return f"{names.name(name)} = {names.value(value)}"
        case OneOf(name, values):
            return f"{names.name(name)} IN ({', '.join(names.value(value) for value in values)})"
        case AtMost(name, value):
            return f"{names.name(name)} <= {names.value(value)}"
        case AtLeast(name, value):
            return f"{names.name(name)} >= {names.value(value)}"
        case Has(name, element):
            return f"contains({names.name(name)}, {names.value(element)})"
        case FewerThan(name, size):
            return f"size({names.name(name)}) < {names.value(size)}"
        case All(of):
            return "(" + " AND ".join(_condition(each, names) for each in of) + ")"
        case AnyOf(of):
            return "(" + " OR ".join(_condition(each, names) for each in of) + ")"
        case Not(of):
            return f"(NOT {_condition(of, names)})"


def _typed(value: Any) -> dict[str, Any]:  # noqa: PLR0911 - one line per type
    match value:
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case str():
            return {"S": value}
        case None:
            return {"NULL": True}
        case bytes():
            return {"B": value}
        case frozenset():
            return {"SS": sorted(value)}
        case list():
            return {"L": [_typed(each) for each in value]}
        case dict():
            return {"M": {name: _typed(each) for name, each in value.items()}}
        case _:
            msg = f"the table has no {type(value).__name__}"
            raise TypeError(msg)


def _plain(value: Mapping[str, Any]) -> Any:
    ((kind, raw),) = value.items()
    match kind:
        case "S" | "BOOL" | "B":
            return raw
        case "N":
            return int(raw)
        case "SS":
            return frozenset(raw)
        case "L":
            return [_plain(each) for each in raw]
        case "M":
            return {name: _plain(each) for name, each in raw.items()}
        case "NULL":
            return None
        case _:
            msg = f"an attribute of type {kind}, which Ekiden does not write"
            raise TypeError(msg)
