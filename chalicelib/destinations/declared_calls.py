"""
Declared destinations: payloads → request, by the templates of relay.toml.

What stands in an address is percent-encoded and may not climb out of it; headers carry constants, credentials and ids
only; the host is the configuration's alone.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from chalicelib.destinations.csvfile import Sheet, columns_of, pack_lines, without_rows
from chalicelib.destinations.declared import ALL, FORM_HEADER, ID, REST, ROWS, SIGNING_SECRET, TIME, Declaration
from chalicelib.destinations.kit import Packed, credential
from chalicelib.destinations.signing import basic, batch_id, signed
from chalicelib.destinations.templates import BASIC, SECRET, Fill, Slot, fill, fill_json
from chalicelib.model import Batch, Call, Destination, Line
from chalicelib.model.arrival import Json

_ROWS_MARK = "\x00rows"
_SLACK = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def build(
    declaration: Declaration,
    batch: Batch,
    data: bytes,
    destination: Destination,
    credentials: Mapping[str, str],
) -> Call:
    """
    The request, with the credentials in their places and the id that tells a repeat.
    """
    base = destination.base_url.rstrip("/")
    name = batch_id(batch)
    line = batch.lines[0]
    body = _rows_body(declaration, data) if data else _body(declaration, line, name)
    headers = {"Content-Type": _content_type(declaration), "Accept": "application/json, text/plain;q=0.9"}
    headers |= {key: fill(text, _in_header(credentials, name)) for key, text in declaration.headers.items()}
    if declaration.id_header:
        headers[declaration.id_header] = name
    if declaration.signed:
        headers |= signed(body, name, batch.at, credential(credentials, SIGNING_SECRET))
    return Call(
        url=base + fill(declaration.path, _in_path(line, credentials, name, base)),
        method=declaration.method,
        headers=headers,
        body=body,
    )


def _content_type(declaration: Declaration) -> str:
    if declaration.format == "json":
        return "application/json"
    if declaration.format == "form":
        return FORM_HEADER
    return f"text/csv; charset={declaration.charset}"


def _body(declaration: Declaration, line: Line, name: str) -> bytes:
    body = declaration.body if declaration.body is not None else "{_all}"
    filled = _filled(declaration, body, line, name)
    if declaration.format == "form":
        pairs = [(key, _as_form(each)) for key, each in (filled or {}).items()]
        return urlencode(pairs, encoding=declaration.charset).encode("ascii")
    return _dumped(filled if filled is not None else {})


def _as_form(found: Json) -> str:
    if isinstance(found, list):
        return ",".join(map(str, found))
    return found if isinstance(found, str) else _dumped(found).decode()


def _rows_body(declaration: Declaration, data: bytes) -> bytes:
    """
    The rows inside what the operator declared around them, their bytes untouched.
    """
    if declaration.format == "csv" or declaration.body is None:
        return data
    around = fill_json(declaration.body, lambda slot: _ROWS_MARK if slot.name == ROWS else None, lambda _: "")
    before, _, after = _dumped(around).partition(_dumped(_ROWS_MARK))
    return before + data + after


def _filled(declaration: Declaration, node: Json, line: Line, name: str = "") -> Json:
    """
    A body or a row with one contact's values, each with the type that its field declares.
    """
    ours = {ID: name, TIME: _time_of(line)}
    texts = {**line.payload, **{key: each for key, each in ours.items() if each}}
    if declaration.escape == "slack":
        texts = {key: each.translate(_SLACK) for key, each in texts.items()}

    def typed(slot: Slot) -> Json:
        head, _, wrap = slot.name.partition(":")
        if head in {ALL, REST} and head not in line.payload:
            names = [each for each in line.payload if head == ALL or each != declaration.identity]
            table = {each: _typed(declaration, each, texts[each]) for each in names}
            return {each: {wrap: found} for each, found in table.items()} if wrap else table
        return _typed(declaration, slot.name, texts[slot.name]) if slot.name in texts else None

    return fill_json(node, typed, lambda slot: texts.get(slot.name, ""))


def _typed(declaration: Declaration, name: str, text: str) -> Json:
    form = declaration.fields[name].form if name in declaration.fields else "text"
    if form == "integer":
        return int(text)
    if form == "decimal":
        return float(text)
    if form == "flag":
        return text == "true"
    return text.split(",") if form == "list" else text


def _time_of(line: Line) -> str:
    newest = max(line.times.values(), default=None)
    return iso(newest) if newest else ""


def iso(at: datetime) -> str:
    """
    A time as receivers everywhere read it: ISO 8601 in UTC.
    """
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _in_header(credentials: Mapping[str, str], name: str) -> Fill:
    def put(slot: Slot) -> str:
        if slot.kind == SECRET:
            return credential(credentials, slot.name)
        if slot.kind == BASIC:
            return basic(credentials, slot.name)
        return name if slot.name == ID else ""

    return put


def _in_path(line: Line, credentials: Mapping[str, str], name: str, base: str) -> Fill:
    """
    Percent-encoded values. A credential may be the rest of the address, or, as vendors hand it out, all of it.
    """

    def put(slot: Slot) -> str:
        if slot.kind == SECRET:
            rest = credential(credentials, slot.name).removeprefix(base)
            return quote(rest.lstrip("/"), safe="/-_.~")
        return quote(name if slot.name == ID else line.payload.get(slot.name, ""), safe="")

    return put


def _dumped(found: Json) -> bytes:
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()


# ── files of many rows ──────────────────────────────────────────────────────────────────────────────────────────────


def pack(declaration: Declaration, lines: Sequence[Line]) -> Packed:
    """
    As many lines as the size allows: a CSV file with a header, or a JSON array, one row of it to a line of text.
    """
    if declaration.format == "csv":
        first = declaration.identity
        columns = tuple(declaration.fields) or tuple(filter(None, columns_of(lines, first)))
        sheet = Sheet(columns=columns, charset=declaration.charset, bytes_max=declaration.bytes_max, identity=first)
        return pack_lines(lines, sheet)
    left = declaration.bytes_max - 2
    taken: list[Line] = []
    poison: list[tuple[Line, str]] = []
    rows: list[bytes] = []
    for line in lines:
        row = _dumped(_filled(declaration, declaration.row or "{_all}", line))
        if len(row) > declaration.bytes_max - 2:
            poison.append((line, f"its row alone has {len(row)} bytes; a call may have {declaration.bytes_max}"))
            continue
        if len(row) + 2 > left:
            break
        left -= len(row) + 2
        taken.append(line)
        rows.append(row)
    return Packed(data=b"[" + b",\n".join(rows) + b"]", taken=tuple(taken), poison=tuple(poison))


def cut(data: bytes, numbers: Collection[int]) -> bytes | None:
    """
    A packed file without some of its rows, counted from 0; None where it has no such rows.
    """
    try:
        rows = json.loads(data)
    except ValueError:
        return without_rows(data, numbers)
    if not isinstance(rows, list) or not all(0 <= number < len(rows) for number in numbers):
        return None
    return b"[" + b",\n".join(_dumped(row) for number, row in enumerate(rows) if number not in numbers) + b"]"
