"""
Text for vendors that read Shift_JIS: what survives, what is sent as its twin, what is held back by name.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.destinations.charset import CHARSETS, MAPPINGS, describe, fit
from chalicelib.destinations.text import nfc

SURROGATES = range(0xD800, 0xE000)
EVERY_CHARACTER = [chr(code) for code in (*range(0x20000), *range(0xE0000, 0xE0200)) if code not in SURROGATES]
SINGLE_BYTES = set("\uf8f0\uf8f1\uf8f2\uf8f3")


def carried(character: str, charset: str) -> bool:
    """
    Whether the codec takes the character and gives the same one back.
    """
    try:
        return character.encode(charset).decode(charset) == character
    except UnicodeError:
        return False


@pytest.mark.parametrize(
    ("text", "encoded"),
    [
        ("〜", "8160"),
        ("～", "8160"),
        ("−", "817c"),
        ("－", "817c"),
        ("‖", "8161"),
        ("¢£¬", "8191819281ca"),
        ("—", "815c"),
        ("―", "815c"),
        ("–", "2d"),
        ("‑", "2d"),
        ("‐", "815d"),
        ("¥", "818f"),
        ("‾", "8150"),
        ("A\u00a0B", "412042"),
        ("A\u200b\ufeffB", "4142"),
        ("か\u3099", "82aa"),
        ("ｶﾞ", "b6de"),
        ("髙﨑濵", "eee0ed95edee"),
        ("①㈱Ⅲ№℡㍾", "8740878a875687828784878d"),
        ("\ufa1b", "ee65"),
        ("Å", "81f0"),
        ("ソ表能ポ", "835c955c945c837c"),
        ("\\~", "5c7e"),
    ],
)
def test_text_of_forms_arrives_in_cp932(text: str, encoded: str) -> None:
    """
    Twins that phones, Windows and word processors type are sent as the one that CP932 has.
    """
    mapped, unfit = fit(text, "cp932")

    assert (mapped.encode("cp932").hex(), unfit) == (encoded, ())


@pytest.mark.parametrize(
    ("text", "encoded"),
    [("〜～", "81608160"), ("−－", "817c817c"), ("‖∥", "81618161"), ("￠￡￢", "8191819281ca"), ("¥\\", "818f5c")],
)
def test_strict_shift_jis_takes_the_other_twin(text: str, encoded: str) -> None:
    """
    Strict Shift_JIS knows 〜 where CP932 knows ～, and must not turn ¥ into a backslash.
    """
    mapped, unfit = fit(text, "shift_jis")

    assert (mapped.encode("shift_jis").hex(), unfit) == (encoded, ())


@pytest.mark.parametrize("text", ["㋿", "𠮷", "鷗", "𠮟", "ゔ", "😀", "한", "们", "é", "©", "™", "€", "♥", "☎"])
def test_what_cp932_lacks_is_named(text: str) -> None:
    """
    No safe twin: the character is told, nothing is replaced.
    """
    mapped, unfit = fit(f"山{text}田{text}", "cp932")

    assert (mapped, unfit) == (f"山{text}田{text}", (text,))


@pytest.mark.parametrize("character", sorted(SINGLE_BYTES))
def test_bytes_that_only_one_codec_knows_are_never_sent(character: str) -> None:
    """
    Python writes these private characters as the bytes A0 and FD to FF, which other readers of CP932 refuse.
    """
    assert fit(f"見本{character}", "cp932")[1] == (character,)


def test_an_ideograph_variant_is_held_back_by_its_selector() -> None:
    """
    葛 with a variant selector is another shape of a name; the selector is what CP932 lacks.
    """
    assert fit("葛\U000e0100城", "cp932")[1] == ("\U000e0100",)


@pytest.mark.parametrize("charset", CHARSETS)
def test_every_character_survives_or_is_mapped_or_is_named(charset: str) -> None:
    """
    All of planes 0 and 1, and the variant selectors: carried as they are, sent as their documented twin, or held back.
    """
    mapping = MAPPINGS[charset]
    for character in EVERY_CHARACTER:
        mapped, unfit = fit(character, charset)
        if character in mapping:
            assert (mapped, unfit) == (mapping[character], ()), describe(character)
        elif carried(character, charset) and character not in SINGLE_BYTES:
            assert unfit == (), describe(character)
            assert mapped == (character if charset != "utf-8" else nfc(character)), describe(character)
        elif unfit:
            assert not all(carried(each, charset) for each in unfit) or SINGLE_BYTES & set(unfit), describe(character)
        else:
            assert carried(mapped, charset), describe(character)
            assert mapped == "".join(mapping.get(each, each) for each in nfc(character)), describe(character)


@pytest.mark.parametrize("charset", CHARSETS)
def test_twins_stay_what_they_became(charset: str) -> None:
    """
    Mapping a mapped text changes nothing more.
    """
    for twin in MAPPINGS[charset].values():
        assert fit(twin, charset) == (twin, ())


@given(st.binary(max_size=60))
def test_every_text_that_cp932_can_write_survives(data: bytes) -> None:
    """
    Whatever decodes from CP932 is carried back to it, byte for byte as its own codec would write it.
    """
    text = data.decode("cp932", errors="ignore")
    mapped, unfit = fit(text, "cp932")

    if SINGLE_BYTES.isdisjoint(text):
        assert unfit == ()
        assert mapped.encode("cp932") == text.encode("cp932")


@given(text=st.text(), charset=st.sampled_from(CHARSETS))
def test_any_other_text_is_held_back_by_name(text: str, charset: str) -> None:
    """
    Either the whole text arrives as mapped, or each character that would not is told once.
    """
    mapped, unfit = fit(text, charset)

    if unfit:
        assert len(set(unfit)) == len(unfit)
        assert set(unfit) == {each for each in mapped if not carried(each, charset) or each in SINGLE_BYTES}
    else:
        assert mapped.encode(charset).decode(charset) == mapped


@pytest.mark.parametrize(
    ("character", "told"),
    [("😀", "😀 U+1F600"), ("é", "é U+00E9"), ("\U000e0100", "U+E0100"), ("\u3099", "U+3099"), ("\ud83d", "U+D83D")],
)
def test_a_person_can_find_the_character(character: str, told: str) -> None:
    """
    The code point always, the character itself where it can stand alone.
    """
    assert describe(character) == told
