"""
Lanes as items: the ledger, the breaker, the pause, the open batch call, the lease, and the batch keys.

All windows of a lane are attributes of one item, so that one conditional write claims all of them or none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from chalicelib.model import Breaker, LaneKey, LaneState, LaneTurn, Night, OpenCall, Reservation
from chalicelib.ports import (
    Absent,
    All,
    AnyOf,
    AtLeast,
    AtMost,
    Condition,
    Equals,
    Has,
    Item,
    Not,
    Update,
)
from chalicelib.records.layout import dump, lane_key, load, maybe_time, stamp, unstamp

WINDOW = "w:"
BREAKER_ATTRIBUTES = (
    *("closed_kind", "closed_reason", "closed_until", "closed_since", "closed_night_since"),
    *("failures", "probes"),
)
HOUR = "h:"


# ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def state_from(lane: str, items: Sequence[Item | None]) -> LaneState:
    """
    The lane's state from the items of its partition (or its LANE item alone); a fresh one where there is none.
    """
    found = {item["sk"]: item for item in items if item is not None}
    item = found.get("LANE", {})
    return LaneState(
        lane=lane,
        used={name.removeprefix(WINDOW): count for name, count in item.items() if name.startswith(WINDOW)},
        tat_ms=item.get("tat", 0),
        last_call_at=maybe_time(item.get("last_call_at")),
        open=frozenset(item.get("open", ())),
        breaker=Breaker(
            kind=item.get("closed_kind", ""),
            reason=item.get("closed_reason", ""),
            until=maybe_time(item.get("closed_until")),
            since=maybe_time(item.get("closed_since")),
            failures=item.get("failures", 0),
            probes=item.get("probes", 0),
            night_since=maybe_time(item.get("closed_night_since")),
        ),
        paused_reason=item.get("paused_reason", ""),
        paused_at=maybe_time(item.get("paused_at")),
        call=open_call_from(item),
        hours={name.removeprefix(HOUR): count for name, count in item.items() if name.startswith(HOUR)},
        drift_at=maybe_time(item.get("drift_at")),
        keys=tuple(_key(each) for sk, each in sorted(found.items()) if sk.startswith("KEY#")),
        night=Night(begins=item["night_begins"], ends=item["night_ends"]) if "night_ends" in item else None,
    )


def open_call_from(item: Item) -> OpenCall | None:
    """
    The batch call that a lane item says is open.
    """
    if "call" not in item:
        return None
    call = load(item["call"])
    call |= {"started_at": unstamp(call["started_at"]), "until": unstamp(call["until"])}
    return OpenCall(**{**call, "windows": tuple(call["windows"])})


def _key(item: Item) -> LaneKey:
    return LaneKey(
        name=item["sk"].removeprefix("KEY#"),
        destination=item.get("destination", ""),
        operation=item.get("operation", ""),
        settings=load(item.get("settings")),
        urgent=item.get("urgent", False),
        due_at=maybe_time(item.get("due_at")),
        held_reason=item.get("held_reason", ""),
        rows_max=item.get("rows_max", 0),
        bisect_left=item.get("bisect_left", 0),
        unanswered=item.get("unanswered", 0),
    )


# ── reserving ───────────────────────────────────────────────────────────────────────────────────────────────────────


def reserve(lane: str, reservation: Reservation) -> Update:
    """
    Claim one call: every window, the rate bucket and the probe at once; refused if any of them does not allow it.

    The call id goes into `open` and must not be there yet, so that the same write, repeated after a lost answer, is
    refused instead of counted twice (the finder of its own id in `open` knows that it was first).
    """
    windows = reservation.windows
    conditions: list[Condition] = [
        Absent("paused_reason"),
        Not(Has("open", reservation.call_id)),
        _breaker_as_seen(reservation),
        *(AnyOf((Absent(WINDOW + name), AtMost(WINDOW + name, most))) for name, most in windows),
    ]
    values: dict[str, Any] = {"last_call_at": stamp(reservation.at)}
    adds = {WINDOW + name: 1 for name, _ in windows}
    if reservation.hour:
        adds[HOUR + reservation.hour] = 1
    gone = (
        *(WINDOW + name for name in reservation.stale),
        *(HOUR + name for name in reservation.stale_hours),
    )
    if reservation.rate:
        now_ms = int(reservation.at.timestamp() * 1000)
        if reservation.bucket == "fresh":
            conditions.append(AnyOf((Absent("tat"), AtMost("tat", now_ms - 1))))
            values["tat"] = now_ms + reservation.rate.interval_ms
        else:
            latest = now_ms + (reservation.rate.burst - 1) * reservation.rate.interval_ms
            conditions.append(All((AtLeast("tat", now_ms), AtMost("tat", latest))))
            adds["tat"] = reservation.rate.interval_ms
    if reservation.probe_until:
        values["closed_until"] = stamp(reservation.probe_until)
    return Update(
        key=lane_key(lane),
        set=values,
        add=adds,
        include={"open": frozenset({reservation.call_id})},
        remove=gone,
        when=All(tuple(conditions)),
    )


def reserve_batch(
    lane: str,
    reservation: Reservation,
    call: OpenCall,
    *,
    repeat_of: str = "",
    seen: datetime | None = None,
) -> Update:
    """
    Claim one call and record, in the same write, the batch call that it is for: `sending`, before the request leaves.

    `repeat_of` is the token of the uncertain try whose bytes are sent again. Without it no call may be open, and none
    may have been made since the lane's last call was `seen`: the file was packed from what was true then.
    """
    claim = reserve(lane, reservation)
    last = Equals("last_call_at", stamp(seen)) if seen else Absent("last_call_at")
    free: Condition = Equals("call_token", repeat_of) if repeat_of else All((Absent("call_token"), last))
    return replace(
        claim,
        set={**claim.set, "call": _dump_call(call), "call_token": token(call)},
        when=All((claim.when, free)) if claim.when else free,
    )


def token(call: OpenCall) -> str:
    """
    The name of one try of one batch call, as one worker claimed it.
    """
    return "#".join(filter(None, (call.id, str(call.tries), call.claim)))


def _breaker_as_seen(reservation: Reservation) -> Condition:
    """
    The lane is open; or it is closed just as the snapshot saw it, so that of many workers one makes the probe.
    """
    if reservation.probe_of is None:
        return Absent("closed_kind")
    return AnyOf((Absent("closed_kind"), Equals("closed_until", stamp(reservation.probe_of))))


# ── settling ────────────────────────────────────────────────────────────────────────────────────────────────────────


def settle(
    lane: str,
    call_id: str,
    windows: Sequence[str],
    turn: LaneTurn,
    *,
    seen: Breaker,
    now: datetime,
) -> Update:
    """
    Close one call on the lane: give it back or keep it counted, set the breaker, pause if need be.

    Conditional on the call still being open, and closes it: a refund can happen once only. `windows` are those it was
    counted in, `seen` the breaker as it was when the call was reserved.
    """
    values, gone = _breaker_change(turn.breaker, seen)
    if turn.paused_reason:
        values |= {"paused_reason": turn.paused_reason, "paused_at": stamp(now)}
    if turn.night:
        values |= {"night_begins": turn.night.begins, "night_ends": turn.night.ends}
    if turn.drift:
        values["drift_at"] = stamp(now)
    refund = {WINDOW + name: -1 for name in windows} if turn.refund else {}
    return Update(
        key=lane_key(lane),
        set=values,
        add=refund,
        exclude={"open": frozenset({call_id})},
        remove=gone,
        when=Has("open", call_id),
    )


def record_reply(lane: str, call: OpenCall) -> Update:
    """
    Store what a batch call's reply meant before any row follows; only for the try that is still open.
    """
    return Update(key=lane_key(lane), set={"call": _dump_call(call)}, when=Equals("call_token", token(call)))


def end_batch(update: Update, call: OpenCall) -> Update:
    """
    Let a lane's settling write also end its batch call, if this try is still the open one (its own guard is that).
    """
    return replace(update, remove=(*update.remove, "call", "call_token"), when=Equals("call_token", token(call)))


def keep_batch(update: Update, call: OpenCall) -> Update:
    """
    Let a lane's settling write keep its batch call for another try (its phase and time are in `call`).
    """
    kept = {**update.set, "call": _dump_call(call)}
    return replace(update, set=kept, when=Equals("call_token", token(call)))


def close(lane: str, call_id: str) -> Update:
    """
    A call that nobody will settle any more is not in flight; what it cost stays counted.
    """
    return Update(key=lane_key(lane), exclude={"open": frozenset({call_id})})


def pause(lane: str, reason: str, now: datetime) -> Update:
    """
    No calls until an operator resumes the lane.
    """
    return Update(key=lane_key(lane), set={"paused_reason": reason, "paused_at": stamp(now)})


def resume(lane: str) -> Update:
    """
    Calls again: neither paused nor closed.
    """
    return Update(key=lane_key(lane), remove=("paused_reason", "paused_at", *BREAKER_ATTRIBUTES))


def _breaker_change(new: Breaker, seen: Breaker) -> tuple[dict[str, Any], tuple[str, ...]]:
    """
    What to write for a breaker, and which attributes to remove.

    A call that saw the lane open and went well writes nothing, so that it cannot reopen a lane that another call has
    just closed.
    """
    if not new.kind and not new.failures:
        return ({}, BREAKER_ATTRIBUTES) if seen.kind else ({"failures": 0} if seen.failures else {}, ())
    values: dict[str, Any] = {"failures": new.failures, "closed_reason": new.reason}
    if not new.kind:
        return values, ()
    values |= {"closed_kind": new.kind, "probes": new.probes}
    if new.until:
        values["closed_until"] = stamp(new.until)
    if new.since:
        values["closed_since"] = stamp(new.since)
    if new.night_since:
        values["closed_night_since"] = stamp(new.night_since)
    return values, ()


def _dump_call(call: OpenCall) -> str:
    return dump(
        {
            "id": call.id,
            "key": call.key,
            "phase": call.phase,
            "file": call.file,
            "rows": call.rows,
            "started_at": stamp(call.started_at),
            "until": stamp(call.until),
            "windows": list(call.windows),
            "tries": call.tries,
            "claim": call.claim,
            "verdict": dict(call.verdict),
        },
    )
