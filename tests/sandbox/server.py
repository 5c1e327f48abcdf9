"""
A sandbox as an HTTP server on loopback: keep-alive, one write per answer, resets where a fault says so.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from tests.sandbox.admin import PREFIX, administer
from tests.sandbox.kit import Sandbox
from tests.sandbox.wire import SandboxAnswer, SandboxDrop, SandboxRequest, Spoken, json_answer

BODY_BYTES_MAX = 64 * 1024 * 1024
IDLE_SECONDS_MAX = 60


class Served:
    """
    A listening sandbox. Close it, or use it as a context manager.
    """

    def __init__(self, server: _Server) -> None:
        self._server = server
        host, port = server.server_address[:2]
        self.url = f"http://{host!s}:{port}"
        self._thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """
        Stop listening, wake delayed answers, end all connections, wait for their threads.
        """
        self._server.closing.set()
        self._server.shutdown()
        self._server.hang_up()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def serve(sandbox: Sandbox, host: str = "127.0.0.1", port: int = 0) -> Served:
    """
    Let a sandbox listen; port 0 takes a free one. Requests are handled one at a time, delays run side by side.

    Whoever listens cannot refuse a connection, so the faults `refused` and `down` are resets here.
    """
    return Served(_Server((host, port), sandbox))


class _Server(ThreadingHTTPServer):
    # server_close() waits for the threads of open connections, so that none outlives its sandbox.
    daemon_threads = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.closing = Event()
        self.lock = Lock()
        self._connections: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def handle_once(self, request: SandboxRequest) -> Spoken:
        """
        One request at a time: a sandbox is not made for threads.
        """
        with self.lock:
            if request.path.startswith(PREFIX):
                return administer(self.sandbox, request)
            return self.sandbox.handle(request)

    def process_request(self, request: Any, client_address: Any) -> None:
        """
        Remember the connection, so that it can be ended.
        """
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """
        Forget a connection that ends.
        """
        self._connections.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """
        End the connections that clients keep alive.
        """
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """
        A client that goes away is its own business; anything else is a fault of ours and is shown.
        """
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = IDLE_SECONDS_MAX
    wbufsize = 1 << 20
    rbufsize = 1 << 16

    def _serve(self) -> None:
        request = self._read()
        if request is None:
            return
        try:
            answer = self.server.handle_once(request)
        except Exception as error:  # noqa: BLE001 - whoever runs the demo reads the reason in the answer
            answer = json_answer(500, {"error": f"the sandbox itself failed: {error!r}"})
        self.server.closing.wait(answer.delay_seconds)
        if isinstance(answer, SandboxDrop):
            self._reset_connection()
        else:
            self._write(answer)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_OPTIONS = _serve  # noqa: N815

    def _read(self) -> SandboxRequest | None:
        length = self.headers.get("Content-Length", "" if self.headers.get("Transfer-Encoding") else "0")
        if not length.isdigit() or int(length) > BODY_BYTES_MAX:
            status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE if length.isdigit() else HTTPStatus.LENGTH_REQUIRED
            self.close_connection = True
            self._write(json_answer(status, {"error": status.phrase}))
            return None
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            self.close_connection = True
            return None
        target = urlsplit(self.path)
        return SandboxRequest(
            method=self.command,
            path=target.path,
            query=target.query,
            host=self.headers.get("Host", "").rpartition(":")[0] or self.headers.get("Host", ""),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
            client=str(self.client_address[0]),
        )

    def _write(self, answer: SandboxAnswer) -> None:
        self.send_response(answer.status)
        for name, value in {**answer.headers, "content-length": str(len(answer.body))}.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)
        self.wfile.flush()

    def handle_expect_100(self) -> bool:
        """
        Say "100 Continue" at once: answers are buffered, and the sender waits for this one before the body.
        """
        told = super().handle_expect_100()
        self.wfile.flush()
        return told

    def _reset_connection(self) -> None:
        # Lingering for zero seconds makes close() send RST instead of FIN, as a crashed vendor would.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the parent's signature
        """
        Say nothing: request lines may hold keys.
        """
