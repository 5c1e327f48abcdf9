"""
When polls are asked, what a call asks for, and the share that they have.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.model import Lane, LaneState, Limit, Poll, PollState, Verdict
from chalicelib.planning import polling
from chalicelib.planning.ledger import Ask, Go, Share, Wait, may_call
from chalicelib.planning.windows import stale_windows
from tests.unit.planning.make import TEN

POLL = Poll(destination="d", retrieval="r", lane="l", every_seconds=1_800, overlap_seconds=7_200)
SLOTS = Lane(name="l", vendor="v", batching=False, limits=(Limit(calls=4, per="slot", slot_seconds=12, reserve=0),))
SHARE = Share(book="polls", percent=25)


def ask(share: Share | None = SHARE) -> Ask:
    return Ask(call_id="c", timeout_seconds=20, share=share)


def test_a_share_is_counted_in_a_book_of_its_own() -> None:
    """One call of four for polls: a second one waits for the next slot, while pushes still have theirs."""
    first = may_call(SLOTS, LaneState(lane="l"), TEN, ask())
    assert isinstance(first, Go)
    names = dict(first.reservation.windows)
    slot, book = names
    used = LaneState(lane="l", used={slot: 1, book: 1})

    assert (book, list(names.values())) == (f"polls/{slot}", [3, 0])
    assert isinstance(may_call(SLOTS, used, TEN, ask()), Wait)
    assert isinstance(may_call(SLOTS, used, TEN, ask(Share(book="lookups", percent=25))), Go)
    assert isinstance(may_call(SLOTS, used, TEN, ask(None)), Go)


@given(calls=st.integers(1, 400), reserve=st.integers(0, 20), percent=st.integers(1, 50), pushes=st.integers(0, 500))
def test_no_share_ever_takes_more_than_there_is(calls: int, reserve: int, percent: int, pushes: int) -> None:
    """Whatever the pushes used, polls stay within their share, within the limit, and off the reserve."""
    limit = Limit(calls=calls + reserve, per="day", reserve=reserve)
    lane = replace(SLOTS, limits=(limit,))
    used = {"day#2026-11-21": pushes}
    made = 0
    while isinstance(
        found := may_call(lane, LaneState(lane="l", used=used), TEN, ask(Share(book="polls", percent=percent))), Go
    ):
        for name, most in found.reservation.windows:
            assert used.get(name, 0) <= most
            used[name] = used.get(name, 0) + 1
        made += 1

    assert made <= max(1, calls * percent // 100)
    assert used["day#2026-11-21"] <= max(pushes, calls)


def test_books_of_shares_are_cleared_away_with_their_windows() -> None:
    """An item must not grow with every slot that a poll ever used."""
    used = {"polls/slot12#1": 1, "slot12#1": 1, "polls/day#2020-01-01": 3}

    assert set(stale_windows(used, SLOTS.limits, TEN)) == set(used)


def test_a_run_asks_from_before_where_the_last_one_ended() -> None:
    """The overlap covers what arrived late and clocks that differ; the first run has nothing but it."""
    state = PollState(source="s", watermark=TEN - timedelta(hours=5))

    assert polling.begin(POLL, state, TEN, by_day=False).since == TEN - timedelta(hours=7)
    assert polling.begin(POLL, PollState(source="s"), TEN, by_day=False).since == TEN - timedelta(hours=2)


def test_days_follow_each_other_to_the_present_one() -> None:
    """Each day in Tokyo since the watermark is one call."""
    run = polling.begin(
        replace(POLL, overlap_seconds=60), PollState(source="s", watermark=TEN - timedelta(days=2)), TEN, by_day=True
    )
    days = [run.day]
    while onward := polling.step(run, 5, rows_per_call=0, overlap_rows=0):
        run = onward
        days.append(run.day)

    assert days == [date(2026, 11, 19), date(2026, 11, 20), date(2026, 11, 21)]


@pytest.mark.parametrize(("found", "offset"), [(100, 91), (99, None), (0, None)])
def test_a_full_page_is_followed_by_the_next_one(found: int, offset: int | None) -> None:
    """It begins ten rows before the end of the last one; a page that is not full is the last."""
    onward = polling.step(
        polling.begin(POLL, PollState(source="s"), TEN, by_day=False), found, rows_per_call=100, overlap_rows=10
    )

    assert (onward.offset if onward else None) == offset


@given(failures=st.integers(1, 200), jitter=st.floats(0, 0.999))
def test_a_poll_that_fails_is_tried_again_within_the_hour(failures: int, jitter: float) -> None:
    """After one minute at the earliest, so that a vendor in trouble is left alone, and never given up."""
    assert timedelta(minutes=1) <= polling.retry_at(failures, jitter, TEN) - TEN <= timedelta(hours=1)


def test_what_concerns_a_poll_alone_does_not_stop_its_lane() -> None:
    """Missing rights and strange answers are the poll's; limits and maintenance are the lane's.

    A vendor that fails to answer closes a lane of the list's own, but not one that deliveries use too.
    """
    kinds = ("paused", "key", "strange", "too_large", "quota", "busy", "failing")
    own = [polling.of_lane(Verdict(kind=kind), shared=False).kind for kind in kinds]
    shared = [polling.of_lane(Verdict(kind=kind), shared=True).kind for kind in kinds]

    assert own == ["slow"] * 4 + ["quota", "busy", "failing"]
    assert shared == ["slow"] * 4 + ["quota", "busy", "slow"]


def test_a_poll_that_fails_is_left_alone_ever_longer() -> None:
    """Two minutes, four, eight … at most an hour; chance takes up to half of it off."""
    seconds = [(polling.retry_at(failures, 0.0, TEN) - TEN).total_seconds() for failures in (1, 2, 5, 6, 10_000)]

    assert seconds == [60, 120, 960, 1_800, 1_800]
    assert polling.retry_at(1, 0.5, TEN) == TEN + timedelta(seconds=90)


def test_a_poll_is_due_at_its_time_unless_somebody_is_at_it() -> None:
    """At the very moment, and a dead worker's claim ends with its lease."""
    moment = timedelta(microseconds=1)

    assert polling.is_due(PollState(source="s"), TEN)
    assert polling.is_due(PollState(source="s", next_at=TEN), TEN)
    assert not polling.is_due(PollState(source="s", next_at=TEN + moment), TEN)
    assert not polling.is_due(PollState(source="s", next_at=TEN, owner="w", lease_until=TEN + moment), TEN)
    assert not polling.is_due(PollState(source="s", owner="w", lease_until=TEN + moment), TEN)
    assert polling.is_due(PollState(source="s", owner="w", lease_until=TEN), TEN)
    assert polling.is_due(PollState(source="s", owner="w"), TEN)
    assert polling.is_due(PollState(source="s", lease_until=TEN + moment), TEN)


def test_runs_follow_each_other_by_their_beginnings() -> None:
    """Half an hour after the last one began; one that took longer is followed at once."""
    run = polling.begin(POLL, PollState(source="s"), TEN, by_day=False)

    assert polling.next_after(POLL, run, TEN + timedelta(minutes=10)) == TEN + timedelta(minutes=30)
    assert polling.next_after(POLL, run, TEN + timedelta(minutes=40)) == TEN + timedelta(minutes=40)


def test_a_days_pages_are_read_before_the_next_day() -> None:
    """A full page goes on by one row at least; the next day begins with its first page and nothing read."""
    state = PollState(source="s", watermark=TEN - timedelta(days=1))
    run = replace(polling.begin(POLL, state, TEN, by_day=True), offset=91, last="x")
    page = polling.step(run, 100, rows_per_call=100, overlap_rows=10)
    crept = polling.step(run, 100, rows_per_call=100, overlap_rows=100)
    other = polling.step(run, 99, rows_per_call=100, overlap_rows=10)

    assert page is not None
    assert (page.day, page.offset) == (run.day, 181)
    assert crept is not None
    assert crept.offset == 92
    assert other is not None
    assert run.day is not None
    assert (other.day, other.offset, other.last) == (run.day + timedelta(days=1), 1, "")


def test_a_run_by_day_begins_with_tokyos_day_and_another_has_none() -> None:
    """One hour after midnight in Tokyo with an overlap of two hours it begins with yesterday."""
    night = TEN - timedelta(hours=9)

    assert polling.begin(POLL, PollState(source="s"), night, by_day=True).day == date(2026, 11, 20)
    assert polling.begin(POLL, PollState(source="s"), night, by_day=False).day is None
    assert polling.begin(POLL, PollState(source="s"), night, by_day=False).until == night
