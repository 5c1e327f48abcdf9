"""
The values of one call for one contact: what is seen, what is ready to be sent, what came of it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.model import (
    FINAL_STATES,
    Batch,
    Call,
    Contact,
    Delivery,
    Destination,
    Lane,
    LaneState,
    Reservation,
    State,
)
from chalicelib.ports import Write
from chalicelib.records import contacts, deliveries, lanes
from chalicelib.relay.margins import CALL_MARGIN_SECONDS
from chalicelib.value import value


@value
class Tried:
    """
    What came of a try.

    `delivery` is as it stands afterwards; `again_at` when it may be tried again, where that is known; `called` whether
    the vendor was called; `why` for the log.
    """

    delivery: Delivery
    called: bool = False
    again_at: datetime | None = None
    why: str = ""

    @property
    def settled(self) -> bool:
        """
        Whether nothing more has to be done for this delivery.
        """
        return self.delivery.state in FINAL_STATES or self.delivery.state is State.HELD


@value
class View:
    """
    One consistent look at a contact: the lane, what the lane knows of the contact, and its pending deliveries.
    """

    lane: Lane
    state: LaneState
    contact: Contact
    pending: tuple[Delivery, ...] = ()


@value
class Ready:
    """
    A call that has everything: the request, whose it is, and the reservation to be claimed.
    """

    view: View
    destination: Destination
    batch: Batch
    request: Call
    members: tuple[Delivery, ...]
    reservation: Reservation
    timeout_seconds: float


def begin(ready: Ready) -> list[Write]:
    """
    One transaction: the reservation, the contact's lease, and `sending` on each member; before the request goes.
    """
    reservation, line, lane = ready.reservation, ready.batch.lines[0], ready.view.lane.name
    now = reservation.at
    until = now + timedelta(seconds=ready.timeout_seconds + CALL_MARGIN_SECONDS)
    writes: list[Write] = [lanes.reserve(lane, reservation)]
    if line.contact:
        writes.append(contacts.take(ready.view.contact, reservation.call_id, now=now, until=until))
    return writes + [deliveries.claim(each, reservation.call_id, now=now, until=until) for each in ready.members]
