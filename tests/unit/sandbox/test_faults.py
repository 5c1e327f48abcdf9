"""
The fault programme: how long a rule lasts, whom it strikes, what each kind does. The same over both vendors.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from tests.sandbox.clock import HandClock
from tests.sandbox.faults import AFTER, BEFORE, Fault
from tests.sandbox.kit import Sandbox
from tests.sandbox.wire import SandboxAnswer, SandboxDrop, SandboxRequest
from tests.unit.sandbox.vendors import (
    NOON,
    ask,
    haihai,
    import_request,
    lead,
    legacy_request,
    people,
    satori,
    satori_request,
)


@dataclass(frozen=True, kw_only=True)
class Vendor:
    """
    A sandbox, a good request to it, and how many customers it made.
    """

    sandbox: Sandbox
    request: SandboxRequest
    count: Callable[[], int]


@pytest.fixture(params=["satori", "haihaimail"])
def vendor(request: pytest.FixtureRequest, clock: HandClock) -> Vendor:
    """
    Each vendor in turn.
    """
    if request.param == "satori":
        one = satori(clock)
        return Vendor(sandbox=one, request=satori_request("upsert", lead()), count=lambda: len(one.customers.book))
    other = haihai(clock)
    data = people("hanako@example.co.jp")
    return Vendor(sandbox=other, request=import_request(data), count=lambda: len(other.customers()))


def _spoil(vendor: Vendor, fault: Fault) -> Any:
    vendor.sandbox.faults.add(fault)
    return vendor.sandbox.handle(vendor.request)


# ── kinds ──


@pytest.mark.parametrize("kind", sorted(BEFORE))
def test_before_means_nothing_was_applied(vendor: Vendor, kind: str) -> None:
    """
    These faults strike before the vendor does anything.
    """
    _spoil(vendor, Fault(kind))
    assert vendor.count() == 0


@pytest.mark.parametrize("kind", sorted(AFTER))
def test_after_means_it_was_applied(vendor: Vendor, kind: str) -> None:
    """
    These faults spoil the answer only.
    """
    _spoil(vendor, Fault(kind))
    assert vendor.count() == 1


@pytest.mark.parametrize("kind", ["refused", "down"])
def test_refused(vendor: Vendor, kind: str) -> None:
    """
    The sender can be sure that nothing arrived.
    """
    assert _spoil(vendor, Fault(kind)) == SandboxDrop(reason="connection refused", reached=False)


@pytest.mark.parametrize(("kind", "delay"), [("lose_before", 0.0), ("lose_after", 0.0), ("timeout_after", 40.0)])
def test_lost(vendor: Vendor, kind: str, delay: float) -> None:
    """
    The connection ends without an answer, so the sender cannot know.
    """
    assert _spoil(vendor, Fault(kind, seconds=40)) == SandboxDrop(reason="connection reset", delay_seconds=delay)


def test_slow(vendor: Vendor) -> None:
    """
    The right answer, late.
    """
    answer = _spoil(vendor, Fault("slow", seconds=12))
    assert (answer.status, answer.delay_seconds) == (200, 12)
    assert json.loads(answer.body)["status"] in {200, "success"}


@pytest.mark.parametrize("kind", ["status", "status_after"])
@pytest.mark.parametrize(
    ("body", "content_type", "start"),
    [("", "text/html; charset=utf-8", "<!doctype html>"), ('{"status": 409}', "application/json", '{"status": 409}')],
)
def test_status(vendor: Vendor, kind: str, body: str, content_type: str, start: str) -> None:
    """
    Any HTTP status, with a proxy's page or the body given.
    """
    answer = _spoil(vendor, Fault(kind, status=502, body=body))
    assert (answer.status, answer.headers["content-type"]) == (502, content_type)
    assert answer.body.decode().startswith(start)


@pytest.mark.parametrize(
    ("kind", "start"), [("html_200", "<!doctype html>"), ("maintenance_200", "Status: 503 Maintenance mode\n<!doctype")]
)
def test_html_under_200(vendor: Vendor, kind: str, start: str) -> None:
    """
    A page for people where a program expected JSON.
    """
    answer = _spoil(vendor, Fault(kind))
    assert (answer.status, answer.headers["content-type"][:9]) == (200, "text/html")
    assert answer.body.decode().startswith(start)


@pytest.mark.parametrize("kind", ["garbage", "truncated"])
def test_an_answer_that_is_no_json(vendor: Vendor, kind: str) -> None:
    """
    200, the content type of JSON, and a body that is none.
    """
    answer = _spoil(vendor, Fault(kind))
    assert (answer.status, answer.headers["content-type"][:16]) == (200, "application/json")
    assert answer.body
    with pytest.raises((json.JSONDecodeError, UnicodeDecodeError)):
        json.loads(answer.body)


def test_string_codes(vendor: Vendor) -> None:
    """
    A sibling of 配配メール writes its codes as strings.
    """
    answer = _spoil(vendor, Fault("string_codes"))
    document = json.loads(answer.body)
    assert document.get("code", document["status"]) == "200"


@pytest.mark.parametrize(("wish", "headers"), [("", None), ("120", "120"), ("Sat, 21 Nov 2026 04:00:00 GMT",) * 2])
def test_early_429(vendor: Vendor, wish: str, headers: str | None) -> None:
    """
    The vendor's own 429 although there was room, with or without Retry-After.
    """
    answer = _spoil(vendor, Fault("early_429", retry_after=wish))
    assert (answer.status, answer.headers.get("retry-after")) == (429, headers)
    assert 429 in json.loads(answer.body).values()


def test_success_without_hashcode(clock: HandClock) -> None:
    """
    SATORI says 200 and gives nothing, although the customer is there; bulk calls do not use the fault up.
    """
    sandbox = satori(clock)
    sandbox.faults.add(Fault("success_without_hashcode"))
    sandbox.handle(SandboxRequest(method="GET", path="/api/v4/public/bulk_customers/status.json"))
    assert ask(sandbox, satori_request("upsert", lead())) == (200, {"status": 200, "message": {}})
    assert len(sandbox.customers.book) == 1
    assert "customer[hashcode]" in ask(sandbox, satori_request("upsert", lead()))[1]["message"]


def test_the_incident_of_october_2025(clock: HandClock) -> None:
    """
    For some hours v4 registration refused every known address, stored nothing, and left all else alone.
    """
    sandbox = satori(clock)
    sandbox.faults.add(Fault("incident_2025_10", until=NOON + timedelta(hours=16)))
    assert ask(sandbox, satori_request("registration", lead()))[0] == 200
    status, body = ask(sandbox, satori_request("registration", lead(memo="x")))
    assert (status, body["message"]) == (400, "バリデーションに失敗しました。 メールアドレスはすでに存在します。")
    assert next(iter(sandbox.customers.book)).values.get("memo") is None
    assert ask(sandbox, satori_request("registration", lead(), version=3))[0] == 200
    assert ask(sandbox, satori_request("upsert", lead()))[0] == 200
    clock.advance(16 * 3600)
    assert ask(sandbox, satori_request("registration", lead(memo="x")))[0] == 200


# ── how long, and whom ──


def _outcomes(vendor: Vendor, count: int) -> list[int]:
    answers = [vendor.sandbox.handle(vendor.request) for _ in range(count)]
    return [answer.status if isinstance(answer, SandboxAnswer) else 0 for answer in answers]


def test_a_fault_counts_down(vendor: Vendor) -> None:
    """
    Without more said it strikes once; `times` says how often; rules are used up one after the other.
    """
    vendor.sandbox.faults.add(Fault("status"), Fault("lose_before", times=2))
    assert _outcomes(vendor, 5) == [500, 0, 0, 200, 200]
    assert vendor.sandbox.faults.as_list() == []


def test_a_fault_ends_at_its_time(vendor: Vendor, clock: HandClock) -> None:
    """
    Until then it strikes every time, at that moment no more.
    """
    vendor.sandbox.faults.add(Fault("status", until=NOON + timedelta(seconds=60)))
    assert _outcomes(vendor, 3) == [500] * 3
    clock.advance(59)
    assert _outcomes(vendor, 1) == [500]
    clock.advance(1)
    assert _outcomes(vendor, 1) == [200]


def test_down_lasts_until_it_is_cleared(vendor: Vendor, clock: HandClock) -> None:
    """
    Nobody answers however long one waits.
    """
    vendor.sandbox.faults.add(Fault("down"))
    assert _outcomes(vendor, 50) == [0] * 50
    clock.advance(1e6)
    assert _outcomes(vendor, 1) == [0]
    vendor.sandbox.faults.clear()
    assert _outcomes(vendor, 1) == [200]


@pytest.mark.parametrize(
    ("match", "statuses"),
    [("", [500, 200]), ("taro@example.co.jp", [200, 500]), ("POST /api/v4", [500, 200]), ("delete", [200, 200])],
)
def test_a_fault_strikes_whom_it_names(clock: HandClock, match: str, statuses: list[int]) -> None:
    """
    By request line or by what the body says, escapes undone.
    """
    sandbox = satori(clock)
    sandbox.faults.add(Fault("status", match=match))
    requests = [satori_request("upsert", lead(email=f"{name}@example.co.jp")) for name in ("hanako", "taro")]
    assert [getattr(sandbox.handle(request), "status", 0) for request in requests] == statuses


def test_a_refused_call_stays_refused_under_a_fault(vendor: Vendor) -> None:
    """
    An answer-side fault does not make a bad call good: nothing is applied.
    """
    vendor.sandbox.faults.add(Fault("slow", seconds=1))
    unsigned = SandboxRequest(method="POST", path=vendor.request.path)
    answer = vendor.sandbox.handle(unsigned)
    assert getattr(answer, "status", 0) == 401
    assert vendor.count() == 0


def test_a_kind_that_does_not_exist_is_told(vendor: Vendor) -> None:
    """
    A slip is told with the kinds there are; a vendor's own fault is no fault of another vendor.
    """
    with pytest.raises(ValueError, match="no fault of kind 'loose_after'; there are down, "):
        vendor.sandbox.faults.add(Fault("loose_after"))
    if vendor.sandbox.name == "haihaimail":
        with pytest.raises(ValueError, match="no fault of kind 'incident_2025_10'"):
            vendor.sandbox.faults.add(Fault("incident_2025_10"))


def test_a_vendor_that_cuts_off_cuts_off_under_a_fault_too(clock: HandClock) -> None:
    """
    Where the vendor itself gives no answer there is none to spoil.
    """
    sandbox = haihai(clock, ips=("203.0.113.7",))
    sandbox.change_switches({"foreign_ip": "drop"})
    sandbox.faults.add(Fault("slow", seconds=9))
    assert sandbox.handle(import_request(people("a@example.co.jp"))) == SandboxDrop(reason="connection reset")


def test_codes_as_strings_leave_plain_text_alone(clock: HandClock) -> None:
    """
    The legacy import answers in text, which has no numbers to rewrite.
    """
    sandbox = haihai(clock)
    sandbox.faults.add(Fault("string_codes"))
    answer = sandbox.handle(legacy_request(people("a@example.co.jp")))
    assert getattr(answer, "body", b"") == b"200 OK"
