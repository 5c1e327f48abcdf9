"""
relay.toml files, sound and faulty, each against what it means or what is told of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from chalicelib.config import check, parse
from chalicelib.errors import ConfigError
from tests.unit.config.expected import EXPECTED
from tests.unit.config.fakes import PRESETS, VENDORS

DATA = Path(__file__).parents[2] / "data" / "config"
VALID = sorted((DATA / "valid").glob("*.toml"))
INVALID = sorted((DATA / "invalid").glob("*.toml"))

_TOLD = re.compile(r"^# (fault|warning): (.+?) \| (.+?) \| (.+)$", re.MULTILINE)
_STAGE = re.compile(r"^# stage: (\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Told:
    """
    One line at the top of a data file: the whole path, the beginning of the message and of the remedy.
    """

    warning: bool
    path: str
    message: str
    remedy: str


def told(text: str) -> list[Told]:
    """
    What the file's first lines say that is told of it.
    """
    return [
        Told(warning=kind == "warning", path=path, message=message, remedy=remedy)
        for kind, path, message, remedy in _TOLD.findall(text)
    ]


def found(text: str, expected: list[Told]) -> list[Told]:
    """
    What check() tells, each text cut to the length that the expected line at its place has.
    """
    stage = _STAGE.search(text)
    faults = check(text, vendors=VENDORS, presets=PRESETS, stage=stage[1] if stage else "")
    lines = expected + [Told(warning=False, path="", message="x" * 80, remedy="x" * 80)] * len(faults)
    return [
        Told(
            warning=fault.warning,
            path=fault.path,
            message=fault.message[: len(line.message)],
            remedy=fault.remedy[: len(line.remedy)],
        )
        for fault, line in zip(faults, lines, strict=False)
    ]


@pytest.mark.parametrize("file", VALID, ids=lambda file: file.stem)
def test_a_sound_file_is_told_nothing_but_the_warnings_it_lists(file: Path) -> None:
    """
    A sound file has no fault, and warnings only where the file says so itself.
    """
    text = file.read_text(encoding="utf-8")
    assert found(text, told(text)) == told(text)
    assert not any(line.warning is False for line in told(text))


@pytest.mark.parametrize("name", EXPECTED)
def test_a_sound_file_means_what_it_says(name: str) -> None:
    """
    Every key of a sound file arrives in the configuration, and every other value is the default.
    """
    text = (DATA / "valid" / f"{name}.toml").read_text(encoding="utf-8")
    assert parse(text, vendors=VENDORS, presets=PRESETS) == EXPECTED[name]


@pytest.mark.parametrize("file", INVALID, ids=lambda file: file.stem)
def test_all_faults_of_a_file_are_told_at_once_with_their_remedies(file: Path) -> None:
    """
    One check lists every fault, each with its path, what is wrong, and what to write instead.
    """
    text = file.read_text(encoding="utf-8")
    expected = told(text)
    assert expected, "a faulty file lists its faults at its top"
    assert found(text, expected) == expected


@pytest.mark.parametrize("file", INVALID, ids=lambda file: file.stem)
def test_a_faulty_file_is_refused_with_its_faults_and_without_its_warnings(file: Path) -> None:
    """
    A deployment stops with exactly the faults that must be mended; advice is not among them.
    """
    text = file.read_text(encoding="utf-8")
    stage = _STAGE.search(text)
    with pytest.raises(ConfigError) as refusal:
        parse(text, vendors=VENDORS, presets=PRESETS, stage=stage[1] if stage else "")
    assert [fault.path for fault in refusal.value.faults] == [line.path for line in told(text) if not line.warning]


def test_a_file_with_warnings_only_can_be_deployed() -> None:
    """
    Advice does not stop a deployment.
    """
    text = (DATA / "valid" / "advice.toml").read_text(encoding="utf-8")
    assert set(parse(text, vendors=VENDORS, presets=PRESETS).sources) == {"contact", "shop", "unused"}


def test_every_sound_file_has_a_meaning_to_compare_with() -> None:
    """
    No sound file is forgotten in the comparison (advice.toml is about warnings).
    """
    assert {file.stem for file in VALID} == {*EXPECTED, "advice"}
