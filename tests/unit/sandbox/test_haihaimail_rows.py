"""
What the rows of an accepted file do: registration, overwriting, deletion, delivery states.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.clock import HandClock
from tests.sandbox.haihaimail import HaihaiSandbox
from tests.sandbox.haihaimail_jobs import Job
from tests.sandbox.haihaimail_switches import HaihaiSwitches
from tests.unit.sandbox.vendors import ask, csv_bytes, haihai, import_request, people

A, B = "a@example.co.jp", "b@example.co.jp"
HEADER = ["メールアドレス", "お名前", "会員番号"]
G12, G13, S5 = ("gid", "12"), ("gid", "13"), ("spid", "5")


def _run(sandbox: HaihaiSandbox, data: bytes, **settings: Any) -> Job:
    assert ask(sandbox, import_request(data, **settings))[0] == 200
    sandbox.run_jobs()
    return sandbox.results()[-1]


def _results(job: Job) -> list[str]:
    return [result.result for result in job.results]


def _values(sandbox: HaihaiSandbox, address: str = A) -> dict[str, str]:
    customer = sandbox.customer(address)
    assert customer is not None
    return customer.values


def _states(sandbox: HaihaiSandbox, address: str = A) -> dict[tuple[str, str], str] | None:
    customer = sandbox.customer(address)
    return customer and customer.states


def _made(clock: HandClock, **switches: Any) -> HaihaiSandbox:
    return haihai(clock, switches=HaihaiSwitches(**switches))


# ── rows that fail ──


@pytest.mark.parametrize(
    ("header", "row", "reason"),
    [
        (["メールアドレス", "お名前"], ["", "山田"], "メールアドレスがありません"),
        (["メールアドレス", "お名前"], ["hanako", "山田"], "メールアドレスが不正です"),
        (["メールアドレス"], ["x" * 242 + "@example.co.jp"], "メールアドレスが不正です"),
        (["メールアドレス", "お名前"], [A, "あ" * 11], "お名前は10文字以内で入力してください"),
        (["メールアドレス", "フリガナ"], [A, "ヤマダ "], "フリガナは全角で入力してください"),
        (["メールアドレス", "フリガナ"], [A, "ﾔﾏﾀﾞ"], "フリガナは全角で入力してください"),
        (["メールアドレス", "会員番号"], [A, "１２"], "会員番号は数字で入力してください"),
        (["メールアドレス", "地域"], [A, "北"], "地域の選択肢にありません"),
        (["メールアドレス", "お名前"], [A], "項目数が1行目と異なります"),
        (["メールアドレス"], [A, "山田"], "項目数が1行目と異なります"),
    ],
)
def test_a_row_fails_alone(clock: HandClock, header: list[str], row: list[str], reason: str) -> None:
    """
    A row that breaks an item's rule is 失敗 with its reason; the others are done.
    """
    sandbox = haihai(clock)
    good = [B, *("" for _ in header[1:])]
    job = _run(sandbox, csv_bytes([header, row, good]))
    assert [(result.line, result.result, result.reason) for result in job.results] == [
        (2, "失敗", reason),
        (3, "成功", ""),
    ]
    assert job.counts == {"成功": 1, "失敗": 1, "その他": 0}
    assert [customer.address for customer in sandbox.customers()] == [B]


def test_values_within_the_rules_pass(clock: HandClock) -> None:
    """
    Limits themselves, full-width text, digits, a choice.
    """
    header = ["メールアドレス", "お名前", "フリガナ", "会員番号", "地域"]
    job = _run(haihai(clock), csv_bytes([header, [A, "あ" * 10, "ヤマダ　ハナコ", "0012", "西"]]))
    assert _results(job) == ["成功"]


@pytest.mark.parametrize(("reading", "name"), [("first", "一"), ("last", "三")])
def test_duplicates_in_a_file(clock: HandClock, reading: str, name: str) -> None:
    """
    One address once: which row wins is unknown, the others are その他; a failed row does not compete.
    """
    sandbox = _made(clock, duplicates=reading)
    rows = [HEADER, [A, "零", "x"], [A, "一", "1"], [A.upper(), "二", "2"], [A, "三", "3"], [A, "四", "x"]]
    job = _run(sandbox, csv_bytes(rows))
    done = {"first": ["成功", "その他", "その他"], "last": ["その他", "その他", "成功"]}[reading]
    assert _results(job) == ["失敗", *done, "失敗"]
    assert _values(sandbox)["お名前"] == name


@pytest.mark.parametrize(("reading", "count"), [("insensitive", 1), ("exact", 2)])
def test_two_spellings_of_an_address(clock: HandClock, reading: str, count: int) -> None:
    """
    Whether letter case matters is not documented.
    """
    sandbox = _made(clock, address_case=reading)
    _run(sandbox, people(A))
    _run(sandbox, people(A.upper()))
    assert len(sandbox.customers()) == count


# ── type 0 ──


def test_a_known_address_is_other_unless_overwritten(clock: HandClock) -> None:
    """
    is_overwrite 0: その他 and nothing changes; 1: the row's values replace the old ones.
    """
    sandbox = haihai(clock)
    _run(sandbox, csv_bytes([HEADER, [A, "山田", "1"]]))
    assert _results(_run(sandbox, csv_bytes([HEADER, [A, "田中", "2"], [B, "鈴木", "3"]]))) == ["その他", "成功"]
    assert _values(sandbox) == {"お名前": "山田", "会員番号": "1"}
    assert _results(_run(sandbox, csv_bytes([HEADER, [A, "田中", "2"]]), is_overwrite=1)) == ["成功"]
    assert _values(sandbox) == {"お名前": "田中", "会員番号": "2"}


@pytest.mark.parametrize(("overwrite_type", "name"), [(1, "山田"), (2, "")])
def test_a_blank_cell_keeps_or_blanks(clock: HandClock, overwrite_type: int, name: str) -> None:
    """
    overwrite_type 1 keeps the old value, 2 blanks it.
    """
    sandbox = haihai(clock)
    _run(sandbox, csv_bytes([HEADER, [A, "山田", "1"]]))
    _run(sandbox, csv_bytes([HEADER, [A, "", "2"]]), is_overwrite=1, overwrite_type=overwrite_type)
    assert _values(sandbox) == {"お名前": name, "会員番号": "2"}


@pytest.mark.parametrize(("reading", "number"), [("keeps", "1"), ("blanks", "")])
def test_a_column_that_is_not_there(clock: HandClock, reading: str, number: str) -> None:
    """
    What overwrite_type 2 does to items without a column is not documented; type 1 never touches them.
    """
    sandbox = _made(clock, missing_columns=reading)
    _run(sandbox, csv_bytes([HEADER, [A, "山田", "1"]]))
    short = csv_bytes([["メールアドレス", "お名前"], [A, "田中"]])
    _run(sandbox, short, is_overwrite=1, overwrite_type=1)
    assert _values(sandbox)["会員番号"] == "1"
    _run(sandbox, short, is_overwrite=1, overwrite_type=2)
    assert _values(sandbox)["会員番号"] == number


@pytest.mark.parametrize(("reading", "states"), [("stays", {}), ("joins", {G12: "配信可能"})])
def test_a_known_address_and_a_group(clock: HandClock, reading: str, states: dict[tuple[str, str], str]) -> None:
    """
    Whether a known address joins the group though it may not be overwritten is not documented.
    """
    sandbox = _made(clock, existing_with_group=reading)
    _run(sandbox, people(A))
    assert _results(_run(sandbox, people(A), gid=12)) == ["その他"]
    assert _states(sandbox) == states


@pytest.mark.parametrize(("reading", "state"), [("survives", "配信停止"), ("revived", "配信可能")])
def test_a_stopped_customer_registered_again(clock: HandClock, reading: str, state: str) -> None:
    """
    Whether type 0 with overwriting makes a stopped customer deliverable is not documented.
    """
    sandbox = _made(clock, stopped_survives=reading)
    _run(sandbox, people(A), import_type=2, gid=12)
    _run(sandbox, people(A), is_overwrite=1, gid=12)
    assert _states(sandbox) == {G12: state}


# ── type 1 ──


def test_deleting_from_a_group_and_from_the_database(clock: HandClock) -> None:
    """
    With a group the customer is excluded and stays in the database; without, the customer and all states are gone.
    """
    sandbox = haihai(clock)
    _run(sandbox, people(A), gid=12, spid=5)
    assert _results(_run(sandbox, people(A), import_type=1, gid=12)) == ["成功"]
    assert _states(sandbox) == {S5: "配信可能"}
    assert _results(_run(sandbox, people(A), import_type=1)) == ["成功"]
    assert sandbox.customer(A) is None


def test_deleting_needs_the_address_only(clock: HandClock) -> None:
    """
    Other cells of a deletion are not checked.
    """
    sandbox = haihai(clock)
    _run(sandbox, people(A))
    assert _results(_run(sandbox, csv_bytes([HEADER, [A, "あ" * 11, "x"]]), import_type=1)) == ["成功"]


@pytest.mark.parametrize("reading", ["失敗", "その他"])
@pytest.mark.parametrize("settings", [{}, {"gid": 12}])
def test_deleting_somebody_who_is_not_there(clock: HandClock, reading: str, settings: dict[str, int]) -> None:
    """
    A repeated deletion has rows that fail or are その他.
    """
    sandbox = _made(clock, delete_missing=reading)
    assert _results(_run(sandbox, people(A), import_type=1, **settings)) == [reading]


# ── types 2, 3, 5 ──


@pytest.mark.parametrize(("kind", "state"), [(2, "配信停止"), (3, "配信禁止"), (5, "配信可能")])
@pytest.mark.parametrize(("named", "target"), [({"gid": 12}, G12), ({"spid": 5}, S5)])
def test_states_belong_to_a_group_or_plan(
    clock: HandClock, kind: int, state: str, named: dict[str, int], target: tuple[str, str]
) -> None:
    """
    Stop, forbid and reopen set the state there; other groups keep theirs; who is missing is registered.
    """
    sandbox = haihai(clock)
    _run(sandbox, people(A), gid=13)
    job = _run(sandbox, csv_bytes([HEADER, [A, "山田", "1"], [B, "鈴木", "2"]]), import_type=kind, **named)
    assert _results(job) == ["その他" if kind == 5 else "成功", "成功"]
    assert _states(sandbox) == {G13: "配信可能", target: state}
    assert _states(sandbox, B) == {target: state}
    assert (_values(sandbox), _values(sandbox, B)) == ({}, {"お名前": "鈴木", "会員番号": "2"})


def test_stopped_forbidden_and_back(clock: HandClock) -> None:
    """
    The later state holds.
    """
    sandbox = haihai(clock)
    found = []
    for kind in (2, 3, 5):
        _run(sandbox, people(A), import_type=kind, gid=12)
        found.append(dict(_states(sandbox) or {}))
    assert found == [{G12: "配信停止"}, {G12: "配信禁止"}, {G12: "配信可能"}]


@pytest.mark.parametrize(("reading", "state"), [("set", "配信可能"), ("untouched", "配信停止")])
def test_reopening_without_overwriting(clock: HandClock, reading: str, state: str) -> None:
    """
    The manual calls a known address その他 for type 5 too; whether its state changes is open. Values never do.
    """
    sandbox = _made(clock, reopen_existing=reading)
    _run(sandbox, csv_bytes([HEADER, [A, "山田", "1"]]), import_type=2, gid=12)
    job = _run(sandbox, csv_bytes([HEADER, [A, "田中", "2"]]), import_type=5, gid=12)
    assert _results(job) == ["その他"]
    assert _states(sandbox) == {G12: state}
    assert _values(sandbox)["お名前"] == "山田"


def test_reopening_with_overwriting(clock: HandClock) -> None:
    """
    With is_overwrite 1, type 5 sets the state and the values.
    """
    sandbox = _made(clock, reopen_existing="untouched")
    _run(sandbox, people(A), import_type=3, gid=12)
    job = _run(sandbox, csv_bytes([HEADER, [A, "田中", "2"]]), import_type=5, gid=12, is_overwrite=1)
    assert _results(job) == ["成功"]
    assert _states(sandbox) == {G12: "配信可能"}
    assert _values(sandbox)["お名前"] == "田中"


# ── wash and replace ──


@pytest.mark.parametrize(("settings", "where"), [({}, "customer database"), ({"gid": 12}, "gid 12")])
def test_deleting_and_registering_again_raises_an_alarm(clock: HandClock, settings: dict[str, int], where: str) -> None:
    """
    Once may be a mistake; twice is 洗い替え, which the vendor's terms ban.
    """
    sandbox = haihai(clock)
    overwrite = {"is_overwrite": 1} if settings else {}
    for expected in (0, 0, 1, 2):
        _run(sandbox, people(A, B) if not expected else people(A), **settings, **overwrite)
        alarms = [(alarm.address, alarm.where, alarm.times) for alarm in sandbox.alarms]
        assert len([alarm for alarm in alarms if alarm[0] == A]) == expected
        _run(sandbox, people(A), import_type=1, **settings)
    assert alarms == [(A, where, 2), (A, where, 3)]
