"""
cust/update with its decision table, and cust/get, in every reading.
"""

from __future__ import annotations

from typing import Any

from tests.sandbox.clock import HandClock
from tests.sandbox.maildealer import MailDealerSandbox
from tests.sandbox.maildealer_account import CustomerItem
from tests.unit.sandbox.vendors import ask, mail_dealer, md_request, md_update


def _wrongs(sandbox: MailDealerSandbox, request: Any) -> dict[str, int]:
    status, body = ask(sandbox, request)
    assert (status, body["errors"]["code"]) == (400, 100)
    return {each["name"]: each["code"] for each in body["errors"].get("description", [])}


def _items(sandbox: MailDealerSandbox, **parameters: Any) -> list[dict[str, Any]]:
    status, body = ask(sandbox, md_request("cust/get", {"mboxNo": 1, **parameters}))
    assert status == 200
    assert body["count"] == len(body["items"])
    found: list[dict[str, Any]] = body["items"]
    return found


def _three(clock: HandClock, **switches: Any) -> MailDealerSandbox:
    rows = (
        {"メールアドレス": "a@example.co.jp", "お名前": "い"},
        {"メールアドレス": "b@example.co.jp", "お名前": "あ", "興味": ["資料"]},
        {"メールアドレス": "c@example.co.jp", "お名前": "い"},
    )
    return mail_dealer(clock, switches=switches, customers={1: rows, 2: ({"メールアドレス": "a@example.co.jp"},)})


# ── the decision table ──


def test_without_an_id_the_address_decides(clock: HandClock) -> None:
    """
    An unknown address registers, a known one updates and keeps its ID; a mailbox has its own customers.
    """
    sandbox = mail_dealer(clock)
    assert ask(sandbox, md_update(お名前="花子"))[1]["customerId"] == 1
    assert ask(sandbox, md_update(電話番号="03-0000-0000"))[1]["customerId"] == 1
    assert ask(sandbox, md_update(2, お名前="別人"))[1]["customerId"] == 2
    customer = sandbox.customer("hanako@example.co.jp")
    assert customer is not None
    assert (customer.values["お名前"], customer.values["電話番号"]) == ("花子", "03-0000-0000")


def test_with_an_id_the_id_decides(clock: HandClock) -> None:
    """
    A known ID takes a new address; an address of somebody else is 400/201, an ID that is not there 400/200.
    """
    sandbox = _three(clock)
    moved = md_update(メールアドレス="new@example.co.jp", 顧客ID="1")
    assert ask(sandbox, moved)[1]["customerId"] == 1
    assert ask(sandbox, md_update(メールアドレス="new@example.co.jp", 顧客ID=1))[1]["customerId"] == 1
    status, taken = ask(sandbox, md_update(メールアドレス="b@example.co.jp", 顧客ID="1"))
    assert (status, taken["errors"]) == (400, {"code": 201, "msg": "データが重複しています。"})
    for number in ("99", "4"):
        status, gone = ask(sandbox, md_update(メールアドレス="x@example.co.jp", 顧客ID=number))
        assert (status, gone["errors"]["code"]) == (400, 200)


def test_the_id_item_may_be_spelled_with_a_blank(clock: HandClock) -> None:
    """
    In that reading the spelling without a blank is an item that does not exist.
    """
    sandbox = _three(clock, key_spelling="spaced")
    assert _wrongs(sandbox, md_update(顧客ID="1")) == {"顧客ID": 8}
    assert ask(sandbox, md_update(**{"顧客 ID": "1", "メールアドレス": "z@example.co.jp"}))[1]["customerId"] == 1
    assert "顧客 ID" in _items(sandbox)[0]


def test_two_spellings_of_an_address_are_one_customer_or_two(clock: HandClock) -> None:
    """
    Upper and lower case differ where the switch says so.
    """
    for switch, count in (("insensitive", 1), ("exact", 2)):
        sandbox = mail_dealer(clock, switches={"address_case": switch})
        for address in ("Hanako@example.co.jp", "hanako@example.co.jp"):
            assert ask(sandbox, md_update(メールアドレス=address))[0] == 200
        assert len(list(sandbox.customers)) == count


def test_an_empty_text_keeps_or_clears(clock: HandClock) -> None:
    """
    An omitted item keeps its value always, an empty one where the switch says so.
    """
    for switch, kept in (("keeps", "花子"), ("clears", "")):
        sandbox = mail_dealer(clock, switches={"empty_value": switch})
        for request in (md_update(お名前="花子"), md_update(), md_update(お名前="")):
            assert ask(sandbox, request)[0] == 200
        customer = sandbox.customer("hanako@example.co.jp")
        assert customer is not None
        assert customer.values["お名前"] == kept


# ── validation ──


def test_every_wrong_item_is_described(clock: HandClock) -> None:
    """
    Missing, of a wrong type, too long, no address, no choice, no such item: all told at once, and nothing is stored.
    """
    required = CustomerItem(name="部署", required=True)
    sandbox = mail_dealer(
        clock, items=(required, CustomerItem(name="会社名", chars_max=3), CustomerItem(name="興味", choices=("資料",)))
    )
    wrong = md_update(メールアドレス="nobody", お名前=7, 会社名="長い会社", 興味=["旅"], 役職="?")
    assert _wrongs(sandbox, wrong) == {"役職": 8, "メールアドレス": 7, "お名前": 2, "部署": 1, "会社名": 6, "興味": 8}
    assert _wrongs(sandbox, md_update(部署="営業", 興味="資料")) == {"興味": 2}
    assert _wrongs(sandbox, md_update(部署="営業", 顧客ID="x")) == {"顧客ID": 7}
    assert _wrongs(sandbox, md_update(部署="営業", 顧客ID=True)) == {"顧客ID": 2}
    assert _wrongs(sandbox, md_request("cust/update", {"mboxNo": 1})) == {"items": 1, "メールアドレス": 1, "部署": 1}
    assert _wrongs(sandbox, md_request("cust/update", {"mboxNo": 1, "items": "a"}))["items"] == 2
    assert list(sandbox.customers) == []


def test_unknown_items_and_parameters_may_be_ignored(clock: HandClock) -> None:
    """
    In that reading they do nothing at all.
    """
    sandbox = mail_dealer(clock, switches={"unknown_item": "ignored", "unknown_parameter": "ignored"})
    request = md_request(
        "cust/update", {"mboxNo": 1, "items": {"メールアドレス": "a@example.co.jp", "役職": "?"}, "x": 1}
    )
    assert ask(sandbox, request)[0] == 200
    assert "役職" not in _items(sandbox)[0]
    strict = mail_dealer(clock)
    assert _wrongs(strict, md_request("cust/get", {"mboxNo": 1, "Limit": 1})) == {"Limit": 8}


# ── cust/get ──


def test_customers_come_in_pages_from_one(clock: HandClock) -> None:
    """
    `offset` counts from 1, `limit` bounds, an empty page is a success; a mailbox shows its own customers only.
    """
    sandbox = _three(clock)
    addresses = [item["メールアドレス"] for item in _items(sandbox)]
    assert addresses == ["a@example.co.jp", "b@example.co.jp", "c@example.co.jp"]
    assert [item["顧客ID"] for item in _items(sandbox, limit=2, offset=2)] == ["2", "3"]
    assert _items(sandbox, offset=4) == []
    assert _wrongs(sandbox, md_request("cust/get", {"mboxNo": 1, "offset": 0, "limit": 0})) == {"limit": 3, "offset": 3}
    sandbox.change_switches({"limit_max": 2})
    assert _wrongs(sandbox, md_request("cust/get", {"mboxNo": 1, "limit": 3})) == {"limit": 4}


def test_a_hundred_customers_are_the_default(clock: HandClock) -> None:
    """
    Without `limit` an answer has 100 rows.
    """
    rows = tuple({"メールアドレス": f"p{number}@example.co.jp"} for number in range(101))
    assert len(_items(mail_dealer(clock, customers={1: rows}))) == 100


def test_search_is_exact(clock: HandClock) -> None:
    """
    By ID, by address, by both; a part of an address finds nobody.
    """
    sandbox = _three(clock)
    assert [item["顧客ID"] for item in _items(sandbox, search={"customerId": 2})] == ["2"]
    assert [item["顧客ID"] for item in _items(sandbox, search={"mailaddr": "c@example.co.jp"})] == ["3"]
    assert _items(sandbox, search={"mailaddr": "c@example.co.jp", "customerId": 2}) == []
    assert _items(sandbox, search={"mailaddr": "example.co.jp"}) == []
    wrong = md_request("cust/get", {"mboxNo": 1, "search": {"customerId": "2", "mailaddr": 3, "name": "x"}})
    assert _wrongs(sandbox, wrong) == {"name": 8, "customerId": 2, "mailaddr": 2}


def test_columns_and_order(clock: HandClock) -> None:
    """
    Only the columns asked for, sorted by each item in turn; IDs sort as numbers.
    """
    sandbox = _three(clock)
    found = _items(sandbox, column=["メールアドレス", "顧客ID"], order={"お名前": "desc", "顧客ID": "desc"})
    assert [list(item.values()) for item in found] == [
        ["c@example.co.jp", "3"],
        ["a@example.co.jp", "1"],
        ["b@example.co.jp", "2"],
    ]
    wrong = {"mboxNo": 1, "column": ["年齢"], "order": {"お名前": "up", "年齢": "asc"}}
    assert _wrongs(sandbox, md_request("cust/get", wrong)) == {"column": 8, "お名前": 8, "年齢": 8}
    assert _wrongs(sandbox, md_request("cust/get", {"mboxNo": 1, "column": "お名前"})) == {"column": 2}


def test_choices_are_shown_as_arrays_or_texts(clock: HandClock) -> None:
    """
    The form of a choice item in an answer is not stated.
    """
    for switch, shown in (("array", ["資料"]), ("text", "資料")):
        assert _items(_three(clock, choice_form=switch), offset=2)[0]["興味"] == shown
