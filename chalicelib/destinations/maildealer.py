"""
Mail Dealer (shared mailbox and customer desk): one customer a call, over the customer API of version 1.

A call posts a JSON object with the mailbox's number and the customer's items; the answer's `customerId` proves that
the customer is stored, not that any mail was linked to it. (API連携仕様書 第3版 2019-01-07, API v1; checked 2026-11.)

- Limits: 30 calls a minute and 5 MB a call, "each API, per mailbox". Whether the minute is the clock's or slides,
  whether APIs count together, and whether refused calls count is not said: Ekiden holds under each reading, by calling
  4 times each 12 seconds and mailbox, all APIs together. A span of 60 seconds touches at most 6 slots of 12, hence 24
  calls of 4 or 30 of 5. Where calls of one lane are up to 12 seconds unequally late on their way, the calls that
  arrive within 60 seconds left within 72, which touch 7 slots: 28 calls of 4, but 35 of 5. So 4 is the default, and 5
  the most that can be asked for. A clock that is merely wrong shifts all calls alike and changes nothing.
- Nightly maintenance answers 503 with code 900, at hours that are not published. It is waited out.
- A repeat of the same call leaves the same state, so an unanswered call is made again.
- Every answer repeats the request (`query`), so that nothing of an answer but codes, item names and the vendor's own
  message may be told or kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from chalicelib.destinations import replies
from chalicelib.destinations.checks import setting
from chalicelib.destinations.kit import Probe, Vendor, credential
from chalicelib.destinations.maildealer_checks import check, check_route
from chalicelib.destinations.maildealer_fields import OPERATIONS, SETTINGS, choices_of, id_item, prepare, rules
from chalicelib.destinations.maildealer_replies import CAUSES, customer_id, refusal, stated
from chalicelib.model import (
    Batch,
    Call,
    Delivered,
    Destination,
    Lane,
    Limit,
    NoReply,
    Reading,
    Reply,
    Verdict,
)

SLOT_SECONDS = 12
HOST_SUFFIX = ".maildealer.jp"


def lane_name(destination_name: str, settings: Mapping[str, Any]) -> str:
    """
    One scope per mailbox, since the vendor counts by mailbox: two destinations of one mailbox share it.
    """
    try:
        host = urlsplit(str(settings.get("base_url") or "")).netloc
    except ValueError:
        host = ""
    place = host.casefold().removesuffix(HOST_SUFFIX) or destination_name
    return f"maildealer-{place}-{settings.get('mailbox') or destination_name}"


def lane(destination: Destination, name: str) -> Lane:
    """
    Slots of 12 seconds. Every call counts, since it is not said whether refused ones do.
    """
    calls = int(setting(destination, SETTINGS, "calls_per_slot"))
    return Lane(
        name=name,
        vendor="maildealer",
        batching=False,
        limits=(Limit(calls=calls, per="slot", slot_seconds=SLOT_SECONDS),),
        counts="all",
        timeout_seconds=float(setting(destination, SETTINGS, "timeout_seconds")),
        egress=str(setting(destination, SETTINGS, "egress")),
    )


def build(batch: Batch, _data: bytes, destination: Destination, credentials: Mapping[str, str]) -> Call:
    """
    One JSON post, UTF-8: items as texts, those of a choice group as arrays.
    """
    (line,) = batch.lines
    choices = choices_of(destination)
    items = {name: text.split("\n") if name in choices else text for name, text in line.payload.items()}
    document = {"mboxNo": int(destination.settings["mailbox"]), "items": items}
    return Call(
        url=f"{destination.base_url.rstrip('/')}/api/v1/cust/update",
        headers={
            "Content-Type": "application/json",
            "Accept": "application/json",
            "X-MD-apitoken": credential(credentials, "api_token"),
        },
        body=json.dumps(document, ensure_ascii=False).encode(),
    )


def read(reply: Reply | NoReply, batch: Batch, destination: Destination | None = None) -> Reading:
    """
    Delivered only where HTTP and body both say success and a customer's ID is there; numbers may come as texts.
    """
    if isinstance(reply, NoReply):
        return replies.unanswered(reply, batch, CAUSES)
    answer = replies.read_answer(reply)
    if answer.form == "maintenance":
        return replies.closed(answer, batch, CAUSES)
    found = stated(answer)
    stored = customer_id(answer)
    if found.success and stored:
        return replies.every(batch, Delivered(proof="imported", result={"customer_id": stored}), Verdict())
    names = tuple(batch.lines[0].payload) if batch.lines else ()
    number = batch.lines[0].payload.get(id_item(destination), "") if destination and batch.lines else ""
    return refusal(answer, found, batch, items=names, number=number)


def probe() -> Probe:
    """
    The question that an operator may ask; nothing else needs its module.
    """
    from chalicelib.destinations.maildealer_probe import PROBE  # noqa: PLC0415 - only `ekiden vendor check` asks

    return PROBE


VENDOR = Vendor(
    slug="maildealer",
    label="Mail Dealer",
    base_url="",
    settings=SETTINGS,
    credentials=("api_token",),
    operations=OPERATIONS,
    batching=False,
    lane=lane,
    lane_name=lane_name,
    check=check,
    check_route=check_route,
    prepare=prepare,
    rules=rules,
    pack=None,
    build=build,
    read=read,
    probe=probe,
)
