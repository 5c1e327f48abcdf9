"""
`make readings`: plays every position of every switch and prints the table. Status 1 where one fails or is not played.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass

from tests.scenarios.readings.catalogue import Play, Readings, catalogue, unread


@dataclass(frozen=True, kw_only=True)
class Row:
    """
    One line of the table: `passed` is yes, NO, or why the switch is not called.
    """

    vendor: str
    switch: str
    position: str
    passed: str
    why: str = ""


def rows_of(readings: Readings) -> list[Row]:
    """
    A vendor's positions, played; one that its sandbox never looked at has not been tested.
    """
    rows = []
    looked: set[tuple[str, str]] = set()
    for play in readings.plays():
        why = _fault(readings, play)
        if play.looked:
            looked.add((play.switch, str(play.position)))
        vendor = f"{readings.vendor} {play.variant}".strip()
        passed = "NO" if why else "yes"
        rows.append(Row(vendor=vendor, switch=play.switch, position=str(play.position), passed=passed, why=why))
    return [_judged(row, readings, seen=(row.switch, row.position) in looked) for row in rows]


def _judged(row: Row, readings: Readings, *, seen: bool) -> Row:
    reason = readings.uncalled.get(row.switch)
    if row.passed == "NO" or (seen and reason is None):
        return row
    if seen:
        why = f"declared as never called ({reason}), but it was"
    elif reason is not None:
        return Row(vendor=row.vendor, switch=row.switch, position=row.position, passed=f"not called: {reason}")
    else:
        why = "the story never made the sandbox look at this switch"
    return Row(vendor=row.vendor, switch=row.switch, position=row.position, passed="NO", why=why)


def _fault(readings: Readings, play: Play) -> str:
    try:
        readings.run(play)
    except Exception:  # noqa: BLE001 - whatever ends a story is told in its row, and the others go on
        return traceback.format_exc(limit=-3)
    return ""


def table(rows: Sequence[Row]) -> str:
    """
    The rows under a header, in columns.
    """
    cells = [("vendor", "switch", "position", "passed")]
    cells += [(row.vendor, row.switch, row.position, row.passed) for row in rows]
    widths = [max(_width(line[column]) for line in cells) for column in range(3)]
    return "\n".join(
        "  ".join([*(text + " " * (widths[at] - _width(text)) for at, text in enumerate(line[:3])), line[3]])
        for line in cells
    )


def _width(text: str) -> int:
    """
    Columns on a terminal: kana and kanji take two.
    """
    return sum(2 if character > "\u1100" else 1 for character in text)


def main(found: Sequence[Readings], unplayed: Sequence[str]) -> int:
    """
    Print all; 0 where every position passed and none is missing.
    """
    rows = [row for readings in found for row in rows_of(readings)]
    gaps = [*unplayed, *(f"{each.vendor}: {gap}" for each in found for gap in each.gaps())]
    failed = [row for row in rows if row.passed == "NO"]
    sys.stdout.write(f"{table(rows)}\n")
    for row in failed:
        sys.stdout.write(f"\n{row.vendor}, {row.switch} = {row.position}:\n{row.why}\n")
    for gap in gaps:
        sys.stdout.write(f"\nnot played: {gap}\n")
    sys.stdout.write(f"\n{len(rows)} positions, {len(failed)} failed, {len(gaps)} not played\n")
    return 1 if failed or gaps else 0


if __name__ == "__main__":
    sys.exit(main(catalogue(), unread()))
