"""
Deliveries as a CSV file for people: UTF-8 with a BOM, so that Excel in Japan opens it as it is.
"""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from chalicelib.cli.veil import Veil
from chalicelib.cli.words import plain, second
from chalicelib.model import Delivery

ROWS_MAX = 100_000
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""
What spreadsheet programs take a cell that begins so for: a formula, which a stranger may have typed into a form.
"""

HEADINGS = (
    "id",
    "dead since (JST)",
    "arrived (JST)",
    "source",
    "route",
    "destination",
    "operation",
    "attempts",
    "reason",
)


def write(file: Path, found: Sequence[Delivery], veil: Veil) -> None:
    """
    Write the file whole or not at all, readable by its owner only. Raises Stopped where it cannot be written.
    """
    from chalicelib.ops.stopped import Stopped  # noqa: PLC0415 - only where it is needed

    try:
        _write(file, found, veil)
    except OSError as error:
        raise Stopped(f"{file} cannot be written ({error.strerror}). Name another file.") from error


def _write(file: Path, found: Sequence[Delivery], veil: Veil) -> None:
    handle, draft = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8-sig", newline="") as stream:
            csv.writer(stream).writerows(_lines(found, veil))
        Path(draft).replace(file)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def _lines(found: Sequence[Delivery], veil: Veil) -> Iterator[list[str]]:
    names = list(dict.fromkeys(name for each in found for name in each.payload))
    yield [*HEADINGS, *(f"field: {name}" for name in names)]
    for each in found:
        values = veil.payload(each)
        cells = [
            each.id,
            second(each.settled_at),
            second(each.arrived_at),
            each.source,
            each.route,
            each.destination,
            each.operation,
            str(each.attempts),
            veil.words(each.reason),
        ]
        yield [harmless(cell) for cell in [*cells, *(values.get(name, "") for name in names)]]


def harmless(cell: str) -> str:
    """
    A cell that no spreadsheet program runs, and that no terminal obeys.

    >>> harmless("=1+1"), harmless("山田")
    ("'=1+1", '山田')
    """
    return plain(f"'{cell}" if cell.startswith(FORMULA) else cell)
