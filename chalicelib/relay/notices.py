"""
Telling operators, without a storm: one notice per cause and hour.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from chalicelib.errors import StoreUnavailable
from chalicelib.model import Delivery, Notice, State
from chalicelib.model.upload import Import
from chalicelib.ports import Lost
from chalicelib.records.events import tell_once
from chalicelib.relay.deps import Deps
from chalicelib.relay.faults import gist

QUIET_SECONDS = 3_600
ALWAYS = ("paused:", "closed:", "opened:")
"""
Turns of a lane are told each time: they happen once, and the second may be the important one.
"""


class Notices:
    """
    Sends notices through the journal, and remembers in the table which causes were told lately.
    """

    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    def tell(self, notices: Iterable[Notice]) -> None:
        """
        Tell what has not been told within the hour. A table that does not answer must not silence an alarm.
        """
        for notice in notices:
            if notice.cause.startswith(ALWAYS) or self._is_news(notice.cause):
                self._deps.ports.journal.notice(notice.cause, notice.subject, notice.text)

    def tell_of(self, deliveries: Iterable[Delivery]) -> None:
        """
        Tell of deliveries that need a person: dead letters, and held ones whose cause is not plain suspicion of spam.
        """
        for delivery in deliveries:
            if delivery.state is State.DEAD:
                self.tell((_dead(delivery),))
            elif delivery.state is State.HELD:
                self.tell((_held(delivery),))

    def _is_news(self, cause: str) -> bool:
        try:
            written = self._deps.ports.table.write(tell_once(cause, self._deps.now(), QUIET_SECONDS))
        except StoreUnavailable:
            return True
        return not isinstance(written, Lost)


def rows_at_fault(found: Import, bad: Mapping[str, int]) -> Notice:
    """
    A file was read to its end, and some of its rows need a person.
    """
    told = ", ".join(f"{count:,} {state}" for state, count in bad.items())
    return Notice(
        cause=f"import:{found.source}",
        subject=f"A file of {found.source} has rows at fault",
        text=(
            f"Of {found.rows:,} rows of the file {found.filename} (import {found.id}) these need a person: {told}. "
            "The others go their way. Each says its line: ekiden dead list, ekiden held list."
        ),
    )


def _dead(delivery: Delivery) -> Notice:
    place = f"{delivery.source} -> {delivery.destination or '(no destination)'}"
    return Notice(
        cause=f"dead:{delivery.source}:{delivery.destination}",
        subject=f"Dead letter: {place}",
        text=(
            f"A delivery from {place} cannot be sent as it is: {gist(delivery.reason)}. It is kept. "
            f"Look at it: ekiden dead show {delivery.id}; mend it: ekiden dead fix {delivery.id} FIELD=VALUE. "
            "More of the same kind within the hour are not told one by one: ekiden dead list."
        ),
    )


def _held(delivery: Delivery) -> Notice:
    return Notice(
        cause=f"held:{delivery.source}",
        subject=f"Held: events of {delivery.source}",
        text=(
            f"An event of {delivery.source} waits for a person: {gist(delivery.reason)}. "
            "Look at it: ekiden held list; then: ekiden held release ID, or: ekiden held drop ID."
        ),
    )
