"""
Memory twins of the store ports, for tests, the simulation and the bench.

They keep the promises of the real ones (all or none, conditions, consistent reads) and their refusals (no floats, no
item over 400 KB, at most 100 writes, no two writes on one item), so that what passes here passes there.
"""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from chalicelib.adapters.memory_bucket import MemoryBucket
from chalicelib.adapters.memory_conditions import holds
from chalicelib.ports import Check, Delete, Item, Key, Lost, Message, Put, Query, Update, Write, Written

__all__ = ["MemoryBucket", "MemoryQueue", "MemoryTable", "holds"]

ITEM_BYTES_MAX = 400_000
WRITES_MAX = 100
INDEX_ATTRIBUTES = {"waiting": ("waiting_pk", "waiting_sk"), "attention": ("attention_pk", "attention_sk")}


class MemoryTable:
    """
    The table port over a dict, with its two indexes.
    """

    def __init__(self) -> None:
        self._items: dict[Key, dict[str, Any]] = {}
        self._partitions: dict[tuple[str, str], dict[Key, str]] = {}
        self._lock = threading.RLock()

    def get(self, keys: Sequence[Key]) -> list[Item | None]:
        """
        Items by key, in the order asked.
        """
        with self._lock:
            return [copy.deepcopy(self._items.get(key)) for key in keys]

    def write(self, *writes: Write) -> Written | Lost:
        """
        All writes or none.
        """
        _check_writes(writes)
        with self._lock:
            found = {
                position: copy.deepcopy(self._items.get(write.key))
                for position, write in enumerate(writes)
                if write.when is not None and not holds(write.when, self._items.get(write.key))
            }
            if found:
                return Lost(found)
            changed = {write.key: self._after(write) for write in writes if not isinstance(write, Check)}
            for item in changed.values():
                _check_item(item)
            for key, item in changed.items():
                self._store(key, item)
            return Written()

    def write_many(self, groups: Sequence[Sequence[Write]]) -> list[Written | Lost]:
        """
        Each group by itself, one after the other.
        """
        return [self.write(*group) for group in groups]

    def query(self, query: Query) -> list[Item]:
        """
        At most `limit` items of a partition, in the order of their sort key.
        """
        with self._lock:
            found = sorted(self._matching(query), reverse=query.newest_first)
            return [copy.deepcopy(self._items[key]) for _, key in found[: query.limit]]

    def count(self, query: Query) -> int:
        """
        How many items the query has in all.
        """
        with self._lock:
            return sum(1 for _ in self._matching(query))

    def scan(self) -> Iterator[Item]:
        """
        Every item.
        """
        yield from self.items()

    def items(self) -> list[Item]:
        """
        Everything in the table, for checkers.
        """
        with self._lock:
            return [copy.deepcopy(item) for item in self._items.values()]

    def _matching(self, query: Query) -> Iterator[tuple[str, Key]]:
        for key, sk in self._partitions.get((query.index, query.pk), {}).items():
            first_ok = not query.first or sk >= query.first
            last_ok = not query.last or sk <= query.last
            if sk.startswith(query.prefix) and first_ok and last_ok:
                yield sk, key

    def _after(self, write: Put | Update | Delete) -> dict[str, Any] | None:
        if isinstance(write, Put):
            return copy.deepcopy(dict(write.item))
        if isinstance(write, Delete):
            return None
        item = copy.deepcopy(self._items.get(write.key)) or {"pk": write.key.pk, "sk": write.key.sk}
        item.update(copy.deepcopy(dict(write.set)))
        for name, amount in write.add.items():
            item[name] = item.get(name, 0) + amount
        for name, elements in write.include.items():
            item[name] = frozenset(item.get(name, frozenset())) | elements
        for name, elements in write.exclude.items():
            item[name] = frozenset(item.get(name, frozenset())) - elements
        for name, values in write.append.items():
            item[name] = [*item.get(name, []), *values]
        for name in write.remove:
            item.pop(name, None)
        return {name: value for name, value in item.items() if value != frozenset()}

    def _store(self, key: Key, item: dict[str, Any] | None) -> None:
        for place in list(_places(key, self._items.get(key))):
            self._partitions.get(place[:2], {}).pop(key, None)
        if item is None:
            self._items.pop(key, None)
            return
        self._items[key] = item
        for index, pk, sk in _places(key, item):
            self._partitions.setdefault((index, pk), {})[key] = sk


def _places(key: Key, item: Mapping[str, Any] | None) -> Iterator[tuple[str, str, str]]:
    """
    Where an item is listed: in its own partition, and in each index whose attributes it has.
    """
    if item is None:
        return
    yield "", key.pk, key.sk
    for index, (pk, sk) in INDEX_ATTRIBUTES.items():
        if pk in item and sk in item:
            yield index, item[pk], item[sk]


def _check_writes(writes: Sequence[Write]) -> None:
    if not 1 <= len(writes) <= WRITES_MAX:
        msg = f"a transaction has 1 to {WRITES_MAX} writes, not {len(writes)}"
        raise ValueError(msg)
    if len({write.key for write in writes}) != len(writes):
        msg = "two writes of one transaction touch the same item"
        raise ValueError(msg)


def _check_item(item: Mapping[str, Any] | None) -> None:
    if item is None:
        return
    for name, value in item.items():
        if isinstance(value, float):
            msg = f"{name} is a float; the table has none"
            raise TypeError(msg)
    size = len(json.dumps(item, default=sorted, ensure_ascii=False).encode())
    if size > ITEM_BYTES_MAX:
        msg = f"an item of {size} bytes; the table takes {ITEM_BYTES_MAX}"
        raise ValueError(msg)


class MemoryQueue:
    """
    The queue port over a list: visibility and delay follow the clock that it is given.
    """

    def __init__(self, now: Callable[[], datetime], *, visibility_seconds: int = 150) -> None:
        self._now = now
        self._visibility = timedelta(seconds=visibility_seconds)
        self._messages: dict[str, tuple[datetime, str, int]] = {}
        self._count = 0
        self._lock = threading.RLock()

    def send(self, *bodies: str, delay_seconds: int = 0) -> None:
        """
        Send messages.
        """
        if not 0 <= delay_seconds <= 900:
            msg = f"a delay of {delay_seconds} s; SQS takes 0 to 900"
            raise ValueError(msg)
        with self._lock:
            for body in bodies:
                self._count += 1
                self._messages[f"m{self._count:09d}"] = (self._now() + timedelta(seconds=delay_seconds), body, 0)

    def receive(self, count: int, *, wait_seconds: int = 1) -> list[Message]:
        """
        Up to `count` visible messages; never waits.
        """
        del wait_seconds
        with self._lock:
            now = self._now()
            names = [name for name, (visible_at, _, _) in sorted(self._messages.items()) if visible_at <= now]
            found = []
            for name in names[: min(count, 10)]:
                _, body, receives = self._messages[name]
                self._messages[name] = (now + self._visibility, body, receives + 1)
                found.append(Message(body=body, handle=f"{name}/{receives + 1}", receives=receives + 1))
            return found

    def delete(self, message: Message) -> None:
        """
        Forget a message.
        """
        with self._lock:
            self._messages.pop(message.handle.partition("/")[0], None)

    def hide(self, message: Message, seconds: int) -> None:
        """
        Keep a received message invisible for so long from now.
        """
        if not 0 <= seconds <= 43_200:
            msg = f"a visibility of {seconds} s; SQS takes 0 to 43,200"
            raise ValueError(msg)
        with self._lock:
            name = message.handle.partition("/")[0]
            if name in self._messages:
                _, body, receives = self._messages[name]
                self._messages[name] = (self._now() + timedelta(seconds=seconds), body, receives)

    def __len__(self) -> int:
        return len(self._messages)
