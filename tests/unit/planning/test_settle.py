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
    Limit,
    Outcome,
    Refused,
    State,
    Uncertain,
    Verdict,
)
from chalicelib.planning.settle import Moment, backoff_seconds, breaker_seconds, lane_turn, turn
from tests.unit.planning.make import BATCH, SINGLE, TEN

NOW = Moment(now=TEN, jitter=0.5)
MIDNIGHT = datetime(2026, 11, 21, 15, 0, 15, tzinfo=UTC)
FAILED_TWICE = Breaker(failures=2)


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


def test_a_delivery_waits_longer_after_each_attempt() -> None:
    """Half a minute, one, two, four … at most an hour, times the throw of chance; never less than a second."""
    assert [backoff_seconds(attempts, 0.5) for attempts in (0, 1, 2, 3)] == [15.0, 30.0, 60.0, 120.0]
    assert backoff_seconds(6, 0.5) == 960.0
    assert backoff_seconds(7, 0.5) == backoff_seconds(10_000, 0.5) == 1_800.0
    assert backoff_seconds(5, 0.0) == 1.0


def test_what_is_tried_again_has_its_time() -> None:
    """An attempt that burnt is followed by a wait from now on; one that burnt nothing may go again at once."""
    failed = turn(Deferred(reason="409", burns=True), SINGLE, NOW, attempts=1, probe=False)
    waits = turn(Deferred(reason="429"), SINGLE, NOW, attempts=1, probe=False)

    assert failed.after == TEN + timedelta(seconds=30)
    assert waits.after is None


def test_the_last_attempt_counts_itself() -> None:
    """A dead letter says how many attempts it had, and the last of them is burnt like the others."""
    last = turn(Deferred(reason="409", burns=True), SINGLE, NOW, attempts=SINGLE.attempts_max - 1, probe=False)
    before = turn(Deferred(reason="409", burns=True), SINGLE, NOW, attempts=SINGLE.attempts_max - 2, probe=False)

    assert (last.state, last.burns, before.state) == (State.DEAD, True, State.WAITING)
    assert last.reason.startswith(f"{SINGLE.attempts_max} attempts: ")


def test_a_visitors_short_patience_says_nothing_of_the_lane() -> None:
    """An answer that came too late for a visitor leaves the lane as it was."""
    failing = Breaker(reason="words", failures=2)

    assert after(SINGLE, "slow", failing) == LaneTurn(breaker=failing)


def test_a_429_at_the_limit_is_no_drift() -> None:
    """The day's calls are used up by our own books: the vendor is right, and nobody else is suspected."""
    (day,) = BATCH.limits
    for used, told in ((day.calls - 1, True), (day.calls, False)):
        state = LaneState(lane="batch", used={"day#2026-11-21": used})
        (notice,) = lane_turn(BATCH, state, Verdict(kind="quota"), NOW).notices
        assert ("another program" in notice.text) is told


def test_a_429_before_any_call_is_drift_whatever_the_limit() -> None:
    """Even of a single call a day: it was not ours."""
    one = replace(BATCH, limits=(Limit(calls=1, per="day"),))

    assert lane_turn(one, LaneState(lane="batch"), Verdict(kind="quota"), NOW).drift


def test_a_closure_remembers_since_when_and_how_often() -> None:
    """Every probe that fails counts, the words are the newest, and the beginning stays."""
    early = TEN - timedelta(hours=2)
    quota = after(BATCH, "quota", Breaker(kind="quota", probes=2, since=early)).breaker
    silent = after(BATCH, "failing", Breaker(kind="failing", failures=4, probes=2, since=early)).breaker
    first = after(BATCH, "quota", Breaker(kind="failing", failures=1, probes=2, since=early)).breaker

    assert (quota.since, quota.probes, quota.reason) == (early, 3, "words")
    assert (silent.since, silent.probes, silent.failures) == (early, 3, 5)
    assert (first.since, first.probes) == (TEN, 1)
    assert lane_turn(BATCH, LaneState(lane="batch"), Verdict(kind="quota"), NOW).breaker.reason == "429"


def test_a_wish_is_heard_and_bounded() -> None:
    """Retry-After lengthens a closure, never beyond an hour, and never shortens it."""
    for kind in ("quota", "failing", "busy"):
        long, longest, short = (after(SINGLE, kind, FAILED_TWICE, retry_after_seconds=s) for s in (40.0, 1e6, 1.0))
        assert long.breaker.until == TEN + timedelta(seconds=40), kind
        assert longest.breaker.until == TEN + timedelta(hours=1), kind
        assert short.breaker.until == TEN + timedelta(seconds=7.5), kind
    assert after(BATCH, "quota", retry_after_seconds=1_800.0).breaker.until == TEN + timedelta(minutes=30)
    assert after(BATCH, "quota", retry_after_seconds=60.0).breaker.until == TEN + timedelta(minutes=15)


def test_a_silent_vendor_is_probed_ever_less() -> None:
    """10 s, 20, 40 … at most a quarter of an hour; chance takes up to half of it off."""
    assert [breaker_seconds(probes, 0.0) for probes in (0, 1, 2, 6)] == [5.0, 10.0, 20.0, 320.0]
    assert breaker_seconds(7, 0.0) == breaker_seconds(10_000, 0.0) == 450.0
    assert breaker_seconds(0, 0.5) == 7.5


def test_probes_of_a_closed_lane_are_counted_from_one() -> None:
    """The first closure waits for the first distance, the second for the second; operators hear the time of it."""
    first = after(SINGLE, "failing", FAILED_TWICE)
    second = after(SINGLE, "failing", first.breaker)

    assert (first.breaker.probes, first.breaker.until) == (1, TEN + timedelta(seconds=7.5))
    assert (second.breaker.probes, second.breaker.until) == (2, TEN + timedelta(seconds=15))
    assert "the next probe is at 2026-11-21 10:00:07 JST." in first.notices[0].text
    assert "another program" not in first.notices[0].text


def test_the_notice_of_an_open_lane_says_since_when_it_was_closed() -> None:
    """A closure whose beginning is not known is told of in words."""
    assert "2026-11-21 10:00:00 JST" in after(BATCH, "fine", Breaker(kind="quota", since=TEN)).notices[0].text
    assert "some time ago" in after(BATCH, "fine", Breaker(kind="quota")).notices[0].text
