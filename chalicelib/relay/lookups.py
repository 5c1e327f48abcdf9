"""
Lookups: a question of a website's visitor, answered out of the cache or by the vendor, within a share of its calls.

It never starves the pushes: a call is counted against a share of its own in the same conditional write, it is no probe
of a closed lane, and where it may not be made now an older answer serves.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from chalicelib.destinations import asked
from chalicelib.destinations.asking import Question, Rows
from chalicelib.errors import EnvelopeRefused, StoreUnavailable
from chalicelib.model import Envelope, LaneState, Lookup, Reservation, Response, Verdict
from chalicelib.planning.ledger import Ask, Share, Wait, may_call
from chalicelib.planning.polling import of_lane
from chalicelib.planning.settle import Moment, lane_turn
from chalicelib.ports import Lost
from chalicelib.records import lanes, lookups
from chalicelib.records.layout import answer_key, lane_key
from chalicelib.records.lookups import Kept
from chalicelib.relay import faults
from chalicelib.relay.deps import Deps
from chalicelib.relay.notices import Notices
from chalicelib.sources.origins import listed

BOOK = "lookups"
TEXT_CHARS_MIN, TEXT_CHARS_MAX = 2, 100
TIMEOUT_SECONDS = 8.0
"""
What a visitor waits for at most.
"""

RETRY_SECONDS = 15
ANSWER_BYTES_MAX = 300_000
CLAIMS_MAX = 3

_Claim = tuple[LaneState, Reservation]

_TITLES = {
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    429: "Too Many Requests",
    503: "Service Unavailable",
}


class Lookups:
    """
    Answers visitors' questions.
    """

    def __init__(self, deps: Deps, notices: Notices) -> None:
        self._deps = deps
        self._notices = notices

    def answer(self, envelope: Envelope, visitor: str) -> Response:
        """
        The answer to one question. `visitor` is the network address it came from. Never raises.
        """
        lookup = self._deps.config.lookups.get(envelope.source)
        headers = _cors(envelope, lookup)
        try:
            return self._answer(envelope, lookup, visitor, headers)
        except EnvelopeRefused as refused:
            return _problem(refused, headers)
        except StoreUnavailable as unavailable:
            self._deps.ports.journal.log("lookup.unavailable", lookup=envelope.source, reason=str(unavailable))
        except Exception:  # noqa: BLE001 - a visitor gets an answer whatever our own fault is
            self._deps.ports.journal.log("fault", where="lookup", source="", traceback=faults.for_log())
        return _problem(_away(), headers)

    def _answer(self, envelope: Envelope, lookup: Lookup | None, visitor: str, headers: Mapping[str, str]) -> Response:
        if lookup is None:
            raise EnvelopeRefused(404, "unknown", "There is no such lookup.")
        if "origin" in envelope.headers and "Access-Control-Allow-Origin" not in headers:
            raise EnvelopeRefused(403, "origin", "Pages of this site may not ask here.")
        text = _text(envelope)
        key = self._deps.signing_key()
        digest = _digest(key, text)
        kept = lookups.from_item(self._deps.ports.table.get([answer_key(lookup.name, digest)])[0])
        now = self._deps.now()
        if kept is not None and now - kept.at < timedelta(seconds=lookup.cache_seconds):
            return _given(kept, envelope, headers, lookup, now)
        try:
            self._admit(lookup, _digest(key, visitor), now)
            kept = self._ask(lookup, Question(text=text, limit=lookup.limit), digest)
        except EnvelopeRefused:
            most = timedelta(seconds=lookup.cache_seconds + lookup.stale_seconds)
            if kept is None or now - kept.at >= most:
                raise
            return _given(kept, envelope, headers, lookup, now)
        return _given(kept, envelope, headers, lookup, now)

    def _admit(self, lookup: Lookup, visitor: str, now: datetime) -> None:
        """
        Count a question that is not in the cache. Raises EnvelopeRefused for a visitor who asks too much.
        """
        counted = lookups.count(lookup.name, visitor, most=lookup.per_visitor_per_minute, now=now)
        if isinstance(self._deps.ports.table.write(counted), Lost):
            raise EnvelopeRefused(429, "too_many", "Please wait a minute before you ask more.")

    # ── asking the vendor ───────────────────────────────────────────────────────────────────────────────────────────

    def _ask(self, lookup: Lookup, question: Question, digest: str) -> Kept:
        deps, destination = self._deps, self._deps.destination(lookup.destination)
        kind = asked.lookups(destination.vendor)[lookup.kind]
        request = kind.build(question, lookup.settings, destination, deps.credentials(destination))
        claim = self._claimed(lookup)
        reply = deps.ports.transport.send(request, timeout_seconds=TIMEOUT_SECONDS)
        found = kind.read(reply, lookup.settings, destination)
        verdict = Verdict() if isinstance(found, Rows) else found.verdict
        self._settle(lookup, claim, verdict)
        rows = len(found.rows) if isinstance(found, Rows) else 0
        deps.ports.journal.log("lookup.called", lookup=lookup.name, lane=lookup.lane, verdict=verdict.kind, rows=rows)
        if not isinstance(found, Rows):
            deps.ports.journal.log("lookup.unavailable", lookup=lookup.name, reason=verdict.reason)
            raise _away()
        now = deps.now()
        kept = Kept(body=_body(found, lookup.limit), at=now)
        seconds = lookup.cache_seconds + lookup.stale_seconds
        deps.ports.table.write(lookups.keep(lookup.name, digest, kept.body, now=now, seconds=seconds))
        return kept

    def _claimed(self, lookup: Lookup) -> _Claim:
        """
        The right to one call. Raises EnvelopeRefused where there is none to be had now.
        """
        deps, lane = self._deps, self._deps.config.lanes[lookup.lane]
        share = Share(book=BOOK, percent=lookup.quota_share)
        for _ in range(CLAIMS_MAX):
            now = deps.now()
            state = lanes.state_from(lane.name, deps.ports.table.get([lane_key(lane.name)]))
            timeout = min(TIMEOUT_SECONDS, lane.timeout_seconds / 2)
            verdict = may_call(
                lane, state, now, Ask(call_id=deps.ports.chance.id(now), timeout_seconds=timeout, share=share)
            )
            if isinstance(verdict, Wait):
                deps.ports.journal.log("lookup.unavailable", lookup=lookup.name, reason=verdict.why)
                raise _away()
            if not isinstance(deps.ports.table.write(lanes.reserve(lane.name, verdict.reservation)), Lost):
                return state, verdict.reservation
        raise _away()

    def _settle(self, lookup: Lookup, claim: _Claim, verdict: Verdict) -> None:
        state, reservation = claim
        deps, lane, now = self._deps, self._deps.config.lanes[lookup.lane], self._deps.now()
        # A visitor's short patience tells nothing of the lane; only the vendor's own words do.
        turn = lane_turn(lane, state, of_lane(verdict, shared=True), Moment(now=now, jitter=deps.ports.chance.jitter()))
        windows = [name for name, _ in reservation.windows]
        deps.ports.table.write(lanes.settle(lane.name, reservation.call_id, windows, turn, seen=state.breaker, now=now))
        self._notices.tell(turn.notices)


# ── the answer ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _text(envelope: Envelope) -> str:
    """
    What is asked, in one spelling of it. Raises EnvelopeRefused for nothing, and for more than a question.
    """
    given = envelope.query.get("q", ("",))[-1]
    text = " ".join(unicodedata.normalize("NFKC", given[: TEXT_CHARS_MAX * 4]).split())
    if not TEXT_CHARS_MIN <= len(text) <= TEXT_CHARS_MAX or not text.isprintable():
        detail = f"q: write {TEXT_CHARS_MIN} to {TEXT_CHARS_MAX} characters."
        raise EnvelopeRefused(400, "invalid", detail)
    return text


def _digest(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:32]


def _body(found: Rows, limit: int) -> str:
    """
    The answer's JSON; fewer results where all would not fit into one item.
    """
    rows: list[Mapping[str, Any]] = list(found.rows[:limit])
    while len(body := json.dumps({"items": rows}, ensure_ascii=False).encode()) > ANSWER_BYTES_MAX and rows:
        rows.pop()
    return body.decode()


def _given(kept: Kept, envelope: Envelope, headers: Mapping[str, str], lookup: Lookup, now: datetime) -> Response:
    """
    200 with the answer, or 304 where the browser has it.
    """
    etag = f'"{hashlib.sha256(kept.body.encode()).hexdigest()[:32]}"'
    left = max(0, round((kept.at + timedelta(seconds=lookup.cache_seconds) - now).total_seconds()))
    age = max(0, round((now - kept.at).total_seconds()))
    found = {**headers, "ETag": etag, "Cache-Control": f"public, max-age={left}", "Age": str(age)}
    if etag in {each.strip() for each in envelope.headers.get("if-none-match", "").split(",")}:
        return Response(status=304, headers=found)
    return Response(status=200, headers=found | {"Content-Type": "application/json"}, body=kept.body)


def _cors(envelope: Envelope, lookup: Lookup | None) -> dict[str, str]:
    origin = envelope.headers.get("origin", "")
    allowed = lookup is not None and bool(origin) and listed(origin, lookup.origins)
    return {"Vary": "Origin"} | ({"Access-Control-Allow-Origin": origin} if allowed else {})


def _away() -> EnvelopeRefused:
    return EnvelopeRefused(503, "unavailable", "No answer can be given now. Please try again in a moment.")


def _problem(refused: EnvelopeRefused, headers: Mapping[str, str]) -> Response:
    wait = {"Retry-After": str(60 if refused.status == 429 else RETRY_SECONDS)} if refused.status in {429, 503} else {}
    body = {"title": _TITLES[refused.status], "status": refused.status, "code": refused.code, "detail": refused.detail}
    return Response(
        status=refused.status,
        headers={**headers, **wait, "Cache-Control": "no-store", "Content-Type": "application/problem+json"},
        body=json.dumps(body),
    )
