"""
The outside world as small Protocols.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from chalicelib.model import Call, NoReply, Reply
from chalicelib.ports.conditional import Item, Key, Lost, Query, Value, Write, Written
from chalicelib.value import value


class Table(Protocol):
    """
    The one table. Raises StoreUnavailable where DynamoDB does not answer or throttles beyond the adapter's retries.
    """

    def get(self, keys: Sequence[Key]) -> list[Item | None]:
        """
        Items by key, read consistently, in the order asked; None where there is none. Any number of keys.
        """

    def write(self, *writes: Write) -> Written | Lost:
        """
        Carry out 1 to 100 writes: all of them or none. No two may touch the same item.
        """

    def write_many(self, groups: Sequence[Sequence[Write]]) -> list[Written | Lost]:
        """
        Carry out many groups, each all or none; groups may run side by side and in any order.
        """

    def query(self, query: Query) -> list[Item]:
        """
        At most `limit` items.
        """

    def count(self, query: Query) -> int:
        """
        How many items the query has in all; `limit` does not bound it.
        """

    def scan(self) -> Iterator[Item]:
        """
        Every item, page by page, in no order. It reads the whole table: for an operator's deed, never for a request.
        """


# ── queues ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@value
class Message:
    """
    One received SQS message. `handle` is good for deleting or hiding it while it is invisible to others.
    """

    body: str
    handle: str
    receives: int = 1


class Queue(Protocol):
    """
    One SQS standard queue: at least once, any order. Raises StoreUnavailable.
    """

    def send(self, *bodies: str, delay_seconds: int = 0) -> None:
        """
        Send messages; `delay_seconds` ≤ 900.
        """

    def receive(self, count: int, *, wait_seconds: int = 1) -> list[Message]:
        """
        Up to `count` messages (≤ 10), by a long poll over all servers; each is hidden for the queue's visibility time.
        """

    def delete(self, message: Message) -> None:
        """
        Forget a message. An expired handle counts as done.
        """

    def hide(self, message: Message, seconds: int) -> None:
        """
        Keep a received message invisible for so long from now (0 ≤ seconds ≤ 43,200; 0 shows it at once).
        """


class Bucket(Protocol):
    """
    The private bucket for big things. Raises StoreUnavailable.
    """

    def put(self, name: str, data: bytes) -> None:
        """
        Store an object.
        """

    def get(self, name: str) -> bytes | None:
        """
        An object's bytes, or None where it is gone (lifecycle: 10 days).
        """

    def size(self, name: str) -> int | None:
        """
        How many bytes an object has, or None where it is gone.
        """

    def upload_address(self, name: str, headers: Mapping[str, str], *, size: int, seconds: int) -> str:
        """
        An address that takes one PUT of exactly `size` bytes with these headers, for so many seconds from now.
        """

    def names(self, prefix: str) -> Iterator[str]:
        """
        The names of all objects that begin so, in the order of their bytes.
        """

    def delete(self, name: str) -> None:
        """
        Remove an object; one that is gone counts as done.
        """


class Transport(Protocol):
    """
    One HTTP request to a vendor, without retries and without following redirects.
    """

    def send(self, call: Call, *, timeout_seconds: float) -> Reply | NoReply:
        """
        The answer, or why there is none. Never raises for what the vendor or the network does.
        """


class Secrets(Protocol):
    """
    Secret values by reference. Raises SecretUnavailable.
    """

    def get(self, reference: str) -> str:
        """
        The value; cached for at most five minutes.
        """

    def refresh(self) -> None:
        """
        Forget the cache, so that the next read sees a rotated value.
        """


class Clock(Protocol):
    """
    The only clock.
    """

    def now(self) -> datetime:
        """
        The time, aware, in UTC.
        """

    def sleep(self, seconds: float) -> None:
        """
        Wait, in seconds of real time.
        """


class Chance(Protocol):
    """
    The only source of chance.
    """

    def id(self, now: datetime) -> str:
        """
        A new id, 26 characters, growing with time.
        """

    def jitter(self) -> float:
        """
        A number in [0, 1).
        """


class Journal(Protocol):
    """
    What operators and machines read: one log line per fact, metrics, notices. Never raises.
    """

    def log(self, fact: str, **fields: Value) -> None:
        """
        One structured line, e.g. `envelope.accepted`. Fields hold ids, counts and codes, never personal data.
        """

    def measure(self, name: str, value: float, unit: str, **dimensions: str) -> None:
        """
        One metric value (EMF): unit is Count, Seconds, Milliseconds or Percent.
        """

    def notice(self, cause: str, subject: str, text: str) -> None:
        """
        Tell the operators (SNS): what happened, what it means, what to do.
        """


@value
class Ports:
    """
    All of the outside world that a Relay needs. `backlogs` are the lanes' queues by lane name; `incoming` names files.
    """

    table: Table
    bell: Queue
    inbox: Queue
    incoming: Queue
    backlogs: Mapping[str, Queue]
    bucket: Bucket
    transport: Transport
    secrets: Secrets
    clock: Clock
    chance: Chance
    journal: Journal
