"""
クルメル's double: its forms of answers, its quota, its door.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from requests import Request

from tests.sandbox.clock import HandClock
from tests.sandbox.curumeru import CurumeruSandbox
from tests.sandbox.curumeru_switches import CurumeruSwitches
from tests.sandbox.wire import SandboxAnswer, SandboxDrop, SandboxRequest
from tests.unit.sandbox.vendors import csv_bytes, people

ONE = people("a@example.co.jp")
MARKER = "CODE,STATUS,MESSAGE"


def kuru(clock: HandClock, **more: Any) -> CurumeruSandbox:
    """
    An account with a group and a plan.
    """
    account = {"login_id": "ekiden", "password": "Secret-1", "groups": {"12": "メルマガ"}, "plans": {"5": "フォロー"}}
    return CurumeruSandbox(clock=clock, **{**account, **more})


def request(data: bytes | None, *, client: str = "127.0.0.1", **fields: str) -> SandboxRequest:
    """
    An import call as a common client sends it; keywords replace fields.
    """
    known = {
        "charset": "Shift-JIS",
        "return_format": "XML",
        "made_login": "ekiden",
        "made_pass": "Secret-1",
        "made_type": "add",
    }
    files: dict[str, Any] = {name: (None, value) for name, value in {**known, **fields}.items()}
    if data is not None:
        files["made_file"] = ("list.csv", data, "application/octet-stream")
    prepared = Request("POST", "http://sandbox.example.co.jp/api/made-up/import", files=files).prepare()
    return SandboxRequest(
        method="POST",
        path="/api/made-up/import",
        headers={"content-type": prepared.headers["Content-Type"]},
        body=bytes(prepared.body or b""),
        client=client,
    )


def answer(sandbox: CurumeruSandbox, asked: SandboxRequest) -> SandboxAnswer:
    """
    What it answers.
    """
    found = sandbox.handle(asked)
    assert isinstance(found, SandboxAnswer)
    return found


def test_xml_always_carries_a_result_code(clock: HandClock) -> None:
    """
    10200 for a file that was taken; the row is there.
    """
    sandbox = kuru(clock)
    taken = answer(sandbox, request(ONE, made_group="12"))
    assert (taken.status, taken.headers["content-type"]) == (200, "text/xml; charset=UTF-8")
    assert b"<code>10200</code>" in taken.body
    assert [each.states for each in sandbox.customers()] == [{("gid", "12"): "配信可能"}]
    assert sandbox.calls_today == 1


def test_the_code_may_stand_in_an_attribute(clock: HandClock) -> None:
    """
    Where XML has its code is not public.
    """
    sandbox = kuru(clock, switches=CurumeruSwitches(xml_code="attribute"))
    assert b'code="10200"' in answer(sandbox, request(ONE)).body


def test_a_csv_answer_has_a_file_name_for_a_type(clock: HandClock) -> None:
    """
    Content-Type is no media type, and the line is data.
    """
    taken = answer(kuru(clock), request(ONE, return_format="CSV"))
    assert taken.headers["content-type"].endswith(".csv")
    assert taken.headers["content-disposition"].startswith("attachment")
    assert not taken.body.startswith(MARKER.encode())


@pytest.mark.parametrize(
    "fields",
    [
        {"made_type": "nothing"},
        {"made_overwrite": "2"},
        {"made_group": "99"},
        {"made_plan": "99"},
        {"made_type": "halt"},
        {"charset": "SJIS"},
        {"charset": "EUC-JP"},
        {"return_format": "JSON"},
    ],
)
def test_an_error_comes_under_http_200(clock: HandClock, fields: dict[str, str]) -> None:
    """
    Its code is in the XML, or under the marker line; nothing is taken and nothing counts.
    """
    sandbox = kuru(clock)
    refused = answer(sandbox, request(ONE, **fields))
    assert refused.status == 200
    assert b"81431" in refused.body
    assert (sandbox.customers(), sandbox.calls_today) == ([], 0)


@pytest.mark.parametrize(("form", "asked"), [("asked", "CSV"), ("csv", "XML")])
def test_an_error_in_csv_has_the_marker_line(clock: HandClock, form: str, asked: str) -> None:
    """
    The first line says that the second is no data.
    """
    sandbox = kuru(clock, switches=CurumeruSwitches(error_form=form))
    wrong = answer(sandbox, request(ONE, return_format=asked, made_pass="wrong"))
    assert wrong.body.decode("cp932").splitlines()[:2] == [MARKER, "81401,unauthorized,処理できませんでした。"]


@pytest.mark.parametrize(("switch", "status"), [(200, 200), (400, 400)])
def test_the_status_of_an_error_is_open(clock: HandClock, switch: Any, status: int) -> None:
    """
    HTTP's status cannot be relied on.
    """
    sandbox = kuru(clock, switches=CurumeruSwitches(error_status=switch))
    assert answer(sandbox, request(None)).status == status


@pytest.mark.parametrize(("counts", "used"), [("accepted", 0), ("all", 1)])
def test_what_counts_is_open(clock: HandClock, counts: Any, used: int) -> None:
    """
    The page excludes errors.
    """
    sandbox = kuru(clock, switches=CurumeruSwitches(quota_counts=counts))
    answer(sandbox, request(ONE, made_pass="wrong"))
    assert sandbox.calls_today == used


def test_the_thousand_and_first_call_is_refused_until_midnight(clock: HandClock) -> None:
    """
    81404 too many calls, whoever of the account used the calls up.
    """
    sandbox = kuru(clock)
    sandbox.spend(1_000)
    refused = answer(sandbox, request(ONE))
    assert b"81404" in refused.body
    assert b"too many calls" in refused.body
    clock.advance(timedelta(hours=12).total_seconds())
    assert b"10200" in answer(sandbox, request(ONE)).body
    assert sorted(sandbox.calls_by_day.values()) == [1, 1_000]


def test_a_foreign_address_is_refused_the_connection(clock: HandClock) -> None:
    """
    Nothing answers.
    """
    found = kuru(clock, ips=("203.0.113.7",)).handle(request(ONE))
    assert isinstance(found, SandboxDrop)
    assert not found.reached


@pytest.mark.parametrize(("reading", "code"), [("parameter", b"10200"), ("sjis", b"81431")])
def test_what_charset_the_file_has_is_open(clock: HandClock, reading: Any, code: bytes) -> None:
    """
    The parameter may govern the fields only.
    """
    sandbox = kuru(clock, switches=CurumeruSwitches(file_charset=reading))
    data = csv_bytes([["メールアドレス"], ["a@example.co.jp"]], "utf-8")
    assert code in answer(sandbox, request(data, charset="UTF-8")).body


@pytest.mark.parametrize(("reading", "name"), [("keeps", "花子"), ("blanks", "")])
def test_what_a_blank_cell_does_is_open(clock: HandClock, reading: Any, name: str) -> None:
    """
    Nothing public says whether it erases.
    """
    sandbox = kuru(clock, switches=CurumeruSwitches(blank=reading))
    for cell in ("花子", ""):
        rows = [["メールアドレス", "お名前"], ["a@example.co.jp", cell]]
        answer(sandbox, request(csv_bytes(rows), made_overwrite="1"))
    assert [each.values.get("お名前", "") for each in sandbox.customers()] == [name]


def test_its_books_are_shown(clock: HandClock) -> None:
    """
    To programs as JSON values, to people as tables; a reset forgets all.
    """
    sandbox = kuru(clock)
    answer(sandbox, request(ONE))
    assert sandbox.state()["calls_today"] == 1
    assert [table.title for table in sandbox.tables()] == ["calls", "jobs", "customers"]
    sandbox.reset()
    assert sandbox.state()["customers"] == []
