"""
Batch → Call → Reply → Outcome: one vendor request and what its answer means for each delivery.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from chalicelib.value import value


@value
class Line:
    """
    One contact in a batch: the merged payload, the deliveries it carries (oldest first), and when each field is from.
    """

    contact: str
    payload: Mapping[str, str] = field(repr=False)
    deliveries: tuple[str, ...]
    times: Mapping[str, datetime] = field(default_factory=dict)
    attempts: int = 0


@value
class Batch:
    """
    Lines of one lane and one key that travel in one call. `at` is when it is made, for what has to bear the time.
    """

    lane: str
    destination: str
    operation: str
    settings: Mapping[str, str] = field(default_factory=dict)
    lines: tuple[Line, ...]
    at: datetime | None = None


@value
class Call:
    """
    One vendor request, complete. It is never shown or logged: it holds keys and personal data.

    `reply_bytes_max`: a longer answer counts as none.
    Some vendors' addresses are secrets themselves (Slack). "ses:" and "smtp://host:port" are mail: `body` is the whole
    message, `headers` its envelope ("from", "to").
    """

    url: str = field(repr=False)
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    reply_bytes_max: int = 1_000_000


@value
class Reply:
    """
    The vendor's answer: status, lower-case headers, at most `reply_bytes_max` of its body.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)


@value
class NoReply:
    """
    No answer came. `sent` is false only where the request certainly did not reach the vendor (refused, no such host).
    """

    reason: str
    sent: bool = True


@value
class Delivered:
    """
    The vendor has it. `proof` is accepted (a file was taken) or imported (the row is stored).

    `result` is kept with the delivery. Its members named "query.<name>" are appended to the thank-you address of the
    form that brought the event (SATORI: `query.c` = "<hashcode>-00").
    """

    proof: str
    result: Mapping[str, str] = field(default_factory=dict)


@value
class Refused:
    """
    It will never work as it is: a dead letter with the vendor's words.
    """

    reason: str


@value
class Deferred:
    """
    Not now, and certainly not applied: it waits. `burns` says whether this was an attempt (a 429 is none).
    """

    reason: str
    burns: bool = False


@value
class Uncertain:
    """
    Sent, and the answer is lost or unreadable: maybe applied. `harmless` says whether the same call may be repeated.
    """

    reason: str
    harmless: bool = True


Outcome = Delivered | Refused | Deferred | Uncertain


@value
class Verdict:
    """
    What a reply says about the lane, beside its rows.

    `kind`: "fine" · "slow" (no answer within a visitor's short patience: tells nothing of the lane) · "quota" (429) ·
    "busy" (a documented "not now": maintenance, 503) · "failing" (5xx, garbage, no answer) · "paused" (credentials,
    address: an operator must act) · "key" (400 on a file: settings at fault) · "too_large" (413). `definite` means the
    vendor refused for sure, so that a lane that counts accepted calls only gets the call back. `retry_after_seconds` is
    the vendor's own wish. `suspect`: a success that does not say what the vendor says of one; it may well be one, so
    that repeating it for ever helps nobody. `nightly`: a maintenance, which may come every night. `reason` is for an
    operator.
    """

    kind: str = "fine"
    reason: str = ""
    definite: bool = False
    retry_after_seconds: float | None = None
    suspect: bool = False
    nightly: bool = False


@value
class Reading:
    """
    What one reply means: one outcome for each delivery of the batch, by id, and the verdict on the lane.
    """

    outcomes: Mapping[str, Outcome]
    verdict: Verdict
