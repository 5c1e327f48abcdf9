"""
Sandboxes over HTTP: answers, faults of each kind, requests that are none.
"""

from __future__ import annotations

import http.client
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from tests.sandbox.faults import AFTER, BEFORE
from tests.sandbox.haihaimail import HaihaiSandbox
from tests.sandbox.satori import SatoriSandbox
from tests.sandbox.server import Served, serve
from tests.sandbox.wire import SandboxRequest
from tests.unit.sandbox.over_http import admin, connect, once, send
from tests.unit.sandbox.vendors import csv_bytes, import_request, lead, satori_request

LOST = ("refused", "down", "lose_before", "lose_after", "timeout_after")
UPSERT = satori_request("upsert", lead())


def test_calls_over_one_connection(served: Served, sandbox: SatoriSandbox) -> None:
    """
    Keep-alive: many calls, one connection, refusals included.
    """
    with closing(connect(served)) as connection:
        first = send(connection, UPSERT)
        kept = connection.sock
        second = send(connection, satori_request("upsert", lead(), user_key="no"))
        assert connection.sock is kept
    assert (first[0], second[0]) == (200, 401)
    assert json.loads(first[1])["message"]["customer[hashcode]"]
    assert sandbox.state()["customers"][0]["collection_route"] == "問合せフォーム"


def test_an_import_over_http(mail_served: Served, mail: HaihaiSandbox) -> None:
    """
    A multipart body with CP932 arrives byte by byte, and the answer is 配配メール's.
    """
    data = csv_bytes([["メールアドレス", "お名前"], ["a@example.co.jp", "髙橋"]])
    status, body = once(mail_served, import_request(data))
    assert (status, json.loads(body)["status"]) == (200, "success")
    assert mail.customers()[0].values == {"お名前": "髙橋"}


def test_calls_side_by_side_are_handled_one_by_one(served: Served, sandbox: SatoriSandbox) -> None:
    """
    Eight senders at once lose nothing.
    """
    requests = [satori_request("upsert", lead(email=f"p{number}@example.co.jp")) for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda request: once(served, request)[0], requests))
    assert statuses == [200] * 40
    assert len(sandbox.customers.book) == 40


def test_a_head_request_has_no_body(served: Served) -> None:
    """
    An unknown method is a 404 of the vendor; HEAD never carries a body.
    """
    assert once(served, SandboxRequest(method="HEAD", path="/")) == (404, b"")


# ── faults ──


@pytest.mark.parametrize("kind", sorted(BEFORE | AFTER))
def test_each_fault_over_http(served: Served, sandbox: SatoriSandbox, kind: str) -> None:
    """
    What is lost in process is a reset connection here; what is answered arrives; the next call is well.
    """
    rule = {"kind": kind, "times": 1, "seconds": 0.01, "status": 503, "retry_after": "7"}
    assert admin(served, "POST", "faults", [rule])[0] == 200
    if kind in LOST:
        with pytest.raises(ConnectionResetError):
            once(served, UPSERT)
    else:
        status, body = once(served, UPSERT)
        assert status == {"status": 503, "status_after": 503, "early_429": 429}.get(kind, 200)
        assert body
    assert len(sandbox.customers.book) == (1 if kind in AFTER else 0)
    assert once(served, UPSERT)[0] == 200


def test_retry_after_arrives(served: Served) -> None:
    """
    The header of an early 429 is on the wire.
    """
    admin(served, "POST", "faults", [{"kind": "early_429", "retry_after": "120"}])
    with closing(connect(served)) as connection:
        connection.request("POST", UPSERT.path, UPSERT.body, dict(UPSERT.headers))
        with connection.getresponse() as response:
            assert (response.status, response.headers["retry-after"]) == (429, "120")


@pytest.mark.parametrize("kind", ["slow", "timeout_after"])
def test_a_sender_that_gives_up_waiting(served: Served, sandbox: SatoriSandbox, kind: str) -> None:
    """
    The call took effect although the sender's time-out came first; others are served meanwhile.
    """
    admin(served, "POST", "faults", [{"kind": kind, "seconds": 600}])
    with closing(connect(served, timeout=0.05)) as connection, pytest.raises(TimeoutError):
        send(connection, UPSERT)
    assert len(sandbox.customers.book) == 1
    assert once(served, UPSERT)[0] == 200


def test_the_vendors_own_faults(served: Served) -> None:
    """
    SATORI's incident and its missing hashcode are set the same way.
    """
    rules = [{"kind": "incident_2025_10"}, {"kind": "success_without_hashcode"}]
    assert admin(served, "POST", "faults", rules)[0] == 200
    bodies = [json.loads(once(served, satori_request("registration", lead()))[1]) for _ in range(3)]
    assert [body["message"] == {} for body in bodies] == [True, False, False]
    assert [body["status"] for body in bodies] == [200, 400, 200]


def test_closing_ends_delayed_answers(sandbox: SatoriSandbox) -> None:
    """
    A server can be closed while somebody still waits; then nobody listens there.
    """
    with ThreadPoolExecutor(1) as pool:
        with serve(sandbox) as listening:
            admin(listening, "POST", "faults", [{"kind": "slow", "seconds": 600}])
            waiting = pool.submit(once, listening, UPSERT)
            while not sandbox.ledger.times:
                admin(listening, "GET", "state")
        # The answer may still get out or the connection may end first; either way it is over now.
        assert waiting.exception(timeout=5) is None or isinstance(
            waiting.exception(), OSError | http.client.HTTPException
        )
    with pytest.raises(ConnectionRefusedError):
        once(listening, UPSERT)


# ── bad requests ──


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"Transfer-Encoding: chunked\r\n", b" 411 "),
        (b"Content-Length: 99999999999\r\n", b" 413 "),
        (b"Content-Length: x\r\n", b" 411 "),
    ],
)
def test_a_body_must_tell_its_length(served: Served, head: bytes, status: bytes) -> None:
    """
    Bodies without length and beyond 64 MB are refused, and the connection ends.
    """
    host, port = served.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as line:
        line.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n")
        answer = line.makefile("rb").read()
    assert status in answer.splitlines()[0]


def test_a_sender_that_breaks_off_is_no_call(served: Served, sandbox: SatoriSandbox) -> None:
    """
    Half a body is not handled.
    """
    host, port = served.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as line:
        line.sendall(b"POST /api/v4/public/customer/upsert.json HTTP/1.1\r\nContent-Length: 100\r\n\r\nuser")
    assert once(served, UPSERT)[0] == 200
    assert len(sandbox.ledger.times) == 1


def test_a_large_body_may_ask_first(served: Served) -> None:
    """
    Senders that wait for "100 Continue" get it at once.
    """
    host, port = served.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as line:
        line.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n")
        assert line.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        line.sendall(b"x")
        assert line.recv(100).startswith(b"HTTP/1.1 404 ")
