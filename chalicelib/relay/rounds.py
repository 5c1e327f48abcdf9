"""
One round of advancing a lane: what both kinds of lane share.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from chalicelib.errors import SecretUnavailable, StoreUnavailable
from chalicelib.model import Lane, Notice
from chalicelib.planning.ledger import Wait
from chalicelib.relay.deps import Deps
from chalicelib.relay.notices import Notices
from chalicelib.value import value

NAP_SECONDS_MAX = 5.0
"""
A worker waits so long for the lane's rate or pace; for anything longer it leaves, and the next minute's bell returns.
"""

SLOT_SECONDS_MAX = 15.0
"""
And so long for the next slot of a lane whose calls are counted by seconds.
"""

HIDE_SECONDS_MAX = 43_000
"""
SQS takes twelve hours, counted from when the message was received.
"""

RECEIVED_MAX = 10


@value
class Round:
    """
    What one round of advancing came to: go on at once, after a nap of `nap_seconds`, or leave (`more` is false).

    `swept`: the backlog was empty and the sweeper has sent missing messages. `called`: a vendor was called.
    """

    more: bool = False
    nap_seconds: float = 0.0
    swept: bool = False
    called: bool = False


class Rounds(Protocol):
    """
    The rounds of one kind of lane.
    """

    def round(self, lane: Lane, deadline: datetime) -> Round:
        """
        One round: at most what may be called now, and no call that the worker might not live to settle.
        """


def nap(verdict: Wait, now: datetime) -> Round:
    """
    Wait here for the rate, the pace or the next slot if it is short, else leave.
    """
    patience = {"rate": NAP_SECONDS_MAX, "pace": NAP_SECONDS_MAX, "quota": SLOT_SECONDS_MAX, "kept": SLOT_SECONDS_MAX}
    seconds = (verdict.until - now).total_seconds() if verdict.until else SLOT_SECONDS_MAX + 1
    if seconds <= patience.get(verdict.kind, 0.0):
        return Round(more=True, nap_seconds=max(seconds, 0.01))
    return Round()


def seconds_until(at: datetime, now: datetime) -> int:
    """
    For how long a message is hidden, as SQS takes it: whole seconds, at least one, at most twelve hours.
    """
    return int(min(max((at - now).total_seconds(), 1.0), HIDE_SECONDS_MAX))


def left(deps: Deps, notices: Notices, unavailable: StoreUnavailable, **where: str) -> None:
    """
    A store or a secret does not answer: the work waits where it is. Secrets are for operators to mend.
    """
    deps.ports.journal.log("backlog.left", reason=str(unavailable), **where)
    if isinstance(unavailable, SecretUnavailable):
        told = f"{unavailable}. Deliveries wait, nothing is lost. Write the value: ekiden secret put NAME"
        notices.tell((Notice(cause="secret", subject="A vendor's credentials cannot be read", text=told),))
