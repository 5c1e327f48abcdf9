"""
Mail Dealer: the one question that tells whether a destination is set up right, and what its answers mean.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.destinations.kit import Probed
from chalicelib.destinations.maildealer import VENDOR
from chalicelib.model import NoReply, Reply
from tests.unit.destinations.accounts import desk_account

ROW = {
    "顧客ID": "1",
    "メールアドレス": "hanako@example.co.jp",
    "お名前": "見本花子",
    "フリガナ": "",
    "会社名": "秘密商事",
}
MAPPED = {"メールアドレス": "routes.form", "会社名": "routes.form"}


def probe() -> Any:
    assert VENDOR.probe is not None
    return VENDOR.probe()


def told(reply: Reply | NoReply, mapped: dict[str, str] | None = None, **settings: Any) -> Probed:
    found: Probed = probe().read(reply, desk_account(**settings), MAPPED if mapped is None else mapped)
    return found


def answer(items: Any, **body: Any) -> Reply:
    found = {
        "status": "success",
        "code": 200,
        "query": {"mboxNo": 1},
        "count": len(items or ()),
        "items": items,
        **body,
    }
    return Reply(status=200, body=json.dumps(found).encode())


def test_the_question_is_one_customer_of_the_mailbox() -> None:
    """It reads, changes nothing, and carries the token in its header."""
    call = probe().build(desk_account(mailbox=3), {"api_token": " token-1\n"})

    assert call.url == "https://md00.maildealer.jp/api/v1/cust/get"
    assert json.loads(call.body) == {"mboxNo": 3, "limit": 1}
    assert call.headers["X-MD-apitoken"] == "token-1"


def test_names_are_compared_and_values_are_not_told() -> None:
    """What routes map and settings mention is looked for among the account's items."""
    fine = told(answer([ROW]))
    wrong = told(answer([ROW]), {"会社": "routes.form"}, choice_items={"興味": []})

    assert [each.level for each in fine.findings] == ["fine", "fine"]
    assert [each.level for each in wrong.findings] == ["fine", "fault", "fault"]
    texts = " ".join(each.text for each in wrong.findings)
    assert 'no item "会社" (routes.form): did you mean "会社名"?' in texts
    assert 'no item "興味" (relay.toml): it has 顧客ID' in texts
    assert not any(value in repr((fine, wrong)) for value in ("秘密商事", "見本花子", "hanako"))


def test_the_ids_item_is_missed_only_where_it_is_used() -> None:
    """An account that spells it otherwise is told so before the first update by ID."""
    spaced = [{"顧客 ID" if name == "顧客ID" else name: value for name, value in ROW.items()}]

    assert [each.level for each in told(answer(spaced)).findings] == ["fine", "fine"]
    (_, fault) = told(answer(spaced), {"顧客ID": "routes.crm"}).findings
    assert 'did you mean "顧客 ID"?' in fault.text


@pytest.mark.parametrize("items", [[], None, ["noise"], "noise"])
def test_a_mailbox_without_customers_is_no_fault(items: Any) -> None:
    """An empty answer is a success; names cannot be compared."""
    found = told(answer(items, count="0"))

    assert [each.level for each in found.findings] == ["fine", "warning"]
    assert found.verdict.kind == "fine"


@pytest.mark.parametrize(
    ("reply", "kind", "level"),
    [
        (NoReply(reason="no such host", sent=False), "failing", "fault"),
        (Reply(status=200, body=b"<html>"), "failing", "fault"),
        (Reply(status=401, body=b'{"status":"error","code":401,"errors":{"code":1}}'), "paused", "fault"),
        (Reply(status=400, body=b'{"status":"error","code":400,"errors":{"code":100}}'), "fine", "fault"),
        (Reply(status=503, body=b'{"status":"error","code":503,"errors":{"code":900}}'), "busy", "warning"),
        (Reply(status=200, body=b"Status: 503 Maintenance mode"), "busy", "warning"),
        (Reply(status=429), "quota", "fault"),
    ],
)
def test_every_other_answer_says_what_is_wrong(reply: Reply | NoReply, kind: str, level: str) -> None:
    """The verdict is that of any call; a maintenance is nobody's fault."""
    found = told(reply)

    assert found.verdict.kind == kind
    assert [(each.level, bool(each.text)) for each in found.findings] == [(level, True)]
