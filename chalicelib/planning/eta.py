"""
When a waiting delivery will be with its vendor: reckoned from the lane as it stands, for the person who sent it.

Reckoned on the late side: the minute wakes a lane up to a minute after it may call, and what is due before goes before.
What nobody can reckon with (a pause, a vendor that does not answer) has no time, but a reason.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from chalicelib.model import Lane, LaneState
from chalicelib.planning.ledger import Ask, Wait, may_call, reservation
from chalicelib.value import value

TICK = timedelta(seconds=60)
"""
A worker that has to wait longer than `NAP` leaves; the next minute's bell wakes another one.
"""

NAP = timedelta(seconds=5)
LATE = timedelta(seconds=30)
"""
What waking up, the vendor's answer and the writes after it may take in all, where nothing is wrong.
"""

CALL_SECONDS = 0.5
FILE_SECONDS = 5.0
"""
What one call takes of a worker that makes many: for one contact, and with a file.
"""

CALLS_MAX = 1_000
"""
So many calls ahead are gone through one by one, where windows have to be looked at; beyond that no time is told.
"""

WAITS_MAX = 8
PERSON, VENDOR, TURN = "person", "vendor", "turn"


@value
class Place:
    """
    Where a delivery stands in its lane: deliveries that go before it, and other batch keys, which have their own calls.

    `keys_due` of the `keys` have one due now; the others may, before a second call of this key's has its turn.
    `after`: not before this time. `key_held`: the vendor refused its batch key. `rows_max`: a smaller bound of that
    key's files than the lane's, 0 for none.
    """

    ahead: int = 0
    keys_due: int = 0
    keys: int = 0
    urgent: bool = False
    after: datetime | None = None
    key_held: bool = False
    rows_max: int = 0


@value
class Eta:
    """
    By when it will be delivered, a whole minute; or else what it waits for: person, vendor or turn (too many ahead).
    """

    by: datetime | None = None
    waits_for: str = ""


def expected(lane: Lane, state: LaneState, now: datetime, place: Place) -> Eta:
    """
    By when a delivery at this place of the lane is delivered, if nothing goes wrong from now on.
    """
    reason = _stopped(state, place)
    if reason:
        return Eta(waits_for=reason)
    at = _last_call(lane, state, max(now, place.after or now), place)
    return Eta(by=_whole_minute(at + LATE)) if at else Eta(waits_for=TURN)


def _stopped(state: LaneState, place: Place) -> str:
    """
    What has to happen first that no clock tells: a person's deed, or a vendor that answers again.
    """
    if state.paused_reason or place.key_held:
        return PERSON
    uncertain = state.call is not None and state.call.phase == "uncertain"
    return VENDOR if state.breaker.kind or uncertain else ""


def _last_call(lane: Lane, state: LaneState, start: datetime, place: Place) -> datetime | None:
    """
    When the call goes that takes it along; None where that is too far away to be told.
    """
    rows = min(lane.rows_max, place.rows_max or lane.rows_max) if lane.batching else 1
    own = place.ahead // rows + 1
    calls = own * (1 + (place.keys if own > 1 else place.keys_due))
    if lane.rate is not None and not lane.limits:
        return _by_rate(lane, state, start, calls)
    return _one_by_one(lane, state, start, calls, urgent=place.urgent) if calls <= CALLS_MAX else None


def _by_rate(lane: Lane, state: LaneState, start: datetime, calls: int) -> datetime:
    """
    The last of so many calls, where nothing but the rate bounds them: the bucket's burst is taken for used up.
    """
    interval = timedelta(milliseconds=lane.rate.interval_ms if lane.rate else 0)
    running = datetime.fromtimestamp(state.tat_ms / 1_000, UTC)
    return max(start, running) + TICK + max(interval, timedelta(seconds=CALL_SECONDS)) * calls


def _one_by_one(lane: Lane, state: LaneState, start: datetime, calls: int, *, urgent: bool) -> datetime | None:
    """
    The last of so many calls, each as soon as the ledger lets it go and somebody is awake to make it.
    """
    ask = Ask(call_id="-", timeout_seconds=lane.timeout_seconds, urgent=urgent)
    takes = timedelta(seconds=FILE_SECONDS if lane.batching else CALL_SECONDS)
    state, at = replace(state, call=None), start
    for number in range(calls):
        free = _free_at(lane, state, at, ask)
        if free is None:
            return None
        if number == 0 or free - at > NAP:
            free = _free_at(lane, state, free + TICK, ask)
        if free is None:
            return None
        state = _after(lane, state, free, ask)
        at = free if number == calls - 1 else free + takes
    return at


def _free_at(lane: Lane, state: LaneState, at: datetime, ask: Ask) -> datetime | None:
    """
    From when on the ledger lets the next call go.
    """
    for _ in range(WAITS_MAX):
        verdict = may_call(lane, state, at, ask)
        if not isinstance(verdict, Wait):
            return at
        if verdict.until is None:
            return None
        at = verdict.until
    return None


def _after(lane: Lane, state: LaneState, at: datetime, ask: Ask) -> LaneState:
    """
    The lane after one more call.
    """
    claimed = reservation(lane, state, at, ask)
    used = {**state.used, **{name: state.used.get(name, 0) + 1 for name, _ in claimed.windows}}
    tat = max(state.tat_ms, int(at.timestamp() * 1_000)) + (lane.rate.interval_ms if lane.rate else 0)
    return replace(state, used=used, tat_ms=tat, last_call_at=at)


def _whole_minute(at: datetime) -> datetime:
    """
    The next whole minute, as people are told times.

    >>> _whole_minute(datetime(2026, 11, 21, 5, 5, 1, tzinfo=UTC)).minute
    6
    """
    down = at.replace(second=0, microsecond=0)
    return down if down == at else down + timedelta(minutes=1)
