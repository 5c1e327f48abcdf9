"""
Files that were sent: those of a day, and one with the submission behind each of its lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from chalicelib.console.frame import Frame, button, facts, form, grid, note, page
from chalicelib.console.markup import Child, el
from chalicelib.console.saying import moment
from chalicelib.value import value

LINES_MAX = 500


@value
class FileView:
    """
    A file as the list shows it: its lane, the call that sent it, and when that was made up.
    """

    lane: str
    call: str
    at: datetime


@value
class FileWhole:
    """
    One file: its size, how often it was answered, and for each line the deliveries that travelled in it.
    """

    lane: str
    call: str
    at: datetime
    bytes: int
    replies: int
    lines: tuple[tuple[str, ...], ...]


def files_page(frame: Frame, day: date, files: Sequence[FileView]) -> str:
    """
    The files of a day; the bucket keeps them for ten days.
    """
    say = frame.say
    title = say("送ったファイル", "Files sent")
    box = el("input", type="date", name="date", value=day.isoformat(), class_="box")
    chosen = el(
        "form",
        el("label", el("span", say("日付", "Date"), class_="name"), box),
        button(say("表示", "Show"), class_="quiet"),
        method="get",
        action=frame.to("files"),
        class_="line",
    )
    words = say("十日間残ります。", "They are kept for ten days.")
    heads = [say("日時", "when"), say("レーン", "lane"), say("呼び出し", "call")]
    lines: list[list[Child]] = [
        [
            moment(each.at),
            each.lane,
            el("a", el("code", each.call), href=frame.to("files", f"{each.lane}.{each.call}")),
        ]
        for each in files
    ]
    found = grid(f"{day:%Y-%m-%d}", heads, lines) if lines else note(say("この日はありません。", "None on this day."))
    return page(frame, title, el("p", words), chosen, found, current="files")


def file_page(frame: Frame, file: FileWhole) -> str:
    """
    One file: which line is which submission, and a copy to keep.
    """
    say = frame.say
    told = facts(
        (say("レーン", "Lane"), file.lane),
        (say("作成", "Made"), moment(file.at)),
        (say("大きさ", "Size"), f"{file.bytes:,} B"),
        (say("行", "Rows"), f"{len(file.lines):,}"),
        (say("返事", "Replies"), str(file.replies)),
    )
    words = say(
        "写しを保存（UTF-8。個人情報を含み、記録に残ります）",
        "Keep a copy (UTF-8; it holds personal values, and this is put on record)",
    )
    copy = form(frame, frame.to("files", f"{file.lane}.{file.call}"), button(words, class_="quiet"), class_="actions")
    heads = [say("行（見出しを除く）", "row (without the heading)"), say("配信", "deliveries")]
    lines: list[list[Child]] = [
        [
            str(number),
            [el("div", el("a", el("code", each), href=frame.to("deliveries", each))) for each in deliveries] or "-",
        ]
        for number, deliveries in enumerate(file.lines[:LINES_MAX], start=1)
    ]
    more = len(file.lines) - len(lines)
    rest = note(say(f"ほか {more:,} 行", f"and {more:,} more rows")) if more > 0 else None
    title = f"{say('ファイル', 'File')} {file.call}"
    table = grid(say("行と配信", "Rows and deliveries"), heads, lines) if lines else None
    return page(frame, title, el("div", told, class_="card"), copy, table, rest, current="files")
