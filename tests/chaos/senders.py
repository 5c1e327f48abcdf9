"""
Visitors who send forms, and note what they were answered.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from tests.demo.accounts import WEBSITE

ANSWER_SECONDS_MAX = 40
TRIES_MAX = 240
PAUSE_SECONDS = 0.5
SHOWN_CHARS = 200
CROWD = 16
"""
As many as workers are warm: cold starts share this machine with all the rest, as they do not on AWS.
"""
THANKED = 303
NAME = "山田"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unthanked:
    """
    A knock that was not thanked: from when to when it lasted, and what came.

    `status` 0: no answer at all. `relays`: it was the relay itself that answered, not the platform in front of it.
    """

    address: str
    begun: float
    ended: float
    status: int
    relays: bool
    said: str = ""


@dataclass(slots=True)
class Told:
    """
    The visitors' own books: which addresses were thanked, which never were, and every knock that was in vain.
    """

    accepted: list[str] = field(default_factory=list)
    never: list[str] = field(default_factory=list)
    unthanked: list[Unthanked] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Visitors:
    """
    A crowd; every visitor has an address of their own. Whoever is not thanked sends the same form again.
    """

    def __init__(self, relay: str) -> None:
        parts = urlsplit(relay)
        self._host, self._port, self._path = str(parts.hostname), int(parts.port or 80), parts.path
        self._number = 0
        self._pause = threading.Event()

    def burst(self, forms: int, told: Told, done: Callable[[], None]) -> None:
        """
        All at once, some at a time; half of them for each vendor.
        """
        with ThreadPoolExecutor(CROWD) as pool:
            list(pool.map(lambda number: self._send(number, told, done), self._numbers(forms)))

    def steadily(self, forms: int, per_second: float, told: Told, done: Callable[[], None]) -> None:
        """
        One after the other at a steady rate, each in a window of its own.
        """
        begun = time.monotonic()
        with ThreadPoolExecutor(CROWD) as pool:
            for place, number in enumerate(self._numbers(forms)):
                self._pause.wait(max(0.0, begun + place / per_second - time.monotonic()))
                pool.submit(self._send, number, told, done)

    def _numbers(self, forms: int) -> range:
        first, self._number = self._number, self._number + forms
        return range(first, self._number)

    def _send(self, number: int, told: Told, done: Callable[[], None]) -> None:
        source = "contact" if number % 2 else "newsletter"
        address = f"{source}-{number}@example.co.jp"
        body = urlencode({"email": address, "name": NAME})
        for _ in range(TRIES_MAX):
            begun = time.monotonic()
            status, relays, said = self._post(source, body)
            with told.lock:
                if status == THANKED:
                    told.accepted.append(address)
                    done()
                    return
                ended = time.monotonic()
                told.unthanked.append(
                    Unthanked(address=address, begun=begun, ended=ended, status=status, relays=relays, said=said)
                )
            self._pause.wait(PAUSE_SECONDS)
        with told.lock:
            told.never.append(address)
            done()

    def _post(self, source: str, body: str) -> tuple[int, bool, str]:
        """
        The status of the answer, 0 where there was none; whether the relay's own words were in it; and how it began.
        """
        connection = http.client.HTTPConnection(self._host, self._port, timeout=ANSWER_SECONDS_MAX)
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "text/html",
            "Origin": WEBSITE,
            "Connection": "close",
        }
        try:
            connection.request("POST", f"{self._path}/in/{source}", body, headers)
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as broken:
            return 0, False, type(broken).__name__
        finally:
            connection.close()
        return answer.status, (answer.getheader("Content-Type") or "").startswith("text/html"), text[:SHOWN_CHARS]
