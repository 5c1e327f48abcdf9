"""
Calls to sandboxes without a network: the relay's Transport port, in process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from chalicelib.model import Call, NoReply, Reply
from tests.sandbox.kit import Sandbox
from tests.sandbox.wire import SandboxDrop, SandboxRequest


class Sent(NamedTuple):
    """
    One call that was made: when, whereto, and which sandbox it was for ("" where nobody lives there).
    """

    at: datetime | None
    url: str
    sandbox: str


class SandboxTransport:
    """
    Chalicelib's Transport over sandboxes. `sandboxes` maps base URLs ("https://api.satr.jp") to them.

    `client` is the address that vendors see. `pause`, where given, lets time pass while an answer is awaited, in
    seconds; a test gives its clock's `advance`.
    """

    def __init__(
        self,
        sandboxes: Mapping[str, Sandbox],
        *,
        client: str = "127.0.0.1",
        pause: Callable[[float], None] | None = None,
    ) -> None:
        self.sandboxes = {base.rstrip("/"): sandbox for base, sandbox in sandboxes.items()}
        self.client = client
        self.sent: list[Sent] = []
        self._pause = pause or (lambda _: None)

    def send(self, call: Call, *, timeout_seconds: float) -> Reply | NoReply:
        """
        The sandbox's answer, or why there is none.
        """
        sandbox = self._find(call.url)
        if sandbox is None:
            self.sent.append(Sent(None, call.url, ""))
            return NoReply(reason=f"no such host: {urlsplit(call.url).netloc}", sent=False)
        self.sent.append(Sent(sandbox.clock(), call.url, sandbox.name))
        answer = sandbox.handle(self._request(call))
        if answer.delay_seconds > timeout_seconds:
            self._pause(timeout_seconds)
            return NoReply(reason=f"time-out after {timeout_seconds:g} s")
        self._pause(answer.delay_seconds)
        if isinstance(answer, SandboxDrop):
            return NoReply(reason=answer.reason, sent=answer.reached)
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Reply(status=answer.status, headers=headers, body=answer.body)

    def _find(self, url: str) -> Sandbox | None:
        for base, sandbox in self.sandboxes.items():
            if url == base or url.startswith((f"{base}/", f"{base}?")):
                return sandbox
        return None

    def _request(self, call: Call) -> SandboxRequest:
        parts = urlsplit(call.url)
        return SandboxRequest(
            method=call.method,
            path=parts.path or "/",
            query=parts.query,
            host=parts.hostname or "",
            headers={name.lower(): value for name, value in call.headers.items()},
            body=call.body,
            client=self.client,
        )
