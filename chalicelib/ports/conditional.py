"""
The language of conditional writes: what the records room builds as values, and a table carries out, all or none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from chalicelib.value import positional_value, value

Value = Any
"""
None, bool, int, str, bytes, frozenset[str], list or dict of these. No floats: DynamoDB has none.
"""

Item = Mapping[str, Value]


@positional_value
class Key:
    """
    The primary key of an item.
    """

    pk: str
    sk: str


# ── conditions ──────────────────────────────────────────────────────────────────────────────────────────────────────


@positional_value
class Absent:
    """
    The attribute does not exist. `Absent("pk")` means: no such item.
    """

    name: str


@positional_value
class Present:
    """
    The attribute exists.
    """

    name: str


@positional_value
class Equals:
    """
    The attribute exists and equals the value.
    """

    name: str
    value: Value


@positional_value
class OneOf:
    """
    The attribute exists and equals one of the values.
    """

    name: str
    values: tuple[str, ...]


@positional_value
class AtMost:
    """
    The attribute exists and is not greater than the value (numbers, or strings byte by byte).
    """

    name: str
    value: int | str


@positional_value
class AtLeast:
    """
    The attribute exists and is not less than the value.
    """

    name: str
    value: int | str


@positional_value
class Has:
    """
    The set attribute contains the element.
    """

    name: str
    element: str


@positional_value
class FewerThan:
    """
    The set attribute exists and has fewer than `size` elements.
    """

    name: str
    size: int


@positional_value
class All:
    """
    Every one of the conditions holds.
    """

    of: tuple[Condition, ...]


@positional_value
class AnyOf:
    """
    At least one of the conditions holds.
    """

    of: tuple[Condition, ...]


@positional_value
class Not:
    """
    The condition does not hold.
    """

    of: Condition


Condition = Absent | Present | Equals | OneOf | AtMost | AtLeast | Has | FewerThan | All | AnyOf | Not


# ── writes ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@value
class Put:
    """
    Write the whole item.
    """

    item: Item
    when: Condition | None = None

    @property
    def key(self) -> Key:
        """
        The item's primary key.
        """
        return Key(self.item["pk"], self.item["sk"])


@value
class Update:
    """
    Change attributes; a missing item is created.

    `set` replaces, `add` adds to a number (missing is 0), `include`/`exclude` add to or take from a string set (an
    empty set vanishes), `append` extends a list (missing is empty), `remove` deletes attributes.
    """

    key: Key
    set: Mapping[str, Value] = field(default_factory=dict)
    add: Mapping[str, int] = field(default_factory=dict)
    include: Mapping[str, frozenset[str]] = field(default_factory=dict)
    exclude: Mapping[str, frozenset[str]] = field(default_factory=dict)
    append: Mapping[str, list[Value]] = field(default_factory=dict)
    remove: tuple[str, ...] = ()
    when: Condition | None = None


@value
class Check:
    """
    Change nothing, but let the transaction fail unless the condition holds.
    """

    key: Key
    when: Condition


@value
class Delete:
    """
    Delete the item, if it exists.
    """

    key: Key
    when: Condition | None = None


Write = Put | Update | Check | Delete


@positional_value
class Written:
    """
    All writes took effect.
    """


@positional_value
class Lost:
    """
    A condition failed and nothing was written. `found` holds, per failed write's position, the item as it stood.
    """

    found: Mapping[int, Item | None]


@value
class Query:
    """
    Items of one partition in the order of their sort key.

    `index` is "" (the table, consistent) or the name of an index (eventually consistent, keys and projected attributes
    only). `prefix`, `first`, `last` bound the sort key.
    """

    pk: str
    index: str = ""
    prefix: str = ""
    first: str = ""
    last: str = ""
    limit: int = 1_000
    newest_first: bool = False
