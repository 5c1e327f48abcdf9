"""
The front of the relay: from an envelope to its answer.

For a browser form, a delivery whose answer the visitor waits for is tried inside the request, within the form's
patience. Everything else is woken by a bell or waits for its batch; the answer never depends on it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from math import ceil

from chalicelib import sources
from chalicelib.errors import EnvelopeRefused, StoreUnavailable
from chalicelib.model import Delivery, Envelope, Response, Source, State
from chalicelib.records.deliveries import IN_BACKLOG
from chalicelib.relay import answers, faults, inbox
from chalicelib.relay.accepting import Admitted, Door, Stored
from chalicelib.relay.bells import backlog_delivery, bell, ring_quietly, send_quietly
from chalicelib.relay.calls import Caller
from chalicelib.relay.deps import Deps
from chalicelib.relay.guarding import Guard
from chalicelib.relay.notices import Notices
from chalicelib.relay.taking_files import ROWS_AT_ONCE_MAX, FileDoor
from chalicelib.relay.tries import Tried
from chalicelib.sources.respond import cors

LEAST_PATIENCE_SECONDS = 0.5
ANSWER_MARGIN_SECONDS = 0.15
POLL_SECONDS = 0.1
POLLS_MAX = 200
BELLS_MAX = 5
"""
More fresh deliveries than this for one lane go to its backlog, with one bell: they could not all go at once anyway.
"""

DELAY_SECONDS_MAX = 900
SOON_SECONDS = 60
"""
An excess call that may go within a minute is worth a bell; what must wait longer, the minute's own bell finds.
"""

NOT_A_PAGE = EnvelopeRefused(405, "method", "This address takes what forms and programs send; there is no page here.")
UNAVAILABLE = EnvelopeRefused(503, "unavailable", "Please try again in a moment.")


class Front:
    """
    Answers envelopes.
    """

    def __init__(self, deps: Deps, door: Door, caller: Caller, notices: Notices) -> None:
        self._deps = deps
        self._door = door
        self._caller = caller
        self._guard = Guard(deps, notices)
        self._files = FileDoor(deps, door)

    def accept(self, envelope: Envelope) -> Response:
        """
        Verify, store, deliver what a visitor waits for, answer. Never raises.
        """
        envelope, journal = sources.faces.faced(envelope), self._deps.ports.journal
        source = sources.faces.source_for(envelope, self._deps.config.sources)
        name = source.name if source else "(unknown)"
        try:
            return self._accept(envelope, source)
        except EnvelopeRefused as refused:
            journal.log("envelope.refused", source=name, status=refused.status, code=refused.code)
            return sources.problem(envelope, source, refused)
        except StoreUnavailable as unavailable:
            journal.log("envelope.not_stored", source=name, reason=str(unavailable))
        except Exception:  # noqa: BLE001 - nothing was kept, so nothing is promised; the sender tries again
            journal.log("fault", where="door", source=name, traceback=faults.for_log())
        return sources.problem(envelope, source, UNAVAILABLE)

    def preflight(self, envelope: Envelope) -> Response:
        """
        The answer to a browser that asks whether a page may send here.
        """
        return sources.preflight(envelope, self._deps.config.sources.get(envelope.source))

    def fill_token(self, envelope: Envelope) -> Response:
        """
        A fresh fill-time token, for the page of a form to carry as `_token`.
        """
        source = self._deps.config.sources.get(envelope.source)
        if source is None or source.form is None:
            return sources.problem(envelope, source, sources.unauthorized())
        try:
            token = sources.fill_token(source.name, self._deps.signing_key(), self._deps.now())
        except StoreUnavailable:
            return sources.problem(envelope, source, UNAVAILABLE)
        headers = cors(envelope, source) | {"Content-Type": "application/json", "Cache-Control": "no-store"}
        return Response(status=200, headers=headers, body=json.dumps({"token": token}))

    def take_kept(self, envelope: Envelope) -> None:
        """
        Store an envelope from the inbox, and wake its lanes. Raises EnvelopeRefused and StoreUnavailable.
        """
        source = self._deps.config.sources.get(envelope.source)
        if source is None:
            raise sources.unauthorized()
        admitted = self._door.admit(envelope, source, {})
        fresh = [each for stored in admitted.stored for each in stored.deliveries]
        self._deliver_fresh(fresh, envelope.received_at, in_request=False)

    def unpack_file(self, body: str) -> bool:
        """
        Store the next rows of a file from the inbox; False for a message that is no file's. Raises as `take_kept` does.
        """
        unpacked = self._files.unpack(body)
        if unpacked is None:
            return False
        self._deliver_fresh(unpacked, self._deps.now(), in_request=False)
        return True

    def wake(self, fresh: Sequence[Delivery]) -> None:
        """
        Wake the lanes of deliveries that have just been stored, and that nobody waits for.
        """
        self._deliver_fresh(fresh, self._deps.now(), in_request=False)

    def _accept_file(self, envelope: Envelope, source: Source, secrets: Mapping[str, str]) -> Response:
        """
        The way of a file that a drop-in sends.
        """
        file, rows, unreadable = self._files.check(envelope, source, secrets)
        if rows > ROWS_AT_ONCE_MAX:
            self._files.keep(file)
        elif rows:
            self._deliver(file, source, self._admit(file, source, {}))
        self._deps.ports.journal.log("file.accepted", source=source.name, rows=rows, unreadable=unreadable)
        return sources.faces.success(envelope, {"rows": rows, "unreadable": unreadable})

    # ── the way of one envelope ─────────────────────────────────────────────────────────────────────────────────────

    def _accept(self, envelope: Envelope, source: Source | None) -> Response:
        if source is None or source.poll is not None:
            sources.faces.refuse_unknown(envelope)  # nobody sends to what is asked
        deps = self._deps
        secrets = {each: deps.ports.secrets.get(each) for each in sources.secret_refs(source)}
        if source.dropin is not None:
            return self._accept_file(envelope, source, secrets)
        if envelope.method == "GET":
            answer = sources.handshake(envelope, source, secrets)
            if answer is None and source.form is None:
                raise sources.unauthorized()  # a program's address tells nobody that it is one
            return answer or sources.problem(envelope, source, NOT_A_PAGE)
        address = f"{deps.config.public_url.rstrip('/')}/in/{source.name}" if deps.config.public_url else ""
        sources.verify(envelope, source, secrets, public_url=address, now=envelope.received_at)
        answer = sources.handshake(envelope, source, secrets)
        if answer is not None:
            return answer
        if source.files is not None:
            from chalicelib.relay import uploads  # noqa: PLC0415 - only sources of files need it

            return uploads.answer(deps, envelope, source)
        envelope = self._guard.admit(envelope, source, secrets)
        admitted = self._admit(envelope, source, secrets)
        settled = self._deliver(envelope, source, admitted)
        return sources.success(envelope, source, self._told(envelope, source, admitted, settled), now=deps.now())

    def _admit(self, envelope: Envelope, source: Source, secrets: Mapping[str, str]) -> Admitted:
        """
        Store it. A fault of our own code must not cost a verified submission: the inbox keeps it for the next version.
        """
        try:
            return self._door.admit(envelope, source, secrets)
        except (EnvelopeRefused, StoreUnavailable):
            raise
        except Exception as fault:  # noqa: BLE001 - whatever it is, the sender has done nothing wrong
            self._deps.ports.journal.log("fault", where="accept", source=source.name, traceback=faults.for_log())
            inbox.keep(self._deps, envelope, source, fault, secrets=secrets)
            return Admitted(in_inbox=True)

    def _deliver(self, envelope: Envelope, source: Source, admitted: Admitted) -> list[Delivery]:
        """
        Deliver what the visitor waits for, ring for the rest. Returns the deliveries as far as they got by now.
        """
        patience = source.form.patience_seconds if source.form else 0.0
        until = envelope.received_at + timedelta(seconds=patience - ANSWER_MARGIN_SECONDS)
        try:
            if len(admitted.stored) == 1 and admitted.stored[0].duplicate:
                return self._wait_for_first(admitted.stored[0], until)
            fresh = [each for stored in admitted.stored for each in stored.deliveries]
            return self._deliver_fresh(fresh, until, in_request=source.form is not None)
        except Exception:  # noqa: BLE001 - stored is stored: the answer is a success, and the sweeper finds the rest
            self._deps.ports.journal.log("fault", where="deliver", source=source.name, traceback=faults.for_log())
            return []

    def _told(
        self, envelope: Envelope, source: Source, admitted: Admitted, settled: Sequence[Delivery]
    ) -> sources.Accepted:
        try:
            return answers.told(self._deps, envelope, source, admitted, settled)
        except Exception:  # noqa: BLE001 - stored is stored: the answer is a success, and says less
            self._deps.ports.journal.log("fault", where="answer", source=source.name, traceback=faults.for_log())
            return sources.Accepted(ids=tuple(each.event_id for each in admitted.stored), next_url=admitted.next_url)

    def _deliver_fresh(self, fresh: Sequence[Delivery], until: datetime, *, in_request: bool) -> list[Delivery]:
        ended: list[Delivery] = []
        to_ring: dict[str, list[Delivery]] = {}
        for each in fresh:
            if each.state is not State.WAITING:
                ended.append(each)
            elif in_request and self._visitor_waits_for(each):
                tried = self._try_now(each, until)
                ended.append(tried)
            elif not self._deps.config.lanes[each.lane].batching or each.urgent:
                to_ring.setdefault(each.lane, []).append(each)
                ended.append(each)
            else:
                ended.append(each)
        self._ring(to_ring)
        return ended

    def _visitor_waits_for(self, delivery: Delivery) -> bool:
        lane = self._deps.config.lanes[delivery.lane]
        operation = self._deps.operation(delivery.destination, delivery.operation)
        return operation.answers and not lane.batching and lane.egress != "fixed"

    def _try_now(self, delivery: Delivery, until: datetime) -> Delivery:
        """
        Call the vendor inside the request. What may not go, or comes back unsettled, is excess: it joins the backlog.
        """
        seconds = (until - self._deps.now()).total_seconds()
        tried = Tried(delivery=delivery, why="no patience left")
        if seconds >= LEAST_PATIENCE_SECONDS:
            try:
                tried = self._caller.try_fresh(delivery, timeout_seconds=seconds)
            except StoreUnavailable as unavailable:
                tried = Tried(delivery=delivery, why=str(unavailable))
        if not tried.settled:
            excess(self._deps, tried, ring=True)
        return tried.delivery

    def _ring(self, waiting: Mapping[str, Sequence[Delivery]]) -> None:
        bells: list[str] = []
        for lane, found in waiting.items():
            if self._deps.config.lanes[lane].batching:
                bells.append(bell(lane))
            elif len(found) <= BELLS_MAX:
                bells += [bell(lane, each.id) for each in found]
            else:
                send_quietly(self._deps, lane, *(backlog_delivery(each.id) for each in found))
                bells.append(bell(lane))
        ring_quietly(self._deps, bells)

    def _wait_for_first(self, stored: Stored, until: datetime) -> list[Delivery]:
        """
        The same knock came twice: wait, within this visitor's own patience, for what the first one's deliveries become.
        """
        for _ in range(POLLS_MAX):
            found = self._door.deliveries_of(stored.event_id)
            awaited = [each for each in found if each.state in IN_BACKLOG and self._deps.known(each)]
            pending = [each for each in awaited if self._visitor_waits_for(each)]
            if not pending or self._deps.now() + timedelta(seconds=POLL_SECONDS) > until:
                return list(found)
            self._deps.ports.clock.sleep(POLL_SECONDS)
        return list(found)


def excess(deps: Deps, tried: Tried, *, ring: bool) -> None:
    """
    A delivery that may not go now joins its lane's backlog, to be received when it may.
    """
    delivery, now = tried.delivery, deps.now()
    later = (tried.again_at - now).total_seconds() if tried.again_at else 0.0
    delay = int(min(max(later, 0.0), DELAY_SECONDS_MAX))
    send_quietly(deps, delivery.lane, backlog_delivery(delivery.id), delay_seconds=delay)
    if ring and later < SOON_SECONDS:
        ring_quietly(deps, [bell(delivery.lane)], delay_seconds=ceil(max(later, 0.0)))
