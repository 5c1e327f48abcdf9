"""
The transport port over requests: one request, no retry, no redirect, bounded in time and size.
"""

from __future__ import annotations

import time
from typing import Any

from chalicelib.model import Call, NoReply, Reply

CONNECT_SECONDS = 5.0
REPLY_BYTES_MAX = 1_000_000
CHUNK_BYTES = 65_536
USER_AGENT = "Ekiden"


class HttpTransport:
    """
    Makes a connection of its own for each call.

    A kept one may have died while the worker slept, and its first failure would make a call Uncertain that never left.
    """

    def send(self, call: Call, *, timeout_seconds: float) -> Reply | NoReply:
        """
        The answer, or why there is none.
        """
        import requests  # noqa: PLC0415 - only calls need it; a form that waits does not

        deadline = time.monotonic() + timeout_seconds
        try:
            with (
                _session(requests) as session,
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
                return _read(response, deadline)
        except requests.exceptions.ConnectTimeout:
            return NoReply(reason="no connection in time", sent=False)
        except requests.exceptions.ConnectionError as error:
            return NoReply(reason=_cause(error), sent=not _never_connected(error))
        except requests.exceptions.Timeout:
            return NoReply(reason=f"no answer within {timeout_seconds:.0f} s")
        except requests.exceptions.RequestException as error:
            sent = not isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema)
            return NoReply(reason=type(error).__name__, sent=sent)


def _read(response: Any, deadline: float) -> Reply | NoReply:
    body = bytearray()
    for chunk in response.iter_content(CHUNK_BYTES):
        body += chunk
        if time.monotonic() > deadline:
            return NoReply(reason="the answer took too long to arrive")
        if len(body) > REPLY_BYTES_MAX:
            return NoReply(reason=f"the answer is longer than {REPLY_BYTES_MAX} bytes")
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Reply(status=response.status_code, headers=headers, body=bytes(body))


def _session(requests: Any) -> Any:
    """
    A session without the transport's own retries, which would spend quota unseen, and without the machine's proxies.
    """
    session = requests.Session()
    session.trust_env = False
    adapter = requests.adapters.HTTPAdapter(max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _never_connected(error: Exception) -> bool:
    """
    Whether the request certainly never reached the vendor: refused, no such host, no route.
    """
    import requests  # noqa: PLC0415 - loaded already when this runs
    from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError  # noqa: PLC0415 - as above

    if isinstance(error, requests.exceptions.SSLError | requests.exceptions.ProxyError):
        return True
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    return isinstance(reason, NewConnectionError | ConnectTimeoutError)


def _cause(error: Exception) -> str:
    """
    What happened to the connection, in words without addresses.
    """
    import requests  # noqa: PLC0415 - loaded already when this runs

    if isinstance(error, requests.exceptions.SSLError):
        return "the TLS handshake failed"
    return "the connection could not be made" if _never_connected(error) else "the connection broke"
