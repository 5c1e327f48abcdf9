"""
What a 配配メール answer says: the status that it means, and its words for a person, whatever API gave it.

The body of an answer is not published, so a code in it is looked for in every likely place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from chalicelib.destinations import replies
from chalicelib.destinations.replies import Answer, Causes
from chalicelib.model.arrival import Json

CAUSES = Causes(
    vendor="配配メール",
    keys=(
        "Check the API token (各種設定 > 基本設定: making a new one ends the old one; 変更 must be pressed), login_id, "
        "the contract of the API option, and API IPアドレス制限: it must list the address that calls come from, one by "
        'one, no ranges (set egress = "fixed" for a fixed one).'
    ),
    address="Check base_url (the host of the login URL) and account (the first part of its path).",
)

_BAD_WORDS = frozenset({"error", "errors", "ng", "fail", "failed", "failure", "false"})
_SPOKEN = frozenset({"code", "message", "msg", "error", "errors", "description", "detail", "name", "reason"})
_SAYING_DEPTH = 5


def said_in(answer: Answer) -> str:
    """
    The words of a complaint: one line, bounded, masked.
    """
    return replies.words(" / ".join(dict.fromkeys(_sayings(answer.body, _SAYING_DEPTH))))


def status_of(answer: Answer) -> int:
    """
    The status that the reply means: a code in the body first, then HTTP's, then 400 for a complaint without a code.
    """
    codes = [code for code in map(replies.http_code, _codes(answer.body)) if code is not None and code >= 400]
    if 429 in (answer.http, *codes):
        return 429
    if codes:
        return codes[0]
    return 400 if answer.fine and _complains(answer.body) else answer.http


def strange(body: Mapping[str, Json]) -> bool:
    """
    Whether the answer carries a code that nobody knows: neither zero nor a success.
    """
    return any(code and not 200 <= code <= 299 for code in map(replies.number, _codes(body)))


def _codes(body: Mapping[str, Json]) -> Iterator[Json]:
    yield body.get("code")
    yield body.get("status")
    for name in ("errors", "error"):
        found = body.get(name)
        for each in found if isinstance(found, list) else [found]:
            if isinstance(each, dict):
                yield each.get("code")
                yield each.get("status")
            else:
                yield each


def _complains(body: Mapping[str, Json]) -> bool:
    texts = (str(body.get(name)).strip().casefold() for name in ("status", "result", "success"))
    return bool(body.get("errors") or body.get("error")) or any(text in _BAD_WORDS for text in texts)


def _sayings(value: Json, depth: int) -> list[str]:
    """
    The texts and codes of a complaint, without what the answer echoes of the request.
    """
    if isinstance(value, dict) and depth:
        return [said for name, each in value.items() if name in _SPOKEN for said in _sayings(each, depth - 1)]
    if isinstance(value, list) and depth:
        return [said for each in value for said in _sayings(each, depth - 1)]
    return [str(value)] if isinstance(value, str | int | float) and not isinstance(value, bool) else []
