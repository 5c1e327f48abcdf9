"""
HTTP replies read tolerantly: JSON or not, codes as numbers or words, maintenance pages, Retry-After in both forms.

What a vendor's own words mean is its module's matter. What an HTTP status means everywhere is here, once. Nothing here
raises, whatever the bytes are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from chalicelib.model import Batch, Deferred, NoReply, Outcome, Reading, Reply, Uncertain, Verdict
from chalicelib.model.arrival import Json
from chalicelib.value import value

WORDS_CHARS_MAX = 300
RETRY_AFTER_SECONDS_MAX = 86_400.0

# The page that a sibling product serves under HTTP 200 (楽楽精算 support page; checked 2026-11).
_MAINTENANCE = re.compile(rb"(?:\xef\xbb\xbf)?\s*status:\s*503\b", re.IGNORECASE)

# E-mail addresses, long opaque runs (keys, tokens) and telephone numbers in a vendor's words.
_PRIVATE = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~\"-]+@[A-Za-z0-9.-]+"
    r"|(?<![0-9A-Za-z_+/=-])(?=[A-Za-z_+/=-]*[0-9])[0-9A-Za-z_+/=-]{20,}"
    r"|(?<![0-9])(?:\+|0)[0-9][0-9 ()-]{7,}[0-9]",
)


@value
class Answer:
    """
    A reply as far as anybody can read it: its HTTP status, its JSON object (else empty), and what it is otherwise.

    `form` is json, maintenance, html, empty or unreadable (truncated JSON, a bare value, binary).
    """

    http: int
    form: str
    body: Mapping[str, Json] = field(default_factory=dict, repr=False)
    retry_after_seconds: float | None = None

    @property
    def fine(self) -> bool:
        """
        Whether the HTTP status alone would be a success.
        """
        return 200 <= self.http <= 299


@value
class Causes:
    """
    What an operator should look at: whose reply it is, why keys may be refused, why an address may be wrong.
    """

    vendor: str
    keys: str
    address: str


def read_answer(reply: Reply) -> Answer:
    """
    Tell what kind of answer it is, without a vendor's meaning.
    """
    body = _json_object(reply.body)
    if body is not None:
        form = "json"
    elif _MAINTENANCE.match(reply.body):
        form = "maintenance"
    elif not reply.body.strip():
        form = "empty"
    else:
        html = reply.body.lstrip().startswith(b"<") or "html" in reply.headers.get("content-type", "").casefold()
        form = "html" if html else "unreadable"
    return Answer(http=reply.status, form=form, body=body or {}, retry_after_seconds=retry_after(reply.headers))


def _json_object(data: bytes) -> Mapping[str, Json] | None:
    for charset in ("utf-8-sig", "cp932"):
        try:
            value = json.loads(data.decode(charset))
        except (ValueError, RecursionError):
            continue
        return value if isinstance(value, dict) else None
    return None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """
    The vendor's own wish in seconds: a number, or a date measured against the reply's own Date header.

    A date without a Date header cannot be measured here and counts as none. At most a day, at least 0.
    """
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}(?:\.[0-9]{1,9})?", text):
        seconds = float(text)
    else:
        until, now = _http_date(text), _http_date(headers.get("date", ""))
        if until is None or now is None:
            return None
        seconds = (until - now).total_seconds()
    return min(max(seconds, 0.0), RETRY_AFTER_SECONDS_MAX)


def _http_date(text: str) -> datetime | None:
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - rare, and a slow import

    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return moment if moment.tzinfo else None


def number(value: Json) -> int | None:
    """
    A code that may come as a number or as text ("200"); None where it is neither.
    """
    if isinstance(value, str):
        text = value.strip()
        return int(text) if re.fullmatch(r"[0-9]{1,6}", text) else None
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def http_code(value: Json) -> int | None:
    """
    A code in a body that has the meaning of an HTTP status; None for any other.
    """
    code = number(value)
    return code if code is not None and 100 <= code <= 599 else None


def words(value: Json) -> str:
    """
    The vendor's words for a person: one line, bounded, with addresses, telephone numbers and keys masked.
    """
    text = value if isinstance(value, str) else _as_json(value)
    text = "".join(character if character.isprintable() else " " for character in text[: 8 * WORDS_CHARS_MAX])
    text = " ".join(_PRIVATE.sub("***", text).split())
    return text if len(text) <= WORDS_CHARS_MAX else text[: WORDS_CHARS_MAX - 1] + "…"


def _as_json(value: Json) -> str:
    try:
        return json.dumps(value, ensure_ascii=False) if value else ""
    except RecursionError:  # nested just below the depth that the parser takes
        return ""


def told(answer: Answer, said: str, status: int | None = None) -> str:
    """
    How a reply is cited in a reason: "(401: Unauthorized)", "(HTTP 502, a page instead of an answer)".
    """
    if status is not None and status != answer.http:
        head = f"{status} under HTTP {answer.http}"
    else:
        head = f"HTTP {answer.http}"
    other = {
        "html": "a page instead of an answer",
        "maintenance": "a maintenance page",
        "empty": "an empty answer",
        "unreadable": "an answer that is not the vendor's JSON",
    }
    tail = f": {said}" if said else f", {other[answer.form]}" if answer.form in other else ""
    return f"({head}{tail})"


def every(batch: Batch, outcome: Outcome, verdict: Verdict) -> Reading:
    """
    One outcome for all deliveries of the batch.
    """
    return Reading(
        outcomes={delivery: outcome for line in batch.lines for delivery in line.deliveries},
        verdict=verdict,
    )


def unanswered(reply: NoReply, batch: Batch, causes: Causes, *, harmless: bool = True) -> Reading:
    """
    No answer: certainly not applied where the request never left, else uncertain.
    """
    why = words(reply.reason) or "no reason is known"
    if not reply.sent:
        reason = f"{causes.vendor} could not be reached ({why}). {causes.address}"
        verdict = Verdict(kind="failing", reason=reason, definite=True)
        return every(batch, Deferred(reason=reason), verdict)
    reason = f"{causes.vendor} was called and did not answer ({why}): it may have acted or not"
    return every(batch, Uncertain(reason=reason, harmless=harmless), Verdict(kind="failing", reason=reason))


def closed(answer: Answer, batch: Batch, causes: Causes) -> Reading:
    """
    A maintenance page: the vendor did not act, and will later.
    """
    reason = f"{causes.vendor} is under maintenance {told(answer, '')}"
    return waiting(batch, reason, kind="busy", wait_seconds=answer.retry_after_seconds, nightly=True)


def waiting(
    batch: Batch,
    reason: str,
    *,
    kind: str,
    burns: bool = False,
    wait_seconds: float | None = None,
    nightly: bool = False,
) -> Reading:
    """
    A definite "not now", or "not as the lane stands": everything waits. `nightly`: for a maintenance.
    """
    verdict = Verdict(kind=kind, reason=reason, definite=True, retry_after_seconds=wait_seconds, nightly=nightly)
    return every(batch, Deferred(reason=reason, burns=burns), verdict)


def ordinary(answer: Answer, status: int, said: str, batch: Batch, causes: Causes, *, harmless: bool = True) -> Reading:
    """
    What a status means at every vendor, after the vendor's module has read what it knows better.

    429 is quota; 401, 403 and 407 the keys; redirects, 404, 405 and 410 the address; any other 4xx waits for an
    operator, since it would meet every delivery alike. All else proves nothing: maybe applied. A 2xx that is not the
    vendor's, and no gateway's page either, would be the same next time.
    """
    cited = told(answer, said, status)
    if status == 429:
        reason = f"{causes.vendor} says that its call limit is reached {cited}"
        return waiting(batch, reason, kind="quota", wait_seconds=answer.retry_after_seconds)
    if status in {401, 403, 407}:
        return waiting(batch, f"{causes.vendor} refuses the credentials {cited}. {causes.keys}", kind="paused")
    if 300 <= status <= 399 or status in {404, 405, 410}:
        return waiting(batch, f"{causes.vendor} has no such address {cited}. {causes.address}", kind="paused")
    if 400 <= status <= 499 and status != 408:
        reason = f"{causes.vendor} refuses the call itself {cited}. {causes.address} {causes.keys}"
        return waiting(batch, reason, kind="paused")
    reason = f"{causes.vendor} gave no clear answer {cited}: it may have acted or not"
    wish = answer.retry_after_seconds
    odd = answer.fine and answer.form in {"empty", "unreadable", "json"}
    verdict = Verdict(kind="failing", reason=reason, retry_after_seconds=wish, suspect=odd)
    return every(batch, Uncertain(reason=reason, harmless=harmless), verdict)
