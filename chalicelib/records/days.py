"""
A day's numbers as items: by hour in Tokyo, what came from a source; and of a lane, its calls and its longest waits.

They are written by the minute's worker alone, and only for people's eyes: what they say can be counted again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.ports import Item, Key, Put
from chalicelib.records.layout import day_key, dump, load, ttl_days

KEPT_DAYS = 60


def source_key(day: str, source: str) -> Key:
    """
    Where a source's day is; the day is written like 2026-11-21.
    """
    return day_key(day, f"SOURCE#{source}")


def lane_key(day: str, lane: str) -> Key:
    """
    Where a lane's day is.
    """
    return day_key(day, f"LANE#{lane}")


def put(key: Key, now: datetime, **numbers: Mapping[int, int]) -> Put:
    """
    Store numbers by hour (0 to 23), each set under its name: came, calls, waits (seconds).
    """
    item: dict[str, Any] = {"pk": key.pk, "sk": key.sk, "ttl": ttl_days(now, KEPT_DAYS)}
    texts = {name: dump({f"{hour:02d}": number for hour, number in found.items()}) for name, found in numbers.items()}
    return Put(item=item | texts)


def numbers(item: Item | None, name: str) -> dict[int, int]:
    """
    The numbers by hour that stand under a name; none where there is no item.
    """
    return {int(hour): int(number) for hour, number in load((item or {}).get(name)).items()}
