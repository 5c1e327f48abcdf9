"""
Visitors who send forms, and note what they were answered.
"""

from __future__ import annotations

import http.client
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from tests.demo.accounts import WEBSITE

ANSWER_SECONDS_MAX = 40
TRIES_MAX = 240
PAUSE_SECONDS = 0.5
CROWD = 12
THANKED = 303
NAME = "髙﨑①"


@dataclass(slots=True)
class Told:
    """
    The visitors' own books: which addresses were thanked, and what else was heard.

    `refused` counts answers that were no thanks; a connection that broke (the embedded AWS was away) is `unanswered`.
    """

    accepted: list[str] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    unanswered: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Visitors:
    """
    A crowd; every visitor has an address of their own. One who hears nothing sends the same form again.
    """

    def __init__(self, relay: str) -> None:
        parts = urlsplit(relay)
        self._host, self._port, self._path = str(parts.hostname), int(parts.port or 80), parts.path
        self._number = 0
        self._pause = threading.Event()

    def burst(self, forms: int, told: Told) -> None:
        """
        All at once, some at a time; half of them for each vendor.
        """
        with ThreadPoolExecutor(CROWD) as pool:
            list(pool.map(lambda number: self._send(number, told), self._numbers(forms)))

    def steadily(self, forms: int, per_second: float, told: Told) -> None:
        """
        One after the other at a steady rate, each in a window of its own.
        """
        begun = time.monotonic()
        with ThreadPoolExecutor(CROWD * 4) as pool:
            for place, number in enumerate(self._numbers(forms)):
                self._pause.wait(max(0.0, begun + place / per_second - time.monotonic()))
                pool.submit(self._send, number, told)

    def _numbers(self, forms: int) -> range:
        first, self._number = self._number, self._number + forms
        return range(first, self._number)

    def _send(self, number: int, told: Told) -> None:
        source = "contact" if number % 2 else "newsletter"
        address = f"{source}-{number}@example.co.jp"
        for _ in range(TRIES_MAX):
            status = self._post(source, urlencode({"email": address, "name": NAME}))
            with told.lock:
                if status == THANKED:
                    told.accepted.append(address)
                    return
                if status:
                    told.refused.append(status)
                else:
                    told.unanswered += 1
            self._pause.wait(PAUSE_SECONDS)

    def _post(self, source: str, body: str) -> int:
        """
        The status of the answer; 0 where there was none.
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
            answer.read()
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()
        return answer.status
