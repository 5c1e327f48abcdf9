"""
Deliveries as items: how one is stored, read, and moved from state to state.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.model import FINAL_STATES, Delivery, Effect, Retention, State, Turn
from chalicelib.ports import All, Condition, Equals, Item, OneOf, Put, Update
from chalicelib.records.layout import (
    came_shard,
    delivered_partition,
    delivery_key,
    dump,
    load,
    maybe_time,
    shard_of,
    stamp,
    unstamp,
    waiting_partition,
)

IN_BACKLOG = frozenset({State.WAITING, State.SENDING, State.UNCERTAIN})
NEEDS_ATTENTION = frozenset({State.HELD, State.DEAD})
REASON_CHARS_MAX = 2_000
HISTORY_NOTE_CHARS_MAX = 300
NOTES_MAX = 100


def to_item(delivery: Delivery, *, ttl: int | None = None) -> dict[str, Any]:
    """
    The whole item of a delivery, with the index attributes that its state calls for.
    """
    key = delivery_key(delivery.id)
    item: dict[str, Any] = {
        "pk": key.pk,
        "sk": key.sk,
        "id": delivery.id,
        "event_id": delivery.event_id,
        "source": delivery.source,
        "route": delivery.route,
        "destination": delivery.destination,
        "operation": delivery.operation,
        "lane": delivery.lane,
        "key": delivery.key,
        "contact": delivery.contact,
        "effect": str(delivery.effect),
        "urgent": delivery.urgent,
        "settings": dump(delivery.settings),
        "payload": dump(delivery.payload),
        "event_time": stamp(delivery.event_time),
        "arrived_at": stamp(delivery.arrived_at),
        "state": str(delivery.state),
        "attempts": delivery.attempts,
        "history": [history_note(delivery.arrived_at, delivery.state, delivery.reason)],
    }
    optional = {
        "reason": delivery.reason[:REASON_CHARS_MAX],
        "after": stamp(delivery.after) if delivery.after else "",
        "replay_of": delivery.replay_of,
        "fixes": dump(delivery.fixes) if delivery.fixes else "",
        "settled_at": stamp(delivery.settled_at) if delivery.settled_at else "",
        "tier": delivery.tier,
    }
    item |= {name: value for name, value in optional.items() if value}
    item |= index_attributes(delivery)
    if ttl is not None:
        item["ttl"] = ttl
    return item


def from_item(item: Item) -> Delivery:
    """
    The delivery that an item holds.
    """
    return Delivery(
        id=item["id"],
        event_id=item["event_id"],
        source=item["source"],
        route=item["route"],
        destination=item["destination"],
        operation=item["operation"],
        lane=item["lane"],
        key=item["key"],
        contact=item["contact"],
        effect=Effect(item["effect"]),
        urgent=item["urgent"],
        settings=load(item.get("settings")),
        payload=load(item["payload"]),
        event_time=unstamp(item["event_time"]),
        arrived_at=unstamp(item["arrived_at"]),
        state=State(item["state"]),
        reason=item.get("reason", ""),
        attempts=item["attempts"],
        alone=item.get("alone", False),
        after=maybe_time(item.get("after")),
        call_id=item.get("call_id", ""),
        sending_until=maybe_time(item.get("sending_until")),
        settled_at=maybe_time(item.get("settled_at")),
        proof=item.get("proof", ""),
        result=load(item.get("result")),
        replay_of=item.get("replay_of", ""),
        fixes=load(item.get("fixes")),
        superseded_by=item.get("superseded_by", ""),
        notes=len(item.get("history", ())),
        tier=item.get("tier", 0),
    )


def index_attributes(delivery: Delivery) -> dict[str, str]:
    """
    The attributes that put a delivery into the sparse index of its state, or into none.
    """
    if delivery.state in IN_BACKLOG:
        shard = shard_of(delivery.contact or delivery.id)
        return {
            "waiting_pk": waiting_partition(delivery.lane, delivery.key, shard, delivery.tier),
            "waiting_sk": f"{stamp(delivery.arrived_at)}#{delivery.id}",
        }
    if delivery.state in NEEDS_ATTENTION:
        at = delivery.settled_at or delivery.arrived_at
        return {"attention_pk": str(delivery.state), "attention_sk": f"{stamp(at)}#{delivery.id}"}
    if delivery.state is State.DELIVERED and delivery.settled_at:
        shard = came_shard(delivery.event_id)
        return {
            "attention_pk": delivered_partition(delivery.source, shard),
            "attention_sk": f"{stamp(delivery.settled_at)}#{delivery.id}",
        }
    return {}


def ttl_of(state: State, retention: Retention, now: datetime) -> int | None:
    """
    When an item of this state may go, in epoch seconds; None while a person or a vendor still has to act.
    """
    if state in IN_BACKLOG or state is State.HELD:
        return None
    days = retention.dead_days if state is State.DEAD else retention.delivered_days
    return int((now + timedelta(days=days)).timestamp())


def put(delivery: Delivery, retention: Retention, now: datetime) -> Put:
    """
    Store a new delivery. Its id is new, so no condition is needed beyond the event's own.
    """
    return Put(item=to_item(delivery, ttl=ttl_of(delivery.state, retention, now)))


def claim(delivery: Delivery, call_id: str, *, now: datetime, until: datetime) -> Update:
    """
    Take a waiting or uncertain delivery into a call: `sending`, recorded before the request leaves.
    """
    return Update(
        key=delivery_key(delivery.id),
        set={"state": str(State.SENDING), "call_id": call_id, "sending_until": stamp(until)},
        append=_noted(delivery, history_note(now, State.SENDING, f"call {call_id}")),
        when=ready(),
    )


def move(delivery: Delivery, turn: Turn, retention: Retention, *, now: datetime, when: Condition) -> Update:
    """
    Put a delivery into its next state, as a turn says, with its indexes and its time to live.
    """
    final = turn.state in FINAL_STATES or turn.state is State.HELD
    moved = replace(delivery, state=turn.state, settled_at=now if final else delivery.settled_at)
    values: dict[str, Any] = {"state": str(turn.state), "reason": turn.reason[:REASON_CHARS_MAX]}
    values |= index_attributes(moved)
    gone = [name for name in ("waiting_pk", "waiting_sk", "attention_pk", "attention_sk") if name not in values]
    if final:
        values["settled_at"] = stamp(now)
    if turn.alone:
        values["alone"] = True
    if turn.after:
        values["after"] = stamp(turn.after)
    if turn.call:
        values["call_id"] = turn.call
    if turn.proof:
        values |= {"proof": turn.proof, "result": dump(turn.result)}
    ttl = ttl_of(turn.state, retention, now)
    if ttl is not None:
        values["ttl"] = ttl
    return Update(
        key=delivery_key(delivery.id),
        set=values,
        add={"attempts": 1} if turn.burns else {},
        append=_noted(moved, history_note(now, turn.state, turn.reason or turn.proof)),
        remove=(*gone, "sending_until"),
        when=when,
    )


def supersede(
    delivery: Delivery,
    by: str,
    why: str,
    retention: Retention,
    *,
    now: datetime,
    when: Condition | None = None,
) -> Update:
    """
    Finish a delivery that a newer one made pointless, or that travelled inside a newer one.

    Without `when`, it must still be in the state that was seen.
    """
    turn = Turn(state=State.SUPERSEDED, reason=why)
    seen = when or Equals("state", str(delivery.state))
    update = move(delivery, turn, retention, now=now, when=seen)
    return replace(update, set={**update.set, "superseded_by": by})


def erase(delivery: Delivery, retention: Retention, *, now: datetime) -> Update:
    """
    Take out of a delivery whatever a person said; that it was, and what became of it, stays. If it has not moved.

    The reason and the story go too: a vendor's words may quote a value.
    """
    ttl = ttl_of(State.ERASED, retention, now)
    return Update(
        key=delivery_key(delivery.id),
        set={
            "state": str(State.ERASED),
            "payload": dump({}),
            "contact": "",
            "history": [history_note(now, State.ERASED, f"was {delivery.state}")],
            "settled_at": stamp(now),
            "ttl": ttl,
        },
        remove=("waiting_pk", "waiting_sk", "attention_pk", "attention_sk", "reason", "result", "fixes"),
        when=Equals("state", str(delivery.state)),
    )


def in_call(call_id: str) -> Condition:
    """
    The delivery is still with this call: sending, or given up as uncertain while its reply was on the way.
    """
    return All((Equals("call_id", call_id), OneOf("state", (str(State.SENDING), str(State.UNCERTAIN)))))


def sent_by(call_id: str) -> Condition:
    """
    The delivery is being sent by this call, and nobody has given it up.
    """
    return All((Equals("call_id", call_id), Equals("state", str(State.SENDING))))


def ready() -> Condition:
    """
    The delivery still waits: nobody has dropped, erased or settled it.
    """
    return OneOf("state", (str(State.WAITING), str(State.UNCERTAIN)))


def _noted(delivery: Delivery, note: str) -> dict[str, list[Any]]:
    """
    What a step adds to the story. A delivery that is probed for weeks tells no more of it until its end.
    """
    over = delivery.notes >= NOTES_MAX and delivery.state not in FINAL_STATES
    return {} if over else {"history": [note]}


def history_note(at: datetime, state: State, note: str) -> str:
    """
    One line of a delivery's story.
    """
    return f"{stamp(at)} {state} {note[:HISTORY_NOTE_CHARS_MAX]}".rstrip()
