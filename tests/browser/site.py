"""
A site of pages written by hand: bytes as they are, and no charset in the header, so that the page's own holds.
"""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any, Self

IDLE_SECONDS_MAX = 20
EMPTY = b'<!DOCTYPE html><html lang="ja"><head><meta charset="utf-8"><title>-</title></head><body></body></html>'


class Site:
    """
    Pages by path; another port is another origin. An unknown path is an empty page.
    """

    def __init__(self) -> None:
        self.pages: dict[str, bytes] = {}
        self._server = _Server(("127.0.0.1", 0), self)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def page(self, path: str, text: str, charset: str = "utf-8") -> str:
        """
        Put a page there, as bytes of this charset; returns its address.
        """
        self.pages[path] = text.encode(charset)
        return self.url + path

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], site: Site) -> None:
        self.site = site
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """
        Say nothing of a browser that goes away in the midst of an answer.
        """


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = IDLE_SECONDS_MAX

    def do_GET(self) -> None:
        body = self.server.site.pages.get(self.path, EMPTY)
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the parent's signature
        """
        Say nothing: the tests tell.
        """
