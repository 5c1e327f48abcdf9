from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.model import Breaker, Lane, LaneState, Limit, OpenCall, Rate
from chalicelib.planning.ledger import (
    Ask,
    Go,
    Share,
    Wait,
    calls_now,
    late_calls_now,
    may_call,
    next_call_at,
    pace_seconds,
    part,
)
from tests.unit.planning.make import BATCH, SINGLE, TEN

DAY = BATCH.limits[0]
ASK = Ask(call_id="c1", timeout_seconds=60)


def state(**values: object) -> LaneState:
    return replace(LaneState(lane="x"), **values)


def wait(lane: Lane, given: LaneState, now: datetime = TEN, ask: Ask = ASK) -> Wait:
    verdict = may_call(lane, given, now, ask)
    assert isinstance(verdict, Wait)
    return verdict


def test_an_idle_lane_may_be_called() -> None:
    """A fresh lane has its whole day before it, and the reservation claims today's window below the reserve."""
    verdict = may_call(BATCH, state(), TEN, ASK)

    assert isinstance(verdict, Go)
    assert verdict.reservation.windows == (("day#2026-11-21", 227),)


def test_a_used_up_day_waits_for_the_reset() -> None:
    """With 228 of 240 calls used and 12 kept back, ordinary work waits until 00:00:15 in Tokyo."""
    verdict = wait(BATCH, state(used={"day#2026-11-21": 228}))

    assert (verdict.kind, verdict.until) == ("quota", datetime(2026, 11, 21, 15, 0, 15, tzinfo=UTC))


def test_urgent_work_may_use_the_reserve_and_is_not_paced() -> None:
    """An opt-out goes out although the ordinary calls of the day are used up and the last one was a second ago."""
    urgent = replace(ASK, urgent=True)
    given = state(used={"day#2026-11-21": 228}, last_call_at=TEN - timedelta(seconds=1))

    assert isinstance(may_call(BATCH, given, TEN, urgent), Go)
    assert wait(BATCH, state(used={"day#2026-11-21": 240}), ask=urgent).kind == "quota"


def test_yesterdays_calls_do_not_count() -> None:
    """A window is a name: what was used yesterday leaves today untouched."""
    assert isinstance(may_call(BATCH, state(used={"day#2026-11-20": 240}), TEN, ASK), Go)


def test_a_limit_lowered_at_noon_keeps_the_days_count() -> None:
    """The limit is not part of a window's name, so yesterday's configuration cannot be used to start over."""
    lowered = replace(BATCH, limits=(replace(DAY, calls=100, reserve=0),))

    assert wait(lowered, state(used={"day#2026-11-21": 150})).kind == "quota"


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (state(paused_reason="by hand"), "paused"),
        (state(breaker=Breaker(kind="failing", reason="500", until=TEN + timedelta(seconds=5))), "closed"),
        (
            state(
                call=OpenCall(
                    id="c0",
                    key="k",
                    phase="sending",
                    file="f",
                    rows=1,
                    started_at=TEN,
                    until=TEN + timedelta(minutes=2),
                ),
            ),
            "open_call",
        ),
    ],
)
def test_a_stopped_lane_is_not_called(given: LaneState, kind: str) -> None:
    """Paused by an operator, closed by its breaker, or with a batch call still open: no call."""
    assert wait(BATCH, given).kind == kind


def test_a_closed_lane_is_probed_when_its_time_has_come() -> None:
    """After the breaker's time one call may go, and it must claim the probe so that no second worker makes one."""
    until = TEN - timedelta(seconds=1)
    verdict = may_call(BATCH, state(breaker=Breaker(kind="quota", until=until)), TEN, ASK)

    assert isinstance(verdict, Go)
    assert verdict.reservation.probe_of == until
    assert verdict.reservation.probe_until == TEN + timedelta(seconds=120)


def test_the_pace_spreads_the_days_calls() -> None:
    """At 10:00 with nothing used, 228 calls over 14 hours are one in 221 seconds; a busy day's end is slower."""
    assert pace_seconds(BATCH, state(), TEN) == pytest.approx(14 * 3_600 / 228)
    assert pace_seconds(BATCH, state(used={"day#2026-11-21": 227}), TEN) == pytest.approx(14 * 3_600)


def test_the_pace_has_a_floor() -> None:
    """Quiet days save calls, but two files never follow each other faster than the least gap."""
    late = TEN.replace(hour=14)

    assert pace_seconds(BATCH, state(), late) == 30


@given(st.integers(0, 240), st.integers(0, 86_399))
def test_the_pace_never_lets_a_day_run_dry(used: int, second: int) -> None:
    """Whoever follows the pace from any moment of the day on has a call left until midnight."""
    now = datetime(2026, 11, 20, 15, tzinfo=UTC) + timedelta(seconds=second)
    given_state = state(used={"day#2026-11-21": used})
    left = 228 - used
    rest = 86_400 - second
    if left > 0:
        pace = pace_seconds(BATCH, given_state, now)
        assert pace * left >= rest - 0.001 or pace == 30


def test_a_rate_lets_a_burst_through_and_then_one_a_second() -> None:
    """Five calls go at once, the sixth waits for its second."""
    now_ms = int(TEN.timestamp() * 1000)
    tat, allowed = 0, 0
    while isinstance(may_call(SINGLE, state(tat_ms=tat), TEN, ASK), Go):
        tat = max(tat, now_ms) + 1_000
        allowed += 1

    assert allowed == 5
    assert wait(SINGLE, state(tat_ms=tat)).until == TEN + timedelta(seconds=1)
    assert calls_now(SINGLE, state(tat_ms=tat), TEN) == 0
    assert calls_now(SINGLE, state(), TEN) == 5


@given(st.lists(st.floats(0, 3), min_size=1, max_size=60))
def test_a_rate_is_never_exceeded(gaps: list[float]) -> None:
    """Over any stretch of t seconds at most burst + t calls go, however they are asked for."""
    now, tat = TEN, 0
    calls: list[datetime] = []
    for gap in gaps:
        now += timedelta(seconds=gap)
        if isinstance(may_call(SINGLE, state(tat_ms=tat), now, ASK), Go):
            tat = max(tat, int(now.timestamp() * 1000)) + 1_000
            calls.append(now)

    for first in range(len(calls)):
        for last in range(first, len(calls)):
            seconds = (calls[last] - calls[first]).total_seconds()
            assert last - first + 1 <= 5 + seconds + 0.001


def test_operators_see_when_the_next_call_may_go() -> None:
    """`ekiden status` shows the same time that the ledger would wait for; a paused lane has none."""
    assert next_call_at(BATCH, state(), TEN) == TEN
    assert next_call_at(BATCH, state(used={"day#2026-11-21": 228}), TEN) == datetime(
        2026, 11, 21, 15, 0, 15, tzinfo=UTC
    )
    assert next_call_at(BATCH, state(paused_reason="x"), TEN) is None


def test_no_call_starts_near_midnight() -> None:
    """A call of 60 seconds may not start at 23:58:50: its end could fall into tomorrow by the vendor's clock."""
    before_midnight = datetime(2026, 11, 21, 14, 58, 50, tzinfo=UTC)

    assert wait(BATCH, state(), before_midnight).kind == "guard"
    assert isinstance(may_call(BATCH, state(), before_midnight - timedelta(seconds=10), ASK), Go)


@given(st.lists(st.tuples(st.floats(0, 4_000), st.booleans()), min_size=1, max_size=300), st.integers(1, 30))
def test_a_day_never_has_more_calls_than_its_limit(asks: list[tuple[float, bool]], calls: int) -> None:
    """However the day is asked for calls, ordinary ones leave the reserve alone and urgent ones end with the limit."""
    limit = replace(DAY, calls=calls, reserve=calls // 5)
    lane, now = replace(BATCH, limits=(limit,)), datetime(2026, 11, 20, 15, 1, tzinfo=UTC)
    given_state, ordinary, days = state(), 0, {"day#2026-11-21": 0}
    for gap, urgent in asks:
        now += timedelta(seconds=gap)
        verdict = may_call(lane, given_state, now, replace(ASK, urgent=urgent))
        if isinstance(verdict, Go):
            name = verdict.reservation.windows[0][0]
            days[name] = days.get(name, 0) + 1
            ordinary += not urgent and name == "day#2026-11-21"
            given_state = state(used=dict(days), last_call_at=now)

    assert max(days.values()) <= calls
    assert ordinary <= calls - calls // 5


@given(st.integers(0, 86_399), st.integers(0, 240), st.integers(0, 90_000), st.booleans())
def test_nobody_waits_longer_than_need_be(second: int, used: int, since: int, urgent: bool) -> None:  # noqa: FBT001
    """When the time has come that was waited for, it is not the same reason that holds the call up once more."""
    now = datetime(2026, 11, 20, 15, tzinfo=UTC) + timedelta(seconds=second)
    given_state = state(used={"day#2026-11-21": used}, last_call_at=now - timedelta(seconds=since))
    verdict = may_call(BATCH, given_state, now, replace(ASK, urgent=urgent))
    if isinstance(verdict, Wait):
        assert verdict.until is not None
        assert now < verdict.until
        again = may_call(BATCH, given_state, verdict.until, replace(ASK, urgent=urgent))
        assert isinstance(again, Go) or again.kind != verdict.kind


def test_a_closed_lane_opens_at_the_very_moment() -> None:
    """At the breaker's time a probe may go; a moment before it may not, and the time is told."""
    closed = state(breaker=Breaker(kind="failing", reason="words", until=TEN, since=TEN, probes=1))
    long = replace(ASK, timeout_seconds=SINGLE.timeout_seconds)

    assert isinstance(may_call(SINGLE, closed, TEN, long), Go)
    assert wait(SINGLE, closed, TEN - timedelta(microseconds=1), long).until == TEN
    assert wait(SINGLE, closed, TEN, replace(long, timeout_seconds=SINGLE.timeout_seconds - 1)).until == TEN


def test_a_probe_keeps_others_away_for_its_time_out_and_a_minute() -> None:
    """Should the prober die, the next probe may go then; a call of an open lane claims no probe."""
    closed = state(breaker=Breaker(kind="failing", reason="words", until=TEN, since=TEN, probes=1))
    probe = may_call(BATCH, closed, TEN, replace(ASK, timeout_seconds=BATCH.timeout_seconds))
    plain = may_call(BATCH, state(), TEN, ASK)

    assert isinstance(probe, Go)
    assert isinstance(plain, Go)
    assert probe.reservation.probe_of == TEN
    assert probe.reservation.probe_until == TEN + timedelta(seconds=BATCH.timeout_seconds + 60)
    assert (plain.reservation.probe_of, plain.reservation.probe_until) == (None, None)


def test_an_open_batch_call_waits_for_its_own_end_only_in_batching_lanes() -> None:
    """Its repeat may go, nothing else; the time of its lease is told."""
    until = TEN + timedelta(minutes=2)
    given = state(call=OpenCall(id="c0", key="k", phase="sending", file="f", rows=1, started_at=TEN, until=until))

    assert wait(BATCH, given).until == until
    assert isinstance(may_call(BATCH, given, TEN, replace(ASK, repeat=True)), Go)
    assert isinstance(may_call(SINGLE, given, TEN, ASK), Go)


def test_a_repeat_is_not_paced() -> None:
    """Its own backoff is its distance; a new call a second after the last one waits."""
    given = state(last_call_at=TEN - timedelta(seconds=1))

    assert isinstance(may_call(BATCH, given, TEN, replace(ASK, repeat=True)), Go)
    assert wait(BATCH, given).kind == "pace"


def test_the_last_call_of_the_pace_goes_at_the_very_moment() -> None:
    """At the end of its distance, not a moment before."""
    given = state(last_call_at=TEN - timedelta(seconds=3_600))
    due = TEN - timedelta(seconds=3_600) + timedelta(seconds=pace_seconds(BATCH, given, TEN))

    assert due < TEN
    assert isinstance(may_call(BATCH, given, TEN, ASK), Go)
    fast = replace(BATCH, limits=())
    last = state(last_call_at=TEN - timedelta(seconds=30))
    assert isinstance(may_call(fast, last, TEN, ASK), Go)
    assert wait(fast, last, TEN - timedelta(microseconds=1)).until == TEN


def test_calls_that_may_go_now_are_counted_to_the_last() -> None:
    """The bucket's free places, never more than a window has left, never below none; one where nothing bounds them."""
    ms = int(TEN.timestamp() * 1000)
    slot = replace(SINGLE, limits=(Limit(calls=3, per="day", reserve=1),))

    assert [calls_now(SINGLE, state(tat_ms=ms + ahead), TEN) for ahead in (-9, 0, 1, 1_000, 1_001, 9_000)] == [
        5,
        5,
        4,
        4,
        3,
        0,
    ]
    assert [calls_now(slot, state(used={"day#2026-11-21": used}), TEN) for used in (0, 1, 2, 3)] == [2, 1, 0, 0]
    assert calls_now(replace(SINGLE, rate=None), state(), TEN) == 1


def test_late_work_takes_half_of_the_burst_and_at_least_one() -> None:
    """Of five places two, of one place one; what the day keeps for ordinary work is not among them."""
    day = replace(SINGLE, limits=(Limit(calls=100, per="day", reserve=4),))
    night = datetime(2026, 11, 21, 14, tzinfo=UTC)

    assert late_calls_now(SINGLE, state(), TEN) == 2
    assert late_calls_now(replace(SINGLE, rate=Rate(interval_ms=1_000, burst=1)), state(), TEN) == 1
    assert late_calls_now(replace(day, rate=None), state(used={"day#2026-11-21": 89}), night) == 3
    assert late_calls_now(replace(day, rate=None), state(used={"day#2026-11-21": 96}), night) == 1


def test_late_work_asks_again_in_five_minutes_or_at_the_days_end() -> None:
    """What is left is kept: it looks again soon, never beyond the window that keeps it."""
    late = replace(ASK, late=True, timeout_seconds=1)
    day = replace(SINGLE, limits=(Limit(calls=100, per="day", reserve=4),), rate=None)
    midnight = datetime(2026, 11, 21, 15, tzinfo=UTC)

    kept = wait(day, state(used={"day#2026-11-21": 95}), TEN, late)
    last = wait(day, state(used={"day#2026-11-21": 95}), midnight - timedelta(minutes=2), late)

    assert (kept.kind, kept.until) == ("kept", TEN + timedelta(minutes=5))
    assert (last.kind, last.until) == ("kept", midnight)


def test_a_bucket_tells_when_its_next_place_is_free() -> None:
    """To the millisecond."""
    full = state(tat_ms=int(TEN.timestamp() * 1000) + 4_001)

    assert wait(SINGLE, full).until == TEN + timedelta(milliseconds=1)
    assert isinstance(may_call(SINGLE, full, TEN + timedelta(milliseconds=1), ASK), Go)


def test_a_fresh_bucket_and_a_running_one_are_claimed_differently() -> None:
    """The write must know whether the bucket is empty at this moment or still holds calls of before."""
    ms = int(TEN.timestamp() * 1000)
    verdicts = [may_call(SINGLE, state(tat_ms=at), TEN, ASK) for at in (ms - 1, ms, ms + 1)]

    assert [each.reservation.bucket for each in verdicts if isinstance(each, Go)] == ["fresh", "running", "running"]
    plain = may_call(BATCH, state(), TEN, ASK)
    assert isinstance(plain, Go)
    assert plain.reservation.bucket == ""


def test_the_pace_of_a_day_without_calls_left_is_its_rest() -> None:
    """Nothing is divided by nothing; a lane without days keeps its least distance."""
    assert pace_seconds(BATCH, state(used={"day#2026-11-21": 228}), TEN) == 14 * 3_600
    assert pace_seconds(BATCH, state(used={"day#2026-11-21": 235}), TEN) == 14 * 3_600
    assert pace_seconds(BATCH, state(used={"day#2026-11-21": 227}), TEN) == 14 * 3_600
    assert pace_seconds(replace(BATCH, limits=()), state(), TEN) == 30


def test_a_day_of_one_call_has_one() -> None:
    """A window in which nothing was counted yet is empty."""
    one = replace(BATCH, limits=(Limit(calls=1, per="day"),))

    assert isinstance(may_call(one, state(), TEN, ASK), Go)
    assert wait(one, state(used={"day#2026-11-21": 1})).kind == "quota"


def test_a_share_is_its_part_of_what_is_not_kept_back() -> None:
    """In whole calls, rounded down; of a small window it is one all the same."""
    quarter = Share(book="polls", percent=25)

    assert part(Limit(calls=400, per="day"), quarter) == 100
    assert part(Limit(calls=250, per="day", reserve=10), quarter) == 60
    assert part(Limit(calls=4, per="day", reserve=1), quarter) == 1


def test_a_share_that_is_used_up_waits_for_the_reset() -> None:
    """As a used-up day does, with words of its own; a call before that it may go."""
    asks = replace(ASK, share=Share(book="polls", percent=25))
    used = wait(BATCH, state(used={"polls/day#2026-11-21": 57}), ask=asks)

    assert (used.kind, used.until) == ("quota", datetime(2026, 11, 21, 15, 0, 15, tzinfo=UTC))
    assert "its share of 25 %" in used.why
    verdict = may_call(BATCH, state(used={"polls/day#2026-11-21": 56}), TEN, asks)
    assert isinstance(verdict, Go)
    assert verdict.reservation.windows[1] == ("polls/day#2026-11-21", 56)


def test_a_share_uses_half_of_a_burst() -> None:
    """A visitor who comes meanwhile finds the other half."""
    busy = state(tat_ms=int(TEN.timestamp() * 1000) + 1_001)

    assert wait(SINGLE, busy, ask=replace(ASK, share=Share(book="polls", percent=25))).kind == "rate"
    assert isinstance(may_call(SINGLE, busy, TEN, ASK), Go)


def test_a_slot_with_a_single_ordinary_call_keeps_none_of_it() -> None:
    """What is kept back for opt-outs is not among those that late work leaves to others."""
    slot = replace(SINGLE, limits=(Limit(calls=2, per="slot", slot_seconds=12, reserve=1),), rate=None)

    assert isinstance(may_call(slot, state(), TEN, replace(ASK, late=True)), Go)


def test_of_a_slot_of_two_calls_one_is_kept() -> None:
    """A row of a file takes the first, and what comes by itself finds the second."""
    slot = replace(SINGLE, limits=(Limit(calls=2, per="slot", slot_seconds=12),), rate=None)
    used = state(used={f"slot12#{int(TEN.timestamp()) // 12}": 1})

    assert isinstance(may_call(slot, state(), TEN, replace(ASK, late=True)), Go)
    assert wait(slot, used, ask=replace(ASK, late=True)).kind == "kept"
    assert isinstance(may_call(slot, used, TEN, ASK), Go)
