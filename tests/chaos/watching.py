"""
Whoever stands between a vendor and its callers, and writes down what came and what was said.

These books are neither the relay's nor the vendor's: that a contact was carried twice is only right where the first
answer left a doubt, and only somebody who heard it can tell.
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from tests.sandbox.clock import jst_day
from tests.sandbox.wire import SandboxAnswer, SandboxRequest, Spoken

ADDRESS = re.compile(r"(?:contact|newsletter)-\d+@example\.co\.jp")
LATE_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Carriage:
    """
    One call: when it came (by a clock that nobody moves), whom it carried, and whether it was clearly told "taken".
    """

    at: float
    addresses: frozenset[str]
    clear: bool


class Watched:
    """
    A vendor, with somebody who listens. All else is the vendor's own.
    """

    def __init__(self, vendor: Any) -> None:
        self.vendor = vendor
        self.carriages: list[Carriage] = []
        self.calls_by_day: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.vendor, name)

    def handle(self, request: SandboxRequest) -> Spoken:
        """
        Let the vendor answer, and note it.
        """
        at = time.monotonic()
        self.calls_by_day[jst_day(self.vendor.clock())] += 1
        spoken: Spoken = self.vendor.handle(request)
        text = unquote_plus(request.body.decode("ascii", "replace"))
        found = frozenset(ADDRESS.findall(text))
        self.carriages.append(Carriage(at=at, addresses=found, clear=_is_clear(spoken)))
        return spoken

    def unclear(self) -> int:
        """
        How many calls were answered by anything but a plain yes.
        """
        return sum(not each.clear for each in self.carriages)


def _is_clear(spoken: Spoken) -> bool:
    """
    Whether this answer is a plain yes that came in time.
    """
    if not isinstance(spoken, SandboxAnswer) or spoken.status != 200 or spoken.delay_seconds > LATE_SECONDS:
        return False
    try:
        return isinstance(json.loads(spoken.body), dict)
    except ValueError:
        return False
