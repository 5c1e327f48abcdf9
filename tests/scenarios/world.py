"""
A small world for stories: the real relay over memory stores, vendors with books of their own, and one clock.

Time passes minute by minute as it does for the deployed app: the minute's tick rings the lanes, bells wake the worker.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from chalicelib.adapters.memory import MemoryBucket, MemoryQueue, MemoryTable
from chalicelib.adapters.memory_shell import MemoryClock, MemoryJournal, MemorySecrets, SeededChance
from chalicelib.config import parse
from chalicelib.destinations import VENDORS
from chalicelib.model import Config, Delivery, Envelope, Response
from chalicelib.ports import Item, Ports
from chalicelib.records import deliveries
from chalicelib.relay import Relay
from chalicelib.sources import PRESETS
from tests.sandbox.haihaimail import HaihaiSandbox
from tests.sandbox.satori import SatoriKeys, SatoriSandbox
from tests.sandbox.transport import SandboxTransport

TEN = JST_TEN = datetime(2026, 11, 21, 1, 0, 0, tzinfo=UTC)
"""
10:00 in Tokyo.
"""

KEYS = SatoriKeys(user_key="u" * 32, user_secret="v" * 32, company_key="c" * 32, company_secret="d" * 32)
SECRETS = {
    "env:EKIDEN_SECRET": "a key that only this test knows",
    "env:SATORI_USER_KEY": KEYS.user_key,
    "env:SATORI_USER_SECRET": KEYS.user_secret,
    "env:SATORI_COMPANY_KEY": KEYS.company_key,
    "env:SATORI_COMPANY_SECRET": KEYS.company_secret,
    "env:HAIHAI_LOGIN_ID": "ekiden",
    "env:HAIHAI_TOKEN": "haihai-token",
    "env:CRM_TOKEN": "crm-token",
}

CONFIG = """
[relay]
name = "test"
secret = "env:EKIDEN_SECRET"

[sources.contact]
preset = "form"
origins = ["https://www.example.co.jp"]
thanks = "https://www.example.co.jp/thanks"

[sources.newsletter]
preset = "form"
origins = ["https://www.example.co.jp"]
thanks = "https://www.example.co.jp/thanks"

[sources.crm]
preset = "webhook"
verify = [{ token = { in = "header", name = "X-Relay-Token", secret = "env:CRM_TOKEN" } }]
records = { path = "events" }
event = { id = "id", time = "updated_at", kind = "type", kinds = { stopped = "unsubscribe", "*" = "upsert" } }

[destinations.satori]
vendor = "satori"
version = 4
credentials.user_key = "env:SATORI_USER_KEY"
credentials.user_secret = "env:SATORI_USER_SECRET"
credentials.company_key = "env:SATORI_COMPANY_KEY"
credentials.company_secret = "env:SATORI_COMPANY_SECRET"

[destinations.haihai]
vendor = "haihaimail"
base_url = "https://a01.hm-f.jp"
account = "api_sample"
credentials = { login_id = "env:HAIHAI_LOGIN_ID", api_token = "env:HAIHAI_TOKEN" }

[[routes]]
from = "contact"
to = "satori"
operation = "upsert"
[routes.fields]
email = "email"
last_name = "sei"
first_name = "mei"
collection_route = { const = "問合せフォーム" }

[[routes]]
from = "newsletter"
to = "haihai"
operation = "register"
[routes.settings]
gid = 12
[routes.fields]
"メールアドレス" = "email"
"お名前" = "name"

[[routes]]
from = "crm"
to = "haihai"
operation = "register"
[routes.settings]
gid = 12
[routes.fields]
"メールアドレス" = "email"
"お名前" = "name"

[[routes]]
from = "crm"
to = "haihai"
operation = "stop"
on = ["unsubscribe"]
[routes.settings]
gid = 12
[routes.fields]
"メールアドレス" = "email"
"""

ADVANCE_SECONDS = 120


class World:
    """
    One deployed Ekiden with its vendors, in memory.
    """

    def __init__(self, config: str = CONFIG, *, now: datetime = TEN, seed: int = 0) -> None:
        self.clock = MemoryClock(now)
        self.config: Config = parse(config, vendors=VENDORS, presets=PRESETS)
        self.satori = SatoriSandbox(clock=self.clock.now, keys=KEYS)
        self.haihai = HaihaiSandbox(
            clock=self.clock.now,
            login_id=SECRETS["env:HAIHAI_LOGIN_ID"],
            token=SECRETS["env:HAIHAI_TOKEN"],
            groups={"12": "ニュース", "13": "セミナー"},
        )
        self.transport = SandboxTransport(
            {"https://api.satr.jp": self.satori, "https://a01.hm-f.jp": self.haihai},
            pause=self.clock.sleep,
        )
        self.journal = MemoryJournal()
        self.secrets = MemorySecrets(SECRETS)
        self.table = MemoryTable()
        self.bucket = MemoryBucket()
        self.bell = MemoryQueue(self.clock.now, visibility_seconds=720)
        self.inbox = MemoryQueue(self.clock.now, visibility_seconds=360)
        self.incoming = MemoryQueue(self.clock.now, visibility_seconds=720)
        self.backlogs = {name: MemoryQueue(self.clock.now) for name in self.config.lanes}
        self.chance = SeededChance(seed)
        self.relay = self._relay()

    def _relay(self) -> Relay:
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
        return Relay(self.config, VENDORS, ports)

    # ── senders ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def submit(self, source: str, fields: Mapping[str, str], **headers: str) -> Response:
        """
        A visitor's browser posts a form.
        """
        return self.relay.accept(
            Envelope(
                source=source,
                headers={
                    "content-type": "application/x-www-form-urlencoded",
                    "accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
                    "origin": "https://www.example.co.jp",
                    **{name.replace("_", "-"): value for name, value in headers.items()},
                },
                body=urlencode(fields).encode(),
                received_at=self.clock.now(),
            ),
        )

    def webhook(self, body: bytes, source: str = "crm", **headers: str) -> Response:
        """
        A CRM sends a webhook with the right token.
        """
        given = {"content-type": "application/json", "x-relay-token": SECRETS["env:CRM_TOKEN"]}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.relay.accept(
            Envelope(source=source, headers=given, body=body, received_at=self.clock.now()),
        )

    # ── time ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def answer_bells(self) -> None:
        """
        Wake the worker for every bell that has been rung.
        """
        for _ in range(1_000):
            messages = self.bell.receive(1)
            if not messages:
                return
            deadline = self.clock.now() + timedelta(seconds=ADVANCE_SECONDS)
            self.relay.ring(messages[0].body, deadline=deadline)
            self.bell.delete(messages[0])

    def read_files(self, *, seconds: int = ADVANCE_SECONDS) -> None:
        """
        Wake the worker for every message about a file.
        """
        for _ in range(1_000):
            messages = self.incoming.receive(1)
            if not messages:
                return
            self.relay.expand(messages[0].body, deadline=self.clock.now() + timedelta(seconds=seconds))
            self.incoming.delete(messages[0])

    def pass_minutes(self, minutes: int, *, step: int = 1) -> None:
        """
        Let time pass: each minute ticks, and the bells are answered; with `step`, only every so many minutes.
        """
        for _ in range(0, minutes, step):
            later = self.clock.now() + timedelta(minutes=step)
            self.relay.tick()
            self.read_files()
            self.answer_bells()
            self.clock.move_to(max(later, self.clock.now()))

    def pass_until(self, at: datetime) -> None:
        """
        Let time pass until then, minute by minute.
        """
        while self.clock.now() < at:
            self.pass_minutes(1)

    # ── looking ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def deliveries(self) -> list[Delivery]:
        """
        Every delivery in the table.
        """
        return [deliveries.from_item(item) for item in self.table.items() if item["sk"].startswith("DELIVERY#")]

    def states(self) -> Counter[str]:
        """
        How many deliveries are in each state.
        """
        return Counter(str(each.state) for each in self.deliveries())

    def lane(self, name: str) -> Item:
        """
        A lane's item.
        """
        found: list[Any] = [
            item for item in self.table.items() if item["pk"] == f"LANE#{name}" and item["sk"] == "LANE"
        ]
        return found[0] if found else {}
