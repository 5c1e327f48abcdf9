"""
What an operator's looks read of a table with 100,000 deliveries, in DynamoDB's read units.

An eventually consistent read of an index costs half a unit for each 4 KB of a query, a consistent read of an item one
for each 4 KB of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from math import ceil

from bench.figures import Figure
from chalicelib.adapters.memory import MemoryTable
from chalicelib.model import Delivery, Effect, Event, State
from chalicelib.ports import Item, Key, Put, Query
from chalicelib.records import deliveries, events
from chalicelib.records.events import Acceptance
from chalicelib.relay.daily import Daily
from chalicelib.relay.replaying import Filter
from chalicelib.relay.searching import Wanted
from tests.scenarios.world import TEN, World

SUBMISSIONS = 100_000
SECONDS_APART = 86_400 / SUBMISSIONS
UNIT_BYTES = 4_096
INDEX_KEY_BYTES = 180
DEAD_EVERY = 50


class MeteredTable(MemoryTable):
    """
    A table that knows what its reads would cost.
    """

    units = 0.0

    def get(self, keys: Sequence[Key]) -> list[Item | None]:
        """Items, each read whole."""
        found = super().get(keys)
        self.units += sum(ceil(_bytes(item) / UNIT_BYTES) if item else 1 for item in found)
        return found

    def query(self, query: Query) -> list[Item]:
        """A page of a partition."""
        found = super().query(query)
        size = INDEX_KEY_BYTES * len(found) if query.index else sum(map(_bytes, found))
        self.units += max(1, ceil(size / UNIT_BYTES)) * (0.5 if query.index else 1.0)
        return found

    def count(self, query: Query) -> int:
        """A number, for which every key is read."""
        number = super().count(query)
        self.units += max(1, ceil(INDEX_KEY_BYTES * number / UNIT_BYTES)) * 0.5
        return number


def figures() -> list[Figure]:
    """One figure for each look, on a day on which 100,000 submissions came evenly."""
    world = World()
    table = MeteredTable()
    world.table = table
    world.relay = world._relay()  # noqa: SLF001 - the bench rewires it
    for number in range(SUBMISSIONS):
        table.write_many([[Put(item=item)] for item in _submission(world, number)])
    world.clock.move_to(TEN + timedelta(days=1, hours=-10, minutes=-1))
    Daily(world.relay._deps).close_hours()  # noqa: SLF001 - as the minute's worker does
    closing, table.units = table.units, 0.0
    operator, replayer = world.relay.operator, world.relay.replayer()
    looks: dict[str, tuple[Callable[[], object], float]] = {
        "a person by address": (lambda: operator.search(Wanted(address="u77@example.co.jp")), 20),
        "the newest 25 submissions": (lambda: operator.search(Wanted()), 200),
        "25 of one source in one hour": (lambda: operator.search(Wanted(source="contact", since=TEN)), 200),
        "the newest 25 dead": (lambda: operator.search(Wanted(state=State.DEAD)), 300),
        "a state that nothing has, one page": (lambda: operator.search(Wanted(state=State.SKIPPED)), 1_500),
        "the forecast of all lanes": (operator.forecast, 50),
        "the picture of the day": (operator.day, 300),
        "the price of replaying 1,000 dead": (lambda: replayer.plan(Filter(source="contact")), 10_000),
    }
    found = [Figure(what="the minute's worker counts a whole day", value=closing, unit="RCU", digits=0)]
    for what, (look, bound) in looks.items():
        table.units = 0.0
        look()
        found.append(Figure(what=what, value=table.units, unit="RCU", target=bound, digits=1))
    return found


def _submission(world: World, number: int) -> list[Item]:
    at = TEN - timedelta(hours=10) + timedelta(seconds=number * SECONDS_APART)
    event_id = world.chance.id(at)
    address = f"u{number}@example.co.jp"
    key = world.secrets.values["env:EKIDEN_SECRET"].encode()
    who = world.relay._deps.contact(address, key)  # noqa: SLF001 - as the door does
    event = Event(
        source="contact",
        kind="upsert",
        time=at,
        fields={"email": address, "sei": "山田", "mei": "太郎", "message": "お問い合わせです。" * 20},
        dedupe=str(number),
        dedupe_seconds=600,
    )
    dead = number % DEAD_EVERY == 0
    delivery = Delivery(
        id=f"{event_id}.1",
        event_id=event_id,
        source="contact",
        route=world.config.routes[0].name,
        destination="satori",
        operation="upsert",
        lane="satori-satori",
        key="-",
        contact=who,
        effect=Effect.DATA,
        payload={"email": address, "last_name": "山田", "first_name": "太郎"},
        event_time=at,
        arrived_at=at,
        state=State.DEAD if dead else State.DELIVERED,
        reason="last_name: is too long" if dead else "",
        settled_at=at,
    )
    acceptance = Acceptance(event_id=event_id, event=event, arrived_at=at, deliveries=(delivery,), who=who)
    return [events.event_item(acceptance, world.config.retention), deliveries.to_item(delivery)]


def _bytes(item: Item) -> int:
    return len(json.dumps(item, default=sorted, ensure_ascii=False).encode())
