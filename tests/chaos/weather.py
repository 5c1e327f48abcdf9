"""
A proxy between the relay's functions and the embedded AWS, at which single AWS services can be made to fail.
"""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

HOP_HEADERS = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})
REFUSALS = {
    "dynamodb": (b'{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"chaos"}', 500),
    "sqs": (b'{"__type":"com.amazonaws.sqs#ServiceUnavailable","message":"chaos"}', 503),
}


class Weather:
    """
    One listening port per AWS service; `refuse` makes a service answer 5xx, `heal` lets it through again.

    `upstream()` names host and port of the embedded AWS, which may come back elsewhere after a restart.
    """

    def __init__(self, upstream: Callable[[], tuple[str, int]]) -> None:
        self.refused: dict[str, int] = dict.fromkeys(REFUSALS, 0)
        self._upstream = upstream
        self._down: set[str] = set()
        self._servers = {service: _Server(self, service) for service in REFUSALS}

    def __enter__(self) -> Self:
        for server in self._servers.values():
            server.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers.values():
            server.shutdown()
            server.server_close()

    def environment(self) -> dict[str, str]:
        """
        What tells an AWS client of these addresses.
        """
        return {
            f"AWS_ENDPOINT_URL_{service.upper()}": f"http://127.0.0.1:{server.server_address[1]}"
            for service, server in self._servers.items()
        }

    def refuse(self, service: str) -> None:
        """
        From now on the service answers nothing but 5xx.
        """
        self._down.add(service)

    def heal(self) -> None:
        """
        Every service works again.
        """
        self._down.clear()

    def is_down(self, service: str) -> bool:
        """
        Whether a service refuses now.
        """
        return service in self._down

    def send(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        """
        One request to the embedded AWS.
        """
        host, port = self._upstream()
        connection = http.client.HTTPConnection(host, port, timeout=30)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, weather: Weather, service: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.weather, self.service = weather, service
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """
        A worker that was killed in the midst of a request is what this is for.
        """


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        weather, service = self.server.weather, self.server.service
        if weather.is_down(service):
            weather.refused[service] += 1
            data, status = REFUSALS[service]
            self._answer(status, {"Content-Type": "application/x-amz-json-1.0"}, data)
            return
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_HEADERS}
        try:
            status, told, data = weather.send(self.command, self.path, headers, body)
        except OSError:
            # The embedded AWS is being restarted: to its clients that is a connection that breaks.
            self.close_connection = True
            return
        self._answer(status, {name: value for name, value in told.items() if name.lower() not in HOP_HEADERS}, data)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _pass_on  # noqa: N815

    def _answer(self, status: int, headers: dict[str, str], data: bytes) -> None:
        self.send_response_only(status)
        for name, value in {**headers, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the parent's signature
        """
        Say nothing.
        """
