"""
What SATORI's calls do to its customers, and the page that binds browsers.
"""

from __future__ import annotations

import pytest

from tests.sandbox.clock import HandClock
from tests.sandbox.satori import SatoriSandbox
from tests.sandbox.satori_store import Customer
from tests.sandbox.wire import SandboxRequest
from tests.unit.sandbox.vendors import NOON, ask, lead, satori, satori_request


def _customer(sandbox: SatoriSandbox, email: str = "hanako@example.co.jp") -> Customer:
    found = sandbox.customer(email)
    assert found is not None
    return found


def test_registration_fills_blanks_and_keeps_the_rest(clock: HandClock) -> None:
    """
    On a known address: tags add up, permission, star and status change, other filled fields stay.
    """
    sandbox = satori(clock)
    first = lead(last_name="山田", delivery_permission="approval", append_tags="a,b", memo="")
    second = lead(
        last_name="田中",
        memo="後から",
        delivery_permission="reject",
        star="true",
        status="reply",
        append_tags="b, c",
        collection_route="別の経路",
        **{"custom:budget": "5"},
    )
    codes = [ask(sandbox, satori_request("registration", fields))[1]["message"] for fields in (first, second)]
    assert codes[0] == codes[1]
    assert _customer(sandbox).tags == ["a", "b", "c"]
    assert _customer(sandbox).values == {
        "collection_route": "問合せフォーム",
        "last_name": "山田",
        "delivery_permission": "reject",
        "memo": "後から",
        "star": "true",
        "status": "reply",
        "custom:budget": "5",
    }


@pytest.mark.parametrize(("reading", "memo"), [("keeps", "前"), ("clears", "")])
def test_upsert_overwrites(clock: HandClock, reading: str, memo: str) -> None:
    """
    Upsert replaces values; what an empty text does is not documented; what is not sent stays.
    """
    sandbox = satori(clock, empty_value=reading)
    ask(sandbox, satori_request("upsert", lead(last_name="山田", memo="前", position="部長", append_tags="a")))
    ask(sandbox, satori_request("upsert", lead(last_name="田中", memo="", append_tags="b")))
    customer = _customer(sandbox)
    assert customer.values["last_name"] == "田中"
    assert customer.values["memo"] == memo
    assert customer.values["position"] == "部長"
    assert customer.tags == ["a", "b"]


@pytest.mark.parametrize(("reading", "count"), [("insensitive", 1), ("exact", 2)])
def test_two_spellings_of_an_address(clock: HandClock, reading: str, count: int) -> None:
    """
    Whether letter case matters is not documented.
    """
    sandbox = satori(clock, email_case=reading)
    ask(sandbox, satori_request("upsert", lead()))
    ask(sandbox, satori_request("upsert", lead(email="Hanako@Example.co.jp")))
    assert len(sandbox.customers.book) == count


def test_a_deleted_customer_comes_back_with_another_hashcode(clock: HandClock) -> None:
    """
    Delete forgets; a later registration of the same address is a new customer.
    """
    sandbox = satori(clock)
    first = ask(sandbox, satori_request("registration", lead()))[1]
    assert ask(sandbox, satori_request("delete", lead())) == (200, first)
    assert not len(sandbox.customers.book)
    second = ask(sandbox, satori_request("registration", lead()))[1]
    assert second != first


@pytest.mark.parametrize(("reading", "message"), [(400, str), (200, dict)])
def test_deleting_somebody_who_is_not_there(clock: HandClock, reading: int, message: type) -> None:
    """
    The second delete is an error or a success, and either way there is no hashcode to give.
    """
    status, body = ask(satori(clock, delete_unknown=reading), satori_request("delete", lead()))
    assert status == body["status"] == reading
    assert isinstance(body["message"], message)
    assert "customer[hashcode]" not in body["message"]


def test_a_hashcode_identifies(clock: HandClock) -> None:
    """
    Upsert and delete find a customer by the hashcode of an earlier answer.
    """
    sandbox = satori(clock)
    code = ask(sandbox, satori_request("registration", lead()))[1]["message"]["customer[hashcode]"]
    by_code = lead(identity_type="hashcode", hashcode=code, last_name="山田")
    assert ask(sandbox, satori_request("upsert", by_code))[0] == 200
    assert _customer(sandbox).values["last_name"] == "山田"
    assert ask(sandbox, satori_request("delete", by_code))[0] == 200
    assert not len(sandbox.customers.book)


@pytest.mark.parametrize(("reading", "status"), [("required", 400), ("optional", 200)])
def test_an_address_beside_the_hashcode(clock: HandClock, reading: str, status: int) -> None:
    """
    The manual's table lists the address as compulsory even where the hashcode identifies.
    """
    sandbox = satori(clock, email_with_hashcode=reading)
    code = ask(sandbox, satori_request("registration", lead()))[1]["message"]["customer[hashcode]"]
    by_code = lead(identity_type="hashcode", hashcode=code)
    blank = {**by_code, "email": ""}
    del by_code["email"]
    assert ask(sandbox, satori_request("upsert", by_code))[0] == status
    assert ask(sandbox, satori_request("upsert", blank))[0] == status


@pytest.mark.parametrize(("reading", "email"), [("changes", "new@example.co.jp"), ("ignored", "hanako@example.co.jp")])
def test_another_address_beside_the_hashcode(clock: HandClock, reading: str, email: str) -> None:
    """
    Whether it moves the customer to the other address is not documented.
    """
    sandbox = satori(clock, email_change=reading)
    code = ask(sandbox, satori_request("registration", lead()))[1]["message"]["customer[hashcode]"]
    moved = lead(identity_type="hashcode", hashcode=code, email="new@example.co.jp")
    assert ask(sandbox, satori_request("upsert", moved))[0] == 200
    assert [customer.email for customer in sandbox.customers.book] == [email]
    assert _customer(sandbox, email).hashcode == code


def test_an_address_that_somebody_else_has_is_refused(clock: HandClock) -> None:
    """
    One address is one customer.
    """
    sandbox = satori(clock)
    code = ask(sandbox, satori_request("registration", lead()))[1]["message"]["customer[hashcode]"]
    ask(sandbox, satori_request("registration", lead(email="taro@example.co.jp")))
    moved = lead(identity_type="hashcode", hashcode=code, email="taro@example.co.jp")
    status, body = ask(sandbox, satori_request("upsert", moved))
    assert (status, body["message"]) == (400, "バリデーションに失敗しました。 メールアドレスはすでに存在します。")
    assert len(sandbox.customers.book) == 2


def test_an_unknown_hashcode_registers_somebody_new(clock: HandClock) -> None:
    """
    The manual: an address or hashcode that does not exist is registered.
    """
    sandbox = satori(clock)
    fields = lead(identity_type="hashcode", hashcode="0123456789abcdef")
    code = ask(sandbox, satori_request("upsert", fields))[1]["message"]["customer[hashcode]"]
    assert _customer(sandbox).hashcode == code != "0123456789abcdef"


def test_an_unknown_hashcode_without_address_is_refused(clock: HandClock) -> None:
    """
    Nobody can be registered without an address.
    """
    sandbox = satori(clock, email_with_hashcode="optional")
    fields = {"identity_type": "hashcode", "hashcode": "0123456789abcdef", "collection_route": "x"}
    status, body = ask(sandbox, satori_request("upsert", fields))
    assert (status, body["message"]) == (400, "validation error: customer[email] required.")


@pytest.mark.parametrize(("seconds", "statuses"), [(0.0, [200, 200, 200]), (2.0, [200, 409, 200])])
def test_two_writes_at_once_conflict(clock: HandClock, seconds: float, statuses: list[int]) -> None:
    """
    With the switch on, a second write to one customer within the span is the documented 409.
    """
    sandbox = satori(clock, conflict_seconds=seconds)
    found = []
    for step in (0, 1, 1):
        clock.advance(step)
        status, body = ask(sandbox, satori_request("upsert", lead()))
        found.append(status)
        if status == 409:
            assert body == {"status": 409, "message": "Conflict"}
    assert found == statuses


def test_each_success_is_one_action(clock: HandClock) -> None:
    """
    The admin screen shows an API登録 per registration or upsert, with what was submitted; failures leave none.
    """
    sandbox = satori(clock)
    ask(sandbox, satori_request("registration", lead()))
    ask(sandbox, satori_request("upsert", lead(star="1")))
    ask(sandbox, satori_request("upsert", lead(star="true")))
    ask(sandbox, satori_request("delete", lead()))
    log = sandbox.action_log
    assert [entry["action"] for entry in log] == ["API登録", "API登録", "API削除"]
    assert log[1]["content"]["customer[star]"] == "true"
    assert log[0]["at"] == NOON


# ── binding ──


def _visit(sandbox: SatoriSandbox, query: str) -> int:
    answer = sandbox.handle(SandboxRequest(method="GET", path="/bind", query=query))
    return getattr(answer, "status", 0)


def test_a_visit_with_the_code_binds_the_browser(clock: HandClock) -> None:
    """
    The thank-you page with c=<hashcode>-00 ties the visitor's browser to the customer, once per browser.
    """
    sandbox = satori(clock)
    code = ask(sandbox, satori_request("registration", lead()))[1]["message"]["customer[hashcode]"]
    assert [_visit(sandbox, f"c={code}-00&browser={browser}") for browser in ("b1", "b2", "b1")] == [200] * 3
    assert _customer(sandbox).browsers == ["b1", "b2"]


@pytest.mark.parametrize(
    "query",
    [
        "c={code}&browser=b1",
        "c=-00&browser=b1",
        "c=0123456789abcdef-00&browser=b1",
        "c={code}-00",
        "",
        "c={code}-00x&browser=b",
    ],
)
def test_a_visit_with_anything_else_is_ignored(clock: HandClock, query: str) -> None:
    """
    A bare -00, a code without -00, an unknown code: the page looks the same and nobody is bound.
    """
    sandbox = satori(clock)
    code = ask(sandbox, satori_request("registration", lead()))[1]["message"]["customer[hashcode]"]
    assert _visit(sandbox, query.format(code=code)) == 200
    assert _customer(sandbox).browsers == []


def test_a_visit_is_no_api_call(clock: HandClock) -> None:
    """
    The tag on a page is not counted against the sender's pace.
    """
    sandbox = satori(clock)
    _visit(sandbox, "c=x")
    assert sandbox.ledger.times == []
