"""
Deliveries and lanes for the planning tests.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.model import Delivery, Effect, Lane, Limit, Rate, State

TEN = datetime(2026, 11, 21, 1, tzinfo=UTC)
BATCH = Lane(
    name="batch",
    vendor="v",
    batching=True,
    limits=(Limit(calls=240, per="day", reserve=12),),
    gap_seconds_min=30,
    rows_max=10_000,
)
SINGLE = Lane(name="single", vendor="v", batching=False, rate=Rate(interval_ms=1_000, burst=5))


def delivery(minute: int, payload: dict[str, str], **values: Any) -> Delivery:
    """A waiting delivery of contact "c" whose event happened `minute` minutes after ten."""
    given: dict[str, Any] = {
        "id": f"E{minute:03d}.1",
        "event_id": f"E{minute:03d}",
        "source": "s",
        "route": "r",
        "destination": "d",
        "operation": "upsert",
        "lane": "l",
        "key": "-",
        "contact": "c",
        "effect": Effect.DATA,
        "payload": payload,
        "event_time": TEN + timedelta(minutes=minute),
        "arrived_at": TEN,
        "state": State.WAITING,
    }
    return Delivery(**{**given, **values})
