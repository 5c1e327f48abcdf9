"""
Declared destinations: what an answer means, by the statuses and conditions of relay.toml, then by what HTTP means.

A condition is JMESPath over the answer: `status` (the HTTP status), `body` (its JSON, else null) and `text`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from chalicelib.destinations import replies
from chalicelib.destinations.declared import Declaration, Match
from chalicelib.destinations.replies import Answer, Causes
from chalicelib.model import Batch, Deferred, Delivered, NoReply, Reading, Refused, Reply, Verdict
from chalicelib.model.arrival import Json

RESULT_CHARS_MAX = 300
TEXT_CHARS_MAX = 10_000
SAYING = ("message", "error", "errors", "detail", "title", "description")


def read(
    declaration: Declaration,
    causes: Causes,
    reply: Reply | NoReply,
    batch: Batch,
    *,
    harmless: bool,
    files: bool,
) -> Reading:
    """
    One outcome per delivery. `files` says that the call carried rows of many, so that a refusal is of the whole file.
    """
    if isinstance(reply, NoReply):
        return replies.unanswered(reply, batch, causes, harmless=harmless)
    answer = replies.read_answer(reply)
    if answer.form == "maintenance":
        return replies.closed(answer, batch, causes)
    scope = _scope(reply)
    said = _said(scope)
    status = _stated(answer)
    kind = next((kind for kind, match in declaration.classes if _matches(match, scope, status)), "")
    if kind:
        return _declared(kind, answer, replies.told(answer, said, status), batch, causes, files=files)
    # Slack's "ok" calls itself text/html: where a condition says what a success is, it decides.
    readable = answer.form != "html" or bool(declaration.success.when)
    if readable and _succeeds(declaration.success, scope, status):
        proof = declaration.proof or ("accepted" if files else "imported")
        return replies.every(batch, Delivered(proof=proof, result=_result(declaration, scope)), Verdict())
    refusal = _refused(answer, status, said, batch, causes, files=files)
    return refusal or replies.ordinary(answer, status, said, batch, causes, harmless=harmless)


def _succeeds(success: Match, scope: Mapping[str, Json], status: int) -> bool:
    """
    A success as declared; where nothing is, any 2xx whose body does not state another status.
    """
    http = scope["status"]
    if not 200 <= http <= 299 or (success.statuses and http not in success.statuses):
        return False
    return truth(success.when, scope) if success.when else 200 <= status <= 299


def _matches(match: Match, scope: Mapping[str, Json], status: int) -> bool:
    if not match.statuses and not match.when:
        return False
    by_status = not match.statuses or not match.statuses.isdisjoint({scope["status"], status})
    return by_status and (not match.when or truth(match.when, scope))


def _declared(kind: str, answer: Answer, cited: str, batch: Batch, causes: Causes, *, files: bool) -> Reading:
    wish = answer.retry_after_seconds
    if kind == "refused" and not files:
        return replies.every(batch, Refused(reason=f"{causes.vendor} refuses it {cited}"), Verdict(definite=True))
    if kind == "refused":
        return replies.waiting(batch, f"{causes.vendor} refuses the rows as a whole {cited}", kind="key")
    words = {
        "quota": "says that its call limit is reached",
        "paused": "does not take calls as they are set up",
        "busy": "is busy",
    }
    advice = f". {causes.keys} {causes.address}" if kind == "paused" else ""
    return replies.waiting(batch, f"{causes.vendor} {words[kind]} {cited}{advice}", kind=kind, wait_seconds=wish)


def _refused(answer: Answer, status: int, said: str, batch: Batch, causes: Causes, *, files: bool) -> Reading | None:
    """
    What a status says of the values themselves, and not of the lane.
    """
    cited = replies.told(answer, said, status)
    if status == 409:
        reason = f"{causes.vendor} reports a conflict, perhaps with another write {cited}"
        if files:
            return replies.waiting(batch, reason, kind="busy", burns=True, wait_seconds=answer.retry_after_seconds)
        return replies.every(batch, Deferred(reason=reason, burns=True), Verdict(definite=True))
    if status not in {400, 413, 414, 422}:
        return None
    if not files:
        return replies.every(batch, Refused(reason=f"{causes.vendor} refuses it {cited}"), Verdict(definite=True))
    if status == 413:
        return replies.waiting(batch, f"{causes.vendor} finds the call too large {cited}", kind="too_large")
    return replies.waiting(batch, f"{causes.vendor} refuses the rows as a whole {cited}", kind="key")


def _stated(answer: Answer) -> int:
    """
    The status that the answer means: an error that its body states under a 2xx, else HTTP's own.
    """
    if answer.http == 429 or not answer.fine:
        return answer.http
    stated = (replies.http_code(answer.body.get(name)) for name in ("status", "code"))
    return next((code for code in stated if code and code >= 400), answer.http)


def _scope(reply: Reply) -> dict[str, Any]:
    text = reply.body[: 4 * TEXT_CHARS_MAX].decode("utf-8", "replace")[:TEXT_CHARS_MAX]
    try:
        body = json.loads(reply.body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        body = None
    return {"status": reply.status, "body": body, "text": text}


def _said(scope: Mapping[str, Json]) -> str:
    """
    The answer's own words for people, masked: a message of its JSON, or a short text.
    """
    body = scope["body"]
    if isinstance(body, dict):
        found = next((body[name] for name in SAYING if body.get(name)), "")
        # "The input is invalid" alone names no field; many services, kintone too, say beside it which one.
        beside = body.get("errors")
        if isinstance(found, str) and isinstance(beside, dict | list) and beside:
            return replies.words(f"{found} {replies.words(beside)}")
        return replies.words(found)
    text = scope["text"].strip()
    plain = body is None and text.isprintable() and not text.startswith("<")
    return replies.words(text) if plain else ""


def _result(declaration: Declaration, scope: Mapping[str, Json]) -> dict[str, str]:
    found = {name: query(path, scope) for name, path in declaration.result.items()}
    return {
        name: str(each)[:RESULT_CHARS_MAX]
        for name, each in found.items()
        if isinstance(each, str | int | float) and not isinstance(each, bool)
    }


def truth(text: str, scope: Mapping[str, Json]) -> bool:
    """
    Whether a condition holds, as JMESPath understands truth: null, false and what is empty are not.
    """
    found = query(text, scope)
    return not (found is None or found is False or found in ("", [], {}))


def query(text: str, scope: Mapping[str, Json]) -> Json:
    """
    What a JMESPath expression finds in an answer; None where it cannot be worked out. Never raises.
    """
    import jmespath  # noqa: PLC0415 - only answers of destinations with conditions need it
    from jmespath.exceptions import JMESPathError  # noqa: PLC0415 - as above

    try:
        return jmespath.search(text, scope)
    except (JMESPathError, ArithmeticError, LookupError, TypeError, ValueError, RecursionError):
        return None


def unreadable(text: str) -> str:
    """
    Why an expression is no JMESPath, on one line; empty where it is.
    """
    import jmespath  # noqa: PLC0415 - as above
    from jmespath.exceptions import JMESPathError  # noqa: PLC0415 - as above

    try:
        jmespath.compile(text)
    except JMESPathError as error:
        return " ".join(str(error).partition(", for expression")[0].split())
    return ""
