"""
What a poll found, row by row: which rows are news, and their way through the door.

Rows without an id of their own are news where the run before did not have them: the digests of its rows lie in one
object of the bucket, those of a run under way in another. Digests are keyed and say nothing of anybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from chalicelib.destinations.asking import Retrieval
from chalicelib.model import Delivery, Destination, Envelope, Lane, Poll, PollState, Source
from chalicelib.model.arrival import Json
from chalicelib.records.layout import dump
from chalicelib.relay.accepting import Door
from chalicelib.relay.deps import Deps
from chalicelib.relay.front import Front
from chalicelib.sources.polled import polled_event, row_digest
from chalicelib.value import value

FOLDER = "polls"
WOKEN_AT_ONCE = 200
LEAVE_SECONDS = 12
"""
How long before the end of its time a worker stops to store rows, so that it can still write down how far it came.
"""


@value
class Leg:
    """
    What one worker knows while it asks: the source, its poll and retrieval, the account, the lane, and until when.
    """

    source: Source
    poll: Poll
    retrieval: Retrieval
    destination: Destination
    lane: Lane
    deadline: datetime


class Later(Exception):
    """
    Not now, and nobody is to blame.
    """

    def __init__(self, until: datetime, why: str) -> None:
        super().__init__(why)
        self.until = until


class RowTaker:
    """
    Takes the rows of one run. `digests` are those of the rows it has seen so far.
    """

    def __init__(self, deps: Deps, door: Door, front: Front, leg: Leg, state: PollState) -> None:
        self._deps = deps
        self._door = door
        self._front = front
        self._leg = leg
        self._run = state.run
        self._key, self._older = deps.signing_key(), deps.older_signing_keys()
        self._remember_only = leg.poll.first == "remember" and state.done_at is None
        self._by_rows = leg.retrieval.known_by == "rows"
        self._before = self._read(state.snapshot)
        self.digests = self._read(state.part)

    def digest(self, row: Mapping[str, Json]) -> str:
        """
        What a row is known by within its run.
        """
        return row_digest(row, self._key)

    def take(self, rows: Sequence[Mapping[str, Json]]) -> int:
        """
        Store what is news; how many that were. Raises Later where time is up before all are stored.
        """
        taken = 0
        fresh: list[Delivery] = []
        for row in rows:
            digest = self.digest(row)
            if self._is_among(row, digest, self.digests):
                self.digests.add(digest)
                continue
            if self._deps.now() + timedelta(seconds=LEAVE_SECONDS) >= self._leg.deadline:
                self._front.wake(fresh)
                raise Later(self._deps.now(), "there are more rows than one worker has time for; it goes on")
            if not self._remember_only and not self._is_among(row, digest, self._before):
                found = self._store(row, digest)
                taken += found is not None
                fresh += found or ()
            self.digests.add(digest)
            if len(fresh) >= WOKEN_AT_ONCE:
                self._front.wake(fresh)
                fresh = []
        self._front.wake(fresh)
        return taken

    def keep(self, *, part: bool) -> str:
        """
        Lay down the digests, and return the object's name; "" where rows have ids of their own, and it is complete.
        """
        if not self._by_rows and not part:
            return ""
        name = f"{FOLDER}/{self._leg.source.name}/{self._run}{'-part' if part else ''}"
        self._deps.ports.bucket.put(name, "\n".join(sorted(self.digests)).encode())
        return name

    def _is_among(self, row: Mapping[str, Json], digest: str, digests: set[str]) -> bool:
        """
        Whether a row is known, also by a digest that was made before the key was rotated.
        """
        return digest in digests or any(row_digest(row, key) in digests for key in self._older)

    def _store(self, row: Mapping[str, Json], digest: str) -> tuple[Delivery, ...] | None:
        """
        The deliveries of a new event; None for one that is known already.
        """
        now = self._deps.now()
        event = polled_event(
            row,
            self._leg.source,
            key=self._key,
            arrival=now,
            dedupe=f"row:{self._run}:{digest}" if self._by_rows else "",
            doubt=self._leg.retrieval.doubt(row),
        )
        body = dump(row).encode("utf-8", "surrogatepass")
        envelope = Envelope(source=self._leg.source.name, body=body, received_at=now, verified=True)
        (stored,) = self._door.take([event], envelope, self._leg.source)
        return None if stored.duplicate else stored.deliveries

    def _read(self, name: str) -> set[str]:
        data = self._deps.ports.bucket.get(name) if name else None
        return set(data.decode("ascii").split()) if data else set()
