"""
Calls to sandboxes in process: the relay's own Call, Reply and NoReply.
"""

from __future__ import annotations

import json

import pytest

from chalicelib.model import Call, NoReply, Reply
from chalicelib.ports import Transport
from tests.sandbox.clock import HandClock
from tests.sandbox.faults import Fault
from tests.sandbox.haihaimail import HaihaiSandbox
from tests.sandbox.satori import SatoriSandbox
from tests.sandbox.transport import SandboxTransport, Sent
from tests.unit.sandbox.vendors import (
    IMPORT_PATH,
    NOON,
    haihai,
    import_request,
    lead,
    legacy_request,
    people,
    satori,
    satori_request,
)


@pytest.fixture
def vendors(clock: HandClock) -> tuple[SatoriSandbox, HaihaiSandbox]:
    """
    Both vendors.
    """
    return satori(clock), haihai(clock, ips=("203.0.113.7",))


@pytest.fixture
def transport(vendors: tuple[SatoriSandbox, HaihaiSandbox], clock: HandClock) -> SandboxTransport:
    """
    Both vendors at their own addresses, SATORI at two.
    """
    one, other = vendors
    homes = {"https://api.satr.jp": one, "https://satr.jp/": one, "https://a01.hm-f.jp": other}
    return SandboxTransport(homes, client="203.0.113.7", pause=clock.advance)


def _lead(host: str = "api.satr.jp", version: int = 4) -> Call:
    request = satori_request("upsert", lead(), version=version)
    # Names as a sender may write them: case does not matter in HTTP.
    headers = {"Content-Type": request.headers["content-type"]}
    return Call(url=f"https://{host}{request.path}", headers=headers, body=request.body)


def _import(client_headers: dict[str, str] | None = None) -> Call:
    request = import_request(people("a@example.co.jp"))
    return Call(
        url=f"https://a01.hm-f.jp{IMPORT_PATH}",
        headers={**request.headers, **(client_headers or {})},
        body=request.body,
    )


def test_a_call_reaches_its_vendor(
    transport: SandboxTransport, vendors: tuple[SatoriSandbox, HaihaiSandbox], clock: HandClock
) -> None:
    """
    Each base URL has its sandbox; what was sent is remembered with its time.
    """
    port: Transport = transport
    first = port.send(_lead(), timeout_seconds=3)
    clock.advance(1)
    second = port.send(_import(), timeout_seconds=20)
    assert isinstance(first, Reply)
    assert isinstance(second, Reply)
    assert (first.status, second.status) == (200, 200)
    assert first.headers["content-type"] == "application/json; charset=utf-8"
    assert "customer[hashcode]" in json.loads(first.body)["message"]
    assert len(vendors[0].customers.book) == len(vendors[1].customers()) == 1
    assert transport.sent == [
        Sent(NOON, "https://api.satr.jp/api/v4/public/customer/upsert.json", "satori"),
        Sent(clock(), f"https://a01.hm-f.jp{IMPORT_PATH}", "haihaimail"),
    ]


def test_the_vendor_sees_host_query_and_address(
    transport: SandboxTransport, vendors: tuple[SatoriSandbox, HaihaiSandbox]
) -> None:
    """
    The bare host, the legacy query string and the sender's address arrive.
    """
    vendors[0].change_switches({"bare_host": "moved"})
    moved = transport.send(_lead("satr.jp", version=3), timeout_seconds=3)
    assert isinstance(moved, Reply)
    assert (moved.status, moved.headers["location"][:19]) == (301, "https://api.satr.jp")
    request = legacy_request(people("a@example.co.jp"))
    call = Call(url="https://a01.hm-f.jp/?ac=ScheduleCsvImport", headers=request.headers, body=request.body)
    taken = transport.send(call, timeout_seconds=3)
    assert isinstance(taken, Reply)
    assert taken.body == b"200 OK"
    transport.client = "203.0.113.9"
    refused = transport.send(_import(), timeout_seconds=3)
    assert isinstance(refused, Reply)
    assert refused.status == 403


def test_an_address_without_vendor(transport: SandboxTransport) -> None:
    """
    A wrong host is no answer, and certainly nothing was sent; one that only begins alike is wrong too.
    """
    for url in ("https://api.example.co.jp/x", "https://api.satr.jp.example.co.jp/x"):
        reply = transport.send(Call(url=url), timeout_seconds=3)
        assert isinstance(reply, NoReply)
        assert not reply.sent
        assert reply.reason.startswith("no such host: api.")
        assert transport.sent[-1] == Sent(None, url, "")


@pytest.mark.parametrize(
    ("fault", "reply", "applied", "waited"),
    [
        (Fault("refused"), NoReply(reason="connection refused", sent=False), 0, 0),
        (Fault("down"), NoReply(reason="connection refused", sent=False), 0, 0),
        (Fault("lose_before"), NoReply(reason="connection reset"), 0, 0),
        (Fault("lose_after"), NoReply(reason="connection reset"), 1, 0),
        (Fault("timeout_after", seconds=30), NoReply(reason="time-out after 3 s"), 1, 3),
        (Fault("timeout_after", seconds=2), NoReply(reason="connection reset"), 1, 2),
        (Fault("slow", seconds=3.5), NoReply(reason="time-out after 3 s"), 1, 3),
    ],
)
def test_no_reply(
    transport: SandboxTransport,
    vendors: tuple[SatoriSandbox, HaihaiSandbox],
    clock: HandClock,
    fault: Fault,
    reply: NoReply,
    applied: int,
    waited: float,
) -> None:
    """
    Why there is no answer, whether the call took effect, and how long the sender waited.
    """
    vendors[0].faults.add(fault)
    assert transport.send(_lead(), timeout_seconds=3) == reply
    assert len(vendors[0].customers.book) == applied
    assert (clock() - NOON).total_seconds() == waited


def test_a_slow_answer_in_time(
    transport: SandboxTransport, vendors: tuple[SatoriSandbox, HaihaiSandbox], clock: HandClock
) -> None:
    """
    An answer that takes as long as one waits is an answer.
    """
    vendors[0].faults.add(Fault("slow", seconds=3))
    reply = transport.send(_lead(), timeout_seconds=3)
    assert isinstance(reply, Reply)
    assert reply.status == 200
    assert (clock() - NOON).total_seconds() == 3


def test_time_stands_still_unless_told(vendors: tuple[SatoriSandbox, HaihaiSandbox], clock: HandClock) -> None:
    """
    Without a pause nothing waits: tests are quick.
    """
    vendors[0].faults.add(Fault("slow", seconds=3))
    transport = SandboxTransport({"https://api.satr.jp": vendors[0]})
    assert isinstance(transport.send(_lead(), timeout_seconds=5), Reply)
    assert clock() == NOON
