"""
Opening the console signed in: the demo's website signs in with the demo's account and hands its session to the browser.

Both listen on 127.0.0.1, and cookies do not tell ports apart. The console itself knows nothing of it: it is asked as by
anybody who types name and password.
"""

from __future__ import annotations

from html.parser import HTMLParser

import requests

from tests.demo.accounts import CONSOLE_NAME, CONSOLE_PASSWORD

ANSWER_SECONDS_MAX = 30


def signed_in(relay: str) -> str:
    """
    The Set-Cookie line of a new session. Raises requests.RequestException, and ValueError where the console refuses.
    """
    door = f"{relay}/console/sign-in"
    with requests.Session() as session:
        session.trust_env = False
        page = session.get(door, timeout=ANSWER_SECONDS_MAX)
        page.raise_for_status()
        hidden = _Hidden()
        hidden.feed(page.text)
        typed = {"name": CONSOLE_NAME, "password": CONSOLE_PASSWORD}
        answer = session.post(door, data=hidden.fields | typed, timeout=ANSWER_SECONDS_MAX, allow_redirects=False)
    if answer.status_code != 303 or "Set-Cookie" not in answer.headers:
        raise ValueError(f"the console answers {answer.status_code}")
    return answer.headers["Set-Cookie"]


class _Hidden(HTMLParser):
    """
    The hidden fields of a page's forms.
    """

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """
        Note one field.
        """
        found = dict(attrs)
        if tag == "input" and found.get("type") == "hidden":
            self.fields[found.get("name") or ""] = found.get("value") or ""
