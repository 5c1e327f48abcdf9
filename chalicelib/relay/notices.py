"""
Telling operators, without a storm: a trouble once until it clears, an incident once an hour.

A trouble (a lane that is paused, a key that is held) stands open in the table from its notice on; the minute's worker
tells when it is over. An incident (a dead letter) happens, and is not over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from chalicelib.errors import StoreUnavailable
from chalicelib.model import Delivery, Notice, State
from chalicelib.model.upload import Import
from chalicelib.ports import Lost
from chalicelib.records import notices as records
from chalicelib.records.layout import notice_key
from chalicelib.relay.deps import Deps
from chalicelib.relay.faults import gist

QUIET_SECONDS = 3_600
SEEN_SECONDS = 300
"""
How often it is noted that an open trouble is still seen.
"""

INCIDENTS = ("dead:", "held:", "import:")
OPENED = "opened:"
"""
That a closed lane is open again: the end of the trouble `closed:`.
"""


class Notices:
    """
    Sends notices through the journal, and remembers in the table what was told and what stands open.
    """

    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    def tell(self, notices: Iterable[Notice]) -> None:
        """
        Tell what is news. A table that does not answer must not silence an alarm.
        """
        for notice in notices:
            if self._is_news(notice.cause):
                self.send(notice)

    def tell_of(self, deliveries: Iterable[Delivery]) -> None:
        """
        Tell of deliveries that need a person: dead letters, and held ones whose cause is not plain suspicion of spam.
        """
        for delivery in deliveries:
            if delivery.state is State.DEAD:
                self.tell((_dead(delivery),))
            elif delivery.state is State.HELD:
                self.tell((_held(delivery),))

    def send(self, notice: Notice) -> None:
        """
        Tell it, in Japanese and English, with a link into the console where there is one.
        """
        from chalicelib.relay.wording import worded  # noqa: PLC0415 - most requests have nothing to tell

        self._deps.ports.journal.notice(notice.cause, notice.subject, worded(notice, self._deps.config))

    def _is_news(self, cause: str) -> bool:
        table, now = self._deps.ports.table, self._deps.now()
        try:
            if cause.startswith(INCIDENTS):
                return not isinstance(table.write(records.incident(cause, now, QUIET_SECONDS)), Lost)
            if cause.startswith(OPENED):
                return self._is_over(f"closed:{cause.removeprefix(OPENED)}")
            written = table.write(records.opened(cause, now))
            if isinstance(written, Lost):
                self._still_there(written)
                return False
        except StoreUnavailable:
            return True
        return True

    def _is_over(self, cause: str) -> bool:
        """
        Close an open trouble; whether this worker is the one to tell. Of what was never noted, it tells as well.
        """
        written = self._deps.ports.table.write(records.cleared(cause, self._deps.now()))
        return not isinstance(written, Lost) or self._deps.ports.table.get([notice_key(cause)])[0] is None

    def _still_there(self, lost: Lost) -> None:
        now, found = self._deps.now(), records.from_item(lost.found.get(0))
        if found and (now - found.seen).total_seconds() >= SEEN_SECONDS:
            self._deps.ports.table.write(records.seen(found, now))


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
