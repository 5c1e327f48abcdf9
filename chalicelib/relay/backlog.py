"""
Reading the `waiting` index: what waits under a key, oldest first, and since when.

The index is eventually consistent and only names deliveries; whoever acts on one reads it again from the table.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from datetime import datetime

from chalicelib.model import LaneState
from chalicelib.ports import Item, Query, Table
from chalicelib.records import lanes
from chalicelib.records.layout import SHARDS, WAITING, lane_key, unstamp, waiting_partition

KEYS_MAX = 20_000


def waiting_ids(table: Table, lane: str, key: str, *, limit: int) -> list[str]:
    """
    The ids of the oldest deliveries under a key, at most `limit`, in the order in which they arrived.
    """
    shards = (_shard(table, lane, key, shard, limit) for shard in range(SHARDS))
    merged = heapq.merge(*shards, key=lambda item: str(item["waiting_sk"]))
    return [_id_of(item) for item, _ in zip(merged, range(limit), strict=False)]


def waiting_count(table: Table, lane: str, key: str) -> int:
    """
    How many deliveries wait under a key.
    """
    return sum(table.count(_query(lane, key, shard, 1_000)) for shard in range(SHARDS))


def oldest_wait(table: Table, lane: str, keys: Iterable[str]) -> datetime | None:
    """
    When the oldest waiting delivery of a lane arrived; None where nothing waits.
    """
    arrivals = [
        str(item["waiting_sk"]).partition("#")[0]
        for key in keys
        for shard in range(SHARDS)
        for item in _shard(table, lane, key, shard, 1)
    ]
    return unstamp(min(arrivals)) if arrivals else None


def has_rows(table: Table, lane: str, key: str) -> bool:
    """
    Whether anything waits under a key.
    """
    return any(_shard(table, lane, key, shard, 1) for shard in range(SHARDS))


def has_urgent_work(table: Table, lane: str, state: LaneState) -> bool:
    """
    Whether an opt-out or a delete waits: the rows tell, whatever became of their messages.
    """
    return any(each.urgent and not each.held_reason and has_rows(table, lane, each.name) for each in state.keys)


def lane_state(table: Table, lane: str) -> LaneState:
    """
    What the table knows of a lane with all its batch keys.
    """
    place = lane_key(lane)
    # The lane first: what is planned after this look is void if a call was made since.
    item = table.get([place])[0]
    return lanes.state_from(lane, [item, *table.query(Query(pk=place.pk, prefix="KEY#", limit=KEYS_MAX))])


def _shard(table: Table, lane: str, key: str, shard: int, limit: int) -> list[Item]:
    return table.query(_query(lane, key, shard, limit))


def _query(lane: str, key: str, shard: int, limit: int) -> Query:
    return Query(pk=waiting_partition(lane, key, shard), index=WAITING, limit=limit)


def _id_of(item: Item) -> str:
    """
    The delivery id from the index's own sort key, which is projected always.
    """
    return str(item["waiting_sk"]).partition("#")[2]
