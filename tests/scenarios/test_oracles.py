"""
Senders' own signing code against the running app: what they sign is taken, what was tampered with is not.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import quickjs
import stripe
from chalice.test import Client, HTTPResponse
from standardwebhooks.webhooks import Webhook

import app as doors
from tests.scenarios.senders import NAME, SENDER_SECRET, senders
from tests.scenarios.world import World

SENDERS = senders()
SCRIPT = Path(__file__).parents[2] / "docs" / "google_forms.gs"
JSON = {"Content-Type": "application/json"}


def running(preset: str, monkeypatch: pytest.MonkeyPatch) -> World:
    """
    app.py over a relay that knows the sender.
    """
    world = SENDERS[preset].world()
    monkeypatch.setattr(doors, "relay", lambda: world.relay)
    return world


@pytest.fixture
def client() -> Iterator[Client]:
    with Client(doors.app, project_dir="/nonexistent") as made:
        yield made


def post(client: Client, headers: dict[str, str], body: bytes) -> HTTPResponse:
    return client.http.post(f"/in/{NAME}", headers=JSON | headers, body=body)


def tampered(body: bytes) -> bytes:
    return body.replace(b"example.co.jp", b"example.co.jq")


@pytest.mark.parametrize("at", [-299, 0, 299])
def test_what_stripe_signs_is_taken(at: int, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stripe's library makes the header; the app takes it within five minutes, and no other body under it."""
    world = running("stripe", monkeypatch)
    body = SENDERS["stripe"].requests[0].body
    stamp = int(world.clock.now().timestamp()) + at
    signature = stripe.WebhookSignature._compute_signature(f"{stamp}.{body}", SENDERS["stripe"].secret)
    header = {"Stripe-Signature": f"t={stamp},v1={signature}"}

    assert post(client, header, tampered(body.encode())).status_code == 401
    assert world.states() == {}
    assert post(client, header, body.encode()).status_code == 200
    assert world.states() == {"waiting": 1}


@pytest.mark.parametrize("preset", ["standard_webhooks", "svix"])
@pytest.mark.parametrize("at", [-299, 0, 299])
def test_what_standard_webhooks_signs_is_taken(
    preset: str, at: int, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reference library signs; body, id and time are all covered, under either set of header names."""
    world = running(preset, monkeypatch)
    prefix = "svix" if preset == "svix" else "webhook"
    body = SENDERS[preset].requests[0].body
    time = datetime.fromtimestamp(int(world.clock.now().timestamp()) + at, UTC)
    headers = {
        f"{prefix}-id": "msg_oracle",
        f"{prefix}-timestamp": str(int(time.timestamp())),
        f"{prefix}-signature": Webhook(SENDERS[preset].secret).sign(msg_id="msg_oracle", timestamp=time, data=body),
    }

    assert post(client, headers, tampered(body.encode())).status_code == 401
    assert post(client, headers | {f"{prefix}-id": "msg_other"}, body.encode()).status_code == 401
    later = str(int(time.timestamp()) + 1)
    assert post(client, headers | {f"{prefix}-timestamp": later}, body.encode()).status_code == 401
    assert world.states() == {}
    assert post(client, headers, body.encode()).status_code == 200
    assert world.states() == {"waiting": 1}


@pytest.mark.parametrize("preset", SENDERS)
def test_no_address_of_a_webhook_redirects(preset: str, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stripe, Shopify and Calendly count a 3xx as a failure: neither the answer nor one to a slash too many is one."""
    running(preset, monkeypatch)
    asked = SENDERS[preset].requests[0]
    path = f"/in/{NAME}" + (f"/{asked.token}" if asked.token else "")
    right, slash, bare = (
        client.http.post(path + end, headers=asked.headers, body=asked.body.encode()) for end in ("", "/", "?x=1")
    )

    assert (right.status_code, bare.status_code) == (200, 200)
    assert slash.status_code < 300 or slash.status_code >= 400


# ── the Apps Script ─────────────────────────────────────────────────────────────────────────────────────────────────

GOOGLE = """
var Utilities = {
  Charset: { UTF_8: "UTF_8" },
  computeHmacSha256Signature: function (value, key, charset) { return JSON.parse(_hmac(value, key, charset || "")); },
  base64Encode: function (bytes) { return _base64(JSON.stringify(bytes)); },
  sleep: function (milliseconds) { _sleep(milliseconds); },
};
var UrlFetchApp = { fetch: function (url, options) {
  var status = _fetch(url, JSON.stringify(options));
  if (status === 0) throw new Error("Address unavailable");
  return { getResponseCode: function () { return status; } };
} };
var PropertiesService = { getScriptProperties: function () { return { getProperty: _property }; } };
Date.now = function () { return _now(); };
function answered(id, at, email, items) {
  return {
    source: { getTitle: function () { return "資料請求"; } },
    response: {
      getId: function () { return id; },
      getTimestamp: function () { return new Date(at); },
      getRespondentEmail: function () { return email; },
      getItemResponses: function () { return items.map(function (item) { return {
        getItem: function () { return { getTitle: function () { return item[0]; } }; },
        getResponse: function () { return item[1]; },
      }; }); },
    },
  };
}
"""


class Google:
    """
    The little of Google's Apps Script that the script uses; its requests go to the running app.
    """

    def __init__(self, client: Client, world: World, failures: int = 0) -> None:
        self.client, self.world, self.failures = client, world, failures
        self.slept: list[float] = []
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.engine = quickjs.Context()
        for name in ("_hmac", "_base64", "_sleep", "_fetch", "_property", "_now"):
            self.engine.add_callable(name, getattr(self, name))
        self.engine.eval(GOOGLE)
        self.engine.eval(SCRIPT.read_text(encoding="utf-8"))

    def _hmac(self, value: str, key: str, charset: str) -> str:
        """
        As Google signs: bytes from -128 to 127; what is not ASCII is lost unless a charset is named.
        """
        code = "utf-8" if charset == "UTF_8" else "ascii"
        made = hmac.digest(key.encode(code, "replace"), value.encode(code, "replace"), hashlib.sha256)
        return json.dumps([byte - 256 if byte > 127 else byte for byte in made])

    def _base64(self, signed: str) -> str:
        return base64.b64encode(bytes(byte % 256 for byte in json.loads(signed))).decode()

    def _sleep(self, milliseconds: float) -> None:
        self.slept.append(milliseconds / 1_000)
        self.world.clock.sleep(milliseconds / 1_000)

    def _fetch(self, url: str, options: str) -> int:
        given = json.loads(options)
        self.sent.append((url, given))
        if len(self.sent) <= self.failures:
            return 503 if len(self.sent) % 2 else 0
        headers = {"Content-Type": given["contentType"], **given["headers"]}
        return int(post(self.client, headers, given["payload"].encode()).status_code)

    def _property(self, name: str) -> str:
        return {
            "EKIDEN_URL": f"https://relay.example.co.jp/in/{NAME}",
            "EKIDEN_SECRET": SENDERS["google_forms"].secret,
        }[name]

    def _now(self) -> float:
        return self.world.clock.now().timestamp() * 1_000


ANSWER = """onAnswer(answered("2_ABaOnud3x", 1795222795000, "%s", [
  ["お名前", "髙﨑 太郎"], ["メールアドレス", "taro@example.co.jp"], ["ご興味", ["展示会", "資料請求"]],
  ["評価", [["良い", null]]],
]))"""


@pytest.mark.parametrize("failures", [0, 1, 3])
def test_what_the_apps_script_signs_is_taken(failures: int, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Japanese text in the body and in the secret; the script tries again where the first tries fail."""
    world = running("google_forms", monkeypatch)
    google = Google(client, world, failures)

    google.engine.eval(ANSWER % "")

    assert len(google.sent) == failures + 1
    assert google.slept == [2.0, 4.0, 8.0][:failures]
    (delivery,) = world.deliveries()
    assert (delivery.payload["メールアドレス"], delivery.payload["お名前"]) == ("taro@example.co.jp", "髙﨑 太郎")


def test_an_answer_that_is_edited_is_a_new_event(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same answer twice is one; the same answer at another time is another."""
    world = running("google_forms", monkeypatch)
    google = Google(client, world)
    for text in (ANSWER, ANSWER, ANSWER.replace("1795222795000", "1795222798000")):
        google.engine.eval(text % "taro@example.co.jp")

    assert world.states().total() == 2


def test_the_scripts_own_test_goes_nowhere(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is acknowledged and seen to be skipped."""
    world = running("google_forms", monkeypatch)

    Google(client, world).engine.eval("sendTest()")

    assert world.states() == {"skipped": 1}


def test_the_script_says_when_an_answer_was_not_taken(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four tries, then an error in Google's list of executions; a wrong secret is one of the reasons."""
    world = running("google_forms", monkeypatch)
    world.secrets.values[SENDER_SECRET] = "another"
    google = Google(client, world)

    with pytest.raises(quickjs.JSException, match="Ekiden did not take the answer: HTTP 401"):
        google.engine.eval(ANSWER % "")

    assert len(google.sent) == 4
    assert world.states() == {}


def test_the_charset_is_what_makes_japanese_text_verify() -> None:
    """The trap that the script avoids: without the charset Google signs question marks."""
    assert "Utilities.Charset.UTF_8" in SCRIPT.read_text(encoding="utf-8")
    bare = Google.__new__(Google)

    assert bare._hmac("花", "k", "") == bare._hmac("?", "k", "")
    assert bare._hmac("花", "k", "UTF_8") != bare._hmac("?", "k", "UTF_8")
