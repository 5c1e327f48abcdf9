"""
SATORI (marketing automation): one customer a call, over the customer API v3 or v4.

A call is a form post with four keys in its body; the answer's JSON carries the customer's hashcode, which is the proof
that the customer is stored, and which ties the visitor's browser to the lead (`?c=<hashcode>-00`).

- Limits: no number is published; the vendor asks for no bursts and no mass calls. Ekiden's own pace is one call a
  second, five at once. (SATORI's manual APIバージョン3, and its v4 articles; checked 2026-11.)
- A repeat of the same call leaves the same state, so an unanswered call is made again. A repeated delete may be
  answered with 400, because the customer is gone.
- There is no way to read a customer back: the answer, or the admin screen, is the only proof.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from chalicelib.destinations import replies
from chalicelib.destinations.checks import setting
from chalicelib.destinations.kit import Setting, Vendor, credential
from chalicelib.destinations.replies import Answer, Causes
from chalicelib.destinations.satori_checks import check, check_route
from chalicelib.destinations.satori_fields import CUSTOM_TYPES, OPERATIONS, prepare, rules
from chalicelib.model import (
    Batch,
    Call,
    Deferred,
    Delivered,
    Destination,
    Lane,
    NoReply,
    Rate,
    Reading,
    Refused,
    Reply,
    Verdict,
)

KEYS = ("user_key", "user_secret", "company_key", "company_secret")

SETTINGS: Mapping[str, Setting] = {
    each.name: each
    for each in (
        Setting(
            name="version",
            kind="integer",
            required=True,
            choices=(4, 3),
            help="3 is documented in full and deprecated; 4 is current and has custom fields",
        ),
        Setting(
            name="custom_fields",
            kind="table",
            help=f"v4: the account's custom fields, name to type ({', '.join(CUSTOM_TYPES)})",
        ),
        Setting(name="calls_per_second", kind="number", default=1, help="Ekiden's own pace; SATORI publishes none"),
        Setting(name="burst", kind="integer", default=5, least=1, most=100, help="calls that may go at once"),
        Setting(name="timeout_seconds", kind="seconds", default=20, least=1, most=60, help="patience with one call"),
    )
}

CAUSES = Causes(
    vendor="SATORI",
    keys=(
        "Check the four keys in the admin screen: user_key and user_secret (wrong, made anew, or the user is gone), "
        "company_key and company_secret (wrong, or of another company); check that the user behind user_key may "
        "create, edit and delete customers (enforced for API calls since 2025-10-21); check the contract."
    ),
    address="Check base_url (https://api.satr.jp) and version (3 or 4).",
)


def lane_name(destination_name: str, _settings: Mapping[str, Any]) -> str:
    """
    One pace per destination, unless `lane` says otherwise: nothing in the settings names the account.
    """
    return f"satori-{destination_name}"


def lane(destination: Destination, name: str) -> Lane:
    """
    No window is published: a bucket of `burst` calls that refills at `calls_per_second`.
    """
    interval_ms = math.ceil(1_000 / float(setting(destination, SETTINGS, "calls_per_second")))
    return Lane(
        name=name,
        vendor="satori",
        batching=False,
        rate=Rate(interval_ms=interval_ms, burst=int(setting(destination, SETTINGS, "burst"))),
        timeout_seconds=float(setting(destination, SETTINGS, "timeout_seconds")),
    )


def build(batch: Batch, _data: bytes, destination: Destination, credentials: Mapping[str, str]) -> Call:
    """
    One form post, UTF-8, percent-encoded: "+" in an address must arrive as "+", not as a blank.
    """
    (line,) = batch.lines
    form = [(name, credential(credentials, name)) for name in KEYS]
    form += [(f"customer[{name}]", text) for name, text in line.payload.items()]
    version = setting(destination, SETTINGS, "version")
    return Call(
        url=f"{destination.base_url.rstrip('/')}/api/v{version}/public/customer/{batch.operation}.json",
        headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
        body=urlencode(form).encode("ascii"),
    )


def read(reply: Reply | NoReply, batch: Batch, destination: Destination | None = None) -> Reading:
    """
    Delivered only on a 2xx whose body says 200 and carries a hashcode; the body's status decides where it is readable.

    A delete may also answer 200 without one: nobody was there any more, and the manual leaves open what that gives.
    """
    del destination  # one reading serves every account
    if isinstance(reply, NoReply):
        return replies.unanswered(reply, batch, CAUSES)
    answer = replies.read_answer(reply)
    if answer.form == "maintenance":
        return replies.closed(answer, batch, CAUSES)
    stated = replies.http_code(answer.body.get("status"))
    status = 429 if answer.http == 429 else stated or answer.http
    hashcode = _hashcode(answer)
    gone = batch.operation == "delete" and isinstance(answer.body.get("message"), dict)
    if answer.fine and stated == 200 and (hashcode or gone):
        return replies.every(batch, _delivered(batch, hashcode), Verdict())
    said = replies.words(answer.body.get("message"))
    cited = replies.told(answer, said, status)
    if status in {400, 413, 414, 422}:
        return replies.every(batch, Refused(reason=_refusal(batch, cited)), Verdict(definite=True))
    if status == 409:
        reason = f"SATORI reports a conflict, perhaps another write of the same customer {cited}"
        return replies.every(batch, Deferred(reason=reason, burns=True), Verdict(definite=True))
    return replies.ordinary(answer, status, said, batch, CAUSES)


def _hashcode(answer: Answer) -> str:
    message = answer.body.get("message")
    found = message.get("customer[hashcode]") if isinstance(message, dict) else None
    return found.strip() if isinstance(found, str) else ""


def _delivered(batch: Batch, hashcode: str) -> Delivered:
    result = {"hashcode": hashcode} if hashcode else {}
    if batch.operation != "delete":
        result["query.c"] = f"{hashcode}-00"
    return Delivered(proof="imported", result=result)


def _refusal(batch: Batch, cited: str) -> str:
    reason = f"SATORI refuses the customer's values {cited}"
    if batch.operation == "delete" and any(line.attempts > 0 for line in batch.lines):
        return f"{reason}. An earlier try got no clear answer: it may have deleted the customer already"
    return reason


VENDOR = Vendor(
    slug="satori",
    label="SATORI",
    base_url="https://api.satr.jp",
    settings=SETTINGS,
    credentials=KEYS,
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
)
