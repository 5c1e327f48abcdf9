from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.sandbox.clock import FileClock, HandClock, jst_day, jst_text


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2026, 11, 20, 14, 59, 59, tzinfo=UTC), "2026-11-20"),
        (datetime(2026, 11, 20, 15, 0, 0, tzinfo=UTC), "2026-11-21"),
        (datetime(2026, 12, 31, 15, 0, 0, tzinfo=UTC), "2027-01-01"),
    ],
)
def test_the_day_changes_at_midnight_in_tokyo(at: datetime, day: str) -> None:
    """
    A vendor's day ends at 15:00 UTC.
    """
    assert jst_day(at) == day


def test_people_read_tokyo_time() -> None:
    """
    Pages show the time in Tokyo.
    """
    assert jst_text(datetime(2026, 11, 21, 0, 0, tzinfo=UTC)) == "2026-11-21 09:00:00"


def test_a_hand_clock_stands_until_it_is_moved() -> None:
    """
    Time passes in a test only where the test says so.
    """
    clock = HandClock(datetime(2026, 11, 21, tzinfo=UTC))
    clock.advance(90)
    assert clock() == clock() == datetime(2026, 11, 21, 0, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(("text", "hours"), [(None, 0), ("", 0), ("\n", 0), ("7200", 2), (" -3600.0\n", -1)])
def test_a_file_shifts_the_time(tmp_path: Path, text: str | None, hours: int) -> None:
    """
    Programs that look at one file agree about the time; no file and an empty one mean real time.
    """
    path = tmp_path / "clock"
    if text is not None:
        path.write_text(text)
    shift = FileClock(path)() - FileClock(tmp_path / "nothing")()
    assert abs(shift - timedelta(hours=hours)) < timedelta(seconds=5)


def test_a_file_is_read_again_each_time(tmp_path: Path) -> None:
    """
    Moving the clock of a running demo needs no restart.
    """
    path = tmp_path / "clock"
    clock = FileClock(path)
    before = clock()
    path.write_text("86400")
    assert clock() - before >= timedelta(days=1)


@pytest.mark.parametrize("text", ["tomorrow", "nan", "inf"])
def test_a_file_with_nonsense_is_told(tmp_path: Path, text: str) -> None:
    """
    A slip in the clock file names the file and its content.
    """
    path = tmp_path / "clock"
    path.write_text(text)
    with pytest.raises(ValueError, match=f"clock must hold a number of seconds, not '{text}'"):
        FileClock(path)()
