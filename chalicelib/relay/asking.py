"""
Asking later: what became of a submission (with its receipt), and what a vendor answered too late (with a ticket).

Whoever brings neither learns nothing: unknown, wrong, used and run out are one answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from chalicelib import sources
from chalicelib.errors import StoreUnavailable
from chalicelib.model import Delivery, Envelope, Response, State
from chalicelib.ports import Lost, Query
from chalicelib.records import deliveries, tickets
from chalicelib.records.layout import delivery_key, event_key
from chalicelib.relay import answers
from chalicelib.relay.deps import Deps

TICKET_BYTES_MAX = 200
STORY_MAX = 200
UNAVAILABLE = 503
WAITING = frozenset({State.WAITING, State.SENDING, State.UNCERTAIN, State.HELD})

_TICKET = re.compile(r"[\w-]{43}", re.ASCII)
_NO_SUBMISSION = {
    "ja": "受付番号がないか、控えが合わないか、控えの期限が切れています。",
    "en": "There is no such submission, or this receipt is not for it, or has run out.",
}
_NO_TICKET = {"status": "gone"}


class Asking:
    """
    Answers visitors' scripts.
    """

    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    # ── receipts ────────────────────────────────────────────────────────────────────────────────────────────────────

    def submission(self, envelope: Envelope, event_id: str) -> Response:
        """
        Where a submission's deliveries are, for who has its receipt; else 404, whatever is wrong.
        """
        if envelope.method == "OPTIONS":
            return self._preflight(envelope)
        try:
            found = self._submission(event_id, sources.receipt_in(envelope))
        except StoreUnavailable:
            return self._json(envelope, UNAVAILABLE, {"status": "unavailable"})
        return self._json(envelope, 200, found) if found else self._json(envelope, 404, _NO_SUBMISSION)

    def _submission(self, event_id: str, receipt: str) -> dict[str, Any] | None:
        deps = self._deps
        keys = (deps.signing_key(), *deps.older_signing_keys())
        if not sources.receipt_passes(receipt, event_id, keys, deps.now()):
            return None
        items = deps.ports.table.query(Query(pk=event_key(event_id).pk, limit=STORY_MAX))
        event = next((item for item in items if item["sk"] == "EVENT"), None)
        if event is None or "erased_at" in event:
            return None
        found = [deliveries.from_item(item) for item in items if item["sk"] != "EVENT"]
        shown = answers.standing(deps, [each for each in found if each.state is not State.ERASED])
        return {"id": event_id, "accepted_at": event["arrived_at"], "deliveries": shown}

    # ── tickets ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def ticket(self, envelope: Envelope) -> Response:
        """
        What the vendor has answered meanwhile (200, once), not yet (202), or nothing for whoever asks (404).
        """
        try:
            found = self._exchange(_ticket_in(envelope), envelope.headers.get("origin", ""))
        except StoreUnavailable:
            return self._json(envelope, UNAVAILABLE, {"status": "unavailable"})
        if found is None:
            return self._json(envelope, 404, _NO_TICKET)
        return self._json(envelope, 200, {"query": found}) if found else self._json(envelope, 202, {"status": "wait"})

    def _exchange(self, ticket: str, origin: str) -> dict[str, str] | None:
        """
        The parameters of the thank-you page, none yet, or None for a ticket that is not (or no longer) good for this.
        """
        table, now = self._deps.ports.table, self._deps.now()
        if not _TICKET.fullmatch(ticket):
            return None
        item = table.get([tickets.key_of(ticket)])[0]
        kept = tickets.from_item(item) if item else None
        if kept is None or kept.until < now or sources.origin_of(origin) != kept.origin:
            return None
        item = table.get([delivery_key(kept.delivery_id)])[0]
        delivery = deliveries.from_item(item) if item else None
        if delivery is None or not _may_answer(delivery):
            return None
        query = answers.query_of([delivery])
        write = tickets.use(ticket, now) if query else tickets.count_poll(ticket, now)
        return None if isinstance(table.write(write), Lost) else query

    # ── answers ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _preflight(self, envelope: Envelope) -> Response:
        headers = self._cors(envelope)
        if "Access-Control-Allow-Origin" in headers:
            headers |= {"Access-Control-Allow-Methods": "GET", "Access-Control-Allow-Headers": "authorization"}
            headers |= {"Access-Control-Max-Age": "3600"}
        return Response(status=204, headers=headers)

    def _json(self, envelope: Envelope, status: int, told: Mapping[str, Any]) -> Response:
        headers = self._cors(envelope) | {"Cache-Control": "no-store", "Content-Type": "application/json"}
        return Response(status=status, headers=headers, body=json.dumps(told, ensure_ascii=False))

    def _cors(self, envelope: Envelope) -> dict[str, str]:
        """
        Pages of any form may read these answers, and the pages that forms lead to.
        """
        return sources.cors_of_pages(envelope, self._deps.config.sources.values())


def _may_answer(delivery: Delivery) -> bool:
    return delivery.state in WAITING or bool(answers.query_of([delivery]))


def _ticket_in(envelope: Envelope) -> str:
    if len(envelope.body) > TICKET_BYTES_MAX:
        return ""
    given = parse_qs(envelope.body.decode("latin-1")).get("ticket", [])
    return given[0] if len(given) == 1 else ""
