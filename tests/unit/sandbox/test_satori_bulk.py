"""
SATORI bulk v4: acceptance, waiting, row failures.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from requests import Request

from tests.sandbox.clock import HandClock
from tests.sandbox.satori import SatoriSandbox
from tests.sandbox.wire import SandboxRequest
from tests.unit.sandbox.vendors import KEYS, ask, satori

HEADER = "email,last_name,append_tags,delete_tags,custom:budget\n"


def _post(
    sandbox: SatoriSandbox, text: str | bytes | None, operation: str = "upsert", **fields: str
) -> tuple[int, Any]:
    data = text.encode() if isinstance(text, str) else text
    parts: dict[str, Any] = {
        name: (None, value) for name, value in {**KEYS, "identity_type": "email", **fields}.items() if value
    }
    if data is not None:
        parts["customer_csv_file"] = ("customers.csv", data, "text/csv")
    prepared = Request("POST", "https://api.satr.jp/", files=parts).prepare()
    request = SandboxRequest(
        method="POST",
        path=f"/api/v4/public/bulk_customers/{operation}.json",
        headers={"content-type": prepared.headers["Content-Type"]},
        body=bytes(prepared.body or b""),
    )
    return ask(sandbox, request)


def _status(sandbox: SatoriSandbox, code: str, **keys: str) -> tuple[int, Any]:
    query = urlencode({**KEYS, "process_code": code, **keys})
    return ask(sandbox, SandboxRequest(method="GET", path="/api/v4/public/bulk_customers/status.json", query=query))


@pytest.mark.parametrize("envelope", ["body", "message"])
def test_a_file_is_taken_waits_and_is_worked_off(clock: HandClock, envelope: str) -> None:
    """
    HTTP 200 with a process code means queued; the customers appear when the status says finished.
    """
    sandbox = satori(clock, bulk_envelope=envelope)
    status, body = _post(sandbox, HEADER + 'a@example.co.jp,山田,"x,y",,5\n')
    assert (status, body["status"]) == (200, 202)
    code = body[envelope]["process_code"]
    stages = []
    for seconds in (0, 5, 5):
        clock.advance(seconds)
        stages.append((_status(sandbox, code)[1][envelope]["process_status"], len(sandbox.customers.book)))
    assert stages == [("waiting", 0), ("processing", 0), ("finished", 1)]
    (customer,) = sandbox.customers.book
    assert customer.tags == ["x", "y"]
    assert customer.values == {"last_name": "山田", "custom:budget": "5"}


def test_blank_cells_keep_and_tags_go(clock: HandClock) -> None:
    """
    A blank cell leaves the value alone even where a blank text would clear it; delete_tags takes tags away.
    """
    sandbox = satori(clock, empty_value="clears")
    for line in ('a@example.co.jp,山田,"x,y",,5\n', "a@example.co.jp,,z,x,\n"):
        _post(sandbox, HEADER + line)
        clock.advance(10)
    (customer,) = sandbox.state()["customers"]
    assert (customer["last_name"], customer["tags"], customer["custom:budget"]) == ("山田", ["y", "z"], "5")


def test_registration_fills_blanks_only(clock: HandClock) -> None:
    """
    The bulk registration keeps what is filled, as the single call does.
    """
    sandbox = satori(clock)
    for name in ("山田", "田中"):
        _post(sandbox, f"email,last_name\na@example.co.jp,{name}\n", "registration")
        clock.advance(10)
    assert sandbox.state()["customers"][0]["last_name"] == "山田"


@pytest.mark.parametrize(("reading", "number"), [("header_counted", 3), ("rows_only", 2)])
def test_failed_rows_are_told_later(clock: HandClock, reading: str, number: int) -> None:
    """
    A bad row fails alone; whether its number counts the header is unknown.
    """
    sandbox = satori(clock, bulk_row_number=reading)
    code = _post(sandbox, HEADER + "a@example.co.jp,,,,\nb@example.co.jp,,,,lots\n")[1]["body"]["process_code"]
    clock.advance(10)
    assert _status(sandbox, code)[1]["body"]["failed_rows"] == [
        {"row_number": number, "message": "budgetは数値で入力してください。"}
    ]
    assert len(sandbox.customers.book) == 1


@pytest.mark.parametrize(("reading", "count"), [("optional", 1), ("required", 0)])
def test_a_new_customer_without_route(clock: HandClock, reading: str, count: int) -> None:
    """
    Whether a bulk file needs collection_route is unknown.
    """
    sandbox = satori(clock, bulk_route=reading)
    _post(sandbox, "email\na@example.co.jp\n")
    clock.advance(10)
    assert len(sandbox.state()["customers"]) == count


def test_rows_by_hashcode(clock: HandClock) -> None:
    """
    With identity_type hashcode a row finds its customer; an unknown code or a blank one fails alone.
    """
    sandbox = satori(clock)
    _post(sandbox, "email\na@example.co.jp\n")
    clock.advance(10)
    code = sandbox.state()["customers"][0]["hashcode"]
    rows = f"hashcode,last_name\n{code},山田\n0123456789abcdef,田中\n,鈴木\n"
    process = _post(sandbox, rows, identity_type="hashcode")[1]["body"]["process_code"]
    clock.advance(10)
    failed = _status(sandbox, process)[1]["body"]["failed_rows"]
    assert [row["row_number"] for row in failed] == [3, 4]
    assert sandbox.state()["customers"][0]["last_name"] == "山田"


def test_a_row_that_takes_an_address_of_somebody_else_fails(clock: HandClock) -> None:
    """
    One address is one customer, in files too.
    """
    sandbox = satori(clock)
    _post(sandbox, "email\na@example.co.jp\nb@example.co.jp\n")
    clock.advance(10)
    code = sandbox.state()["customers"][0]["hashcode"]
    rows = f"hashcode,email\n{code},b@example.co.jp\n"
    process = _post(sandbox, rows, identity_type="hashcode")[1]["body"]["process_code"]
    clock.advance(10)
    (failed,) = _status(sandbox, process)[1]["body"]["failed_rows"]
    assert "メールアドレスはすでに存在します。" in failed["message"]
    assert {customer["email"] for customer in sandbox.state()["customers"]} == {"a@example.co.jp", "b@example.co.jp"}


@pytest.mark.parametrize(
    ("text", "fields", "message"),
    [
        ("email\n" + "a@example.co.jp\n" * 10_001, {}, "customer_csv_file must not have more than 10000 rows."),
        (
            "email,last_name\na@example.co.jp,山田\n".encode("cp932"),
            {},
            "customer_csv_file must be a CSV file in UTF-8.",
        ),
        ('email\n"a@example.co.jp\n', {}, "customer_csv_file must be a CSV file in UTF-8."),
        ("last_name\n山田\n", {}, "customer_csv_file header invalid."),
        ("email,lastname\na@example.co.jp,山田\n", {}, "customer_csv_file header invalid. lastname"),
        ("email,email\na,b\n", {}, "customer_csv_file header invalid."),
        ("", {}, "customer_csv_file header invalid."),
        ("email\n", {"identity_type": "hashcode"}, "customer_csv_file header invalid."),
        ("email\n", {"identity_type": "phone"}, "identity_type invalid."),
        ("email\n", {"identity_type": ""}, "identity_type required."),
        (None, {}, "customer_csv_file required."),
    ],
)
def test_a_file_that_is_refused_as_a_whole(
    clock: HandClock, text: str | bytes | None, fields: dict[str, str], message: str
) -> None:
    """
    Too many rows, another charset, broken quotes, no key column or unknown columns: nothing is queued.
    """
    sandbox = satori(clock)
    status, body = _post(sandbox, text, **fields)
    assert (status, body["message"]) == (400, f"validation error: {message}")
    assert sandbox.state()["bulk_files"] == []


def test_ten_thousand_rows_are_taken(clock: HandClock) -> None:
    """
    The limit itself passes.
    """
    sandbox = satori(clock)
    rows = "email\n" + "".join(f"p{n}@example.co.jp\n" for n in range(10_000))
    assert _post(sandbox, rows)[0] == 200
    clock.advance(10)
    assert len(sandbox.state()["customers"]) == 10_000


def test_bulk_needs_keys_and_rights(clock: HandClock) -> None:
    """
    Wrong keys are a 401; the right to send files and the right to ask for their status are separate.
    """
    sandbox = satori(clock, permissions=("bulk",))
    assert _post(sandbox, "email\n", user_key="no")[0] == 401
    code = _post(sandbox, "email\na@example.co.jp\n")[1]["body"]["process_code"]
    assert _status(sandbox, code)[0] == 403
    sandbox.change_switches({"permissions": ["status"]})
    assert _status(sandbox, code)[0] == 200
    assert _status(sandbox, code, user_secret="no")[0] == 401
    assert _post(sandbox, "email\n")[0] == 403


def test_a_process_code_expires(clock: HandClock) -> None:
    """
    The status is kept for a limited time; an expired code is as unknown as an invented one.
    """
    sandbox = satori(clock)
    code = _post(sandbox, "email\na@example.co.jp\n")[1]["body"]["process_code"]
    told = (400, {"status": 400, "message": "validation error: process_code invalid."})
    assert _status(sandbox, "ffffffff") == told
    clock.advance(7 * 86_400 - 1)
    assert _status(sandbox, code)[0] == 200
    clock.advance(1)
    assert _status(sandbox, code) == told


def test_the_state_is_json(clock: HandClock) -> None:
    """
    Everything inside can be written as JSON.
    """
    sandbox = satori(clock)
    _post(sandbox, "email\na@example.co.jp\n")
    clock.advance(10)
    assert json.loads(json.dumps(sandbox.state()))["bulk_files"][0]["stage"] == "finished"
