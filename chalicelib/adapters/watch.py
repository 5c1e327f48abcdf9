"""
One connection to a vendor, under watch: whether it ever stood, and its end when the time is up.

requests bounds each single read; a vendor that sends a byte now and then would keep a visitor, and a worker, for ever.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import requests
from urllib3.connection import HTTPConnection, HTTPSConnection


class Watch:
    """
    What is watched of one call. `connected` once the connection stands, TLS included: until then nothing was sent.

    After `seconds` its socket is shut, and whoever reads or writes there fails at once.
    """

    def __init__(self, seconds: float) -> None:
        self.connected = False
        self._sockets: list[socket.socket] = []
        self._expired = False
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()

    def session(self) -> requests.Session:
        """
        A session without the transport's own retries, which would spend quota unseen, and without proxies.
        """
        session = requests.Session()
        session.trust_env = False
        adapter = _Adapter(self, max_retries=0)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        return session

    def stands(self, connection: Any) -> None:
        """
        A connection was made.
        """
        self.connected = True
        self._sockets.append(connection.sock)
        if self._expired:
            self._cut()

    def _cut(self) -> None:
        self._expired = True
        for each in self._sockets:
            with suppress(OSError):
                # The plain socket's own: that of a TLS socket takes away what another thread is reading from.
                socket.socket.shutdown(each, socket.SHUT_RDWR)


class _Adapter(requests.adapters.HTTPAdapter):
    def __init__(self, watch: Watch, **given: Any) -> None:
        self._watch = watch
        super().__init__(**given)

    def get_connection_with_tls_context(self, *given: Any, **named: Any) -> Any:
        """
        The pool that requests would take, with connections that are under watch.
        """
        pool: Any = super().get_connection_with_tls_context(*given, **named)
        pool.ConnectionCls = _watched(pool.ConnectionCls, self._watch)
        return pool


def _watched(kind: type[HTTPConnection | HTTPSConnection], watch: Watch) -> Any:
    class Watched(kind):  # type: ignore[misc, valid-type]
        def connect(self) -> None:
            super().connect()
            watch.stands(self)

    return Watched
