"""
Mapped values as text: what is made equal, what is taken away, what stays as it was typed.
"""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.destinations.text import clean, clip, half_width, is_blank, nfc, to_text

GA_IN_TWO = "か\u3099"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (-12, "-12"),
        (1.0, "1"),
        (0.5, "0.5"),
        ("0312345678", "0312345678"),
        ([], ""),
        (["資料請求", "", None, " ", "展示会"], "資料請求,展示会"),
        ([1, True, "x"], "1,true,x"),
    ],
)
def test_json_values_become_text(value: object, text: str) -> None:
    """
    Numbers and truth values are written plainly; a list's members are joined by commas, blank ones left out.
    """
    assert to_text(value) == text


@pytest.mark.parametrize(
    "value",
    [{}, {"a": 1}, [["nested"]], [{"a": 1}], float("nan"), float("inf"), 10**5000],
    ids=["empty object", "object", "list in list", "object in list", "nan", "infinity", "endless number"],
)
def test_what_is_no_text_is_refused(value: object) -> None:
    """
    An object, a list inside a list, and numbers that cannot be written raise ValueError.
    """
    with pytest.raises(ValueError):  # noqa: PT011 - Python words the endless number itself
        to_text(value)


@pytest.mark.parametrize("typed", [" 山田", "山田　", "\u3000山田\u00a0", "\n山田\t", "山田"])
def test_blanks_around_a_value_are_taken_away(typed: str) -> None:
    """
    They come from typing and pasting, also of full width, and SATORI refuses a name that begins with one.
    """
    assert clean(typed, {}) == "山田"


@pytest.mark.parametrize("line_break", ["\r\n", "\r", "\n", "\v", "\f", "\x85", "\u2028", "\u2029"])
def test_every_line_break_becomes_one_line_feed(line_break: str) -> None:
    """
    Browsers send CRLF, spreadsheets vertical tabs: each is one line break, so that characters count the same.
    """
    assert clean(f"一行目{line_break}二行目", {}) == "一行目\n二行目"


def test_control_characters_vanish_and_tabs_stay() -> None:
    """
    What nobody can see or mend is taken away.
    """
    assert clean("A\x00B\x07\tC\x1b\x7f\x9fD", {}) == "AB\tCD"


def test_decomposed_kana_become_one_character() -> None:
    """
    File names and macOS text hold が as two characters; vendors want one.
    """
    assert clean(GA_IN_TWO, {}) == "が"


@pytest.mark.parametrize("name", ["\ufa1b田", "\ufa19", "\ufa15", "\ufa20", "\u9ad9\ufa11", f"\ufa1b{GA_IN_TWO}"])
def test_kanji_of_names_keep_their_shape(name: str) -> None:
    """
    福 U+FA1B is not turned into its common twin 福 U+798F, although plain NFC would do so.
    """
    assert nfc(name) == name.replace(GA_IN_TWO, "が")


@given(st.text())
def test_nfc_twice_is_nfc_once(text: str) -> None:
    """
    A text that has been made equal stays as it is.
    """
    assert nfc(nfc(text)) == nfc(text)


@given(st.text(alphabet=st.characters(max_codepoint=0xF8FF, exclude_categories=["Cs"])))
def test_nfc_is_the_standards_own_outside_compatibility_kanji(text: str) -> None:
    """
    Only those kanji are treated in a way of our own.
    """
    assert nfc(text) == unicodedata.normalize("NFC", text)


def test_substitutes_are_the_operators_word() -> None:
    """
    𠮷→吉 is sent where the table says so, in one pass and with the longest key first; keys match after NFC.
    """
    table = {"𠮷": "吉", "葛\U000e0100": "葛", "葛": "カツ", GA_IN_TWO: "ガ", "A": "B", "B": "C", "": "never"}

    assert clean("𠮷野 葛\U000e0100城 葛 が AB", table) == "吉野 葛城 カツ ガ BC"


def test_substitutes_may_name_the_line_break() -> None:
    """
    An operator whose account takes no line breaks in cells replaces them.
    """
    assert clean("a\r\nb", {"\n": " "}) == "a b"


@pytest.mark.parametrize("text", ["", " ", "\u3000\t\n", "\u200b\ufeff", "\u2060 \u200d"])
def test_what_nobody_can_see_is_blank(text: str) -> None:
    """
    Spaces of any width and zero-width characters are no value.
    """
    assert is_blank(text)


def test_half_width_signs() -> None:
    """
    An address typed in full-width letters is the address.
    """
    assert half_width("\u3000ｔａｒｏ＠ｅｘａｍｐｌｅ．ｃｏ．ｊｐ\u200b ") == "taro@example.co.jp"


@pytest.mark.parametrize(
    ("text", "chars_max", "clipped"),
    [
        ("あいう", 5, "あいう"),
        ("あいう", 2, "あい"),
        ("cafe\u0301s", 4, "caf"),
        ("葛\U000e0100城", 1, ""),
        ("x👨\u200d👩", 3, "x"),
        ("x👨\u200d👩", 2, "x"),
        ("x👍\U0001f3fd", 2, "x"),
        ("ab", 0, ""),
    ],
)
def test_clipping_never_cuts_a_sign_in_two(text: str, chars_max: int, clipped: str) -> None:
    """
    An accent, a variant selector, a skin tone or a joined emoji goes with its base or not at all.
    """
    assert clip(text, chars_max) == clipped
