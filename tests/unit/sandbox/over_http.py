"""
Plain HTTP to a sandbox that listens.
"""

from __future__ import annotations

import http.client
import json
from contextlib import closing
from typing import Any

from tests.sandbox.server import Served
from tests.sandbox.wire import SandboxRequest


def connect(served: Served, timeout: float = 5) -> http.client.HTTPConnection:
    """
    A connection, opened by its first request.
    """
    return http.client.HTTPConnection(served.url.removeprefix("http://"), timeout=timeout)


def send(connection: http.client.HTTPConnection, request: SandboxRequest) -> tuple[int, bytes]:
    """
    Status and body of one request; the connection stays open.
    """
    target = f"{request.path}?{request.query}" if request.query else request.path
    connection.request(request.method, target, request.body, dict(request.headers))
    with connection.getresponse() as response:
        return response.status, response.read()


def once(served: Served, request: SandboxRequest, timeout: float = 5) -> tuple[int, bytes]:
    """
    Status and body of one request over a connection of its own.
    """
    with closing(connect(served, timeout)) as connection:
        return send(connection, request)


def admin(served: Served, method: str, name: str, document: Any = None) -> tuple[int, Any]:
    """
    One administration request: status and JSON.
    """
    body = b"" if document is None else json.dumps(document).encode()
    status, answer = once(served, SandboxRequest(method=method, path=f"/_sandbox/{name}", body=body))
    return status, json.loads(answer)
