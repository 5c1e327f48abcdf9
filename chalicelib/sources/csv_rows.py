"""
A CSV file's bytes → its rows, one contact each. Pure, bounded, and never silent about a row.

    table = open_csv(data)                  # CsvRefused where the file as a whole cannot be read
    for row in rows(table):                 # CsvRow, or CsvFault for a row that cannot be read as it is
        ...

The file's first line names the columns. Comma, quotes as in RFC 4180, line ends CR LF, LF or CR. The charset is told by
a byte order mark, else UTF-8 where the bytes are UTF-8, else Windows-31J ("Shift_JIS" in Japan, with both byte forms of
the IBM extension characters). A byte that belongs to no character costs its own row, never the file.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from io import StringIO

from chalicelib.errors import RelayError
from chalicelib.value import value

FILE_BYTES_MAX = 31_457_280
"""
30 MiB: more than any receiver takes (配配メール, dedicated server: 30 MB).
"""

ROW_TEXT_CHARS_MAX = 4_000
"""
How much of a row at fault is kept for the person who mends it.
"""

UNREADABLE_BYTES_MAX = 100
"""
A file in which more bytes than this, and more than one in a hundred, are no characters is no text at all.
"""

_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
# What "surrogateescape" makes of a byte that the charset cannot read, and the five bytes that no character of
# Windows-31J begins with, which Python's cp932 turns into control and private characters.
_UNREADABLE = re.compile("[\udc80-\udcff\x80\uf8f0-\uf8f3]")


class CsvRefused(RelayError):
    """
    The file as a whole is at fault: whoever made it must act. `code` is a stable word for programs.

    Codes: "empty" (no header line), "too_large", "charset", "header", "quotes" (one is opened and never closed),
    "too_many_rows". `line` is where, counted from 1; 0 for the file as a whole.
    """

    def __init__(self, code: str, detail: str, *, line: int = 0) -> None:
        self.code = code
        self.detail = detail
        self.line = line
        super().__init__(detail)


@value
class CsvLimits:
    """
    What is taken. A row beyond its bounds is a CsvFault; a file beyond its own is refused.
    """

    file_bytes_max: int = FILE_BYTES_MAX
    rows_max: int = 500_000
    columns_max: int = 300
    name_chars_max: int = 255
    cell_chars_max: int = 10_000
    row_chars_max: int = 60_000


@value
class CsvTable:
    """
    A file that can be read: its columns in order, "" for one without a name.

    `marked`: it began with a byte order mark. `whole`: every byte of it is a character of its charset.
    """

    columns: tuple[str, ...]
    charset: str
    marked: bool
    whole: bool
    limits: CsvLimits
    text: str = field(repr=False)


@value
class CsvRow:
    """
    One row: its fields by column name, blank ones included; `number` counts data rows from 1, `line` the file's lines.
    """

    number: int
    line: int
    fields: Mapping[str, str] = field(repr=False)


@value
class CsvFault:
    """
    A row that cannot be read as it is, the reason for an operator, and its text as far as it is kept.
    """

    number: int
    line: int
    reason: str
    text: str = field(default="", repr=False)


def open_csv(data: bytes, *, charset: str = "auto", limits: CsvLimits | None = None) -> CsvTable:
    """
    The file with its header read. `charset` is auto, utf-8 or cp932. Raises CsvRefused.
    """
    bounds = limits or CsvLimits()
    if len(data) > bounds.file_bytes_max:
        raise CsvRefused("too_large", f"The file has {len(data):,} bytes; {bounds.file_bytes_max:,} are taken.")
    if data.startswith(_UTF16_MARKS):
        raise CsvRefused("charset", "The file is UTF-16. Save it as CSV in UTF-8 or Shift_JIS.")
    marked = data.startswith(_UTF8_MARK)
    text, known = _decoded(data.removeprefix(_UTF8_MARK), "utf-8" if marked else charset)
    header = next(_records(text), None)
    if header is None:
        raise CsvRefused("empty", "The file is empty: its first line must name the columns.")
    return CsvTable(
        columns=_columns(header, bounds),
        charset=known,
        marked=marked,
        whole=_UNREADABLE.search(text) is None,
        limits=bounds,
        text=text,
    )


def rows(table: CsvTable) -> Iterator[CsvRow | CsvFault]:
    """
    Every row that says anything, in the file's order. The same table always gives the same rows and numbers.

    Lines without any text are passed over and not counted. Raises CsvRefused where a quote is never closed (what
    follows it cannot be told apart) and beyond `rows_max`.
    """
    records = _records(table.text)
    next(records)
    number = 0
    for record in records:
        if not any(record.cells):
            continue
        number += 1
        if number > table.limits.rows_max:
            told = f"The file has more than {table.limits.rows_max:,} rows."
            raise CsvRefused("too_many_rows", told, line=record.line)
        yield _row(record, number, table)


# ── from text to records ────────────────────────────────────────────────────────────────────────────────────────────


@value
class _Record:
    """
    What the CSV reader made of one record. `fault` is its complaint; then the one cell is the record's whole text.
    """

    line: int
    cells: Sequence[str]
    fault: str = ""


def _records(text: str) -> Iterator[_Record]:
    """
    The records that are not blank lines, the header first.
    """
    # The library's own bound on a cell, one for the whole process, would end the reading in the middle of a row.
    csv.field_size_limit(FILE_BYTES_MAX)
    reading: list[str] = []
    reader = csv.reader(_remembered(StringIO(text, newline=""), reading), strict=True)
    while True:
        line = reader.line_num + 1
        reading.clear()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:
            if "unexpected end" in str(problem):
                told = f"A quotation mark opened at line {line} is never closed."
                raise CsvRefused("quotes", told, line=line) from problem
            yield _Record(line=line, cells=["".join(reading)], fault="a quotation mark stands where none may be")
            continue
        if cells:
            yield _Record(line=line, cells=cells)


def _remembered(lines: Iterable[str], reading: list[str]) -> Iterator[str]:
    """
    The lines, each noted before it is handed out: the reader forgets a record that it cannot read.
    """
    for line in lines:
        reading.append(line)
        yield line


def _decoded(data: bytes, charset: str) -> tuple[str, str]:
    """
    The text, in which unreadable bytes are marked, and its charset. Raises CsvRefused for what is no text at all.
    """
    known = charset if charset in {"utf-8", "cp932"} else _likely_charset(data)
    try:
        return data.decode(known), known
    except UnicodeDecodeError as problem:
        unreadable = len(data) - len(data.decode(known, "ignore").encode(known, "ignore"))
        if unreadable > max(UNREADABLE_BYTES_MAX, len(data) // 100):
            raise CsvRefused("charset", f"The file is not text in {_label(known)}.") from problem
    return data.decode(known, "surrogateescape"), known


def _likely_charset(data: bytes) -> str:
    """
    By chance hardly a Shift_JIS character is one of UTF-8 too; in UTF-8 with a few broken bytes nearly all are.
    """
    text = data.decode("utf-8", "ignore")
    unreadable = len(data) - len(text.encode())
    beyond_ascii = len(text) - len(text.encode("ascii", "ignore"))
    return "utf-8" if unreadable == 0 or beyond_ascii > unreadable else "cp932"


def _label(charset: str) -> str:
    return "Shift_JIS" if charset == "cp932" else "UTF-8"


# ── header and rows ─────────────────────────────────────────────────────────────────────────────────────────────────


def _columns(header: _Record, limits: CsvLimits) -> tuple[str, ...]:
    if header.fault:
        raise CsvRefused("header", f"In the header line, {header.fault}.", line=header.line)
    names = [_clean(cell).strip() for cell in header.cells]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise CsvRefused("empty", "The first line names no column.", line=header.line)
    if len(names) > limits.columns_max:
        raise CsvRefused("header", f"There are more than {limits.columns_max} columns.", line=header.line)
    if any(_UNREADABLE.search(name) for name in names):
        raise CsvRefused("charset", "The header line is neither UTF-8 nor Shift_JIS.", line=header.line)
    if any(len(name) > limits.name_chars_max for name in names):
        told = f"A column name is longer than {limits.name_chars_max} characters."
        raise CsvRefused("header", told, line=header.line)
    named = [name for name in names if name]
    twice = next((name for name in named if named.count(name) > 1), None)
    if twice is not None:
        raise CsvRefused("header", f'The column "{twice}" is named twice.', line=header.line)
    return tuple(names)


def _row(record: _Record, number: int, table: CsvTable) -> CsvRow | CsvFault:
    cells, limits = [_clean(cell) for cell in record.cells], table.limits
    reason = record.fault or _shape_fault(cells, table.columns)
    if not reason and any(len(cell) > limits.cell_chars_max for cell in cells):
        reason = f"a cell is longer than {limits.cell_chars_max:,} characters"
    if not reason and sum(map(len, cells)) > limits.row_chars_max:
        reason = f"the row is longer than {limits.row_chars_max:,} characters"
    if not table.whole and any(_UNREADABLE.search(cell) for cell in cells):
        reason = reason or f"a byte is no character of {_label(table.charset)}"
    if reason:
        return CsvFault(number=number, line=record.line, reason=f"line {record.line}: {reason}", text=_shown(cells))
    named = {name: cell for name, cell in zip(table.columns, cells, strict=False) if name}
    return CsvRow(number=number, line=record.line, fields=named)


def _shape_fault(cells: Sequence[str], columns: Sequence[str]) -> str:
    """
    What does not fit the header: fewer cells, or text where no column has a name. Blank cells at the end are harmless.
    """
    if len(cells) < len(columns):
        return f"cells: {len(cells)}, where the header names {len(columns)} columns"
    unnamed = (cell for place, cell in enumerate(cells) if place >= len(columns) or not columns[place])
    return "text in a column that the header does not name" if any(unnamed) else ""


def _shown(cells: Sequence[str]) -> str:
    """
    The row's cells, joined, bounded, and with U+FFFD for what is no character, so that it can be stored and shown.
    """
    # Bounded before joining: a row may be as large as the file.
    parts = [cell[:ROW_TEXT_CHARS_MAX] for cell in cells[:ROW_TEXT_CHARS_MAX]]
    return _UNREADABLE.sub("\ufffd", ",".join(parts)[:ROW_TEXT_CHARS_MAX])


def _clean(cell: str) -> str:
    """
    A cell with plain line ends and without NUL characters, which neither DynamoDB nor a vendor's file can carry.
    """
    if "\r" in cell:
        cell = cell.replace("\r\n", "\n").replace("\r", "\n")
    return cell.replace("\0", "") if "\0" in cell else cell
