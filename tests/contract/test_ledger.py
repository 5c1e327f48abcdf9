"""
The ledger on either table: what the vendor's limit is worth when many workers reach for it at once.
"""

from __future__ import annotations

import concurrent.futures
import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chalicelib.adapters.aws import Clients
from chalicelib.model import Breaker, Lane, LaneTurn, Limit, Rate
from chalicelib.ops.stack import CREDENTIALS, LocalStack
from chalicelib.planning.ledger import Ask, Go, may_call
from chalicelib.ports import Lost, Table, Written
from chalicelib.records import lanes
from chalicelib.records.layout import lane_key
from tests.contract.conftest import create_table

TEN = datetime(2026, 11, 21, 1, tzinfo=UTC)
DAY = Lane(name="day", vendor="v", batching=True, limits=(Limit(calls=5, per="day", reserve=1),))
BOTH = replace(DAY, limits=(Limit(calls=100, per="day"), Limit(calls=3, per="slot", slot_seconds=12)))
BUCKET = Lane(name="day", vendor="v", batching=False, rate=Rate(interval_ms=1_000, burst=5))


def reserve(table: Table, lane: Lane, call_id: str, now: datetime = TEN, *, urgent: bool = False) -> bool:
    """Ask as a worker does: look, plan, claim."""
    state = lanes.state_from(lane.name, table.get([lane_key(lane.name)]))
    verdict = may_call(
        replace(lane, batching=False), state, now, Ask(call_id=call_id, timeout_seconds=20, urgent=urgent)
    )
    if not isinstance(verdict, Go):
        return False
    return not isinstance(table.write(lanes.reserve(lane.name, verdict.reservation)), Lost)


def used(table: Table, lane: Lane) -> dict[str, int]:
    return dict(lanes.state_from(lane.name, table.get([lane_key(lane.name)])).used)


def test_a_day_holds_its_calls_and_the_reserve_is_for_urgent_ones(table: Table) -> None:
    """Four ordinary calls of five, then one urgent one, then none until tomorrow."""
    assert [reserve(table, DAY, f"c{n}") for n in range(6)] == [True] * 4 + [False] * 2
    assert [reserve(table, DAY, f"u{n}", urgent=True) for n in range(2)] == [True, False]
    assert used(table, DAY) == {"day#2026-11-21": 5}
    assert reserve(table, DAY, "tomorrow", TEN + timedelta(days=1))


def test_a_refusal_consumes_nothing_in_any_window(table: Table) -> None:
    """When the slot is full, the day is not counted either: all windows or none."""
    for number in range(5):
        reserve(table, BOTH, f"c{number}")

    assert sorted(used(table, BOTH).values()) == [3, 3]


def test_a_stale_snapshot_cannot_overdraw(table: Table) -> None:
    """Ten workers that all saw an empty ledger still get no more than there is: the write decides."""
    state = lanes.state_from("day", [None])
    plans = [
        may_call(replace(DAY, batching=False), state, TEN, Ask(call_id=f"c{n}", timeout_seconds=20)) for n in range(10)
    ]
    results = [table.write(lanes.reserve("day", each.reservation)) for each in plans if isinstance(each, Go)]

    assert results.count(Written()) == 4
    assert used(table, DAY) == {"day#2026-11-21": 4}


def test_a_repeated_write_is_not_counted_twice(table: Table) -> None:
    """The SDK repeats a write whose answer was lost: the second one is refused, and finds its own id."""
    verdict = may_call(
        replace(DAY, batching=False), lanes.state_from("day", [None]), TEN, Ask(call_id="c", timeout_seconds=20)
    )
    assert isinstance(verdict, Go)
    write = lanes.reserve("day", verdict.reservation)
    table.write(write)

    again = table.write(write)

    assert isinstance(again, Lost)
    assert again.found[0] is not None
    assert "c" in again.found[0]["open"]
    assert used(table, DAY) == {"day#2026-11-21": 1}


def test_a_call_is_given_back_once(table: Table) -> None:
    """A refund closes its call, so that the same refund written twice gives back one call only."""
    reserve(table, DAY, "a")
    reserve(table, DAY, "b")
    refund = lanes.settle(
        "day",
        "a",
        ["day#2026-11-21"],
        LaneTurn(breaker=Breaker(), refund=True),
        seen=Breaker(),
        now=TEN,
    )

    assert isinstance(table.write(refund), Written)
    assert isinstance(table.write(refund), Lost)
    assert used(table, DAY) == {"day#2026-11-21": 1}


def test_a_bucket_gives_its_burst_and_then_its_rate(table: Table) -> None:
    """Five at once, the sixth a second later, and after a rest five again."""
    assert [reserve(table, BUCKET, f"c{n}") for n in range(6)] == [True] * 5 + [False]
    assert [reserve(table, BUCKET, f"d{n}", TEN + timedelta(seconds=1)) for n in range(2)] == [True, False]
    assert [reserve(table, BUCKET, f"e{n}", TEN + timedelta(minutes=1)) for n in range(6)] == [True] * 5 + [False]


def test_a_paused_lane_refuses_a_worker_that_did_not_know(table: Table) -> None:
    """An operator's pause between a worker's look and its write stops the call."""
    verdict = may_call(
        replace(DAY, batching=False), lanes.state_from("day", [None]), TEN, Ask(call_id="c", timeout_seconds=20)
    )
    assert isinstance(verdict, Go)
    table.write(lanes.pause("day", "by hand", TEN))

    assert isinstance(table.write(lanes.reserve("day", verdict.reservation)), Lost)


def test_one_worker_makes_the_probe(table: Table) -> None:
    """Of two workers that see a closed lane's time come, one probes."""
    reserve(table, DAY, "c0")
    closed = LaneTurn(breaker=Breaker(kind="quota", reason="429", until=TEN, since=TEN, probes=1))
    table.write(lanes.settle("day", "c0", [], closed, seen=Breaker(), now=TEN))
    state = lanes.state_from("day", table.get([lane_key("day")]))
    asks = [Ask(call_id=name, timeout_seconds=20) for name in ("p1", "p2")]
    plans = [may_call(replace(DAY, batching=False), state, TEN + timedelta(seconds=1), ask) for ask in asks]

    results = [table.write(lanes.reserve("day", each.reservation)) for each in plans if isinstance(each, Go)]

    assert [isinstance(result, Written) for result in results] == [True, False]


def test_past_slots_are_cleared_away(table: Table) -> None:
    """The ledger's item does not grow with time."""
    for hour in range(30):
        reserve(table, BOTH, f"c{hour}", TEN + timedelta(hours=hour))

    assert len(used(table, BOTH)) <= 5


WORKER = """
import json, sys
from chalicelib.adapters.aws import Clients
from chalicelib.adapters.dynamo import DynamoTable
from tests.contract.test_ledger import fight
print(json.dumps(fight(DynamoTable(Clients(read_seconds=10), sys.argv[1]), sys.argv[2], sys.argv[3])))
"""
THREADS, TRIES, LIMIT = 16, 20, 150
FIGHTS = {
    "one window": replace(DAY, name="fight", limits=(Limit(calls=LIMIT, per="day"),)),
    "several windows": replace(
        DAY,
        name="fight",
        limits=(Limit(calls=1_000, per="day"), Limit(calls=LIMIT, per="slot", slot_seconds=86_400)),
    ),
}


def fight(table: Table, which: str, who: str) -> int:
    """Sixteen threads reach for calls; how many they got."""
    lane = FIGHTS[which]
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        got = pool.map(lambda n: sum(reserve(table, lane, f"{who}-{n}-{k}") for k in range(TRIES)), range(THREADS))
        return sum(got)


@pytest.mark.stack
@pytest.mark.parametrize("which", sorted(FIGHTS))
def test_many_processes_get_exactly_the_limit(clients: Clients, stack: LocalStack, which: str) -> None:
    """Four processes of sixteen threads ask 1,280 times for 150 calls and get 150, never one more, never one less."""
    name = create_table(clients)
    environment = {**CREDENTIALS, "AWS_ENDPOINT_URL": stack.endpoint, "PYTHONPATH": ".", "PATH": "/usr/bin:/bin"}
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, name, which, f"w{number}"],
            env=environment,
            cwd=Path(__file__).resolve().parents[2],
            stdout=subprocess.PIPE,
        )
        for number in range(4)
    ]
    got = [json.loads(worker.communicate(timeout=120)[0]) for worker in workers]

    assert sum(got) == LIMIT
