"""
What a batch call's reading means for its rows, its key and its lane: the batch half of the failure table, as a value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta

from chalicelib.model import (
    Batch,
    Delivered,
    Lane,
    LaneKey,
    LaneState,
    LaneTurn,
    Notice,
    OpenCall,
    Reading,
    Refused,
    State,
    Turn,
    Uncertain,
    Verdict,
)
from chalicelib.planning.settle import Moment, backoff_seconds, lane_turn
from chalicelib.ports import Write
from chalicelib.records import keys
from chalicelib.value import value

TRIES_MAX = 4
"""
So often the same bytes are sent while no answer is clear; then the call ends, so that others of the lane may go.
"""

UNANSWERED_MAX = 12
"""
After so many calls of a key without a clear answer, hours of them, the key is held for a person.
"""

ODD_TRIES_MAX = 5
"""
After so many successes that do not say what the vendor says of a success, the rows are held: they may well be there.
"""

ROWS_MIN = 100
"""
A file of no more rows than this is not what a vendor is too slow for.
"""


@value
class Ending:
    """
    The end of one try of a batch call.

    `turns` settle rows (empty: they wait on, untouched); `key_writes` change the key; `repeat_at` is when the same
    bytes go again (None: the call is over).
    """

    lane: LaneTurn
    turns: Mapping[str, Turn] = field(default_factory=dict)
    key_writes: tuple[Write, ...] = ()
    repeat_at: datetime | None = None
    notices: tuple[Notice, ...] = ()


def conclude(lane: Lane, state: LaneState, call: OpenCall, reading: Reading, moment: Moment) -> Ending:
    """
    The ending that a reading calls for.
    """
    on_lane = lane_turn(lane, state, reading.verdict, moment)
    key = next(
        (each for each in state.keys if each.name == call.key), LaneKey(name=call.key, destination="", operation="")
    )
    if reading.verdict.kind == "key":
        return _key_refused(lane, key, call, reading, on_lane)
    if reading.verdict.kind == "too_large":
        return _too_large(lane, key, call, reading, on_lane)
    if any(isinstance(each, Uncertain) for each in reading.outcomes.values()):
        return _unanswered(lane, key, call, reading, on_lane, moment)
    turns = {name: turn for name, each in reading.outcomes.items() if (turn := _final(each)) is not None}
    grown = _grow(lane, key) if turns else ()
    return Ending(lane=on_lane, turns=turns, key_writes=grown)


def no_answer(batch: Batch, *, harmless: bool) -> Reading:
    """
    The worker that called did not come back: maybe applied. `harmless` says whether the call may be repeated.
    """
    reason = "the worker that called the vendor did not come back"
    ids = (each for line in batch.lines for each in line.deliveries)
    return Reading(
        outcomes={each: Uncertain(reason=reason, harmless=harmless) for each in ids},
        verdict=Verdict(kind="failing", reason=reason),
    )


def _final(outcome: object) -> Turn | None:
    if isinstance(outcome, Delivered):
        return Turn(state=State.DELIVERED, proof=outcome.proof, result=outcome.result)
    if isinstance(outcome, Refused):
        return Turn(state=State.DEAD, reason=outcome.reason)
    return None


def _all(reading: Reading, turn: Turn) -> dict[str, Turn]:
    return dict.fromkeys(reading.outcomes, turn)


def _key_refused(lane: Lane, key: LaneKey, call: OpenCall, reading: Reading, on_lane: LaneTurn) -> Ending:
    """
    A 400 on a file: its settings are at fault, not its rows, so the key is held.

    If an operator asked for it, the file is halved instead until a row at fault stands alone.
    """
    reason = reading.verdict.reason
    if key.bisect_left and call.rows == 1:
        dead = Turn(state=State.DEAD, reason=f"refused alone: {reason}")
        return Ending(lane=on_lane, turns=_all(reading, dead), key_writes=_bounded(lane, key, 0, key.bisect_left - 1))
    if key.bisect_left > 1:
        return Ending(lane=on_lane, key_writes=_bounded(lane, key, max(1, call.rows // 2), key.bisect_left - 1))
    notice = Notice(
        cause=f"key:{lane.name}:{key.name}",
        subject=f"Lane {lane.name}: a batch key is held",
        text=(
            f"The vendor refused a file of {call.rows} rows for {key.destination}/{key.operation} "
            f"{dict(key.settings)}: {reason}. The settings are at fault, not the rows; all of them wait. "
            f"Mend relay.toml (and deploy) or the vendor's screen, then: ekiden held release {lane.name}/{key.name}, "
            "which maps the rows anew "
            f"(or search for one bad row: ekiden held bisect {lane.name}/{key.name})"
        ),
    )
    return Ending(lane=on_lane, key_writes=(keys.hold(lane.name, key, reason),), notices=(notice,))


def _too_large(lane: Lane, key: LaneKey, call: OpenCall, reading: Reading, on_lane: LaneTurn) -> Ending:
    """
    A 413: half as many rows next time; one row that is too large by itself is a dead letter.
    """
    if call.rows == 1:
        dead = Turn(state=State.DEAD, reason=f"too large by itself: {reading.verdict.reason}")
        return Ending(lane=on_lane, turns=_all(reading, dead), key_writes=_bounded(lane, key, 0, 0))
    return Ending(lane=on_lane, key_writes=_bounded(lane, key, max(1, call.rows // 2), key.bisect_left))


def _unanswered(
    lane: Lane, key: LaneKey, call: OpenCall, reading: Reading, on_lane: LaneTurn, moment: Moment
) -> Ending:
    """
    Maybe applied: the same bytes again, where that is harmless. After a few tries the call ends and its rows wait on.

    Larger files then go in halves, since a vendor may need longer for one than it keeps the connection. A key for which
    nothing is ever answered is held at last.
    """
    reason = reading.verdict.reason
    harmful = any(isinstance(each, Uncertain) and not each.harmless for each in reading.outcomes.values())
    if harmful or (reading.verdict.suspect and call.tries >= ODD_TRIES_MAX):
        held = Turn(state=State.HELD, reason=f"maybe applied, no clear answer in {call.tries} tries: {reason}")
        return Ending(lane=on_lane, turns=_all(reading, held))
    if call.tries < TRIES_MAX or reading.verdict.suspect:
        seconds = min(backoff_seconds(call.tries - 1, moment.jitter), 900.0)
        pause = moment.now + timedelta(seconds=seconds)
        return Ending(lane=on_lane, repeat_at=max(pause, on_lane.breaker.until or pause))
    if key.unanswered + 1 >= UNANSWERED_MAX:
        why = f"no clear answer to {UNANSWERED_MAX} files, {TRIES_MAX} tries each: {reason}"
        return Ending(
            lane=on_lane, key_writes=(keys.hold(lane.name, key, why),), notices=(_no_answers(lane, key, why),)
        )
    halved = max(ROWS_MIN, call.rows // 2) if call.rows > ROWS_MIN else key.rows_max
    return Ending(lane=on_lane, key_writes=(keys.unanswered(lane.name, key, rows_max=halved),))


def _no_answers(lane: Lane, key: LaneKey, why: str) -> Notice:
    return Notice(
        cause=f"key:{lane.name}:{key.name}",
        subject=f"Lane {lane.name}: a batch key is held",
        text=(
            f"{key.destination}/{key.operation}: {why}. The vendor may have some of its rows; a repeat is harmless. "
            f"All of them wait. Ask the vendor, then: ekiden held release {lane.name}/{key.name}"
        ),
    )


def _grow(lane: Lane, key: LaneKey) -> tuple[Write, ...]:
    """
    After a success, a bound that a 413 left grows again, and a search for a bad row goes on with what remains.
    """
    if not key.rows_max and not key.unanswered:
        return ()
    larger = key.rows_max * 2
    return _bounded(lane, key, larger if larger < lane.rows_max else 0, key.bisect_left)


def _bounded(lane: Lane, key: LaneKey, rows_max: int, bisect_left: int) -> tuple[Write, ...]:
    return (keys.bound(lane.name, key, rows_max=rows_max, bisect_left=bisect_left),)
