"""
A thousand forms in a burst at 240 calls a day, played on a virtual clock over memory stores.
"""

from __future__ import annotations

import statistics

from bench.figures import Figure
from tests.scenarios.world import World

FORMS = 1_000


def figures() -> list[Figure]:
    """Rows, calls, waits."""
    world = World()
    for number in range(FORMS):
        assert world.submit("newsletter", {"email": f"u{number}@example.co.jp", "name": "髙﨑①㈱〜"}).status == 303
        if number % 100 == 99:
            world.pass_minutes(1)
    world.pass_minutes(10)
    waits = [(each.settled_at - each.arrived_at).total_seconds() for each in world.deliveries() if each.settled_at]
    return [
        Figure(what="rows in the vendor's customer table", value=len(world.haihai.customers()), digits=0),
        Figure(what="forms lost", value=FORMS - len(waits), digits=0, target=0),
        Figure(what="calls used of 240", value=world.haihai.calls_today, digits=0, target=240),
        Figure(
            what="mean wait (100 forms a minute for ten minutes)", value=statistics.fmean(waits), unit="s", digits=0
        ),
        Figure(what="longest wait", value=max(waits), unit="s", digits=0, target=14 * 3_600 // 228 + 60),
    ]
