"""
What the shell needs of the outside world: small Protocols, each with a memory twin and one contract suite over both.

The table port speaks a small language of conditional writes (Put, Update, Check, Delete with a condition). The
records room builds such writes as values; an adapter carries them out, all or none.
"""

from __future__ import annotations

from chalicelib.ports.conditional import (
    Absent,
    All,
    AnyOf,
    AtLeast,
    AtMost,
    Check,
    Condition,
    Delete,
    Equals,
    FewerThan,
    Has,
    Item,
    Key,
    Lost,
    Not,
    OneOf,
    Present,
    Put,
    Query,
    Update,
    Value,
    Write,
    Written,
)
from chalicelib.ports.outside import (
    Bucket,
    Chance,
    Clock,
    Journal,
    Message,
    Ports,
    Queue,
    Secrets,
    Table,
    Transport,
)

__all__ = [
    "Absent",
    "All",
    "AnyOf",
    "AtLeast",
    "AtMost",
    "Bucket",
    "Chance",
    "Check",
    "Clock",
    "Condition",
    "Delete",
    "Equals",
    "FewerThan",
    "Has",
    "Item",
    "Journal",
    "Key",
    "Lost",
    "Message",
    "Not",
    "OneOf",
    "Ports",
    "Present",
    "Put",
    "Query",
    "Queue",
    "Secrets",
    "Table",
    "Transport",
    "Update",
    "Value",
    "Write",
    "Written",
]
