"""
Envelope → what it means: parse, split into records, name each, and check what a visitor typed.

A record that cannot be understood never fails its neighbours, and never gets lost: it becomes an event of the kind
`unusable`, whose text is kept for a person (senders switch a subscription off when they are refused).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from urllib.parse import quote_plus

from chalicelib.errors import EnvelopeRefused, Unusable
from chalicelib.model import Envelope, Event, EventRule, Hmac, Source
from chalicelib.model.arrival import Json
from chalicelib.sources import bodies, naming, records
from chalicelib.sources.paths import HEADER, header_names
from chalicelib.sources.visitors import visitor_event
from chalicelib.value import positional_value, value

RAW_BYTES_MAX = 300_000
"""
How much of an unusable body is kept; a DynamoDB item holds 400 KB.
"""

WORD = "word"
"""
`evidence[WORD]` of an event to be ignored is what its sender calls it.
"""

RECORD = "record"
"""
`evidence["part"]` of an unusable event that holds one record of a body; else it holds the whole ("body").
"""

HEADER_CHARS_MAX = 500
METHODS = ("POST", "PUT", "PATCH")


@value
class Knock:
    """
    What an envelope means: its events, and for a form where the visitor wants to go next and all that was typed.

    `next_url` is the form's `_next` as sent; only `success` decides whether it may be used. `values` are names and
    values as sent, for the page that shows them again (EnvelopeRefused.values).
    """

    events: tuple[Event, ...]
    next_url: str = ""
    values: tuple[tuple[str, str], ...] = field(default=(), repr=False)


def understand(
    envelope: Envelope,
    source: Source,
    *,
    secrets: Mapping[str, str],
    signing_key: bytes,
    now: datetime,
    older_keys: Sequence[bytes] = (),
) -> Knock:
    """
    What the envelope means. It must have been verified.

    `older_keys` are signing keys that are being rotated out; tokens made with them still count.

    Raises EnvelopeRefused: 405 for a method that carries nothing, 413 over the source's limit, 415 for a type that is
    not taken, 400 for what cannot be read, and 422 with all fields at fault for a visitor's form.
    """
    # An envelope from the inbox may be read hours after it came; what counts is when it came.
    arrival = min(envelope.received_at, now)
    if source.dropin is not None:
        from chalicelib.sources.dropins import row_events  # noqa: PLC0415 - few sources send files

        return Knock(events=tuple(row_events(envelope, source, source.dropin, key=signing_key, arrival=arrival)))
    _guard(envelope, source)
    if source.form is not None:
        event, next_url, values = visitor_event(
            envelope, source, source.form, keys=(signing_key, *older_keys), arrival=arrival
        )
        return Knock(events=(event,), next_url=next_url, values=values)
    reader = _Reader(envelope, source, signing_key, arrival, tuple(value for value in secrets.values() if value))
    return Knock(events=tuple(reader.events()))


def events(
    envelope: Envelope, source: Source, *, secrets: Mapping[str, str], signing_key: bytes, now: datetime
) -> list[Event]:
    """
    The events of an envelope, as `understand` finds them.
    """
    return list(understand(envelope, source, secrets=secrets, signing_key=signing_key, now=now).events)


def headers_that_name(rule: EventRule) -> frozenset[str]:
    """
    The headers, in lower case, that say of what kind and time an event is; the body alone does not tell.
    """
    locators = (rule.kind, rule.detail, rule.time, rule.sequence, rule.test)
    return frozenset(name for each in locators for name in header_names(each))


def without_secrets(body: bytes, source: Source, secrets: Mapping[str, str]) -> bytes:
    """
    A verified body that is to be kept: the secret that its sender repeats in it is masked.
    """
    if records.token_names(source.verify):
        for written in _as_written(tuple(value for value in secrets.values() if value)):
            body = body.replace(written.encode("utf-8", "surrogatepass"), records.MASK.encode())
    return body


def _as_written(secrets: Sequence[str]) -> Iterator[str]:
    """
    Every way in which a body may write a secret: as it is, in JSON, in an encoded form.
    """
    for secret in secrets:
        in_json = (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
        yield from dict.fromkeys((secret, *in_json, quote_plus(secret)))


def _evidence(name: naming.Name) -> dict[str, str]:
    """
    Why the time is the arrival; and what its sender calls an event that is ignored.
    """
    word = bodies.storable(name.word) if name.kind == "ignore" else ""
    return {key: text for key, text in (("time", name.note), (WORD, word)) if text}


def _guard(envelope: Envelope, source: Source) -> None:
    if envelope.method.upper() not in METHODS:
        raise EnvelopeRefused(405, "method", f"Only {', '.join(METHODS)} carry data here.")
    if len(envelope.body) > source.body_bytes_max and (source.form is not None or not source.parse.lenient):
        raise EnvelopeRefused(413, "too_large", f"The body is larger than {source.body_bytes_max:,} bytes.")
    if source.form is not None and bodies.destroyed(envelope):
        raise EnvelopeRefused(400, "malformed", "The text is not valid UTF-8. Other charsets go percent-encoded.")


@positional_value
class _Reader:
    """
    The reading of one webhook envelope.
    """

    envelope: Envelope
    source: Source
    key: bytes = field(repr=False)
    arrival: datetime
    secrets: tuple[str, ...] = field(repr=False)

    def events(self) -> Iterator[Event]:
        """
        One event for each record; one unusable event for a body without a usable shape.
        """
        try:
            found = self._records()
        except Unusable as problem:
            yield self._unusable(str(problem), self._body_text())
            return
        except EnvelopeRefused as problem:
            if problem.status != 400 or not self.source.parse.lenient:
                raise
            yield self._unusable(problem.detail, self._body_text())
            return
        for position, record in enumerate(found):
            yield self._event(record, position if len(found) > 1 else None)

    def _records(self) -> list[Json]:
        # A signature holds for the bytes that were sent: then the sender meant them so.
        if bodies.destroyed(self.envelope) and not any(isinstance(each, Hmac) for each in self.source.verify):
            raise Unusable("its text was not UTF-8: characters have become U+FFFD on the way")
        if len(self.envelope.body) > self.source.body_bytes_max:
            raise Unusable(f"the body is larger than {self.source.body_bytes_max:,} bytes; its beginning is kept")
        body = bodies.read(self.envelope, self.source.parse)
        if body.files and self.source.parse.files != "drop":
            raise Unusable(f"the fields {', '.join(body.files)} hold files, which are not taken")
        return records.split(body.value, self.source.records)

    def _event(self, record: Json, position: int | None) -> Event:
        try:
            return self._named(record, position)
        except Unusable as problem:
            return self._unusable(str(problem), json.dumps(record, ensure_ascii=False), part=RECORD)

    def _named(self, raw: Json, position: int | None) -> Event:
        envelope = self.envelope
        if not isinstance(raw, dict) or not raw:
            raise Unusable("the record is not an object with members")
        record = records.tidy(raw)
        name = naming.name_of(
            record, envelope, self.source.event, key=self.key, arrival=self.arrival, position=position
        )
        ignored = name.kind == "ignore"
        # What nobody wants may lack what the others have: kintone's deletes and comments carry no record.
        flat = record if ignored else records.flatten(record, self.source.records)
        fields = records.without_tokens(flat, self.source.verify, self.secrets)
        if len(fields) > self.source.parse.fields_max:
            raise Unusable(f"the record has {len(fields):,} fields, at most {self.source.parse.fields_max:,} are taken")
        return Event(
            source=self.source.name,
            kind=name.kind,
            time=name.time,
            fields=fields,
            dedupe=name.dedupe,
            dedupe_seconds=name.dedupe_seconds,
            test=name.test,
            evidence=_evidence(name),
        )

    def _unusable(self, reason: str, text: str, *, part: str = "body") -> Event:
        for written in _as_written(self.secrets):
            text = text.replace(written, records.MASK)
        kept = text.encode("utf-8", "backslashreplace")[:RAW_BYTES_MAX].decode(errors="ignore")
        return Event(
            source=self.source.name,
            kind="unusable",
            time=self.arrival,
            fields={"_raw": kept},
            dedupe=naming.digest(text, self.key),
            dedupe_seconds=naming.DIGEST_SECONDS_MAX,
            hold=reason,
            evidence={"part": part, **self._headers_that_count()},
        )

    def _headers_that_count(self) -> dict[str, str]:
        """
        The headers that say what the body is about; without them it could not be read again.
        """
        names = headers_that_name(self.source.event)
        found = {name: self.envelope.headers.get(name, "")[:HEADER_CHARS_MAX] for name in sorted(names)}
        return {HEADER + name: bodies.storable(given) for name, given in found.items() if given}

    def _body_text(self) -> str:
        """
        The body for a person's eyes: bytes that are no UTF-8 are written as hexadecimal escapes.
        """
        return bodies.clean(self.envelope.body.decode("utf-8", "backslashreplace"))
