"""
Mail Dealer's answers: its error codes, and what each asks of an operator.

Codes as in the tables of API連携仕様書 第3版 (2019-01-07; checked 2026-11). They are read tolerantly: a sibling product
writes numbers as texts, and the list of wrong parameters as an object. The echo of the request (`query`), and the
values in that list, are never read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from chalicelib.destinations import replies
from chalicelib.destinations.replies import Answer, Causes
from chalicelib.model import Batch, Reading, Refused, Verdict
from chalicelib.model.arrival import Json
from chalicelib.value import value

BAD_PARAMETER, NO_TARGET, DUPLICATE, MAINTENANCE = 100, 200, 201, 900
WRONGS_TOLD_MAX = 20
NAME_CHARS_MAX = 60

_KEY = (
    "Check the API token (個人設定 > その他: making it anew ends the old one, and 変更 must be pressed), and that its "
    "user is still there"
)
_RIGHTS = (
    "that the user has the right API連携 and those of the API itself (seeing and editing 顧客情報, 個人情報の閲覧)"
)
_SENDER = (
    "that the account's IP restriction lets in the address that calls come from "
    '(set egress = "fixed" for a fixed one), '
    "and that the user may use this mailbox (mailbox)"
)
_CONTRACT = "the contract (ライセンス) and its option API連携"
_ADDRESS = "Check base_url (https://mdXX.maildealer.jp, the host of the login URL); or the API's version has changed."

CAUSES = Causes(
    vendor="Mail Dealer",
    keys=f"{_KEY}; {_RIGHTS}; {_SENDER}; {_CONTRACT}.",
    address=_ADDRESS,
)

_PAUSES: Mapping[int, tuple[str, str]] = {
    1: ("does not take the API token, or its user lacks a right", f"{_KEY}; {_RIGHTS}."),
    4: ("says that the user may not do this", f"Check {_RIGHTS}."),
    7: ("denies access: to this address, or to the mailbox", f"Check {_SENDER}."),
    9: ("says that there is no licence for the API", f"Check {_CONTRACT}."),
    3: ("has no such address, or no such version of the API", _ADDRESS),
    8: ("was called by another method than POST, which Ekiden never does", f"A proxy may have. {_ADDRESS}"),
}
"""
What stops the whole lane until somebody acts: what the vendor says, and where to look.
"""

_CODE_OF_STATUS = {401: 1, 402: 9, 404: 3, 405: 8}
"""
The code that a status without one stands for. A 403 may be two things, and is told as both.
"""

_DETAILS = {
    1: "is required",
    2: "is of a wrong type",
    3: "is below the range",
    4: "is above the range",
    5: "is too short",
    6: "is too long",
    7: "has a wrong format",
    8: "does not exist (a choice, or the item itself)",
}


@value
class Stated:
    """
    What an answer says of itself: the HTTP status that it means, the vendor's code (0: none), and whether it succeeded.
    """

    status: int
    code: int
    success: bool
    said: str


def stated(answer: Answer) -> Stated:
    """
    Read the envelope. The body's own code decides where it is readable, save that a 429 is one wherever it stands.
    """
    body = answer.body
    inner = body.get("errors")
    errors = inner if isinstance(inner, Mapping) else {}
    inside = replies.http_code(body.get("code")) or replies.http_code(body.get("status"))
    status = 429 if answer.http == 429 else inside or answer.http
    word = str(body.get("status")).strip().casefold()
    return Stated(
        status=status,
        code=replies.number(errors.get("code")) or 0,
        success=answer.fine and word == "success" and status == 200 and not errors,
        said=replies.words(errors.get("msg") or ""),
    )


def customer_id(answer: Answer) -> str:
    """
    The ID of the customer that was stored, "" where the answer has none, or counts none.

    ID and count come as numbers or as texts.
    """
    if replies.number(answer.body.get("count")) == 0:
        return ""
    found = answer.body.get("customerId")
    text = str(found).strip() if isinstance(found, int | str) and not isinstance(found, bool) else ""
    return text if re.fullmatch(r"[0-9]{1,18}", text) else ""


def refusal(answer: Answer, found: Stated, batch: Batch, *, items: Sequence[str], number: str) -> Reading:
    """
    What anything but a success means. `items` are the names that were sent, `number` the customer's ID if one was.
    """
    cited = replies.told(answer, found.said, found.status)
    wish = answer.retry_after_seconds
    if found.status == 503 and found.code == MAINTENANCE:
        reason = f"Mail Dealer is under its nightly maintenance {cited}"
        return replies.waiting(batch, reason, kind="busy", wait_seconds=wish, nightly=True)
    if found.status in {400, 413, 422}:
        return replies.every(
            batch, Refused(reason=_refused(answer, found, cited, items, number)), Verdict(definite=True)
        )
    if found.status in {401, 402, 403, 404, 405}:
        code = found.code if found.code in _PAUSES else _CODE_OF_STATUS.get(found.status, 0)
        what, advice = _PAUSES.get(code) or ("refuses the call", CAUSES.keys)
        return replies.waiting(batch, f"Mail Dealer {what} {cited}. {advice}", kind="paused")
    return replies.ordinary(answer, found.status, found.said, batch, CAUSES)


def _refused(answer: Answer, found: Stated, cited: str, items: Sequence[str], number: str) -> str:
    if found.status == 413:
        return f"Mail Dealer finds the customer's values too large {cited}: a call may have 5 MB. Shorten them"
    if found.code == NO_TARGET and number:
        return (
            f"Mail Dealer has no customer with the ID {number} in this mailbox {cited}. Correct the ID, or leave it "
            "out: then the address decides which customer is updated"
        )
    if found.code == NO_TARGET:
        return f"Mail Dealer says that the customer to be updated does not exist {cited}"
    if found.code == DUPLICATE:
        whose = f"than the one with the ID {number}" if number else "already"
        return (
            f"Mail Dealer has this delivery's address with another customer {whose} {cited}. Join the two customers or "
            "correct the address there, or leave the ID out: then the address decides which customer is updated"
        )
    wrongs = _wrongs(answer, items)
    told = f": {'; '.join(wrongs)}" if wrongs else ""
    return f"Mail Dealer refuses the customer's values {cited}{told}"


def _wrongs(answer: Answer, items: Sequence[str]) -> list[str]:
    """
    Each wrong parameter by its name and what is wrong with it, never its value.
    """
    errors = answer.body.get("errors")
    found = errors.get("description") if isinstance(errors, Mapping) else None
    if isinstance(found, Mapping):
        found = [found] if "name" in found else list(found.values())
    listed = found if isinstance(found, list) else []
    told = []
    for each in listed[:WRONGS_TOLD_MAX]:
        if isinstance(each, Mapping):
            code = replies.number(each.get("code"))
            wrong = _DETAILS.get(code or 0, f"is wrong (code {code})" if code else "is wrong")
            told.append(f"{_name(each.get('name'), items)} {wrong}")
    return list(dict.fromkeys(told))


def _name(name: Json, items: Sequence[str]) -> str:
    text = name.strip() if isinstance(name, str) else ""
    if text in items:
        return text
    return replies.words(text)[:NAME_CHARS_MAX] or "something unnamed"
