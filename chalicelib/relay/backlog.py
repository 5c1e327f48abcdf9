"""
Reading the `waiting` index: what waits under a key, oldest first, and since when.

The index is eventually consistent and only names deliveries; whoever acts on one reads it again from the table.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from datetime import datetime

from chalicelib.ports import Item, Query, Table
from chalicelib.records.layout import SHARDS, TIERS, WAITING, unstamp, waiting_partition

ORDINARY = (0,)


def waiting_ids(table: Table, lane: str, key: str, *, limit: int, tiers: Iterable[int] = ORDINARY) -> list[str]:
    """
    The ids of the oldest deliveries under a key, at most `limit`: tier by tier, in the order in which they arrived.
    """
    found: list[str] = []
    for tier in tiers:
        left = limit - len(found)
        if left <= 0:
            break
        shards = (table.query(_query(lane, key, shard, left, tier)) for shard in range(SHARDS))
        merged = heapq.merge(*shards, key=lambda item: str(item["waiting_sk"]))
        found += [_id_of(item) for item, _ in zip(merged, range(left), strict=False)]
    return found


def waiting_count(table: Table, lane: str, key: str) -> int:
    """
    How many deliveries wait under a key, of every tier.
    """
    return sum(table.count(_query(lane, key, shard, 1_000, tier)) for tier in TIERS for shard in range(SHARDS))


def oldest_wait(table: Table, lane: str, keys: Iterable[str], *, tiers: Iterable[int] = ORDINARY) -> datetime | None:
    """
    When the oldest waiting delivery of a lane arrived, among these tiers; None where nothing waits.
    """
    wanted = tuple(tiers)
    arrivals = [
        str(item["waiting_sk"]).partition("#")[0]
        for key in keys
        for tier in wanted
        for shard in range(SHARDS)
        for item in table.query(_query(lane, key, shard, 1, tier))
    ]
    return unstamp(min(arrivals)) if arrivals else None


def _query(lane: str, key: str, shard: int, limit: int, tier: int) -> Query:
    return Query(pk=waiting_partition(lane, key, shard, tier), index=WAITING, limit=limit)


def _id_of(item: Item) -> str:
    """
    The delivery id from the index's own sort key, which is projected always.
    """
    return str(item["waiting_sk"]).partition("#")[2]
