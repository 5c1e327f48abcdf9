"""
Visitors' windows, and what happens in them that should not: errors in the console, anything from elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Route

HERE = "127.0.0.1"
WAIT_MS_MAX = 15_000
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
DESKTOP = {"viewport": {"width": 1280, "height": 800}}
_STATUS = "Failed to load resource: the server responded with a status of "
"""
How a browser notes any status from 400 on, also of a page that it shows.
"""


@dataclass
class Windows:
    """
    Opens windows in one browser and watches them: `errors` of their consoles, `elsewhere` what they asked others for.
    """

    browser: Browser
    errors: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    sent: list[Request] = field(default_factory=list)
    _open: list[BrowserContext] = field(default_factory=list)

    def open(self, kind: Mapping[str, Any] = DESKTOP, **options: Any) -> Page:
        """
        A new visitor's window of this kind.
        """
        context = self.browser.new_context(**{"locale": "ja-JP", **kind, **options})
        self._open.append(context)
        context.set_default_timeout(WAIT_MS_MAX)
        context.route(lambda address: urlsplit(address).hostname != HERE, self._refuse)
        context.on("console", self._note)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        context.on("request", self._count)
        return context.new_page()

    def close(self) -> None:
        """
        Close all of them.
        """
        for context in self._open:
            context.close()

    def _refuse(self, route: Route) -> None:
        self.elsewhere.append(route.request.url)
        route.abort()

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(_STATUS):
            self.errors.append(message.text)

    def _count(self, request: Request) -> None:
        if request.method == "POST":
            self.sent.append(request)
