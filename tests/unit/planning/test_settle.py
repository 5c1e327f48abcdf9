from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.model import (
    Breaker,
    Deferred,
    Delivered,
    Lane,
    LaneState,
    LaneTurn,
    Outcome,
    Refused,
    State,
    Uncertain,
    Verdict,
)
from chalicelib.planning.settle import Moment, backoff_seconds, lane_turn, turn
from tests.unit.planning.make import BATCH, SINGLE, TEN

NOW = Moment(now=TEN, jitter=0.5)
MIDNIGHT = datetime(2026, 11, 21, 15, 0, 15, tzinfo=UTC)


def after(lane: Lane, kind: str, breaker: Breaker | None = None, **values: object) -> LaneTurn:
    state = LaneState(lane=lane.name, breaker=breaker or Breaker())
    return lane_turn(lane, state, Verdict(kind=kind, reason="words", **values), NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("outcome", "state", "burns"),
    [
        (Delivered(proof="imported"), State.DELIVERED, False),
        (Refused(reason="400"), State.DEAD, False),
        (Deferred(reason="429"), State.WAITING, False),
        (Deferred(reason="409", burns=True), State.WAITING, True),
        (Uncertain(reason="time-out"), State.UNCERTAIN, True),
        (Uncertain(reason="time-out", harmless=False), State.HELD, False),
    ],
)
def test_each_outcome_has_its_state(outcome: Outcome, state: State, burns: bool) -> None:  # noqa: FBT001
    """Delivered, dead, waiting, uncertain or held: by what the vendor said, and a 429 is no attempt."""
    its = turn(outcome, SINGLE, NOW, attempts=0, probe=False)

    assert (its.state, its.burns) == (state, burns)


def test_attempts_come_to_an_end() -> None:
    """After its last attempt a delivery is a dead letter that says so, never silently given up."""
    its = turn(Uncertain(reason="time-out"), SINGLE, NOW, attempts=SINGLE.attempts_max - 1, probe=False)

    assert its.state is State.DEAD
    assert "8 attempts (the last one may have been applied): time-out" in its.reason


def test_a_probe_burns_no_attempt() -> None:
    """While the vendor is down, the delivery that happens to be the probe does not die of it."""
    its = turn(Uncertain(reason="time-out"), SINGLE, NOW, attempts=SINGLE.attempts_max - 1, probe=True)

    assert (its.state, its.burns) == (State.UNCERTAIN, False)


@given(st.integers(0, 1_000), st.floats(0, 1, exclude_max=True))
def test_backoff_grows_and_is_bounded(attempts: int, jitter: float) -> None:
    """Between a second and an hour, whatever the number of attempts."""
    assert 1 <= backoff_seconds(attempts, jitter) <= 3_600


def test_an_early_429_is_drift() -> None:
    """The ledger has room and the vendor refuses: the lane closes, probes in 15 minutes, and operators hear why."""
    turned = after(BATCH, "quota", definite=True)

    assert (turned.breaker.kind, turned.breaker.until) == ("quota", TEN + timedelta(minutes=15))
    assert "another program uses the same account" in turned.notices[0].text


def test_a_probe_that_is_refused_waits_an_hour_and_tells_nobody_again() -> None:
    """One alarm for one closure; the probes after the first come hourly."""
    turned = after(BATCH, "quota", Breaker(kind="quota", probes=1, since=TEN))

    assert turned.breaker.until == TEN + timedelta(hours=1)
    assert turned.notices == ()


def test_no_probe_is_put_off_beyond_the_reset() -> None:
    """A lane that closed at 23:30 opens with the new day."""
    late = Moment(now=datetime(2026, 11, 21, 14, 30, tzinfo=UTC), jitter=0.5)
    state = LaneState(lane="batch", breaker=Breaker(kind="quota", probes=3, since=TEN))

    assert lane_turn(BATCH, state, Verdict(kind="quota"), late).breaker.until == MIDNIGHT


def test_a_429_of_a_vendor_without_days_honours_its_wish() -> None:
    """Retry-After is waited for; without it the lane backs off from ten seconds on."""
    assert after(SINGLE, "quota", retry_after_seconds=40.0).breaker.until == TEN + timedelta(seconds=40)
    assert after(SINGLE, "quota").breaker.until == TEN + timedelta(seconds=7.5)


def test_a_lane_closes_after_three_failures_in_a_row() -> None:
    """One time-out is bad luck; three are an outage, and then the lane is probed instead of hammered."""
    first = after(SINGLE, "failing")
    second = after(SINGLE, "failing", first.breaker)
    third = after(SINGLE, "failing", second.breaker)

    assert [each.breaker.kind for each in (first, second, third)] == ["", "", "failing"]
    assert [len(each.notices) for each in (first, second, third)] == [0, 0, 1]


def test_a_batching_lane_closes_at_once_and_tells_after_three() -> None:
    """Its one call carried everything; operators are not woken for a single hiccup."""
    first = after(BATCH, "failing")
    third = after(BATCH, "failing", after(BATCH, "failing", first.breaker).breaker)

    assert (first.breaker.kind, len(first.notices), len(third.notices)) == ("failing", 0, 1)
    assert third.breaker.until is not None
    assert first.breaker.until is not None
    assert third.breaker.until > first.breaker.until


def test_a_good_answer_opens_the_lane_and_tells_so() -> None:
    """Whoever was told that the lane closed is told that it is open again."""
    turned = after(BATCH, "fine", Breaker(kind="quota", since=TEN, probes=2))

    assert turned.breaker == Breaker()
    assert turned.notices[0].cause == "opened:batch"
    assert after(BATCH, "fine").notices == ()


def test_bad_credentials_pause_the_lane() -> None:
    """An operator has to act; the notice says what to do and that nothing is lost."""
    turned = after(SINGLE, "paused")

    assert turned.paused_reason == "words"
    assert "ekiden resume single" in turned.notices[0].text


@pytest.mark.parametrize("kind", ["fine", "quota", "busy", "paused", "key", "too_large", "failing"])
def test_a_call_is_given_back_only_for_a_definite_refusal_where_errors_do_not_count(kind: str) -> None:
    """Doubt never refunds, and a lane that counts all calls gives none back."""
    accepted = replace(BATCH, counts="accepted")

    assert after(accepted, kind, definite=True).refund
    assert not after(accepted, kind).refund
    assert not after(BATCH, kind, definite=True).refund
