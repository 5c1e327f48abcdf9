"""
The forecast: when a lane's calls run out at this pace, and when what waits will have gone.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from chalicelib.model import Breaker, Lane, LaneKey, LaneState, Limit
from chalicelib.planning.forecast import Forecast, Waiting, forecast
from chalicelib.planning.windows import window_end
from tests.unit.planning.make import BATCH, SINGLE, TEN

DAY = Lane(name="day", vendor="v", batching=False, limits=(Limit(calls=100, per="day", reserve=10),), rate=SINGLE.rate)
HALF_PAST_TEN = TEN + timedelta(minutes=30)


def state(lane: Lane, *, used: int = 0, **values: object) -> LaneState:
    return replace(LaneState(lane=lane.name, used={"day#2026-11-21": used}), **values)  # type: ignore[arg-type]


def outlook(lane: Lane, found: LaneState, rows: int = 0, now: datetime = HALF_PAST_TEN) -> Forecast:
    return forecast(lane, found, Waiting(deliveries=rows, rows_by_key={"k": rows} if rows else {}), now)


def test_it_tells_when_the_calls_run_out() -> None:
    """Forty calls in the last hour and sixty left: an hour and a half from now nothing is left."""
    found = outlook(DAY, state(DAY, used=30, hours={"2026-11-21T09": 40, "2026-11-21T10": 20}))

    assert (found.used, found.left, found.reserved, found.limit) == (30, 60, 10, 100)
    assert found.calls_an_hour == 40.0
    assert found.empty_at == datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


def test_calls_that_last_until_the_reset_have_no_end() -> None:
    """Four calls an hour leave some of sixty at midnight; no time is told. A lane without a day has none either."""
    assert outlook(DAY, state(DAY, used=30, hours={"2026-11-21T10": 2})).empty_at is None
    assert outlook(DAY, state(DAY)).empty_at is None
    assert outlook(SINGLE, state(SINGLE, hours={"2026-11-21T10": 900})).empty_at is None


def test_a_used_up_day_is_empty_now() -> None:
    """What is kept back for opt-outs is not for others."""
    assert outlook(DAY, state(DAY, used=90)).empty_at == HALF_PAST_TEN


def test_a_paced_lane_does_not_run_dry() -> None:
    """A burst of files in one hour does not go on: the pace that follows makes the rest last."""
    assert outlook(BATCH, state(BATCH, used=200, hours={"2026-11-21T10": 120})).empty_at is None


def test_calls_are_listed_by_hour_of_the_day_in_tokyo() -> None:
    """From midnight on up to this hour; yesterday's are not today's."""
    found = outlook(DAY, state(DAY, hours={"2026-11-20T23": 7, "2026-11-21T00": 1, "2026-11-21T10": 3}))

    assert found.calls_by_hour == (1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3)


def test_single_calls_need_one_each() -> None:
    """Ten deliveries at one a second: the last goes nine seconds from now."""
    found = outlook(SINGLE, state(SINGLE), 10)

    assert (found.waiting, found.calls_needed) == (10, 10)
    assert found.done_at == HALF_PAST_TEN + timedelta(seconds=9)


def test_files_need_one_for_so_many_rows_of_a_key() -> None:
    """25,000 rows of one key at 10,000 a file are three calls; a key that a 413 has bound to 5,000 needs five."""
    rows = Waiting(deliveries=25_000, rows_by_key={"k": 25_000})
    key = LaneKey(name="k", destination="d", operation="o", rows_max=5_000)

    assert forecast(BATCH, state(BATCH), rows, TEN).calls_needed == 3
    assert forecast(BATCH, state(BATCH, keys=(key,)), rows, TEN).calls_needed == 5


def test_what_today_does_not_carry_goes_on_tomorrow() -> None:
    """With two calls left of the day, the third of three goes after midnight in Tokyo."""
    today = outlook(DAY, state(DAY, used=88), 2)
    tomorrow = outlook(DAY, state(DAY, used=88), 3)
    midnight = window_end(DAY.limits[0], HALF_PAST_TEN)

    assert today.done_at == HALF_PAST_TEN + timedelta(seconds=1)
    assert tomorrow.done_at == midnight
    assert outlook(DAY, state(DAY, used=88), 2 + 90 + 1).done_at == midnight + timedelta(days=1)


def test_a_paused_lane_has_no_end_and_says_why() -> None:
    """An operator must act; a closed lane begins again at its probe."""
    until = HALF_PAST_TEN + timedelta(minutes=15)
    closed = Breaker(kind="quota", reason="429", until=until, since=TEN)

    paused = outlook(SINGLE, state(SINGLE, paused_reason="maintenance"), 5)
    assert (paused.done_at, paused.blocked) == (None, "maintenance")
    assert outlook(SINGLE, state(SINGLE, breaker=closed), 1).done_at == until
    assert outlook(SINGLE, state(SINGLE)).done_at is None


def test_drift_of_today_is_told() -> None:
    """The vendor's 429 while our books had room: somebody else uses the account. Yesterday's is over."""
    assert outlook(DAY, state(DAY, drift_at=TEN)).drift_at == TEN
    assert outlook(DAY, state(DAY, drift_at=TEN - timedelta(days=1))).drift_at is None
