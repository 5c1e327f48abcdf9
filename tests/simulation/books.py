"""
The senders' own books: what was submitted, when it was tried, and what was answered.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

ACCEPTED = frozenset({200, 202, 303})
DIGEST_SECONDS = 600.0
"""
The same content within so many seconds is the same knock; a source with ids of its own remembers them for a week.
"""


@dataclass(slots=True, kw_only=True)
class Try:
    """
    One time that a submission was sent: when, and the answer's status (0: none came).
    """

    at: float
    status: int = 0


@dataclass(slots=True, kw_only=True)
class Submission:
    """
    One thing that somebody wants carried. Its number stands in its fields, so that it is known wherever it turns up.

    `kind` is changed, stopped, gone or allowed; `time` the sender's own (None: a form has none). `events` are what the
    relay made of it: event ids with the times they were given, in the order they were stored.
    """

    number: int
    source: str
    kind: str
    fields: dict[str, str]
    time: datetime | None
    bad: str = ""
    tries: list[Try] = field(default_factory=list)
    events: list[Stored] = field(default_factory=list)
    in_inbox: bool = False
    mended: set[str] = field(default_factory=set)

    @property
    def address(self) -> str:
        return self.fields["email"].lower()

    def fails(self, vendor: str) -> bool:
        """
        Whether this vendor cannot take its name: 配配メール's files have no emoji, SATORI wants letters only.
        """
        return self.kind == "changed" and self.bad in {vendor, "haihaimail"}

    @property
    def accepted(self) -> bool:
        return any(each.status in ACCEPTED for each in self.tries)

    def expected_events(self) -> tuple[int, int]:
        """
        How many events must and may have come of it: tries far apart are submissions of their own on a form.
        """
        if self.source == "crm":
            return int(self.accepted), 1
        groups: list[list[Try]] = []
        for each in sorted(self.tries, key=lambda one: one.at):
            if groups and each.at - groups[-1][-1].at < DIGEST_SECONDS:
                groups[-1].append(each)
            else:
                groups.append([each])
        answered = sum(any(each.status in ACCEPTED for each in group) for group in groups)
        return (min(answered, 1) if self.in_inbox else answered), len(groups)


@dataclass(slots=True, kw_only=True)
class Stored:
    """
    One event that the relay has stored.
    """

    id: str
    time: datetime
    at: float


class Books:
    """
    All submissions by number.
    """

    def __init__(self) -> None:
        self.submissions: dict[int, Submission] = {}

    def add(self, submission: Submission) -> None:
        self.submissions[submission.number] = submission

    def of(self, text: str | None) -> Submission | None:
        """
        The submission that the stored fields of an event belong to.
        """
        fields: dict[str, Any] = json.loads(text) if text else {}
        number = str(fields.get("n", ""))
        return self.submissions.get(int(number)) if number.isdigit() else None

    def of_address(self, address: str) -> list[Submission]:
        return [each for each in self.submissions.values() if each.address == address]

    def addresses(self) -> list[str]:
        return sorted({each.address for each in self.submissions.values()})

    def in_message(self, body: str) -> list[Submission]:
        """
        The submissions in an envelope that waits in the inbox.
        """
        raw = base64.b64decode(json.loads(body)["body"])
        found = [number for number in self.submissions if _named(raw, number)]
        return [self.submissions[number] for number in found]


def _named(raw: bytes, number: int) -> bool:
    padded = b"&" + raw + b"&"
    return b'"n": "%d"' % number in raw or b"&n=%d&" % number in padded
