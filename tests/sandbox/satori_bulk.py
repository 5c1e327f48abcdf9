"""
SATORI bulk v4: a CSV file is taken at once and worked off later (article fragments and client code; checked 2026-11).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.sandbox.satori_fields import LABELS, TAG_FIELDS
from tests.sandbox.satori_switches import SatoriSwitches

ROWS_MAX = 10_000
WAITING_SECONDS = 5
PROCESSING_SECONDS = 5
STATUS_DAYS = 7

ApplyRow = Callable[[str, Mapping[str, str]], str]
"""
Applies one row of a job for an operation; the reason where it fails, else "".
"""


@dataclass(slots=True, kw_only=True)
class BulkFile:
    """
    One accepted file. It waits, is processed, and then all its rows have been applied.
    """

    process_code: str
    operation: str
    accepted_at: datetime
    rows: tuple[Mapping[str, str], ...]
    applied: bool = False
    failed_rows: list[dict[str, Any]] = field(default_factory=list)

    def stage(self, now: datetime) -> str:
        """
        What the status call says: waiting, processing or finished.
        """
        age = now - self.accepted_at
        if age < timedelta(seconds=WAITING_SECONDS):
            return "waiting"
        return "processing" if age < timedelta(seconds=WAITING_SECONDS + PROCESSING_SECONDS) else "finished"

    def apply(self, apply_row: ApplyRow, switches: SatoriSwitches) -> None:
        """
        Work off all rows, once.
        """
        first = 2 if switches.bulk_row_number == "header_counted" else 1
        for number, row in enumerate(() if self.applied else self.rows, start=first):
            reason = apply_row(self.operation, row)
            if reason:
                self.failed_rows.append({"row_number": number, "message": reason})
        self.applied = True

    def expired(self, now: datetime) -> bool:
        """
        Whether the process code is too old to be asked about.
        """
        return now - self.accepted_at >= timedelta(days=STATUS_DAYS)

    def as_dict(self) -> dict[str, Any]:
        """
        The file as JSON values.
        """
        return {
            "process_code": self.process_code,
            "operation": self.operation,
            "accepted_at": self.accepted_at.isoformat(),
            "rows": len(self.rows),
            "applied": self.applied,
            "failed_rows": list(self.failed_rows),
        }


def read_rows(data: bytes, key: str) -> tuple[Mapping[str, str], ...]:
    """
    The rows of a CSV file as they will be applied: blank cells left out. Raises ValueError with what is wrong.
    """
    try:
        lines = [line for line in csv.reader(io.StringIO(data.decode("utf-8"), newline=""), strict=True) if line]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError("customer_csv_file must be a CSV file in UTF-8.") from error
    header = lines[0] if lines else []
    wrong = [name for name in header if not _known(name)]
    if key not in header or wrong or len(set(header)) != len(header):
        raise ValueError(f"customer_csv_file header invalid. {' '.join(wrong)}".strip())
    if len(lines) - 1 > ROWS_MAX:
        raise ValueError(f"customer_csv_file must not have more than {ROWS_MAX} rows.")
    return tuple({name: cell for name, cell in zip(header, line, strict=False) if cell} for line in lines[1:])


def _known(name: str) -> bool:
    return name in LABELS or name in TAG_FIELDS or name == "hashcode" or re.fullmatch(r"custom:\w+", name) is not None
