"""
Messages: the bell that wakes a lane, and the backlog message that stands for one excess call.

A message only points; the table is the truth. A message that cannot be sent is no failure: the sweeper finds the work.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from chalicelib.errors import StoreUnavailable
from chalicelib.model import LaneKey
from chalicelib.relay.deps import Deps
from chalicelib.value import value

INCOMING = "incoming/"
"""
The folder of the bucket that senders put files into.
"""

INBOX = "inbox/"
"""
The folder of the bucket for files of drop-ins whose rows could not be stored when they came.
"""


@value
class Pointer:
    """
    What a backlog message points to: one delivery, or the due call of one batch key.
    """

    delivery: str = ""
    key: str = ""


def backlog_delivery(delivery_id: str) -> str:
    """
    The backlog message of one delivery (lanes that send one contact a call).
    """
    return json.dumps({"delivery": delivery_id})


def backlog_call(key: LaneKey) -> str:
    """
    The backlog message of one due call (batching lanes).
    """
    return json.dumps({"key": key.name})


def bell(lane: str, delivery_id: str = "") -> str:
    """
    The bell message of a lane, which may name one fresh delivery.
    """
    return json.dumps({"lane": lane, "delivery": delivery_id} if delivery_id else {"lane": lane})


def pointer(body: str) -> Pointer | None:
    """
    What a backlog message points to; None for a message that is not ours.
    """
    try:
        found = json.loads(body)
        return Pointer(delivery=str(found.get("delivery", "")), key=str(found.get("key", "")))
    except (ValueError, AttributeError):
        return None


def poll_bell(source: str) -> str:
    """
    The bell message that starts a poll.
    """
    return json.dumps({"poll": source})


def polled(body: str) -> str:
    """
    The source that a bell message asks to poll; "" for any other.
    """
    try:
        return str(json.loads(body).get("poll", ""))
    except (ValueError, AttributeError):
        return ""


def rung(body: str) -> tuple[str, str] | None:
    """
    The lane, and perhaps the delivery, that a bell message names; None for a message that is not ours.
    """
    try:
        found = json.loads(body)
        return str(found["lane"]), str(found.get("delivery", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def read_object(name: str) -> str:
    """
    The message that names an object to be read.
    """
    return json.dumps({"object": name})


def object_of(body: str) -> str | None:
    """
    The object that a message names: one of ours, or S3's own by EventBridge; None for any other.
    """
    try:
        told = json.loads(body)
        name = told["object"] if "object" in told else told["detail"]["object"]["key"]
    except (ValueError, KeyError, TypeError):
        return None
    return name if isinstance(name, str) and name.startswith(INCOMING) else None


def send_quietly(deps: Deps, lane: str, *bodies: str, delay_seconds: int = 0) -> bool:
    """
    Send backlog messages of a lane; a queue that refuses is logged, and the sweeper mends it.
    """
    queue = deps.ports.backlogs.get(lane)
    if queue is None or not bodies:
        return False
    try:
        queue.send(*bodies, delay_seconds=delay_seconds)
    except StoreUnavailable as unavailable:
        deps.ports.journal.log("backlog.not_sent", lane=lane, messages=len(bodies), reason=str(unavailable))
        return False
    return True


def ring_quietly(deps: Deps, bodies: Sequence[str], *, delay_seconds: int = 0) -> None:
    """
    Ring bells, now or a little later; a queue that refuses is logged, and the next minute rings anyway.
    """
    if not bodies:
        return
    try:
        deps.ports.bell.send(*bodies, delay_seconds=delay_seconds)
    except StoreUnavailable as unavailable:
        deps.ports.journal.log("bell.not_rung", messages=len(bodies), reason=str(unavailable))
