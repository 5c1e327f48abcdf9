"""
The demo's website as an HTTP server on this machine: it only shows pages, the forms go to the relay.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import requests

from chalicelib.model import Form
from tests.demo import pages
from tests.demo.signing_in import signed_in

COOKIE = "visitor"
OPERATOR = "/operator"
"""
Where this site leads its own people into the console.
"""

TAG_CHARS_MAX = 200
IDLE_SECONDS_MAX = 20
SCRIPTED = frozenset({"download"})
"""
The forms whose pages load ekiden.js; the others are HTML alone.
"""


class Website:
    """
    A company's site with its forms. It listens from the start, and knows its forms once the relay is there (`open`).
    """

    def __init__(self, port: int = 0) -> None:
        self.forms: Mapping[str, Form] = {}
        self.relay = self.satori = self.faq = ""
        self.behind: Mapping[str, str] = {}
        self._server = _Server(("127.0.0.1", port), self)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def open(
        self, forms: Mapping[str, Form], *, relay: str, satori: str, behind: Mapping[str, str], faq: str = ""
    ) -> None:
        """
        Show these forms, which go to the relay at `relay`; `behind` are links for the curious, by label.

        `faq` is the address of a lookup that the start page may ask.
        """
        self.forms, self.relay, self.satori, self.behind, self.faq = forms, relay, satori, behind, faq

    def page(self, target: str, browser: str) -> tuple[int, str]:
        """
        The status and the page at an address of this site.
        """
        address = urlsplit(target)
        name = address.path.strip("/")
        if not name:
            return 200, pages.start_page(self.forms, self.behind, faq=self.faq)
        if name == "thanks":
            query = parse_qs(address.query)
            tag = query.get("c", [""])[0][:TAG_CHARS_MAX]
            if "ekiden" in query and not tag:
                return 200, pages.late_page(f"{self.relay}/thanks.js", satori=self.satori, browser=browser)
            return 200, pages.thanks_page(tag, satori=self.satori, browser=browser)
        if name in self.forms:
            script = f"{self.relay}/ekiden.js" if name in SCRIPTED else ""
            return 200, pages.form_page(self.forms[name], f"{self.relay}/in/{name}", script=script)
        return 404, pages.missing_page()

    def policy(self) -> str:
        """
        What a page of this site may load and where its forms may go.
        """
        return (
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; "
            f"script-src 'self' {_origin(self.relay)}; connect-src {_origin(self.relay)}; "
            f"frame-src {self.satori}; form-action 'self' {_origin(self.relay)}"
        )

    def close(self) -> None:
        """
        Stop listening.
        """
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _origin(address: str) -> str:
    """
    Scheme and host alone: with a path, a browser would let forms go to that very path only.
    """
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], site: Website) -> None:
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
        if self.path == OPERATOR:
            self._to_console()
            return
        browser, is_new = self._browser()
        site = self.server.site
        is_script = self.path in pages.SCRIPTS
        status, page = (200, pages.SCRIPTS[self.path]) if is_script else site.page(self.path, browser)
        body = page.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"text/{'javascript' if is_script else 'html'}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", site.policy())
        self.send_header("Cache-Control", "no-store")
        if is_new:
            self.send_header("Set-Cookie", f"{COOKIE}={browser}; Path=/; HttpOnly; SameSite=Lax")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _to_console(self) -> None:
        """
        Into the console, signed in; to its own door where that cannot be.
        """
        relay = self.server.site.relay
        try:
            cookie = signed_in(relay)
        except (requests.RequestException, ValueError):
            cookie = ""
        self.send_response(303)
        self.send_header("Location", f"{relay}/console")
        self.send_header("Cache-Control", "no-store")
        if cookie:
            self.send_header("Set-Cookie", cookie)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET  # noqa: N815 - the parent's names

    def _browser(self) -> tuple[str, bool]:
        """
        The name of this visitor's browser, and whether it has just got it.
        """
        try:
            known = SimpleCookie(self.headers.get("Cookie", "")).get(COOKIE)
        except CookieError:
            known = None
        if known is not None and known.value.isalnum():
            return known.value, False
        return secrets.token_hex(8), True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the parent's signature
        """
        Say nothing: the demo has a story of its own to tell.
        """
