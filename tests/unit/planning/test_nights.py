"""
Nightly maintenance: what a lane learns from a night, and how it waits through the next.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.model import Breaker, LaneState, Night, Verdict
from chalicelib.planning.nights import SPAN_MINUTES_MAX, back_at, learned
from chalicelib.planning.settle import Moment, lane_turn
from tests.unit.planning.make import SINGLE

TOKYO = ZoneInfo("Asia/Tokyo")
TWO_TO_FIVE = Night(begins=120, ends=300)
BUSY = Verdict(kind="busy", reason="nightly maintenance", definite=True, nightly=True)


def at(text: str, day: int = 22) -> datetime:
    """A moment in Tokyo."""
    return datetime.fromisoformat(f"2026-11-{day}T{text}").replace(tzinfo=TOKYO)


def test_a_night_is_learned_from_its_first_refusal_to_the_first_call_that_got_through() -> None:
    """The end is rounded up to the minute, so that nobody knocks seconds too early the next night."""
    assert learned(None, at("02:03:20"), at("05:04:10")) == Night(begins=123, ends=305)
    assert learned(None, at("23:30:00", 21), at("01:00:00")) == Night(begins=1_410, ends=60)


@pytest.mark.parametrize(
    ("since", "now"),
    [
        (at("02:00:00"), at("02:09:00")),
        (at("22:00:00", 21), at("06:30:00")),
        (at("13:00:00"), at("15:00:00")),
        (at("07:00:00"), at("11:00:00")),
    ],
)
def test_a_stumble_an_outage_and_a_days_work_teach_nothing(since: datetime, now: datetime) -> None:
    """Less than ten minutes, more than eight hours, or by day: that does not come every night."""
    assert learned(TWO_TO_FIVE, since, now) is None


def test_a_night_that_work_came_late_in_keeps_its_known_beginning() -> None:
    """The end is always the newest; the beginning is the earliest of nights that overlap."""
    assert learned(TWO_TO_FIVE, at("04:00:00"), at("05:30:00")) == Night(begins=120, ends=330)
    assert learned(TWO_TO_FIVE, at("02:10:00"), at("03:20:00")) == Night(begins=120, ends=200)
    assert learned(TWO_TO_FIVE, at("01:30:00"), at("04:00:00")) == Night(begins=90, ends=240)
    assert learned(TWO_TO_FIVE, at("22:00:00", 21), at("23:00:00", 21)) == Night(begins=1_320, ends=1_380)


def test_a_known_night_is_asked_once_in_between_and_then_waited_out() -> None:
    """Told at 02:00, the lane asks between 03:30 and 05:00, and then at 05:00 again."""
    first = [back_at(TWO_TO_FIVE, Breaker(), at("02:00:00"), jitter) for jitter in (0.0, 0.5, 0.999)]
    again = back_at(TWO_TO_FIVE, Breaker(night_since=at("02:00:00")), at("03:30:00"), 0.5)

    assert first[0] == at("03:30:00")
    assert first[1] == at("04:15:00")
    assert first[2] is not None
    assert first[2] < at("05:00:00")
    assert again == at("05:00:00")
    assert back_at(TWO_TO_FIVE, Breaker(), at("04:40:00"), 0.0) == at("05:00:00")


def test_only_the_known_night_and_two_hours_before_it_are_waited_out() -> None:
    """At noon, after the end and long before, a lane goes on as with any vendor that is not there."""
    assert back_at(TWO_TO_FIVE, Breaker(night_since=at("00:10:00")), at("00:10:00"), 0.5) == at("05:00:00")
    assert back_at(TWO_TO_FIVE, Breaker(), at("23:30:00"), 0.5) is None
    assert back_at(TWO_TO_FIVE, Breaker(), at("05:00:00"), 0.5) is None
    assert back_at(TWO_TO_FIVE, Breaker(), at("12:00:00"), 0.5) is None
    assert back_at(None, Breaker(), at("02:00:00"), 0.5) is None


@given(
    begins=st.integers(min_value=0, max_value=1_439),
    length=st.integers(min_value=10, max_value=SPAN_MINUTES_MAX),
    minute=st.integers(min_value=0, max_value=1_439),
    second=st.integers(min_value=0, max_value=59),
    jitter=st.floats(min_value=0, max_value=0.999),
    asked=st.booleans(),
)
def test_no_wait_is_past_the_known_end_or_longer_than_eight_hours(
    begins: int,
    length: int,
    minute: int,
    second: int,
    jitter: float,
    asked: bool,  # noqa: FBT001 - a table
) -> None:
    """Whatever was learned and whenever it is, the lane asks again in time."""
    night = Night(begins=begins, ends=(begins + length) % 1_440)
    now = at("00:00:00") + timedelta(minutes=minute, seconds=second)
    until = back_at(night, Breaker(night_since=now if asked else None), now, jitter)

    if until is not None:
        assert now < until <= now + timedelta(minutes=SPAN_MINUTES_MAX)
        ends = until.astimezone(TOKYO)
        assert not asked or (ends.hour * 60 + ends.minute, ends.second) == (night.ends, 0)


def knocks(nights: list[tuple[datetime, datetime]], jitter: float) -> list[int]:
    """How often the lane was told "maintenance" each night, with work waiting from its first minute."""
    state, counts = LaneState(lane="single"), []
    for begins, ends in nights:
        now, count = begins, 0
        while now < ends:
            turn = lane_turn(SINGLE, state, BUSY, Moment(now=now, jitter=jitter))
            count += 1
            assert turn.breaker.until is not None
            state, now = replace(state, breaker=turn.breaker), turn.breaker.until
        turn = lane_turn(SINGLE, state, Verdict(), Moment(now=now, jitter=jitter))
        assert now - ends < timedelta(minutes=100)
        state = replace(state, breaker=turn.breaker, night=turn.night or state.night)
        counts.append(count)
    return counts


@pytest.mark.parametrize("jitter", [0.0, 0.3, 0.9])
def test_the_second_night_is_knocked_at_twice(jitter: float) -> None:
    """The first night costs a knock each quarter of an hour; after it, one when work comes and one in between."""
    first, *later = knocks([(at("02:00:00", day), at("05:00:00", day)) for day in (20, 21, 22)], jitter)

    assert 12 <= first <= 30
    assert max(later) == 2


def test_a_night_that_becomes_shorter_or_longer_is_learned_anew() -> None:
    """The question in between finds an earlier end; past the known end the lane knocks as in the first night."""
    lengths = [
        (at("02:00:00", day), at(end, day)) for day, end in ((18, "05:00:00"), (19, "03:00:00"), (20, "03:00:00"))
    ]
    _, shorter, again = knocks(lengths, 0.5)
    _, longer, later = knocks(
        [(at("02:00:00", day), at(end, day)) for day, end in ((18, "03:00:00"), (19, "05:00:00"), (20, "05:00:00"))],
        0.5,
    )

    assert (shorter, again) == (1, 1)
    assert longer > 5
    assert later == 2


def test_another_busy_answer_is_not_a_nights_maintenance() -> None:
    """A conflict at night is over soon: the lane does not wait until the morning for it."""
    state = LaneState(lane="single", night=TWO_TO_FIVE)
    turn = lane_turn(SINGLE, state, replace(BUSY, nightly=False), Moment(now=at("02:00:00"), jitter=0.5))

    assert turn.breaker.until == at("02:00:00") + timedelta(seconds=7.5)
    assert turn.breaker.night_since is None


def test_a_night_is_learned_to_the_minute() -> None:
    """Ten minutes and eight hours still count, from eight in the evening until nine in the morning."""
    assert learned(None, at("02:00:00"), at("02:10:00")) == Night(begins=120, ends=130)
    assert learned(None, at("01:00:00"), at("09:00:00")) == Night(begins=60, ends=540)
    assert learned(None, at("20:00:00", 21), at("21:00:00", 21)) == Night(begins=1_200, ends=1_260)
    assert learned(None, at("19:59:00", 21), at("21:00:00", 21)) is None
    assert learned(None, at("08:00:00"), at("09:01:00")) is None
    assert learned(None, at("02:00:00"), at("05:04:01")) == Night(begins=120, ends=305)
    assert learned(None, at("02:00:00"), at("05:04:00")) == Night(begins=120, ends=304)


def test_a_night_is_only_lengthened_as_far_as_a_night_goes() -> None:
    """Eight hours at most, and only where it begins before the known end."""
    ten_to_two = Night(begins=1_320, ends=120)

    assert learned(ten_to_two, at("01:00:00"), at("06:00:00")) == Night(begins=1_320, ends=360)
    assert learned(ten_to_two, at("01:00:00"), at("06:01:00")) == Night(begins=60, ends=361)
    assert learned(TWO_TO_FIVE, at("04:59:00"), at("06:00:00")) == Night(begins=120, ends=360)
    assert learned(TWO_TO_FIVE, at("05:00:00"), at("06:00:00")) == Night(begins=300, ends=360)


def test_the_bounds_of_waiting_are_told_to_the_minute() -> None:
    """Two hours before, half an hour for the question in between, eight hours in all."""
    one_to_eight = Night(begins=60, ends=480)

    assert back_at(TWO_TO_FIVE, Breaker(), at("00:00:00"), 0.0) == at("02:30:00")
    assert back_at(TWO_TO_FIVE, Breaker(), at("23:59:00", 21), 0.0) is None
    assert back_at(TWO_TO_FIVE, Breaker(), at("04:30:00"), 0.0) == at("04:45:00")
    assert back_at(TWO_TO_FIVE, Breaker(), at("04:30:01"), 0.0) == at("05:00:00")
    assert back_at(one_to_eight, Breaker(), at("00:00:00"), 0.0) == at("04:00:00")
    assert back_at(one_to_eight, Breaker(), at("23:59:59", 21), 0.0) is None
