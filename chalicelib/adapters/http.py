"""
The transport port over requests: one request, no retry, no redirect, bounded in time and size.
"""

from __future__ import annotations

import time
from typing import Any

from chalicelib.model import Call, NoReply, Reply

CONNECT_SECONDS = 5.0
CHUNK_BYTES = 65_536
USER_AGENT = "Ekiden"


class HttpTransport:
    """
    Makes a connection of its own for each call.

    A kept one may have died while the worker slept, and its first failure would make a call Uncertain that never left.
    """

    def send(self, call: Call, *, timeout_seconds: float) -> Reply | NoReply:
        """
        The answer, or why there is none. `timeout_seconds` bounds the whole call, however slowly bytes come and go.
        """
        import requests  # noqa: PLC0415 - only calls need it; a form that waits does not

        from chalicelib.adapters.watch import Watch  # noqa: PLC0415 - as above

        deadline = time.monotonic() + timeout_seconds
        with Watch(timeout_seconds) as watch:
            try:
                with (
                    watch.session() as session,
                    session.request(
                        call.method,
                        call.url,
                        data=call.body,
                        headers={"User-Agent": USER_AGENT, **call.headers},
                        timeout=(min(CONNECT_SECONDS, timeout_seconds), timeout_seconds),
                        allow_redirects=False,
                        stream=True,
                    ) as response,
                ):
                    return _read(response, deadline, call.reply_bytes_max)
            except requests.exceptions.RequestException as error:
                if time.monotonic() >= deadline:
                    return NoReply(reason=f"no answer within {timeout_seconds:.0f} s", sent=watch.connected)
                return NoReply(reason=_cause(error, connected=watch.connected), sent=watch.connected)


def _read(response: Any, deadline: float, bytes_max: int) -> Reply | NoReply:
    body = bytearray()
    for chunk in response.iter_content(CHUNK_BYTES):
        body += chunk
        if len(body) > bytes_max:
            return NoReply(reason=f"the answer is longer than {bytes_max} bytes")
    if time.monotonic() > deadline:
        return NoReply(reason="the answer took too long to arrive")
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Reply(status=response.status_code, headers=headers, body=bytes(body))


def _cause(error: Exception, *, connected: bool) -> str:
    """
    What happened to the connection, in words without addresses.
    """
    import requests  # noqa: PLC0415 - loaded already when this runs

    if isinstance(error, requests.exceptions.ConnectTimeout):
        return "no connection in time"
    if isinstance(error, requests.exceptions.SSLError) and not connected:
        return "the TLS handshake failed"
    if isinstance(error, requests.exceptions.ConnectionError | requests.exceptions.ChunkedEncodingError):
        return "the connection broke" if connected else "the connection could not be made"
    return type(error).__name__
