"""
app.py's doors, called as API Gateway, SQS and EventBridge call them.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chalice.test import Client

import app as doors
from tests.scenarios.world import CONFIG, SECRETS, World

FORM = {
    "Content-Type": "application/x-www-form-urlencoded",
    "Accept": "text/html",
    "Origin": "https://www.example.co.jp",
}
BODY = "email=taro%40example.co.jp&sei=%E5%B1%B1%E7%94%B0&mei=%E5%A4%AA%E9%83%8E"


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monkeypatch.setattr(doors, "relay", lambda: made.relay)
    return made


@pytest.fixture
def client(world: World) -> Iterator[Client]:
    del world
    with Client(doors.app, project_dir="/nonexistent") as made:
        yield made


def test_a_form_is_redirected_to_the_thank_you_page(client: Client, world: World) -> None:
    """The browser's post goes through Chalice and comes back as a 303 with the hashcode."""
    answer = client.http.post("/in/contact", headers=FORM, body=BODY.encode())

    assert answer.status_code == 303
    assert "c=" in answer.headers["Location"]
    assert world.states() == {"delivered": 1}


def test_a_multipart_form_keeps_its_bytes(client: Client, world: World) -> None:
    """Multipart is binary for API Gateway, so CP932 text survives."""
    parts = [
        ("email", b"taro@example.co.jp"),
        ("sei", "髙﨑".encode("cp932")),
        ("mei", b"x"),
        ("_charset_", b"Shift_JIS"),
    ]
    body = b"".join(
        b'--B\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), value)
        for name, value in parts
    )
    headers = {**FORM, "Content-Type": "multipart/form-data; boundary=B"}

    answer = client.http.post("/in/contact", headers=headers, body=body + b"--B--\r\n")

    assert answer.status_code == 303
    assert world.satori.customer("taro@example.co.jp").values["last_name"] == "髙﨑"  # type: ignore[union-attr]


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/json; charset=utf-8"])
def test_a_script_posts_json_and_reads_json(client: Client, content_type: str) -> None:
    """Fetch with JSON, or sendBeacon's text, gets an id and where to go."""
    body = json.dumps({"email": "taro@example.co.jp", "sei": "山田", "mei": "太郎"}).encode()
    headers = {**FORM, "Content-Type": content_type, "Accept": "application/json"}

    answer = client.http.post("/in/contact", headers=headers, body=body)

    assert answer.status_code == 200
    assert answer.json_body["redirect"].startswith("https://www.example.co.jp/thanks?c=")


@pytest.mark.usefixtures("world")
def test_a_pages_script_may_ask_first() -> None:
    """The preflight of a listed origin is answered with permission, of another without."""
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    event = rest_event("OPTIONS", "/in/{source}", "contact", {**asked, "Origin": "https://www.example.co.jp"})
    other = rest_event("OPTIONS", "/in/{source}", "contact", {**asked, "Origin": "https://evil.example.com"})

    allowed, refused = doors.app(event, None), doors.app(other, None)

    assert allowed["statusCode"] == refused["statusCode"] == 204
    assert allowed["headers"]["Access-Control-Allow-Origin"] == "https://www.example.co.jp"
    assert "Access-Control-Allow-Origin" not in refused["headers"]


def test_a_secret_address_is_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """Senders that can only be told a URL carry the secret as its last part."""
    path = 'verify = [{ token = { in = "path", secret = "env:CRM_TOKEN" } }]'
    config = CONFIG.replace(
        'verify = [{ token = { in = "header", name = "X-Relay-Token", secret = "env:CRM_TOKEN" } }]', path
    )
    made = World(config)
    monkeypatch.setattr(doors, "relay", lambda: made.relay)
    body = json.dumps({"events": [{"id": "1", "type": "x", "email": "a@example.co.jp", "name": "A"}]}).encode()
    with Client(doors.app, project_dir="/nonexistent") as client:
        headers = {"Content-Type": "application/json"}
        right = client.http.post(f"/in/crm/{SECRETS['env:CRM_TOKEN']}", headers=headers, body=body)
        wrong = client.http.post("/in/crm/wrong", headers=headers, body=body)

    assert (right.status_code, wrong.status_code) == (200, 401)


def test_a_sender_without_an_accept_header_is_answered(world: World) -> None:
    """Many webhooks send no Accept header; the answer must not turn into a 400 after the work is done."""
    body = json.dumps({"events": [{"id": "1", "type": "x", "email": "a@example.co.jp", "name": "A"}]})
    headers = {"Content-Type": "application/json", "X-Relay-Token": SECRETS["env:CRM_TOKEN"]}

    answer = doors.app(rest_event("POST", "/in/{source}", "crm", headers, body.encode()), None)

    assert answer["statusCode"] == 200
    assert world.states() == {"waiting": 1}


def test_somebody_who_opens_the_address_reads_what_it_is(client: Client) -> None:
    """A GET of a form's address is a page or problem details, not an error of the gateway."""
    answer = client.http.get("/in/contact", headers={"Accept": "text/html"})

    assert answer.status_code == 405
    assert b"<html" in answer.body


def test_a_page_gets_a_fill_time_token(client: Client) -> None:
    """The form's page fetches a token for itself; an unknown form gets the same 401 as ever."""
    answer = client.http.get("/token/contact", headers={"Origin": "https://www.example.co.jp"})

    assert answer.json_body["token"]
    assert answer.headers["Access-Control-Allow-Origin"] == "https://www.example.co.jp"
    assert client.http.get("/token/nothing").status_code == 401


def test_health_tells_whether_submissions_can_be_taken(client: Client) -> None:
    """A monitor reads one word."""
    assert client.http.get("/health").json_body["status"] == "ok"


STANDING_IN = """
[sources.rakuraku]
preset = "custcsv"
secret = "env:CRM_TOKEN"
dropin = { account = "api_sample" }

[sources.legacy]
preset = "schedule_csv"
secret = "env:CRM_TOKEN"
dropin = { account = "24" }

[sources.salesforce]
preset = "salesforce_outbound"
secret = "env:CRM_TOKEN"
organization_id = "00D000000000001EAA"

[[routes]]
from = ["rakuraku", "legacy"]
to = "haihai"
operation = "as_sent"

[[routes]]
from = "salesforce"
to = "haihai"
operation = "register"
fields = { "メールアドレス" = "Email" }
"""
SENDERS = Path(__file__).parents[1] / "data" / "senders"


@pytest.fixture
def standing_in(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(CONFIG + STANDING_IN)
    monkeypatch.setattr(doors, "relay", lambda: made.relay)
    return made


@pytest.mark.parametrize("path", ["/in/rakuraku/api/v1/custcsv/import", "/api_sample/api/v1/custcsv/import"])
def test_a_program_for_haihaimail_finds_its_address(standing_in: World, path: str) -> None:
    """Under the source's own address, and at the bare host as at 配配メール's; Shift_JIS bytes survive both."""
    body = (SENDERS / "rakurakuhanbai_custcsv.multipart").read_bytes()
    headers = {"Content-Type": "multipart/form-data; boundary=----rakurakuhanbai7d4a6d158c9"}
    with Client(doors.app, project_dir="/nonexistent") as client:
        right = client.http.post(path, headers={**headers, "X-HM-apitoken": SECRETS["env:CRM_TOKEN"]}, body=body)
        wrong = client.http.post(path, headers={**headers, "X-HM-apitoken": "wrong"}, body=body)

    assert (right.status_code, right.json_body["items"]["rows"]) == (200, 2)
    assert (wrong.status_code, wrong.json_body["status"]) == (401, "error")
    assert {each.payload["会社名"] for each in standing_in.deliveries()} == {"株式会社①髙﨑", "ｱｲｳ"}


@pytest.mark.parametrize("path", ["/?ac=ScheduleCsvImport", "/in/legacy?ac=ScheduleCsvImport"])
def test_a_program_for_the_older_import_finds_its_address(standing_in: World, path: str) -> None:
    """A host is enough: the account is told by aid."""
    parts = {"aid": "24", "loginid": "x", "transport_passwd": SECRETS["env:CRM_TOKEN"], "import_type": "0"}
    texts = "".join(
        f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in parts.items()
    )
    file = '--B\r\nContent-Disposition: form-data; name="csvfile"; filename="a.csv"\r\n\r\n'
    body = (texts + file + "メールアドレス\r\na@example.co.jp\r\n--B--\r\n").encode("cp932")
    with Client(doors.app, project_dir="/nonexistent") as client:
        answer = client.http.post(path, headers={"Content-Type": "multipart/form-data; boundary=B"}, body=body)

    assert (answer.status_code, answer.body) == (200, b"200 OK")
    assert standing_in.states() == {"waiting": 1}


def test_salesforce_is_acknowledged_at_its_secret_address(standing_in: World) -> None:
    """SOAP through Chalice and back, and without an Accept header, which Salesforce's client may leave out."""
    body = (SENDERS / "salesforce_outbound.xml").read_bytes()
    event = rest_event("POST", "/in/{source}/{token}", "salesforce", {"Content-Type": "text/xml; charset=UTF-8"}, body)
    event["pathParameters"]["token"] = SECRETS["env:CRM_TOKEN"]

    answer = doors.app(event, None)

    assert (answer["statusCode"], answer["headers"]["Content-Type"]) == (200, "text/xml; charset=utf-8")
    assert "<Ack>true</Ack>" in answer["body"]
    assert standing_in.states() == {"waiting": 2}


def test_bells_minutes_and_the_inbox_are_doors_too(world: World) -> None:
    """SQS and EventBridge wake the same relay."""
    with Client(doors.app, project_dir="/nonexistent") as client:
        world.submit("newsletter", {"email": "taro@example.co.jp", "name": "太郎"})
        client.lambda_.invoke("tick", client.events.generate_cw_event("aws.events", "Scheduled Event", {}, []))
        (message,) = world.bell.receive(1)
        client.lambda_.invoke("advance", client.events.generate_sqs_event([message.body]))

    assert world.states() == {"delivered": 1}


def rest_event(method: str, path: str, source: str, headers: dict[str, str], body: bytes = b"") -> dict[str, Any]:
    return {
        "resource": path,
        "path": path.replace("{source}", source),
        "httpMethod": method,
        "requestContext": {"resourcePath": path, "httpMethod": method, "requestId": "r", "identity": {"sourceIp": "x"}},
        "pathParameters": {"source": source},
        "multiValueQueryStringParameters": None,
        "stageVariables": None,
        "headers": headers,
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }


@pytest.mark.parametrize("name", ["ekiden.js", "thanks.js"])
def test_a_page_loads_the_scripts_from_the_relay(client: Client, name: str) -> None:
    """As JavaScript, and not again where the browser has it."""
    answer = client.http.get(f"/{name}")
    again = client.http.get(f"/{name}", headers={"If-None-Match": answer.headers["ETag"]})

    assert (answer.status_code, again.status_code) == (200, 304)
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer.body.startswith(b"// Ekiden")


def test_a_receipt_is_asked_about_at_its_own_address(client: Client) -> None:
    """With the token in the address; a browser may ask before it sends it as a bearer."""
    told = client.http.post(
        "/in/newsletter", headers={**FORM, "Accept": "application/json"}, body=BODY.encode()
    ).json_body
    address = f"/submissions/{told['id']}"

    answer = client.http.get(f"{address}?token={told['receipt']}")
    asked = client.http.request("OPTIONS", address, headers={"Origin": FORM["Origin"]})

    assert (answer.status_code, answer.json_body["deliveries"][0]["state"]) == (200, "accepted")
    assert (asked.status_code, asked.headers["Access-Control-Allow-Methods"]) == (204, "GET")
    assert client.http.get(address).status_code == 404


def test_a_ticket_is_exchanged_by_a_post(client: Client) -> None:
    """As the thank-you page's script sends it; a made-up one is gone."""
    headers = {"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8", "Origin": FORM["Origin"]}

    answer = client.http.post("/ticket", headers=headers, body=b"ticket=" + b"A" * 43)

    assert (answer.status_code, answer.json_body) == (404, {"status": "gone"})
    assert answer.headers["Access-Control-Allow-Origin"] == FORM["Origin"]
