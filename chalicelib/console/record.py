"""
The record of operators' deeds: who did what, on what, and when.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from chalicelib.console.frame import Frame, grid, note, page
from chalicelib.console.markup import Child, Html, el
from chalicelib.console.saying import moment
from chalicelib.value import value

SHOWN_IDS_MAX = 5


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
    words = say("人が行った操作の記録です。消すことはできません。", "What people did. It cannot be changed here.")
    if not deeds:
        return page(frame, title, el("p", words), note(say("まだありません。", "Nothing yet.")), current="record")
    heads = [say("日時", "when"), say("人", "who"), say("操作", "deed"), say("対象", "on"), say("理由など", "why")]
    lines: list[list[Child]] = [
        [moment(each.at), each.by, each.deed, _on(frame, each.on), _why(each)] for each in deeds
    ]
    older = el("p", el("a", say("次のページ", "Next page"), href=frame.to("record", after=cursor))) if cursor else None
    return page(frame, title, el("p", words), grid(title, heads, lines), older, current="record")


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
