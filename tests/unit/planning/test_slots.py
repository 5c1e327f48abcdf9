"""
Lanes whose calls are counted by slots of seconds: what is kept for whom, and who waits how long.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.adapters.expressions import expression
from chalicelib.model import Lane, LaneState, Limit, Verdict
from chalicelib.planning.ledger import Ask, Go, Wait, late_calls_now, may_call
from chalicelib.planning.settle import Moment, lane_turn
from chalicelib.records.lanes import reserve
from chalicelib.relay.rounds import nap
from tests.unit.planning.make import SINGLE, TEN

EXPRESSION_BYTES_MAX = 4_096
"""
DynamoDB's limit for one expression (Amazon DynamoDB Developer Guide, Quotas; checked 2026-11).
"""

SLOT = Lane(
    name="slot", vendor="v", batching=False, limits=(Limit(calls=4, per="slot", slot_seconds=12),), timeout_seconds=20
)
ORDINARY = Ask(call_id="c", timeout_seconds=20)
LATE = replace(ORDINARY, late=True)


def state(used: int) -> LaneState:
    """The lane with so many calls used in the slot that begins at ten."""
    return LaneState(lane="slot", used={f"slot12#{int(TEN.timestamp()) // 12}": used})


@pytest.mark.parametrize(
    ("used", "ordinary", "late"), [(0, True, True), (2, True, True), (3, True, False), (4, False, False)]
)
def test_the_last_call_of_a_slot_is_kept_for_what_comes_by_itself(used: int, ordinary: bool, late: bool) -> None:  # noqa: FBT001 - a table
    """Rows of files take three of four, whatever the second of the slot."""
    for second in (0, 6, 11):
        now = TEN + timedelta(seconds=second)
        assert isinstance(may_call(SLOT, state(used), now, ORDINARY), Go) == ordinary
        assert isinstance(may_call(SLOT, state(used), now, LATE), Go) == late
    assert late_calls_now(SLOT, state(used), TEN) == max(1, 3 - used)


def test_a_slot_of_one_call_keeps_none() -> None:
    """Else a list would never go."""
    lone = replace(SLOT, limits=(replace(SLOT.limits[0], calls=1),))

    assert isinstance(may_call(lone, state(0), TEN, LATE), Go)


def test_a_worker_waits_for_the_next_slot_and_leaves_for_the_next_day() -> None:
    """Twelve seconds are slept through; hours are not, and what is paused is left alone."""
    full = may_call(SLOT, state(4), TEN + timedelta(seconds=2), ORDINARY)
    assert isinstance(full, Wait)

    assert nap(full, TEN + timedelta(seconds=2)).nap_seconds == 10
    assert not nap(replace(full, until=TEN + timedelta(hours=1)), TEN).more
    assert not nap(replace(full, kind="closed"), TEN).more
    assert not nap(Wait(kind="paused", why="by hand", until=None), TEN).more


def test_a_429_although_slots_hold_is_drift() -> None:
    """Somebody else calls too; a lane without any window cannot know that."""
    moment = Moment(now=TEN, jitter=0.5)
    told = lane_turn(SLOT, state(1), Verdict(kind="quota", reason="429"), moment).notices[0].text
    silent = lane_turn(SINGLE, LaneState(lane="single"), Verdict(kind="quota", reason="429"), moment).notices[0].text

    assert "another program uses the same account" in told
    assert "another program" not in silent


def test_a_lane_of_short_slots_that_rested_makes_its_next_call() -> None:
    """After an hour of a call in every second, DynamoDB still takes the write that claims the next one."""
    lane = replace(SINGLE, limits=(Limit(calls=5, per="slot", slot_seconds=1),))
    second = int(TEN.timestamp()) - 7_200
    names = (f"{book}slot1#{second + number}" for number in range(3_600) for book in ("", "polls/", "lookups/"))
    used = dict.fromkeys(names, 1)

    for number in range(100):
        verdict = may_call(lane, LaneState(lane="l", used=used), TEN, Ask(call_id=f"c{number}", timeout_seconds=10))
        assert isinstance(verdict, Go)
        claim = expression(reserve("l", verdict.reservation))
        assert len(claim["UpdateExpression"]) <= EXPRESSION_BYTES_MAX
        used = {name: count for name, count in used.items() if name not in verdict.reservation.stale}

    assert used == {}


def test_a_lane_under_load_keeps_the_slots_of_two_minutes_only() -> None:
    """What is read and written with every call must not grow with the hour's calls."""
    lane = replace(SINGLE, limits=(Limit(calls=5, per="slot", slot_seconds=1),))
    used: dict[str, int] = {}

    for number in range(600):
        now = TEN + timedelta(seconds=number)
        verdict = may_call(lane, LaneState(lane="l", used=used), now, Ask(call_id="c", timeout_seconds=10))
        assert isinstance(verdict, Go)
        used |= {name: 1 for name, _ in verdict.reservation.windows}
        used = {name: count for name, count in used.items() if name not in verdict.reservation.stale}

    assert len(used) <= 122
