"""
SATORI: the request as the manual wants it, and what its answers mean.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

import pytest

from chalicelib.destinations.satori import VENDOR
from chalicelib.model import Batch, Deferred, Delivered, Line, Rate, Refused, Reply, Uncertain
from tests.unit.destinations.accounts import satori_account

KEYS = {name: f"{name}-value" for name in VENDOR.credentials}
HASHCODE = "8eced811cdb57f56"
SUCCESS = {"status": 200, "message": {"customer[hashcode]": HASHCODE}}


def batch(operation: str = "upsert", *, attempts: int = 0, **payload: str) -> Batch:
    """
    A batch of one customer.
    """
    line = Line(contact="c", payload=payload, deliveries=("d",), attempts=attempts)
    return Batch(lane="satori-satori", destination="satori", operation=operation, lines=(line,))


def answer(body: object, status: int = 200) -> Reply:
    """
    A JSON answer.
    """
    return Reply(status=status, headers={"content-type": "application/json"}, body=json.dumps(body).encode())


def outcome_of(reply: Reply, operation: str = "upsert", attempts: int = 0) -> object:
    """
    What a reply means for the one delivery.
    """
    return VENDOR.read(reply, batch(operation, attempts=attempts)).outcomes["d"]


@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize("operation", ["upsert", "registration", "delete"])
def test_the_address_names_version_and_operation(version: int, operation: str) -> None:
    """
    Three paths, the same in both versions, and nothing secret or personal in them.
    """
    call = VENDOR.build(batch(operation, email="hanako@example.co.jp"), b"", satori_account(version=version), KEYS)

    assert call.url == f"https://api.satr.jp/api/v{version}/public/customer/{operation}.json"
    assert call.headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_the_body_is_a_form_in_utf_8() -> None:
    """
    Keys and wrapped fields arrive as they were, with + and & and line breaks inside.
    """
    payload = {
        "identity_type": "email",
        "email": "hanako+web@example.co.jp",
        "memo": "一行目\nA&B=C 100%",
        "custom:interest": "😀",
    }
    call = VENDOR.build(batch(**payload), b"", satori_account(), KEYS)

    assert dict(parse_qsl(call.body.decode("ascii"), strict_parsing=True)) == {
        **KEYS,
        **{f"customer[{name}]": text for name, text in payload.items()},
    }
    assert b"hanako%2Bweb%40example.co.jp" in call.body


def test_only_one_customer_travels_in_a_call() -> None:
    """
    Two lines in one call are a fault of our own, never half a delivery.
    """
    two = Batch(lane="l", destination="satori", operation="upsert", lines=batch().lines * 2)

    with pytest.raises(ValueError, match="too many values"):
        VENDOR.build(two, b"", satori_account(), KEYS)


@pytest.mark.parametrize("status", [200, "200"])
def test_a_stored_customer_has_a_hashcode_for_the_visitors_browser(status: object) -> None:
    """
    The hashcode proves the import, and `c` of the thank-you page is the hashcode with -00.
    """
    assert outcome_of(answer({**SUCCESS, "status": status})) == Delivered(
        proof="imported", result={"hashcode": HASHCODE, "query.c": f"{HASHCODE}-00"}
    )


def test_a_deleted_customer_binds_no_browser() -> None:
    """
    A delete's hashcode is kept, but no thank-you page gets it.
    """
    assert outcome_of(answer(SUCCESS), "delete") == Delivered(proof="imported", result={"hashcode": HASHCODE})


@pytest.mark.parametrize(
    "body",
    [
        {"status": 200},
        {"status": 200, "message": {}},
        {"status": 200, "message": {"customer[hashcode]": ""}},
        {"status": 200, "message": {"customer[hashcode]": None}},
        {"status": 200, "message": {"customer": {"hashcode": HASHCODE}}},
        {"status": 200, "message": "OK"},
        {"message": {"customer[hashcode]": HASHCODE}},
        {"status": 202, "message": {"customer[hashcode]": HASHCODE}},
        {"status": True, "message": {"customer[hashcode]": HASHCODE}},
    ],
)
def test_a_success_without_its_proof_is_uncertain(body: object) -> None:
    """
    Status 200 and a hashcode under its literal name, or it is no proof.
    """
    assert isinstance(outcome_of(answer(body)), Uncertain)


@pytest.mark.parametrize("http", [200, 400])
def test_a_refused_customer_is_a_dead_letter_with_the_vendors_words(http: int) -> None:
    """
    The same whether HTTP mirrors the body's status or is always 200; addresses in the words are masked.
    """
    said = "バリデーションに失敗しました。 メールアドレスhanako@example.co.jpはすでに存在します。"
    outcome = outcome_of(answer({"status": 400, "message": said}, http))

    assert isinstance(outcome, Refused)
    assert "すでに存在します" in outcome.reason
    assert "example" not in outcome.reason


@pytest.mark.parametrize(("http", "status"), [(200, 401), (401, 401), (403, 403), (200, 403)])
def test_bad_keys_pause_the_lane_and_name_every_cause(http: int, status: int) -> None:
    """
    An operator reads what may be wrong: each of the keys, the user's permissions since 2025-10-21, the contract.
    """
    reading = VENDOR.read(answer({"status": status, "message": "Unauthorized"}, http), batch())

    assert reading.outcomes["d"] == Deferred(reason=reading.verdict.reason)
    assert reading.verdict.kind == "paused"
    assert "refuses the credentials" in reading.verdict.reason
    for word in ("user_key", "user_secret", "company_key", "company_secret", "2025-10-21", "Unauthorized"):
        assert word in reading.verdict.reason


@pytest.mark.parametrize("status", [301, 302, 404, 405])
def test_a_wrong_address_pauses_the_lane_and_names_its_settings(status: int) -> None:
    """
    Base URL and version are what an operator can mend.
    """
    verdict = VENDOR.read(Reply(status=status, headers={"location": "https://satr.jp/"}), batch()).verdict

    assert verdict.kind == "paused"
    assert "base_url" in verdict.reason
    assert "version" in verdict.reason


@pytest.mark.parametrize("http", [200, 409])
def test_a_conflict_is_tried_again_a_few_times(http: int) -> None:
    """
    409 is not explained by the vendor; each try counts, and the lane goes on.
    """
    reading = VENDOR.read(answer({"status": 409, "message": "Conflict"}, http), batch())

    assert isinstance(reading.outcomes["d"], Deferred)
    assert reading.outcomes["d"].burns
    assert reading.verdict.kind == "fine"


def test_a_repeated_delete_explains_its_refusal() -> None:
    """
    After an unclear try a 400 may mean that the customer is gone already; a first try says no such thing.
    """
    refusal = answer({"status": 400, "message": "no such customer"}, 400)
    first, second = outcome_of(refusal, "delete"), outcome_of(refusal, "delete", attempts=1)

    assert isinstance(first, Refused)
    assert isinstance(second, Refused)
    assert "already" not in first.reason
    assert "deleted the customer already" in second.reason
    assert "already" not in outcome_of(refusal, "upsert", attempts=1).reason


def test_a_429_wins_over_the_bodys_status() -> None:
    """
    A limit told by HTTP is a limit, whatever a proxy's body says.
    """
    assert VENDOR.read(answer({"status": 400, "message": "slow down"}, 429), batch()).verdict.kind == "quota"


def test_contradicting_statuses_prove_nothing() -> None:
    """
    A body that says 200 under HTTP 500 is uncertain.
    """
    assert isinstance(outcome_of(answer(SUCCESS, 500)), Uncertain)


@pytest.mark.parametrize(
    ("settings", "rate", "timeout"),
    [
        ({}, Rate(interval_ms=1_000, burst=5), 20.0),
        ({"calls_per_second": 0.3, "burst": 1, "timeout_seconds": 8}, Rate(interval_ms=3_334, burst=1), 8.0),
        ({"calls_per_second": 10}, Rate(interval_ms=100, burst=5), 20.0),
    ],
)
def test_the_pace_is_never_faster_than_promised(settings: dict[str, Any], rate: Rate, timeout: float) -> None:
    """
    The interval is rounded up; no window, no batches, one call counts always.
    """
    lane = VENDOR.lane(satori_account(**settings), "satori-satori")

    assert (lane.rate, lane.timeout_seconds, lane.limits, lane.counts) == (rate, timeout, (), "all")
    assert (lane.batching, lane.settle_seconds, lane.egress) == (False, 0.0, "any")


def test_each_destination_has_a_pace_of_its_own() -> None:
    """
    Nothing in the settings names the account, so the default lane is the destination's.
    """
    assert VENDOR.lane_name("crm", {"version": 4}) == "satori-crm"
