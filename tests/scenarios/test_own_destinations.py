"""
Stories of destinations that are declared: the document's own CRM, kintone, Slack, a signed webhook, rows.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.adapters.aws import Clients
from chalicelib.adapters.transport import Outbound
from chalicelib.model import Envelope, State
from chalicelib.relay.viewing import OperatorError
from tests.sandbox.faults import Fault
from tests.sandbox.own_service import HookReceiver, OwnCrm, Warehouse
from tests.sandbox.receivers import KintoneSandbox, SlackSandbox
from tests.sandbox.server import serve
from tests.scenarios.declared import HEAD, VISITOR, only, world_of
from tests.scenarios.world import TEN, World
from tests.unit.docs.documents import OWN

EVENT = {"id": "e1", "updated_at": "2026-11-21T09:00:00+09:00", "email": "u1@example.co.jp", "name": "花子"}
WHSEC = "whsec_MGY5YTExZTJkM2M0YjVhNjk3ODgxMjM0NTY3OGFiY2Q="


# ── a CRM of one's own, as the document declares it ─────────────────────────────────────────────────────────────────


class Crm:
    """
    The document's example against a CRM that keeps books of its own.
    """

    def __init__(self) -> None:
        text = next(each for each in OWN.blocks("toml") if "[destinations.crm]" in each)
        references = {"ssm:/ekiden/prod/relay": "env:EKIDEN_SECRET", "ssm:/ekiden/prod/crm-token": "env:OWN_TOKEN"}
        for stored, local in references.items():
            text = text.replace(stored, local)
        self.world = World(text)
        self.world.secrets.values["env:OWN_TOKEN"] = "own-token"
        self.service = OwnCrm(clock=self.world.clock.now, token="own-token")
        self.world.transport.sandboxes["https://crm.example.co.jp"] = self.service

    def submit(self, **fields: str) -> None:
        """
        A visitor posts the form; the bells are answered.
        """
        self.world.submit("contact", {"customer-code": "A-1", "お名前": "見本 花子", **fields})
        self.world.answer_bells()


@pytest.fixture
def crm() -> Crm:
    """
    The document's example, ready.
    """
    return Crm()


def test_the_documents_example_stores_a_contact(crm: Crm) -> None:
    """
    Numbers are numbers, lists are lists, what has no value is left out, and the answer's id is kept.
    """
    crm.submit(employees="30", topics="製品,見積り")

    assert crm.service.contacts == {"A-1": {"name": "見本 花子", "employees": 30, "topics": ["製品", "見積り"]}}
    assert (only(crm.world).state, dict(only(crm.world).result)) == (State.DELIVERED, {"id": "1"})


def test_the_request_in_the_document_is_the_one_that_is_made(crm: Crm) -> None:
    """
    Method, address and body are shown as they leave.
    """
    crm.submit(employees="30", topics="製品,見積り")
    (request,) = crm.service.requests
    shown = OWN.blocks("http")[0].split("\n\n", 1)
    note = json.loads(shown[1])

    assert f"{request.method} https://crm.example.co.jp{request.path}" == shown[0]
    assert json.loads(request.body) == note


@pytest.mark.parametrize("kind", ["lose_before", "lose_after", "timeout_after", "garbage", "html_200", "truncated"])
def test_an_upsert_without_a_clear_answer_is_made_again(crm: Crm, kind: str) -> None:
    """
    Whatever became of the first call, the contact is stored in the end, and once.
    """
    crm.service.faults.add(Fault(kind))
    crm.submit(employees="30")
    crm.world.pass_minutes(20)

    assert crm.service.contacts["A-1"]["employees"] == 30
    assert only(crm.world).state is State.DELIVERED


def test_a_busy_service_is_waited_for(crm: Crm) -> None:
    """
    What the declaration calls busy closes the lane for a while and burns no attempt.
    """
    opens = crm.world.clock.now() + timedelta(minutes=5)
    crm.service.room = lambda now: now >= opens
    crm.submit()
    waiting = only(crm.world)
    crm.world.pass_minutes(20)

    assert (waiting.state, waiting.attempts) == (State.WAITING, 0)
    assert only(crm.world).state is State.DELIVERED


def test_a_refused_value_is_a_dead_letter_that_names_nobody(crm: Crm) -> None:
    """
    The service's words are kept, the address in them is masked.
    """
    crm.service.faults.add(
        Fault("status", status=422, body='{"message": "hanako.sample@example.co.jp is on our list"}')
    )
    crm.submit()

    assert only(crm.world).state is State.DEAD
    assert "is on our list" in only(crm.world).reason
    assert "example.co.jp" not in only(crm.world).reason


def test_wrong_credentials_pause_the_lane_and_lose_nothing(crm: Crm) -> None:
    """
    Every delivery waits until the operator has mended the token.
    """
    crm.service.token = "another"
    crm.submit()

    assert only(crm.world).state is State.WAITING
    assert "credentials" in crm.world.lane("http-crm")["paused_reason"]


def test_a_minutes_calls_are_never_overshot(crm: Crm) -> None:
    """
    The service counts sixty a minute; the hundred and first visitor waits for the next one.
    """
    for number in range(100):
        crm.submit(**{"customer-code": f"A-{number}"})
    crm.world.pass_minutes(10)

    assert len(crm.service.contacts) == 100
    assert crm.service.ledger.busiest(60) <= 65


def test_a_redirect_is_not_followed(crm: Crm) -> None:
    """
    Personal data goes to the configured host alone.
    """
    crm.service.faults.add(Fault("status", status=302))
    crm.submit()

    assert crm.service.contacts == {}
    assert "paused_reason" in crm.world.lane("http-crm")


# ── messages that may not be doubled ────────────────────────────────────────────────────────────────────────────────

ORDERS = """
[destinations.orders]
vendor = "http"
base_url = "https://own.example.co.jp"
path = "/leads"
body = { rows = ["{_all}"] }
SETTING

[[routes]]
from = "contact"
to = "orders"
operation = "send"
fields = { name = "name" }
"""


@pytest.mark.parametrize(
    ("setting", "state", "calls"),
    [
        ("", State.HELD, [1]),
        ('idempotency_header = "Idempotency-Key"', State.DELIVERED, [1]),
        ("repeat_harmless = true", State.DELIVERED, [1, 1]),
    ],
    ids=["held", "known by its id", "declared harmless"],
)
def test_an_order_without_an_answer_is_doubled_only_where_that_is_harmless(
    setting: str, state: State, calls: list[int]
) -> None:
    """
    A person decides, or the service knows the repeat by its id, or the operator has said that two are no harm.
    """
    world = world_of(ORDERS.replace("SETTING", setting))
    warehouse = Warehouse(clock=world.clock.now)
    world.transport.sandboxes["https://own.example.co.jp"] = warehouse
    warehouse.faults.add(Fault("lose_after"))
    world.submit("contact", VISITOR)
    world.pass_minutes(30)

    assert only(world).state is state
    assert warehouse.calls == calls


ROWS = """
[destinations.dwh]
vendor = "http_batch"
base_url = "https://dwh.example.co.jp"
path = "/leads"
idempotency_header = "Idempotency-Key"
FORMAT
identity = "email"
rows_max = 10
gap_seconds_min = 60
[destinations.dwh.fields]
email = { form = "email" }
name = {}

[[routes]]
from = "crm"
to = "dwh"
operation = "upsert"
fields = { email = "email", name = "name" }
"""


def test_rows_that_may_not_be_doubled_wait_for_a_person() -> None:
    """
    A file without an answer, whose repeat nobody declared harmless, is held whole.
    """
    config = ROWS.replace("FORMAT", 'body = { rows = "{_rows}" }').replace('idempotency_header = "Idempotency-Key"', "")
    world = world_of(config.replace('operation = "upsert"', 'operation = "send"'))
    warehouse = Warehouse(clock=world.clock.now)
    world.transport.sandboxes["https://dwh.example.co.jp"] = warehouse
    warehouse.faults.add(Fault("lose_after"))
    events = [{**EVENT, "id": f"e{number}", "email": f"u{number}@example.co.jp"} for number in range(3)]
    world.webhook(json.dumps({"events": events}).encode())
    world.pass_minutes(30)

    assert world.states() == {"held": 3}
    assert warehouse.calls == [3]


class Killed(BaseException):
    """
    The end of a worker.
    """


def test_a_call_that_may_not_be_doubled_is_not_let_go_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The worker died when the file was out: an operator who lets the call go cannot send its rows a second time.
    """
    config = ROWS.replace("FORMAT", 'body = { rows = "{_rows}" }').replace('idempotency_header = "Idempotency-Key"', "")
    world = world_of(config.replace('operation = "upsert"', 'operation = "send"'))
    warehouse = Warehouse(clock=world.clock.now)
    world.transport.sandboxes["https://dwh.example.co.jp"] = warehouse
    send = type(world.transport).send

    def dies(self: Any, call: Any, *, timeout_seconds: float) -> Any:
        send(self, call, timeout_seconds=timeout_seconds)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(type(world.transport), "send", dies)
        world.webhook(json.dumps({"events": [EVENT]}).encode())
        with pytest.raises(Killed):
            world.pass_minutes(2)
    (lane,) = (each.lane.name for each in world.relay.operator.status() if each.lane.batching)
    world.clock.sleep(600)

    with pytest.raises(OperatorError, match="a repeat is not harmless"):
        world.relay.operator.let_go(lane)
    world.pass_minutes(30)
    assert world.states() == {"held": 1}
    assert warehouse.calls == [1]


@pytest.mark.parametrize(
    "format_",
    ['format = "csv"\ncharset = "cp932"', 'body = { rows = "{_rows}" }\nrow = { email = "{email}", name = "{name}" }'],
    ids=["csv", "json"],
)
def test_rows_ride_together(format_: str) -> None:
    """
    Twenty-five contacts go in three calls, each contact once, though the first call's answer was lost.
    """
    world = world_of(ROWS.replace("FORMAT", format_))
    warehouse = Warehouse(clock=world.clock.now)
    world.transport.sandboxes["https://dwh.example.co.jp"] = warehouse
    warehouse.faults.add(Fault("lose_after"))
    events: list[dict[str, Any]] = [
        {
            "id": f"e{number}",
            "updated_at": "2026-11-21T09:00:00+09:00",
            "email": f"u{number}@example.co.jp",
            "name": "髙﨑",
        }
        for number in range(25)
    ]
    world.webhook(json.dumps({"events": events}).encode())
    world.pass_minutes(30)

    assert sorted(row["email"] for row in warehouse.rows) == sorted(each["email"] for each in events)
    assert {row["name"] for row in warehouse.rows} == {"髙﨑"}
    assert warehouse.calls == [10, 10, 5]
    assert world.states() == {"delivered": 25}


# ── presets ─────────────────────────────────────────────────────────────────────────────────────────────────────────

KINTONE = """
[destinations.kintone]
vendor = "kintone"
base_url = "https://acme.cybozu.com"
app = 12
update_key = "email"
credentials = { api_token = "env:KINTONE" }
fields = { email = { form = "email" }, name = {}, memo = {}, topics = { form = "list" } }

[[routes]]
from = "contact"
to = "kintone"
operation = "upsert"
fields = { email = "your-email", name = "name", memo = "memo", topics = "topics" }
"""


@pytest.fixture
def kintone() -> tuple[World, KintoneSandbox]:
    """
    A kintone app, and a relay that knows its token.
    """
    world = world_of(KINTONE, {"env:KINTONE": "k" * 40})
    fields = {"email": str, "name": str, "memo": str, "topics": list}
    app = KintoneSandbox(clock=world.clock.now, token="k" * 40, app=12, key="email", fields=fields)
    world.transport.sandboxes["https://acme.cybozu.com"] = app
    return world, app


def test_a_kintone_record_is_created_and_then_updated(kintone: tuple[World, KintoneSandbox]) -> None:
    """
    One record for one person; what the second form leaves out stays.
    """
    world, app = kintone
    world.submit("contact", {**VISITOR, "topics": "製品,見積り"})
    world.pass_minutes(20)
    world.submit("contact", {"your-email": VISITOR["your-email"], "name": "見本 はなこ"})
    world.pass_minutes(2)
    address = VISITOR["your-email"]

    assert app.records == {address: {"name": "見本 はなこ", "memo": "資料をください。", "topics": ["製品", "見積り"]}}
    assert app.revisions[address] == 2
    assert [each.result["operation"] for each in world.deliveries()] == ["INSERT", "UPDATE"]


def test_kintones_520_for_a_wrong_token_pauses_the_lane(kintone: tuple[World, KintoneSandbox]) -> None:
    """
    Kintone tells a wrong token by a code under HTTP 520; that is no passing failure.
    """
    world, app = kintone
    app.token = "other"
    world.submit("contact", VISITOR)
    world.answer_bells()

    assert only(world).state is State.WAITING
    assert "API token" in world.lane("kintone-kintone")["paused_reason"]


SLACK = """
[destinations.slack]
vendor = "slack"
text = "お問い合わせ: {name} 様"
credentials = { webhook_url = "env:SLACK" }

[[routes]]
from = "contact"
to = "slack"
operation = "send"
fields = { name = "name" }
"""


@pytest.fixture
def slack() -> tuple[World, SlackSandbox]:
    """
    A channel, and a relay that knows the address of its webhook.
    """
    world = world_of(SLACK, {"env:SLACK": "https://hooks.slack.com/services/T0/B0/abcdef0123456789"})
    channel = SlackSandbox(clock=world.clock.now, path="/services/T0/B0/abcdef0123456789")
    world.transport.sandboxes["https://hooks.slack.com"] = channel
    return world, channel


def test_a_form_cannot_call_everybody_in_slack(slack: tuple[World, SlackSandbox]) -> None:
    """
    Slack's own signs in a visitor's name arrive as text.
    """
    world, channel = slack
    world.submit("contact", {"name": "<!channel> & <https://example.co.jp|click>"})
    world.answer_bells()

    assert channel.messages == ["お問い合わせ: &lt;!channel&gt; &amp; &lt;https://example.co.jp|click&gt; 様"]
    assert only(world).state is State.DELIVERED


@pytest.mark.parametrize("why", ["no webhook", "archived"])
def test_a_channel_that_has_gone_pauses_the_lane(slack: tuple[World, SlackSandbox], why: str) -> None:
    """
    Messages wait until somebody makes another webhook; the secret address is in no reason.
    """
    world, channel = slack
    if why == "archived":
        channel.archived = True
    else:
        channel.path = "/gone"
    world.submit("contact", VISITOR)
    world.answer_bells()
    told = str(world.lane("slack-slack")["paused_reason"]) + str(world.journal.lines)

    assert only(world).state is State.WAITING
    assert "abcdef0123456789" not in told


HOOKS = """
[destinations.partner]
vendor = "standard_webhooks"
base_url = "https://partner.example.co.jp"
path = "/in"
type = "contact.created"
credentials = { signing_secret = "env:WHSEC" }

[[routes]]
from = "crm"
to = "partner"
operation = "send"
fields = { email = "email", name = "name" }
"""


def test_a_signed_webhook_is_believed_and_its_repeat_known() -> None:
    """
    The specification's own library verifies every call; a lost answer leads to a second call of the same id.
    """
    world = world_of(HOOKS, {"env:WHSEC": WHSEC})
    partner = HookReceiver(clock=world.clock.now, secret=WHSEC)
    world.transport.sandboxes["https://partner.example.co.jp"] = partner
    partner.faults.add(Fault("lose_after"))
    world.webhook(json.dumps({"events": [EVENT]}).encode())
    world.pass_minutes(10)
    data = {"email": "u1@example.co.jp", "name": "花子"}

    assert partner.refused == []
    assert len(partner.requests) == 2
    assert partner.events == {
        only(world).id: {"type": "contact.created", "timestamp": "2026-11-21T00:00:00.000Z", "data": data}
    }


def test_our_own_source_believes_our_own_webhook() -> None:
    """
    One Ekiden may hand its events to another: the receiving preset verifies what the sending one has signed.
    """
    world = world_of(HOOKS, {"env:WHSEC": WHSEC})
    partner = HookReceiver(clock=world.clock.now, secret=WHSEC)
    world.transport.sandboxes["https://partner.example.co.jp"] = partner
    world.webhook(json.dumps({"events": [EVENT]}).encode())
    world.answer_bells()
    (request,) = partner.requests
    other = World(
        HEAD.replace(
            "[sources.crm]", '[sources.first]\npreset = "standard_webhooks"\nsecret = "env:WHSEC"\n\n[sources.crm]'
        )
    )
    other.secrets.values["env:WHSEC"] = WHSEC
    envelope = Envelope(source="first", headers=request.headers, body=request.body, received_at=other.clock.now())
    forged = replace(envelope, body=request.body.replace(b"u1@", b"u2@"))

    assert other.relay.accept(envelope).status == 200
    assert other.relay.accept(forged).status == 401


# ── over real sockets ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_service_on_this_machine_is_called_over_http() -> None:
    """
    The declared request as it goes over the wire.
    """
    crm = OwnCrm(clock=lambda: TEN, token="own-token")
    with serve(crm) as served:
        text = next(each for each in OWN.blocks("toml") if "[destinations.crm]" in each)
        for stored, local in {
            "ssm:/ekiden/prod/relay": "env:EKIDEN_SECRET",
            "ssm:/ekiden/prod/crm-token": "env:OWN_TOKEN",
            "https://crm.example.co.jp": served.url,
        }.items():
            text = text.replace(stored, local)
        world = World(text)
        world.secrets.values["env:OWN_TOKEN"] = "own-token"
        world.transport.send = Outbound(Clients()).send  # type: ignore[method-assign]
        world.submit("contact", {"customer-code": "A-1", "お名前": "見本 花子"})
        world.answer_bells()

    assert crm.contacts == {"A-1": {"name": "見本 花子"}}
    assert only(world).state is State.DELIVERED
