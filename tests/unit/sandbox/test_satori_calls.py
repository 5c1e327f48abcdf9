"""
SATORI's documented answers, its checks in their order, and each switch of the customer calls in both positions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from requests import Request

from tests.sandbox.clock import HandClock
from tests.sandbox.satori import SatoriSandbox
from tests.sandbox.wire import SandboxAnswer, SandboxRequest
from tests.unit.sandbox.vendors import KEYS, ask, lead, satori, satori_request

REQUIRED_EMAIL = {"status": 400, "message": "validation error: customer[email] required."}
UNAUTHORIZED = {"status": 401, "message": "Unauthorized"}


def _refused(sandbox: SatoriSandbox, operation: str, fields: Mapping[str, str], **more: Any) -> str:
    status, body = ask(sandbox, satori_request(operation, fields, **more))
    assert status == body["status"] == 400
    assert not len(sandbox.customers.book)
    return str(body["message"])


# ── documented answers ──


@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize("operation", ["registration", "upsert"])
def test_success_carries_the_hashcode(clock: HandClock, version: int, operation: str) -> None:
    """
    A new customer is answered with status 200 and 16 hex digits under the literal key customer[hashcode].
    """
    sandbox = satori(clock)
    status, body = ask(sandbox, satori_request(operation, lead(), version=version))
    (customer,) = sandbox.customers.book
    assert (status, body) == (200, {"status": 200, "message": {"customer[hashcode]": customer.hashcode}})
    assert len(customer.hashcode) == 16
    assert int(customer.hashcode, 16) >= 0


def test_a_missing_last_name_is_told_in_japanese(clock: HandClock) -> None:
    """
    Where the account made the last name compulsory, its absence has the documented text.
    """
    sandbox = satori(clock, account_required=("last_name",))
    told = _refused(sandbox, "registration", lead())
    assert told == "バリデーションに失敗しました。 苗字を入力してください。"
    assert ask(sandbox, satori_request("registration", lead(last_name="山田")))[0] == 200


def test_a_missing_email_is_told_in_english(clock: HandClock) -> None:
    """
    A parameter that did not come has the documented text.
    """
    fields = {"identity_type": "email", "collection_route": "x"}
    assert ask(satori(clock), satori_request("upsert", fields)) == (400, REQUIRED_EMAIL)


@pytest.mark.parametrize("name", list(KEYS))
def test_each_of_the_four_keys_must_match(clock: HandClock, name: str) -> None:
    """
    One wrong key of four is a 401, and nothing is stored.
    """
    sandbox = satori(clock)
    assert ask(sandbox, satori_request("upsert", lead(), **{name: "wrong"})) == (401, UNAUTHORIZED)
    assert not len(sandbox.customers.book)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v4/public/customer/upsert.json"),
        ("POST", "/api/v5/public/customer/upsert.json"),
        ("POST", "/api/v4/public/customer/search.json"),
        ("POST", "/api/v3/public/bulk_customers/upsert.json"),
        ("GET", "/api/v4/public/bulk_customers/upsert.json"),
        ("POST", "/api/v4/public/bulk_customers/status.json"),
        ("GET", "/"),
    ],
)
def test_what_is_no_endpoint_is_a_404(clock: HandClock, method: str, path: str) -> None:
    """
    Other methods and paths do not exist.
    """
    request = SandboxRequest(method=method, path=path, host="api.satr.jp")
    assert ask(satori(clock), request) == (404, {"status": 404, "message": "Not Found"})


# ── reading the request ──


def test_a_json_body_holds_no_keys(clock: HandClock) -> None:
    """
    The API reads forms only.
    """
    request = replace(
        satori_request("upsert", lead()), headers={"content-type": "application/json"}, body=b'{"user_key": "uk-1"}'
    )
    assert ask(satori(clock), request) == (401, UNAUTHORIZED)


@pytest.mark.parametrize(("reading", "status"), [("accepted", 200), ("refused", 401)])
def test_multipart_is_read_or_not(clock: HandClock, reading: str, status: int) -> None:
    """
    One client has posted multipart for years; the manual names url-encoded forms only.
    """
    fields = {**KEYS, **{f"customer[{name}]": value for name, value in lead().items()}}
    files = {name: (None, value) for name, value in fields.items()}
    prepared = Request("POST", "https://api.satr.jp/", files=files).prepare()
    request = replace(
        satori_request("upsert", {}),
        headers={"content-type": prepared.headers["Content-Type"]},
        body=bytes(prepared.body or b""),
    )
    assert ask(satori(clock, multipart=reading), request)[0] == status


def test_text_that_is_no_utf8_is_refused(clock: HandClock) -> None:
    """
    A form in Shift_JIS does not become garbled customers.
    """
    request = satori_request("upsert", lead())
    sandbox = satori(clock)
    status, body = ask(sandbox, replace(request, body=request.body + b"&customer%5Bmemo%5D=%93%fa"))
    assert (status, body["message"]) == (400, "validation error: parameters must be UTF-8.")
    assert not len(sandbox.customers.book)


def test_a_plus_in_an_address_must_be_escaped(clock: HandClock) -> None:
    """
    A bare + is a blank, so the address is none.
    """
    sandbox = satori(clock)
    request = satori_request("upsert", lead(email="a+b@example.co.jp"))
    assert ask(sandbox, replace(request, body=request.body.replace(b"%2B", b"+")))[0] == 400
    assert ask(sandbox, request)[0] == 200
    assert sandbox.customer("a+b@example.co.jp")


@pytest.mark.parametrize(
    ("reading", "operation", "version", "status"),
    [
        ("accept", "upsert", 3, 200),
        ("not_found", "upsert", 3, 404),
        ("moved", "upsert", 3, 301),
        ("moved", "delete", 3, 301),
        ("accept", "registration", 3, 404),
        ("accept", "upsert", 4, 404),
    ],
)
def test_the_bare_host(clock: HandClock, reading: str, operation: str, version: int, status: int) -> None:
    """
    The v3 manual prints satr.jp for upsert and delete; nothing else is documented there.
    """
    answer = satori(clock, bare_host=reading).handle(satori_request(operation, lead(), version=version, host="satr.jp"))
    assert isinstance(answer, SandboxAnswer)
    assert answer.status == status
    if status == 301:
        assert answer.headers["location"] == f"https://api.satr.jp/api/v3/public/customer/{operation}.json"


# ── the order of checks ──


def test_keys_come_first_then_permission_then_identity(clock: HandClock) -> None:
    """
    Whoever lacks the keys learns nothing else; whoever lacks the right learns nothing of the values.
    """
    sandbox = satori(clock, permissions=())
    assert ask(sandbox, satori_request("upsert", {}, user_key="no"))[0] == 401
    assert ask(sandbox, satori_request("upsert", {}))[0] == 403
    sandbox.change_switches({"permissions": ["create"]})
    told = ask(sandbox, satori_request("upsert", {}))[1]["message"]
    assert told == "validation error: customer[identity_type] required."
    told = ask(sandbox, satori_request("upsert", {"identity_type": "email", "memo": "x" * 501}))[1]["message"]
    assert told == REQUIRED_EMAIL["message"]


@pytest.mark.parametrize(("forbidden", "body"), [(403, {"status": 403, "message": "Forbidden"}), (401, UNAUTHORIZED)])
def test_a_user_without_the_right_is_refused(clock: HandClock, forbidden: int, body: dict[str, Any]) -> None:
    """
    Since 2025-10-21 the key's owner needs create, edit and delete for what the call does.
    """
    sandbox = satori(clock, permissions=("create",), forbidden=forbidden)
    assert ask(sandbox, satori_request("registration", lead()))[0] == 200
    assert ask(sandbox, satori_request("registration", lead())) == (forbidden, body)
    assert ask(sandbox, satori_request("delete", lead())) == (forbidden, body)
    sandbox.change_switches({"permissions": ["edit", "delete"]})
    assert ask(sandbox, satori_request("upsert", lead(email="taro@example.co.jp"))) == (forbidden, body)
    assert ask(sandbox, satori_request("upsert", lead()))[0] == 200
    assert ask(sandbox, satori_request("delete", lead()))[0] == 200


@pytest.mark.parametrize(
    ("operation", "identity", "message"),
    [
        ("registration", "hashcode", "validation error: customer[identity_type] invalid."),
        ("upsert", "phone", "validation error: customer[identity_type] invalid."),
        ("upsert", "hashcode", "validation error: customer[hashcode] required."),
        ("delete", "hashcode", "validation error: customer[hashcode] required."),
    ],
)
def test_the_identity_must_be_usable(clock: HandClock, operation: str, identity: str, message: str) -> None:
    """
    Registration knows addresses only; a hashcode must come where it identifies.
    """
    assert _refused(satori(clock), operation, lead(identity_type=identity)) == message


# ── answers ──


@pytest.mark.parametrize(("reading", "http"), [("mirror", 400), ("always_200", 200)])
def test_the_http_status_tells_or_not(clock: HandClock, reading: str, http: int) -> None:
    """
    Whether HTTP says what the body says is not documented.
    """
    sandbox = satori(clock, http_code=reading)
    assert ask(sandbox, satori_request("upsert", lead(star="1")))[0] == http
    assert ask(sandbox, satori_request("upsert", lead(star="1")))[1]["status"] == 400
    assert ask(sandbox, satori_request("upsert", lead(), user_key="no")) == (
        401 if reading == "mirror" else 200,
        UNAUTHORIZED,
    )


def test_more_calls_than_a_second_takes(clock: HandClock) -> None:
    """
    With the rate switch on, the third call within a second is a 429 and is not applied; later calls pass.
    """
    sandbox = satori(clock, rate_per_second=2)
    people = [satori_request("upsert", lead(email=f"p{n}@example.co.jp")) for n in range(3)]
    assert [ask(sandbox, request)[0] for request in people] == [200, 200, 429]
    assert len(sandbox.customers.book) == 2
    clock.advance(1)
    assert ask(sandbox, people[2])[0] == 200


def test_the_ledger_knows_the_busiest_second(clock: HandClock) -> None:
    """
    A test can hold the sender to the pace it promised, refused calls included.
    """
    sandbox = satori(clock)
    for seconds in (0, 0.5, 0.4, 0.2, 5):
        clock.advance(seconds)
        ask(sandbox, satori_request("upsert", lead(), user_key="no"))
    assert sandbox.ledger.busiest(1) == 3
    assert sandbox.ledger.busiest(60) == 5
    assert len(sandbox.state()["calls"]) == 5


def test_no_key_is_stored_or_logged(clock: HandClock) -> None:
    """
    The log shows what was submitted less the four keys; a key smuggled in as a value is found.
    """
    sandbox = satori(clock)
    ask(sandbox, satori_request("upsert", lead()))
    assert sandbox.leaked_keys() == []
    ask(sandbox, satori_request("upsert", lead(memo=f"secret is {KEYS['user_secret']}")))
    assert sandbox.leaked_keys() == ["user_secret"]
