"""
Asking Mail Dealer, with one call that changes nothing, whether a destination is set up right.

cust/get of one customer is refused where token, rights, address or mailbox are wrong, and its one row names every
item of the account. Its values are never looked at. (API連携仕様書 第3版 2019-01-07; checked 2026-11.)
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from chalicelib.destinations import replies
from chalicelib.destinations.checks import nearest
from chalicelib.destinations.kit import Finding, Probe, Probed, credential
from chalicelib.destinations.maildealer_fields import ADDRESS, FIXED, id_item, known_items
from chalicelib.destinations.maildealer_replies import CAUSES, refusal, stated
from chalicelib.model import Batch, Call, Destination, NoReply, Reply, Verdict

_EMPTY = Batch(lane="-", destination="-", operation="customer", lines=())


def build_probe(destination: Destination, credentials: Mapping[str, str]) -> Call:
    """
    One cust/get for one customer of the mailbox.
    """
    document = {"mboxNo": int(destination.settings["mailbox"]), "limit": 1}
    return Call(
        url=f"{destination.base_url.rstrip('/')}/api/v1/cust/get",
        headers={
            "Content-Type": "application/json",
            "Accept": "application/json",
            "X-MD-apitoken": credential(credentials, "api_token"),
        },
        body=json.dumps(document).encode("ascii"),
    )


def read_probe(reply: Reply | NoReply, destination: Destination, mapped: Mapping[str, str]) -> Probed:
    """
    What the answer says of the set-up. `mapped` are the items that routes send, each with a route that does.
    """
    if isinstance(reply, NoReply):
        reading = replies.unanswered(reply, _EMPTY, CAUSES)
        return Probed(verdict=reading.verdict, findings=(Finding(level="fault", text=reading.verdict.reason),))
    answer = replies.read_answer(reply)
    found = stated(answer)
    if answer.form == "maintenance":
        verdict = replies.closed(answer, _EMPTY, CAUSES).verdict
        return Probed(verdict=verdict, findings=(Finding(level="warning", text=verdict.reason),))
    if not found.success:
        verdict = refusal(answer, found, _EMPTY, items=(), number="").verdict
        told = verdict.reason or f"Mail Dealer refuses the question {replies.told(answer, found.said, found.status)}"
        level = "warning" if verdict.kind == "busy" else "fault"
        return Probed(verdict=verdict, findings=(Finding(level=level, text=told),))
    opened = Finding(level="fine", text="Mail Dealer takes the token, the mailbox and the right to see customers")
    rows = answer.body.get("items")
    first = rows[0] if isinstance(rows, list) and rows and isinstance(rows[0], Mapping) else None
    return Probed(verdict=Verdict(), findings=(opened, *_compare(first, destination, mapped)))


def _compare(
    row: Mapping[str, object] | None, destination: Destination, mapped: Mapping[str, str]
) -> tuple[Finding, ...]:
    """
    The items that are mapped or configured against those that the account has.
    """
    if row is None:
        text = "The mailbox has no customer yet, so that item names cannot be compared; register one and ask again"
        return (Finding(level="warning", text=text),)
    there = tuple(row)
    used = {name: "relay.toml" for name in known_items(destination) if name not in FIXED}
    used |= {ADDRESS: "every call"} | dict(mapped)
    unused_id = id_item(destination) not in mapped
    wrong = [
        Finding(level="fault", text=_missing(name, where, there))
        for name, where in used.items()
        if name not in there and not (unused_id and name == id_item(destination))
    ]
    if wrong:
        return tuple(wrong)
    return (Finding(level="fine", text=f"All {len(mapped)} mapped items are items of the account"),)


def _missing(name: str, where: str, there: tuple[str, ...]) -> str:
    guess = nearest(name, there)
    hint = f'did you mean "{guess}"?' if guess else f"it has {', '.join(map(str, there[:40]))}"
    return f'The account has no item "{name}" ({where}): {hint}'


PROBE = Probe(
    asks="cust/get of one customer: whether token, mailbox and rights are right, and which items the account has",
    build=build_probe,
    read=read_probe,
)
