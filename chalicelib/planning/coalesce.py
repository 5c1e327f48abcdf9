"""
From waiting deliveries to lines: one line per contact, its updates merged, its order kept.

The same function serves both kinds of lane: a lane that sends one contact a call asks for one contact, a batching lane
for thousands. Contacts are independent of each other, so each is planned alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime, timedelta

from chalicelib.model import Contact, Delivery, Effect, Line, MergeRules, Pending, State
from chalicelib.planning.merge import merge, overtaken_by_state, trim
from chalicelib.planning.windows import tokyo_day
from chalicelib.value import value

READY = frozenset({State.WAITING, State.UNCERTAIN})
MERGED_MAX = 40
"""
At most so many deliveries of one contact travel in one line: they are settled in one transaction of a hundred writes.
"""

Rules = Callable[[Delivery], MergeRules]


@value
class Blocked:
    """
    Deliveries of one contact that may not go now. `until` (None: when `behind` has gone) and `why` say more.

    `behind` names the key of an older delivery that has to go first.
    """

    deliveries: tuple[str, ...]
    why: str
    until: datetime | None = None
    behind: str = ""


@value
class Overtaken:
    """
    A delivery that is pointless now: a newer one said it all. `by` names the newer one where it is known.
    """

    delivery: Delivery
    why: str
    by: str = ""


@value
class Plan:
    """
    What can be said of some waiting deliveries: lines to send, deliveries overtaken, deliveries that must wait.

    `members` holds the deliveries of each line, for whoever settles it. `poison` are deliveries that our own code
    failed to plan; they must not hold up the others.
    """

    lines: tuple[Line, ...] = ()
    overtaken: tuple[Overtaken, ...] = ()
    blocked: tuple[Blocked, ...] = ()
    members: Mapping[str, Delivery] = field(default_factory=dict)
    poison: tuple[tuple[Delivery, str], ...] = ()

    @property
    def spoken_of(self) -> int:
        """
        How many deliveries it disposes of; what was given beyond that waits for a later plan.
        """
        return len(self.members) + len(self.overtaken) + len(self.poison)


def coalesce(
    deliveries: Iterable[Delivery],
    contacts: Mapping[str, Contact],
    rules: Rules,
    *,
    now: datetime,
    settle_seconds: float,
    held_keys: Collection[str] = (),
) -> Plan:
    """
    Plan the given deliveries, each contact by itself; the lines keep the order in which their oldest arrived.

    `deliveries` were read consistently, all of one key of one lane. A contact's own list of pending deliveries tells of
    those that are not among them; what waits under one of the `held_keys` holds up no opt-out.
    """
    groups: dict[str, list[Delivery]] = {}
    for delivery in deliveries:
        groups.setdefault(delivery.contact or delivery.id, []).append(delivery)
    plans = []
    for name, group in groups.items():
        contact = contacts.get(name) or Contact(id=group[0].contact, lane=group[0].lane)
        try:
            plans.append(
                _plan_group(group, contact, rules, now=now, settle_seconds=settle_seconds, held_keys=held_keys)
            )
        except Exception as fault:  # noqa: BLE001 - one row that our own code cannot take must not stop the others
            # Its kind only: what an exception says may quote a value, and this goes into logs and mails.
            plans.append(Plan(poison=tuple((each, type(fault).__name__) for each in group)))
    return Plan(
        lines=tuple(line for plan in plans for line in plan.lines),
        overtaken=tuple(each for plan in plans for each in plan.overtaken),
        blocked=tuple(each for plan in plans for each in plan.blocked),
        members={name: each for plan in plans for name, each in plan.members.items()},
        poison=tuple(each for plan in plans for each in plan.poison),
    )


def _plan_group(
    group: Sequence[Delivery],
    contact: Contact,
    rules: Rules,
    *,
    now: datetime,
    settle_seconds: float,
    held_keys: Collection[str],
) -> Plan:
    """
    The plan of one contact's deliveries of a key.

    Rows of files hold up nothing that came by itself: where all together may not go, or the rows would go first and
    alone, it goes without them.
    """
    plan = plan_contact(group, contact, rules, now=now, settle_seconds=settle_seconds, held_keys=held_keys)
    first = min(each.tier for each in group)
    ahead = [each for each in group if each.tier == first]
    if len(ahead) == len(group) or any(each.tier == first for each in plan.members.values()):
        return plan
    alone = plan_contact(ahead, contact, rules, now=now, settle_seconds=settle_seconds, held_keys=held_keys)
    return alone if alone.lines else plan


def plan_contact(
    deliveries: Sequence[Delivery],
    contact: Contact,
    rules: Rules,
    *,
    now: datetime,
    settle_seconds: float,
    held_keys: Collection[str] = (),
) -> Plan:
    """
    The one line that this contact may send now, if any: its oldest deliveries that merge into one.
    """
    mine, overtaken = _without_overtaken(sorted(deliveries, key=lambda each: each.order), contact, rules)
    if not mine:
        return Plan(overtaken=tuple(overtaken))
    head, ids = mine[0], tuple(each.id for each in mine)
    ruling = rules(head)
    if head.state in READY and 0 < ruling.per_day <= of_today(contact, now).day_count:
        why = f"the address has had its {ruling.per_day} of the day"
        return Plan(overtaken=(*overtaken, Overtaken(delivery=head, why=why)))
    free = replace(contact, pending=tuple(each for each in contact.pending if not _gives_way(each, head, held_keys)))
    obstacle = _obstacle(head, free, now, settle_seconds)
    if obstacle is not None:
        return Plan(overtaken=tuple(overtaken), blocked=(replace(obstacle, deliveries=ids),))
    group = _mergeable_prefix(mine, free, rules)
    said = trim(merge(group, ruling), contact, ruling)
    if said is None:
        overtaken += [Overtaken(delivery=each, why="a newer event has been delivered") for each in group]
        return Plan(overtaken=tuple(overtaken))
    line = Line(
        contact=contact.id,
        payload={name: value for name, (value, _) in said.items()},
        deliveries=tuple(each.id for each in group),
        times={name: at for name, (_, at) in said.items()},
        attempts=max(each.attempts for each in group),
    )
    return Plan(lines=(line,), overtaken=tuple(overtaken), members={each.id: each for each in group})


def of_today(contact: Contact, now: datetime) -> Contact:
    """
    The contact with what reached it today in Tokyo counted, whenever it was last written.
    """
    day = tokyo_day(now)
    return contact if contact.day == day else replace(contact, day=day, day_count=0)


def _without_overtaken(
    deliveries: list[Delivery],
    contact: Contact,
    rules: Rules,
) -> tuple[list[Delivery], list[Overtaken]]:
    """
    Set aside what a delivered or a pending newer opt-out or delete makes pointless.
    """
    mine: list[Delivery] = []
    overtaken: list[Overtaken] = []
    for delivery in deliveries:
        if delivery.state not in READY:
            mine.append(delivery)
            continue
        why, by = overtaken_by_state(delivery, contact, rules(delivery)), ""
        if not why and delivery.effect is Effect.OPT_IN:
            by = _newer_opt_out(delivery, deliveries, rules)
            why = by and "overtaken by a newer opt-out"
        if why:
            overtaken.append(Overtaken(delivery=delivery, why=why, by=by))
        else:
            mine.append(delivery)
    return mine, overtaken


def _newer_opt_out(delivery: Delivery, others: Sequence[Delivery], rules: Rules) -> str:
    scope = rules(delivery).scope
    opt_outs = (each for each in others if each.effect is Effect.OPT_OUT and rules(each).scope == scope)
    return next((each.id for each in opt_outs if each.event_time >= delivery.event_time), "")


def _obstacle(head: Delivery, contact: Contact, now: datetime, settle_seconds: float) -> Blocked | None:
    """
    Why the contact's oldest delivery may not go now.
    """
    if contact.lease and contact.lease_until and contact.lease_until > now:
        return Blocked(deliveries=(), why=f"call {contact.lease} is open for this contact", until=contact.lease_until)
    if head.state not in READY:
        return Blocked(deliveries=(), why=f"the oldest delivery is {head.state}", until=head.sending_until)
    if head.after is not None and head.after > now:
        return Blocked(deliveries=(), why="backing off", until=head.after)
    older = _older_that_must_go_first(head, contact)
    if older is not None:
        return Blocked(deliveries=(), why=f"behind {older.delivery_id}", behind=older.key)
    if contact.last_effect is not None and contact.last_call_at is not None and not _side_by_side(head, contact):
        ready = contact.last_call_at + timedelta(seconds=settle_seconds)
        if now < ready:
            return Blocked(deliveries=(), why="the call before may still be in work", until=ready)
    return None


def _older_that_must_go_first(head: Delivery, contact: Contact) -> Pending | None:
    """
    The oldest pending delivery under another key that does not merge with this one and is not overtaken by it.

    A row of a file never holds up what comes by itself: an older one is looked at again when its own turn comes.
    """
    return min((each for each in contact.pending if _goes_first(each, head)), key=lambda each: each.order, default=None)


def _goes_first(one: Pending, other: Delivery) -> bool:
    """
    Whether an older pending delivery under another key has to be sent before this one.
    """
    return (
        one.order < other.order
        and one.key != other.key
        and one.tier <= other.tier
        and not (one.effect is Effect.DATA and other.effect is Effect.DATA)
        and not (one.effect is Effect.OPT_IN and other.effect is Effect.OPT_OUT)
    )


def _gives_way(older: Pending, head: Delivery, held_keys: Collection[str]) -> bool:
    """
    Whether an opt-out need not wait for this one: its key is held, until a person mends something else.

    Once the opt-out is delivered, whatever is older is overtaken by it.
    """
    return older.key in held_keys and head.effect in {Effect.OPT_OUT, Effect.REMOVE}


def _side_by_side(head: Delivery, contact: Contact) -> bool:
    """
    Whether two calls may follow each other at once: both only write values, so their order cannot hurt.
    """
    return contact.last_effect is head.effect is Effect.DATA


def _mergeable_prefix(mine: Sequence[Delivery], contact: Contact, rules: Rules) -> list[Delivery]:
    """
    The oldest deliveries that may travel as one: alike, and nothing of another key belongs in between.
    """
    head = mine[0]
    group = [head]
    for each in mine[1:MERGED_MAX]:
        same = (each.destination, each.operation, each.key) == (head.destination, head.operation, head.key)
        joins = each.effect is head.effect and each.state in READY and rules(each).merges and not each.alone
        if not (same and joins) or any(_goes_first(other, each) for other in contact.pending):
            break
        group.append(each)
    return group if rules(head).merges and not head.alone else [head]
