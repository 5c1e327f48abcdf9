"""
The customer file: its size, its characters, its first line, and the switches that concern it.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.clock import HandClock
from tests.sandbox.haihaimail import HaihaiSandbox
from tests.sandbox.haihaimail_switches import HaihaiSwitches
from tests.sandbox.wire import SandboxRequest
from tests.unit.sandbox.vendors import (
    ask,
    csv_bytes,
    haihai,
    import_request,
    people,
)

ONE = people("a@example.co.jp")


def _made(clock: HandClock, **switches: Any) -> HaihaiSandbox:
    return haihai(clock, switches=HaihaiSwitches(**switches))


def _refused(sandbox: HaihaiSandbox, request: SandboxRequest) -> tuple[int, str]:
    status, body = ask(sandbox, request)
    assert body["status"] == "error"
    assert body["code"] == body["errors"]["code"]
    assert sandbox.results() == []
    assert sandbox.calls_today == 0
    return status, body["errors"]["description"][0]


def _sized(size: int) -> bytes:
    head = people("a@example.co.jp")
    line = b"x" * 998 + b"\r\n"
    return (head + line * (size // len(line) + 1))[:size]


@pytest.mark.parametrize(
    ("plan", "megabyte", "limit"),
    [("shared", 1_048_576, 10_485_760), ("shared", 1_000_000, 10_000_000), ("dedicated", 1_000_000, 30_000_000)],
)
@pytest.mark.parametrize("reading", [413, 400])
def test_a_file_beyond_the_limit(clock: HandClock, plan: str, megabyte: int, limit: int, reading: int) -> None:
    """
    10 MB on the shared plan, 30 MB on the dedicated one; the limit itself passes.
    """
    sandbox = haihai(clock, plan=plan, switches=HaihaiSwitches(too_large=reading, megabyte=megabyte))
    assert _refused(sandbox, import_request(_sized(limit + 1)))[0] == reading
    assert ask(sandbox, import_request(_sized(limit)))[0] == 200


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "CSVファイルにデータがありません"),
        (people(), "CSVファイルにデータがありません"),
        (b"\r\n\r\n", "CSVファイルにデータがありません"),
        (csv_bytes([["お名前"], ["山田"]]), "1行目にメールアドレスがありません"),
        (csv_bytes([["メールアドレス "], ["a@example.co.jp"]]), "1行目にメールアドレスがありません"),
        (csv_bytes([["メールアドレス", "お名前", "お名前"], ["a", "b", "c"]]), "1行目の項目名が重複しています"),
        (people("a@example.co.jp") + b'"', "CSVファイルの形式が不正です"),
        (people("a@example.co.jp") + b"\x93", "CSVファイルの文字コードが不正です"),
    ],
)
def test_a_file_that_is_refused_as_a_whole(clock: HandClock, data: bytes, told: str) -> None:
    """
    Empty, header only, without the address item, broken quotes, broken characters.
    """
    assert _refused(haihai(clock), import_request(data)) == (400, told)


@pytest.mark.parametrize("taka", [b"\xee\xe0", b"\xfb\xfc"])
@pytest.mark.parametrize(("charset", "status"), [("cp932", 200), ("shift_jis", 400)])
def test_both_codes_of_a_name_decode_under_cp932_only(clock: HandClock, taka: bytes, charset: str, status: int) -> None:
    """
    髙 has two codes in the wild, NEC's EEE0 and IBM's FBFC; strict Shift_JIS has neither.
    """
    data = csv_bytes([["メールアドレス", "お名前"], ["a@example.co.jp", "?橋"]]).replace(b"?", taka)
    sandbox = _made(clock, charset=charset)
    assert ask(sandbox, import_request(data))[0] == status
    names = [customer.values["お名前"] for customer in sandbox.customers()]
    assert names == (["髙橋"] if status == 200 else [])


def test_utf8_is_for_the_multilingual_option(clock: HandClock) -> None:
    """
    A UTF-8 file passes with the option only, and there without a byte order mark; one in SJIS does not.
    """
    text = csv_bytes([["メールアドレス", "お名前"], ["a@example.co.jp", "𠮷田"]], "utf-8")
    assert _refused(haihai(clock), import_request(text))[0] == 400
    sandbox = _made(clock, charset="utf-8")
    assert _refused(sandbox, import_request(b"\xef\xbb\xbf" + text)) == (400, "1行目にメールアドレスがありません")
    assert _refused(sandbox, import_request(ONE)) == (400, "CSVファイルの文字コードが不正です")
    assert ask(sandbox, import_request(text))[0] == 200
    assert sandbox.customers()[0].values["お名前"] == "𠮷田"


def test_a_column_that_is_no_item(clock: HandClock) -> None:
    """
    A column whose name differs is dropped and remembered, or the whole file is refused.
    """
    data = csv_bytes([["氏名", "メールアドレス"], ["山田", "a@example.co.jp"]])
    sandbox = haihai(clock)
    assert ask(sandbox, import_request(data))[0] == 200
    assert sandbox.unknown_columns == ["氏名"]
    assert sandbox.customers()[0].values == {}
    strict = _made(clock, unknown_columns="refused")
    assert _refused(strict, import_request(data)) == (400, "項目名が不正です: 氏名")


def test_quoted_cells_and_bare_newlines_are_read(clock: HandClock) -> None:
    """
    RFC 4180 quoting; LF or CRLF; second bytes 5C and 7C stay part of their characters.
    """
    data = 'お名前,メールアドレス\n"表ソ, ""能""\nポ",a@example.co.jp\n'.encode("cp932")
    sandbox = haihai(clock)
    assert ask(sandbox, import_request(data))[0] == 200
    assert sandbox.customers()[0].values["お名前"] == '表ソ, "能"\nポ'
