"""
Files that are no TOML, or no text at all.
"""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.config import check, parse
from chalicelib.config.reading import FILE_BYTES_MAX
from chalicelib.errors import ConfigError
from chalicelib.model import Config
from tests.unit.config.fakes import PRESETS, VENDORS
from tests.unit.config.strange_files import files

SOUND = '[relay]\nname = "ekiden"\nsecret = "ssm:/a"\n'


def only_fault(text: str | bytes) -> str:
    """
    The one fault of a text, in full.
    """
    (fault,) = check(text, vendors=VENDORS, presets=PRESETS)
    assert not fault.warning
    return str(fault)


def test_a_file_of_the_largest_size_is_read_and_one_byte_more_is_not() -> None:
    """
    The size is bounded in bytes, and the fault says both numbers.
    """
    room = FILE_BYTES_MAX - len(SOUND) - 2
    assert check(SOUND + "#" + "a" * room + "\n", vendors=VENDORS, presets=PRESETS) == []
    fault = only_fault(SOUND + "#" + "a" * (room + 1) + "\n")
    assert fault.startswith("relay.toml: has more than 262,144 bytes. Keep it within 262,144")


def test_a_shift_jis_file_is_told_to_be_saved_as_utf_8() -> None:
    """
    A file in another encoding is one fault with its line.
    """
    fault = only_fault((SOUND + "# お名前\n").encode("cp932"))
    assert fault == "relay.toml: is not UTF-8 in line 4. Save it with the character encoding UTF-8."


def test_a_utf_16_file_is_told_by_its_nul_characters() -> None:
    """
    NUL characters are one fault with the line of the first.
    """
    assert only_fault(SOUND + "a\0").startswith("relay.toml: holds a NUL character in line 4.")


def test_half_a_surrogate_pair_is_no_text() -> None:
    """
    Text that UTF-8 cannot carry is a fault, not a traceback.
    """
    assert only_fault(SOUND + "#\ud800\n").startswith("relay.toml: is not UTF-8 in line 4.")


def test_a_byte_order_mark_does_no_harm() -> None:
    """
    Some editors put a mark before the first character; the file is read all the same.
    """
    assert check("\ufeff" + SOUND, vendors=VENDORS, presets=PRESETS) == []
    assert check(("\ufeff" + SOUND).encode(), vendors=VENDORS, presets=PRESETS) == []


@pytest.mark.parametrize("text", ["a = " + "[" * 5_000, "a = " + "{a=" * 5_000])
def test_a_file_nested_without_end_is_a_fault(text: str) -> None:
    """
    Deep nesting is told, not crashed over.
    """
    assert only_fault(text).startswith("relay.toml: is nested too deeply to be read.")


def test_an_empty_file_is_told_what_it_needs() -> None:
    """
    The first thing that a new file lacks is named with an example.
    """
    assert only_fault("").startswith("relay: is missing. Add it, for example: relay = {")


def is_read_or_refused(text: str | bytes) -> bool:
    """
    Whether the text gives a configuration, or a refusal that names faults; any other exception passes through.
    """
    try:
        return isinstance(parse(text, vendors=VENDORS, presets=PRESETS), Config)
    except ConfigError as refusal:
        return len(refusal.faults) > 0


@settings(deadline=None)
@given(st.text() | st.binary())
def test_any_text_gives_a_configuration_or_its_faults(text: str | bytes) -> None:
    """
    No text whatever brings the check down.
    """
    assert is_read_or_refused(text)


@settings(max_examples=400, deadline=None)
@given(files(VENDORS))
@example("routes = [[]]")
@example("[routes]\nfrom = 1")
@example("[sources]\na = 1\n[destinations]\nb = 2")
def test_any_value_at_any_key_gives_a_configuration_or_its_faults(text: str) -> None:
    """
    Whatever stands at a known key is read or told, never crashed over.
    """
    assert is_read_or_refused(text)
