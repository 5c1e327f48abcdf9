"""
From 処理待ち to 完了: order, results page, report mails, speed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tests.sandbox.clock import HandClock
from tests.sandbox.haihaimail import HaihaiSandbox
from tests.sandbox.haihaimail_jobs import Job
from tests.sandbox.haihaimail_switches import HaihaiSwitches
from tests.unit.sandbox.vendors import ask, csv_bytes, haihai, import_request, people

A, B = "a@example.co.jp", "b@example.co.jp"
HEADER = ["メールアドレス", "お名前", "会員番号"]


def _run(sandbox: HaihaiSandbox, data: bytes, **settings: Any) -> Job:
    assert ask(sandbox, import_request(data, **settings))[0] == 200
    sandbox.run_jobs()
    return sandbox.results()[-1]


def _values(sandbox: HaihaiSandbox, address: str = A) -> dict[str, str]:
    customer = sandbox.customer(address)
    assert customer is not None
    return customer.values


@pytest.mark.parametrize(("reading", "name"), [("accepted", "後"), ("reversed", "先")])
def test_files_that_wait_together_may_finish_out_of_order(clock: HandClock, reading: str, name: str) -> None:
    """
    Nothing promises the order of queued files.
    """
    sandbox = haihai(clock, auto_run=False, switches=HaihaiSwitches(job_order=reading))
    for value in ("先", "後"):
        ask(sandbox, import_request(csv_bytes([["メールアドレス", "お名前"], [A, value]]), is_overwrite=1))
    sandbox.run_jobs()
    assert _values(sandbox)["お名前"] == name


def test_a_file_is_worked_off_after_a_while(clock: HandClock) -> None:
    """
    With job_seconds a file is 処理待ち, then 処理中, then 完了 by the clock, without anybody's doing.
    """
    sandbox = haihai(clock, job_seconds=10)
    ask(sandbox, import_request(people(A)))
    found = []
    for seconds in (0, 5, 5):
        clock.advance(seconds)
        found.append((sandbox.results()[0].state, len(sandbox.customers())))
    assert found == [("処理待ち", 0), ("処理中", 0), ("完了", 1)]
    ask(sandbox, import_request(people(B)))
    clock.advance(10)
    ask(sandbox, import_request(people("c@example.co.jp")))
    assert sandbox.queue.jobs[1].state == "完了"


def test_results_are_shown_for_ten_days(clock: HandClock) -> None:
    """
    The results page looks ten days back.
    """
    sandbox = haihai(clock)
    _run(sandbox, people(A))
    clock.advance(10 * 86_400)
    assert len(sandbox.results()) == 1
    clock.advance(1)
    assert sandbox.results() == []
    assert len(sandbox.customers()) == 1


def test_the_results_can_be_downloaded(clock: HandClock) -> None:
    """
    The rows as sent, with result and reason.
    """
    job = _run(haihai(clock), csv_bytes([["お名前", "メールアドレス"], ["山田", A], ["田中", ""]]))
    assert job.results_csv().splitlines() == [
        "お名前,メールアドレス,処理結果,理由",
        f"山田,{A},成功,",
        "田中,,失敗,メールアドレスがありません",
    ]


@pytest.mark.parametrize(
    ("option", "rows", "mails"),
    [(0, [A, ""], 0), (1, [A], 1), (None, [A], 1), (2, [A], 0), (2, [A, "x"], 1)],
)
def test_report_mails(clock: HandClock, option: int | None, rows: Sequence[str], mails: int) -> None:
    """
    report_option 0 sends none, 1 (the default) always one, 2 one where rows failed.
    """
    sandbox = haihai(clock)
    data = csv_bytes([["お名前", "メールアドレス"], *(["山", address] for address in rows)])
    _run(sandbox, data, report_option=option)
    assert len(sandbox.mailbox) == mails
    for mail in sandbox.mailbox:
        assert mail.to == "kanri@example.co.jp"
        assert mail.text.splitlines() == [
            "処理: 登録",
            "受付: 2026-11-21 12:00:00",
            "成功: 1件",
            f"失敗: {len(rows) - 1}件",
            "その他: 0件",
        ]


def test_ten_thousand_rows_are_one_job(clock: HandClock) -> None:
    """
    A day's file is taken whole and worked off.
    """
    sandbox = haihai(clock)
    rows = [[f"p{number}@example.co.jp", "山田", str(number)] for number in range(10_000)]
    request = import_request(csv_bytes([HEADER, *rows]), is_overwrite=1, gid=12)
    assert ask(sandbox, request)[0] == 200
    assert len(sandbox.customers()) == 10_000
