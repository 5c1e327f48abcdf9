"""
The demo's day in Tokyo.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.demo.moments import in_tokyo, in_words, midnight_after, pace_seconds, today_at

TEN = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize("hour", range(24))
def test_the_demos_clock_starts_at_ten_on_the_real_day_at_any_real_hour(hour: int) -> None:
    """Whether it is one in the morning or eleven at night in Tokyo: the demo begins at ten of that same day there."""
    now = datetime(2026, 11, 20, 15, 30, tzinfo=UTC) + timedelta(hours=hour)

    assert today_at(10, now) == TEN


def test_a_day_ends_at_midnight_in_tokyo() -> None:
    """The vendors' quota day ends at 15:00 UTC, and its last second still belongs to it."""
    assert midnight_after(TEN) == datetime(2026, 11, 21, 15, 0, tzinfo=UTC)
    assert midnight_after(datetime(2026, 11, 21, 14, 59, 59, tzinfo=UTC)) == midnight_after(TEN)
    assert midnight_after(midnight_after(TEN)) == midnight_after(TEN) + timedelta(days=1)


def test_the_pace_is_the_rest_of_the_day_over_the_calls_left() -> None:
    """Calls of yesterday and calls that came later do not narrow the pace that a row met when it arrived."""
    calls = [TEN - timedelta(hours=11), TEN - timedelta(hours=1), TEN + timedelta(seconds=1)]

    assert pace_seconds(TEN, calls, calls_per_day=240, reserve=12) == pytest.approx(14 * 3_600 / 227)


def test_a_day_without_calls_left_is_waited_out() -> None:
    """Where nothing is left, the promise is the rest of the day."""
    calls = [TEN] * 228

    assert pace_seconds(TEN, calls, calls_per_day=240, reserve=12) == 14 * 3_600


def test_times_are_told_as_people_in_tokyo_tell_them() -> None:
    """A visitor's half second, a pace of minutes, and a wait for midnight are all legible."""
    assert in_tokyo(midnight_after(TEN) + timedelta(seconds=16)) == "11-22 00:00:16"
    assert [in_words(seconds) for seconds in (0.84, 59.96, 60, 3_599, 3_600, 32_430)] == [
        "0.8 s",
        "60.0 s",
        "1 min 00 s",
        "59 min 59 s",
        "1 h 00 min",
        "9 h 00 min",
    ]
