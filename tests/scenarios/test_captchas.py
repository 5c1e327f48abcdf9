"""
Forms with a captcha: who passes, who is told what, and what a retry, an outage or a mended field does.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import pytest

from chalicelib.adapters.http import HttpTransport
from chalicelib.errors import StoreUnavailable
from chalicelib.model import Call, Envelope, Response
from chalicelib.records import captchas
from chalicelib.sources.captcha import Proof
from tests.scenarios.captcha_provider import CaptchaProvider
from tests.scenarios.world import CONFIG, SECRETS, World

FIELDS = {"turnstile": "cf-turnstile-response", "recaptcha": "g-recaptcha-response", "hcaptcha": "h-captcha-response"}
HOSTS = {
    "turnstile": "https://challenges.cloudflare.com",
    "recaptcha": "https://www.google.com",
    "hcaptcha": "https://api.hcaptcha.com",
}
SECRET = SECRETS["env:CRM_TOKEN"]
PERSON = {"email": "taro@example.co.jp", "sei": "山田", "mei": "太郎"}
PROOF = "widget-proof-1"


def world_with(provider: str = "turnstile", more: str = "", **said: Any) -> tuple[World, CaptchaProvider]:
    asked = f'provider = "{provider}", secret = "env:CRM_TOKEN"{more}'
    check = f"verify = [{{ browser = {{}} }}, {{ captcha = {{ {asked} }} }}]"
    world = World(CONFIG.replace("[sources.contact]\n", f"[sources.contact]\n{check}\n"))
    double = CaptchaProvider(world.clock.now, secret=SECRET, **said)
    double.good.add(PROOF)
    world.transport.sandboxes[HOSTS[provider]] = double
    return world, double


def send(world: World, fields: dict[str, str], **headers: str) -> Response:
    return world.submit("contact", fields, **headers)


def with_proof(provider: str = "turnstile", proof: str = PROOF, **more: str) -> dict[str, str]:
    return {**PERSON, **more, FIELDS[provider]: proof}


def everything(world: World) -> str:
    """
    All that the relay stored, queued, logged and told.
    """
    queues = [world.bell, world.inbox, *world.backlogs.values()]
    messages = [message.body for queue in queues for message in queue.receive(10)]
    return repr([world.table.items(), world.bucket.objects, messages, world.journal.lines, world.journal.notices])


@pytest.mark.parametrize("provider", FIELDS)
def test_a_visitor_who_solved_the_captcha_is_thanked(provider: str) -> None:
    """The proof is asked about once, and is in nothing that is kept."""
    world, double = world_with(provider)

    answer = send(world, with_proof(provider))

    assert answer.status == 303
    assert world.states() == {"delivered": 1}
    assert [asked["response"] for asked in double.asked] == [PROOF]
    assert PROOF not in everything(world)


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=B"])
def test_scripts_and_multipart_forms_carry_proofs_too(kind: str) -> None:
    """Whatever the form is sent as, its proof is found and taken out."""
    world, double = world_with()
    fields = with_proof()
    parts = "".join(
        f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()
    )
    body = json.dumps(fields) if "json" in kind else f"{parts}--B--\r\n"
    envelope = Envelope(
        source="contact",
        headers={"content-type": kind, "accept": "application/json", "origin": "https://www.example.co.jp"},
        body=body.encode(),
        received_at=world.clock.now(),
    )

    answer = world.relay.accept(envelope)

    assert answer.status == 200
    assert world.states() == {"delivered": 1}
    assert PROOF not in everything(world)
    assert len(double.asked) == 1


@pytest.mark.parametrize("fields", [PERSON, {**PERSON, "cf-turnstile-response": ""}])
def test_a_form_without_a_proof_is_told_so(fields: dict[str, str]) -> None:
    """422, in Japanese and English, and the provider is not asked."""
    world, double = world_with()

    answer = send(world, fields)

    assert answer.status == 422
    assert "人による送信であることを確認できませんでした" in answer.body
    assert "not a robot" in answer.body
    assert (world.states(), double.asked) == ({}, [])


@pytest.mark.parametrize("proof", ["made-up", "x" * 9_000])
def test_a_wrong_proof_is_refused(proof: str) -> None:
    """403 for a page's visitor, with a code for scripts; nothing is kept."""
    world, _ = world_with()

    page = send(world, with_proof(proof=proof))
    script = send(world, with_proof(proof=proof), accept="application/json")

    assert (page.status, script.status) == (403, 403)
    assert "キャプチャ" in page.body
    assert json.loads(script.body)["code"] == "captcha"
    assert world.states() == {}


@pytest.mark.parametrize(
    ("more", "said", "status"),
    [
        (", score_min = 0.5", {"score": 0.9, "action": "lead"}, 303),
        (", score_min = 0.5", {"score": 0.3, "action": "lead"}, 403),
        (", score_min = 0.5", {}, 403),
        (', action = "lead"', {"score": 0.9, "action": "lead"}, 303),
        (', action = "lead"', {"score": 0.9, "action": "login"}, 403),
        (', hostnames = ["www.example.co.jp"]', {"hostname": "www.example.co.jp"}, 303),
        (', hostnames = ["www.example.co.jp"]', {"hostname": "evil.example"}, 403),
    ],
)
def test_score_action_and_site_decide_where_they_are_asked_for(more: str, said: dict[str, Any], status: int) -> None:
    """Version 3 of reCAPTCHA passes everybody with a number; the number, the action and the site have to be right."""
    world, _ = world_with("recaptcha", more, **said)

    assert send(world, with_proof("recaptcha")).status == status


@pytest.mark.parametrize("provider", FIELDS)
def test_a_form_sent_twice_does_not_fail_for_its_own_first_try(provider: str) -> None:
    """A reload posts the same proof again: the visitor is thanked again, and one delivery is made."""
    world, double = world_with(provider)

    first, second = send(world, with_proof(provider)), send(world, with_proof(provider))

    assert (first.status, second.status) == (303, 303)
    assert world.states() == {"delivered": 1}
    assert len(double.asked) == 1


class Meanwhile:
    """
    The relay's clock, during whose first sleep something else happens.
    """

    def __init__(self, world: World, happens: Callable[[], object]) -> None:
        self._clock = world.clock
        self._happens = happens

    def now(self) -> datetime:
        return self._clock.now()

    def sleep(self, seconds: float) -> None:
        self._happens()
        self._clock.sleep(seconds)


def test_two_clicks_at_once_both_pass() -> None:
    """The second hears "used before" while the first has not noted its success yet, and waits for that note."""
    world, double = world_with("recaptcha")
    double.spent[PROOF] = ""  # the first one's question has been answered
    key = SECRETS["env:EKIDEN_SECRET"].encode()
    digest = Proof(text=PROOF).digest(world.config.sources["contact"], key)
    note = captchas.passed("contact", digest, world.clock.now())
    world.clock = Meanwhile(world, lambda: world.table.write(note))  # type: ignore[assignment]
    world.relay = world._relay()

    assert send(world, with_proof("recaptcha")).status == 303
    assert world.states() == {"delivered": 1}


def test_a_proof_that_is_too_old_is_refused_within_the_visitors_patience() -> None:
    """Providers call old and used ones the same; nobody waits longer than the form may make them wait."""
    world, double = world_with("recaptcha")
    double.spent[PROOF] = ""
    began = world.clock.now()

    assert send(world, with_proof("recaptcha")).status == 403
    assert (world.clock.now() - began).total_seconds() <= 3.0


def test_a_proof_is_not_a_ticket_for_a_robot() -> None:
    """One solved captcha is good for five submissions and half an hour."""
    world, _ = world_with("recaptcha")
    answers = [send(world, with_proof("recaptcha", memo=str(number))).status for number in range(7)]
    assert answers == [303] * 5 + [403] * 2

    world, _ = world_with("recaptcha")
    send(world, with_proof("recaptcha"))
    world.pass_minutes(31)
    assert send(world, with_proof("recaptcha", memo="later")).status == 403


class Away:
    """
    A table that does not answer.
    """

    def __getattr__(self, name: str) -> Any:
        def refuse(*_: Any, **__: Any) -> Any:
            raise StoreUnavailable(f"{name} is refused")

        return refuse


class Inputs(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "input" and found.get("name"):
            self.values[str(found["name"])] = found.get("value") or ""


def test_a_visitor_who_mends_a_field_on_our_page_needs_no_second_captcha() -> None:
    """The page has no widget; it carries a digest of the proof that was good, never the proof."""
    world, double = world_with("recaptcha")
    page = send(world, with_proof("recaptcha", email=""))
    assert page.status == 422
    assert PROOF not in page.body
    carried = Inputs(page.body).values

    mended = send(world, {**carried, **PERSON})

    assert mended.status == 303
    assert world.states() == {"delivered": 1}
    assert len(double.asked) == 1


@pytest.mark.parametrize("forged", ["0" * 32, "x", "#CAPTCHA", "あ"])
def test_nobody_makes_up_what_our_page_carries(forged: str) -> None:
    """A digest that no good proof ever had is refused."""
    world, double = world_with()

    assert send(world, {**PERSON, "_captcha": forged}).status == 403
    assert double.asked == []


@pytest.mark.parametrize("trouble", ["down", "garbled", "slow"])
def test_while_the_provider_is_away_visitors_are_asked_to_try_again(trouble: str) -> None:
    """With outage = closed: 503, nothing kept, operators are told, nobody waits beyond the form's patience."""
    world, double = world_with()
    began = world.clock.now()
    if trouble == "slow":
        double.slow_seconds = 60.0
    else:
        setattr(double, trouble, True)

    answer = send(world, with_proof())

    assert answer.status == 503
    assert world.states() == {}
    assert [cause for cause, *_ in world.journal.notices] == ["captcha:contact"]
    assert (world.clock.now() - began).total_seconds() <= 3.0


def test_an_outage_may_hold_what_comes() -> None:
    """With outage = hold: the visitor is thanked, a person decides, and the proof is not kept for it."""
    world, double = world_with(more=', outage = "hold"')
    double.down = True

    answer = send(world, with_proof())

    assert answer.status == 303
    assert world.states() == {"held": 1}
    assert world.deliveries()[0].reason == "captcha: could not be checked"
    assert PROOF not in everything(world)


def test_a_held_one_stays_held_when_the_table_is_away_as_well() -> None:
    """The suspicion travels through the inbox, the proof does not."""
    world, double = world_with(more=', outage = "hold"')
    double.down = True
    table, world.table = world.table, Away()  # type: ignore[assignment]
    world.relay = world._relay()
    answer = send(world, with_proof())
    world.table = table
    world.relay = world._relay()
    (message,) = world.inbox.receive(1)

    world.relay.unpack(message.body)

    assert answer.status == 303
    assert PROOF not in message.body
    assert world.states() == {"held": 1}


def test_a_secret_key_that_the_provider_refuses_is_the_operators_business() -> None:
    """Visitors are not called robots for it; the notice names the key."""
    world, double = world_with()
    double.secret = "another"

    assert send(world, with_proof()).status == 503
    assert "secret key" in world.journal.notices[0][2]


def test_a_key_that_is_being_rotated_passes() -> None:
    """Where the provider does not know the current key yet, the one before is tried."""
    config = CONFIG.replace(
        "[sources.contact]\n",
        '[sources.contact]\nverify = [{ browser = {} }, { captcha = { provider = "turnstile", '
        'secret = ["env:HAIHAI_TOKEN", "env:CRM_TOKEN"] } }]\n',
    )
    world = World(config)
    double = CaptchaProvider(world.clock.now, secret=SECRET)
    double.good.add(PROOF)
    world.transport.sandboxes[HOSTS["turnstile"]] = double

    assert send(world, with_proof()).status == 303


def test_the_real_transport_asks_a_provider_over_http() -> None:
    """The question as it travels: a form, with the key, the proof, and nobody's address."""
    heard: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"success": true}')

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/siteverify"
        world, _ = world_with(more=f', url = "{url}"')
        world.transport = Both(world.transport, url)  # type: ignore[assignment]
        world.relay = world._relay()
        answer = send(world, with_proof())
        server.shutdown()
        thread.join()

    assert answer.status == 303
    asked = parse_qs(heard[0].decode())
    assert set(asked) == {"secret", "response", "idempotency_key"}
    assert UUID(asked["idempotency_key"][0])


class Both:
    """
    The vendors' sandboxes, and real HTTP for one address.
    """

    def __init__(self, sandboxes: Any, url: str) -> None:
        self._sandboxes = sandboxes
        self._url = url

    def send(self, call: Call, *, timeout_seconds: float) -> Any:
        transport = HttpTransport() if call.url == self._url else self._sandboxes
        return transport.send(call, timeout_seconds=timeout_seconds)
