"""
Route: source → destination + operation + mapping + condition.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from chalicelib.value import positional_value, value


@positional_value
class FieldName:
    """
    A mapping that is a bare string: the literal name of a field ("your-email", "お名前", "customer[email]").
    """

    name: str


@positional_value
class Const:
    """
    A mapping `{ const = "…" }`: always this value.
    """

    value: str | int | float | bool


@positional_value
class Expr:
    """
    A mapping `{ expr = "…" }`: JMESPath over the event's fields and `_time`, `_arrived`, `_kind`, `_source`, `_id`.
    """

    text: str


Mapped = FieldName | Const | Expr


@value
class Route:
    """
    One way from a source to one operation of a destination.

    `kinds` are the event kinds that travel here. `when` is a JMESPath that must be true. `fields` maps the vendor's
    field to its value. `settings` are the operation's own settings (配配メール: gid, is_overwrite …), by the same
    mapping values, where a bare string is a constant. `overflow` says per vendor field whether a text beyond the limit
    is refused or clipped. `only`: rows of files whose import settings say this, and no others (a drop-in's). `rest`:
    every column of the row goes under its own name, besides `fields`.
    """

    name: str
    source: str
    destination: str
    operation: str
    kinds: tuple[str, ...] = ("upsert",)
    when: str = ""
    fields: Mapping[str, Mapped] = field(default_factory=dict)
    settings: Mapping[str, Mapped] = field(default_factory=dict)
    overflow: Mapping[str, str] = field(default_factory=dict)
    only: Mapping[str, str] = field(default_factory=dict)
    rest: bool = False
