"""
The transport against real sockets on this machine.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from chalicelib.adapters.http import HttpTransport
from chalicelib.model import Call, NoReply, Reply

Answer = Callable[[socket.socket], None]


@contextmanager
def server(answer: Answer) -> Iterator[str]:
    """A server that takes one connection after the other, reads what was sent, and answers as told."""
    listening = socket.create_server(("127.0.0.1", 0))
    done = threading.Event()

    def run() -> None:
        while not done.is_set():
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                received = b""
                while not received.endswith(b"secret=1"):
                    received += connection.recv(65_536)
                answer(connection)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        done.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


def says(text: bytes) -> Answer:
    return lambda connection: connection.sendall(text)


def send(url: str, seconds: float = 2.0) -> Reply | NoReply:
    return HttpTransport().send(Call(url=url, body=b"secret=1"), timeout_seconds=seconds)


def test_an_answer_is_handed_over_as_it_came() -> None:
    """Status, lower-case headers and the body's bytes."""
    with server(says(b"HTTP/1.1 409 Conflict\r\nX-Thing: a\r\nContent-Length: 3\r\n\r\n\x82\xa0!")) as url:
        reply = send(url)

    assert isinstance(reply, Reply)
    assert (reply.status, reply.headers["x-thing"], reply.body) == (409, "a", b"\x82\xa0!")


def test_a_redirect_is_not_followed() -> None:
    """Credentials never travel to where somebody else points."""
    with server(says(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")) as url:
        reply = send(url)

    assert isinstance(reply, Reply)
    assert reply.status == 302


def test_nobody_listening_means_nothing_was_sent() -> None:
    """A refused connection and an unknown host certainly did not apply anything."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    for url in (f"http://127.0.0.1:{port}/", "http://no-such-host.invalid/"):
        reply = send(url)
        assert isinstance(reply, NoReply)
        assert not reply.sent


@pytest.mark.parametrize(
    "answer",
    [
        lambda connection: connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0"),
        says(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"),
        says(b"this is not HTTP\r\n\r\n"),
        lambda _connection: threading.Event().wait(1.0),
    ],
    ids=["reset", "cut off", "no http", "silence"],
)
def test_an_answer_that_does_not_come_may_have_been_applied(answer: Answer) -> None:
    """Reset, cut off, garbled or too late: the request had left, so nobody knows."""
    with server(answer) as url:
        reply = send(url, seconds=0.3)

    assert isinstance(reply, NoReply)
    assert reply.sent
    assert "127.0.0.1" not in reply.reason


def test_a_flood_of_an_answer_is_cut_off() -> None:
    """A vendor's answer of many megabytes does not fill the worker's memory."""
    with server(says(b"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n" + b"x" * 3_000_000)) as url:
        reply = send(url)

    assert isinstance(reply, NoReply)
    assert "longer than" in reply.reason


def test_an_answer_that_drips_is_not_waited_for_for_ever() -> None:
    """A byte now and then keeps the socket alive, but not the call."""

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(30):
            try:
                connection.sendall(b"x" * 10)
            except OSError:
                return
            threading.Event().wait(0.05)

    with server(drip) as url:
        reply = send(url, seconds=0.4)

    assert isinstance(reply, NoReply)
    assert reply.sent


@pytest.mark.parametrize(
    "text", [b"HTTP/1.1 200 OK\r\nX-Slow: 1\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n"]
)
def test_a_vendor_that_drips_is_cut_off(text: bytes) -> None:
    """Byte after byte, each in time: the whole call still ends when its time is up, and may have been applied."""
    stopped = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.sendall(text)
        with contextlib.suppress(OSError):
            while not stopped.wait(0.05):
                connection.sendall(b"x")

    with server(drip) as url:
        begun = time.monotonic()
        found = send(url, 0.4)
        took = time.monotonic() - begun
        stopped.set()

    assert isinstance(found, NoReply)
    assert found.sent
    assert took < 2


def test_a_peer_that_speaks_no_tls_was_never_reached() -> None:
    """The handshake fails before anything of the request leaves: nothing was applied."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(1_000)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        found = send(f"https://127.0.0.1:{listening.getsockname()[1]}")
        thread.join()

    assert found == NoReply(reason="the TLS handshake failed", sent=False)
