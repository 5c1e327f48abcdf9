"""
Random hours of a relay: senders that resend and reorder, vendors that fail, workers that die; and what must hold.

A seed decides everything, so a failing one can be played again: pytest -k "seed-17".
"""

from __future__ import annotations

import json
import os
import random
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from chalicelib.adapters.memory import MemoryQueue
from chalicelib.model import FINAL_STATES, State
from tests.sandbox.faults import Fault
from tests.scenarios.world import CONFIG, JST_TEN, World

SEEDS = range(
    int(os.environ.get("SEED_FROM", "0")), int(os.environ.get("SEED_FROM", "0")) + int(os.environ.get("SEEDS", "25"))
)
LANE = "haihaimail-api-sample-import"
KINDS = (
    "lose_before",
    "lose_after",
    "timeout_after",
    "status",
    "status_after",
    "html_200",
    "garbage",
    "truncated",
    "early_429",
)
TO_SATORI = (
    CONFIG
    + """
[[routes]]
from = "crm"
to = "satori"
operation = "upsert"
[routes.fields]
email = "email"
last_name = "name"
collection_route = { const = "CRM" }
"""
)


class Killed(BaseException):
    """A worker is no more."""


class Dangerous:
    """A port at which workers may die, before or after a request took effect."""

    def __init__(self, port: Any, chance: random.Random, odds: list[float]) -> None:
        self._port, self._chance, self._odds = port, chance, odds

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if not callable(found) or name == "items":
            return found

        def call(*args: Any, **kwargs: Any) -> Any:
            dies = self._chance.random() < self._odds[0]
            if dies and self._chance.random() < 0.5:
                raise Killed
            answer = found(*args, **kwargs)
            if dies:
                raise Killed
            return answer

        return call

    def __len__(self) -> int:
        return len(self._port)


class Day:
    """A few random hours, and the senders' own books of them."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - repeatability is the point
        self.odds = [self.chance.choice([0.0, 0.001, 0.01])]
        self.world = World(TO_SATORI, seed=seed, now=JST_TEN)
        for name in ("table", "bucket", "bell", "transport"):
            setattr(self.world, name, Dangerous(getattr(self.world, name), self.chance, self.odds))
        queues: dict[str, MemoryQueue] = self.world.backlogs
        self.world.backlogs = {name: Dangerous(queue, self.chance, self.odds) for name, queue in queues.items()}
        self.world.relay = self.world._relay()
        self.sent: list[dict[str, str]] = []
        self.said: dict[str, list[dict[str, str]]] = defaultdict(list)

    def live(self, minutes: int) -> None:
        for _ in range(minutes):
            for _ in range(self.chance.choice([0, 0, 1, 2, 5])):
                self._send()
            self._break()
            self._lose_messages()
            self._minute()

    def recover(self, minutes: int) -> None:
        self.odds[0] = 0.0
        self.world.satori.faults.clear()
        self.world.haihai.faults.clear()
        operator = self.world.relay.operator
        for minute in range(minutes):
            self._minute()
            if minute % 30 == 0:
                for lane, key, _ in operator.held_keys():
                    operator.release_key(lane, key.name)
                for held in operator.listed(State.HELD):
                    operator.release(held.id)

    def _send(self) -> None:
        if self.sent and self.chance.random() < 0.2:
            record = self.chance.choice(self.sent)
        else:
            at = self.world.clock.now() - timedelta(
                minutes=self.chance.choice([0, 0, 1, 30, 90]), seconds=len(self.sent)
            )
            record = {
                "id": f"e{len(self.sent)}",
                "type": "stopped" if self.chance.random() < 0.1 else "changed",
                "updated_at": at.isoformat(),
                "email": f"u{self.chance.randrange(12)}@example.co.jp",
                "name": f"名{len(self.sent)}",
            }
            self.sent.append(record)
        for _ in range(5):
            answer = self._alive(lambda: self.world.webhook(json.dumps({"events": [record]}).encode()))
            if answer is not None and answer.status == 200:
                break
        else:
            raise AssertionError("no answer in five tries")
        if record not in self.said[record["email"]]:
            self.said[record["email"]].append(record)

    def _break(self) -> None:
        if self.chance.random() < 0.05:
            sandbox = self.chance.choice([self.world.satori, self.world.haihai])
            kind = self.chance.choice(KINDS)
            status = self.chance.choice([500, 502, 503, 429])
            sandbox.faults.add(Fault(kind, times=self.chance.randrange(1, 6), seconds=200, status=status))

    def _lose_messages(self) -> None:
        if self.chance.random() < 0.05:
            for queue in (*self.world.backlogs.values(), self.world.bell):
                queue._port._messages.clear()

    def _minute(self) -> None:
        minute = self.world.clock.now() + timedelta(minutes=1)
        self._alive(self.world.relay.tick)
        for _ in range(50):
            message = self._alive(lambda: self.world.bell.receive(1))
            if not message:
                break
            deadline = self.world.clock.now() + timedelta(seconds=120)
            self._alive(partial(self.world.relay.ring, message[0].body, deadline=deadline))
            self._alive(partial(self.world.bell.delete, message[0]))
        self.world.clock.move_to(max(minute, self.world.clock.now()))

    def _alive(self, work: Callable[[], Any]) -> Any:
        try:
            return work()
        except Killed:
            self.world.relay = self.world._relay()
            return None


def newest(records: list[dict[str, str]], kind: str) -> dict[str, str] | None:
    found = [each for each in records if each["type"] == kind]
    return max(found, key=lambda each: datetime.fromisoformat(each["updated_at"]), default=None)


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: f"seed-{seed}")
def test_a_random_day_loses_nothing(seed: int) -> None:
    """What was answered is delivered or superseded, vendors hold the newest values, and no call is too many."""
    day = Day(seed)
    day.live(90)
    day.recover(180)
    world = day.world

    left = {
        each.id: (each.lane, each.state, each.reason) for each in world.deliveries() if each.state not in FINAL_STATES
    }
    assert left == {}
    assert {str(each.state) for each in world.deliveries()} <= {"delivered", "superseded"}
    accepted = {each["id"] for records in day.said.values() for each in records}
    assert len({item["event_id"] for item in world.table.items() if item["sk"] == "DEDUPE"}) == len(accepted)
    assert max(world.haihai.calls_by_day.values(), default=0) <= 240
    assert world.lane(LANE).get("w:day#2026-11-21", 0) >= world.haihai.calls_today
    assert all(
        not item.get("pending") and "lease" not in item for item in world.table.items() if item["sk"] == "CONTACT"
    )
    assert all(not item.get("open") and "call" not in item for item in world.table.items() if item["sk"] == "LANE")
    assert "example.co.jp" not in repr(world.journal.lines)
    for email, records in day.said.items():
        changed, stopped = newest(records, "changed"), newest(records, "stopped")
        customer = world.haihai.customer(email)
        assert customer is not None
        if stopped:
            assert customer.states["gid", "12"] == "配信停止", email
        if changed and (not stopped or changed["updated_at"] > stopped["updated_at"]):
            assert customer.values["お名前"] == changed["name"], email
        if changed:
            lead = world.satori.customer(email)
            assert lead is not None
            assert lead.values["last_name"] == changed["name"], email
