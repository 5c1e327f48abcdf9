"""
One submission's whole story: what came, what was made of it, and what became of each delivery.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from chalicelib.console.deliveries import DeliveryView
from chalicelib.console.frame import Frame, facts, grid, note, page
from chalicelib.console.markup import Child, Html, el, joined
from chalicelib.console.one_delivery import reveal_form, told
from chalicelib.console.saying import moment
from chalicelib.value import value


@value
class CallView:
    """
    One call that deliveries travelled in. `rows`: with how many in all (0: not known any more). `file`: it is kept.
    """

    id: str
    delivery: str
    lane: str
    at: datetime | None
    reply: str
    rows: int
    tries: int
    file: bool


@value
class StoryView:
    """
    A submission as this operator may see it; values are veiled unless they were asked for. `source` empty: expired.
    """

    id: str
    source: str = ""
    kind: str = ""
    arrived_at: datetime | None = None
    time: datetime | None = None
    hold: str = ""
    evidence: Mapping[str, str] = field(default_factory=dict, repr=False)
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    deliveries: tuple[DeliveryView, ...] = ()
    calls: tuple[CallView, ...] = ()


def story_page(frame: Frame, story: StoryView, *, revealed: bool) -> str:
    """
    The whole story, with a link to what can be done about each delivery.
    """
    say = frame.say
    came = (
        note(
            say("受け取った内容は保存期間を過ぎました。", "What came has expired; its deliveries are still on record.")
        )
        if not story.source
        else joined(
            facts(
                (say("送信元", "Source"), story.source),
                (say("種類", "Kind"), story.kind),
                (say("到着", "Arrived"), moment(story.arrived_at)),
                (say("出来事の時刻", "Event time"), moment(story.time) if story.time != story.arrived_at else ""),
                (say("保留の理由", "Held for"), story.hold),
            ),
            el("dl", [_pair(*each) for each in story.fields.items()], class_="facts rows"),
            [
                el("h3", say("証跡", "Evidence")),
                el("dl", [_pair(*each) for each in story.evidence.items()], class_="facts rows"),
            ]
            if story.evidence
            else None,
        )
    )
    cards = [el("section", told(frame, each), el("p", _act(frame, each)), class_="card") for each in story.deliveries]
    return page(
        frame,
        f"{say('受付', 'Submission')} {story.id}",
        el("section", el("h2", say("受け取った内容", "What came")), came, class_="card"),
        None if revealed else reveal_form(frame, "submissions", story.id),
        el("h2", say("配信と経過", "Deliveries")),
        el("div", cards, class_="story") if cards else note(say("配信はありません。", "It has no delivery.")),
        _calls(frame, story),
        current="search",
    )


def _calls(frame: Frame, story: StoryView) -> Html | None:
    """
    Each call and what came back.
    """
    if not story.calls:
        return None
    say = frame.say
    heads = [say("日時", "when"), say("呼び出し", "call"), say("配信", "delivery"), say("行", "rows")]
    lines: list[list[Child]] = [
        [
            moment(each.at),
            el("a", el("code", each.id), href=frame.to("files", f"{each.lane}.{each.id}"))
            if each.file
            else el("code", each.id),
            el("code", each.delivery),
            (f"{each.rows:,}" if each.rows else "-") + (f" ×{each.tries}" if each.tries > 1 else ""),
            each.reply or say("まだ返事なし", "no reply yet"),
        ]
        for each in story.calls
    ]
    title = say("呼び出しと返事", "Calls and replies")
    return el("section", el("h2", title), grid(title, [*heads, say("返事", "reply")], lines))


def _act(frame: Frame, view: DeliveryView) -> str | None:
    state = str(view.delivery.state)
    words = {
        "dead": frame.say("直す・再送・破棄", "Fix, send again or drop"),
        "held": frame.say("送る・破棄", "Release or drop"),
    }
    return el("a", words[state], href=frame.to("deliveries", view.delivery.id)) if state in words else None


def _pair(name: str, text: str) -> str:
    return el("div", el("dt", name), el("dd", text or "-"))
