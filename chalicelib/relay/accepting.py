"""
The door: an envelope is verified, understood, stored, and only then answered.

Stored means: one conditional transaction per event, with all its deliveries; or, where the table refuses, the whole
envelope in the inbox queue. If both refuse, the sender hears 503 and tries again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib import sources
from chalicelib.errors import EnvelopeRefused, StoreUnavailable
from chalicelib.model import Delivery, Envelope, Event, LaneKey, Notice, Source, State
from chalicelib.ports import Lost, Query
from chalicelib.records import deliveries as delivery_records
from chalicelib.records import events as event_records
from chalicelib.records.events import Acceptance
from chalicelib.records.layout import dump, event_key
from chalicelib.relay import inbox
from chalicelib.relay.bells import backlog_call, send_quietly
from chalicelib.relay.ceilings import hold_over_ceiling, uncount
from chalicelib.relay.deps import Deps
from chalicelib.relay.drafting import Arrival, Drafted, draft, refuse_what_the_visitor_can_mend
from chalicelib.relay.notices import Notices
from chalicelib.relay.whose import who_is_it
from chalicelib.value import value

STORE_TRIES_MAX = 5
BELIEF_SECONDS = 20
"""
How long a worker believes that a batch key has its backlog message, without asking the table. A row that such a belief
leaves without a message is found by the sweeper at the next minute.
"""

DELIVERIES_PER_EVENT_MAX = 30
RAW_CHARS_MAX = 100_000
EVENT_BYTES_MAX = 300_000
"""
What an item of the table, 400 KB at most, keeps of an event's fields.
"""

SURELY_SMALL_BYTES = 40_000
"""
A body so small cannot grow beyond that, even if every character of it has to be escaped.
"""


@value
class Stored:
    """
    One event after the write: its id and deliveries; `duplicate` if it had been stored before.
    """

    event_id: str
    deliveries: tuple[Delivery, ...] = ()
    duplicate: bool = False


@value
class Admitted:
    """
    An envelope after the writes: its events, and where the visitor wants to go. `in_inbox`: only the inbox took it.
    """

    stored: tuple[Stored, ...] = ()
    next_url: str = ""
    in_inbox: bool = False


class Door:
    """
    Takes envelopes in.
    """

    def __init__(self, deps: Deps, notices: Notices) -> None:
        self._deps = deps
        self._notices = notices
        self._believed_due: dict[tuple[str, str], datetime] = {}

    def admit(self, envelope: Envelope, source: Source, secrets: Mapping[str, str]) -> Admitted:
        """
        Understand and store a verified envelope.

        Raises EnvelopeRefused for what the sender can mend, StoreUnavailable if both stores refuse.
        """
        deps, knock = self._deps, sources.Knock(events=())
        stored: list[Stored] = []
        try:
            key = deps.signing_key()
            older = deps.older_signing_keys()
            knock = sources.understand(
                envelope,
                source,
                secrets=secrets,
                signing_key=key,
                now=deps.now(),
                older_keys=older,
            )
            for event in knock.events:
                stored.append(self._take(event, envelope, source, key, knock.values))  # noqa: PERF401 - some may be in
        except StoreUnavailable as unavailable:
            if envelope.verified:
                raise  # it is in the inbox already, and stays there until the table takes it
            inbox.keep(deps, envelope, source, unavailable, secrets=secrets)
            self._notices.tell((_in_inbox(unavailable),))
            return Admitted(stored=tuple(stored), next_url=knock.next_url, in_inbox=True)
        return Admitted(stored=tuple(stored), next_url=knock.next_url)

    def take(self, events: Iterable[Event], envelope: Envelope, source: Source) -> list[Stored]:
        """
        Store events of a verified envelope. Raises StoreUnavailable; what is stored by then stays so.
        """
        key = self._deps.signing_key()
        return [self._take(event, envelope, source, key, ()) for event in events]

    def admit_unusable(self, envelope: Envelope, why: str) -> Stored:
        """
        Store an envelope that was promised to its sender and turns out to be unreadable: held, for a person to see.
        """
        raw = envelope.body.decode("utf-8", "backslashreplace")[:RAW_CHARS_MAX]
        event = Event(
            source=envelope.source,
            kind="unusable",
            time=envelope.received_at,
            fields={"_raw": raw},
            dedupe=hashlib.sha256(envelope.body).hexdigest(),
            dedupe_seconds=600,
            hold=why,
        )
        return self.keep_unusable(event, envelope.received_at)

    def keep_unusable(self, event: Event, at: datetime) -> Stored:
        """
        Store an event that nobody can understand yet: held, for a person to see.
        """
        arrival = Arrival(event_id=self._deps.ports.chance.id(at), event=event, at=at, signing_key=b"")
        return self._store(arrival, draft(arrival, self._deps))

    def deliveries_of(self, event_id: str) -> tuple[Delivery, ...]:
        """
        The deliveries of an event as they stand now.
        """
        query = Query(pk=event_key(event_id).pk, prefix="DELIVERY#", limit=DELIVERIES_PER_EVENT_MAX * 4)
        return tuple(delivery_records.from_item(item) for item in self._deps.ports.table.query(query))

    def _take(
        self,
        event: Event,
        envelope: Envelope,
        source: Source,
        signing_key: bytes,
        values: tuple[tuple[str, str], ...],
    ) -> Stored:
        at = envelope.received_at
        if len(envelope.body) > SURELY_SMALL_BYTES:
            event = _bounded(event, is_form=source.form is not None)
        held = hold_over_ceiling(self._deps, event, source, at)
        arrival = Arrival(event_id=self._deps.ports.chance.id(at), event=held, at=at, signing_key=signing_key)
        drafted = draft(arrival, self._deps)
        if not envelope.verified:
            refuse_what_the_visitor_can_mend(drafted, source, values)
        return self._store(arrival, drafted)

    # ── storing ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _store(self, arrival: Arrival, drafted: Drafted) -> Stored:
        """
        One transaction: the event, its deliveries, its contacts, and the marks of batch keys that begin to wait.
        """
        acceptance = Acceptance(
            event_id=arrival.event_id,
            event=arrival.event,
            arrived_at=arrival.at,
            deliveries=drafted.deliveries,
            who=who_is_it(self._deps, arrival, drafted.deliveries),
        )
        marked: frozenset[tuple[str, str]] = frozenset()
        for _ in range(STORE_TRIES_MAX):
            keys = self._keys_to_mark(drafted, acceptance.deliveries, marked)
            attempt = replace(acceptance, keys=keys)
            writes = event_records.accept(attempt, self._deps.config.retention)
            result = self._deps.ports.table.write(*writes)
            if not isinstance(result, Lost):
                return self._stored(attempt)
            why = event_records.refusals(writes, result)
            if why.duplicate_of == acceptance.event_id:
                return self._stored(attempt)  # a try before this one took effect after all
            if why.duplicate_of:
                uncount(self._deps, acceptance.event, arrival.at)
                return Stored(event_id=why.duplicate_of, duplicate=True)
            marked |= why.marked_keys
            self._believe(why.marked_keys)
            acceptance = replace(acceptance, deliveries=hold_full(acceptance.deliveries, why.full_contacts))
        raise StoreUnavailable("the table keeps refusing an event", maybe_applied=False)

    def _stored(self, acceptance: Acceptance) -> Stored:
        """
        After the write: messages for the keys that begin to wait, the log, the notices. None of it can undo the write.
        """
        self._believe((lane, key.name) for lane, key in acceptance.keys)
        for lane, key in acceptance.keys:
            send_quietly(self._deps, lane, backlog_call(key))
        event = acceptance.event
        self._deps.ports.journal.log(
            "envelope.accepted",
            correlation_id=acceptance.event_id,
            source=event.source,
            kind=event.kind,
            deliveries=[
                f"{each.destination or '-'}:{each.operation or '-'}:{each.state}" for each in acceptance.deliveries
            ],
            hold=event.hold,
        )
        self._deps.ports.journal.measure("events_accepted", 1, "Count", source=event.source)
        for each in acceptance.deliveries:
            if each.state in {State.DEAD, State.HELD}:
                self._deps.ports.journal.measure(f"deliveries_{each.state}", 1, "Count", lane=each.lane or "-")
        self._notices.tell_of(acceptance.deliveries)
        return Stored(event_id=acceptance.event_id, deliveries=acceptance.deliveries)

    def _keys_to_mark(
        self,
        drafted: Drafted,
        found: tuple[Delivery, ...],
        marked: frozenset[tuple[str, str]],
    ) -> tuple[tuple[str, LaneKey], ...]:
        now = self._deps.now()
        waiting = {(each.lane, each.key) for each in found if each.state is State.WAITING}
        return tuple(
            (place[0], key)
            for place, key in drafted.keys.items()
            if place in waiting and place not in marked and self._believed_due.get(place, now) <= now
        )

    def _believe(self, places: Iterable[tuple[str, str]]) -> None:
        until = self._deps.now() + timedelta(seconds=BELIEF_SECONDS)
        self._believed_due.update(dict.fromkeys(places, until))


def _in_inbox(why: StoreUnavailable) -> Notice:
    return Notice(
        cause="inbox",
        subject="Submissions go to the inbox",
        text=(
            f"They cannot be stored now: {why}. They are accepted and kept in the inbox queue, and are stored as soon "
            "as that is mended. If it names a secret, write it: ekiden secret put NAME"
        ),
    )


def _bounded(event: Event, *, is_form: bool) -> Event:
    """
    An event that one item of the table can hold. A visitor may shorten a form; what else is larger is held, cut off.
    """
    text = dump(event.fields)
    if len(text.encode()) <= EVENT_BYTES_MAX:
        return event
    if is_form:
        raise EnvelopeRefused(413, "too_large", f"The fields together are larger than {EVENT_BYTES_MAX:,} bytes.")
    why = f"larger than {EVENT_BYTES_MAX:,} bytes; the beginning is kept"
    return replace(event, kind="unusable", fields={"_raw": text[: RAW_CHARS_MAX // 2]}, hold=why)


def hold_full(found: tuple[Delivery, ...], full_contacts: frozenset[str]) -> tuple[Delivery, ...]:
    """
    A contact with hundreds of undelivered submissions is no person: what more comes is held.
    """
    return tuple(
        replace(
            each, state=State.HELD, reason="too many deliveries of one address wait already", settled_at=each.arrived_at
        )
        if each.contact in full_contacts and each.state is State.WAITING
        else each
        for each in found
    )
