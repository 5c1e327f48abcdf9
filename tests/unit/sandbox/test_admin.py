"""
The administration under /_sandbox/.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sandbox.clock import HandClock
from tests.sandbox.haihaimail import HaihaiSandbox
from tests.sandbox.satori import SatoriSandbox
from tests.sandbox.server import Served, serve
from tests.sandbox.wire import SandboxRequest
from tests.unit.sandbox.over_http import admin, once
from tests.unit.sandbox.vendors import csv_bytes, import_request, lead, people, satori, satori_request

UPSERT = satori_request("upsert", lead())


def test_the_state_of_satori(served: Served) -> None:
    """
    Customers, actions, calls, faults and switches, as JSON.
    """
    once(served, UPSERT)
    admin(served, "POST", "faults", [{"kind": "lose_after", "times": 2}])
    status, state = admin(served, "GET", "state")
    assert status == 200
    assert state["customers"][0]["email"] == "hanako@example.co.jp"
    assert state["action_log"][0]["content"]["customer[collection_route]"] == "問合せフォーム"
    assert len(state["calls"]) == 1
    assert [(fault["kind"], fault["times"]) for fault in state["faults"]] == [("lose_after", 2)]
    assert state["switches"]["http_code"] == "mirror"


def test_the_state_of_haihaimail(mail_served: Served) -> None:
    """
    Customers, jobs with their results, calls per day, report mails.
    """
    once(mail_served, import_request(people("a@example.co.jp", ""), gid=12, shade="blue"))
    assert admin(mail_served, "POST", "spend", {"calls": 9}) == (200, {"spent": 9})
    _, state = admin(mail_served, "GET", "state")
    assert state["customers"][0]["states"] == {"gid 12": "配信可能"}
    (job,) = state["jobs"]
    assert (job["処理状況"], job["処理結果"]) == ("完了", {"成功": 1, "失敗": 0, "その他": 0})
    assert (state["calls_today"], state["calls_per_day_max"]) == (10, 240)
    assert state["calls_by_day"] == {"2026-11-21": 10}
    assert state["unknown_keys"] == ["shade"]
    assert state["mailbox"][0]["subject"] == "一括登録・削除の処理結果"
    assert state["alarms"] == []


def test_faults_can_be_cleared(served: Served) -> None:
    """
    DELETE ends the programme; POST replaces it.
    """
    admin(served, "POST", "faults", [{"kind": "down"}])
    assert admin(served, "DELETE", "faults") == (200, [])
    assert once(served, UPSERT)[0] == 200
    admin(served, "POST", "faults", [{"kind": "down"}])
    admin(served, "POST", "faults", [{"kind": "status", "status": 500}])
    assert [once(served, UPSERT)[0] for _ in range(2)] == [500, 200]


def test_switches_and_reset(served: Served, sandbox: SatoriSandbox) -> None:
    """
    A reading can be changed while it runs; reset is the account as it was made.
    """
    once(served, UPSERT)
    status, switches = admin(served, "POST", "switches", {"http_code": "always_200", "account_required": ["memo"]})
    assert (status, switches["http_code"], switches["account_required"]) == (200, "always_200", ["memo"])
    assert once(served, UPSERT)[0] == 200
    assert len(sandbox.action_log) == 1
    assert admin(served, "POST", "reset") == (200, {"reset": "satori"})
    state = admin(served, "GET", "state")[1]
    assert (state["customers"], state["calls"], state["switches"]["http_code"]) == ([], [], "mirror")


def test_the_account_of_haihaimail_can_be_reset(mail_served: Served, mail: HaihaiSandbox) -> None:
    """
    Customers, jobs, books and the token are as they were.
    """
    once(mail_served, import_request(people("a@example.co.jp")))
    mail.regenerate_token()
    admin(mail_served, "POST", "reset")
    state = admin(mail_served, "GET", "state")[1]
    assert (state["customers"], state["jobs"], state["calls_by_day"]) == ([], [], {})
    assert once(mail_served, import_request(people("a@example.co.jp")))[0] == 200


@pytest.mark.parametrize(
    ("method", "name", "document", "status", "told"),
    [
        ("GET", "nothing", None, 404, "there is only GET /_sandbox/, GET /_sandbox/state"),
        ("PUT", "faults", [], 404, "there is only"),
        ("POST", "faults", None, 400, "the body must be JSON"),
        ("POST", "faults", {}, 400, "the body must be a JSON list"),
        ("POST", "faults", [{"kind": "x"}], 400, "no fault of kind 'x'"),
        ("POST", "switches", [], 400, "the body must be a JSON object"),
        ("POST", "switches", {"colour": 1}, 400, "no such switch: colour"),
        ("POST", "spend", {"calls": 1}, 400, "satori has no daily quota"),
        ("GET", "customers.csv", None, 400, "satori has no customer file"),
    ],
)
def test_a_mistake_is_told(served: Served, method: str, name: str, document: Any, status: int, told: str) -> None:
    """
    Whoever drives the demo by hand learns what to write, and nothing changes.
    """
    admin(served, "POST", "faults", [{"kind": "lose_after"}])
    found, body = admin(served, method, name, document)
    assert (found, body["error"][: len(told)]) == (status, told)
    assert len(admin(served, "GET", "state")[1]["faults"]) == 1


@pytest.mark.parametrize("calls", [-1, "3", True, None])
def test_spending_takes_a_number(mail_served: Served, mail: HaihaiSandbox, calls: object) -> None:
    """
    Only so many calls can be spent.
    """
    assert admin(mail_served, "POST", "spend", {"calls": calls}) == (400, {"error": 'write e.g. {"calls": 10}'})
    assert mail.calls_today == 0


def test_the_customer_file(mail_served: Served) -> None:
    """
    A CSV file that Excel opens with Japanese text.
    """
    data = csv_bytes([["メールアドレス", "お名前"], ["a@example.co.jp", "髙橋"]])
    once(mail_served, import_request(data, gid=12))
    status, body = once(mail_served, SandboxRequest(method="GET", path="/_sandbox/customers.csv"))
    assert status == 200
    assert body.startswith(b"\xef\xbb\xbf")
    assert body.decode("utf-8-sig").splitlines() == [
        "メールアドレス,お名前,フリガナ,会員番号,地域,配信状態,登録,更新",
        "a@example.co.jp,髙橋,,,,gid 12: 配信可能,2026-11-21 12:00:00,2026-11-21 12:00:00",
    ]


def test_the_page_for_people(mail_served: Served) -> None:
    """
    Calls used, jobs, customers and faults in tables; what customers typed is shown, never run; long tables are cut.
    """
    rows = [[f"p{number}@example.co.jp", "<b>x</b>"] for number in range(201)]
    once(mail_served, import_request(csv_bytes([["メールアドレス", "お名前"], *rows])))
    admin(mail_served, "POST", "faults", [{"kind": "maintenance_200", "match": "custcsv"}])
    status, body = once(mail_served, SandboxRequest(method="GET", path="/_sandbox/"))
    page = body.decode()
    assert status == 200
    for text in (
        "本日 1 / 240",
        "完了",
        "処理状況",
        "maintenance_200",
        "&lt;b&gt;x&lt;/b&gt;",
        "顧客 (201)",
        "<p>1 more</p>",
    ):
        assert text in page
    assert "<b>x" not in page


def test_the_page_of_satori(served: Served) -> None:
    """
    Customers and what was done to them.
    """
    once(served, UPSERT)
    page = once(served, SandboxRequest(method="GET", path="/_sandbox/"))[1].decode()
    for text in ("カスタマー (1)", "hanako@example.co.jp", "API登録", "問合せフォーム", "2026-11-21 12:00:00"):
        assert text in page


def test_administration_is_not_the_vendor(served: Served, sandbox: SatoriSandbox) -> None:
    """
    Looking inside works while the vendor is down, and is counted nowhere.
    """
    admin(served, "POST", "faults", [{"kind": "down"}])
    assert admin(served, "GET", "state")[0] == 200
    assert sandbox.ledger.times == []


def test_a_fault_of_the_sandbox_itself_is_told(clock: HandClock) -> None:
    """
    A broken clock file, say, is answered with 500 and its reason, never with silence.
    """

    def broken() -> Any:
        raise ValueError("clock must hold a number of seconds, not 'x'")

    sandbox = satori(clock)
    sandbox.clock = broken
    with serve(sandbox) as listening:
        status, body = once(listening, UPSERT)
    assert status == 500
    assert "clock must hold a number of seconds" in json.loads(body)["error"]
