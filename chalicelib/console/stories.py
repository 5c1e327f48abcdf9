"""
One submission's whole story: what came, what was made of it, and what became of each delivery.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from chalicelib.console.deliveries import DeliveryView, reveal_form, told
from chalicelib.console.frame import Frame, facts, note, page
from chalicelib.console.markup import el, joined
from chalicelib.console.saying import moment
from chalicelib.value import value


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
                (say("フォームなど", "Source"), story.source),
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
        None if revealed else reveal_form(frame, "submission", story.id),
        el("h2", say("配信と経過", "Deliveries")),
        el("div", cards, class_="story") if cards else note(say("配信はありません。", "It has no delivery.")),
        current="search",
    )


def _act(frame: Frame, view: DeliveryView) -> str | None:
    state = str(view.delivery.state)
    words = {
        "dead": frame.say("直す・再送・破棄", "Fix, send again or drop"),
        "held": frame.say("送る・破棄", "Release or drop"),
    }
    return el("a", words[state], href=frame.to("delivery", view.delivery.id)) if state in words else None


def _pair(name: str, text: str) -> str:
    return el("div", el("dt", name), el("dd", text or "-"))
