"""
The legacy import: its fields, its code table, its charset.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.sandbox.clock import HandClock
from tests.sandbox.haihaimail import HaihaiSandbox
from tests.sandbox.haihaimail_switches import HaihaiSwitches
from tests.sandbox.wire import SandboxAnswer, SandboxRequest
from tests.unit.sandbox.vendors import ask, csv_bytes, haihai, legacy_request, people

ONE = people("a@example.co.jp")


def _answer(sandbox: HaihaiSandbox, request: SandboxRequest, charset: str = "cp932") -> tuple[int, str]:
    answer = sandbox.handle(request)
    assert isinstance(answer, SandboxAnswer)
    return answer.status, answer.body.decode(charset)


def test_a_file_is_taken(clock: HandClock) -> None:
    """
    200 says that the file arrived; empty gid and spid mean none, and no quota is spent.
    """
    sandbox = haihai(clock)
    request = legacy_request(ONE, gid="", spid="", is_overwrite="1", report_option="0")
    assert _answer(sandbox, request) == (200, "200 OK")
    assert [customer.states for customer in sandbox.customers()] == [{}]
    assert (sandbox.calls_today, sandbox.mailbox) == (0, [])
    assert sandbox.results()[0].settings.is_overwrite == 1


def test_a_stop_for_a_plan(clock: HandClock) -> None:
    """
    Types 2, 3 and 5 work on the group or plan named.
    """
    sandbox = haihai(clock)
    assert _answer(sandbox, legacy_request(ONE, import_type="2", spid="5"))[0] == 200
    assert sandbox.customers()[0].states == {("spid", "5"): "配信停止"}


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"aid": "25"}, 401, "81401 unauthorized"),
        ({"loginid": "somebody"}, 401, "81401 unauthorized"),
        ({"transport_passwd": "Transfer-2"}, 401, "81401 unauthorized"),
        ({"aid": "a03-24"}, 400, "81421 bad aid"),
        ({"aid": ""}, 400, "81421 bad aid"),
        ({"loginid": ""}, 400, "81422 bad loginid"),
        ({"transport_passwd": ""}, 400, "81423 no password"),
        ({"import_type": "4"}, 400, "81431 bad import_type"),
        ({"import_type": ""}, 400, "81431 bad import_type"),
        ({"is_overwrite": "2"}, 400, "81433 bad overwrite parameter"),
        ({"gid": "x"}, 400, "81435 bad gid"),
        ({"gid": "99"}, 400, "81435 bad gid"),
        ({"import_type": "2"}, 400, "81435 bad gid"),
        ({"spid": "99"}, 400, "400 Bad Request"),
        ({"report_option": "9"}, 400, "400 Bad Request"),
    ],
)
def test_the_code_table(clock: HandClock, fields: dict[str, str], status: int, code: str) -> None:
    """
    Each code of the excerpt has its cause; nothing is taken.
    """
    sandbox = haihai(clock)
    found, text = _answer(sandbox, legacy_request(ONE, **fields))
    assert found == status
    assert text.startswith(code)
    assert sandbox.results() == []


def test_a_foreign_address_is_told_by_code(clock: HandClock) -> None:
    """
    81402 comes before anything else is looked at.
    """
    sandbox = haihai(clock, ips=("203.0.113.7",))
    status, text = _answer(sandbox, legacy_request(ONE, aid=""))
    assert (status, text[:5]) == (401, "81402")


@pytest.mark.parametrize("data", [None, b"", people(), "メールアドレス\nａ\n".encode()])
def test_a_bad_file_is_a_bad_request(clock: HandClock, data: bytes | None) -> None:
    """
    No file, an empty one, or one in another charset has no code of its own.
    """
    assert _answer(haihai(clock), legacy_request(data)) == (400, "400 Bad Request")


@pytest.mark.parametrize(
    ("reading", "sent", "status"),
    [
        ("transport_passwd", "transport_passwd", 200),
        ("transport_passwd", "transport_password", 400),
        ("transport_password", "transport_password", 200),
        ("transport_password", "transport_passwd", 400),
        ("both", "transport_passwd", 200),
        ("both", "transport_password", 200),
    ],
)
def test_the_name_of_the_password_field(clock: HandClock, reading: str, sent: str, status: int) -> None:
    """
    The manual prints one name, programs in use send the other.
    """
    sandbox = haihai(clock, switches=HaihaiSwitches(legacy_password_field=reading))
    fields: dict[str, Any] = {"transport_passwd": "", sent: "Transfer-1"}
    assert _answer(sandbox, legacy_request(ONE, **fields))[0] == status


@pytest.mark.parametrize("charset", ["cp932", "utf-8"])
def test_the_charset_of_the_answer(clock: HandClock, charset: str) -> None:
    """
    A known sample warns that the answer may have to be converted.
    """
    sandbox = haihai(clock, switches=HaihaiSwitches(legacy_charset=charset))
    _, text = _answer(sandbox, legacy_request(ONE, aid=""), charset)
    assert text == "81421 bad aid aid が不正です。"


def test_an_answer_may_come_in_an_odd_dress(clock: HandClock) -> None:
    """
    A program in PHP calls every text HTML; a code may come under 200, a success without a word.
    """
    odd = HaihaiSwitches(legacy_type="text/html", legacy_status="always_200", legacy_success="empty")
    sandbox = haihai(clock, switches=odd)
    taken = sandbox.handle(legacy_request(ONE))
    assert isinstance(taken, SandboxAnswer)
    assert (taken.status, taken.headers["content-type"], taken.body) == (200, "text/html", b"")
    assert _answer(sandbox, legacy_request(ONE, gid="99"))[0] == 200
    assert _answer(sandbox, legacy_request(None)) == (400, "400 Bad Request")


@pytest.mark.parametrize(("reading", "name"), [("keeps", "花子"), ("blanks", "")])
def test_what_a_blank_cell_does_is_open(clock: HandClock, reading: str, name: str) -> None:
    """
    There is no overwrite_type: a blank cell keeps or erases what is there.
    """
    sandbox = haihai(clock, switches=HaihaiSwitches(legacy_blank=reading))
    for cell in ("花子", ""):
        rows = [["メールアドレス", "お名前"], ["a@example.co.jp", cell]]
        assert _answer(sandbox, legacy_request(csv_bytes(rows), is_overwrite="1"))[0] == 200
    assert [customer.values.get("お名前", "") for customer in sandbox.customers()] == [name]


def test_the_legacy_door_is_narrow(clock: HandClock) -> None:
    """
    GET is a bad request; an account without the legacy option has no such page.
    """
    assert _answer(haihai(clock), replace(legacy_request(ONE), method="GET"))[0] == 400
    assert ask(haihai(clock, legacy=None), legacy_request(ONE))[0] == 404
