"""
The times that forms are told are kept on days without faults.
"""

from __future__ import annotations

from tests.simulation.etas import SHARE_MIN, share, told
from tests.simulation.settings import HAIHAI, SATORI

SEEDS = range(12)


def test_deliveries_come_by_the_time_told() -> None:
    """At least 95 in 100, of each lane; and nearly all that wait are told a time."""
    found = [each for seed in SEEDS for each in told(seed)]

    for lane in (SATORI, HAIHAI):
        its = [each for each in found if each.lane == lane]
        assert len(its) > 50
        assert share(its) >= SHARE_MIN, lane
    assert sum(each.by is not None for each in found) >= SHARE_MIN * len(found)


def test_a_time_told_is_not_told_from_thin_air() -> None:
    """Half of them come within the half of what was told, or a few minutes: a late time alone would be no promise."""
    timed = [each for seed in SEEDS for each in told(seed) if each.by is not None and each.came is not None]

    assert sum((each.by or 0) <= 2 * (each.came or 0) + 240 for each in timed) >= len(timed) / 2
