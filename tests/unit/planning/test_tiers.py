"""
Rows of files beside what comes by itself: who may call, and with which calls.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.model import (
    Contact,
    Delivery,
    Effect,
    Lane,
    LaneState,
    Limit,
    MergeRules,
    Pending,
    Rate,
    State,
)
from chalicelib.planning.coalesce import Plan, coalesce, plan_contact
from chalicelib.planning.ledger import Ask, Go, Wait, late_calls_now, may_call
from chalicelib.planning.tiers import FILE, LEFTOVERS, ORDINARY, leftovers_only, next_evening, open_tiers, tier_of

EVENING = datetime(2026, 11, 21, 13, 0, tzinfo=UTC)
"""
22:00 in Tokyo: a twelfth of the day is left.
"""
DAY = Lane(name="day", vendor="v", batching=True, limits=(Limit(calls=240, per="day", reserve=12),))
FAST = Lane(name="fast", vendor="v", batching=False, rate=Rate(interval_ms=1_000, burst=5))
LATE = Ask(call_id="c", timeout_seconds=20, late=True)


def used(calls: int) -> LaneState:
    return LaneState(lane="day", used={"day#2026-11-21": calls})


@pytest.mark.parametrize(("calls", "may"), [(0, True), (208, True), (209, False), (228, False)])
def test_late_work_leaves_the_rest_of_the_day_its_share(calls: int, may: bool) -> None:  # noqa: FBT001 - a table
    """At 22:00 two hours of 24 are left: 19 of 228 calls are kept for what comes by itself."""
    verdict = may_call(DAY, used(calls), EVENING, LATE)

    assert isinstance(verdict, Go) is may
    if isinstance(verdict, Wait):
        assert verdict.kind in {"kept", "quota"}


def test_the_write_itself_keeps_the_share() -> None:
    """What the snapshot did not know yet is refused by the conditional write."""
    verdict = may_call(DAY, used(0), EVENING, LATE)
    ordinary = may_call(DAY, used(0), EVENING, replace(LATE, late=False))

    assert isinstance(verdict, Go)
    assert isinstance(ordinary, Go)
    assert verdict.reservation.windows == (("day#2026-11-21", 208),)
    assert ordinary.reservation.windows == (("day#2026-11-21", 227),)


def test_in_the_morning_late_work_may_take_next_to_nothing() -> None:
    """The whole day still needs its calls; the later it is, the more is known to be left."""
    morning = datetime(2026, 11, 20, 15, 1, tzinfo=UTC)
    state = LaneState(lane="day")

    assert isinstance(may_call(DAY, state, morning, LATE), Wait)
    assert isinstance(may_call(DAY, state, morning + timedelta(hours=1), LATE), Go)


def test_half_of_a_burst_is_left_to_visitors() -> None:
    """Late work stops while a form that comes now would still find calls."""
    now_ms = int(EVENING.timestamp() * 1_000)
    state = LaneState(lane="fast", tat_ms=now_ms + 1_001)

    assert isinstance(may_call(FAST, state, EVENING, LATE), Wait)
    assert isinstance(may_call(FAST, state, EVENING, replace(LATE, late=False)), Go)
    assert late_calls_now(FAST, LaneState(lane="fast"), EVENING) == 2


@pytest.mark.parametrize(
    ("tiers", "calls", "claimed"),
    [
        ({ORDINARY, FILE, LEFTOVERS}, 227, True),
        ({FILE}, 227, True),
        ({LEFTOVERS}, 227, False),
        ({LEFTOVERS}, 100, True),
        (set(), 227, True),
    ],
)
def test_only_leftovers_alone_must_find_a_call_left_over(tiers: set[int], calls: int, claimed: bool) -> None:  # noqa: FBT001 - a table
    """They ride along for nothing; a call of their own is one that the day does not need."""
    ask = Ask(call_id="c", timeout_seconds=20, late=leftovers_only(tiers))

    assert isinstance(may_call(DAY, used(calls), EVENING, ask), Go) is claimed


def test_the_evening_begins_when_it_is_told_to() -> None:
    """By Tokyo's clock, every day anew."""
    assert open_tiers(EVENING - timedelta(seconds=1), 22) == (ORDINARY, FILE)
    assert open_tiers(EVENING + timedelta(hours=1, minutes=59), 22) == (ORDINARY, FILE, LEFTOVERS)
    assert open_tiers(EVENING + timedelta(hours=2), 22) == (ORDINARY, FILE)
    assert open_tiers(EVENING, 0) == (ORDINARY, FILE, LEFTOVERS)
    assert next_evening(EVENING - timedelta(hours=5), 22) == EVENING
    assert next_evening(EVENING + timedelta(minutes=5), 22) == EVENING + timedelta(minutes=5)


@pytest.mark.parametrize(("tier", "blocked"), [(0, True), (1, False), (2, False)])
def test_an_older_row_of_a_file_does_not_hold_up_a_stop(tier: int, blocked: bool) -> None:  # noqa: FBT001 - a table
    """What came by itself keeps its order; a row of a file is looked at when its own turn comes."""
    older = Pending(
        event_time=EVENING - timedelta(hours=1), delivery_id="01.1", key="register", effect=Effect.DATA, tier=tier
    )
    stop = Delivery(
        id="02.1",
        event_id="02",
        source="crm",
        route="r",
        destination="d",
        operation="stop",
        lane="day",
        key="stop",
        contact="c",
        effect=Effect.OPT_OUT,
        event_time=EVENING,
        arrived_at=EVENING,
        state=State.WAITING,
        payload={"mail": "a@example.co.jp"},
    )
    contact = Contact(id="c", lane="day", pending=(older,))
    plan = plan_contact([stop], contact, lambda _each: MergeRules(), now=EVENING, settle_seconds=0)

    assert bool(plan.blocked) is blocked


def row(number: int, tier: int, **more: Any) -> Delivery:
    return replace(
        Delivery(
            id=f"{number:02d}.1",
            event_id=f"{number:02d}",
            source="crm",
            route="r",
            destination="d",
            operation="register",
            lane="day",
            key="register",
            contact="c",
            effect=Effect.DATA,
            event_time=EVENING + timedelta(minutes=number),
            arrived_at=EVENING,
            state=State.WAITING,
            payload={"mail": "a@example.co.jp", "name": str(number)},
        ),
        tier=tier,
        **more,
    )


def planned(*found: Delivery, contact: Contact, merges: bool = True) -> Plan:
    rules = MergeRules(merges=merges)
    return coalesce(found, {"c": contact}, lambda _each: rules, now=EVENING, settle_seconds=0)


@pytest.mark.parametrize("tier", [FILE, LEFTOVERS])
def test_a_form_does_not_wait_with_the_row_of_its_own_contact(tier: int) -> None:
    """The row is behind another row; the form of the same person and group goes without it."""
    behind = Pending(event_time=EVENING, delivery_id="00.1", key="allow", effect=Effect.OPT_IN, tier=tier)
    plan = planned(row(1, tier), row(2, ORDINARY), contact=Contact(id="c", lane="day", pending=(behind,)))

    assert [line.deliveries for line in plan.lines] == [("02.1",)]
    assert plan.spoken_of == 1


def test_a_form_that_cannot_merge_goes_before_the_row() -> None:
    """Each needs a line of its own: the form takes the first, though the row is older."""
    plan = planned(row(1, FILE), row(2, ORDINARY), contact=Contact(id="c", lane="day"), merges=False)

    assert [line.deliveries for line in plan.lines] == [("02.1",)]


def test_a_form_and_the_row_of_its_contact_travel_as_one() -> None:
    """Where nothing is in the way they are one line, and the newer value counts."""
    plan = planned(row(1, FILE), row(2, ORDINARY), contact=Contact(id="c", lane="day"))

    assert [(line.deliveries, line.payload["name"]) for line in plan.lines] == [(("01.1", "02.1"), "2")]


def test_tiers_are_stored_and_keep_their_numbers() -> None:
    """The numbers stand in the index of rows that wait: an update of Ekiden must find them again."""
    assert (ORDINARY, FILE, LEFTOVERS) == (0, 1, 2)


def test_an_opt_out_in_a_file_never_takes_leftovers() -> None:
    """It goes with the other rows of files; everything else takes the tier that it was told to."""
    assert [tier_of(tier, urgent=True) for tier in (0, 1, 2)] == [0, 1, 1]
    assert [tier_of(tier, urgent=False) for tier in (0, 1, 2)] == [0, 1, 2]


def test_leftovers_begin_with_the_hour() -> None:
    """At 22:00:00 in Tokyo, not a moment before."""
    evening = datetime(2026, 11, 21, 13, tzinfo=UTC)

    assert open_tiers(evening, 22) == (0, 1, 2)
    assert open_tiers(evening - timedelta(microseconds=1), 22) == (0, 1)
