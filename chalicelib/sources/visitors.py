"""
A visitor's form → one event: control fields apart, faults to mend, quiet defences, and evidence of consent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

from chalicelib.errors import EnvelopeRefused, Unusable
from chalicelib.model import Envelope, Event, EventRule, Form, Source
from chalicelib.model.arrival import Json
from chalicelib.sources import bodies, forms, naming, records
from chalicelib.sources.bodies import Pairs
from chalicelib.sources.fill_token import suspicion
from chalicelib.sources.origins import browser_origins, listed

CAPTCHA_FIELDS = frozenset({"cf-turnstile-response", "g-recaptcha-response", "h-captcha-response"})
"""
What captcha widgets add to a form: single-use proofs that are nobody's data.
"""

PAGE_CHARS_MAX = 500
LANGUAGE_CHARS_MAX = 100
NONCE_SECONDS = 3_600
"""
How long one page's nonce is remembered with what was typed there: the same page sent again is the same knock.
"""

NONCE_CHARS_MAX = 64

_DENIALS = frozenset({"0", "false", "no", "off", "いいえ", "同意しない"})


def visitor_event(
    envelope: Envelope, source: Source, form: Form, *, keys: Sequence[bytes], arrival: datetime
) -> tuple[Event, str, Pairs]:
    """
    The event of a form, its `_next` as sent, and all names and values as sent. `keys`: signing keys, newest first.

    Raises EnvelopeRefused (400 for what is no form, 422 for fields that the visitor can mend). A form that looks like
    a robot's is never refused: its event is held, and the answer is the same.
    """
    fields, values, files = _fields(envelope, source)
    data = _data(fields, form)
    problems = forms.file_problems(form, files) if source.parse.files != "drop" else []
    problems += forms.check(form, data)
    if problems:
        raise EnvelopeRefused(422, "invalid", "Some fields need attention.", problems=problems, values=values)
    if not data:
        raise EnvelopeRefused(400, "malformed", "The form holds no fields.")
    event = _event(envelope, source, form, fields=fields, data=data, keys=keys, arrival=arrival)
    return event, _text(fields.get(form.next_field)), values


def _fields(envelope: Envelope, source: Source) -> tuple[dict[str, Json], Pairs, tuple[str, ...]]:
    """
    All fields by name, the pairs as sent, and the names of fields that held a file.
    """
    try:
        body = bodies.read(envelope, source.parse)
        fields = records.tidy(body.value)
    except Unusable as problem:
        raise EnvelopeRefused(400, "malformed", "The form cannot be read.") from problem
    if not isinstance(fields, dict):
        raise EnvelopeRefused(400, "malformed", "The JSON of a form must be one object.")
    fields = {name: value for name, value in fields.items() if name}
    if len(fields) > source.parse.fields_max:
        raise EnvelopeRefused(400, "malformed", f"The form has more than {source.parse.fields_max} fields.")
    if any(len(name) > bodies.NAME_CHARS_MAX for name in fields):
        raise EnvelopeRefused(400, "malformed", f"A field name is longer than {bodies.NAME_CHARS_MAX} characters.")
    pairs = body.pairs or tuple((name, _text(one)) for name, value in fields.items() for one in forms.answers(value))
    return fields, tuple(pair for pair in pairs if pair[0] not in CAPTCHA_FIELDS), body.files


def _data(fields: Mapping[str, Json], form: Form) -> dict[str, Json]:
    """
    What the visitor told: without control fields, the honeypot and captcha proofs.
    """
    return {
        name: value for name, value in fields.items() if not forms.is_control(form, name) and name not in CAPTCHA_FIELDS
    }


def _event(
    envelope: Envelope,
    source: Source,
    form: Form,
    *,
    fields: Mapping[str, Json],
    data: dict[str, Json],
    keys: Sequence[bytes],
    arrival: datetime,
) -> Event:
    unclear = None
    try:
        name = naming.name_of(data, envelope, source.event, key=keys[0], arrival=arrival)
    except Unusable as problem:
        # The form says what its configuration does not know, which is no fault of the visitor's.
        unclear = str(problem)
        name = naming.name_of(data, envelope, EventRule(), key=keys[0], arrival=arrival)
    nonce = _text(fields.get("_nonce"))[:NONCE_CHARS_MAX]
    if nonce and name.dedupe.startswith("digest:"):
        # A page loaded anew is another submission at once; the same page with other answers is one, too.
        name = replace(name, dedupe=naming.digest([nonce, data], keys[0]), dedupe_seconds=NONCE_SECONDS)
    evidence = _evidence(envelope, source, form, fields)
    return Event(
        source=source.name,
        kind=name.kind,
        time=name.time,
        fields=data,
        dedupe=name.dedupe,
        dedupe_seconds=name.dedupe_seconds,
        hold=_hold(form, fields, source.name, keys, arrival) or envelope.suspicion or unclear,
        test=name.test,
        evidence=evidence | ({"time": name.note} if name.note else {}),
    )


def _hold(
    form: Form, fields: Mapping[str, Json], source_name: str, keys: Sequence[bytes], arrival: datetime
) -> str | None:
    if form.honeypot and forms.answers(fields.get(form.honeypot)):
        return "honeypot"
    return suspicion(_text(fields.get("_token")), form, source_name, keys, arrival=arrival)


def _evidence(envelope: Envelope, source: Source, form: Form, fields: Mapping[str, Json]) -> dict[str, str]:
    """
    Where, in which words and in which language the visitor agreed (特定電子メール法 asks to keep it). No IP address.
    """
    evidence = {
        "page": page_of(envelope, source, _text(fields.get("_page"))),
        "language": envelope.headers.get("accept-language", "")[:LANGUAGE_CHARS_MAX],
        "consent_text": form.consent_text,
    }
    if form.consent_field:
        given = [_text(one).strip().lower() for one in forms.answers(fields.get(form.consent_field))]
        evidence["consent"] = "yes" if any(answer not in _DENIALS for answer in given) else "no"
    return {name: kept for name, text in evidence.items() if (kept := bodies.storable(text))}


def page_of(envelope: Envelope, source: Source, carried: str = "") -> str:
    """
    The page on which the form was filled, without its query, which may hold personal data.

    `carried` is what our own page hands on (`_page`) when a visitor mends a form there; it counts only if it lies where
    the form's pages do.
    """
    origins = browser_origins(source) or ()
    if carried and (not origins or listed(carried, origins)):
        return _bare(carried)
    return _bare(envelope.headers.get("referer", "")) or _bare(envelope.headers.get("origin", ""))


def _bare(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        return ""
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"[:PAGE_CHARS_MAX]


def _text(value: Json) -> str:
    """
    A single answer as text; the first of several.
    """
    given = forms.answers(value)
    if not given:
        return ""
    return given[0] if isinstance(given[0], str) else str(given[0])
