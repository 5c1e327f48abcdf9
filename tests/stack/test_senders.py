"""
Every sender's requests, over HTTP, to the packaged app: through API Gateway's own ideas of bodies, types and paths.

One company that all senders write to, where roles are enforced: what the functions may not do is seen here.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import requests

from chalicelib.adapters.clock import SystemClock
from chalicelib.ops.clock import move_by, set_to
from chalicelib.ops.cloud import Deployed
from chalicelib.ops.package import package
from chalicelib.ops.serve import ring
from chalicelib.ops.stack import LocalStack
from tests.sandbox.clock import FileClock
from tests.sandbox.haihaimail import HaihaiSandbox
from tests.sandbox.server import serve
from tests.scenarios.captcha_provider import CaptchaProvider
from tests.scenarios.senders import PUBLIC_URL, Asked, company, every_request, senders
from tests.scenarios.test_drop_ins import LEGACY, file_of, part
from tests.scenarios.test_salesforce import FORM, MESSAGE
from tests.stack.helpers import Until
from tests.stack.test_rights import ROLES, said_by

TEN = datetime(2026, 11, 21, 1, 0, 0, tzinfo=UTC)
SENDERS = senders()
TOKEN = "tok-of-all-others-1"
PROOF = "widget-proof-1"
FUNCTIONS_ERROR = re.compile(r"Denied|Traceback|\[ERROR\]")
ASKED_HERE_ALONE = '"reason":"SQS: AccessDenied"'
"""
On AWS sqs:SendMessage covers SendMessageBatch; the embedded AWS asks for a right that AWS does not know. What could not
be sent is found by the minute.
"""
SOURCES = """
[sources.salesforce]
preset = "salesforce_outbound"
secret = "env:TOKEN"
organization_id = "00D000000000001EAA"

[sources.lead]
preset = "web_to_lead"
origins = ["https://www.example.co.jp"]
thanks = "https://www.example.co.jp/thanks"
organization_id = "00D000000000001"

[sources.rakuraku]
preset = "custcsv"
secret = "env:TOKEN"
dropin = { account = "api_sample" }

[sources.legacy]
preset = "schedule_csv"
secret = "env:TOKEN"
dropin = { account = "24", login_id = "hanako" }

[sources.guarded]
preset = "form"
thanks = "https://www.example.co.jp/thanks"
verify = [{ browser = {} }, { captcha = { provider = "turnstile", secret = "env:TOKEN", url = "CAPTCHA" } }]

[[routes]]
from = ["rakuraku", "legacy"]
to = "haihai"
operation = "as_sent"

[[routes]]
from = ["salesforce", "lead", "guarded"]
to = "haihai"
operation = "register"
settings = { gid = 12 }
fields = { "メールアドレス" = { expr = "Email || email" }, "お名前" = { expr = "LastName || last_name || name" } }
"""


def name_of(preset: str) -> str:
    return preset.replace("_", "-")


def signed_for(preset: str, asked: Asked) -> dict[str, str]:
    """
    The request's headers. HubSpot signs the address too, and here each source has its own.
    """
    secret, url = SENDERS[preset].secret, f"{PUBLIC_URL}/in/{name_of(preset)}"
    if preset == "hubspot_v2":
        mine = hashlib.sha256(f"{secret}POST{url}{asked.body}".encode()).hexdigest()
        return asked.headers | {"X-HubSpot-Signature": mine}
    if preset == "hubspot_v3":
        stamp = asked.headers["X-HubSpot-Request-Timestamp"]
        mac = hmac.digest(secret.encode(), f"POST{url}{asked.body}{stamp}".encode(), "sha256")
        return asked.headers | {"X-HubSpot-Signature-v3": base64.b64encode(mac).decode()}
    return asked.headers


MULTIPART = {"Content-Type": "multipart/form-data; boundary=B"}


@dataclass(frozen=True, kw_only=True)
class Company:
    """
    The app, what it delivers to, and who confirms its captchas.
    """

    stack: LocalStack
    deployed: Deployed
    haihai: HaihaiSandbox
    captcha: CaptchaProvider
    clock: Path

    def pass_a_minute(self) -> None:
        """
        Move the relay's clock and wake the lanes.
        """
        move_by(self.clock, 60)
        ring(self.stack, self.deployed)

    def send(self, path: str, body: bytes, headers: dict[str, str], method: str = "POST") -> requests.Response:
        """
        One request to the deployed API.
        """
        wire = {name: value.encode() for name, value in headers.items()}
        return requests.request(
            method, f"{self.stack.api_url}/{path}", data=body, headers=wire, timeout=30, allow_redirects=False
        )

    def ask(self, preset: str, asked: Asked) -> requests.Response:
        """
        A sender's request, as it makes it.
        """
        token = f"/{asked.token}" if asked.token else ""
        return self.send(f"in/{name_of(preset)}{token}", asked.body.encode(), signed_for(preset, asked))

    def states(self, source: str) -> Counter[str]:
        """
        The deliveries of one source, by state.
        """
        table = self.stack.client("dynamodb")
        items: list[dict[str, Any]] = []
        for page in table.get_paginator("scan").paginate(TableName=self.deployed.outputs["TableName"]):
            items += page["Items"]
        rows = [each for each in items if each["sk"]["S"].startswith("DELIVERY#")]
        return Counter(each["state"]["S"] for each in rows if each["source"]["S"] == source)


@pytest.fixture(scope="module")
def everybody(tmp_path_factory: pytest.TempPathFactory, project: Path) -> Iterator[Company]:
    """
    The packaged app at ten in the morning, with every preset as a source.
    """
    home = tmp_path_factory.mktemp("senders")
    clock = home / "clock"
    set_to(clock, TEN, now=SystemClock().now())
    haihai = HaihaiSandbox(
        clock=FileClock(clock), login_id="l", token="t", account="api_sample", groups={"12": "ニュース"}
    )
    captcha = CaptchaProvider(FileClock(clock), secret=TOKEN)
    captcha.good.add(PROOF)
    secrets = {f"SECRET_{name.upper()}": each.secret for name, each in SENDERS.items()}
    secrets |= {"TOKEN": TOKEN, "EKIDEN_SECRET": "a key", "HAIHAI_LOGIN_ID": "l", "HAIHAI_TOKEN": "t"}
    with serve(haihai) as vendor, serve(captcha) as confirming:  # type: ignore[arg-type]
        tables = [each.tables(name_of(name), f"env:SECRET_{name.upper()}") for name, each in SENDERS.items()]
        text = company(vendor.url) + "".join(tables) + SOURCES.replace("CAPTCHA", f"{confirming.url}/siteverify")
        packaged = package(project, text, "local", home / "out")
        environment = secrets | {"EKIDEN_CLOCK_FILE": str(clock)}
        with LocalStack(home / "aws", auth=True, environment=environment) as running:
            deployed = running.deploy(packaged)
            # Its rule asks for encrypted connections, which nothing on this machine has.
            running.client("s3").delete_bucket_policy(Bucket=deployed.outputs["BucketName"])
            yield Company(stack=running, deployed=deployed, haihai=haihai, captcha=captcha, clock=clock)


@pytest.mark.stack
@pytest.mark.parametrize("preset", SENDERS)
def test_all_requests_of_a_sender_are_taken_over_http(everybody: Company, preset: str) -> None:
    """
    Its own success answer without a redirect, and as many deliveries in each state as its records make.
    """
    sender = SENDERS[preset]
    expected: Counter[str] = Counter()
    for asked in sender.requests:
        answer = everybody.ask(preset, asked)
        assert answer.status_code == 200, answer.text
        assert ('"ids"' in answer.text) if asked.answer == "ids" else (answer.text == asked.answer)
        expected["waiting"] += len(asked.contacts) + len(asked.stops)

    found = everybody.states(name_of(preset))
    assert found["waiting"] + found["delivered"] + found["superseded"] + found["sending"] == expected["waiting"]
    for state in ("skipped", "held", "dead"):
        assert bool(found[state]) == any(getattr(asked, state) for asked in sender.requests), found


@pytest.mark.stack
@pytest.mark.parametrize("preset", SENDERS)
def test_a_stranger_learns_nothing_over_http(everybody: Company, preset: str) -> None:
    """
    No proof at all, a wrong one, and a source that does not exist: one and the same answer.
    """
    asked, kind = SENDERS[preset].requests[0], {"Content-Type": "application/json"}
    before = everybody.states(name_of(preset)).total()
    body = asked.body.replace(SENDERS[preset].secret, "wrong").encode()
    answers = [
        everybody.send("in/nowhere", b"{}", kind),
        everybody.send(f"in/{name_of(preset)}", b'{"x": 1}', kind),
        everybody.send(f"in/{name_of(preset)}/wrong", body, kind),
    ]

    assert {each.status_code for each in answers} == {401}
    assert len({each.text for each in answers}) == 1
    assert everybody.states(name_of(preset)).total() == before


@pytest.mark.stack
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_program_whose_template_says_put_is_taken(everybody: Company, method: str) -> None:
    """
    Their operators can choose the verb; what is meant is the same.
    """
    (asked, *_) = SENDERS["ipaas"].requests
    body = asked.body.replace("taro@", f"{method.lower()}@").replace("run-5512", f"run-{method}")

    answer = everybody.send("in/ipaas", body.encode(), asked.headers, method=method)

    assert answer.status_code == 200, answer.text


@pytest.mark.stack
def test_salesforce_is_acknowledged_after_its_notifications_are_stored(everybody: Company) -> None:
    """
    XML in, XML out: the Ack, and nothing of the session id anywhere in the table.
    """
    headers = {"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": '""'}
    wrong = everybody.send("in/salesforce/wrong", MESSAGE, headers)
    answer = everybody.send(f"in/salesforce/{TOKEN}", MESSAGE, headers)

    assert wrong.status_code == 401
    assert "<Ack>true</Ack>" in answer.text
    assert answer.headers["Content-Type"].startswith("text/xml")
    assert everybody.states("salesforce").total() >= 2
    items = everybody.stack.client("dynamodb").scan(TableName=everybody.deployed.outputs["TableName"])["Items"]
    assert "made-up-session-id" not in repr(items)


@pytest.mark.stack
def test_a_web_to_lead_form_in_shift_jis_goes_back_to_its_page(everybody: Company) -> None:
    """
    Percent-encoded CP932 passes API Gateway, and the visitor is sent on.
    """
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"}
    answer = everybody.send("in/lead", FORM, headers)

    assert (answer.status_code, answer.headers["Location"]) == (303, "https://www.example.co.jp/download")
    assert everybody.states("lead").total() == 1


@pytest.mark.stack
@pytest.mark.parametrize("path", ["in/rakuraku/api/v1/custcsv/import", "api_sample/api/v1/custcsv/import"])
def test_a_program_that_takes_ekiden_for_haihaimail_is_served(everybody: Company, path: str) -> None:
    """
    Raw CP932 in multipart through API Gateway, at its own address and at the vendor's path.
    """
    rows = f"メールアドレス,お名前\r\n{path[:2]}@example.co.jp,髙﨑\r\n"
    wrong = everybody.send(path, file_of(rows), MULTIPART | {"X-HM-apitoken": "wrong"})
    answer = everybody.send(path, file_of(rows), MULTIPART | {"X-HM-apitoken": TOKEN})

    assert (wrong.status_code, answer.status_code) == (401, 200)
    assert answer.json()["status"] == "success"


@pytest.mark.stack
def test_a_program_for_the_older_import_is_served_at_the_root(everybody: Company) -> None:
    """
    ?ac=ScheduleCsvImport with CP932 fields and file, and its 814xx code for a wrong password.
    """

    def posted(password: str) -> requests.Response:
        fields = LEGACY | {"transport_password": password}
        head = '; filename="l.csv"\r\nContent-Type: application/octet-stream'
        csv = part("csvfile", "メールアドレス,お名前\r\nold@example.co.jp,﨑山\r\n".encode("cp932"), head)
        body = b"".join(part(name, text.encode("cp932")) for name, text in fields.items()) + csv + b"--B--\r\n"
        return everybody.send("?ac=ScheduleCsvImport", body, MULTIPART)

    wrong, answer = posted("wrong"), posted(TOKEN)

    assert (wrong.status_code, wrong.content[:5]) == (401, b"81401")
    assert answer.status_code == 200
    assert everybody.states("legacy").total() == 1


@pytest.mark.stack
def test_a_captcha_is_confirmed_by_its_provider(everybody: Company) -> None:
    """
    The API function asks the provider itself: without a proof 422, with one the thank-you page.
    """
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"}
    without = everybody.send("in/guarded", b"email=guard%40example.co.jp&name=x", headers)
    body = f"email=guard%40example.co.jp&name=x&cf-turnstile-response={PROOF}".encode()
    answer = everybody.send("in/guarded", body, headers)

    assert (without.status_code, answer.status_code) == (422, 303)
    assert [each["response"] for each in everybody.captcha.asked] == [PROOF]


@pytest.mark.stack
def test_all_that_was_taken_reaches_the_vendor_and_nothing_was_denied(everybody: Company, until: Until) -> None:
    """
    The last leg, after all senders have sent: few calls, every contact, and no function met a right it lacks.
    """
    wanted = {contact for _, asked in every_request() for contact in asked.contacts}
    wanted |= {
        "old@example.co.jp",
        "guard@example.co.jp",
        "in@example.co.jp",
        "ap@example.co.jp",
        "put@example.co.jp",
        "patch@example.co.jp",
    }

    looks = count()

    def missing() -> set[str]:
        if next(looks) % 20 == 0:
            everybody.pass_a_minute()
        return wanted - {each.address for each in everybody.haihai.customers()}

    arrived = until(lambda: not missing())
    said = {short: said_by(everybody.stack.client("logs"), f"test-local-{short}") for short in ROLES}
    if not arrived:
        pytest.fail(f"missing: {missing()}\n{said['advance'][-6_000:]}")
    assert everybody.haihai.customer("old@example.co.jp").values["お名前"] == "﨑山"
    lines = [line for text in said.values() for line in text.splitlines() if ASKED_HERE_ALONE not in line]
    assert [line[:300] for line in lines if FUNCTIONS_ERROR.search(line)] == []
