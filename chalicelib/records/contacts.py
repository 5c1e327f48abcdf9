"""
Contacts as items: pending deliveries and what was last delivered, per lane and address.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from chalicelib.model import Contact, Delivery, Effect, Line, MergeRules, Pending, Retention
from chalicelib.ports import Absent, All, AnyOf, AtMost, Condition, Delete, Equals, FewerThan, Item, Update
from chalicelib.records.layout import contact_key, dump, load, maybe_time, stamp, ttl_days, unstamp

PENDING_MAX = 200
"""
More undelivered deliveries than this for one address are held: nobody fills in a form two hundred times in earnest.
"""

KEPT_DAYS_EXTRA = 8
"""
A contact outlives by so much the events that may still be replayed: an old one must not undo what is newer.
"""


def from_item(contact: str, lane: str, item: Item | None) -> Contact:
    """
    The contact that an item holds; an unknown one where there is no item.
    """
    if item is None:
        return Contact(id=contact, lane=lane)
    effect = item.get("last_effect")
    return Contact(
        id=contact,
        lane=lane,
        pending=tuple(sorted((_pending(text) for text in item.get("pending", ())), key=lambda each: each.order)),
        times={name: unstamp(at) for name, at in load(item.get("times")).items()},
        kept=load(item.get("kept")),
        lease=item.get("lease", ""),
        lease_until=maybe_time(item.get("lease_until")),
        last_effect=Effect(effect) if effect else None,
        last_call_at=maybe_time(item.get("last_call_at")),
        day=item.get("day", ""),
        day_count=int(item.get("day_count", 0)),
    )


def pending_text(delivery: Delivery) -> str:
    """
    One entry of the pending set: event time, id, key and effect, so that order can be told without reading deliveries.
    """
    return _text(
        Pending(
            event_time=delivery.event_time,
            delivery_id=delivery.id,
            key=delivery.key,
            effect=delivery.effect,
            tier=delivery.tier,
        ),
    )


def expect(deliveries: Sequence[Delivery]) -> Update:
    """
    Note new deliveries of one contact as pending. Refused where the contact has too many already.
    """
    first = deliveries[0]
    return Update(
        key=contact_key(first.lane, first.contact),
        include={"pending": frozenset(pending_text(each) for each in deliveries)},
        remove=("ttl",),
        when=AnyOf((Absent("pending"), FewerThan("pending", PENDING_MAX))),
    )


def take(contact: Contact, call_id: str, *, now: datetime, until: datetime) -> Update:
    """
    Lease the contact to one call, so that no two calls for one person are open at once.

    Refused where another call for it was settled since the contact was read: what this call is about to say was worked
    out from times that are no longer true.
    """
    free = AnyOf((Absent("lease"), AtMost("lease_until", stamp(now))))
    return Update(
        key=contact_key(contact.lane, contact.id),
        set={"lease": call_id, "lease_until": stamp(until)},
        when=All((free, unchanged(contact))),
    )


def unchanged(contact: Contact) -> Condition:
    """
    No call for this contact has been settled since it was read.
    """
    seen = contact.last_call_at
    return Equals("last_call_at", stamp(seen)) if seen else Absent("last_call_at")


def give_back(lane: str, contact: str, call_id: str) -> Update:
    """
    End a lease whose call was given up.
    """
    return Update(key=contact_key(lane, contact), remove=("lease", "lease_until"), when=Equals("lease", call_id))


def forget(deliveries: Iterable[Delivery], lane: str, contact: str, retention: Retention, now: datetime) -> Update:
    """
    Deliveries that will not be sent (dead, superseded, dropped, held) are pending no longer.
    """
    return Update(
        key=contact_key(lane, contact),
        exclude={"pending": frozenset(pending_text(each) for each in deliveries)},
        set={"ttl": _ttl(retention, now)},
    )


def exchange(contact: Contact, old: Delivery, new: Delivery) -> Update:
    """
    Let a new delivery wait in the place of an old one; refused where the contact's list has changed since it was read.
    """
    seen = frozenset(_text(each) for each in contact.pending)
    return Update(
        key=contact_key(contact.lane, contact.id),
        set={"pending": seen - {pending_text(old)} | {pending_text(new)}},
        remove=("ttl",),
        when=Equals("pending", seen) if seen else Absent("pending"),
    )


def erase(lane: str, contact: str, now: datetime) -> Delete:
    """
    Forget a contact, unless a call for it is open.
    """
    free = AnyOf((Absent("lease"), AtMost("lease_until", stamp(now))))
    return Delete(key=contact_key(lane, contact), when=free)


def called(
    contact: Contact,
    line: Line,
    members: Sequence[Delivery],
    gone: Sequence[Delivery],
    *,
    rules: MergeRules | None,
    retention: Retention,
    now: datetime,
) -> Update:
    """
    What a call leaves behind on its contact: no lease, fewer pending, and (if delivered) the newest times.

    `gone` are the members that left the backlog. `contact` counts today, where its operation is bounded.
    """
    values: dict[str, str | int] = {
        "ttl": _ttl(retention, now),
        "last_call_at": stamp(now),
        "last_effect": str(members[-1].effect),
    }
    if rules:
        said = _without_known(contact, line) if members[-1].effect is Effect.FILL else line
        if not rules.whole:
            values |= {"times": dump(_times(contact, said, members, rules)), "kept": dump(_kept(contact, said, rules))}
        if rules.per_day:
            values |= {"day": contact.day, "day_count": contact.day_count + 1}
    return Update(
        key=contact_key(contact.lane, contact.id),
        set=values,
        exclude={"pending": frozenset(pending_text(each) for each in gone)} if gone else {},
        remove=("lease", "lease_until"),
    )


def _without_known(contact: Contact, line: Line) -> Line:
    """
    What a fill may have written: it leaves alone what the vendor has, and so makes no value of ours the newest.
    """
    fresh = {name: at for name, at in line.times.items() if name not in contact.times}
    return replace(line, times=fresh, payload={name: text for name, text in line.payload.items() if name in fresh})


def _times(contact: Contact, line: Line, members: Sequence[Delivery], rules: MergeRules) -> dict[str, str]:
    times = dict(contact.times)
    for name, at in line.times.items():
        if name not in rules.identity and name not in rules.append:
            times[name] = max(at, times.get(name, at))
    effect = members[-1].effect
    # To register somebody in a group is to set a state, too: another group's newer registration does not say it.
    if effect not in {Effect.DATA, Effect.FILL} or (effect is Effect.DATA and rules.scope):
        name = f"${effect}@{rules.scope}"
        at = members[-1].event_time
        times[name] = max(at, times.get(name, at))
    return {name: stamp(at) for name, at in times.items()}


def _kept(contact: Contact, line: Line, rules: MergeRules) -> dict[str, str]:
    """
    The last delivered values of fields that some operation of the lane demands in every call.
    """
    names = rules.required | set(contact.kept)
    return {**contact.kept, **{name: line.payload[name] for name in sorted(names) if name in line.payload}}


def _text(pending: Pending) -> str:
    tier = f"#{pending.tier}" if pending.tier else ""
    return f"{stamp(pending.event_time)}#{pending.delivery_id}#{pending.key}#{pending.effect}{tier}"


def _pending(text: str) -> Pending:
    event_time, delivery_id, key, effect, *tier = text.split("#")
    return Pending(
        event_time=unstamp(event_time),
        delivery_id=delivery_id,
        key=key,
        effect=Effect(effect),
        tier=int(tier[0]) if tier else 0,
    )


def _ttl(retention: Retention, now: datetime) -> int:
    return ttl_days(now, retention.event_days + KEPT_DAYS_EXTRA)
