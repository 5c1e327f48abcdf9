"""
The record of operators' deeds: who did what, on what, and when.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from chalicelib.console.frame import Frame, grid, note, page
from chalicelib.console.markup import Child, Html, el
from chalicelib.console.saying import Say, moment
from chalicelib.value import value

SHOWN_IDS_MAX = 5
BY_FILTER = " by filter"
DEEDS: Mapping[str, str] = {
    "sign in": "サインイン",
    "reveal": "個人情報の表示",
    "copy file": "ファイルの写し",
    "pause": "停止",
    "resume": "再開",
    "let go": "呼び出しの打ち切り",
    "fix": "修正して再送",
    "replay": "再送",
    "replay dead": "不達の再送",
    "drop dead": "不達の破棄",
    "release": "保留の解除",
    "replay held": "保留の解除",
    "drop held": "保留の破棄",
    "drop": "破棄",
    "release key": "保留キーの再送",
    "bisect key": "保留キーを分けて再送",
    "drop key": "保留キーの破棄",
    "erase": "個人の消去",
}
"""
Deeds in Japanese, as the record writes them in English; without their `by filter`.
"""


@value
class DeedView:
    """
    One entry of the record.
    """

    at: datetime
    by: str
    deed: str
    on: tuple[str, ...]
    why: str
    numbers: Mapping[str, int]


def record_page(frame: Frame, deeds: Sequence[DeedView], cursor: str) -> str:
    """
    A page of the record, the newest first.
    """
    say = frame.say
    title = say("操作記録", "Record")
    words = say(
        "人が行った操作の記録です。400日間残り、消すことはできません。",
        "What people did. It is kept for 400 days and cannot be changed here.",
    )
    if not deeds:
        return page(frame, title, el("p", words), note(say("まだありません。", "Nothing yet.")), current="record")
    heads = [say("日時", "when"), say("人", "who"), say("操作", "deed"), say("対象", "on"), say("理由など", "why")]
    lines: list[list[Child]] = [
        [moment(each.at), each.by, _deed(say, each.deed), _on(frame, each.on), _why(each)] for each in deeds
    ]
    older = el("p", el("a", say("次のページ", "Next page"), href=frame.to("record", after=cursor))) if cursor else None
    return page(frame, title, el("p", words), grid(title, heads, lines), older, current="record")


def _deed(say: Say, deed: str) -> str:
    """
    A deed in the reader's language; one without Japanese words as it was written.
    """
    plain = deed.removesuffix(BY_FILTER)
    return say(DEEDS.get(plain, plain) + ("（まとめて）" if plain != deed else ""), deed)


def _on(frame: Frame, ids: Sequence[str]) -> Child:
    if not ids:
        return "-"
    shown = [el("div", _link(frame, each)) for each in ids[:SHOWN_IDS_MAX]]
    more = len(ids) - len(shown)
    return [*shown, frame.say(f"ほか{more}件", f"and {more} more")] if more > 0 else shown


def _link(frame: Frame, name: str) -> Html:
    """
    A delivery or a submission is a link; a lane or a key is a name.
    """
    looks = name.partition(".")
    if len(looks[0]) != 26 or not looks[0].isalnum():
        return el("code", name)
    return el("a", el("code", name), href=frame.to("deliveries" if looks[2] else "submissions", name))


def _why(deed: DeedView) -> str:
    numbers = ", ".join(f"{name} {number:,}" for name, number in deed.numbers.items())
    return "; ".join(filter(None, (deed.why, numbers))) or "-"
