"""
Lines to the bytes of a CSV file: what a strict reader gets back, what does not fit, what is poison.
"""

from __future__ import annotations

import csv
import io
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.destinations.charset import fit
from chalicelib.destinations.csvfile import Sheet, columns_of, pack_lines, without_rows
from chalicelib.destinations.text import clean
from chalicelib.model import Line


def line(number: int, **cells: str) -> Line:
    """
    A line of one delivery.
    """
    return Line(contact=f"c{number}", payload=cells, deliveries=(f"d{number}",))


def sheet(*columns: str, charset: str = "cp932", bytes_max: int = 10_000, exact: bool = False) -> Sheet:
    """
    A file of these columns.
    """
    return Sheet(columns=columns, charset=charset, bytes_max=bytes_max, exact=exact)


def rows_of(data: bytes, charset: str = "cp932") -> list[list[str]]:
    """
    What a reader of RFC 4180 sees.
    """
    return list(csv.reader(io.StringIO(data.decode(charset), newline=""), strict=True))


def test_the_file_is_plain_rfc_4180() -> None:
    """
    Header first, CRLF, quotes only where needed and doubled inside, no byte order mark.
    """
    lines = [line(1, a="x", b='say "hi"'), line(2, a="1,2", b="一\n二"), line(3, b="")]
    packed = pack_lines(lines, sheet("a", "b"))

    assert packed.data == 'a,b\r\nx,"say ""hi"""\r\n"1,2","一\n二"\r\n,\r\n'.encode("cp932")


def test_utf_8_has_no_byte_order_mark() -> None:
    """
    A mark would become part of the first item's name.
    """
    assert pack_lines([line(1, 名="😀")], sheet("名", charset="utf-8")).data == "名\r\n😀\r\n".encode()


def test_backslash_bytes_inside_kanji_do_no_harm() -> None:
    """
    ソ, 表, 能 and ポ end in the byte of a backslash or a bar; nothing is escaped on their account.
    """
    data = pack_lines([line(1, a="ソ表能ポ", b="x")], sheet("a", "b")).data

    assert data == b"a,b\r\n\x83\x5c\x95\x5c\x94\x5c\x83\x7c,x\r\n"


@given(
    cells=st.lists(
        st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=12), min_size=3, max_size=3),
        max_size=5,
    ),
    charset=st.sampled_from(["cp932", "shift_jis", "utf-8"]),
)
def test_every_prepared_text_comes_back_from_the_file(cells: list[list[str]], charset: str) -> None:
    """
    What the charset can carry is read back cell by cell, whatever quotes, commas and line breaks are in it.
    """
    fitted = [[fit(clean(cell, {}), charset) for cell in row] for row in cells]
    rows = [[mapped if not unfit else "" for mapped, unfit in row] for row in fitted]
    lines = [line(number, **dict(zip("abc", row, strict=True))) for number, row in enumerate(rows)]
    packed = pack_lines(lines, sheet("a", "b", "c", charset=charset))

    assert packed.poison == ()
    assert rows_of(packed.data, charset) == [["a", "b", "c"], *rows]


def test_columns_are_the_union_of_all_lines() -> None:
    """
    The address first, then items in order of appearance; a line without an item leaves its cell blank.
    """
    lines = [line(1, mail="m1", b="1"), line(2, a="2", mail="m2")]
    columns = columns_of(lines, "mail")

    assert columns == ("mail", "b", "a")
    assert rows_of(pack_lines(lines, sheet(*columns)).data)[1:] == [["m1", "1", ""], ["m2", "", "2"]]


def test_the_file_stops_before_its_limit() -> None:
    """
    Encoded bytes are counted, header and line ends too; what does not fit is neither taken nor poison.
    """
    lines = [line(number, a="あああ") for number in range(5)]
    header, row = len(b"a\r\n"), len("あああ\r\n".encode("cp932"))

    exact_fit = pack_lines(lines, sheet("a", bytes_max=header + 3 * row))
    one_less = pack_lines(lines, sheet("a", bytes_max=header + 3 * row - 1))

    assert (len(exact_fit.data), exact_fit.taken) == (header + 3 * row, tuple(lines[:3]))
    assert (one_less.taken, one_less.poison) == (tuple(lines[:2]), ())


def test_a_line_that_cannot_be_written_is_poison_alone() -> None:
    """
    One unwritable character holds back its own line, named, and no other.
    """
    lines = [line(1, a="見本"), line(2, a="😀", b="𠮷"), line(3, a="例")]
    packed = pack_lines(lines, sheet("a", "b"))

    assert packed.taken == (lines[0], lines[2])
    ((poisoned, why),) = packed.poison
    assert poisoned is lines[1]
    assert "a: 😀 U+1F600; b: 𠮷 U+20BB7" in why
    assert rows_of(packed.data)[1:] == [["見本", ""], ["例", ""]]


def test_a_row_that_reads_back_differently_is_poison() -> None:
    """
    A character that the codec would silently turn into another never leaves.
    """
    packed = pack_lines([line(1, a="¥500"), line(2, a="500")], sheet("a", charset="shift_jis"))

    assert [each.contact for each in packed.taken] == ["c2"]
    assert len(packed.poison) == 1


def test_a_row_larger_than_any_file_is_poison_not_a_blockade() -> None:
    """
    A row that alone exceeds the limit would wait for ever; the lines behind it go on.
    """
    lines = [line(1, a="x" * 200), line(2, a="y")]
    packed = pack_lines(lines, sheet("a", bytes_max=100))

    assert packed.taken == (lines[1],)
    assert "202 bytes" in packed.poison[0][1]


def test_where_blanks_erase_each_line_must_have_all_columns() -> None:
    """
    A line that lacks a column, or has another, is held back: its blank cell would erase a value at the vendor.
    """
    lines = [line(1, a="1", b=""), line(2, a="2"), line(3, a="3", c="x")]
    packed = pack_lines(lines, sheet("a", "b", exact=True))

    assert packed.taken == (lines[0],)
    assert [each.contact for each, _ in packed.poison] == ["c2", "c3"]


def test_nothing_to_pack_is_a_header() -> None:
    """
    No line, no row.
    """
    packed = pack_lines([], sheet("a", "b"))

    assert (packed.data, packed.taken, packed.poison) == (b"a,b\r\n", (), ())


def test_a_hundred_thousand_rows_pack_in_seconds() -> None:
    """
    A dedicated plan's greatest file, 100,000 rows of six items, takes at most 3 s of CPU.
    """
    row = {
        "メール": "hanako@example.co.jp",
        "名": "見本 花子",
        "社": "株式会社ソ表能",
        "注": '一,"二"\n三',
        "電": "03",
        "県": "東",
    }
    lines = [line(number, **row) for number in range(100_000)]
    began = time.process_time()
    packed = pack_lines(lines, sheet(*columns_of(lines, "メール"), bytes_max=30_000_000))

    assert time.process_time() - began < 3
    assert len(packed.taken) == 100_000


@settings(max_examples=40)
@given(sizes=st.lists(st.integers(min_value=0, max_value=30), max_size=12), bytes_max=st.integers(3, 120))
def test_every_line_is_taken_or_poison_or_waits(sizes: list[int], bytes_max: int) -> None:
    """
    Taken lines are a prefix of what is not poison, the file keeps its limit, and only a row too large is poison.
    """
    lines = [line(number, a="x" * size) for number, size in enumerate(sizes)]
    packed = pack_lines(lines, sheet("a", bytes_max=bytes_max))
    poison = {each.contact for each, _ in packed.poison}
    sound = [each for each in lines if each.contact not in poison]

    assert len(packed.data) <= bytes_max
    assert list(packed.taken) == sound[: len(packed.taken)]
    assert all(len(f"{each.payload['a']}\r\n") > bytes_max - 3 for each, _ in packed.poison if each.payload["a"])


@pytest.mark.parametrize("charset", ["cp932", "utf-8"])
def test_rows_are_cut_out_of_a_file(charset: str) -> None:
    """Rows go by their number, whatever the others have in them: quotes, line breaks, characters that end in quotes."""
    names = ["髙﨑", "表,ソ", '言った"そう"', "二行\nに\r\nなる", "", "最後"]
    lines = [line(number, a=f"u{number}@example.co.jp", b=name) for number, name in enumerate(names)]
    whole = sheet("a", "b", charset=charset)

    cut = without_rows(pack_lines(lines, whole).data, {1, 3})

    assert cut == pack_lines([each for number, each in enumerate(lines) if number not in {1, 3}], whole).data


@pytest.mark.parametrize("data", [b"", b"a,b", b'a\r\n"open\r\n', b"a\r\nb\r\n"])
def test_a_file_without_these_rows_is_not_cut(data: bytes) -> None:
    """What is no file of ours, or has no such row, is left to the caller."""
    assert without_rows(data, {1}) is None
