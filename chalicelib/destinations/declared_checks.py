"""
What can be wrong with a declared destination before anything is sent.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.destinations import checks
from chalicelib.destinations.charset import describe, fit
from chalicelib.destinations.declared import (
    ALL,
    CLASSES,
    ID,
    OURS,
    REST,
    ROWS,
    SIGNING_SECRET,
    TIME,
    Declaration,
)
from chalicelib.destinations.declared_answers import unreadable
from chalicelib.destinations.declared_places import FIELD, LIMIT, MATCH, Places, check_table, is_list, whole
from chalicelib.destinations.templates import BASIC, SECRET, Slot, slots, texts
from chalicelib.model import Destination, Fault
from chalicelib.model.arrival import Json

_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_PATH = re.compile(r"(?:|/[!-~]*)")
_RESULT = re.compile(r"[a-z][a-z0-9_]{0,30}")
_OUR_HEADERS = frozenset({"content-length", "host", "content-type", "transfer-encoding", "connection"})


def check(declaration: Declaration, given: Mapping[str, Any], destination: Destination) -> list[Fault]:
    """
    Faults of `[destinations.x]`: tables, places in templates, conditions, headers, limits.
    """
    at = Places(destination)
    _check_tables(given, at)
    _check_limits(given, at)
    _check_conditions(given, at)
    _check_headers(declaration, given, at)
    _check_shape(declaration, given, at)
    _check_templates(declaration, given, at)
    return [*at.faults, *checks.substitute_faults(destination, declaration.charset)]


def _check_tables(given: Mapping[str, Any], at: Places) -> None:
    for name, table in (given.get("fields") or {}).items():
        check_table(table, FIELD, at, ("fields", name))
        if name in OURS or "{" in name or "}" in name or name.partition(":")[0] in {SECRET, BASIC, ALL, REST}:
            at.fault("fields", name, message="is a name with a meaning of its own here", remedy="Call it otherwise.")
    for name in ("success", *CLASSES):
        if given.get(name) is not None:
            check_table(given[name], MATCH, at, (name,))
    for number, table in enumerate(given.get("limits") or ()):
        check_table(table, LIMIT, at, ("limits", f"[{number}]"), required=("calls", "per"))


def _check_limits(given: Mapping[str, Any], at: Places) -> None:
    pace = given.get("calls_per_second")
    if pace is not None and not 0.001 <= pace <= 1_000:
        at.fault("calls_per_second", message="is no pace", remedy="Write more than 0 (0.001 to 1000), or leave it out.")
    limits = [each for each in given.get("limits") or () if isinstance(each, Mapping)]
    named = [each.get("per") for each in limits]
    for number, each in enumerate(limits):
        calls, reserve = each.get("calls"), each.get("reserve", 0)
        if whole(calls) and whole(reserve) and reserve >= calls > 0:
            message, remedy = "leaves no call for ordinary work", "Keep back fewer calls than there are."
            at.fault("limits", f"[{number}]", "reserve", message=message, remedy=remedy)
        if each.get("per") in named[:number]:
            message, remedy = "is the window of an earlier limit too", "Keep the smaller of both."
            at.fault("limits", f"[{number}]", "per", message=message, remedy=remedy)


def _check_conditions(given: Mapping[str, Any], at: Places) -> None:
    tables = {name: given.get(name) for name in ("success", *CLASSES)}
    found = [((name, "when"), table.get("when")) for name, table in tables.items() if isinstance(table, Mapping)]
    results = given.get("result") or {}
    found += [(("result", name), text) for name, text in results.items()]
    for path, text in found:
        if isinstance(text, str) and (wrong := unreadable(text)):
            remedy = "Write JMESPath over status, body and text, for example: body.ok."
            at.fault(*path, message=f"cannot be read: {wrong}", remedy=remedy)
        elif text is not None and not isinstance(text, str) and path[0] == "result":
            at.fault(*path, message="is no text", remedy="Write a path into the answer, for example: body.id.")
    for name in results:
        if not _RESULT.fullmatch(name):
            message, remedy = "is no name for a result", "Write small letters, digits and underscores."
            at.fault("result", name, message=message, remedy=remedy)


def _check_headers(declaration: Declaration, given: Mapping[str, Any], at: Places) -> None:
    for name in (given.get("headers") or {}).keys() - declaration.headers.keys():
        at.fault("headers", name, message="is no text", remedy="Put it in quotes.")
    named = {**dict.fromkeys(declaration.headers, "headers"), declaration.id_header: "idempotency_header"}
    for name, key in named.items():
        path = (key, name) if key == "headers" else (key,)
        if name and not _HEADER.fullmatch(name):
            at.fault(*path, message="is no name of a header", remedy='Write a name like "X-Api-Key".')
        elif name.lower() in _OUR_HEADERS:
            at.fault(*path, message="is set by Ekiden itself", remedy="Leave it out.")
    for name, text in declaration.headers.items():
        if not text.isascii() or not text.isprintable():
            message, remedy = "holds what a header cannot carry", "Write half-width characters on one line."
            at.fault("headers", name, message=message, remedy=remedy)


def _check_templates(declaration: Declaration, given: Mapping[str, Any], at: Places) -> None:
    """
    Places that stand for nothing: mistyped fields, credentials that nobody gave, braces that stand alone.
    """
    rows = declaration.bytes_max > 0
    in_values = {ID, TIME, ALL, REST}
    roots: list[tuple[str, Json, frozenset[str], bool]] = [
        ("path", declaration.path, frozenset({ID}), not rows),
        ("headers", dict(declaration.headers), frozenset({ID}), False),
        ("body", given.get("body"), frozenset({ROWS} if rows else in_values), not rows),
        ("row", given.get("row"), frozenset(in_values), rows),
    ]
    for root, node, ours, takes_fields in roots:
        for path, text in texts(node):
            try:
                found = list(slots(text))
            except ValueError as error:
                remedy = "Write {name} for a place, and {{ or }} for a brace."
                at.fault(root, *path, message=str(error), remedy=remedy)
                continue
            for slot in found:
                _check_slot(slot, declaration, ours, (root, *path), at, takes_fields=takes_fields)
                if slot.name.partition(":")[0] in {ALL, REST, ROWS} - declaration.fields.keys() and len(text) > len(
                    f"{{{slot.name}}}"
                ):
                    at.fault(root, *path, message="has more beside a table", remedy=f'Write "{{{slot.name}}}" alone.')
    if not _PATH.fullmatch(declaration.path):
        remedy = 'Write it like "/v1/contacts/{code}", in half-width characters.'
        at.fault("path", message="is no path", remedy=remedy)


def _check_slot(
    slot: Slot,
    declaration: Declaration,
    ours: frozenset[str],
    path: tuple[str, ...],
    at: Places,
    *,
    takes_fields: bool,
) -> None:
    if slot.kind:
        _check_secret(slot, path, at)
        return
    name = slot.name.partition(":")[0] if slot.name.partition(":")[0] in {ALL, REST} else slot.name
    if name in ours:
        return
    known = [*(declaration.fields if takes_fields else ()), *sorted(ours)]
    if name in OURS or not takes_fields or (not declaration.open_fields and name not in declaration.fields):
        remedy = checks.suggestion(name, known)
        at.fault(*path, message=f'has a place "{{{slot.name}}}" that stands for nothing here', remedy=remedy)


def _check_secret(slot: Slot, path: tuple[str, ...], at: Places) -> None:
    if path[0] not in {"headers", "path"}:
        remedy = "Put credentials into headers or the path."
        at.fault(*path, message="would put a credential where personal data is kept", remedy=remedy)
        return
    given = at.destination.credentials
    names = slot.name.split(":") if slot.kind == BASIC else [slot.name]
    for name in names:
        if not isinstance(given, str) and name not in given:
            remedy = f'Add a reference: credentials.{name or "name"} = "ssm:/ekiden/prod/…".'
            at.fault(*path, message=f'names a credential "{name}" that is not given', remedy=remedy)


def _check_constants(node: Json, path: tuple[str, ...], at: Places) -> None:
    """
    What TOML can say and JSON cannot: dates, times, numbers that are none.
    """
    if isinstance(node, Mapping):
        for name, each in node.items():
            _check_constants(each, (*path, name), at)
    elif is_list(node):
        for number, each in enumerate(node):
            _check_constants(each, (*path, f"[{number}]"), at)
    elif not isinstance(node, str | bool | int | float) or node != node or node in (math.inf, -math.inf):  # noqa: PLR0124
        at.fault(*path, message="is nothing that JSON can say", remedy="Put it in quotes.")


def _check_shape(declaration: Declaration, given: Mapping[str, Any], at: Places) -> None:
    for root in ("body", "row"):
        _check_constants(given.get(root) or {}, (root,), at)
    if declaration.format == "json" and declaration.charset != "utf-8":
        at.fault("charset", message="cannot be said of JSON, which is UTF-8", remedy="Leave it out.")
    if declaration.format == "csv" and (given.get("body") or given.get("row")):
        key = "body" if given.get("body") else "row"
        remedy = 'Leave it out, or write format = "json".'
        at.fault(key, message="has no place in a CSV file, which is its columns", remedy=remedy)
    if declaration.format == "form" and isinstance(given.get("body"), Mapping):
        for name, each in given["body"].items():
            if not isinstance(each, str):
                at.fault("body", name, message="is no text", remedy="A form has names and texts: put it in quotes.")
    _check_names(declaration, given, at)


def _check_charset(declaration: Declaration, given: Mapping[str, Any], at: Places) -> None:
    """
    Names that the charset cannot carry: columns of a CSV, fields of a form.
    """
    key = {"csv": "fields", "form": "body"}.get(declaration.format, "")
    for name in given.get(key) or {}:
        if unfit := fit(name, declaration.charset)[1]:
            message = f"holds what {declaration.charset} does not have: {', '.join(map(describe, unfit))}"
            at.fault(key, name, message=message, remedy="Call it otherwise, or write another charset.")


def _check_names(declaration: Declaration, given: Mapping[str, Any], at: Places) -> None:
    _check_charset(declaration, given, at)
    if declaration.bytes_max and isinstance(declaration.body, Mapping):
        places = [slot.name for _, text in texts(declaration.body) if "{" in text for slot in sound(text)]
        if places.count(ROWS) != 1:
            remedy = 'Write one member as "{_rows}", or leave body out to send the list alone.'
            at.fault("body", message="does not say where the rows go", remedy=remedy)
    if declaration.identity and given.get("fields") and declaration.identity not in declaration.fields:
        remedy = checks.suggestion(declaration.identity, declaration.fields)
        at.fault("identity", message=f'"{declaration.identity}" is no declared field', remedy=remedy)
    given_names = at.destination.credentials
    if declaration.signed and not isinstance(given_names, str) and SIGNING_SECRET not in given_names:
        remedy = f'Add a reference: credentials.{SIGNING_SECRET} = "ssm:/ekiden/prod/…".'
        at.fault("sign", message="needs a secret to sign with", remedy=remedy)


def sound(text: str) -> Iterator[Slot]:
    """
    The places of a text, none where it is at fault.
    """
    try:
        yield from slots(text)
    except ValueError:
        return
