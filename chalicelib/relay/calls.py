"""
One call for one contact: the way of lanes that send one delivery a call (SATORI, Mail Dealer).

The same steps serve a visitor's request, a bell and the backlog: look, reserve and record in one write, send, settle.
Nothing here retries; what may not go now stays waiting.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from chalicelib.errors import StoreUnavailable
from chalicelib.model import (
    Batch,
    Contact,
    Delivery,
    Lane,
    LaneTurn,
    Line,
    NoReply,
    Reading,
    Reservation,
    State,
    Turn,
)
from chalicelib.planning.coalesce import MERGED_MAX, Plan, plan_contact
from chalicelib.planning.ledger import Ask, Wait, may_call
from chalicelib.planning.settle import Moment, lane_turn, turn
from chalicelib.ports import Lost
from chalicelib.records import contacts, deliveries, lanes
from chalicelib.records.layout import contact_key, delivery_key, lane_key
from chalicelib.relay import faults
from chalicelib.relay.deps import Deps
from chalicelib.relay.notices import Notices
from chalicelib.relay.settling import (
    after_turns,
    bury,
    give_up,
    hold_strangers,
    line_writes,
    log_call,
    overtake,
    read,
    refused_together,
    settle_late,
    unless_rotated,
)
from chalicelib.relay.tries import Ready, Tried, View, begin


class Caller:
    """
    Tries deliveries of one-contact lanes, one call at a time.
    """

    def __init__(self, deps: Deps, notices: Notices) -> None:
        self._deps = deps
        self._notices = notices

    def try_fresh(self, delivery: Delivery, *, timeout_seconds: float) -> Tried:
        """
        Try a delivery that has just been stored, with as few requests to AWS as can be: look, begin, settle.
        """
        view = self._look(self._deps.config.lanes[delivery.lane], delivery)
        if any(each.delivery_id != delivery.id and not each.tier for each in view.contact.pending):
            return Tried(delivery=delivery, why="behind an older delivery of the same contact")
        return self._try(delivery, replace(view, pending=(delivery,)), timeout_seconds)

    def try_one(self, delivery_id: str) -> Tried | None:
        """
        Try a delivery by id, after a consistent look at it and its contact; None where there is no such delivery.

        Whatever of the contact is older goes first or with it.
        """
        item = self._deps.ports.table.get([delivery_key(delivery_id)])[0]
        if item is None:
            return None
        delivery = deliveries.from_item(item)
        lane = self._deps.lane(delivery.lane)
        if delivery.state not in deliveries.IN_BACKLOG or lane is None or lane.batching:
            return Tried(delivery=delivery, why=f"it is {delivery.state}")
        if not self._deps.known(delivery):
            hold_strangers(self._deps, self._notices, [delivery])
            return self._reread(delivery, "not in relay.toml any more")
        view = self._look(lane, delivery)
        return self._try(delivery, replace(view, pending=self._pending(view.contact, delivery)), lane.timeout_seconds)

    def bury(self, delivery_id: str, why: str) -> None:
        """
        Make a dead letter of a delivery that cannot even be tried.
        """
        item = self._deps.ports.table.get([delivery_key(delivery_id)])[0] if delivery_id else None
        if item is not None:
            self._bury([deliveries.from_item(item)], why)

    def _bury(self, members: Sequence[Delivery], why: str) -> None:
        for each in members:
            bury(self._deps, each, Turn(state=State.DEAD, reason=why))
        told = faults.first_line(why)
        self._notices.tell_of(replace(each, state=State.DEAD, reason=told) for each in members)

    # ── looking ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _look(self, lane: Lane, delivery: Delivery) -> View:
        keys = [lane_key(lane.name)]
        if delivery.contact:
            keys.append(contact_key(lane.name, delivery.contact))
        found = self._deps.ports.table.get(keys)
        contact = contacts.from_item(delivery.contact, lane.name, found[1] if delivery.contact else None)
        return View(lane=lane, state=lanes.state_from(lane.name, [found[0]]), contact=contact)

    def _pending(self, contact: Contact, delivery: Delivery) -> tuple[Delivery, ...]:
        """
        The contact's oldest deliveries that are still to be sent.

        Those whose caller did not come back are given up first. The one asked for is not among them if too many are
        older: it may not pass what stands in between. A row of a file waits for its own turn: what comes by itself
        does not take it along.
        """
        ids = [each.delivery_id for each in contact.pending if each.tier <= delivery.tier]
        ids = ids[:MERGED_MAX] if delivery.id in ids else [*ids[:MERGED_MAX], delivery.id]
        items = self._deps.ports.table.get([delivery_key(each) for each in ids])
        found = (deliveries.from_item(item) for item in items if item is not None)
        now, pending = self._deps.now(), []
        for each in found:
            lost = each.state is State.SENDING and each.sending_until is not None and each.sending_until <= now
            stands = give_up(self._deps, each) if lost else each
            if stands is not None and stands.state in deliveries.IN_BACKLOG and self._deps.known(stands):
                pending.append(stands)
        return tuple(pending)

    # ── trying ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _try(self, delivery: Delivery, view: View, timeout_seconds: float) -> Tried:
        deps, now = self._deps, self._deps.now()
        plan = plan_contact(
            view.pending,
            view.contact,
            deps.rules,
            now=now,
            settle_seconds=view.lane.settle_seconds,
        )
        for each in plan.overtaken:
            overtake(deps, each.delivery, each.why, each.by)
        if not plan.lines:
            return self._stands(delivery, plan)
        members = tuple(plan.members[each] for each in plan.lines[0].deliveries)
        ask = Ask(
            call_id=deps.ports.chance.id(now),
            timeout_seconds=timeout_seconds,
            urgent=any(each.urgent for each in members),
            late=all(each.tier for each in members),
        )
        verdict = may_call(view.lane, view.state, now, ask)
        if isinstance(verdict, Wait):
            return Tried(delivery=delivery, again_at=verdict.until, why=verdict.why)
        ready = self._prepare(view, plan.lines[0], members, verdict.reservation, timeout_seconds)
        return self._call(delivery, ready) if ready else self._reread(delivery, "no request could be made of it")

    def _prepare(
        self,
        view: View,
        line: Line,
        members: tuple[Delivery, ...],
        reservation: Reservation,
        timeout_seconds: float,
    ) -> Ready | None:
        """
        The request for a line, made before anything is reserved. A line our own code cannot make is a dead letter.
        """
        head = members[0]
        destination = self._deps.destination(head.destination)
        batch = Batch(
            lane=head.lane,
            destination=destination.name,
            operation=head.operation,
            settings=head.settings,
            lines=(line,),
            at=self._deps.now(),
        )
        credentials = self._deps.credentials(destination)
        try:
            request = self._deps.vendors[destination.vendor].build(batch, b"", destination, credentials)
        except Exception:  # noqa: BLE001 - one row that our own code cannot take must not stop the lane
            self._bury(members, faults.for_operator())
            return None
        return Ready(
            view=view,
            destination=destination,
            batch=batch,
            request=request,
            members=members,
            reservation=reservation,
            timeout_seconds=timeout_seconds,
        )

    def _call(self, delivery: Delivery, ready: Ready) -> Tried:
        deps = self._deps
        if isinstance(deps.ports.table.write(*begin(ready)), Lost):
            return self._reread(delivery, "another worker was faster")
        started = deps.now()
        reply = deps.ports.transport.send(ready.request, timeout_seconds=ready.timeout_seconds)
        reading = read(deps, ready.batch, reply)
        if isinstance(reply, NoReply) and reply.sent and ready.timeout_seconds < ready.view.lane.timeout_seconds:
            reading = replace(reading, verdict=replace(reading.verdict, kind="slow"))
        return self._settle(delivery, ready, reading, deps.now() - started)

    def _reread(self, delivery: Delivery, why: str) -> Tried:
        """
        The delivery as the table has it now, after somebody else may have moved it.
        """
        item = self._deps.ports.table.get([delivery_key(delivery.id)])[0]
        now = self._deps.now()
        stands = deliveries.from_item(item) if item else delivery
        return Tried(delivery=stands, again_at=stands.sending_until or now + timedelta(seconds=1), why=why)

    def _stands(self, delivery: Delivery, plan: Plan) -> Tried:
        if plan.blocked:
            return Tried(delivery=delivery, again_at=plan.blocked[0].until, why=plan.blocked[0].why)
        return self._reread(delivery, "nothing of it was left to send")

    # ── settling ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _settle(self, delivery: Delivery, ready: Ready, reading: Reading, took: timedelta) -> Tried:
        deps, view = self._deps, ready.view
        jitter = deps.ports.chance.jitter()
        # A visitor's patience is short; the thank-you page waits, so it is asked again at once, with more of it.
        moment = Moment(now=deps.now(), jitter=0.0 if reading.verdict.kind == "slow" else jitter)
        verdict = unless_rotated(deps, ready.destination, reading.verdict)
        on_lane = lane_turn(view.lane, view.state, verdict, moment)
        turns = _turns(ready, reading, moment)
        self._write(ready, turns, on_lane)
        ends = after_turns(ready.members, turns)
        log_call(deps, ready.batch, ready.reservation.call_id, ends, verdict, took)
        self._notices.tell(on_lane.notices)
        self._notices.tell_of(replace(each, state=state, reason=turns[each.id].reason) for each, state in ends)
        if delivery.id not in turns:
            return replace(self._reread(delivery, "an older delivery of the contact went first"), called=True)
        mine, state = turns[delivery.id], {each.id: end for each, end in ends}[delivery.id]
        moved = replace(delivery, state=state, reason=mine.reason, proof=mine.proof, result=mine.result)
        return Tried(delivery=moved, called=True, again_at=mine.after or on_lane.breaker.until, why=mine.reason)

    def _write(self, ready: Ready, turns: dict[str, Turn], on_lane: LaneTurn) -> None:
        """
        One transaction for lane, contact and members; where the call was given up meanwhile, what can still be said.

        If the table does not answer now, the deliveries stay `sending` and become uncertain: recorded before, so not
        lost. The visitor's answer need not wait for that.
        """
        ports, view, call_id = self._deps.ports, ready.view, ready.reservation.call_id
        windows = [name for name, _ in ready.reservation.windows]
        seen, now = view.state.breaker, self._deps.now()
        lane = lanes.settle(view.lane.name, call_id, windows, on_lane, seen=seen, now=now)
        try:
            rows = line_writes(self._deps, ready.batch.lines[0], ready.members, view.contact, turns, call_id)
            if isinstance(ports.table.write(lane, *rows), Lost):
                ports.journal.log("call.settled_late", call=call_id, lane=view.lane.name)
                ports.table.write(lane)
                settle_late(self._deps, ready.batch.lines[0], ready.members, turns, call_id)
        except StoreUnavailable as unavailable:
            ports.journal.log("call.not_settled", call=call_id, lane=view.lane.name, reason=str(unavailable))


def _turns(ready: Ready, reading: Reading, moment: Moment) -> dict[str, Turn]:
    """
    The next state of each member. Members refused together are tried by themselves, since only one may be at fault.
    """
    lane, probe = ready.view.lane, bool(ready.view.state.breaker.kind)
    turns = {
        each.id: turn(reading.outcomes[each.id], lane, moment, attempts=each.attempts, probe=probe)
        for each in ready.members
    }
    if refused_together(ready.members, reading):
        return {
            name: Turn(state=State.WAITING, reason=f"refused together: {its.reason}", alone=True)
            for name, its in turns.items()
        }
    return turns
