"""
HTTP replies read tolerantly: forms of answers, codes, Retry-After, and words fit for an operator.
"""

from __future__ import annotations

import json

import pytest

from chalicelib.destinations.replies import WORDS_CHARS_MAX, http_code, number, read_answer, retry_after, told, words
from chalicelib.model import Reply

NOW = "Sat, 21 Nov 2026 14:00:00 GMT"


@pytest.mark.parametrize(
    ("body", "content_type", "form"),
    [
        (b'{"status": 200}', "application/json", "json"),
        (b'\xef\xbb\xbf {"status": 200}\r\n', "text/html", "json"),
        ('{"message": "表示"}'.encode("cp932"), "", "json"),
        (b"", "application/json", "empty"),
        (b" \r\n", "", "empty"),
        (b"<html></html>", "", "html"),
        (b"\r\n <!DOCTYPE html>", "", "html"),
        (b"Sorry", "text/html; charset=UTF-8", "html"),
        (b"Status: 503 Maintenance mode\n<html>", "text/html", "maintenance"),
        (b"\xef\xbb\xbf\nstatus:503", "", "maintenance"),
        (b"Status: 200 OK", "", "unreadable"),
        (b'{"status": 20', "application/json", "unreadable"),
        (b"[1]", "application/json", "unreadable"),
        (b"\xff\xfe\x00", "", "unreadable"),
    ],
)
def test_what_kind_of_answer_it_is(body: bytes, content_type: str, form: str) -> None:
    """
    JSON is JSON whatever its label, in UTF-8 or Shift_JIS; a page, an empty and a broken answer are told apart.
    """
    assert read_answer(Reply(status=200, headers={"content-type": content_type}, body=body)).form == form


def test_shift_jis_words_are_read() -> None:
    """
    A vendor that answers in Shift_JIS is understood.
    """
    answer = read_answer(Reply(status=400, body='{"message": "表示ソフト"}'.encode("cp932")))

    assert answer.body == {"message": "表示ソフト"}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "120"}, 120.0),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "999999999"}, 86_400.0),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Sat, 21 Nov 2026 14:02:00 GMT", "date": NOW}, 120.0),
        ({"retry-after": "Sat, 21 Nov 2026 23:02:00 +0900", "date": NOW}, 120.0),
        ({"retry-after": "Sat, 21 Nov 2026 13:00:00 GMT", "date": NOW}, 0.0),
        ({"retry-after": "Sun, 21 Nov 2027 14:00:00 GMT", "date": NOW}, 86_400.0),
        ({"retry-after": "Sat, 21 Nov 2026 14:02:00 GMT"}, None),
        ({"retry-after": "Sat, 21 Nov 2026 14:02:00 GMT", "date": "garbage"}, None),
        ({"retry-after": "Sat, 99 Nov 2026 14:02:00 GMT", "date": NOW}, None),
    ],
)
def test_both_forms_of_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    """
    Seconds, or a date against the vendor's own clock; never below zero or beyond a day.
    """
    assert retry_after(headers) == seconds


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (200, 200),
        ("200", 200),
        (" 429 ", 429),
        (200.0, 200),
        (81401, 81401),
        ("success", None),
        ("", None),
        ("1234567", None),
        ("２００", None),
        (True, None),
        (None, None),
        ({}, None),
        (float("nan"), None),
        (200.5, None),
    ],
)
def test_codes_may_be_numbers_or_text(value: object, code: int | None) -> None:
    """
    A sibling of the vendor returns codes as text.
    """
    assert number(value) == code


@pytest.mark.parametrize(("value", "code"), [("429", 429), (99, None), (600, None), (81401, None)])
def test_only_http_like_codes_have_http_meaning(value: object, code: int | None) -> None:
    """
    A vendor's own error number is not taken for an HTTP status.
    """
    assert http_code(value) == code


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            "バリデーションに失敗しました。 苗字を入力してください。",
            "バリデーションに失敗しました。 苗字を入力してください。",
        ),
        ("メールアドレスhanako+x@example.co.jpは不正です", "メールアドレス***は不正です"),
        ("tel 090-1234-5678 / +81 90 1234 5678", "tel *** / ***"),
        ("key 0f9a11e2d3c4b5a6978812345678abcd refused", "key *** refused"),
        ("at 2026-11-21 10:00:00 code 81401", "at 2026-11-21 10:00:00 code 81401"),
        ("validation error: customer[email] required.", "validation error: customer[email] required."),
        ("internationalization_is_not_configured", "internationalization_is_not_configured"),
        ("line\r\nbreak\x00", "line break"),
        ({"b": ["い"]}, '{"b": ["い"]}'),
        ({}, ""),
        (None, ""),
    ],
)
def test_a_vendors_words_are_fit_for_an_operator(said: object, shown: str) -> None:
    """
    One line; addresses, telephone numbers and keys are masked; dates, codes and plain words stay.
    """
    assert words(said) == shown


def test_long_words_are_bounded() -> None:
    """
    A reason fits a log line.
    """
    assert len(words("あ" * 10_000)) == WORDS_CHARS_MAX
    assert words("あ" * 10_000).endswith("…")


def test_words_nested_to_the_limit_do_no_harm() -> None:
    """
    JSON nested as deep as the parser allows is no words, and no exception.
    """
    deep = json.loads("[" * 900 + "]" * 900)

    assert isinstance(words(deep), str)


@pytest.mark.parametrize(
    ("reply", "said", "status", "text"),
    [
        (Reply(status=401, body=b'{"a":1}'), "Unauthorized", 401, "(HTTP 401: Unauthorized)"),
        (Reply(status=200, body=b'{"a":1}'), "no", 400, "(400 under HTTP 200: no)"),
        (Reply(status=502, body=b"<html>"), "", 502, "(HTTP 502, a page instead of an answer)"),
        (Reply(status=200), "", None, "(HTTP 200, an empty answer)"),
        (Reply(status=200, body=b'{"a":1}'), "", 200, "(HTTP 200)"),
    ],
)
def test_a_reply_is_cited_in_a_few_words(reply: Reply, said: str, status: int | None, text: str) -> None:
    """
    An operator sees the HTTP status, the vendor's own, and the vendor's words.
    """
    assert told(read_answer(reply), said, status) == text
