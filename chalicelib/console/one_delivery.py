"""
One delivery: what is sent of it, what became of it, and what can be done about it.
"""

from __future__ import annotations

from datetime import datetime

from chalicelib.console.deliveries import DeliveryView, state_badge, way
from chalicelib.console.frame import Frame, button, facts, form, hidden, page
from chalicelib.console.markup import Child, Html, el, joined
from chalicelib.console.saying import Say, moment

VALUE_CHARS_MAX = 2_000


def delivery_page(frame: Frame, view: DeliveryView, *, revealed: bool) -> str:
    """
    One delivery whole, with what can be done about it.
    """
    say, each = frame.say, view.delivery
    story = say("受け取った内容と全体の経過", "What came, and the whole story")
    back = el("a", story, href=frame.to("submissions", each.event_id))
    ways = {"dead": _mending, "held": _releasing}.get(str(each.state))
    inner = el("div", told(frame, view), class_="card")
    hands = ways(frame, view) if ways else None
    reveal = None if revealed else reveal_form(frame, "deliveries", each.id)
    title = f"{say('配信', 'Delivery')} {each.id}"
    return page(frame, title, el("p", back), inner, reveal, hands, current=str(each.state))


def told(frame: Frame, view: DeliveryView) -> Html:
    """
    What a delivery is, what is sent of it, and what became of it.
    """
    say, each = frame.say, view.delivery
    head = el("div", el("h2", way(each)), state_badge(say, str(each.state)), class_="head")
    links = facts(
        (say("レーン", "Lane"), each.lane),
        (say("到着", "Arrived"), moment(each.arrived_at)),
        (say("確定", "Settled"), moment(each.settled_at)),
        (say("試行", "Attempts"), str(each.attempts)),
        (say("呼び出し", "Call"), el("code", each.call_id) if each.call_id else ""),
        (say("証拠", "Proof"), each.proof),
        (say("再送元", "Replay of"), _link(frame, each.replay_of)),
        (say("置き換え先", "Superseded by"), _link(frame, each.superseded_by)),
    )
    sent = el("dl", [_pair(name, text) for name, text in view.payload.items()], class_="facts rows")
    reason = el("p", view.reason, class_="reason") if view.reason else None
    return joined(
        head,
        reason,
        links,
        el("h3", say("送る内容", "What is sent")) if view.payload else None,
        sent if view.payload else None,
        el("h3", say("経過", "History")),
        el("ol", [_step(say, each) for each in view.history], class_="history"),
    )


def reveal_form(frame: Frame, kind: str, name: str) -> Html:
    """
    The way to see personal values; that somebody looked is put on record.
    """
    say = frame.say
    words = say("個人情報を表示する（記録に残ります）", "Show personal values (this is put on record)")
    return form(frame, frame.to(kind, name), button(words, class_="quiet"), class_="actions")


def _link(frame: Frame, delivery_id: str) -> Child:
    if "." not in delivery_id:
        return delivery_id
    return el("a", el("code", delivery_id), href=frame.to("deliveries", delivery_id))


def _pair(name: str, text: str) -> Html:
    return el("div", el("dt", name), el("dd", text or "-"))


def _step(say: Say, line: str) -> Html:
    """
    One line of the history, as records.deliveries writes it: time, state, note.
    """
    at, _, rest = line.partition(" ")
    state, _, words = rest.partition(" ")
    return el(
        "li",
        el("span", moment(datetime.fromisoformat(at)), class_="soft"),
        el("span", state_badge(say, state), " ", words, class_="reason"),
    )


def _mending(frame: Frame, view: DeliveryView) -> Html:
    """
    Fields to put a value into: those at fault first, the others folded away.
    """
    say = frame.say
    rest = [name for name in view.names if name not in view.faulty]
    others = el(
        "details", el("summary", say("ほかの項目", "Other fields")), [_field(frame, view, name) for name in rest]
    )
    return el(
        "section",
        el("h2", say("直して再送", "Fix and send again")),
        el("p", say("空欄の項目は変わりません。", "A field left blank stays as it is."), class_="soft"),
        form(
            frame,
            frame.to("plan"),
            hidden("id", view.delivery.id),
            hidden("state", "dead"),
            [_field(frame, view, name) for name in view.faulty],
            others if rest else None,
            el(
                "div",
                button(say("確認へ", "Go on to confirm"), name="deed", value="replay"),
                button(say("破棄…", "Drop…"), name="deed", value="drop", class_="danger"),
                class_="actions",
            ),
        ),
    )


def _field(frame: Frame, view: DeliveryView, name: str) -> Html:
    say = frame.say
    now = view.payload.get(name, "")
    shown = say(f"現在: {now}", f"now: {now}") if now else say("現在: 空", "now: blank")
    clear = el(
        "label",
        el("input", type="checkbox", name=f"clear.{name}", value="yes"),
        say("空にする", "clear"),
        class_="tick",
    )
    typed = el("input", name=f"fix.{name}", class_="box", maxlength=VALUE_CHARS_MAX, autocomplete="off")
    label = el("label", el("span", f"{name} ({shown})", class_="name"), typed, class_="grow")
    return el("div", label, clear if now else None, class_="line")


def _releasing(frame: Frame, view: DeliveryView) -> Html:
    say = frame.say
    return form(
        frame,
        frame.to("plan"),
        hidden("id", view.delivery.id),
        hidden("state", "held"),
        el(
            "div",
            button(say("送る…", "Release…"), name="deed", value="replay"),
            button(say("破棄…", "Drop…"), name="deed", value="drop", class_="danger"),
            class_="actions",
        ),
    )
