"""
The console over 100,000 deliveries: CPU of each page, and the read units that DynamoDB would charge for it.

The table is the memory twin with sorted partitions, as DynamoDB keeps them; what boto3 needs for its requests is not in
the CPU. Read units follow DynamoDB's rule: 4 KB read consistently are one, from an index half of one.
"""

from __future__ import annotations

import json
import statistics
import time
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from datetime import timedelta
from math import ceil
from typing import Any

from bench.figures import Figure
from chalicelib.adapters.memory import MemoryTable
from chalicelib.ports import Item, Key, Query
from chalicelib.records import deliveries
from chalicelib.records.layout import came_partition, came_shard, stamp
from tests.scenarios.world import TEN, World
from tests.unit.console.window import Window, world_with_console

DELIVERIES = 100_000
DEAD, HELD, WAITING = 1_000, 500, 2_000
ROUNDS = 5
CPU_MS_MAX = 100
UNIT_BYTES = 4_096
INDEX_BYTES = 250
"""
An index holds the keys alone: two of the table and two of its own.
"""

INDEX_KEYS = {"": ("pk", "sk"), "waiting": ("waiting_pk", "waiting_sk"), "attention": ("attention_pk", "attention_sk")}


class MeteredTable(MemoryTable):
    """
    The memory twin, with every partition kept in order, and a count of what is read. A scan is a mistake.
    """

    def __init__(self) -> None:
        super().__init__()
        self.units = 0.0
        self.requests = 0
        self._sorted: dict[tuple[str, str], list[tuple[str, Key]]] = {}

    def get(self, keys: Sequence[Key]) -> list[Item | None]:
        """Read and count."""
        found = super().get(keys)
        self.requests += ceil(len(keys) / 100)
        self.units += sum(ceil(max(1, size(item)) / UNIT_BYTES) for item in found)
        return found

    def query(self, query: Query) -> list[Item]:
        """Read and count."""
        found = super().query(query)
        self._charge(query, sum(size(item) for item in found) if not query.index else INDEX_BYTES * len(found))
        return found

    def count(self, query: Query) -> int:
        """Count, and count what was read for it."""
        found = super().count(query)
        self._charge(query, INDEX_BYTES * found)
        return found

    def scan(self) -> Iterator[Item]:
        """Refuse."""
        raise AssertionError("a request reads the whole table")

    def _charge(self, query: Query, read: int) -> None:
        self.requests += 1 + read // 1_000_000
        self.units += max(1, ceil(read / UNIT_BYTES)) * (0.5 if query.index else 1.0)

    def _matching(self, query: Query) -> Iterator[tuple[str, Key]]:
        place = (query.index, query.pk)
        kept = self._partitions.get(place, {})
        line = self._sorted.get(place)
        if line is None or len(line) != len(kept):
            line = self._sorted[place] = sorted((sk, key) for key, sk in kept.items())
        low = bisect_left(line, query.first or query.prefix, key=lambda each: each[0])
        high = bisect_right(line, query.last, key=lambda each: each[0]) if query.last else len(line)
        part = line[low:high]
        if query.prefix:
            part = [each for each in part if each[0].startswith(query.prefix)]
        # What lies beyond the limit is not read: the base class would only cut it off.
        few = part[-query.limit :] if query.newest_first else part[: query.limit]
        yield from few if self._listing else part

    _listing = False

    def fill(self, items: Sequence[dict[str, Any]]) -> None:
        """
        Put items in without asking, for a table that is large from the start.
        """
        for item in items:
            self._store(Key(item["pk"], item["sk"]), item)


def size(item: Item | None) -> int:
    """About what an item takes in the table."""
    return len(json.dumps(item, default=sorted, ensure_ascii=False).encode()) if item else 0


class ListingTable(MeteredTable):
    """
    Queries read as many items as they are asked for; counts read all.
    """

    def query(self, query: Query) -> list[Item]:
        """Read no more than the limit."""
        self._listing = True
        try:
            return super().query(query)
        finally:
            self._listing = False


def crowded() -> tuple[World, Window]:
    """
    A relay whose table holds 100,000 deliveries of ten days, and an operator who is signed in.
    """
    world = world_with_console()
    world.submit("contact", {"email": "taro@example.co.jp", "sei": "山田", "mei": "太郎"})
    world.submit("newsletter", {"email": "hana@example.co.jp", "name": "佐藤 花子"})
    kinds = [_pair(world, "contact"), _pair(world, "newsletter")]
    table = ListingTable()
    table.fill(world.table.items())  # type: ignore[arg-type]
    for number in range(DELIVERIES):
        table.fill(_clone(*kinds[number % 2], number))
    world.table = table
    world.relay = world._relay()  # noqa: SLF001 - the same world, with a larger table
    world.relay.tick()  # keeps the numbers of hours that are over, as any minute does
    window = Window(world)
    window.sign_in()
    return world, window


def _pair(world: World, source: str) -> tuple[dict[str, Any], dict[str, Any]]:
    items = [dict(item) for item in world.table.items() if item["pk"].startswith("EVENT#")]
    (event,) = (item for item in items if item["sk"] == "EVENT" and item["source"] == source)
    return event, next(item for item in items if item["pk"] == event["pk"] and item["sk"] != "EVENT")


def _clone(event: dict[str, Any], delivery: dict[str, Any], number: int) -> list[dict[str, Any]]:
    """
    One more submission like this one, minutes or days earlier, in the state that its number says.
    """
    at = stamp(TEN - timedelta(seconds=8 * number))
    name = f"01M{number:023d}"
    new_event = event | {"pk": f"EVENT#{name}", "id": name, "arrived_at": at, "time": at}
    new_event |= {"attention_pk": came_partition(event["source"], came_shard(name)), "attention_sk": f"{at}#{name}"}
    if "waiting_pk" in event:
        new_event |= {"waiting_pk": f"who#{number}", "waiting_sk": f"{at}#{name}"}
    state = (
        "dead" if number < DEAD else "held" if number < DEAD + HELD else
        "waiting" if number < DEAD + HELD + WAITING else "delivered"
    )  # fmt: skip
    made = delivery | {"pk": f"EVENT#{name}", "id": f"{name}.1", "event_id": name, "arrived_at": at, "state": state}
    made = {key: value for key, value in made.items() if not key.startswith(("waiting_", "attention_"))}
    made |= {"settled_at": at} if state in {"dead", "held", "delivered"} else {}
    return [new_event, made | deliveries.index_attributes(deliveries.from_item(made))]


def figures() -> list[Figure]:
    """
    Each page: CPU in the middle of some rounds, and read units.
    """
    world, window = crowded()
    table: Any = world.table
    letter = f"01M{0:023d}"
    search = window.get("/search").form("/search")
    pages = {
        "lanes": window.get,
        "a day": lambda: window.get("/days"),
        "dead letters": lambda: window.get("/dead"),
        "held": lambda: window.get("/held"),
        "one delivery": lambda: window.get(f"/deliveries/{letter}.1"),
        "one submission": lambda: window.get(f"/submissions/{letter}"),
        "the newest submissions": lambda: window.get("/search"),
        "an address": lambda: window.send(search, ("who", "taro@example.co.jp")),
        "a source and a state": lambda: window.send(search, ("source", "contact"), ("state", "delivered")),
        "a state that is rare": lambda: window.send(search, ("state", "waiting"), ("source", "contact")),
        "the record": lambda: window.get("/record"),
    }
    found = []
    for name, look in pages.items():
        assert look().status == 200, name
        times = []
        for _ in range(ROUNDS):
            units, requests, start = table.units, table.requests, time.process_time()
            look()
            times.append((time.process_time() - start) * 1_000)
        told = f"{name}: CPU, {table.units - units:,.1f} read units in {table.requests - requests} requests"
        found.append(Figure(what=told, value=statistics.median(times), unit="ms", target=CPU_MS_MAX, digits=1))
    return found
