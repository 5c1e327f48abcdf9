"""
Rows of a file as events, also of files that nobody meant to send.
"""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime

import pytest

from chalicelib.model import Event, EventRule, Source
from chalicelib.sources.csv_rows import CsvRefused, open_csv, rows
from chalicelib.sources.file_events import row_event

NOW = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
ORIGIN = {"file": "list.csv", "import": "01JD"}
LIST = Source(
    name="list",
    preset="csv_upload",
    event=EventRule(kind="kind", kinds={"stop": "unsubscribe", "*": "upsert"}, time="at"),
)
STRICT = Source(name="list", preset="csv_upload", event=EventRule(kind="kind", kinds={"stop": "unsubscribe"}))


def events(data: bytes, source: Source = LIST) -> list[Event]:
    """Every row's event."""
    table = open_csv(data)
    return [row_event(row, source, key=b"k", arrival=NOW, origin=ORIGIN) for row in rows(table)]


def test_a_row_says_what_happened_and_when() -> None:
    """Columns name kind and time; the row's line and the file are kept as evidence."""
    one, two = events(b"mail,kind,at\na@example.co.jp,stop,2026/11/20 09:00\nb@example.co.jp,,\n")

    assert (one.kind, one.time) == ("unsubscribe", datetime(2026, 11, 20, 0, 0, tzinfo=UTC))
    assert (two.kind, two.time) == ("upsert", NOW)
    assert one.evidence == {**ORIGIN, "line": "2"}
    assert two.fields == {"mail": "b@example.co.jp", "kind": "", "at": ""}


def test_a_word_that_the_source_does_not_know_is_for_a_person() -> None:
    """The row is kept as JSON, so that it can be read again once the table of kinds is mended."""
    (event,) = events(b"mail,kind\na@example.co.jp,gone\n", STRICT)

    assert (event.kind, event.evidence["part"]) == ("unusable", "record")
    assert event.hold == "line 2: the kind 'gone' is not in the source's table of kinds"
    assert json.loads(event.fields["_raw"]) == {"mail": "a@example.co.jp", "kind": "gone"}


TEXTS = (b"a@example.co.jp", "髙﨑".encode("cp932"), "𠮷😀".encode(), b"x" * 9_999)
PIECES = (*TEXTS, b'"', b'""', b",", b"\n", b"\r\n", b"\r", b"\0", b"\xff")
FILES_TRIED = 3_000


@pytest.mark.parametrize("seed", range(5))
def test_whatever_bytes_come_each_row_is_an_event_or_the_file_is_refused(seed: int) -> None:
    """Broken quotes, NULs, ragged rows, alien bytes: never another error, never a row without its event."""
    chance = random.Random(seed)  # noqa: S311 - repeatability is the point
    refused = 0
    for _ in range(FILES_TRIED // 5):
        data = b"mail,kind,at\n" + b"".join(chance.choices(PIECES, k=chance.randrange(40)))
        try:
            table = open_csv(data)
            found = list(rows(table))
        except CsvRefused:
            refused += 1
            continue
        made = [row_event(row, LIST, key=b"k", arrival=NOW, origin=ORIGIN) for row in found]
        assert [each.evidence["line"] for each in made] == [str(row.line) for row in found]
        assert all(each.kind in {"upsert", "unsubscribe"} or each.hold for each in made)
        json.dumps([dict(each.fields) for each in made], ensure_ascii=False).encode()

    assert 0 < refused < FILES_TRIED // 5
