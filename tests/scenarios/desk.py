"""
A world with a Mail Dealer account that is asked: mails, customers, questions.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.adapters.memory import MemoryQueue
from chalicelib.config import parse
from chalicelib.destinations import VENDORS
from chalicelib.destinations.kit import Operation, Setting, Vendor, credential, merge_rules
from chalicelib.destinations.replies import every, read_answer
from chalicelib.model import (
    Batch,
    Call,
    Deferred,
    Delivered,
    Destination,
    Effect,
    Envelope,
    Lane,
    Limit,
    NoReply,
    Prepared,
    Reading,
    Reply,
    Response,
    Verdict,
)
from chalicelib.ports import Ports
from chalicelib.relay import Relay
from chalicelib.sources import PRESETS
from tests.sandbox.maildealer import MailDealerSandbox
from tests.sandbox.maildealer_account import CustomerItem, MailDealerUser
from tests.sandbox.maildealer_mails import Mail
from tests.sandbox.maildealer_questions import Question
from tests.scenarios.world import CONFIG, SECRETS, World

ORIGIN = "https://www.example.co.jp"
TOKEN = "maildealer-token"
DESK = """
[destinations.md]
vendor = "maildealer"
base_url = "https://md01.maildealer.jp"
mailbox = 1
lane = "desk"
credentials = { api_token = "env:MAILDEALER_TOKEN" }
"""
MAILS = """
[sources.mails]
preset = "maildealer_mails"
destination = "md"
every_minutes = 10

[[routes]]
from = "mails"
to = "satori"
operation = "upsert"
when = "\\"対応状況\\" == `201`"
[routes.fields]
email = "From_address"
last_name = "From_name"
collection_route = { const = "メール" }
"""
CUSTOMERS = """
[sources.customers]
preset = "maildealer_customers"
destination = "md"
every_minutes = 10

[[routes]]
from = "customers"
to = "satori"
operation = "upsert"
[routes.fields]
email = "メールアドレス"
last_name = "お名前"
collection_route = { const = "顧客" }
"""
PUSHES = """
[[routes]]
from = "contact"
to = "md"
operation = "customer"
[routes.fields]
"メールアドレス" = "email"
"お名前" = "sei"
"""
FAQ = """
[lookups.faq]
destination = "md"
kind = "qa"
origins = ["https://www.example.co.jp"]
"""


class Desk(World):
    """
    The world, and a Mail Dealer account in it.
    """

    def __init__(
        self,
        config: str,
        *,
        mails: Sequence[Mail] = (),
        questions: Sequence[Question] = (),
        items: Sequence[CustomerItem] = (),
    ) -> None:
        super().__init__(CONFIG)
        self.desk = MailDealerSandbox(
            clock=self.clock.now,
            users=[MailDealerUser(name="relay", token=TOKEN)],
            mailboxes={1: "お問い合わせ"},
            items=items,
            mails=mails,
            questions=questions,
        )
        self.transport.sandboxes["https://md01.maildealer.jp"] = self.desk
        self.secrets.values = {**SECRETS, "env:MAILDEALER_TOKEN": TOKEN}
        self.vendors = VENDORS if "maildealer" in VENDORS else {**VENDORS, "maildealer": CUSTOMERS_ONLY}
        self.config = parse(CONFIG + DESK + config, vendors=self.vendors, presets=PRESETS)
        self.backlogs = {name: MemoryQueue(self.clock.now) for name in self.config.lanes}
        self.relay = self.rebuilt()

    def rebuilt(self) -> Relay:
        """
        The relay of a worker that starts now.
        """
        ports = Ports(
            table=self.table,
            bell=self.bell,
            inbox=self.inbox,
            incoming=self.incoming,
            backlogs=self.backlogs,
            bucket=self.bucket,
            transport=self.transport,
            secrets=self.secrets,
            clock=self.clock,
            chance=self.chance,
            journal=self.journal,
        )
        return Relay(self.config, self.vendors, ports)

    def look_up(self, text: str, *, visitor: str = "192.0.2.1", lookup: str = "faq", **headers: str) -> Response:
        """
        A visitor's browser asks, from a page of the site.
        """
        given = {"origin": ORIGIN} | {name.replace("_", "-"): value for name, value in headers.items()}
        envelope = Envelope(
            source=lookup, method="GET", headers=given, query={"q": (text,)}, received_at=self.clock.now()
        )
        return self.relay.look_up(envelope, visitor=visitor)

    def calls(self, api: str) -> int:
        """
        How often the account was called by this API.
        """
        return sum(1 for each in self.desk.calls if each.api == api)


# ── as much of the vendor as these stories need, where it is no destination yet ─────────────────────────────────────


def _lane(_destination: Destination, name: str) -> Lane:
    slots = (Limit(calls=4, per="slot", slot_seconds=12),)
    return Lane(name=name, vendor="maildealer", batching=False, limits=slots, timeout_seconds=20)


def _build(batch: Batch, _data: bytes, destination: Destination, credentials: Mapping[str, str]) -> Call:
    document = {"mboxNo": destination.settings["mailbox"], "items": dict(batch.lines[0].payload)}
    headers = {"Content-Type": "application/json", "X-MD-apitoken": credential(credentials, "api_token")}
    return Call(url=f"{destination.base_url}/api/v1/cust/update", headers=headers, body=json.dumps(document).encode())


def _read(reply: Reply | NoReply, batch: Batch, _destination: Destination | None = None) -> Reading:
    if isinstance(reply, Reply) and read_answer(reply).body.get("status") == "success":
        return every(batch, Delivered(proof="imported"), Verdict())
    return every(batch, Deferred(reason="not now"), Verdict(kind="busy", reason="not now"))


def _prepare(operation: Operation, fields: Mapping[str, Any], *_: Any) -> Prepared:
    payload = {name: str(value) for name, value in fields.items() if value}
    return Prepared(payload=payload, address=payload["メールアドレス"], effect=operation.effect, urgent=False)


CUSTOMERS_ONLY = Vendor(
    slug="maildealer",
    label="Mail Dealer",
    base_url="",
    settings={
        "mailbox": Setting(name="mailbox", kind="integer", required=True),
        "items": Setting(name="items", kind="texts"),
    },
    credentials=("api_token",),
    operations={"customer": Operation(name="customer", label="", effect=Effect.DATA, open_fields=True)},
    batching=False,
    lane=_lane,
    lane_name=lambda name, _settings: name,
    check=lambda _destination: [],
    check_route=lambda _route, _destination: [],
    prepare=_prepare,
    rules=lambda operation, _settings, _destination: merge_rules(operation),
    pack=None,
    build=_build,
    read=_read,
)
