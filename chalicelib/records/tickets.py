"""
Tickets: the right to hear once, from one origin and for ten minutes, what a vendor answered about one delivery.

Stored under the ticket's digest, so that nobody who reads the table can use one.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from chalicelib.ports import All, AtLeast, AtMost, Delete, Item, Key, Put, Update
from chalicelib.records.layout import stamp, ticket_key, ttl_days
from chalicelib.value import value

LIFE = timedelta(minutes=10)
POLLS_MAX = 40
"""
How often one ticket may be asked about in vain: ekiden.js asks a dozen times within its ten seconds.
"""


@value
class Ticket:
    """
    What a ticket stands for. `origin` is that of the thank-you page that the visitor was sent to.
    """

    delivery_id: str
    origin: str
    until: datetime


def key_of(ticket: str) -> Key:
    """
    Where a ticket is.
    """
    return ticket_key(hashlib.sha256(ticket.encode()).hexdigest())


def issue(ticket: str, *, delivery_id: str, origin: str, now: datetime) -> Put:
    """
    Keep a new ticket.
    """
    key = key_of(ticket)
    return Put(
        item={
            "pk": key.pk,
            "sk": key.sk,
            "delivery": delivery_id,
            "origin": origin,
            "until": stamp(now + LIFE),
            "polls": 0,
            "ttl": ttl_days(now, 1),
        }
    )


def from_item(item: Item) -> Ticket:
    """
    The ticket that an item holds.
    """
    return Ticket(delivery_id=item["delivery"], origin=item["origin"], until=datetime.fromisoformat(item["until"]))


def count_poll(ticket: str, now: datetime) -> Update:
    """
    Count a question that came too early; refused where the ticket is used, has run out, or was asked about too often.
    """
    return Update(
        key=key_of(ticket),
        add={"polls": 1},
        when=All((AtLeast("until", stamp(now)), AtMost("polls", POLLS_MAX - 1))),
    )


def use(ticket: str, now: datetime) -> Delete:
    """
    Use a ticket up; refused where somebody was faster, or it has run out.
    """
    return Delete(key=key_of(ticket), when=AtLeast("until", stamp(now)))
