"""
Mapped values: a literal field name, `{ const = … }`, `{ expr = "…" }`, `{ field = "…" }`.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

from chalicelib.config.expressions import check_expression
from chalicelib.config.place import Place, shown, suggestion
from chalicelib.config.schema import Rule, as_table, example, in_words, read_value
from chalicelib.model import Const, Expr, FieldName, Mapped

FORMS = ("const", "expr", "field")
FORM_EXAMPLES = '{ const = "…" }, { expr = "…" } or { field = "…" }'


def field_mappings(raw: object, place: Place) -> dict[str, Mapped]:
    """
    [routes.fields]: vendor field → value, where a bare text is the literal name of a source's field.
    """
    found: dict[str, Mapped] = {}
    for name, value in (as_table(raw, place) or {}).items():
        mapped = _field_mapping(value, place.key(name))
        if mapped is not None:
            found[name] = mapped
    return found


def setting_mappings(raw: object, place: Place, rules: Mapping[str, Rule]) -> dict[str, Mapped]:
    """
    [routes.settings]: the operation's settings, where a literal is a constant that its declaration bounds.
    """
    table = as_table(raw, place) or {}
    found: dict[str, Mapped] = {}
    for name, value in table.items():
        here = place.key(name)
        if name not in rules:
            here.fault("is no setting of this operation", suggestion(name, rules))
            continue
        mapped = _setting_mapping(value, rules[name], here)
        if mapped is not None:
            found[name] = mapped
    for name, rule in rules.items():
        if rule.required and name not in table:
            place.key(name).fault(
                "is missing", f"Add it to the route's settings, for example: {name} = {example(rule)}."
            )
    return found


def _field_mapping(value: object, place: Place) -> Mapped | None:
    if isinstance(value, str):
        return _field_name(value, place)
    if isinstance(value, Mapping):
        return _form(value, place)
    if isinstance(value, bool | int | float):
        place.fault(
            f"is {in_words(value)}, not the name of a field", f"For a constant write {{ const = {shown(value)} }}."
        )
    else:
        place.fault(f"is {in_words(value)}, where a mapping is wanted", f"Write a field's name, {FORM_EXAMPLES}.")
    return None


def _setting_mapping(value: object, rule: Rule, place: Place) -> Mapped | None:
    if isinstance(value, Mapping) and "const" not in value:
        return _form(value, place)
    if isinstance(value, Mapping):
        if set(value) != {"const"}:
            return _form(value, place)
        value = value["const"]
    literal = read_value(value, rule, place)
    if isinstance(literal, tuple):
        literal = ",".join(literal)
    return None if literal is None else Const(literal)


def _form(table: Mapping[str, Any], place: Place) -> Mapped | None:
    unknown = [name for name in table if name not in FORMS]
    for name in unknown:
        place.key(name).fault("is no way to map a value", suggestion(name, FORMS))
    known = [name for name in FORMS if name in table]
    if len(known) != 1:
        if known or not unknown:
            told = f"has {' and '.join(known)}" if known else "is an empty table"
            place.fault(f"{told}, where exactly one is wanted", f"Write {FORM_EXAMPLES}.")
        return None
    form = known[0]
    value = table[form]
    if form == "const":
        return _const(value, place)
    if not isinstance(value, str):
        place.fault(f"is {in_words(value)}, where {form} wants text", "Put it in quotes.")
        return None
    return _field_name(value, place) if form == "field" else _expr(value, place)


def _field_name(name: str, place: Place) -> FieldName | None:
    if name:
        return FieldName(name)
    place.fault("is empty", f"Write a field's name, {FORM_EXAMPLES}.")
    return None


def _expr(text: str, place: Place) -> Expr | None:
    return Expr(text) if check_expression(text, place, ours=True) else None


def _const(value: object, place: Place) -> Const | None:
    if isinstance(value, str | bool | int) or (isinstance(value, float) and isfinite(value)):
        return Const(value)
    place.fault(f"is {in_words(value)}, which is no constant", "Write text in quotes, a number, true or false.")
    return None
