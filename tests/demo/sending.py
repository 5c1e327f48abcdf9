"""
Those who send: a visitor with a browser, a crowd of them, and a CRM. All of it is real HTTP.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import requests

from tests.demo.accounts import CRM_TOKEN

CROWD = 16
ANSWER_SECONDS_MAX = 30
BROWSER = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "ja,en;q=0.8",
    "User-Agent": "Mozilla/5.0 (demo visitor)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """
    What a visitor got: the relay's status and redirect, how long it took, and what the thank-you page's tag would read.
    """

    status: int
    location: str
    seconds: float
    page: str = ""
    tag: str = ""


class Visitor:
    """
    One browser: it keeps cookies, reads the form's page, sends what is typed, and goes where it is sent.
    """

    def __init__(self, site: str, relay: str) -> None:
        self._site = site
        self._relay = relay
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers.update(BROWSER)

    def submit(self, form: str, fields: Mapping[str, str]) -> Landed:
        """
        Open the form's page, fill it in, send it, follow the redirect, and load what the thank-you page embeds.
        """
        page = f"{self._site}/{form}"
        asked = _read(self._get(page))
        sent = self.send(urljoin(page, asked.action), {**asked.inputs, **fields}, page=page)
        if not sent.location:
            return sent
        shown = _read(self._get(sent.location))
        if shown.frame:
            self._get(shown.frame)
        return Landed(
            status=sent.status, location=sent.location, seconds=sent.seconds, page=sent.location, tag=shown.tag
        )

    def send(self, action: str, fields: Mapping[str, str], *, page: str) -> Landed:
        """
        Send a form as a browser does, without following the redirect.
        """
        headers = {"Origin": self._site, "Referer": page, "Sec-Fetch-Mode": "navigate"}
        started = time.monotonic()
        answer = self._session.post(
            action, data=dict(fields), headers=headers, allow_redirects=False, timeout=ANSWER_SECONDS_MAX
        )
        seconds = time.monotonic() - started
        return Landed(status=answer.status_code, location=answer.headers.get("Location", ""), seconds=seconds)

    def click(self, form: str, fields: Mapping[str, str]) -> Landed:
        """
        Send a form whose page has been open for a while.
        """
        return self.send(f"{self._relay}/in/{form}", fields, page=f"{self._site}/{form}")

    def browser(self) -> str:
        """
        What the website calls this browser.
        """
        return str(self._session.cookies.get("visitor", ""))

    def close(self) -> None:
        """
        Close the window.
        """
        self._session.close()

    def _get(self, address: str) -> str:
        answer = self._session.get(address, timeout=ANSWER_SECONDS_MAX)
        answer.raise_for_status()
        return answer.text


def crowd(
    site: str,
    relay: str,
    form: str,
    people: Sequence[Mapping[str, str]],
    *,
    done: Callable[[], object] = lambda: None,
) -> list[Landed]:
    """
    Many people send one form, sixteen at a time; `done` is told of each.
    """

    def one(fields: Mapping[str, str]) -> Landed:
        visitor = Visitor(site, relay)
        try:
            return visitor.click(form, fields)
        finally:
            visitor.close()
            done()

    pool = ThreadPoolExecutor(CROWD, thread_name_prefix="visitor")
    try:
        return list(pool.map(one, people))
    finally:
        # Whoever ends the demo in the midst of a burst must not wait for the rest of it.
        pool.shutdown(cancel_futures=True)


def warm(relay: str) -> None:
    """
    Ask the relay whether it is well, from many sides at once, so that as many workers of its door have been started.

    On AWS the cold starts of a burst run on machines of their own; here they would share this one with the burst.
    """
    with ThreadPoolExecutor(CROWD) as pool:
        for answer in pool.map(lambda _: requests.get(f"{relay}/health", timeout=ANSWER_SECONDS_MAX), range(CROWD)):
            answer.raise_for_status()


def webhook(relay: str, events: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """
    A CRM sends events; what it is answered. Raises requests.HTTPError where it is refused.
    """
    with requests.Session() as session:
        session.trust_env = False
        answer = session.post(
            f"{relay}/in/crm",
            json={"events": list(events)},
            headers={"X-Relay-Token": CRM_TOKEN},
            timeout=ANSWER_SECONDS_MAX,
        )
        answer.raise_for_status()
        told: dict[str, Any] = answer.json()
        return told


class _Page(HTMLParser):
    """
    What a browser needs of a page: where its form goes and what is filled in already, the tag's value, its frame.
    """

    def __init__(self) -> None:
        super().__init__()
        self.action = self.tag = self.frame = ""
        self.inputs: dict[str, str] = {}
        self._in_tag = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = given.get("action", "")
        elif tag == "iframe":
            self.frame = given.get("src", "")
        elif tag == "input" and given.get("type") not in {"checkbox", "radio"} and "name" in given:
            self.inputs[given["name"]] = given.get("value", "")
        self._in_tag = tag == "code" and given.get("id") == "c"

    def handle_data(self, data: str) -> None:
        if self._in_tag:
            self.tag += data

    def handle_endtag(self, tag: str) -> None:
        self._in_tag = self._in_tag and tag != "code"


def _read(page: str) -> _Page:
    reader = _Page()
    reader.feed(page)
    reader.close()
    return reader
