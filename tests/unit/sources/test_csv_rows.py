"""
A CSV file from a stranger: every charset and line end that Japan has, and what is said of a row that cannot be read.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from chalicelib.sources.csv_rows import CsvFault, CsvLimits, CsvRefused, CsvRow, open_csv, rows
from tests.fuzzing import times

HEADER = "メールアドレス,お名前\r\n"


def read(data: bytes | str, **options: Any) -> list[CsvRow | CsvFault]:
    given_bytes = data if isinstance(data, bytes) else data.encode()
    return list(rows(open_csv(given_bytes, **options)))


def fields(data: bytes | str, **options: Any) -> list[dict[str, str]]:
    return [dict(each.fields) for each in read(data, **options) if isinstance(each, CsvRow)]


def faults(data: bytes | str, **options: Any) -> list[tuple[int, str]]:
    return [(each.line, each.reason) for each in read(data, **options) if isinstance(each, CsvFault)]


def refused(data: bytes | str, **options: Any) -> CsvRefused:
    with pytest.raises(CsvRefused) as found:
        read(data, **options)
    return found.value


@pytest.mark.parametrize("newline", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize("charset", ["cp932", "utf-8", "utf-8-sig"])
def test_every_usual_file_is_read_without_being_told(charset: str, newline: str) -> None:
    """Shift_JIS or UTF-8, with or without a mark, and any line end: the same rows."""
    text = f"メールアドレス,お名前{newline}taro@example.co.jp,髙﨑 ①㈱～{newline}hanako@example.co.jp,鈴木"

    assert fields(text.encode(charset)) == [
        {"メールアドレス": "taro@example.co.jp", "お名前": "髙﨑 ①㈱～"},
        {"メールアドレス": "hanako@example.co.jp", "お名前": "鈴木"},
    ]


def test_both_byte_forms_of_the_ibm_characters_are_the_same_names() -> None:
    """Windows writes 髙﨑 as FBFC FAB1, Python as EEE0 ED95; both are people of that name."""
    head = HEADER.encode("cp932")

    assert fields(head + b"a@example.co.jp,\xfb\xfc\xfa\xb1\r\n") == fields(
        head + b"a@example.co.jp,\xee\xe0\xed\x95\r\n"
    )
    assert fields(head + b"a@example.co.jp,\xfb\xfc\xfa\xb1\r\n")[0]["お名前"] == "髙﨑"


def test_quotes_commas_and_line_breaks_stay_in_their_cell() -> None:
    """A quoted cell keeps what was typed; its line ends become plain ones, and NUL characters go."""
    data = HEADER + 'a@example.co.jp,"山田, ""太郎""\r\n様\0"\r\n'

    assert fields(data) == [{"メールアドレス": "a@example.co.jp", "お名前": '山田, "太郎"\n様'}]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("a@example.co.jp", "line 2: cells: 1, where the header names 2 columns"),
        ("a@example.co.jp,太郎,余り", "line 2: text in a column that the header does not name"),
        ('a@example.co.jp,"太"郎', "line 2: a quotation mark stands where none may be"),
        ("a@example.co.jp," + "あ" * 10_001, "line 2: a cell is longer than 10,000 characters"),
    ],
)
def test_a_row_at_fault_leaves_its_neighbours_alone(row: str, reason: str) -> None:
    """The fault names its line and keeps the row's text; the next row is read as ever."""
    data = f"{HEADER}{row}\r\nhanako@example.co.jp,鈴木\r\n"

    assert faults(data) == [(2, reason)]
    assert fields(data) == [{"メールアドレス": "hanako@example.co.jp", "お名前": "鈴木"}]
    assert [each.text[:10] for each in read(data) if isinstance(each, CsvFault)] == [row[:10]]


@pytest.mark.parametrize("byte", [b"\x80", b"\xa0", b"\xfd", b"\xff", b"\x81"])
def test_a_byte_that_is_no_character_costs_its_own_row(byte: bytes) -> None:
    """Shift_JIS has holes; a byte in one is told, never replaced."""
    data = (
        HEADER.encode("cp932") + "hanako@example.co.jp,鈴木\r\n".encode("cp932") + b"a@example.co.jp," + byte + b"\r\n"
    )

    assert faults(data) == [(3, "line 3: a byte is no character of Shift_JIS")]
    assert len(fields(data)) == 1


def test_utf_8_with_one_broken_byte_is_still_utf_8() -> None:
    """One damaged row must not turn a whole file into mojibake."""
    data = HEADER.encode() + "taro@example.co.jp,山田\n".encode() + b"a@example.co.jp,\xe5\xb1\n"

    assert fields(data)[0]["お名前"] == "山田"
    assert faults(data) == [(3, "line 3: a byte is no character of UTF-8")]


def test_blank_lines_and_excels_empty_columns_are_no_rows() -> None:
    """What holds no text is passed over; numbers count what is left."""
    data = "メールアドレス,お名前,,\r\n\r\n,,,\r\na@example.co.jp,太郎,,\r\n"

    assert [(each.number, each.line) for each in read(data)] == [(1, 4)]
    assert fields(data) == [{"メールアドレス": "a@example.co.jp", "お名前": "太郎"}]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\r\n", "empty"),
        (b",,\r\na", "empty"),
        (b"a,b,a\r\n", "header"),
        (b'"a,b\r\n1,2\r\n', "quotes"),
        (b'a,b\r\n1,"2\r\n3,4\r\n', "quotes"),
        ("a,b\r\n".encode("utf-16"), "charset"),
        (bytes(range(128, 256)) * 40, "charset"),
        (b"a\n" + b"1\n" * 11, "too_many_rows"),
        (b"x" * 1_001, "too_large"),
    ],
)
def test_a_file_at_fault_as_a_whole_is_refused_with_a_word_for_programs(data: bytes, code: str) -> None:
    """No header, a column named twice, a quotation mark that swallows the rest, no text at all."""
    limits = CsvLimits(rows_max=10, file_bytes_max=1_000 if code == "too_large" else 100_000)

    assert refused(data, limits=limits).code == code


def test_a_pinned_charset_is_believed() -> None:
    """Half-width katakana may be UTF-8 by chance; a source that says cp932 is not guessed about."""
    data = "name\r\nﾄｱ\r\n".encode("cp932")

    assert fields(data) != fields(data, charset="cp932")
    assert fields(data, charset="cp932") == [{"name": "ﾄｱ"}]


HOSTILE = some.one_of(
    some.binary(max_size=400),
    some.text(alphabet='ab,"\r\n\0髙é', max_size=200).map(lambda text: text.encode()),
    some.text(alphabet='ab,"\r\n\0髙', max_size=200).map(lambda text: text.encode("cp932")),
    some.text(alphabet='ab,"\r\n', max_size=200).map(lambda text: ("a,b\r\n" + text).encode()),
)


@settings(max_examples=times(1_500), deadline=None)
@given(HOSTILE)
def test_whatever_comes_is_rows_faults_or_a_refusal(data: bytes) -> None:
    """Nobody's file raises anything else; numbers run without gaps, twice the same, and all text can be stored."""
    try:
        first, second = read(data), read(data)
    except CsvRefused:
        return
    assert first == second
    assert [each.number for each in first] == list(range(1, len(first) + 1))
    for each in first:
        text = each.text if isinstance(each, CsvFault) else "".join([*each.fields, *each.fields.values()])
        text.encode()
        assert "\0" not in text


@settings(max_examples=times(300), deadline=None)
@given(some.lists(some.lists(some.text(alphabet='あい髙"a, \n', max_size=8), min_size=2, max_size=2), max_size=6))
def test_what_a_csv_writer_wrote_comes_back(table: list[list[str]]) -> None:
    """Rows written with quotes where they are needed are read as they were."""
    quoted = ["\r\n".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in table)]
    wanted = [{"a": row[0], "b": row[1]} for row in table if any(row)]

    for charset in ("utf-8", "cp932"):
        assert fields(("a,b\r\n" + quoted[0]).encode(charset), charset=charset) == wanted


@pytest.mark.parametrize(
    "data",
    [
        b"a\n" + b'"' * 4_000_001,
        b"a\n" + b"," * 4_000_000,
        b"a\n" + b"\n" * 4_000_000,
        b"a\n" + b"\x81" * 4_000_000,
        b"a\n" + b'"a"b\n' * 100_000,
        b"a,b\n" + b"x" * 1_000_000 + b",1\n2,3\n",
    ],
    ids=["quotes", "commas", "newlines", "half characters", "stray quotes", "a cell of a megabyte"],
)
def test_large_hostile_files_end_soon(data: bytes) -> None:
    """A few megabytes of one byte are read or refused in seconds, whatever the byte."""
    try:
        found = read(data)
    except CsvRefused:
        return
    assert all(len(each.text) <= 4_000 for each in found if isinstance(each, CsvFault))
