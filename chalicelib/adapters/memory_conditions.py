"""
What a condition means, for the memory twin of the table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.ports import (
    Absent,
    All,
    AnyOf,
    AtLeast,
    AtMost,
    Condition,
    Equals,
    FewerThan,
    Has,
    Not,
    OneOf,
    Present,
)


def holds(condition: Condition, item: Mapping[str, Any] | None) -> bool:
    """
    Whether a condition holds for an item (None: there is none).
    """
    return _CHECKS[type(condition)](condition, item or {})


def _at_most(condition: AtMost, item: Mapping[str, Any]) -> bool:
    return condition.name in item and bool(item[condition.name] <= condition.value)


def _at_least(condition: AtLeast, item: Mapping[str, Any]) -> bool:
    return condition.name in item and bool(item[condition.name] >= condition.value)


_CHECKS: dict[type, Callable[[Any, Mapping[str, Any]], bool]] = {
    Absent: lambda condition, item: condition.name not in item,
    Present: lambda condition, item: condition.name in item,
    Equals: lambda condition, item: condition.name in item and item[condition.name] == condition.value,
    OneOf: lambda condition, item: item.get(condition.name) in condition.values,
    AtMost: _at_most,
    AtLeast: _at_least,
    Has: lambda condition, item: condition.element in item.get(condition.name, frozenset()),
    FewerThan: lambda condition, item: condition.name in item and len(item[condition.name]) < condition.size,
    All: lambda condition, item: all(holds(each, item) for each in condition.of),
    AnyOf: lambda condition, item: any(holds(each, item) for each in condition.of),
    Not: lambda condition, item: not holds(condition.of, item),
}
