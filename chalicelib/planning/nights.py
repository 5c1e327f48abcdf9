"""
Nightly maintenance: when a vendor is away each night, learned from its own answers, so that a lane stops knocking.

Vendors document that they are away at night, not when. Learned is what a lane has seen: the minute of the first "under
maintenance" and that of the first call that got through afterwards. In such a night the lane asks twice: when work is
there (is it tonight again?), and once at a chance moment in the second half of what is left (is it over sooner?). Then
it waits for the minute at which the vendor was back, and goes on as with any vendor that does not answer.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.model import Breaker, Night
from chalicelib.planning.windows import JST

DAY_MINUTES = 24 * 60
EVENING, MORNING = 20 * 60, 9 * 60
"""
Between these minutes of the day in Tokyo a maintenance can be a nightly one; one at noon teaches nothing.
"""

SPAN_MINUTES_MIN = 10
SPAN_MINUTES_MAX = 8 * 60
"""
Shorter is a stumble, longer an outage: neither comes again tomorrow.
"""

EARLIER_MINUTES_MAX = 120
"""
So much before the minute that is known a night may begin: nobody may have called while it was already away.
"""

ASK_AGAIN_MIN = timedelta(minutes=30)
"""
If less is left, the lane does not ask in between.
"""


def back_at(night: Night | None, breaker: Breaker, now: datetime, jitter: float) -> datetime | None:
    """
    Until when a lane waits that was just told of a maintenance; None where this is not in its known night.

    `breaker` is as it was before this answer: if it was closed by the same maintenance, this was the question between.
    """
    if night is None:
        return None
    minute = _minute(now)
    since = (minute - night.begins) % DAY_MINUTES
    length = (night.ends - night.begins) % DAY_MINUTES
    if since >= length and DAY_MINUTES - since > EARLIER_MINUTES_MAX:
        return None
    start = now.replace(second=0, microsecond=0)
    end = start + timedelta(minutes=(night.ends - minute) % DAY_MINUTES)
    left = end - now
    if left > timedelta(minutes=SPAN_MINUTES_MAX):
        return None
    if breaker.night_since is not None or left < ASK_AGAIN_MIN:
        return end
    return now + left * (0.5 + jitter / 2)


def learned(old: Night | None, since: datetime, now: datetime) -> Night | None:
    """
    What a lane knows after a call that got through: the maintenance was there `since`, and is over `now`.

    None where that was no night's maintenance; what was known stays. A night that overlaps the known one may have begun
    as early as that.
    """
    minutes = (now - since) / timedelta(minutes=1)
    begins, ends = _minute(since), _minute(now + timedelta(seconds=59))
    if not SPAN_MINUTES_MIN <= minutes <= SPAN_MINUTES_MAX or not (_is_night(begins) and _is_night(ends)):
        return None
    length = (ends - begins) % DAY_MINUTES
    if old is not None and (begins - old.begins) % DAY_MINUTES < (old.ends - old.begins) % DAY_MINUTES:
        earlier = (begins - old.begins) % DAY_MINUTES
        begins = old.begins if earlier + length <= SPAN_MINUTES_MAX else begins
    return Night(begins=begins, ends=ends)


def clock(minute: int) -> str:
    """
    A minute of the day as people write it.

    >>> clock(125)
    '02:05'
    """
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _minute(at: datetime) -> int:
    local = at.astimezone(JST)
    return local.hour * 60 + local.minute


def _is_night(minute: int) -> bool:
    return minute >= EVENING or minute <= MORNING
