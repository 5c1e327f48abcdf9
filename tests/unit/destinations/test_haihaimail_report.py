"""
The report of an import, read as tolerantly as it may be written, and never guessed.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.destinations.haihaimail_report import read_report
from chalicelib.model.report import Counts


@pytest.mark.parametrize(
    "text",
    [
        "処理: 登録\n受付: 2026-11-21 10:00\n成功: 1,200件\n失敗: 3件\nその他: 7件",
        "一括登録・削除の処理が完了しました。\n成功件数：１，２００件　失敗件数：３件　その他：７件",
        "> 成功　1200\n> 失敗　　 3\n> その他　7\n",
        "登録は1200件が成功、3件が失敗、7件がその他でした。",
        "受付日時\t処理種別\t成功\t失敗\tその他\n2026/11/21 10:00\t登録\t1,200\t3\t7\n",
        "| 種別 | 成功 | 失敗 | その他 |\n| 登録 | 1200件 | 3件 | 7件 |",
        "成功数\n1,200\n失敗数\n3\nその他\n7\n",
        "成功(件)は1200 成功=1200 / 失敗=3 / その他=7 (成功率99%)",
    ],
)
def test_the_counts_are_read_however_they_are_written(text: str) -> None:
    """
    As a mail, a forwarded mail, a sentence, a pasted screen; in full-width digits or with commas.
    """
    found = read_report(text)

    assert found.counts == Counts(done=1_200, failed=3, other=7)
    assert (found.doubts, found.usable) == ((), True)


def test_what_is_not_said_is_told() -> None:
    """
    The older interface's mail is only known to have successes and failures.
    """
    found = read_report("成功数 10 件、失敗数 0 件")

    assert found.counts == Counts(done=10, failed=0)
    assert found.doubts == ("No number was found for その他.",)
    assert found.usable


@pytest.mark.parametrize(
    "text", ["成功 10件\n失敗 0件\n---\n成功 12件\n失敗 0件", "種別\t成功\t失敗\n登録\t10\t0\n登録\t12\t0\n"]
)
def test_reports_of_two_files_are_not_mixed(text: str) -> None:
    """
    Which of them is meant, nobody can tell.
    """
    found = read_report(text)

    assert not found.usable
    assert "成功 is said more than once, as 10, 12" in found.doubts[0]


@pytest.mark.parametrize(
    "text", ["", "お世話になっております。", "成功しました。", "その他 3件", "失敗の理由 03:12", "成功率 80%"]
)
def test_a_text_without_counts_is_none(text: str) -> None:
    """
    Words without their numbers prove nothing.
    """
    found = read_report(text)

    assert not found.usable
    assert found.doubts


@given(st.text(alphabet="成功失敗その他件数0123456789,: \t\n|、は", max_size=80))
def test_no_text_makes_the_reader_raise(text: str) -> None:
    """
    Whatever is pasted.
    """
    assert read_report(text).doubts is not None


@pytest.mark.parametrize(
    ("counts", "proves", "doubt"),
    [
        (Counts(done=10, failed=0, other=0), True, ""),
        (Counts(done=10, failed=0), True, ""),
        (Counts(done=10), False, "It does not say that none failed."),
        (Counts(done=9, failed=1, other=0), False, "1 failed."),
        (Counts(done=9, failed=0, other=1), False, "1 are その他"),
        (Counts(done=9, failed=0, other=0), False, "They count 9 rows, the file has 10"),
        (Counts(done=11, failed=0), False, "They count 11 rows, the file has 10"),
    ],
)
def test_only_counts_that_add_up_prove_every_row(counts: Counts, proves: bool, doubt: str) -> None:  # noqa: FBT001
    """
    All succeeded, none failed, none was something else.
    """
    assert counts.proves(10) == proves
    assert counts.doubt(10).startswith(doubt)
    assert bool(counts.doubt(10)) != proves
