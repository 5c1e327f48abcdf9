"""
Reading the `waiting` index: what waits under a key, oldest first, and since when.

The index is eventually consistent and only names deliveries; whoever acts on one reads it again from the table.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from datetime import datetime

from chalicelib.ports import Item, Query, Table
from chalicelib.records.layout import SHARDS, WAITING, unstamp, waiting_partition


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


def _shard(table: Table, lane: str, key: str, shard: int, limit: int) -> list[Item]:
    return table.query(_query(lane, key, shard, limit))


def _query(lane: str, key: str, shard: int, limit: int) -> Query:
    return Query(pk=waiting_partition(lane, key, shard), index=WAITING, limit=limit)


def _id_of(item: Item) -> str:
    """
    The delivery id from the index's own sort key, which is projected always.
    """
    return str(item["waiting_sk"]).partition("#")[2]
