"""
One mapped value: a literal field name, a constant, or an expression.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from chalicelib.model import Const, Event, Expr, FieldName, Mapped
from chalicelib.model.arrival import Json
from chalicelib.routing.expressions import Failure, evaluate
from chalicelib.routing.times import JST
from chalicelib.routing.values import kind_of, number_text
from chalicelib.value import value


@value
class Scope:
    """
    What mappings of one event may read: its fields, and for expressions also `_time`, `_arrived` and the like.
    """

    fields: Mapping[str, Json]
    names: Mapping[str, Json]


def scope_of(event: Event, *, arrived: datetime, event_id: str) -> Scope:
    """
    The scope of an event. Where a sender's own field is named `_id` or the like, ours is what an expression sees.
    """
    own = {
        "_time": iso_jst(event.time),
        "_arrived": iso_jst(arrived),
        "_kind": event.kind,
        "_source": event.source,
        "_id": event_id,
    }
    return Scope(fields=event.fields, names={**event.fields, **own})


def iso_jst(moment: datetime) -> str:
    """
    A time as ISO 8601 in Japan, to the second; the very last hours of year 9999, which Japan lacks, stay as they are.

    >>> from datetime import UTC
    >>> iso_jst(datetime(2026, 1, 15, 2, 10, tzinfo=UTC))
    '2026-01-15T11:10:00+09:00'
    """
    try:
        local = moment.astimezone(JST)
    except OverflowError:
        local = moment
    return local.isoformat(timespec="seconds")


def value_of(mapped: Mapped, scope: Scope) -> Json | Failure:
    """
    The value of a mapping; a field that the event lacks is null.
    """
    match mapped:
        case FieldName(name=name):
            return scope.fields.get(name)
        case Const(value=value):
            return value
        case Expr(text=text):
            return evaluate(text, scope.names)


def setting_of(mapped: Mapped, scope: Scope) -> str | Failure | None:
    """
    The value of an operation's setting as text; None where it is null, so that the setting is left out.
    """
    value = value_of(mapped, scope)
    return value if isinstance(value, Failure) else setting_text(value)


def setting_text(value: Json) -> str | Failure | None:
    """
    A setting as vendors are sent it: 12 is "12", true is "1", false is "0".

    >>> setting_text(12), setting_text(True), setting_text("x")
    ('12', '1', 'x')
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int | float):
        return number_text(value)
    return Failure(f"gives {kind_of(value)}, where a setting is text, a number, or true or false")
