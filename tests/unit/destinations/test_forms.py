"""
One value against one declared field: what passes, in which form it is sent, and what the sender is told otherwise.
"""

from __future__ import annotations

import pytest

from chalicelib.destinations.forms import FORMS, Terms, accept
from chalicelib.destinations.kit import Field
from chalicelib.model import Problem

PLAIN = Terms()


def field(form: str, **limits: object) -> Field:
    """
    A field of the given form.
    """
    return Field(name="f", label="F", form=form, **limits)


def code(result: object) -> str:
    """
    The code of a problem.
    """
    assert isinstance(result, Problem)
    assert result.field == "f"
    return result.code


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("taro@example.co.jp", "taro@example.co.jp"),
        (" taro@example.co.jp\n", "taro@example.co.jp"),
        ("ｔａｒｏ＠ｅｘａｍｐｌｅ．ｃｏ．ｊｐ", "taro@example.co.jp"),
        ("\ufefftaro@example.co.jp\u200b", "taro@example.co.jp"),
        ("abc..def@docomo.ne.jp", "abc..def@docomo.ne.jp"),
        (".abc.@docomo.ne.jp", ".abc.@docomo.ne.jp"),
        ('"abc..def"@docomo.ne.jp', '"abc..def"@docomo.ne.jp'),
        ("Taro+web@Example.co.jp", "Taro+web@Example.co.jp"),
        ("o'brien/x=y@example.co.jp", "o'brien/x=y@example.co.jp"),
        ("taro@xn--wgv71a119e.jp", "taro@xn--wgv71a119e.jp"),
        ("taro@sub.example.xn--q9jyb4c", "taro@sub.example.xn--q9jyb4c"),
    ],
)
def test_addresses_that_people_have_pass(typed: str, sent: str) -> None:
    """
    Full-width typing is mended, carriers' old addresses pass, the case of letters stays.
    """
    assert accept(field("email"), typed, PLAIN) == sent


@pytest.mark.parametrize(
    "typed",
    [
        "taro",
        "taro@",
        "@example.co.jp",
        "taro@example",
        "taro@@example.co.jp",
        "taro@example.co.jp, jiro@example.co.jp",
        "taro@example..jp",
        "taro@-example.jp",
        "taro@example-.jp",
        "taro@example.1",
        "ta ro@example.co.jp",
        "<taro@example.co.jp>",
        "太郎@example.co.jp",
        "taro@例え.jp",
        "taro@192.0.2.1",
        "a" * 2_000 + "@example.co.jp",
        "taro@" + "a-" * 400,
    ],
)
def test_what_is_no_address_is_invalid(typed: str) -> None:
    """
    The visitor is told to mend it; the value itself is not repeated.
    """
    problem = accept(field("email"), typed, PLAIN)

    assert code(problem) == "invalid"
    assert isinstance(problem, Problem)
    assert typed not in problem.text


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("2026-11-21 09:30:05", "2026-11-21 09:30:05"),
        ("2026-11-21", "2026-11-21 00:00:00"),
        ("2026-11-21T09:30", "2026-11-21 09:30:00"),
        ("2026-11-21T09:30:05.999", "2026-11-21 09:30:05"),
        ("2026-11-21T15:00:00Z", "2026-11-22 00:00:00"),
        ("2026-11-21T14:59:59+00:00", "2026-11-21 23:59:59"),
        ("2026-11-21T09:30:05+09:00", "2026-11-21 09:30:05"),
        ("２０２６－１１－２１", "2026-11-21 00:00:00"),
    ],
)
def test_times_are_sent_in_japan_time(typed: str, sent: str) -> None:
    """
    A zone is converted, a time without one is Japan's already, a date alone is its midnight.
    """
    assert accept(field("datetime"), typed, PLAIN) == sent


@pytest.mark.parametrize(
    "typed", ["yesterday", "2026-02-30", "2026-11-21 25:00:00", "0001-01-01T00:00+23:00", "21/11/2026"]
)
def test_what_is_no_time_is_invalid(typed: str) -> None:
    """
    Impossible and unreadable times are told, never guessed.
    """
    assert code(accept(field("datetime"), typed, PLAIN)) == "invalid"


def test_a_date_field_takes_the_day_alone() -> None:
    """
    The day is Japan's.
    """
    assert accept(field("date"), "2026-11-21T15:00:00Z", PLAIN) == "2026-11-22"


@pytest.mark.parametrize(
    ("form", "typed", "sent"),
    [
        ("integer", "１２０", "120"),
        ("integer", "-5", "-5"),
        ("integer", 12, "12"),
        ("decimal", "1.50", "1.50"),
        ("decimal", 0.5, "0.5"),
        ("digits", " 0012 ", "0012"),
        ("code", "8eced811cdb57f56", "8eced811cdb57f56"),
    ],
)
def test_numbers_and_codes_in_half_width(form: str, typed: object, sent: str) -> None:
    """
    Full-width digits are mended, leading zeros stay.
    """
    assert accept(field(form), typed, PLAIN) == sent


@pytest.mark.parametrize(
    ("form", "typed"),
    [
        ("integer", "約100"),
        ("integer", "1.5"),
        ("integer", "1,000"),
        ("decimal", "1e5"),
        ("digits", "-1"),
        ("code", "ab=c"),
    ],
)
def test_free_text_in_a_number_is_invalid(form: str, typed: str) -> None:
    """
    SATORI checks the type of custom fields, so text in a number would be refused there.
    """
    assert code(accept(field(form), typed, PLAIN)) == "invalid"


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("資料請求, 展示会 ,,資料請求", "資料請求,展示会"),
        (["メルマガ登録", " サイト訪問者\u3000"], "メルマガ登録,サイト訪問者"),
        ("and,or,not,Brand", "and,or,not,Brand"),
        ("（株）", "（株）"),
    ],
)
def test_tags_are_trimmed_and_told_once(typed: object, sent: str) -> None:
    """
    Blanks around tags and repeated tags go; small letters and full-width brackets are allowed.
    """
    assert accept(field("tags", chars_max=255), typed, PLAIN) == sent


@pytest.mark.parametrize("tag", ["(株)見本", "BRAND", "FLOOR", "NOTE", "A)", "SANDAL"])
def test_a_banned_tag_is_named(tag: str) -> None:
    """
    `(`, `)`, AND, NOT and OR are banned anywhere in a tag, and the problem names the tag.
    """
    problem = accept(field("tags"), f"展示会,{tag}", PLAIN)

    assert code(problem) == "tag"
    assert tag in str(problem)


def test_lengths_are_counted_in_characters() -> None:
    """
    255 kanji, and 255 emoji, are 255 characters; one more is too long.
    """
    limited = field("text", chars_max=255)

    assert accept(limited, "𠮷" * 255, PLAIN) == "𠮷" * 255
    assert code(accept(limited, "𠮷" * 256, PLAIN)) == "too_long"
    assert "256" in str(accept(limited, "a" * 256, PLAIN))


def test_a_line_break_counts_once() -> None:
    """
    CRLF of a browser is one character.
    """
    assert accept(field("text", chars_max=3), "a\r\nb", PLAIN) == "a\nb"


def test_clipping_is_per_field_and_by_request() -> None:
    """
    Only the field that says "clip" is shortened.
    """
    limited = field("text", chars_max=3)

    assert accept(limited, "abcd", Terms(overflow={"f": "clip"})) == "abc"
    assert code(accept(limited, "abcd", Terms(overflow={"f": "refuse"}))) == "too_long"
    assert code(accept(limited, "abcd", Terms(overflow={"other": "clip"}))) == "too_long"


def test_tags_are_clipped_by_whole_tags() -> None:
    """
    A tag cut in two would be another tag; where not even one fits, the whole is refused.
    """
    limited = field("tags", chars_max=7)
    clipping = Terms(overflow={"f": "clip"})

    assert accept(limited, "abc,def,ghi", clipping) == "abc,def"
    assert code(accept(limited, "abcdefgh,a", clipping)) == "too_long"


def test_an_address_is_never_clipped() -> None:
    """
    A shortened address would be somebody else's.
    """
    assert code(accept(field("email", chars_max=10), "taro@example.co.jp", Terms(overflow={"f": "clip"}))) == "too_long"


@pytest.mark.parametrize("value", ["approval", " approval ", ["approval"]])
def test_a_choice_is_exact(value: object) -> None:
    """
    Blanks around it do no harm; another case or word is no choice, and the choices are told.
    """
    chosen = field("text", choices=("approval", "reject"))

    assert accept(chosen, value, PLAIN) == "approval"
    assert code(accept(chosen, "Approval", PLAIN)) == "choice"
    assert "approval, reject" in str(accept(chosen, "yes", PLAIN))


@pytest.mark.parametrize(("value", "sent"), [(True, "true"), (False, "false"), ("true", "true")])
def test_a_flag_takes_booleans(value: object, sent: str) -> None:
    """
    JSON's true is the vendor's word "true".
    """
    assert accept(field("flag", choices=("true", "false")), value, PLAIN) == sent


def test_characters_beyond_the_charset_are_named() -> None:
    """
    The problem carries each character with its code point, once.
    """
    problem = accept(field("text"), "𠮷野家😀😀", Terms(charset="cp932"))

    assert isinstance(problem, Problem)
    assert (problem.code, problem.characters) == ("charset", ("𠮷 U+20BB7", "😀 U+1F600"))
    assert "U+1F600" in problem.text


def test_a_substitute_mends_before_the_charset_is_asked() -> None:
    """
    𠮷→吉 of the operator's table lets the name through.
    """
    assert accept(field("text"), "𠮷野", Terms(charset="cp932", substitutes={"𠮷": "吉"})) == "吉野"


@pytest.mark.parametrize("lone", ["\ud83d", "a\udc00"])
def test_half_a_character_is_named(lone: str) -> None:
    """
    A lone surrogate from a sender's JSON cannot be sent even in UTF-8.
    """
    assert code(accept(field("text"), lone, PLAIN)) == "charset"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("blank", [None, "", "\u3000 ", "\u200b", [None, ""]])
def test_blank_is_no_value_in_any_form(form: str, blank: object) -> None:
    """
    Nothing typed is no fault of its own; whether the field is required is asked elsewhere.
    """
    assert accept(field(form), blank, PLAIN) == ""


def test_what_vanishes_in_the_charset_is_blank() -> None:
    """
    A text of nothing but blanks and signs that CP932 drops is no value.
    """
    assert accept(field("text"), "\u2066 \u2069", Terms(charset="cp932")) == ""


@pytest.mark.parametrize("value", [{"a": 1}, [[1]], float("nan")])
def test_an_object_is_told_to_the_mapping_person(value: object) -> None:
    """
    A value of the wrong kind is invalid, with what would be right.
    """
    problem = accept(field("text"), value, PLAIN)

    assert code(problem) == "invalid"
    assert "text" in str(problem)
