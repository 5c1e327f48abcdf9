"""
How long a worker that called a vendor may take to settle the call before it is given up.
"""

from __future__ import annotations

from datetime import timedelta

from chalicelib.model import Lane

CALL_MARGIN_SECONDS = 30
"""
After the time-out of a call for one contact: settling takes a few writes.
"""

BATCH_MARGIN_SECONDS = 60
"""
After the time-out of a call with a file: settling takes thousands.
"""


def time_for_a_call(lane: Lane) -> timedelta:
    """
    What a worker must have left to begin a call of this lane.
    """
    margin = BATCH_MARGIN_SECONDS if lane.batching else CALL_MARGIN_SECONDS
    return timedelta(seconds=lane.timeout_seconds + margin / 2)
