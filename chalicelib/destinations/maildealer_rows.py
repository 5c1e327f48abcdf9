"""
The rows of Mail Dealer's get APIs: their envelope, and what a refusal means for whoever asks.

Codes as in the tables of API連携仕様書 第3版 (2019-01-07; checked 2026-11), read tolerantly: numbers may come as texts,
the list of wrong parameters as an object. Their values, and the echo of the request (`query`), are never read.
"""

from __future__ import annotations

from chalicelib.destinations import replies
from chalicelib.destinations.asking import Rows, Unread
from chalicelib.destinations.replies import Answer, Causes
from chalicelib.model import Batch, NoReply, Reply, Verdict

NOTHING = Batch(lane="-", destination="-", operation="-", lines=())
CAUSES = Causes(
    vendor="Mail Dealer",
    keys=(
        "Check the API token, that its user has the right API連携 and those of this API (メール閲覧; 顧客情報の閲覧, "
        "個人情報の閲覧; Q&A閲覧), and may use this mailbox from this address."
    ),
    address="Check base_url (https://mdXX.maildealer.jp, the host of the login URL).",
)


def read_rows(reply: Reply | NoReply) -> Rows | Unread:
    """
    The rows of a success, which HTTP, `status`, `count` and `items` all have to bear out.
    """
    if isinstance(reply, NoReply):
        return Unread(verdict=replies.unanswered(reply, NOTHING, CAUSES).verdict)
    answer = replies.read_answer(reply)
    if answer.form == "maintenance":
        return Unread(verdict=replies.closed(answer, NOTHING, CAUSES).verdict)
    items = answer.body.get("items")
    success = answer.http == 200 and answer.body.get("status") == "success"
    if success and isinstance(items, list) and all(isinstance(item, dict) for item in items):
        if replies.number(answer.body.get("count")) == len(items):
            return Rows(rows=tuple(items))
        return _strange(answer, "its count is not the number of its items")
    if success or (answer.form == "json" and not _code(answer) and answer.fine):
        return _strange(answer, "it has no list of items")
    return Unread(verdict=_refusal(answer))


def _strange(answer: Answer, why: str) -> Unread:
    reason = f"the answer is not that of the specification: {why} {replies.told(answer, '')}"
    return Unread(verdict=Verdict(kind="strange", reason=reason))


def _code(answer: Answer) -> int:
    errors = answer.body.get("errors")
    return (replies.number(errors.get("code")) or 0) if isinstance(errors, dict) else 0


def _refusal(answer: Answer) -> Verdict:
    """
    What a refusal means, by its error code first (specification, エラー一覧).
    """
    code, status, said = _code(answer), answer.http, _said(answer)
    if code == 6 or status == 429:
        return replies.ordinary(answer, 429, said, NOTHING, CAUSES).verdict
    if code == 900 or status == 503:
        reason = f"Mail Dealer is under maintenance {replies.told(answer, said)}"
        return Verdict(kind="busy", reason=reason, definite=True, retry_after_seconds=answer.retry_after_seconds)
    if code in {100, 200, 201} or status == 400:
        reason = f"Mail Dealer refuses the request {replies.told(answer, said)}. Check columns, id_item and mailbox."
        return Verdict(kind="key", reason=reason, definite=True)
    return replies.ordinary(answer, status, said, NOTHING, CAUSES).verdict


def _said(answer: Answer) -> str:
    """
    The vendor's own message and the names of wrong parameters; never their values, which may be a person's.
    """
    errors = answer.body.get("errors")
    if not isinstance(errors, dict):
        return ""
    described = errors.get("description") or []
    wrongs = list(described.values()) if isinstance(described, dict) else described
    names = [str(wrong.get("name", "")) for wrong in wrongs if isinstance(wrong, dict)]
    return replies.words(" / ".join(filter(None, (str(errors.get("msg", "")), ", ".join(names)))))
