"""
Delivery: one event for one destination operation. Contact: what a lane knows of one address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum

from chalicelib.value import value


class State(StrEnum):
    """
    Where a delivery is. Every accepted delivery is in exactly one of these; the last six are final.
    """

    WAITING = "waiting"
    SENDING = "sending"
    UNCERTAIN = "uncertain"
    HELD = "held"
    DELIVERED = "delivered"
    DEAD = "dead"
    SUPERSEDED = "superseded"
    SKIPPED = "skipped"
    DROPPED = "dropped"
    ERASED = "erased"


FINAL_STATES = frozenset(
    {State.DELIVERED, State.DEAD, State.SUPERSEDED, State.SKIPPED, State.DROPPED, State.ERASED},
)


class Effect(StrEnum):
    """
    What an operation does to a contact at the vendor; it decides merging, order and urgency.

    DATA writes field values and merges with its like. FILL writes blanks only, so it never merges. OPT_IN, OPT_OUT and
    REMOVE set a state; the last two are urgent (never paced, may use the reserve), and an OPT_OUT beats any OPT_IN of
    the same batch or older.
    """

    DATA = "data"
    FILL = "fill"
    OPT_IN = "opt_in"
    OPT_OUT = "opt_out"
    REMOVE = "remove"


@value
class Prepared:
    """
    A mapped payload that the vendor's rules accept: what a destination makes of a route's fields.

    `payload` is what will be sent (vendor field → text). `settings` is the low-cardinality part that calls are grouped
    by. `address` is the normalised identity of the contact (lower-case address, or hashcode). `urgent` marks opt-outs
    and deletes.
    """

    payload: Mapping[str, str] = field(repr=False)
    settings: Mapping[str, str] = field(default_factory=dict)
    address: str = field(repr=False)
    effect: Effect
    urgent: bool = False


@value
class Delivery:
    """
    One event for one destination operation: its payload and its state.

    `key` names the LaneKey it travels under; `contact` is the keyed digest of the address (empty where there is none).
    `event_time` orders updates of one contact; `arrived_at` orders the backlog. `after`: not before this time. `alone`:
    a call that merged it with others was refused, so it is tried by itself.
    `call_id`/`sending_until`: the open call that has it. `result` is what the vendor answered (SATORI's hashcode).
    `fixes`: values that a person put in, in this and earlier replays. `tier` is its place in the order of its lane: 0
    for what comes by itself, 1 for a row of a file, 2 for one that takes only what a day leaves over (planning.tiers).
    """

    id: str
    event_id: str
    source: str
    route: str
    destination: str
    operation: str
    lane: str
    key: str
    contact: str
    effect: Effect
    urgent: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)
    payload: Mapping[str, str] = field(default_factory=dict, repr=False)
    event_time: datetime
    arrived_at: datetime
    state: State
    reason: str = ""
    attempts: int = 0
    alone: bool = False
    after: datetime | None = None
    call_id: str = ""
    sending_until: datetime | None = None
    settled_at: datetime | None = None
    proof: str = ""
    result: Mapping[str, str] = field(default_factory=dict)
    replay_of: str = ""
    fixes: Mapping[str, str] = field(default_factory=dict, repr=False)
    superseded_by: str = ""
    notes: int = 0
    tier: int = 0

    @property
    def order(self) -> tuple[datetime, str]:
        """
        The place among the deliveries of one contact: event time, then id (which grows with arrival).
        """
        return (self.event_time, self.id)


@value
class Pending:
    """
    One entry of a contact's list of undelivered deliveries: enough to decide order without reading them.
    """

    event_time: datetime
    delivery_id: str
    key: str
    effect: Effect
    tier: int = 0

    @property
    def order(self) -> tuple[datetime, str]:
        """
        Comparable with Delivery.order.
        """
        return (self.event_time, self.delivery_id)


@value
class Contact:
    """
    What one lane knows of one address: pending deliveries, and per field the event time last delivered.

    `times` maps a vendor field (or "$out", "$in", "$gone" for state effects) to the event time last delivered;
    `kept` the last delivered values of required fields, which an older event may not take back. `last_effect` and
    `last_call_at` keep operations that do not merge `settle_seconds` apart. `lease` is the open call that has it.
    `day_count`: what reached it on the Tokyo day `day` ("2026-11-21"), where its operation bounds that.
    """

    id: str
    lane: str
    pending: tuple[Pending, ...] = ()
    times: Mapping[str, datetime] = field(default_factory=dict)
    kept: Mapping[str, str] = field(default_factory=dict, repr=False)
    lease: str = ""
    lease_until: datetime | None = None
    last_effect: Effect | None = None
    last_call_at: datetime | None = None
    day: str = ""
    day_count: int = 0


@value
class MergeRules:
    """
    How the payloads of one operation merge, per vendor field; what is not named here is "newest wins, blank keeps".

    `append`: comma-separated tags that add up. `opt_out`: fields whose given value beats any other of the same batch.
    `identity`: fields that say who, never trimmed. `required`: fields the vendor demands in every call.
    `blank_counts`: an empty text is a value of its own (配配メール overwrite_type 2). `merges`: several deliveries of
    one contact may become one. `scope`: what a state effect is about ("gid=12"; empty: the whole contact).
    `whole`: each delivery is a message of its own, not a state: it is never trimmed by what is newer. `per_day`: at
    most so many for one contact on a day in Tokyo (0: any number); what comes after that is superseded.
    """

    append: frozenset[str] = frozenset()
    opt_out: Mapping[str, str] = field(default_factory=dict)
    identity: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
    blank_counts: bool = False
    merges: bool = True
    scope: str = ""
    whole: bool = False
    per_day: int = 0
