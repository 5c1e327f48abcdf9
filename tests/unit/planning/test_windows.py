from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.model import Limit
from chalicelib.planning.windows import (
    JST,
    SKEW_SECONDS,
    day_bounds,
    guard_until,
    hour_name,
    reopening,
    stale_hours,
    stale_windows,
    tokyo_day,
    window_end,
    window_name,
    window_start,
)

DAY = Limit(calls=240, per="day")
SLOT = Limit(calls=4, per="slot", slot_seconds=12)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the bounds


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("moment", "name"),
    [
        ("2026-11-21T14:59:59Z", "day#2026-11-21"),
        ("2026-11-21T15:00:00Z", "day#2026-11-22"),
        ("2026-12-31T15:00:00Z", "day#2027-01-01"),
        ("2028-02-28T15:00:00Z", "day#2028-02-29"),
        ("2026-11-30T14:59:59.999999Z", "day#2026-11-30"),
    ],
)
def test_a_day_begins_at_midnight_in_tokyo(moment: str, name: str) -> None:
    """The vendor's day is Tokyo's, at month and year ends and leap days too."""
    assert window_name(DAY, at(moment)) == name


@given(MOMENTS, st.sampled_from([DAY, SLOT]))
def test_a_window_holds_its_own_moments(now: datetime, limit: Limit) -> None:
    """Every moment lies in its window, all of a window's moments name it alike, and the next begins where it ends."""
    start, end = window_start(limit, now), window_end(limit, now)

    assert start <= now < end
    assert window_name(limit, start) == window_name(limit, end - timedelta(microseconds=1)) == window_name(limit, now)
    assert window_name(limit, end) != window_name(limit, now)


@given(MOMENTS, st.floats(1, 120), st.floats(-SKEW_SECONDS, SKEW_SECONDS), st.floats(0, 1))
def test_a_call_has_one_day_by_both_clocks(now: datetime, timeout: float, skew: float, share: float) -> None:
    """A call that the guard lets start is counted on the same day by a vendor whose clock is up to 15 s off."""
    if guard_until((DAY,), now, timeout) is None:
        counted = now + timedelta(seconds=timeout * share + skew)

        assert window_name(DAY, counted) == window_name(DAY, now)


@given(MOMENTS, st.floats(1, 120))
def test_the_guard_ends_where_calls_may_start(now: datetime, timeout: float) -> None:
    """What the guard puts off, it puts off to a moment at which it lets calls start."""
    until = guard_until((DAY,), now, timeout)

    assert until is None or (until > now and guard_until((DAY,), until, timeout) is None)


def test_lanes_without_a_daily_limit_have_no_guard() -> None:
    """A vendor that counts by the minute or not at all is called at midnight like at any time."""
    assert guard_until((SLOT,), at("2026-11-21T15:00:00Z"), 20) is None


def test_a_day_reopens_when_both_clocks_have_passed_midnight() -> None:
    """After the reset, the first call waits for the vendor's clock too."""
    assert reopening(DAY, at("2026-11-21T10:00:00Z")) == at("2026-11-21T15:00:15Z")
    assert reopening(SLOT, at("2026-11-21T10:00:01Z")) == at("2026-11-21T10:00:12Z")


def test_five_slots_of_any_minute_keep_the_vendors_limit() -> None:
    """4 calls per 12 s are never more than 30 in any sliding minute, wherever the minute begins."""
    start = at("2026-11-21T10:00:00Z")
    worst = max(
        sum(
            SLOT.calls
            for name in {window_name(SLOT, start + timedelta(seconds=offset + second * 0.999)) for second in range(61)}
        )
        for offset in range(12)
    )

    assert worst <= 30


def test_clearing_keeps_what_is_still_asked_for() -> None:
    """Past slots and days before last week go; today, the week that operators look at, and fresh slots stay."""
    now = datetime(2026, 11, 21, 12, tzinfo=JST)
    used = {
        "day#2026-11-21": 3,
        "day#2026-11-14": 9,
        "day#2026-11-01": 9,
        window_name(SLOT, now): 1,
        window_name(SLOT, now - timedelta(minutes=1)): 4,
        window_name(SLOT, now - timedelta(hours=2)): 4,
        "slot60#1": 1,
    }

    assert set(stale_windows(used, (DAY, SLOT), now)) == {
        "day#2026-11-01",
        "slot60#1",
        window_name(SLOT, now - timedelta(hours=2)),
    }


def test_the_guard_is_told_to_the_second() -> None:
    """15 s after midnight a call may start again; a call of 60 s may start until 75 s before midnight, not then."""
    midnight = datetime(2026, 11, 21, 15, tzinfo=UTC)
    early, late = timedelta(seconds=15), timedelta(seconds=75)
    moment = timedelta(microseconds=1)

    assert guard_until((DAY,), midnight, 60) == midnight + early
    assert guard_until((DAY,), midnight + early - moment, 60) == midnight + early
    assert guard_until((DAY,), midnight + early, 60) is None
    assert guard_until((DAY,), midnight - late - moment, 60) is None
    assert guard_until((DAY,), midnight - late, 60) == midnight + early


def test_history_keeps_eight_days_and_the_last_slots() -> None:
    """The day a week and a day ago is still looked at, the one before is not; nor is a slot of two minutes ago past."""
    now = datetime(2026, 11, 21, 1, tzinfo=UTC)
    slot = int(window_name(SLOT, now - timedelta(minutes=2)).partition("#")[2])
    used = {"day#2026-11-13": 1, "day#2026-11-12": 1, f"slot12#{slot}": 1, f"slot12#{slot - 1}": 1}

    assert stale_windows(used, (DAY, SLOT), now) == ("day#2026-11-12", f"slot12#{slot - 1}")


def test_hours_and_days_have_tokyos_names() -> None:
    """An hour of calls is told by the clock on the operator's wall."""
    assert hour_name(at("2026-11-20T15:30:00Z")) == "2026-11-21T00"
    assert tokyo_day(at("2026-11-20T14:59:59Z")) == "2026-11-20"
    assert day_bounds(date(2026, 11, 21)) == (at("2026-11-20T15:00:00Z"), at("2026-11-21T15:00:00Z"))


def test_hours_are_kept_for_a_day_and_a_half() -> None:
    """Who looks in the morning sees all of yesterday; the hour before those goes."""
    noon = at("2026-11-21T03:00:00Z")
    hours = {"2026-11-21T12": 1, "2026-11-20T00": 1, "2026-11-19T23": 1}

    assert stale_hours(hours, noon) == ("2026-11-19T23",)


def test_a_book_of_a_share_goes_with_its_day() -> None:
    """A share's own count is as old as the window that it counts, whatever its book is called."""
    now = at("2026-11-21T01:00:00Z")
    used = {"polls/day#2026-11-21": 1, "polls/day#2026-11-12": 1, "a/b/day#2026-11-12": 1, "a/b/day#2026-11-21": 1}

    assert stale_windows(used, (DAY,), now) == ("a/b/day#2026-11-12", "polls/day#2026-11-12")
