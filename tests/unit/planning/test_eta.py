"""
By when a waiting delivery is told to be there.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.model import Breaker, Lane, LaneState, Limit, OpenCall
from chalicelib.planning.eta import CALLS_MAX, Eta, Place, expected
from chalicelib.planning.ledger import next_call_at
from tests.unit.planning.make import BATCH, SINGLE, TEN

DAY = "day#2026-11-21"
SLOTS = replace(SINGLE, limits=(Limit(calls=3, per="slot", slot_seconds=60),))
LANES = st.sampled_from([BATCH, replace(BATCH, rows_max=5), SINGLE, SLOTS, replace(SLOTS, rate=None)])
NOWS = st.integers(0, 2 * 86_400).map(lambda seconds: TEN + timedelta(seconds=seconds))
PLACES = st.builds(Place, ahead=st.integers(0, 60), keys_due=st.integers(0, 3), keys=st.just(3), urgent=st.booleans())


@st.composite
def states(draw: Any, now: datetime) -> LaneState:
    """
    A lane in ordinary use.
    """
    ago = draw(st.integers(0, 900))
    return LaneState(
        lane="any",
        used={f"day#{(now + timedelta(hours=9)).date()}": draw(st.integers(0, 240))},
        tat_ms=int(now.timestamp() * 1_000) + draw(st.integers(-5_000, 5_000)),
        last_call_at=now - timedelta(seconds=ago) if ago else None,
    )


@settings(deadline=None)
@given(st.data(), LANES, NOWS, PLACES)
def test_nobody_is_told_a_time_before_the_lane_may_call(data: Any, lane: Lane, now: datetime, place: Place) -> None:
    """The time told is a whole minute, lies ahead, and not before the lane's next call may go."""
    state = data.draw(states(now))

    told = expected(lane, state, now, replace(place, urgent=False))

    assert told.by is not None
    assert told.by > now
    assert (told.by.second, told.by.microsecond) == (0, 0)
    assert told.by >= (next_call_at(lane, state, now) or now)


@settings(deadline=None)
@given(st.data(), LANES, NOWS, PLACES, st.integers(1, 40))
def test_who_stands_further_back_is_not_told_an_earlier_time(
    data: Any, lane: Lane, now: datetime, place: Place, more: int
) -> None:
    """More rows before it, or more keys that are due, never make it earlier; a backoff is waited for."""
    state = data.draw(states(now))
    told = expected(lane, state, now, place).by
    later = [
        replace(place, ahead=place.ahead + more),
        replace(place, keys_due=3),
    ]
    after = now + timedelta(minutes=more)
    backed_off = expected(lane, state, now, replace(place, after=after)).by

    assert told is not None
    assert backed_off is not None
    assert backed_off > after
    assert all((other.by or told) >= told for other in (expected(lane, state, now, each) for each in later))


@settings(deadline=None)
@given(st.data(), LANES, NOWS, PLACES)
def test_a_pause_has_no_time(data: Any, lane: Lane, now: datetime, place: Place) -> None:
    """What waits for a person's deed or for a vendor to answer is told so, whatever the clock says."""
    state = data.draw(states(now))

    assert expected(lane, replace(state, paused_reason="401"), now, place) == Eta(waits_for="person")
    assert expected(lane, state, now, replace(place, key_held=True)) == Eta(waits_for="person")
    closed = Breaker(kind="failing", until=now + timedelta(seconds=20))
    assert expected(lane, replace(state, breaker=closed), now, place) == Eta(waits_for="vendor")


def test_an_idle_lane_takes_a_row_with_the_next_minute() -> None:
    """A newsletter's row at 10:00 is there by 10:02: the minute's bell, the file, and the answer."""
    assert expected(BATCH, LaneState(lane="batch"), TEN, Place()) == Eta(by=TEN + timedelta(minutes=2))


def test_a_used_up_day_is_told_as_tomorrow() -> None:
    """With all ordinary calls of the day made, the time lies just after midnight in Tokyo; opt-outs use the reserve."""
    state = LaneState(lane="batch", used={DAY: 228})

    assert expected(BATCH, state, TEN, Place()).by == datetime(2026, 11, 21, 15, 2, tzinfo=UTC)
    assert expected(BATCH, state, TEN, Place(urgent=True)).by == TEN + timedelta(minutes=2)


def test_the_pace_of_the_day_is_reckoned_with() -> None:
    """14 hours are left for 14 calls: the row rides in the next one, an hour after the last."""
    state = LaneState(lane="batch", used={DAY: 214}, last_call_at=TEN)

    assert expected(BATCH, state, TEN, Place()).by == TEN + timedelta(minutes=62)


def test_a_crowd_before_a_lane_of_one_a_second() -> None:
    """600 before it are ten minutes."""
    told = expected(SINGLE, LaneState(lane="single"), TEN, Place(ahead=600)).by

    assert told is not None
    assert timedelta(minutes=10) <= told - TEN <= timedelta(minutes=13)


def test_what_lies_beyond_reckoning_is_not_told() -> None:
    """Where a thousand calls with windows go before it, it waits for its turn."""
    assert expected(SLOTS, LaneState(lane="slots"), TEN, Place(ahead=CALLS_MAX)) == Eta(waits_for="turn")


@pytest.mark.parametrize(("phase", "told"), [("uncertain", Eta(waits_for="vendor")), ("sending", None)])
def test_an_open_call_is_waited_for(phase: str, told: Eta | None) -> None:
    """A file that is on its way takes its course; one whose answer was lost has no time until the vendor answers."""
    call = OpenCall(id="C", key="k", phase=phase, file="f", rows=1, started_at=TEN, until=TEN + timedelta(seconds=80))
    found = expected(BATCH, LaneState(lane="batch", call=call, last_call_at=TEN), TEN, Place())

    assert found == told if told else found.by is not None
