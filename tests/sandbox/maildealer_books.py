"""
Mail Dealer's own books: how many calls a mailbox made, and who was written when.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from tests.sandbox.kit import Ledger
from tests.sandbox.maildealer_switches import MailDealerSwitches

MINUTE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailDealerCall:
    """
    One call as it arrived: `ends_at` is when it was answered, `answer` is "200", "429/6" … or "no answer".

    `address` is whom a cust/update was about.
    """

    at: datetime
    ends_at: datetime
    api: str
    mailbox: int | None
    address: str
    answer: str

    def as_dict(self) -> dict[str, Any]:
        """
        The call as JSON values.
        """
        return {
            "at": self.at.isoformat(),
            "ends_at": self.ends_at.isoformat(),
            "api": self.api,
            "mailbox": self.mailbox,
            "address": self.address,
            "answer": self.answer,
        }


@dataclass(slots=True)
class RateBook:
    """
    When each mailbox was called, by API, and whether the call was let in.
    """

    seen: dict[int, list[tuple[datetime, str, bool]]] = field(default_factory=lambda: defaultdict(list))

    def admit(self, at: datetime, mailbox: int, api: str, switches: MailDealerSwitches) -> bool:
        """
        Count one more call; whether the limit lets it in.
        """
        used = sum(
            1
            for then, its_api, admitted in reversed(self.seen[mailbox][-2_000:])
            if _together(then, at, switches)
            and (switches.rate_scope == "mailbox" or its_api == api)
            and (admitted or switches.rate_rejects == "count")
        )
        admitted = used < switches.rate_per_minute
        self.seen[mailbox].append((at, api, admitted))
        return admitted


def _together(then: datetime, now: datetime, switches: MailDealerSwitches) -> bool:
    if switches.rate_window == "sliding":
        return now - then < MINUTE
    return then.replace(second=0, microsecond=0) == now.replace(second=0, microsecond=0)


def busiest_minute(calls: Sequence[MailDealerCall], mailbox: int) -> int:
    """
    The most calls of one mailbox in any 60 seconds, refused ones too.
    """
    ledger = Ledger()
    for call in calls:
        if call.mailbox == mailbox:
            ledger.note(call.at)
    return ledger.busiest(60)


def overlapping_writers(calls: Sequence[MailDealerCall]) -> list[str]:
    """
    Addresses for which two updates were under way at once; must be empty.
    """
    by_address: dict[tuple[int | None, str], list[MailDealerCall]] = defaultdict(list)
    for call in calls:
        if call.address:
            by_address[call.mailbox, call.address.lower()].append(call)
    found = []
    for (_, address), its in by_address.items():
        its.sort(key=lambda call: call.at)
        if any(later.at < earlier.ends_at for earlier, later in pairwise(its)):
            found.append(address)
    return found


def answers(calls: Sequence[MailDealerCall]) -> dict[str, int]:
    """
    How often each answer was given.
    """
    return dict(Counter(call.answer for call in calls))
