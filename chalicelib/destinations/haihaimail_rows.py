"""
配配メール's CSV rows: mapped values → one row by item name, or every reason why there is none.

Item names are the customer's own ("お名前"), so any name may be mapped; it must be the very name that the account's
database has, or 配配メール cannot register the column (配配メール manual, API連携; checked 2026-11).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from chalicelib.destinations.charset import CHARSETS, fit
from chalicelib.destinations.checks import setting
from chalicelib.destinations.forms import Terms, accept, missing, unencodable
from chalicelib.destinations.haihaimail_terms import SETTINGS, choose
from chalicelib.destinations.kit import Field, Operation, Overflow, PrepareResult, Settings
from chalicelib.model import Destination, MergeRules, Prepared, Problem
from chalicelib.model.arrival import Json
from chalicelib.value import value

ADDRESS_CHARS_MAX = 255
COLUMNS = "columns"


def charset_of(destination: Destination) -> str:
    """
    The charset of the account's files; an unknown one, told as a fault of its own, counts as CP932.
    """
    charset = setting(destination, SETTINGS, "charset")
    return charset if charset in CHARSETS else "cp932"


def address_item(destination: Destination) -> str:
    """
    The name of the mail address item, as the file carries it.
    """
    return fit(str(setting(destination, SETTINGS, "address_item")), charset_of(destination))[0]


def items_of(destination: Destination) -> Mapping[str, Field]:
    """
    The items whose limits are known: the address, and those of the setting `items`.
    """
    charset, address = charset_of(destination), address_item(destination)
    known = {
        address: Field(
            name=address, label=address, required=True, chars_max=ADDRESS_CHARS_MAX, form="email", identity=True
        )
    }
    table = destination.settings.get("items")
    for name, limits in table.items() if isinstance(table, Mapping) else ():
        item = fit(name, charset)[0]
        if isinstance(limits, Mapping) and item != address:
            known[item] = _item(item, limits, charset)
    return known


def _item(name: str, limits: Mapping[str, Json], charset: str) -> Field:
    chars_max, choices = limits.get("chars_max"), limits.get("choices")
    return Field(
        name=name,
        label=name,
        required=limits.get("required") is True,
        chars_max=chars_max if isinstance(chars_max, int) and chars_max is not True else 0,
        choices=tuple(fit(str(each), charset)[0] for each in choices) if isinstance(choices, list | tuple) else (),
        free_text=True,
    )


def takes_items(operation: Operation, is_overwrite: str) -> bool:
    """
    Whether the import reads other columns than the address: a registration, or 配信可能 that overwrites.
    """
    return operation.name == "register" or ("is_overwrite" in operation.settings and is_overwrite == "1")


def prepare(
    operation: Operation,
    fields: Mapping[str, Json],
    settings: Settings,
    destination: Destination,
    overflow: Overflow,
) -> PrepareResult:
    """
    One CSV row by item name, every cell as the charset can carry it, or every reason why it cannot be sent.

    Under overwrite_type 2 a blank erases, so an empty text is kept as a value, null means "not given", and the exact
    set of columns becomes part of the batch key: a cell that the row never had would erase too.
    """
    chosen = choose(operation, settings)
    problems = [] if isinstance(chosen, dict) else list(chosen)
    chosen = chosen if isinstance(chosen, dict) else {}
    erasing = chosen.get("overwrite_type") == "2"
    row = _row(fields, destination, overflow, erasing=erasing)
    address = address_item(destination)
    if chosen and not takes_items(operation, chosen.get("is_overwrite", "")):
        told = f"is not read by {operation.name}, which takes the address only"
        problems += [Problem(field=row.names[item], code="unknown", text=told) for item in row.cells if item != address]
    problems += row.problems
    problems += _missing(operation, row, destination)
    if problems:
        return tuple(problems)
    if erasing:
        chosen[COLUMNS] = json.dumps(sorted(row.cells), ensure_ascii=False)
    return Prepared(
        payload=row.cells,
        settings=chosen,
        address=row.cells[address].lower(),
        effect=operation.effect,
        urgent=operation.urgent,
    )


@value
class _Row:
    """
    The cells by item name, the names by which the route calls the items, and what is wrong with cells left out.
    """

    cells: dict[str, str]
    names: dict[str, str]
    problems: list[Problem]


def _row(fields: Mapping[str, Json], destination: Destination, overflow: Overflow, *, erasing: bool) -> _Row:
    charset, known = charset_of(destination), items_of(destination)
    terms = Terms(charset=charset, substitutes=destination.substitutes, overflow=overflow)
    row = _Row(cells={}, names={}, problems=[])
    for name, given in fields.items():
        item, unfit = fit(name, charset)
        if unfit:
            row.problems.append(unencodable(name, unfit, charset))
            continue
        row.names[item] = name
        field = replace(known[item], name=name) if item in known else Field(name=name, label=name)
        shaped = accept(field, given, terms)
        if isinstance(shaped, Problem):
            row.problems.append(shaped)
        elif shaped or (erasing and given is not None):
            row.cells[item] = shaped
    return row


def _missing(operation: Operation, row: _Row, destination: Destination) -> list[Problem]:
    told = {problem.field for problem in row.problems}
    wanted = [
        row.names.get(item, item)
        for item, field in items_of(destination).items()
        if (field.identity or (field.required and operation.name == "register")) and not row.cells.get(item)
    ]
    return [missing(name) for name in wanted if name not in told]


def rules(operation: Operation, settings: Settings, destination: Destination) -> MergeRules:
    """
    Newest wins per item; a state is about one group or plan, or about the whole contact.

    Under overwrite_type 2 a blank is a value like any other, and every column must travel in every call: what is newer
    at the vendor is sent again as it was last delivered, since a missing column would erase it.
    """
    required = {item.name for item in items_of(destination).values() if item.required and operation.name == "register"}
    columns = json.loads(settings.get(COLUMNS, "[]"))
    address = address_item(destination)
    return MergeRules(
        identity=frozenset({address}),
        required=frozenset({*required, *columns} - {address}),
        blank_counts=settings.get("overwrite_type") == "2",
        merges=operation.merges,
        scope=",".join(f"{name}={settings[name]}" for name in ("gid", "spid") if settings.get(name)),
    )
