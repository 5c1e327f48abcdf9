"""
The functions of mappings: what each does, and what it says of values that it cannot work with.
"""

from __future__ import annotations

import doctest
from datetime import UTC, datetime, timedelta
from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.routing import expressions, functions, japanese, mapping, times
from chalicelib.routing import values as values_module
from chalicelib.routing.functions import FUNCTIONS, digits, split_name
from chalicelib.routing.japanese import half_kana, hiragana, katakana
from chalicelib.routing.times import date, jst
from chalicelib.routing.values import Unfit

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize(
    "module", [expressions, functions, japanese, mapping, times, values_module], ids=lambda module: module.__name__
)
def test_the_examples_in_the_documentation_are_true(module: object) -> None:
    """
    Every function does what the example in its description shows.
    """
    done = doctest.testmod(module)  # type: ignore[arg-type]
    assert done.failed == 0
    assert done.attempted > 0


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_has_an_example(name: str) -> None:
    """
    The handbook can show each function at work.
    """
    assert f">>> {name}(" in (FUNCTIONS[name].call.__doc__ or "")


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name != "default"])
def test_a_missing_field_stays_missing(name: str) -> None:
    """
    An optional field needs no guard in the mapping: null gives null.
    """
    arguments = {"replace": [None, "a", "b"], "join_nonblank": [" ", None]}.get(name, [None])
    assert FUNCTIONS[name].call(*arguments) is None


@settings(deadline=None)
@given(st.sampled_from(sorted(FUNCTIONS)), st.lists(JSON, min_size=1, max_size=3))
def test_any_values_give_a_value_or_a_reason_without_them(name: str, values: list[object]) -> None:
    """
    No value whatever brings a function down, and its complaint names kinds of values only.
    """
    function = FUNCTIONS[name]
    arguments = (values * 3)[: function.most]
    try:
        function.call(*arguments)
    except Unfit as problem:
        told = str(problem)
        assert all(text not in told for text in arguments if isinstance(text, str) and len(text) > 12)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-01-15T02:10:00Z", "2026-01-15 11:10:00"),
        ("2026-01-15T02:10:00.123456Z", "2026-01-15 11:10:00"),
        ("2026-01-15T11:10:00+09:00", "2026-01-15 11:10:00"),
        ("2026-01-15 11:10:05", "2026-01-15 11:10:05"),
        ("2026-01-15", "2026-01-15 00:00:00"),
        ("20260115", "2026-01-15 00:00:00"),
        ("2026/1/5", "2026-01-05 00:00:00"),
        ("2026/1/5 9:05", "2026-01-05 09:05:00"),
        ("2026年1月5日", "2026-01-05 00:00:00"),
        ("2026年1月5日 9時5分", "2026-01-05 09:05:00"),
        ("２０２６．１．５", "2026-01-05 00:00:00"),
        (1768443000, "2026-01-15 11:10:00"),
        (1768443000.9, "2026-01-15 11:10:00"),
        (1768443000000, "2026-01-15 11:10:00"),
        ("1768443000", "2026-01-15 11:10:00"),
        ("1768443000000", "2026-01-15 11:10:00"),
        ("9999999999999", "2286-11-21 02:46:39"),
        (0, "1970-01-01 09:00:00"),
        ("", None),
        ("　", None),
    ],
)
def test_jst_reads_the_times_that_senders_write(value: object, expected: str | None) -> None:
    """
    Zoned times are converted to Japan's, unzoned ones are Japan's already, numbers are Unix time in s or ms.
    """
    assert jst(value) == expected


@pytest.mark.parametrize(
    "value", ["tomorrow", "2026-02-30", "2026/13/1", "25:00", "9999-12-31T23:59:59Z", 1e300, -1e300, "1/5/2026"]
)
def test_jst_says_so_where_there_is_no_time(value: object) -> None:
    """
    What cannot be read as a time is an error of the mapping, never another time.
    """
    with pytest.raises(Unfit, match="cannot read its first argument as a time"):
        jst(value)


@pytest.mark.parametrize("value", [True, ["2026-01-15"], {"time": 1}])
def test_jst_wants_one_time(value: object) -> None:
    """
    Lists and the like are told by their kind.
    """
    with pytest.raises(Unfit, match="wants a time, not"):
        jst(value)


def test_a_pattern_is_made_of_six_directives() -> None:
    """
    Any text may stand between them, and an unknown directive is refused rather than printed.
    """
    assert jst("2026-01-05T00:00:00+09:00", "%Y年%m月%d日 %H時%M分%S秒") == "2026年01月05日 00時00分00秒"
    for pattern in ("%y", "%", "%-d", 5):
        with pytest.raises(Unfit, match="pattern"):
            jst("2026-01-05", pattern)


@settings(deadline=None)
@given(st.datetimes(datetime(1971, 1, 1), datetime(5000, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - zone beside
def test_the_day_changes_at_midnight_in_japan(moment: datetime) -> None:
    """
    Whatever the zone of a sender, the day is Japan's.
    """
    local = moment + timedelta(hours=9)
    assert date(moment.isoformat()) == f"{local.year:04}-{local.month:02}-{local.day:02}"
    assert date(int(moment.timestamp())) == date(moment.isoformat())


@settings(deadline=None)
@given(st.text(st.characters(min_codepoint=0x3041, max_codepoint=0x3096)))
def test_kana_come_back_as_they_were(text: str) -> None:
    """
    Hiragana to katakana and back loses nothing.
    """
    assert hiragana(katakana(text)) == text


@settings(deadline=None)
@given(st.text(st.characters(min_codepoint=0x30A1, max_codepoint=0x30FA, exclude_characters="ヮヰヱヵヶヷヸヹヺ")))
def test_half_width_kana_mean_the_same(text: str) -> None:
    """
    Half-width kana are the same text to Unicode, voiced sounds included.
    """
    narrow = half_kana(text)
    assert normalize("NFKC", narrow) == text
    assert all("\uff61" <= letter <= "\uff9f" for letter in narrow)


def test_kana_without_a_half_width_form_stay_readable() -> None:
    """
    Old kana that JIS X 0201 lacks are kept rather than dropped, and all else is untouched.
    """
    assert half_kana("ヰヱヮ 山田 A") == "ヰヱヮ 山田 A"
    assert half_kana("「ガッツ、゛゜。」") == "｢ｶﾞｯﾂ､ﾞﾟ｡｣"


@settings(deadline=None)
@given(st.text())
def test_digits_gives_digits_alone(text: str) -> None:
    """
    Whatever a visitor types as a telephone number, only ASCII digits go on.
    """
    assert set(digits(text)) <= set("0123456789")


@pytest.mark.parametrize(
    ("name", "last", "first"),
    [
        ("山田 太郎", "山田", "太郎"),
        ("山田　　太郎", "山田", "太郎"),
        (" 山田 太郎 ジュニア ", "山田", "太郎 ジュニア"),
        ("山田太郎", "山田太郎", None),
        ("", "", None),
        ("　", "", None),
    ],
)
def test_a_name_is_split_at_its_first_blank(name: str, last: str, first: str | None) -> None:
    """
    The family name comes first; without a blank nothing is guessed.
    """
    assert split_name(name) == {"last": last, "first": first}
