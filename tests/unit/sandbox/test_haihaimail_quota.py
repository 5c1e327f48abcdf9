"""
The vendor's book of calls: 240 a day in Tokyo, or 86,400.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.sandbox.clock import HandClock
from tests.sandbox.faults import Fault
from tests.sandbox.haihaimail import HaihaiSandbox
from tests.sandbox.haihaimail_switches import HaihaiSwitches
from tests.unit.sandbox.vendors import ask, haihai, import_request, people

GOOD = import_request(people("a@example.co.jp"))
BAD = import_request(people("a@example.co.jp"), import_type=4)


def _statuses(sandbox: HaihaiSandbox, *requests: Any) -> list[int]:
    return [ask(sandbox, request)[0] for request in requests]


def test_the_241st_call_of_a_day_is_a_429(clock: HandClock) -> None:
    """
    240 calls pass, the next is refused and not applied.
    """
    sandbox = haihai(clock)
    assert _statuses(sandbox, *[GOOD] * 241) == [200] * 240 + [429]
    assert len(sandbox.results()) == 240
    assert sandbox.calls_today == 240
    assert sandbox.calls_by_day == {"2026-11-21": 240}
    assert sandbox.refused_by_day == {"2026-11-21": 1}


@pytest.mark.parametrize(("reading", "http"), [("http_429", 429), ("body_429", 400)])
def test_where_the_429_stands(clock: HandClock, reading: str, http: int) -> None:
    """
    The manual names error code 429; whether it is the HTTP status is not said.
    """
    sandbox = haihai(clock, switches=HaihaiSwitches(over_quota=reading))
    sandbox.spend(240)
    status, body = ask(sandbox, GOOD)
    assert (status, body["code"], body["errors"]["code"]) == (http, 429, 429)


def test_the_count_starts_anew_at_midnight_in_tokyo() -> None:
    """
    At 23:59:59 the day is still full, at 00:00:00 a new one begins.
    """
    clock = HandClock(datetime(2026, 11, 21, 14, 59, 58, tzinfo=UTC))
    sandbox = haihai(clock)
    sandbox.spend(239)
    assert _statuses(sandbox, GOOD) == [200]
    clock.advance(1)
    assert _statuses(sandbox, GOOD) == [429]
    clock.advance(1)
    assert _statuses(sandbox, GOOD) == [200]
    assert sandbox.calls_by_day == {"2026-11-21": 240, "2026-11-22": 1}
    assert sandbox.calls_today == 1


def test_the_dedicated_plan_has_86400_calls(clock: HandClock) -> None:
    """
    One call a second, all day.
    """
    sandbox = haihai(clock, plan="dedicated")
    sandbox.spend(86_399)
    assert _statuses(sandbox, GOOD, GOOD) == [200, 429]


@pytest.mark.parametrize(("reading", "used"), [("accepted", 1), ("all", 2)])
def test_whether_refused_calls_count(clock: HandClock, reading: str, used: int) -> None:
    """
    "エラーを除く" against "API接続ごとに1回": a 400 counts or not; whoever fails to sign in never does.
    """
    sandbox = haihai(clock, switches=HaihaiSwitches(quota_counts=reading))
    unsigned = import_request(people("a@example.co.jp"), token="x")
    assert _statuses(sandbox, GOOD, BAD, unsigned) == [200, 400, 401]
    assert sandbox.calls_today == used


def test_a_full_day_answers_429_before_it_looks_inside(clock: HandClock) -> None:
    """
    Beyond the limit even a faulty call is a 429.
    """
    sandbox = haihai(clock)
    sandbox.spend(240)
    assert _statuses(sandbox, BAD) == [429]


def test_another_program_of_the_account_spends_calls(clock: HandClock) -> None:
    """
    What others spend is gone; beyond the limit they are refused as well, and the book never shows more than it allows.
    """
    sandbox = haihai(clock)
    assert _statuses(sandbox, GOOD) == [200]
    sandbox.spend(300)
    assert sandbox.calls_today == 240
    assert sandbox.refused_by_day == {"2026-11-21": 61}


@pytest.mark.parametrize(("reading", "used"), [("accepted", 0), ("all", 3)])
def test_what_a_spoilt_call_costs(clock: HandClock, reading: str, used: int) -> None:
    """
    A connection that got a 500 or a maintenance page counts where all connections do; one that was lost never arrived.
    """
    sandbox = haihai(clock, switches=HaihaiSwitches(quota_counts=reading))
    kinds = ("status", "html_200", "maintenance_200", "lose_before", "refused", "early_429")
    sandbox.faults.add(*map(Fault, kinds))
    for _ in kinds:
        sandbox.handle(GOOD)
    assert sandbox.calls_today == used
    assert sandbox.refused_by_day == {"2026-11-21": 1}


def test_a_lost_answer_has_been_counted(clock: HandClock) -> None:
    """
    The vendor took the file, so the call is spent although the sender heard nothing.
    """
    sandbox = haihai(clock)
    sandbox.faults.add(Fault("lose_after"))
    sandbox.handle(GOOD)
    assert sandbox.calls_today == len(sandbox.results()) == 1
