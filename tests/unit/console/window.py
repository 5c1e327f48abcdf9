"""
An operator's browser in small: it keeps cookies, follows redirects, and sends the forms that it was shown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from chalicelib.console import passwords
from chalicelib.model import Envelope, Response
from tests.scenarios.world import CONFIG, World

PASSWORD = "correct horse battery"
STORED = passwords.digest(PASSWORD, b"a salt of 16 b..")
ACCOUNTS = f'{{"sato": "{STORED}", "tanaka": "{STORED}"}}'
WITH_CONSOLE = CONFIG + '\n[console]\naccounts = "env:CONSOLE"\n'
STAGE = "/api"


def world_with_console(config: str = WITH_CONSOLE) -> World:
    """A small world whose relay has a console."""
    world = World(config)
    world.secrets.values["env:CONSOLE"] = ACCOUNTS
    return world


@dataclass
class Form:
    """A form of a page: where it goes, and what it would send as it stands."""

    action: str
    method: str
    values: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class Page(HTMLParser):
    """A page as it was answered."""

    def __init__(self, answer: Response) -> None:
        super().__init__()
        self.answer, self.status = answer, answer.status
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self._text: list[str] = []
        self._quiet = False
        self.feed(answer.body)
        self.text = re.sub(r"\s+", " ", "".join(self._text))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        self._quiet = tag == "style"
        if tag == "form":
            self.forms.append(Form(action=given.get("action", ""), method=given.get("method", "get")))
        elif tag == "a":
            self.links.append(given.get("href", ""))
        elif tag == "input" and self.forms and given.get("name"):
            if given.get("type") != "checkbox" or "checked" in given:
                self.forms[-1].values.append((given["name"], given.get("value", "")))
        elif tag == "button" and self.forms and given.get("name"):
            self.forms[-1].buttons.append((given["name"], given.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        self._quiet = False if tag == "style" else self._quiet

    def handle_data(self, data: str) -> None:
        if not self._quiet:
            self._text.append(data)

    def form(self, ending: str) -> Form:
        """The form whose address ends so."""
        return next(form for form in self.forms if form.action.endswith(ending))


class Window:
    """One browser window on a relay's console."""

    def __init__(self, world: World, *, address: str = "203.0.113.7", language: str = "ja") -> None:
        self.world, self.address, self.language = world, address, language
        self.cookies: dict[str, str] = {}
        self.site = "same-origin"

    def get(self, path: str = "", *, follow: bool = True) -> Page:
        """Open a page of the console by its path below /console."""
        return self._ask("GET", f"{STAGE}/console{path}", b"", follow=follow)

    def post(self, address: str, values: Any, *, follow: bool = True) -> Page:
        """Send values to an address as a form does."""
        return self._ask("POST", address, urlencode(values).encode(), follow=follow)

    def send(self, form: Form, *more: tuple[str, str], follow: bool = True) -> Page:
        """Send a form as it was shown, with what was typed and clicked."""
        typed = {name for name, _ in more}
        return self.post(form.action, [*(each for each in form.values if each[0] not in typed), *more], follow=follow)

    def sign_in(self, name: str = "sato", password: str = PASSWORD) -> Page:
        """Sign in by the form."""
        return self.send(self.get("/sign-in").form("/sign-in"), ("name", name), ("password", password))

    def _ask(self, method: str, address: str, body: bytes, *, follow: bool) -> Page:
        parts = urlsplit(address)
        inner = [each for each in parts.path.removeprefix(f"{STAGE}/console").split("/") if each]
        envelope = Envelope(
            source="console",
            method=method,
            headers={
                "host": "relay.example.co.jp",
                "accept-language": self.language,
                "cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
                "sec-fetch-site": self.site,
                **({"content-type": "application/x-www-form-urlencoded"} if method == "POST" else {}),
            },
            query={name: tuple(texts) for name, texts in parse_qs(parts.query).items()},
            body=body,
            received_at=self.world.clock.now(),
        )
        context = {"path": parts.path, "identity": {"sourceIp": self.address}}
        page, name = [*inner, "", ""][:2]
        answer = self.world.relay.console(envelope, page, name, context)
        self._keep(answer.headers.get("Set-Cookie", ""))
        if follow and answer.status == 303:
            return self._ask("GET", answer.headers["Location"], b"", follow=True)
        return Page(answer)

    def _keep(self, cookie: str) -> None:
        name, _, rest = cookie.partition("=")
        value, _, attributes = rest.partition(";")
        if not name:
            return
        if "Max-Age=0" in attributes:
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value
