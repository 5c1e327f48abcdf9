"""
Table and bucket as AWS has them: every request takes time, may fail with or without effect, may be made twice.

The table's indexes lag behind it and hold keys only.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from chalicelib.adapters.memory import INDEX_ATTRIBUTES, MemoryBucket, MemoryTable
from chalicelib.errors import SecretUnavailable, StoreUnavailable
from chalicelib.ports import Check, Item, Key, Lost, Query, Update, Write, Written
from tests.simulation.scheduler import Killed, Scheduler
from tests.simulation.weather import Weather

Result = TypeVar("Result")
Watcher = Callable[[Key, Mapping[str, Any] | None, Mapping[str, Any] | None], None]

TIME_OUT_SECONDS = 2.0
SLOW_SECONDS = 4.0


class Way:
    """
    The way of every request to a store, there and back.
    """

    def __init__(self, scheduler: Scheduler, weather: Weather) -> None:
        self.scheduler = scheduler
        self.weather = weather
        self.mishap: Callable[[], None] = lambda: None
        self.wrote: Callable[[], None] = lambda: None

    def ask(self, place: str, what: str, act: Callable[[], Result], *, again: bool = False) -> Result:
        """
        Carry out `act`, with all that may befall it; `again`: the SDK's second try is a request of its own.
        """
        scheduler, weather = self.scheduler, self.weather
        if scheduler.current is None:
            return act()
        scheduler.pause(weather.wait())
        kind = weather.store(place, scheduler.seconds)
        if kind:
            scheduler.note(f"{place} {what}: {kind}")
            self._befalls(place, kind)
        answer = act()
        scheduler.note(f"{place} {what} -> {_told(answer)}")
        if kind == "dies_after":
            raise Killed
        if kind == "lost_answer":
            scheduler.pause(TIME_OUT_SECONDS)
            raise StoreUnavailable(f"{place}: no answer")
        if kind == "twice":
            scheduler.pause(TIME_OUT_SECONDS)
            answer = act() if again else answer
        scheduler.pause(weather.wait())
        return answer

    def _befalls(self, place: str, kind: str) -> None:
        if kind not in {"twice", "slow"}:
            self.mishap()
        if kind == "dies_before":
            raise Killed
        if kind == "refused":
            raise StoreUnavailable(f"{place}: refused", maybe_applied=False)
        if kind == "no_effect":
            self.scheduler.pause(TIME_OUT_SECONDS)
            raise StoreUnavailable(f"{place}: no answer")
        if kind == "slow":
            self.scheduler.pause(SLOW_SECONDS * self.weather.chance.random())


def _settles(write: Write) -> bool:
    """
    Whether a write says what became of a delivery or of a batch call.
    """
    return write.key.sk.startswith("DELIVERY#") or (isinstance(write, Update) and "call" in write.set)


def _told(answer: object) -> str:
    if isinstance(answer, Written | Lost):
        return type(answer).__name__
    return str(len(answer)) if isinstance(answer, list) else ""


class SimTable(MemoryTable):
    """
    The table, with indexes that lag behind it; watchers see every change of an item.
    """

    def __init__(self, way: Way, *, useless_lease: bool = False) -> None:
        super().__init__()
        self._way = way
        self._useless_lease = useless_lease
        self._lagging: list[tuple[float, int, str, Key, tuple[str, str] | None]] = []
        self._last_due: dict[tuple[str, Key], float] = {}
        self._listed: dict[tuple[str, Key], tuple[str, str]] = {}
        self._changes = 0
        self.watchers: list[Watcher] = []

    # ── requests ────────────────────────────────────────────────────────────────────────────────────────────────────

    def get(self, keys: Sequence[Key]) -> list[Item | None]:
        if len(keys) < 2:
            return self._way.ask("table", "get", lambda: self._read(keys))
        # A batch of reads is no snapshot: its halves are read at moments of their own.
        middle = self._way.weather.chance.randrange(len(keys) + 1)
        found = self._way.ask("table", "get", lambda: self._read(keys[:middle])) if middle else []
        return found + self._way.ask("table", "get", lambda: self._read(keys[middle:]))

    def write(self, *writes: Write) -> Written | Lost:
        single = len(writes) == 1 and not isinstance(writes[0], Check)
        what = "write " + " ".join(f"{type(each).__name__}:{each.key.sk}" for each in writes[:6])
        if self._useless_lease and writes[0].key.sk == "LEASE":
            # No safety may rest on the lease: here it keeps nobody out.
            writes = tuple(replace(each, when=None) for each in writes if isinstance(each, Update))
        result = self._way.ask("table", what, lambda: MemoryTable.write(self, *writes), again=single)
        if isinstance(result, Written) and any(_settles(each) for each in writes):
            self._way.wrote()
        return result

    def write_many(self, groups: Sequence[Sequence[Write]]) -> list[Written | Lost]:
        """
        Side by side: in any order, and the others go on where one fails.
        """
        order = list(range(len(groups)))
        self._way.weather.chance.shuffle(order)
        found: dict[int, Written | Lost] = {}
        failed: StoreUnavailable | None = None
        for place in order:
            try:
                found[place] = self.write(*groups[place])
            except StoreUnavailable as unavailable:
                failed = unavailable
        if failed is not None:
            raise failed
        return [found[place] for place in range(len(groups))]

    def query(self, query: Query) -> list[Item]:
        return self._way.ask("table", f"query {query.index}", lambda: self._find(query))

    def count(self, query: Query) -> int:
        return self._way.ask("table", f"count {query.index}", lambda: self._count(query))

    # ── what is there ───────────────────────────────────────────────────────────────────────────────────────────────

    def items(self) -> list[Item]:
        return list(self._items.values())

    def item(self, key: Key) -> Item:
        return self._items.get(key, {})

    def waiting(self) -> int:
        """
        How many deliveries the index would name if it were up to date.
        """
        return sum(1 for item in self._items.values() if "waiting_pk" in item and item["sk"] != "EVENT")

    def _read(self, keys: Sequence[Key]) -> list[Item | None]:
        return [dict(item) if (item := self._items.get(key)) is not None else None for key in keys]

    def _find(self, query: Query) -> list[Item]:
        self._catch_up()
        found = sorted(self._matching(query), reverse=query.newest_first)[: query.limit]
        if not query.index:
            return [dict(self._items[key]) for _, key in found]
        pk, sk = INDEX_ATTRIBUTES[query.index]
        return [{"pk": key.pk, "sk": key.sk, pk: query.pk, sk: value} for value, key in found]

    def _count(self, query: Query) -> int:
        self._catch_up()
        return sum(1 for _ in self._matching(query))

    # ── changes ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _store(self, key: Key, item: dict[str, Any] | None) -> None:
        before = self._items.get(key)
        if item is None:
            self._items.pop(key, None)
            self._partitions.get(("", key.pk), {}).pop(key, None)
        else:
            self._items[key] = item
            self._partitions.setdefault(("", key.pk), {})[key] = key.sk
        for index, (pk, sk) in INDEX_ATTRIBUTES.items():
            listed = (before[pk], before[sk]) if before and pk in before else None
            lists = (item[pk], item[sk]) if item and pk in item else None
            if lists != listed:
                self._later(index, key, lists)
        for watcher in self.watchers:
            watcher(key, before, item)

    def _later(self, index: str, key: Key, entry: tuple[str, str] | None) -> None:
        now = self._way.scheduler.seconds
        due = max(now + self._way.weather.index_lag(), self._last_due.get((index, key), 0.0))
        self._last_due[index, key] = due
        self._changes += 1
        heapq.heappush(self._lagging, (due, self._changes, index, key, entry))

    def _catch_up(self) -> None:
        now = self._way.scheduler.seconds
        while self._lagging and self._lagging[0][0] <= now:
            _, _, index, key, entry = heapq.heappop(self._lagging)
            old = self._listed.pop((index, key), None)
            if old:
                self._partitions[index, old[0]].pop(key, None)
            if entry:
                self._listed[index, key] = entry
                self._partitions.setdefault((index, entry[0]), {})[key] = entry[1]


class SimBucket(MemoryBucket):
    """
    The bucket.
    """

    def __init__(self, way: Way) -> None:
        super().__init__()
        self._way = way

    def put(self, name: str, data: bytes) -> None:
        self._way.ask("bucket", "put", lambda: MemoryBucket.put(self, name, data))

    def get(self, name: str) -> bytes | None:
        return self._way.ask("bucket", "get", lambda: MemoryBucket.get(self, name))


class SimSecrets:
    """
    Secrets from a dict; in bad weather they cannot be read.
    """

    def __init__(self, way: Way, values: Mapping[str, str]) -> None:
        self._way = way
        self._values = dict(values)

    def get(self, reference: str) -> str:
        if self._way.weather.spell(f"secret {reference}", self._way.scheduler.seconds):
            raise SecretUnavailable(reference)
        return self._values[reference]

    def refresh(self) -> None:
        """
        There is no cache.
        """


class SimClock:
    """
    The relay's clock.
    """

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler

    def now(self) -> Any:
        return self._scheduler.now()

    def sleep(self, seconds: float) -> None:
        self._scheduler.pause(max(0.0, seconds))
