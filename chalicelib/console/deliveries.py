"""
Dead letters and held deliveries: lists with boxes to tick, and one delivery with its ways back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field

from chalicelib.console.frame import Frame, badge, box, button, choice, form, grid, hidden, note, page
from chalicelib.console.markup import Child, Html, el
from chalicelib.console.saying import Say, moment
from chalicelib.model import Delivery
from chalicelib.value import value

REASON_CHARS_SHOWN = 160
KINDS = {"delivered": "good", "dead": "bad", "held": "warn", "uncertain": "warn", "sending": "busy", "waiting": "busy"}


@value
class DeliveryView:
    """
    A delivery as this operator may see it: `payload`, `reason` and `history` are veiled unless they were asked for.

    `names` are the fields that a person may put a value into, `faulty` those that the reason names.
    """

    delivery: Delivery
    payload: Mapping[str, str] = field(default_factory=dict, repr=False)
    reason: str = ""
    history: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    faulty: tuple[str, ...] = ()


@value
class Listing:
    """
    The first part of a list, how many there are in all, and what a filter may name: sources and destinations.
    """

    shown: tuple[DeliveryView, ...]
    count: int
    sources: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()


def state_badge(say: Say, state: str) -> Html:
    """
    A delivery's state in its colour.
    """
    return badge(say.state(state), KINDS.get(state, "calm"))


def dead_page(frame: Frame, listing: Listing) -> str:
    """
    Dead letters, to be sent again or given up.
    """
    say = frame.say
    buttons = (
        button(say("再送…", "Send again…"), name="deed", value="replay"),
        button(say("破棄…", "Drop…"), name="deed", value="drop", class_="danger"),
    )
    words = say(
        "そのままでは送れないもの。直して送るか、破棄します。古い順です。",
        "What cannot be sent as it is: fix and send it again, or drop it. The oldest first.",
    )
    return _list_page(frame, listing, name="dead", title=say("不達", "Dead letters"), words=words, buttons=buttons)


def held_page(frame: Frame, listing: Listing, keys: Sequence[tuple[str, str, str, int]]) -> str:
    """
    Held deliveries, and held batch keys: (lane, key, reason, rows).
    """
    say = frame.say
    buttons = (
        button(say("送る…", "Release…"), name="deed", value="replay"),
        button(say("破棄…", "Drop…"), name="deed", value="drop", class_="danger"),
    )
    words = say(
        "人の判断を待っているもの: 迷惑送信の疑い、読み取れない内容、結果が分からない送信。",
        "What waits for a person: suspected spam, what could not be understood, calls of unknown outcome.",
    )
    title = say("保留", "Held")
    return _list_page(frame, listing, name="held", title=title, words=words, buttons=buttons, before=_keys(frame, keys))


def _keys(frame: Frame, keys: Sequence[tuple[str, str, str, int]]) -> Html | None:
    if not keys:
        return None
    say = frame.say
    lines: list[list[Child]] = [
        [
            lane,
            el("code", key),
            reason,
            say.count(rows, "行", "row"),
            form(
                frame,
                frame.to("plan-key"),
                hidden("lane", lane),
                hidden("key", key),
                button(say("送る…", "Send…"), name="deed", value="release", class_="quiet"),
                " ",
                button(say("破棄…", "Drop…"), name="deed", value="drop", class_="danger"),
            ),
        ]
        for lane, key, reason, rows in keys
    ]
    heads = [
        say("レーン", "lane"),
        say("キー", "key"),
        say("理由", "reason"),
        say("待機", "waiting"),
        say("操作", "deed"),
    ]
    return grid(say("設定が断られて止まっているキー", "Keys whose settings the vendor refused"), heads, lines)


def _list_page(
    frame: Frame,
    listing: Listing,
    *,
    name: str,
    title: str,
    words: str,
    buttons: tuple[Html, ...],
    before: Html | None = None,
) -> str:
    say = frame.say
    if not listing.shown:
        return page(frame, title, before, note(say("1件もありません。", "There are none."), "good"), current=name)
    heads = ["ID", say("日時", "when"), say("経路", "way"), say("理由", "reason")]
    lines = [_row(frame, each) for each in listing.shown]
    table = grid(
        say(f"全{listing.count:,}件のうち{len(lines):,}件", f"{len(lines):,} of {listing.count:,}"), heads, lines
    )
    ways = el(
        "div",
        *buttons,
        el("a", "CSV", href=frame.to(name, "csv"), class_="button quiet"),
        class_="actions",
    )
    some = form(frame, frame.to("plan"), hidden("state", name), ways, table)
    return page(frame, title, el("p", words), before, some, _by_filter(frame, listing, name, buttons), current=name)


def _by_filter(frame: Frame, listing: Listing, name: str, buttons: tuple[Html, ...]) -> Html:
    """
    The same deeds on all that a filter means, without ticking each.
    """
    say = frame.say
    fields = (
        choice(say("送信元", "Source"), "source", [(each, each) for each in listing.sources], frame),
        choice(say("宛先", "Destination"), "destination", [(each, each) for each in listing.destinations], frame),
        box(say("理由に含まれる語", "Words of the reason"), "reason", grow=True),
        box(say("から", "From"), "since", type_="date"),
        box(say("まで", "Until"), "until", type_="date"),
    )
    sent = form(
        frame,
        frame.to("plan"),
        hidden("state", name),
        hidden("scope", "filter"),
        el("div", fields, class_="line"),
        el("div", buttons, class_="actions"),
    )
    summary = el("summary", say("条件でまとめて選ぶ", "Choose by a filter"))
    return el("details", summary, sent, class_="card filter")


def _row(frame: Frame, view: DeliveryView) -> list[Child]:
    each = view.delivery
    label = frame.say(f"{each.id} を選ぶ", f"choose {each.id}")
    tick = el("input", type="checkbox", name="id", value=each.id, aria_label=label)
    return [
        el("span", tick, el("a", el("code", each.id), href=frame.to("deliveries", each.id)), class_="tick"),
        moment(each.settled_at or each.arrived_at),
        way(each),
        shortened(view.reason),
    ]


def way(delivery: Delivery) -> str:
    """
    From where to where.
    """
    return f"{delivery.source} → {delivery.destination or '?'} {delivery.operation}".rstrip()


def shortened(reason: str) -> str:
    """
    The first line of a reason, as a list shows it.
    """
    first = reason.strip().partition("\n")[0]
    return first if len(first) <= REASON_CHARS_SHOWN else first[: REASON_CHARS_SHOWN - 1] + "…"
