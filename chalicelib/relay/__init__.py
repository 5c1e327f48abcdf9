"""
The relay: the only orchestrator. It walks from one room to the next; everything it decides is decided by them.

One submission's way: `Front.accept` (verify, understand) → `Door.admit` (draft, store) → for a visitor
`Caller.try_fresh` (look, reserve, send, settle) → the answer. What may not go now waits; `Relay.ring` and `Relay.tick`
wake `Advancer.advance`, which goes the same way through `Caller` (one contact a call) or `Batcher` (a file a call).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from chalicelib import __version__
from chalicelib.destinations.kit import Vendor
from chalicelib.errors import EnvelopeRefused, StoreUnavailable
from chalicelib.model import Config, Envelope, Response
from chalicelib.ports import Ports
from chalicelib.records.layout import lane_key
from chalicelib.relay import faults, inbox
from chalicelib.relay.accepting import Door
from chalicelib.relay.bells import backlog_delivery, polled, rung, send_quietly
from chalicelib.relay.calls import Caller
from chalicelib.relay.deps import Deps
from chalicelib.relay.front import Front, excess
from chalicelib.relay.notices import Notices

if TYPE_CHECKING:
    from chalicelib.relay.advancing import Advancer
    from chalicelib.relay.asking import Asking
    from chalicelib.relay.console import ConsoleDoor
    from chalicelib.relay.erasing import Eraser
    from chalicelib.relay.importing import Importer
    from chalicelib.relay.operating import Operator
    from chalicelib.relay.polling import Polls
    from chalicelib.relay.probing import Prober
    from chalicelib.relay.replaying import Replayer
    from chalicelib.relay.sweeping import Sweeper


class Relay:
    """
    Everything Ekiden does, as the doors of app.py and the operator's commands call it.
    """

    def __init__(
        self, config: Config, vendors: Mapping[str, Vendor], ports: Ports, *, who: Callable[[], str] = str
    ) -> None:
        self._who = who
        self._deps = Deps(config=config, vendors=vendors, ports=ports)
        self._notices = Notices(self._deps)
        self._door = Door(self._deps, self._notices)
        self._caller = Caller(self._deps, self._notices)
        self._front = Front(self._deps, self._door, self._caller, self._notices)

    # A visitor's cold start does not load what only bells, minutes and operators need.

    @cached_property
    def _sweeper(self) -> Sweeper:
        from chalicelib.relay.sweeping import Sweeper  # noqa: PLC0415

        return Sweeper(self._deps, self._notices)

    @cached_property
    def _advancer(self) -> Advancer:
        from chalicelib.relay.advancing import Advancer  # noqa: PLC0415
        from chalicelib.relay.batch_rounds import BatchRounds  # noqa: PLC0415
        from chalicelib.relay.batches import Batcher  # noqa: PLC0415
        from chalicelib.relay.single_rounds import SingleRounds  # noqa: PLC0415

        deps, notices = self._deps, self._notices
        return Advancer(
            deps,
            single=SingleRounds(deps, notices, self._caller, self._sweeper),
            batch=BatchRounds(deps, notices, Batcher(deps, notices), self._sweeper),
        )

    @cached_property
    def polls(self) -> Polls:
        """
        What asks vendors.
        """
        from chalicelib.relay.polling import Polls  # noqa: PLC0415

        return Polls(self._deps, self._notices, self._door, self._front)

    @cached_property
    def operator(self) -> Operator:
        """
        The operator's hands, in the name of whoever this relay was made for.
        """
        return self.operator_named(self._who)

    def operator_named(self, who: Callable[[], str]) -> Operator:
        """
        The operator's hands in the name of one person, for the audit trail: an account's name, never an address.
        """
        from chalicelib.relay.operating import Operator  # noqa: PLC0415

        return Operator(self._deps, self._door, self.imports, who)

    def replayer(self, who: Callable[[], str] | None = None) -> Replayer:
        """
        Deeds on many dead letters or held deliveries.
        """
        from chalicelib.relay.replaying import Replayer  # noqa: PLC0415

        named = who or self._who
        return Replayer(self._deps, self.operator_named(named), named)

    @cached_property
    def imports(self) -> Importer:
        """
        Files that become events.
        """
        from chalicelib.relay.importing import Importer  # noqa: PLC0415

        return Importer(self._deps, self._notices, self._door)

    @cached_property
    def prober(self) -> Prober:
        """
        What asks a vendor whether a destination is set up right.
        """
        from chalicelib.relay.probing import Prober  # noqa: PLC0415

        return Prober(self._deps)

    @cached_property
    def eraser(self) -> Eraser:
        """
        What takes a person out.
        """
        from chalicelib.relay.erasing import Eraser  # noqa: PLC0415

        return Eraser(self._deps, self._who)

    @cached_property
    def _asking(self) -> Asking:
        from chalicelib.relay.asking import Asking  # noqa: PLC0415

        return Asking(self._deps)

    @cached_property
    def _console(self) -> ConsoleDoor:
        from chalicelib.relay.console import ConsoleDoor  # noqa: PLC0415

        return ConsoleDoor(self._deps, self)

    # ── the doors ───────────────────────────────────────────────────────────────────────────────────────────────────

    def accept(self, envelope: Envelope) -> Response:
        """
        Answer an envelope; after a 2xx or 303 it survives whatever happens.
        """
        return self._front.accept(envelope)

    def preflight(self, envelope: Envelope) -> Response:
        """
        Answer a browser that asks whether a page may send here.
        """
        return self._front.preflight(envelope)

    def look_up(self, envelope: Envelope, *, visitor: str) -> Response:
        """
        Answer a question of a website's visitor, who calls from this network address.
        """
        from chalicelib.relay.lookups import Lookups  # noqa: PLC0415 - few relays have any

        return Lookups(self._deps, self._notices).answer(envelope, visitor)

    def fill_token(self, envelope: Envelope) -> Response:
        """
        A fresh fill-time token for a form's page.
        """
        return self._front.fill_token(envelope)

    def submission(self, envelope: Envelope, event_id: str) -> Response:
        """
        Where a submission is, for who has its receipt.
        """
        return self._asking.submission(envelope, event_id)

    def ticket(self, envelope: Envelope) -> Response:
        """
        What a thank-you page gets for its ticket.
        """
        return self._asking.ticket(envelope)

    def script(self, envelope: Envelope, name: str) -> Response:
        """
        A script for pages with forms, or for thank-you pages.
        """
        from chalicelib.web import script  # noqa: PLC0415

        return script(envelope, name)

    def console(self, envelope: Envelope, page: str, name: str, context: Mapping[str, Any]) -> Response:
        """
        Answer an operator's browser; `context` is API Gateway's own knowledge of the request.
        """
        return self._console.answer(envelope, page, name, context)

    def health(self) -> Response:
        """
        Whether the relay can take submissions: 200, or 503 where the table does not answer.
        """
        try:
            self._deps.ports.table.get([lane_key("-health-")])
        except StoreUnavailable:
            return _plain(503, '{"status":"table unavailable"}')
        return _plain(200, f'{{"status":"ok","version":"{__version__}"}}')

    def now(self) -> datetime:
        """
        The relay's time, in UTC.
        """
        return self._deps.now()

    # ── the bells ───────────────────────────────────────────────────────────────────────────────────────────────────

    def ring(self, body: str, *, deadline: datetime) -> None:
        """
        A bell: start the poll it names; or try the fresh delivery it names, and else advance the lane.
        """
        if asked := polled(body):
            self.polls.run(asked, deadline=deadline)
            return
        named = rung(body)
        if named is None:
            self._deps.ports.journal.log("bell.unreadable")
            return
        lane, delivery_id = named
        if delivery_id and self._try_fresh(lane, delivery_id):
            return
        self._advancer.advance(lane, deadline=deadline)

    def _try_fresh(self, lane: str, delivery_id: str) -> bool:
        """
        Try the delivery that a bell names; whether that settled it. If not, it joins the lane's backlog.
        """
        try:
            tried = self._caller.try_one(delivery_id)
        except Exception:  # noqa: BLE001 - whatever fails here, the backlog has its own way with it
            self._deps.ports.journal.log("fault", where="bell", traceback=faults.for_log())
            send_quietly(self._deps, lane, backlog_delivery(delivery_id))
            return False
        if tried is None or tried.settled:
            return True
        excess(self._deps, tried, ring=False)
        return False

    def tick(self) -> None:
        """
        Every minute: ring the lanes that have work, start the polls that are due, look for files that nobody reads.
        """
        self._sweeper.tick()
        if any(source.poll for source in self._deps.config.sources.values()):
            self.polls.start_due()
        self.imports.sweep()

    def expand(self, body: str, *, deadline: datetime) -> None:
        """
        A file has come, or is to be read further. Raises StoreUnavailable while it cannot be; the queue tries again.
        """
        self.imports.heard(body, deadline=deadline)

    def unpack(self, body: str) -> None:
        """
        Take an envelope out of the inbox. Raises StoreUnavailable while the table still refuses; the queue tries again.
        """
        try:
            if self._front.unpack_file(body):
                return
            envelope = inbox.unpack(body)
        except (ValueError, KeyError, TypeError):
            self._deps.ports.journal.log("inbox.unreadable", traceback=faults.for_log())
            raise
        try:
            self._front.take_kept(envelope)
        except EnvelopeRefused as refused:
            self._door.admit_unusable(envelope, f"{refused.detail} (it was taken in while the table was away)")


def _plain(status: int, body: str) -> Response:
    return Response(status=status, headers={"Content-Type": "application/json", "Cache-Control": "no-store"}, body=body)
