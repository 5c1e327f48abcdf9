from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from chalicelib.adapters.clock import ShiftedClock
from chalicelib.ops.clock import move_by, offset, parse_shift, parse_time, reset, set_to
from chalicelib.ops.stopped import Stopped

JST = timezone(timedelta(hours=9))
NOW = datetime(2026, 11, 21, 20, 0, tzinfo=JST)


def test_the_clock_can_be_set_to_the_minute_after_midnight(tmp_path: Path) -> None:
    """
    Four hours and a minute are waited in no time.
    """
    file = tmp_path / "serve" / "clock"

    assert set_to(file, parse_time("2026-11-22T00:01:00+09:00"), now=NOW) == 4 * 3_600 + 60
    assert offset(file) == 4 * 3_600 + 60


def test_moves_add_up_and_can_be_taken_back(tmp_path: Path) -> None:
    """
    Two moves of an hour are two hours; reset is real time.
    """
    file = tmp_path / "clock"
    move_by(file, 3_600)

    assert move_by(file, 3_600) == 7_200
    assert reset(file) == 0
    assert offset(file) == 0


def test_the_relay_obeys_the_file(tmp_path: Path) -> None:
    """
    What the operator writes is what the relay reads.
    """
    file = tmp_path / "clock"
    clock = ShiftedClock(file)
    before = clock.now()
    move_by(file, 86_400)

    assert timedelta(hours=23) < clock.now() - before < timedelta(hours=25)


@pytest.mark.parametrize("content", [None, "", "tomorrow"])
def test_a_clock_file_without_a_number_is_real_time(tmp_path: Path, content: str | None) -> None:
    """
    A missing or spoilt file moves nothing.
    """
    file = tmp_path / "clock"
    if content is not None:
        file.write_text(content)

    assert offset(file) == 0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("+3h", 10_800), ("90s", 90), ("-1d12h", -129_600), ("1d2h3m4s", 93_784)],
)
def test_spans_are_read_as_people_write_them(text: str, seconds: float) -> None:
    """
    Days, hours, minutes and seconds, each way.
    """
    assert parse_shift(text) == seconds


@pytest.mark.parametrize("text", ["", "3", "+h", "3 hours", "+3h-2m"])
def test_what_is_no_span_is_explained(text: str) -> None:
    """
    The answer shows how to write one.
    """
    with pytest.raises(Stopped, match=r"Write it like \+3h"):
        parse_shift(text)


@pytest.mark.parametrize("text", ["2026-11-22T00:01:00", "midnight"])
def test_a_time_without_its_zone_is_refused(text: str) -> None:
    """
    Midnight in Tokyo is not midnight in UTC.
    """
    with pytest.raises(Stopped, match="no time with a zone"):
        parse_time(text)
