"""
The customer file: its size, its characters, its first line (配配メール manual, API連携; checked 2026-11).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.sandbox.haihaimail_account import FILE_MEGABYTES, Account
from tests.sandbox.haihaimail_settings import Refusal
from tests.sandbox.haihaimail_switches import HaihaiSwitches


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """
    One row: the cells of known items, or why it cannot be read.
    """

    cells: Mapping[str, str] = field(repr=False)
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerFile:
    """
    A file that can be worked off. `columns` are the known items in it, `unknown_columns` those dropped.
    """

    columns: tuple[str, ...]
    unknown_columns: tuple[str, ...]
    rows: tuple[Row, ...]


def read_file(data: bytes | None, account: Account, switches: HaihaiSwitches) -> CustomerFile:
    """
    The file as it will be worked off. Raises Refusal for a file that is refused as a whole.
    """
    if data is None:
        raise Refusal(400, "customer_list がありません")
    if len(data) > FILE_MEGABYTES[account.plan] * switches.megabyte:
        raise Refusal(switches.too_large, f"ファイルサイズは{FILE_MEGABYTES[account.plan]}MBまでです")
    lines = _lines(data, switches.charset)
    if len(lines) < 2:
        raise Refusal(400, "CSVファイルにデータがありません")
    header, rows = lines[0], lines[1:]
    if account.address_item not in header:
        raise Refusal(400, f"1行目に{account.address_item}がありません")
    if len(set(header)) != len(header):
        raise Refusal(400, "1行目の項目名が重複しています")
    known = {item.name for item in account.items}
    unknown = tuple(name for name in header if name not in known)
    if unknown and switches.unknown_columns == "refused":
        raise Refusal(400, f"項目名が不正です: {', '.join(unknown)}")
    return CustomerFile(
        columns=tuple(name for name in header if name in known),
        unknown_columns=unknown,
        rows=tuple(_row(header, line, known) for line in rows),
    )


def _lines(data: bytes, charset: str) -> list[list[str]]:
    try:
        text = data.decode(charset)
    except UnicodeDecodeError:
        raise Refusal(400, "CSVファイルの文字コードが不正です") from None
    try:
        return [line for line in csv.reader(io.StringIO(text, newline=""), strict=True) if line]
    except csv.Error:
        raise Refusal(400, "CSVファイルの形式が不正です") from None


def _row(header: list[str], line: list[str], known: set[str]) -> Row:
    if len(line) != len(header):
        return Row(cells={}, fault="項目数が1行目と異なります")
    return Row(cells={name: cell for name, cell in zip(header, line, strict=True) if name in known})
