"""
Senders: browsers and a CRM that submit, resend, repeat themselves, reverse and delay, and keep books of the answers.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from chalicelib.model import Envelope, Response
from tests.scenarios.world import SECRETS
from tests.simulation.books import ACCEPTED, Books, Submission, Try
from tests.simulation.lambdas import API_SECONDS, Lambdas
from tests.simulation.options import Options
from tests.simulation.scheduler import Scheduler

TRIES_MAX = 12
AGAIN_SECONDS = 780.0
RECORDS_MAX = 5


class Senders:
    """
    Everybody who sends, for one seed.
    """

    def __init__(self, scheduler: Scheduler, lambdas: Lambdas, books: Books, options: Options) -> None:
        self._scheduler = scheduler
        self._lambdas = lambdas
        self._books = books
        self._options = options
        self._chance = scheduler.chance
        self.heard: list[Callable[[list[Submission], int], None]] = []

    def plan(self) -> None:
        """
        Let every submission of the day happen at its time.
        """
        options, chance, number = self._options, self._chance, 0
        for at in sorted(_times(options, chance)):
            several = options.crm and (options.load in {"import", "hammer"} or chance.random() < 0.2)
            count = chance.randint(2, RECORDS_MAX) if several else 1
            made = [self._make(number + each, at, crm_only=several) for each in range(count)]
            number += count
            self._scheduler.later(at, lambda made=made: self._send(made))
            if chance.random() < options.resend:
                for _ in range(chance.randint(1, 3)):
                    self._scheduler.later(at + chance.choice([0.0, 0.5, 60.0]), lambda made=made: self._send(made))
            if made[0].source != "crm" and chance.random() < options.again:
                self._scheduler.later(at + AGAIN_SECONDS, lambda made=made: self._honestly_again(made))

    def _make(self, number: int, at: float, *, crm_only: bool) -> Submission:
        options, chance = self._options, self._chance
        choices = ["crm"] * 3 * options.crm + ["contact", "newsletter"] * options.forms
        source = "crm" if crm_only else chance.choice(choices)
        kind = chance.choice(options.kinds) if source == "crm" else "changed"
        who = chance.randrange(options.contacts)
        fields = {
            "n": str(number),
            "email": f"{chance.choice('uuuU')}{who}@example.co.jp",
            "name": chance.choice(["", f"名{number}", f"名{number}"]) if source == "crm" else f"名{number}",
            "company": chance.choice(["", "", f"社{number}"]),
            "permission": chance.choice(["", "", "approval", "reject"]),
        }
        bad = chance.choice(["satori", "haihaimail"]) if chance.random() < options.bad_rows else ""
        if bad:
            fields["name"] = f"O'名{number}" if bad == "satori" else f"名{number}😀"
        back = chance.choice([5.0, 90.0, 1800.0]) * chance.random() if chance.random() < options.late else 0.0
        time = self._scheduler.now() + timedelta(seconds=at - back, microseconds=number % 1000)
        submission = Submission(
            number=number,
            source=source,
            kind=kind,
            fields=fields,
            time=time.replace(microsecond=number) if source == "crm" else None,
            bad=bad,
        )
        self._books.add(submission)
        return submission

    # ── sending ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _honestly_again(self, made: list[Submission]) -> None:
        """
        The same person fills in the same form once more, well after the first time.
        """
        if all(self._scheduler.seconds - each.at > AGAIN_SECONDS - 60 for each in made[0].tries):
            self._send(made)

    def _send(self, made: list[Submission], tries: int = 1) -> None:
        attempt = Try(at=self._scheduler.seconds)
        for each in made:
            each.tries.append(attempt)
        envelope = self._envelope(made)

        def answered(response: Any, _error: BaseException | None) -> None:
            attempt.status = response.status if isinstance(response, Response) else 0
            for watch in self.heard:
                watch(made, attempt.status)
            if attempt.status not in ACCEPTED and tries < TRIES_MAX:
                self._scheduler.later(_patience(made, tries), lambda: self._send(made, tries + 1))

        self._lambdas.invoke("accept", lambda relay: relay.accept(envelope), API_SECONDS, answered)

    def _envelope(self, made: list[Submission]) -> Envelope:
        source, now = made[0].source, self._scheduler.now()
        if source != "crm":
            headers = {
                "content-type": "application/x-www-form-urlencoded",
                "accept": "text/html,*/*;q=0.8",
                "origin": "https://www.example.co.jp",
            }
            return Envelope(source=source, headers=headers, body=urlencode(made[0].fields).encode(), received_at=now)
        records = [
            {**each.fields, "id": f"e{each.number}", "type": each.kind, "updated_at": str(each.time)} for each in made
        ]
        headers = {"content-type": "application/json", "x-relay-token": SECRETS["env:CRM_TOKEN"]}
        return Envelope(source=source, headers=headers, body=json.dumps({"events": records}).encode(), received_at=now)


def _patience(made: list[Submission], tries: int) -> float:
    """
    How long a sender waits before it tries again: a visitor soon, a CRM ever longer.
    """
    return 20.0 if made[0].source != "crm" else min(10.0 * 2**tries, 600.0)


def _times(options: Options, chance: random.Random) -> list[float]:
    """
    When submissions come: spread over the day, or most of them at once.
    """
    live, count = options.live_seconds, options.submissions
    if options.load in {"quiet", "business day"}:
        return [chance.uniform(0, live) for _ in range(count)]
    peak = chance.uniform(0, live * 0.7)
    width = 10.0 if options.load == "burst" else 120.0
    return [peak + chance.uniform(0, width) if chance.random() < 0.7 else chance.uniform(0, live) for _ in range(count)]
