"""
Answers of the console that are no pages: files.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import field
from io import StringIO

from chalicelib.plain import plain
from chalicelib.value import value

CSV_TYPE = "application/csv; charset=utf-8"
"""
Not text/csv: API Gateway takes that for binary, and would hand the file over in Base64.
"""

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""
What spreadsheet programs take a cell that begins so for: a formula, which a stranger may have typed into a form.
"""


@value
class File:
    """
    A file to be kept: its name and its text.
    """

    name: str
    text: str = field(repr=False)


def csv_file(name: str, headings: Sequence[str], lines: Iterable[Sequence[str]]) -> File:
    """
    Lines as a CSV that Excel opens: UTF-8 with a byte order mark, and no cell that a program would run.
    """
    made = StringIO(newline="")
    writer = csv.writer(made)
    writer.writerow([harmless(each) for each in headings])
    writer.writerows([harmless(cell) for cell in line] for line in lines)
    return File(name=name, text="\ufeff" + made.getvalue())


def harmless(cell: str) -> str:
    """
    A cell that no spreadsheet program runs, also not behind blanks or full-width signs.

    >>> harmless("=1+1"), harmless(" ＝1+1"), harmless("山田"), harmless("090-0000")
    ("'=1+1", "' ＝1+1", '山田', '090-0000')
    """
    first = cell.lstrip(" \u3000\u00a0\ufeff")[:1].translate(NARROW)
    return plain(f"'{cell}" if first and first in FORMULA else cell)


NARROW = str.maketrans("＝＋－＠", "=+-@")
