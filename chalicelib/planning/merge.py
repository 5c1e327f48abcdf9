"""
Merging the updates of one contact: field by field, the newest event wins, blank keeps, tags add up, opt-out beats.

The contact item remembers, per vendor field, the event time last delivered. That is what makes late and reordered
events harmless: an older event sends only what is not newer at the vendor; if nothing is left, it is superseded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from chalicelib.model import Contact, Delivery, Effect, MergeRules

Stamped = Mapping[str, tuple[str, datetime]]
"""
A payload whose every field carries the event time it is from.
"""


def stamp(delivery: Delivery, rules: MergeRules) -> dict[str, tuple[str, datetime]]:
    """
    The delivery's own fields with its event time; blanks are left out unless blank is a value here.
    """
    return {
        name: (value, delivery.event_time)
        for name, value in delivery.payload.items()
        if value != "" or rules.blank_counts
    }


def merge_two(one: Stamped, other: Stamped, rules: MergeRules) -> dict[str, tuple[str, datetime]]:
    """
    Two stamped payloads of one contact as one. Associative and idempotent; in a tie of times `other` wins.
    """
    merged = dict(one)
    for name, (value, at) in other.items():
        if name not in merged:
            merged[name] = (value, at)
        else:
            merged[name] = _merge_values(name, merged[name], (value, at), rules)
    return merged


def merge(deliveries: Sequence[Delivery], rules: MergeRules) -> dict[str, tuple[str, datetime]]:
    """
    All deliveries of one contact as one stamped payload; their order in the argument does not matter.
    """
    merged: dict[str, tuple[str, datetime]] = {}
    for delivery in sorted(deliveries, key=lambda each: each.order):
        merged = merge_two(merged, stamp(delivery, rules), rules)
    return merged


def trim(merged: Stamped, contact: Contact, rules: MergeRules) -> dict[str, tuple[str, datetime]] | None:
    """
    What of a merged payload is not newer at the vendor already; None where nothing is left to say.

    Identity and tags always travel. A required field that is newer there travels with the value last delivered, because
    the vendor demands the field in every call and an older value must not come back. Where that value is not known and
    leaving it out is told apart from blank, it is left out, for a person to see.
    """
    if not contact.times or rules.whole:
        return dict(merged)
    kept: dict[str, tuple[str, datetime]] = {}
    news = False
    for name, (value, at) in merged.items():
        newest = contact.times.get(name)
        overtaken = newest is not None and newest > at and name not in rules.identity and name not in rules.append
        if not overtaken:
            kept[name] = (value, at)
            news = news or name not in rules.identity
        elif name in rules.required and (name in contact.kept or not rules.blank_counts):
            kept[name] = (contact.kept.get(name, value), newest or at)
    if not news and set(merged) - rules.identity and not _joins(merged, contact, rules):
        return None
    return kept


def _joins(merged: Stamped, contact: Contact, rules: MergeRules) -> bool:
    """
    Whether the address alone is news: no registration so new has been delivered to this group or plan.
    """
    last = contact.times.get(effect_key(Effect.DATA, rules.scope))
    return bool(rules.scope) and (last is None or last < max(at for _, at in merged.values()))


def effect_key(effect: Effect, scope: str) -> str:
    """
    The name under which a contact remembers when a state effect was last delivered, e.g. `$opt_out@gid=12`.
    """
    return f"${effect}@{scope}"


def overtaken_by_state(delivery: Delivery, contact: Contact, rules: MergeRules) -> str:
    """
    Why a delivered opt-out or delete makes this older delivery pointless; empty where it does not.

    Data older than a delivered opt-out would at some vendors make the address deliverable again, so it is overtaken
    too: an opt-out is never undone by anything older.
    """
    if delivery.effect is Effect.REMOVE or not contact.times:
        return ""
    for effect in (Effect.REMOVE, Effect.OPT_OUT):
        if effect is delivery.effect:
            continue
        for scope in {"", rules.scope}:
            at = contact.times.get(effect_key(effect, scope))
            if at is not None and at >= delivery.event_time:
                return f"overtaken by a newer {effect.replace('_', '-')}"
    return ""


def _merge_values(
    name: str,
    one: tuple[str, datetime],
    other: tuple[str, datetime],
    rules: MergeRules,
) -> tuple[str, datetime]:
    newest = max(one[1], other[1])
    if name in rules.append:
        return (_add_tags(one[0], other[0]), newest)
    out = rules.opt_out.get(name)
    if out is not None and out in {one[0], other[0]}:
        return (out, newest)
    return other if other[1] >= one[1] else one


def _add_tags(one: str, other: str) -> str:
    tags = [tag.strip() for tag in f"{one},{other}".split(",")]
    return ",".join(dict.fromkeys(tag for tag in tags if tag))
