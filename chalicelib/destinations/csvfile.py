"""
Lines to the bytes of one CSV file: CRLF, RFC 4180 quotes, no BOM, a header row, within a size.

Quotes and commas are set in the text before it is encoded: the second byte of ソ or 表 is a backslash in CP932, so
encoded bytes are never searched or escaped. A line break inside a cell stays, as LF inside quotes.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Collection, Sequence
from typing import Final

from chalicelib.destinations.charset import describe, fit
from chalicelib.destinations.kit import Packed
from chalicelib.model import Line
from chalicelib.value import value

ROW: Final = re.compile(rb'[^"\r\n]*(?:"[^"]*(?:""[^"]*)*"[^"\r\n]*)*\r\n')
"""
One record with its line end, as `pack_lines` writes it: a line end inside quotes belongs to a cell.
"""


@value
class Sheet:
    """
    What the file must be: its columns in order, its charset, its greatest size in bytes.

    `identity`: the column that no line may leave blank. `exact`: a line must have all the columns (a blank cell would
    erase something); else what it lacks stays blank.
    """

    columns: tuple[str, ...]
    charset: str
    bytes_max: int
    identity: str = ""
    exact: bool = False


def pack_lines(lines: Sequence[Line], sheet: Sheet) -> Packed:
    """
    As many lines as fit, in the order given. A line that cannot be made into bytes is poison; the others go on.
    """
    encode = _row_encoder(sheet.charset)
    chunks = [encode(sheet.columns)]
    room = sheet.bytes_max - len(chunks[0])
    left = room
    taken: list[Line] = []
    poison: list[tuple[Line, str]] = []
    for line in lines:
        try:
            row = encode(_cells(line, sheet))
        except ValueError as error:
            poison.append((line, _reason(line, sheet, error)))
            continue
        if len(row) > room:
            poison.append((line, f"its row alone has {len(row)} bytes; the vendor's file may have {sheet.bytes_max}"))
            continue
        if len(row) > left:
            break
        chunks.append(row)
        taken.append(line)
        left -= len(row)
    return Packed(data=b"".join(chunks), taken=tuple(taken), poison=tuple(poison))


def columns_of(lines: Sequence[Line], first: str) -> tuple[str, ...]:
    """
    The columns that any of the lines has, in order of appearance, after the one that identifies the contact.
    """
    seen: dict[str, str] = {first: ""}
    for line in lines:
        seen.update(line.payload)
    return tuple(seen)


def without_rows(data: bytes, numbers: Collection[int]) -> bytes | None:
    """
    The file without some of its rows, counted from 0 after the header; None where it has no such rows.

    Works on the bytes: in CP932 and UTF-8 a quote or a line end is never part of another character.
    """
    rows = ROW.findall(data)
    if not rows or b"".join(rows) != data or not all(0 <= number < len(rows) - 1 for number in numbers):
        return None
    return b"".join([rows[0], *(row for number, row in enumerate(rows[1:]) if number not in numbers)])


def _row_encoder(charset: str) -> Callable[[Sequence[str]], bytes]:
    written: list[str] = []
    writer = csv.writer(_Sink(written), lineterminator="\r\n")

    def encode(cells: Sequence[str]) -> bytes:
        written.clear()
        writer.writerow(cells)
        row = "".join(written)
        data = row.encode(charset)
        if data.decode(charset) != row:
            raise ValueError("the row does not read back as it was written")
        return data

    return encode


class _Sink:
    """
    The least that csv.writer writes to.
    """

    def __init__(self, rows: list[str]) -> None:
        self.write = rows.append


def _cells(line: Line, sheet: Sheet) -> list[str]:
    payload = line.payload
    if sheet.identity and not payload.get(sheet.identity):
        raise ValueError(f"it has no {sheet.identity}, the item that tells who it is: was the item renamed?")
    if sheet.exact and (len(payload) != len(sheet.columns) or any(column not in payload for column in sheet.columns)):
        raise ValueError("it does not have exactly the columns of this file, and a blank cell would erase a value")
    return [payload.get(column, "") for column in sheet.columns]


def _reason(line: Line, sheet: Sheet, error: ValueError) -> str:
    if not isinstance(error, UnicodeError):
        return str(error)
    unfit = {name: fit(text, sheet.charset)[1] for name, text in line.payload.items()}
    told = [f"{name}: {', '.join(map(describe, bad))}" for name, bad in unfit.items() if bad]
    return f"{sheet.charset} does not have {'; '.join(told) or 'a character of this row'}"
