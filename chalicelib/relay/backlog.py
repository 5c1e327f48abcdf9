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
from chalicelib.records.layout import SHARDS, TIERS, WAITING, lane_key, unstamp, waiting_partition

ORDINARY = (0,)
KEYS_MAX = 20_000


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


def waiting_by_key(table: Table, lane: str, keys: Iterable[str]) -> tuple[dict[str, int], datetime | None]:
    """
    How many deliveries of every tier wait under each key, and since when the oldest of all; empty shards cost one look.
    """
    counts: dict[str, int] = {}
    arrivals: list[str] = []
    for key in keys:
        counts[key] = 0
        for each in (_query(lane, key, shard, 1, tier) for tier in TIERS for shard in range(SHARDS)):
            first = table.query(each)
            if first:
                arrivals.append(str(first[0]["waiting_sk"]).partition("#")[0])
                counts[key] += table.count(each)
    return counts, unstamp(min(arrivals)) if arrivals else None


def has_rows(table: Table, lane: str, key: str, *, tiers: Iterable[int] = ORDINARY) -> bool:
    """
    Whether anything of these tiers waits under a key.
    """
    return any(table.query(_query(lane, key, shard, 1, tier)) for tier in tiers for shard in range(SHARDS))


def has_urgent_work(table: Table, lane: str, state: LaneState, *, tiers: Iterable[int]) -> bool:
    """
    Whether an opt-out or a delete of these tiers waits: the rows tell, whatever became of their messages.
    """
    wanted = tuple(tiers)
    keys = (each.name for each in state.keys if each.urgent and not each.held_reason)
    return any(has_rows(table, lane, key, tiers=wanted) for key in keys)


def lane_state(table: Table, lane: str) -> LaneState:
    """
    What the table knows of a lane with all its batch keys.
    """
    place = lane_key(lane)
    # The lane first: what is planned after this look is void if a call was made since.
    item = table.get([place])[0]
    return lanes.state_from(lane, [item, *table.query(Query(pk=place.pk, prefix="KEY#", limit=KEYS_MAX))])


def _query(lane: str, key: str, shard: int, limit: int, tier: int) -> Query:
    return Query(pk=waiting_partition(lane, key, shard, tier), index=WAITING, limit=limit)


def _id_of(item: Item) -> str:
    """
    The delivery id from the index's own sort key, which is projected always.
    """
    return str(item["waiting_sk"]).partition("#")[2]
