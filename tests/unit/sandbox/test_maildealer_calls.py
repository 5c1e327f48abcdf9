"""
Mail Dealer's checks in their order, its envelope, and the limits of a minute, each in every reading.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.sandbox.clock import HandClock
from tests.sandbox.faults import Fault
from tests.sandbox.maildealer import MailDealerSandbox
from tests.sandbox.maildealer_books import busiest_minute, overlapping_writers
from tests.sandbox.maildealer_screens import tables
from tests.sandbox.wire import SandboxAnswer, SandboxDrop
from tests.unit.sandbox.vendors import MD_TOKEN, ask, mail_dealer, md_request, md_update

LOOK = {"mboxNo": 1}


def _code(sandbox: MailDealerSandbox, request: Any) -> str:
    status, body = ask(sandbox, request)
    assert status == body["code"]
    return f"{status}/{body['errors']['code']}" if body["status"] == "error" else str(status)


# ── the envelope ──


def test_a_success_has_the_documented_envelope(clock: HandClock) -> None:
    """
    Status, code, url, the request echoed, count, customerId, version and time, in the order of the specification.
    """
    status, body = ask(mail_dealer(clock), md_update(お名前="山田花子"))
    assert status == 200
    assert list(body) == ["status", "code", "url", "query", "count", "customerId", "version", "accessTime"]
    assert body["query"]["items"]["お名前"] == "山田花子"
    assert (body["count"], body["customerId"], body["version"]) == (1, 1, "v1")
    assert body["url"] == "https://md00.maildealer.jp/api/v1/cust/update"
    assert body["accessTime"] == "2026-11-21 12:00:00 +0900"


def test_samples_and_tables_are_two_readings(clock: HandClock) -> None:
    """
    Numbers as texts and a time without offset, as the samples have them; codes and description as a sibling has them.
    """
    texts = {"count": "text", "customer_id": "text", "access_time": "without"}
    _, body = ask(mail_dealer(clock, switches=texts), md_update())
    assert (body["count"], body["customerId"], body["accessTime"]) == ("1", "1", "2026-11-21 12:00:00")
    sibling = {"error_codes": "text", "description": "object"}
    _, body = ask(mail_dealer(clock, switches=sibling), md_update(メールアドレス="no address"))
    assert body["errors"]["code"] == "100"
    assert body["errors"]["description"]["0"]["code"] == "7"


def test_slashes_are_escaped_and_unicode_where_asked_for(clock: HandClock) -> None:
    r"""
    "/" is written "\/" always, and characters beyond ASCII as \uXXXX where the header says so.
    """
    sandbox = mail_dealer(clock)
    plain = sandbox.handle(md_update(お名前="花子/髙﨑"))
    escaped = sandbox.handle(
        md_request(
            "cust/update",
            {"mboxNo": 1, "items": {"メールアドレス": "a@example.co.jp", "お名前": "髙"}},
            headers={"x-md-response-escape-unicode": "true"},
        )
    )
    assert isinstance(plain, SandboxAnswer)
    assert isinstance(escaped, SandboxAnswer)
    assert "花子\\/髙﨑" in plain.body.decode()
    assert escaped.body.isascii()
    assert b"\\u9ad9" in escaped.body


def test_a_401_has_its_own_content_type(clock: HandClock) -> None:
    """
    The sample header of a 401 carries a charset, the others do not.
    """
    sandbox = mail_dealer(clock)
    refused = sandbox.handle(md_request("cust/get", LOOK, token="other"))
    fine = sandbox.handle(md_request("cust/get", LOOK))
    assert isinstance(refused, SandboxAnswer)
    assert isinstance(fine, SandboxAnswer)
    assert refused.headers["content-type"] == "application/json;charset=utf-8"
    assert fine.headers["content-type"] == "application/json"


# ── the order of checks ──


def test_every_check_has_its_code(clock: HandClock) -> None:
    """
    Method, version, path, body, token, mailbox and parameters are refused as documented.
    """
    sandbox = mail_dealer(clock)
    assert _code(sandbox, md_request("cust/get", LOOK, method="GET")) == "405/8"
    assert _code(sandbox, md_request("cust/get", LOOK, path="/api/v2/cust/get")) == "404/3"
    assert _code(sandbox, md_request("cust/remove", LOOK)) == "404/3"
    assert _code(sandbox, md_request("cust/get", b"{")) == "400/100"
    assert _code(sandbox, md_request("cust/get", b"[1]")) == "400/100"
    assert _code(sandbox, md_request("cust/get", LOOK, headers={"content-type": "text/plain"})) == "400/100"
    assert _code(sandbox, md_request("cust/get", LOOK, headers={"x-md-response-format": "XML"})) == "400/100"
    assert _code(sandbox, md_request("cust/get", LOOK, token="")) == "401/1"
    assert _code(sandbox, md_request("cust/get", {"mboxNo": 9})) == "403/7"
    assert _code(sandbox, md_request("mail/get", {"mboxNo": 1}, token="md-token-2")) == "403/7"
    assert _code(sandbox, md_request("cust/get", {})) == "400/100"
    assert _code(sandbox, md_request("cust/get", {"mboxNo": "1"})) == "400/100"
    assert _code(sandbox, md_request("cust/get", LOOK)) == "200"


def test_a_request_may_have_five_megabytes(clock: HandClock) -> None:
    """
    A larger one is 413/5, by either meaning of a megabyte, before the token is looked at.
    """
    for megabyte in (1_048_576, 1_000_000):
        sandbox = mail_dealer(clock, switches={"megabyte": megabyte})
        body = json.dumps(LOOK).encode()
        full = body + b" " * (5 * megabyte - len(body))
        assert _code(sandbox, md_request("cust/get", full)) == "200"
        assert _code(sandbox, md_request("cust/get", full + b" ", token="other")) == "413/5"


def test_the_nightly_maintenance_answers_everything(clock: HandClock) -> None:
    """
    From 02:00 until before 05:00 in Tokyo every request is 503/900, a GET too; the window can be moved over midnight.
    """
    sandbox = mail_dealer(clock)
    for at, told in (("16:59:59", "405/8"), ("17:00:00", "503/900"), ("19:59:59", "503/900"), ("20:00:00", "405/8")):
        clock.at = datetime.fromisoformat(f"2026-11-21T{at}+00:00")
        assert _code(sandbox, md_request("cust/get", LOOK, method="GET")) == told
    sandbox.change_switches({"maintenance_from": 1_410, "maintenance_minutes": 60})
    for at, told in (("14:29:59", "200"), ("14:30:00", "503/900"), ("15:29:59", "503/900"), ("15:30:00", "200")):
        clock.at = datetime.fromisoformat(f"2026-11-22T{at}+00:00")
        assert _code(sandbox, md_request("cust/get", LOOK)) == told


def test_a_method_may_be_checked_after_the_token(clock: HandClock) -> None:
    """
    A GET without a token is 405 in one reading, 401 in the other.
    """
    for switch, told in (("before_token", "405/8"), ("after_token", "401/1")):
        sandbox = mail_dealer(clock, switches={"method_check": switch})
        assert _code(sandbox, md_request("cust/get", LOOK, method="GET", token="")) == told
        assert _code(sandbox, md_request("cust/get", LOOK, method="GET")) == "405/8"


def test_addresses_licence_and_rights_are_checked(clock: HandClock) -> None:
    """
    A foreign sender is 403/7, a missing contract 402/9, a missing right 403/4 or 401/1, each API by its own rights.
    """
    sandbox = mail_dealer(clock, switches={"addresses": ("203.0.113.5",)})
    assert _code(sandbox, md_request("cust/get", LOOK)) == "403/7"
    assert _code(sandbox, md_request("cust/get", LOOK, client="203.0.113.5")) == "200"
    sandbox.change_switches({"addresses": [], "licence": "invalid"})
    assert _code(sandbox, md_request("cust/get", LOOK)) == "402/9"
    sandbox.change_switches({"licence": "valid", "missing_rights": ["顧客情報の編集"]})
    assert _code(sandbox, md_update()) == "403/4"
    assert _code(sandbox, md_request("cust/get", LOOK)) == "200"
    sandbox.change_switches({"no_right": "401/1"})
    assert _code(sandbox, md_update()) == "401/1"
    sandbox.change_switches({"missing_rights": []})
    sandbox.give("ekiden", rights=("API連携", "Q&A閲覧"))
    assert _code(sandbox, md_request("cust/get", LOOK)) == "401/1"
    assert _code(sandbox, md_request("qa/get", {"mboxNo": 1, "search": {"searchStatus": 0}})) == "200"


def test_a_regenerated_token_ends_the_old_one(clock: HandClock) -> None:
    """
    The old token is 401/1 from that moment, the new one opens.
    """
    sandbox = mail_dealer(clock)
    new = sandbox.regenerate_token("ekiden")
    assert _code(sandbox, md_request("cust/get", LOOK, token=MD_TOKEN)) == "401/1"
    assert _code(sandbox, md_request("cust/get", LOOK, token=new)) == "200"


# ── thirty a minute ──


def _calls_let_in(sandbox: MailDealerSandbox, count: int, api: str = "cust/get", mailbox: int = 1) -> int:
    return sum(_code(sandbox, md_request(api, {"mboxNo": mailbox})) == "200" for _ in range(count))


def test_the_minute_slides_or_is_the_clock_s(clock: HandClock) -> None:
    """
    30 calls just before a full minute leave nothing after it where the minute slides, and 30 where it is fixed.
    """
    for window, room in (("sliding", 0), ("fixed", 30)):
        clock.at = datetime(2026, 11, 21, 3, 0, 59, tzinfo=UTC)
        sandbox = mail_dealer(clock, switches={"rate_window": window, "rate_rejects": "free"})
        assert _calls_let_in(sandbox, 31) == 30
        clock.advance(1)
        assert _calls_let_in(sandbox, 31) == room
        clock.advance(60)
        assert _calls_let_in(sandbox, 31) == 30


def test_apis_share_the_minute_or_have_their_own(clock: HandClock) -> None:
    """
    Per mailbox, or per mailbox and API; another mailbox has its own in any case.
    """
    for scope, room in (("mailbox", 0), ("api", 30)):
        sandbox = mail_dealer(clock, switches={"rate_scope": scope, "rate_rejects": "free"})
        assert _calls_let_in(sandbox, 30) == 30
        assert _calls_let_in(sandbox, 30, api="mail/get") == room
        assert _calls_let_in(sandbox, 30, mailbox=2) == 30


def test_refused_calls_count_or_not(clock: HandClock) -> None:
    """
    Where refusals count, knocking on keeps the mailbox shut.
    """
    for rejects, room in (("count", 0), ("free", 30)):
        sandbox = mail_dealer(clock, switches={"rate_rejects": rejects})
        clock.advance(600)
        assert _calls_let_in(sandbox, 30) == 30
        for _ in range(6):
            clock.advance(10)
            if clock.at.second % 60 != 0:
                assert _calls_let_in(sandbox, 10) == 0
        assert (_calls_let_in(sandbox, 30) > 0) == (room > 0)


# ── the books, faults and screens ──


def test_the_books_tell_the_busiest_minute_and_who_was_written_at_once(clock: HandClock) -> None:
    """
    Every call is noted with its time, its mailbox and its address, refused ones too.
    """
    sandbox = mail_dealer(clock, switches={"rate_per_minute": 2})
    sandbox.faults.add(Fault("slow", times=1, seconds=5))
    for _ in range(3):
        sandbox.handle(md_update())
        clock.advance(2)
    assert busiest_minute(sandbox.calls, 1) == 3
    assert overlapping_writers(sandbox.calls) == ["hanako@example.co.jp"]
    assert [call.answer for call in sandbox.calls] == ["200", "200", "429/6"]


@pytest.mark.parametrize(
    ("kind", "told", "stored"),
    [("token_revoked", "401/1", False), ("internal_999", "500/999", False), ("internal_999_after", "500/999", True)],
)
def test_faults_of_its_own(clock: HandClock, kind: str, told: str, stored: bool) -> None:  # noqa: FBT001
    """
    A token revoked for a while, and the internal error before or after the customer was stored.
    """
    sandbox = mail_dealer(clock)
    sandbox.faults.add(Fault(kind))
    assert _code(sandbox, md_update()) == told
    assert (sandbox.customer("hanako@example.co.jp") is not None) == stored
    assert _code(sandbox, md_update()) == "200"


def test_what_is_lost_after_storing_is_stored(clock: HandClock) -> None:
    """
    The shared faults work here too, and a spoiled call counts in the minute.
    """
    sandbox = mail_dealer(clock, switches={"rate_per_minute": 2})
    sandbox.faults.add(Fault("lose_after"), Fault("lose_before"))
    assert isinstance(sandbox.handle(md_update()), SandboxDrop)
    assert sandbox.customer("hanako@example.co.jp") is not None
    assert isinstance(sandbox.handle(md_update()), SandboxDrop)
    assert _code(sandbox, md_update()) == "429/6"


def test_the_screens_show_what_is_inside(clock: HandClock) -> None:
    """
    Customers and calls as tables and as JSON; after a reset the account is as it was made.
    """
    sandbox = mail_dealer(clock)
    sandbox.handle(md_update(お名前="山田花子", 興味=["資料", "デモ"]))
    text = str([table.rows for table in tables(sandbox)])
    assert "山田花子" in text
    assert "資料, デモ" in text
    state = json.loads(json.dumps(sandbox.state()))
    assert state["customers"][0]["お名前"] == "山田花子"
    assert state["busiest_minute"] == {"1": 1, "2": 0}
    sandbox.reset()
    assert sandbox.state()["customers"] == sandbox.state()["calls"] == []
