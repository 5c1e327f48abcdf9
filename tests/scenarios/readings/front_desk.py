"""
A Mail Dealer account that is written to, read from and asked, all out of one mailbox.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.model import Envelope, Response
from tests.sandbox.maildealer_customers import MailDealerCustomer
from tests.sandbox.maildealer_mails import Mail
from tests.sandbox.maildealer_questions import Question
from tests.sandbox.wire import SandboxRequest
from tests.scenarios.desk import CUSTOMERS, FAQ, MAILS, ORIGIN
from tests.scenarios.readings.catalogue import Play
from tests.scenarios.test_desk import LANE, STORY, crm, person
from tests.scenarios.world import SECRETS, TEN, World

__all__ = ["FRONT_DESK", "LANE", "FrontDesk", "crm", "mail", "person"]

ASKING = (MAILS + CUSTOMERS + FAQ).replace('destination = "md"', 'destination = "desk"')
FRONT_DESK = STORY + ASKING.replace('last_name = "お名前"', 'last_name = "お名前"\nmemo = "興味"')
QUESTIONS = (
    Question(subject="料金について", category="料金", at=TEN, question="月額の料金は？", answer="一万円です。"),
    Question(subject="料金の秘密", category="料金", at=TEN, public=False, question="料金は", answer="部外秘"),
)


def mail(number: int, minutes: float = 0, *, at: datetime | None = None) -> Mail:
    """
    A mail of somebody, minutes after ten o'clock or at a moment.
    """
    sender = (f"山田 <u{number}@example.co.jp>",)
    return Mail(id=f"{number}-1", at=at or TEN + timedelta(minutes=minutes), sender=sender, subject="質問")


class FrontDesk(World):
    """
    The world with a Mail Dealer account under one reading.
    """

    def __init__(self, play: Play, config: str = FRONT_DESK, **others: Any) -> None:
        super().__init__(config)
        self.desk.questions += QUESTIONS
        play.on_also(self.desk, **others)

    def mend(self, **changes: Any) -> None:
        """
        Somebody sets the account right: no more of the reading that is played.
        """
        watched: Any = self.desk.switches
        self.desk.switches = replace(watched.bare, **changes)

    def register(self, address: str) -> None:
        """
        Somebody of the staff registers a customer.
        """
        book, now = self.desk.customers, self.clock.now()
        book.made += 1
        values: dict[str, str | list[str]] = {"メールアドレス": address, "お名前": "山田", "会社名": "見本商事"}
        book.by_id[book.made] = MailDealerCustomer(
            id=book.made, mailbox=1, values=values, created_at=now, updated_at=now
        )

    def somebody_else_asks(self, *, times: int) -> None:
        """
        Another program of the same user calls for the same mailbox.
        """
        headers = {"content-type": "application/json", "x-md-apitoken": SECRETS["env:MAILDEALER_TOKEN"]}
        body = json.dumps({"mboxNo": 1, "limit": 1}).encode()
        for _ in range(times):
            self.desk.handle(SandboxRequest(method="POST", path="/api/v1/cust/get", headers=headers, body=body))

    # ── visitors ────────────────────────────────────────────────────────────────────────────────────────────────────

    def look_up(self, text: str, *, visitor: str = "192.0.2.1") -> Response:
        """
        A visitor's browser asks, from a page of the site.
        """
        envelope = Envelope(
            source="faq", method="GET", headers={"origin": ORIGIN}, query={"q": (text,)}, received_at=self.clock.now()
        )
        return self.relay.look_up(envelope, visitor=visitor)

    def found(self, text: str) -> list[str]:
        """
        The titles of what a visitor finds.
        """
        answer = self.look_up(text)
        assert answer.status == 200, answer.body
        return [each["title"] for each in json.loads(answer.body)["items"]]

    # ── looking ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def arrived(self, address: str) -> Mapping[str, str]:
        """
        What SATORI has of somebody, nothing where it has nobody.
        """
        found = self.satori.customer(address)
        return found.values if found else {}

    def everybody(self) -> list[str]:
        """
        Every customer and everybody who wrote a mail: those whom SATORI is to have.
        """
        senders = [f"u{each.id.partition('-')[0]}@example.co.jp" for each in self.desk.mails]
        return [*(each.address.lower() for each in self.desk.customers), *senders]

    def taken(self, source: str) -> int:
        """
        How many events of a poll there are.
        """
        return sum(1 for each in self.deliveries() if each.source == source)
