"""
A vendor's answer in CSV, read strictly: every row or none.

A truncated answer, an error text or a page must never look like "nothing new".
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from chalicelib.value import value

CELL_CHARS_MAX = 131_072
ROWS_MAX = 200_000


@value
class Mismatch:
    """
    Why an answer is not the CSV that was expected, without any of its cells.
    """

    why: str


def read_csv(data: bytes, *, charset: str, columns: Sequence[str]) -> tuple[Mapping[str, str], ...] | Mismatch:
    """
    The rows by the names of their header, which must have all of `columns`. No row is fine; no header is not.
    """
    try:
        text = data.decode("utf-8-sig" if charset == "utf-8" else charset)
    except UnicodeDecodeError as problem:
        return Mismatch(why=f"byte {problem.start:,} is not {charset}")
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as problem:
        return Mismatch(why=f"it is no CSV ({problem})")
    if not rows or not any(cell.strip() for cell in rows[0]):
        return Mismatch(why="it has no header")
    header = [cell.strip() for cell in rows[0]]
    return _of_header(header, rows[1:], columns)


def _of_header(
    header: Sequence[str], rows: Sequence[Sequence[str]], columns: Sequence[str]
) -> tuple[Mapping[str, str], ...] | Mismatch:
    missing = [name for name in columns if name not in header]
    if missing:
        return Mismatch(why=f"its header has no {', '.join(missing)}")
    if len(set(header)) != len(header):
        return Mismatch(why="its header names a column twice")
    if len(rows) > ROWS_MAX:
        return Mismatch(why=f"it has more than {ROWS_MAX:,} rows")
    for number, row in enumerate(rows, start=2):
        if row and len(row) != len(header):
            return Mismatch(why=f"row {number:,} has {len(row)} cells, the header {len(header)}")
    return tuple(dict(zip(header, row, strict=True)) for row in rows if row)
