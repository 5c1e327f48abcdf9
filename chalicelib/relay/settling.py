"""
After a call: reading the reply, and writing what became of its deliveries, its contacts and its lane.

The vendor's words are read by pure functions; here they only become writes. A write that comes too late (the call was
given up meanwhile) still settles what it can, because the vendor is right.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from chalicelib.errors import SecretUnavailable
from chalicelib.model import (
    Batch,
    Contact,
    Delivery,
    Destination,
    Lane,
    LaneState,
    LaneTurn,
    Line,
    NoReply,
    OpenCall,
    Reading,
    Refused,
    Reply,
    State,
    Turn,
    Uncertain,
    Verdict,
)
from chalicelib.planning.coalesce import of_today
from chalicelib.ports import Lost, Update, Write
from chalicelib.records import contacts, deliveries, lanes
from chalicelib.records.layout import contact_key, delivery_key
from chalicelib.relay import faults
from chalicelib.relay.deps import Deps
from chalicelib.relay.notices import Notices

IDS_LOGGED_MAX = 10
LATE_TRIES_MAX = 5


def read(deps: Deps, batch: Batch, reply: Reply | NoReply) -> Reading:
    """
    What a reply means. A reply that our own code cannot read is Uncertain, never an exception and never success.
    """
    vendor = deps.vendor(batch.destination)
    try:
        return vendor.read(reply, batch, deps.destination(batch.destination))
    except Exception as error:  # noqa: BLE001 - the call was made; whatever we fail at, it may have been applied
        reason = f"our own fault: the reply could not be read ({type(error).__name__})"
        harmless = deps.repeat_harmless(batch.destination, batch.operation)
        ids = (each for line in batch.lines for each in line.deliveries)
        return Reading(
            outcomes={each: Uncertain(reason=reason, harmless=harmless) for each in ids},
            verdict=Verdict(kind="failing", reason=reason),
        )


def unless_rotated(deps: Deps, destination: Destination, verdict: Verdict) -> Verdict:
    """
    Credentials may have been rotated since they were cached: look again before the whole lane pauses for them.
    """
    if verdict.kind != "paused":
        return verdict
    try:
        before = deps.credentials(destination)
        deps.ports.secrets.refresh()
        rotated = deps.credentials(destination) != before
    except SecretUnavailable:
        return verdict
    return replace(verdict, kind="busy", retry_after_seconds=1.0) if rotated else verdict


def line_writes(
    deps: Deps,
    line: Line,
    members: Sequence[Delivery],
    contact: Contact,
    turns: Mapping[str, Turn],
    call_id: str = "",
) -> list[Write]:
    """
    The writes that settle one line: each member's next state, and what the call leaves behind on the contact.

    The newest member stands for a delivered line; the others travelled inside it and are superseded by it. Members were
    claimed one by one for `call_id`; without it they still wait (a batch claims its rows by the lane's open call).
    """
    when = deliveries.in_call(call_id) if call_id else deliveries.ready()
    now, retention, newest = deps.now(), deps.config.retention, members[-1]
    writes: list[Write] = []
    for each in members:
        its = turns[each.id]
        if its.state is State.DELIVERED and each is not newest:
            why = f"merged into {newest.id}"
            writes.append(deliveries.supersede(each, newest.id, why, retention, now=now, when=when))
        else:
            writes.append(deliveries.move(each, its, retention, now=now, when=when))
    if line.contact:
        gone = [each for each in members if turns[each.id].state not in deliveries.IN_BACKLOG]
        rules = deps.rules(newest) if turns[newest.id].state is State.DELIVERED else None
        today = of_today(contact, now)
        left = contacts.called(today, line, members, gone, rules=rules, retention=retention, now=now)
        writes.append(left)
    return writes


def settle_late(
    deps: Deps,
    line: Line,
    members: Sequence[Delivery],
    turns: Mapping[str, Turn],
    call_id: str = "",
) -> None:
    """
    Settle a line whose members or contact have moved on: the members that are still ours, with the contact as it is.

    One transaction, so that no member is settled while its contact still counts it as pending.
    """
    table, lane = deps.ports.table, members[0].lane
    place = contact_key(lane, line.contact)
    for _ in range(LATE_TRIES_MAX):
        items = table.get([place, *(delivery_key(each.id) for each in members)])
        stands = {item["id"]: deliveries.from_item(item) for item in items[1:] if item is not None}
        ours = [each for each in members if _is_ours(stands.get(each.id), call_id)]
        if not ours:
            return
        contact = contacts.from_item(line.contact, lane, items[0])
        writes = line_writes(deps, line, ours, contact, turns, call_id)
        if not isinstance(table.write(*(_as_it_is(each, contact, call_id) for each in writes)), Lost):
            return


def _is_ours(delivery: Delivery | None, call_id: str) -> bool:
    """
    Whether a delivery is still with the call that is being settled (without an id: still waits for its batch).
    """
    if delivery is None:
        return False
    if not call_id:
        return delivery.state in {State.WAITING, State.UNCERTAIN}
    return delivery.call_id == call_id and delivery.state in {State.SENDING, State.UNCERTAIN}


def _as_it_is(write: Write, contact: Contact, call_id: str) -> Write:
    """
    A contact's write, bound to what was just read; a lease that is another call's by now stays.
    """
    if not isinstance(write, Update) or write.key.sk != "CONTACT":
        return write
    ours = not contact.lease or contact.lease == call_id
    return replace(write, when=contacts.unchanged(contact), remove=write.remove if ours else ())


def after_turns(members: Iterable[Delivery], turns: Mapping[str, Turn]) -> list[tuple[Delivery, State]]:
    """
    Which state each member of one line ends in: merged ones are superseded by the newest.
    """
    found = list(members)
    states = []
    for each in found:
        state = turns[each.id].state
        merged = state is State.DELIVERED and each is not found[-1]
        states.append((each, State.SUPERSEDED if merged else state))
    return states


def overtake(deps: Deps, delivery: Delivery, why: str, by: str) -> bool:
    """
    Finish a delivery that is pointless now, and take it off its contact's list; False where it had changed meanwhile.
    """
    now, retention = deps.now(), deps.config.retention
    writes: list[Write] = [deliveries.supersede(delivery, by, why, retention, now=now)]
    if delivery.contact:
        writes.append(contacts.forget([delivery], delivery.lane, delivery.contact, retention, now))
    done = not isinstance(deps.ports.table.write(*writes), Lost)
    if done:
        deps.ports.journal.log("delivery.superseded", delivery=delivery.id, lane=delivery.lane, reason=why)
    return done


def bury(deps: Deps, delivery: Delivery, turn: Turn) -> bool:
    """
    Put a waiting delivery into a state where nothing sends it any more (dead, held), and off its contact's list.
    """
    now, retention = deps.now(), deps.config.retention
    writes: list[Write] = [deliveries.move(delivery, turn, retention, now=now, when=deliveries.ready())]
    if delivery.contact:
        writes.append(contacts.forget([delivery], delivery.lane, delivery.contact, retention, now))
    done = not isinstance(deps.ports.table.write(*writes), Lost)
    if done:
        count(deps, delivery, turn.state)
        reason = faults.gist(turn.reason)
        deps.ports.journal.log(f"delivery.{turn.state}", delivery=delivery.id, lane=delivery.lane, reason=reason)
    return done


def hold_strangers(deps: Deps, notices: Notices, strangers: Sequence[Delivery]) -> None:
    """
    Hold what relay.toml can carry nowhere any more: its destination, or its place in this lane, is gone.
    """
    for each in strangers:
        why = f"relay.toml sends nothing to {each.destination} by lane {each.lane} any more; give it back, and release"
        if bury(deps, each, Turn(state=State.HELD, reason=why)):
            notices.tell_of([replace(each, state=State.HELD, reason=why)])


def give_up(deps: Deps, delivery: Delivery) -> Delivery | None:
    """
    A delivery whose caller ran out of time may have been applied: uncertain, or held where a repeat could do harm.

    Returns it as it stands now, or None where somebody settled it meanwhile. What it cost stays counted, once.
    """
    now = deps.now()
    harmless = not deps.known(delivery) or deps.repeat_harmless(delivery.destination, delivery.operation)
    state = State.UNCERTAIN if harmless else State.HELD
    turn = Turn(state=state, reason="the worker that called the vendor did not come back", burns=True)
    update = deliveries.move(delivery, turn, deps.config.retention, now=now, when=deliveries.sent_by(delivery.call_id))
    result = deps.ports.table.write(update, lanes.close(delivery.lane, delivery.call_id))
    if isinstance(result, Lost):
        # The write may have been made before, and its answer lost; or another worker was faster. One attempt is burnt.
        found = result.found.get(0) or {}
        if (found.get("call_id"), found.get("state")) != (delivery.call_id, str(state)):
            return None
    if delivery.contact:
        deps.ports.table.write(contacts.give_back(delivery.lane, delivery.contact, delivery.call_id))
        if state is State.HELD:
            deps.ports.table.write(
                contacts.forget([delivery], delivery.lane, delivery.contact, deps.config.retention, now)
            )
    deps.ports.journal.log("call.abandoned", call=delivery.call_id, delivery=delivery.id, lane=delivery.lane)
    return deliveries.from_item(
        {**deliveries.to_item(delivery), "state": str(state), "attempts": delivery.attempts + 1}
    )


def let_go(deps: Deps, lane: Lane, state: LaneState, call: OpenCall) -> bool:
    """
    End a batch call that cannot be concluded: its rows wait as before. False where it has moved on meanwhile.

    Its file has gone after ten days, its destination has left relay.toml, or an operator says so.
    """
    turn = LaneTurn(breaker=state.breaker)
    closing = lanes.settle(lane.name, call.id, call.windows, turn, seen=state.breaker, now=deps.now())
    done = not isinstance(deps.ports.table.write(lanes.end_batch(closing, call)), Lost)
    deps.ports.journal.log("call.let_go", call=call.id, lane=lane.name, rows=call.rows)
    return done


def log_call(
    deps: Deps,
    batch: Batch,
    call_id: str,
    ends: Sequence[tuple[Delivery, State]],
    verdict: Verdict,
    took: timedelta,
) -> None:
    """
    One line and a few measures for one settled call.
    """
    journal, now = deps.ports.journal, deps.now()
    states: dict[str, int] = {}
    for _, state in ends:
        states[str(state)] = states.get(str(state), 0) + 1
    oldest = min((each.arrived_at for each, _ in ends), default=now)
    journal.log(
        "call.settled",
        call=call_id,
        correlation_id=ends[0][0].event_id if len({each.event_id for each, _ in ends}) == 1 else "",
        lane=batch.lane,
        destination=batch.destination,
        operation=batch.operation,
        deliveries=[each.id for each, _ in ends[:IDS_LOGGED_MAX]],
        rows=len(batch.lines),
        verdict=verdict.kind,
        reason=verdict.reason,
        took_ms=round(took.total_seconds() * 1000),
        waited_seconds=round((now - oldest).total_seconds(), 1),
        **states,
    )
    journal.measure("CallLatency", took.total_seconds() * 1000, "Milliseconds", lane=batch.lane)
    for name, number in states.items():
        journal.measure(f"deliveries_{name}", number, "Count", lane=batch.lane)


def count(deps: Deps, delivery: Delivery, state: State) -> None:
    """
    Measure one delivery that ended without a call.
    """
    deps.ports.journal.measure(f"deliveries_{state}", 1, "Count", lane=delivery.lane or "-")


def refused_together(members: Sequence[Delivery], reading: Reading) -> bool:
    """
    Whether a merged line was refused, so that nobody knows yet whose field it was.
    """
    return len(members) > 1 and all(isinstance(reading.outcomes[each.id], Refused) for each in members)
