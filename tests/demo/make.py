"""
Deliveries for the tests of the demo's pure parts.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.model import Delivery, Effect, State

TEN = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)


def delivery(number: int = 1, *, waited: float | None = 1.0, **given: Any) -> Delivery:
    """
    A delivered row of 配配メール that arrived at ten and waited so many seconds; `given` replaces what is said of it.
    """
    values: dict[str, Any] = {
        "id": f"01JDXXXXXXXXXXXXXXXXX{number:05}.1",
        "event_id": f"01JDXXXXXXXXXXXXXXXXX{number:05}",
        "source": "newsletter",
        "route": "newsletter-haihai-register",
        "destination": "haihai",
        "operation": "register",
        "lane": "haihai",
        "key": "k",
        "contact": "c",
        "effect": Effect.DATA,
        "payload": {"メールアドレス": f"u{number}@example.co.jp"},
        "event_time": TEN,
        "arrived_at": TEN,
        "state": State.DELIVERED,
        "settled_at": None if waited is None else TEN + timedelta(seconds=waited),
    }
    return Delivery(**{**values, **given})
