"""
Every sender that Ekiden knows by name, by the requests that it makes: taken, refused, repeated, tested, kept.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.errors import StoreUnavailable
from chalicelib.model import Hmac, Source, State, Token
from chalicelib.sources import PRESETS
from tests.scenarios.senders import NAME, SENDER_SECRET, Asked, Sender, every_request, send, senders
from tests.scenarios.world import World
from tests.unit.docs.documents import CONFIGURATION

SENDERS = senders()
ELSEWHERE = {"form", "web_to_lead", "salesforce_outbound", "custcsv", "schedule_csv", "csv_upload"}
"""
Presets whose requests are tested where their own kind of answer is: browsers' forms, SOAP, drop-ins, files.
"""

each_sender = pytest.mark.parametrize("preset", SENDERS)
each_request = pytest.mark.parametrize(
    ("sender", "asked"), [pytest.param(*each, id=f"{each[0].preset}: {each[1].about}") for each in every_request()]
)


def test_every_preset_has_requests_of_its_sender() -> None:
    """A preset that nobody has seen a request of is a guess."""
    assert set(PRESETS) - ELSEWHERE == set(SENDERS)


def source_of(world: World) -> Source:
    return world.config.sources[NAME]


@each_request
def test_what_comes_of_a_request(sender: Sender, asked: Asked) -> None:
    """The sender gets the answer it understands, and each record goes where it belongs, or is seen to be left out."""
    world = sender.world()

    answer = send(world, asked)

    assert answer.status == 200
    if asked.answer == "ids":
        assert json.loads(answer.body)["ids"]
    else:
        assert answer.body == asked.answer
    assert "Location" not in answer.headers
    registered, stopped, others = (
        [each for each in world.deliveries() if (each.operation, each.state) == (operation, State.WAITING)]
        if operation
        else [each for each in world.deliveries() if each.state is not State.WAITING]
        for operation in ("register", "stop", "")
    )
    assert sorted(each.payload["メールアドレス"] for each in registered) == sorted(asked.contacts)
    assert [each.payload["メールアドレス"] for each in stopped] == asked.stops
    expected = {State.SKIPPED: asked.skipped, State.HELD: asked.held, State.DEAD: asked.dead}
    for state, words in expected.items():
        reasons = [each.reason for each in others if each.state is state]
        assert bool(reasons) == bool(words), reasons
        assert [reason for reason in reasons if words not in reason] == []


@each_sender
def test_all_that_a_sender_sends_arrives(preset: str) -> None:
    """One after another, all of its requests reach the vendor, and what waits for a person raises an alarm."""
    sender = SENDERS[preset]
    world = sender.world()
    for asked in sender.requests:
        send(world, asked)
    world.pass_minutes(12)

    for asked in sender.requests:
        assert [each for each in asked.contacts if world.haihai.customer(each) is None] == []
    states = world.states()
    assert states["waiting"] == 0
    assert bool(states["held"]) == any(cause == f"held:{NAME}" for cause, _, _ in world.journal.notices)


@each_request
def test_a_request_that_comes_twice_is_carried_once(sender: Sender, asked: Asked) -> None:
    """The sender saw no answer and sends the same again, at once: the same answer, nothing more."""
    world = sender.world()

    first = send(world, asked)
    states = world.states()
    again = send(world, asked)

    assert world.states() == states
    assert first.status == again.status == 200
    if asked.answer == "ids":
        assert json.loads(first.body)["ids"] == json.loads(again.body)["ids"]
        assert json.loads(again.body)["duplicate"] is True
    else:
        assert first.body == again.body


def has_own_id(sender: Sender, asked: Asked) -> bool:
    world = sender.world()
    send(world, asked)
    marks = [item["pk"] for item in world.table.items() if item["pk"].startswith("DEDUPE#")]
    return bool(marks) and not any("#digest:" in each for each in marks)


@each_sender
def test_an_id_is_remembered_for_a_week_and_fields_for_ten_minutes(preset: str) -> None:
    """A sender with ids may repeat for days. Without one, who sends the same again later means it."""
    sender, world = SENDERS[preset], SENDERS[preset].world()
    asked, start = sender.requests[0], world.clock.now()
    own_id = has_own_id(sender, asked)
    send(world, asked)

    known = []
    for later in (timedelta(minutes=9), timedelta(minutes=11), timedelta(days=6), timedelta(days=14)):
        world.clock.move_to(start + later)
        before = world.states().total()
        # Marked as verified: what was signed at 10:00 is stale by now, and a sender would sign anew.
        assert send(world, asked, verified=True).status == 200
        known.append(world.states().total() == before)

    assert known == [True, own_id, own_id, False]


def forged(sender: Sender, asked: Asked) -> list[dict[str, Any]]:
    """
    The request with its proof left out, wrong, or over another body.
    """
    (check,) = [each for each in source_of(sender.world()).verify if isinstance(each, Token | Hmac)]
    given = asked.envelope
    headers, body = given["headers"], given["body"]
    if isinstance(check, Hmac):
        name = next(each.lower() for each in check.headers if each.lower() in headers)
        bare = {key: value for key, value in headers.items() if key != name}
        changed = body.replace(b"example.co.jp", b"example.co.jq") if b"example.co.jp" in body else body + b" "
        return [{"headers": bare}, {"headers": headers | {name: "v1=0,t=1"}}, {"body": changed}]
    if check.place == "path":
        return [{"path_token": None}, {"path_token": "wrong"}, {"path_token": sender.secret + "x"}]
    if check.place == "header":
        name = check.name.lower()
        bare = {key: value for key, value in headers.items() if key != name}
        return [
            {"headers": bare},
            {"headers": headers | {name: "é"}},
            {"headers": headers | {name: sender.secret[:-1]}},
        ]
    assert check.place == "json"
    return [
        {"body": body.replace(sender.secret.encode(), b"wrong")},
        {"body": body.replace(check.name.encode(), b"other")},
        {"body": b"not json"},
    ]


@each_request
def test_a_forged_request_is_refused_like_one_to_nobody(sender: Sender, asked: Asked) -> None:
    """Without, with a wrong, or with another request's proof: the same 401 as for a source that does not exist."""
    world = sender.world()
    unknown = send(world, asked, "nobody")
    for changed in forged(sender, asked):
        refused = send(world, asked, **changed)

        assert (refused.status, refused.body, refused.headers) == (unknown.status, unknown.body, unknown.headers)
    assert unknown.status == 401
    assert world.states() == {}
    assert world.table.items() == []


def everything_kept(world: World) -> str:
    """
    All that outlives a request: the table, the queues, the logs and notices, the bucket.
    """
    queues = [world.inbox, world.bell, *world.backlogs.values()]
    messages = [message.body for queue in queues for message in queue.receive(10)]
    return json.dumps(
        [world.table.items(), messages, world.journal.lines, world.journal.notices], ensure_ascii=False, default=str
    )


class Refusing:
    """A table that answers reads only."""

    def __init__(self, table: Any) -> None:
        self._table = table

    def write(self, *_writes: Any) -> Any:
        raise StoreUnavailable("the table refuses")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._table, name)


@each_request
def test_a_secret_is_kept_nowhere(sender: Sender, asked: Asked) -> None:
    """Neither in the table nor in a log, also where the request was held, or waits in the inbox for the table."""
    written = {sender.secret, json.dumps(sender.secret)[1:-1]}
    world = sender.world()
    send(world, asked)
    world.pass_minutes(2)
    kept = everything_kept(world)

    world = sender.world()
    table, world.table = world.table, Refusing(world.table)  # type: ignore[assignment]
    world.relay = world._relay()
    send(world, asked)
    messages = [json.loads(message.body) for message in world.inbox.receive(10)]
    in_inbox = "".join(json.dumps(each) + base64.b64decode(each["body"]).decode() for each in messages)
    world.table = table

    assert [each for each in written if each in kept or each in in_inbox] == []
    assert bool(messages) == asked.says_something


@each_request
def test_a_request_outlives_a_table_that_is_down(sender: Sender, asked: Asked) -> None:
    """It is answered as a success, waits in the inbox, and becomes the same deliveries later."""
    straight = sender.world()
    send(straight, asked)
    world = sender.world()
    table, world.table = world.table, Refusing(world.table)  # type: ignore[assignment]
    world.relay = world._relay()

    answer = send(world, asked)
    world.table = table
    world.relay = world._relay()
    for message in world.inbox.receive(10):
        world.relay.unpack(message.body)

    assert answer.status == 200
    assert told(world) == told(straight)


def told(world: World) -> Counter[tuple[str, ...]]:
    return Counter(
        (each.operation, str(each.state), each.payload.get("メールアドレス", ""), str(each.event_time), each.reason)
        for each in world.deliveries()
    )


@each_sender
def test_a_relay_that_can_store_nothing_says_so(preset: str) -> None:
    """Neither table nor inbox: 503, which every sender that tries again at all tries again."""
    world = SENDERS[preset].world()
    world.table = Refusing(world.table)  # type: ignore[assignment]

    def refuse(*_bodies: str, **_options: Any) -> None:
        raise StoreUnavailable("the inbox refuses")

    world.inbox.send = refuse  # type: ignore[method-assign]
    world.relay = world._relay()

    answer = send(world, SENDERS[preset].requests[0])

    assert answer.status == 503
    # HubSpot reads this header in milliseconds.
    assert ("Retry-After" in answer.headers) != preset.startswith("hubspot")


UNREADABLE = {
    "cut off": b'{"email": "taro@exa',
    "no number": b'{"email": NaN}',
    "too deep": b"[" * 5_000,
    "no text": b'{"email": "\xff\xfe"}',
    "too large": b'{"email": "' + b"a" * 710_000 + b'"}',
    "no object": b'"hello"',
    "nothing": b"",
}


@each_sender
@pytest.mark.parametrize("what", UNREADABLE)
def test_what_is_genuine_and_cannot_be_read_is_held(preset: str, what: str) -> None:
    """A product would give up or switch itself off: it hears 200, and a person is told. One's own program is told."""
    world = SENDERS[preset].world()
    asked = SENDERS[preset].requests[0]

    # Marked as verified: no signature of the sender's covers this body.
    answer = send(world, asked, body=UNREADABLE[what], verified=True)

    if preset == "webhook" and what != "no object":
        assert answer.status in {400, 413, 415}
        assert world.states() == {}
    else:
        assert answer.status == 200
        (state,) = world.states()
        # An encoded form reads whatever it is given; then the field that the vendor wants is missing.
        assert state == "held" or (preset, what, state) == ("zoho", "no object", "dead")
        assert [cause.partition(":")[0] for cause, _, _ in world.journal.notices] == [state]


# ── senders of one's own ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_sender_that_nobody_knows_needs_relay_toml_alone() -> None:
    """The example of the reference: another header, another template, records, kinds and answer; and no Python."""
    (text,) = [each for each in CONFIGURATION.blocks("toml") if "[sources.partner]" in each]
    secret = "partner-secret"
    base = Sender(preset="webhook", secret=secret, email="mail", name="name", requests=[]).config()
    head, _, rest = base.partition(f"[sources.{NAME}]")
    source = text.replace("[sources.partner]", f"[sources.{NAME}]").replace("ssm:/ekiden/prod/partner", SENDER_SECRET)
    world = World(head + source + rest[rest.index("[destinations") :])
    world.secrets.values[SENDER_SECRET] = secret
    stamp = str(int(world.clock.now().timestamp()))
    items = [
        {"no": 1, "status": "new", "mail": "taro@example.co.jp"},
        {"no": 2, "status": "left", "mail": "hanako@example.co.jp"},
    ]
    body = json.dumps({"sent_at": "2026-11-21T09:59:00+09:00", "items": items}).encode()
    mac = hmac.digest(secret.encode(), f"{stamp}.".encode() + body, "sha256")
    headers = {"content-type": "application/json", "x-partner-time": stamp}
    asked = Asked(about="", headers=headers, body="", answer="", contacts=[])

    refused = send(world, asked, body=body)
    answer = send(world, asked, body=body, headers=headers | {"x-partner-sign": base64.b64encode(mac).decode()})

    assert (refused.status, answer.status, answer.body) == (401, 200, '{"result": "ok"}')
    assert sorted((each.operation, str(each.event_time)) for each in world.deliveries()) == [
        ("register", "2026-11-21 00:59:00+00:00"),
        ("stop", "2026-11-21 00:59:00+00:00"),
    ]


# ── what is particular ──────────────────────────────────────────────────────────────────────────────────────────────


def test_one_bad_event_does_not_cost_a_batch() -> None:
    """Of three events of HubSpot the second is no object: two are carried, one is held, and the answer is a success."""
    sender = SENDERS["hubspot_v1"]
    unsigned = sender.source + 'verify = [{ token = { in = "path" } }]\n'
    world = Sender(
        preset=sender.preset, secret="s3cret", email=sender.email, name=sender.name, requests=[], source=unsigned
    ).world()
    first, second = json.loads(sender.requests[0].body)
    body = json.dumps([first, "what is this", second]).encode()

    answer = send(world, sender.requests[0], body=body, path_token="s3cret")

    assert answer.status == 200
    assert world.states() == {"waiting": 2, "held": 1}


def test_of_two_changes_in_one_minute_the_later_revision_wins() -> None:
    """What kintone tells is the minute. The second change came first, and the first one does not overwrite it."""
    sender = SENDERS["kintone"]
    body = sender.requests[0].body
    for order in ((3, 12), (12, 3)):
        world = sender.world()
        for revision in order:
            changed = body.replace('"__REVISION__","value":"1"', f'"__REVISION__","value":"{revision}"')
            changed = changed.replace("89ab", f"{revision:04}").replace("山田 太郎", f"第{revision}版")
            send(world, sender.requests[0], body=changed.encode())
        world.pass_minutes(3)

        assert world.haihai.customer("taro@example.co.jp").values["お名前"] == "第12版"  # type: ignore[union-attr]


def test_what_staff_systems_know_is_not_kept() -> None:
    """SmartHR sends birthdays and numbers of everybody; the table holds what the preset names, and no more."""
    sender = SENDERS["smarthr"]
    world = sender.world()
    for asked in sender.requests:
        send(world, asked)

    assert re.search("kept-nowhere|1990-01-01|090-0000", everything_kept(world)) is None


def test_a_consent_that_was_held_is_read_again_with_its_topic() -> None:
    """Shopify tells the topic in a header: an event that was held because of its kind is released as what it was."""
    sender = SENDERS["shopify"]
    asked = next(each for each in sender.requests if each.stops)
    strict = Sender(
        preset="shopify",
        secret=sender.secret,
        email=sender.email,
        name=sender.name,
        requests=[],
        source='event = { kinds = { "customers/create" = "upsert" } }\n',
    )
    world = strict.world()
    send(world, asked)
    (held,) = world.relay.operator.listed(State.HELD)
    world.config = sender.world().config
    world.relay = world._relay()

    world.relay.operator.release(held.id)

    assert [each.operation for each in world.deliveries() if each.state is State.WAITING] == ["stop"]


def test_meta_asks_by_get_before_it_sends() -> None:
    """The right verify token gets the challenge back, a wrong one the same 401 as a source that does not exist."""
    world = SENDERS["meta"].world()
    asked = SENDERS["meta"].requests[0]
    query = {"hub.mode": ("subscribe",), "hub.challenge": ("1158201444",), "hub.verify_token": ("meta-app-secret",)}

    right = send(world, asked, method="GET", query=query)
    wrong = send(world, asked, method="GET", query=query | {"hub.verify_token": ("wrong",)})

    assert (right.status, right.body) == (200, "1158201444")
    assert right.headers["Content-Type"].startswith("text/plain")
    assert wrong.status == 401


def test_shopify_without_the_x_is_the_same() -> None:
    """The Events preview drops the "X-" of all headers: topic, id and signature are found all the same."""
    sender = SENDERS["shopify"]
    asked = sender.requests[0]
    world = sender.world()
    headers = {name.removeprefix("x-"): value for name, value in asked.envelope["headers"].items()}

    first = send(world, asked)
    answer = send(world, asked, headers=headers)

    assert (first.status, answer.status) == (200, 200)
    assert world.states() == {"waiting": 1}
