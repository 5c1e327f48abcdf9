"""
How many deliveries still wait in a lane, asked of the table of a deployed installation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from chalicelib.ops.cloud import Deployed
from chalicelib.ops.stopped import Stopped
from chalicelib.records.layout import SHARDS, TIERS, WAITING, key_key, waiting_partition

Client = Any

ONLY_KEY = "-"
"""
The one key of a lane without batches, which needs no item of its own.
"""


def count_waiting(dynamodb: Client, table: str, lane: str) -> int:
    """
    Deliveries of the lane that are waiting, sending or uncertain, by the index `waiting` (a second or so behind).
    """
    return sum(
        _count(dynamodb, table, waiting_partition(lane, key, shard, tier))
        for key in sorted({ONLY_KEY, *_keys(dynamodb, table, lane)})
        for tier in TIERS
        for shard in range(SHARDS)
    )


def check_dropped(dynamodb: Client, deployed: Deployed, lanes: Sequence[str], *, force: bool) -> list[tuple[str, int]]:
    """
    The deployed lanes that the new configuration does not have, each with the number of its waiting deliveries.

    Raises Stopped where any waits, unless `force`: without its lane nothing would carry it any more.
    """
    table = deployed.outputs.get("TableName", "")
    dropped = [(lane, count_waiting(dynamodb, table, lane)) for lane in sorted(set(deployed.lanes) - set(lanes))]
    stuck = [(lane, count) for lane, count in dropped if count]
    if stuck and not force:
        told = "\n".join(f"- {lane}: {count:,} waiting" for lane, count in stuck)
        raise Stopped(
            f"The new configuration drops lanes that still have work:\n{told}\n"
            "Keep them until they are empty (their routes may go at once), or deploy with FORCE=1 and leave the\n"
            "deliveries where they are: stored, but carried nowhere until a lane of that name comes back.",
        )
    return dropped


def _keys(dynamodb: Client, table: str, lane: str) -> Iterable[str]:
    first = key_key(lane, "")
    pages = dynamodb.get_paginator("query").paginate(
        TableName=table,
        KeyConditionExpression="pk = :lane AND begins_with(sk, :key)",
        ExpressionAttributeValues={":lane": {"S": first.pk}, ":key": {"S": first.sk}},
        ProjectionExpression="sk",
    )
    for page in pages:
        for item in page["Items"]:
            yield item["sk"]["S"].removeprefix(first.sk)


def _count(dynamodb: Client, table: str, partition: str) -> int:
    pages = dynamodb.get_paginator("query").paginate(
        TableName=table,
        IndexName=WAITING,
        KeyConditionExpression="waiting_pk = :partition",
        ExpressionAttributeValues={":partition": {"S": partition}},
        Select="COUNT",
    )
    return sum(int(page["Count"]) for page in pages)
