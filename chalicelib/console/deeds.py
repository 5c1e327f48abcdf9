"""
Before and after a deed on deliveries: what it would do and what it costs, and then what became of each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field

from chalicelib.console.deliveries import DeliveryView, shortened, way
from chalicelib.console.frame import Frame, button, form, grid, hidden, note, page
from chalicelib.console.markup import Child, Html, el
from chalicelib.value import value

SHOWN_MAX = 20
DEEDS = frozenset({"replay", "drop"})
TITLES: Mapping[tuple[str, str], tuple[str, str]] = {
    ("replay", "dead"): ("再送", "Send again"),
    ("replay", "held"): ("保留の解除", "Release"),
    ("drop", "dead"): ("破棄", "Drop"),
    ("drop", "held"): ("破棄", "Drop"),
}

KEY_TITLES: Mapping[str, tuple[str, str]] = {
    "release": ("保留キーをもう一度送る", "Send a held key's rows again"),
    "drop": ("保留キーの行を破棄", "Drop a held key's rows"),
}


@value
class Price:
    """
    What a deed costs one lane: `calls` of those that are `left` today (None: no limit on calls).
    """

    lane: str
    deliveries: int
    calls: int
    left: int | None = None


@value
class Plan:
    """
    A deed that waits for a yes. `fixes` are values that a person has put in; `prices` are empty where nothing is sent.

    `views` are the first of `ids`; `skipped` are those to which it cannot be done: (id, why). `more`: beyond these
    there are others, for another time.
    """

    deed: str
    state: str
    ids: tuple[str, ...]
    views: tuple[DeliveryView, ...]
    prices: tuple[Price, ...] = ()
    fixes: Mapping[str, str] = field(default_factory=dict, repr=False)
    skipped: tuple[tuple[str, str], ...] = ()
    more: bool = False


def plan_page(frame: Frame, plan: Plan) -> str:
    """
    What would be done and its price in calls, with a button to do it.
    """
    say, number = frame.say, len(plan.ids)
    title = say(*TITLES[plan.deed, plan.state])
    skipped = [el("li", el("code", name), " ", why) for name, why in plan.skipped]
    aside = el("section", el("h2", say("対象にならないもの", "Left out")), el("ul", skipped)) if skipped else None
    if not number:
        nothing = note(
            say("対象がありません。何もしていません。", "There is nothing to do it to. Nothing was done."), "warn"
        )
        return page(frame, title, nothing, aside, _back(frame, plan.state), current=plan.state)
    words = {
        "replay": say(f"{number:,}件を送ります。", f"{number:,} will be sent."),
        "drop": say(
            f"{number:,}件を破棄します。記録には残りますが、送られることはありません。",
            f"{number:,} will be given up for good. They stay on record and are never sent.",
        ),
    }[plan.deed]
    return page(
        frame,
        title,
        el("p", words),
        note(
            say(
                "ほかにもあります。終わったら同じ操作を繰り返してください。",
                "There are more: do the same again afterwards.",
            )
        )
        if plan.more
        else None,
        _prices(frame, plan),
        _fixes(frame, plan),
        _yes(frame, plan),
        _which(frame, plan),
        aside,
        current=plan.state,
    )


def key_page(frame: Frame, deed: str, key: str, price: Price) -> str:
    """
    The same for all rows of a held key.
    """
    say = frame.say
    rows = say.count(price.deliveries, "行", "row")
    words = {
        "release": say(
            f"{rows}を今の relay.toml で作り直して送ります。", f"{rows}, mapped by today's relay.toml, will be sent."
        ),
        "drop": say(
            f"{rows}を破棄します。記録には残りますが、送られることはありません。",
            f"{rows} will be given up for good. They stay on record and are never sent.",
        ),
    }[deed]
    sent = form(
        frame,
        frame.to("key"),
        hidden("deed", deed),
        hidden("lane", price.lane),
        hidden("key", key),
        el(
            "div",
            button(say("実行する", "Do it"), class_="danger" if deed == "drop" else ""),
            el("a", say("やめる", "Cancel"), href=frame.to("held"), class_="button quiet"),
            class_="actions",
        ),
    )
    cost = _costs(frame, (price,)) if deed == "release" else _no_calls(frame)
    return page(frame, say(*KEY_TITLES[deed]), el("p", el("code", f"{price.lane} {key}")), el("p", words), cost, sent)


def done_page(frame: Frame, deed: str, state: str, results: Sequence[tuple[str, str, bool]]) -> str:
    """
    What became of each: (id, words, whether it was done).
    """
    say = frame.say
    done = sum(1 for _, _, was_done in results if was_done)
    failed = len(results) - done
    words = say(f"{done:,}件を処理しました。", f"{done:,} done.")
    wrong = say(f"{failed:,}件は処理できませんでした。", f"{failed:,} could not be done.")
    lines: list[list[Child]] = [
        [el("a", el("code", name), href=frame.to("deliveries", name)), said] for name, said, _ in results
    ]
    return page(
        frame,
        say(*TITLES[deed, state]),
        note(words, "good") if done else None,
        note(wrong, "bad") if failed else None,
        grid(say("結果", "Results"), ["ID", say("結果", "result")], lines) if lines else None,
        _back(frame, state),
        current=state,
    )


def _prices(frame: Frame, plan: Plan) -> Html:
    return _no_calls(frame) if plan.deed == "drop" else _costs(frame, plan.prices)


def _no_calls(frame: Frame) -> Html:
    return note(frame.say("呼び出し回数は使いません。", "This uses no calls."))


def _costs(frame: Frame, prices: Sequence[Price]) -> Html:
    say = frame.say
    lines: list[list[Child]] = [
        [
            each.lane,
            say.count(each.deliveries, "件", "delivery", "deliveries"),
            say.count(each.calls, "回", "call"),
            say("上限なし", "no limit") if each.left is None else say.count(each.left, "回", "call"),
            _remark(frame, each),
        ]
        for each in prices
    ]
    heads = [say("レーン", "lane"), say("配信", "deliveries"), say("使う回数（目安）", "calls, about")]
    heads += [say("今日の残り", "left today"), say("備考", "remark")]
    return grid(say("呼び出し回数の見積もり", "What it costs in calls"), heads, lines)


def _remark(frame: Frame, price: Price) -> str:
    if price.left is None or price.calls <= price.left:
        return ""
    return frame.say("残りを超える分は翌日以降に送られます。", "What exceeds the rest of today waits for the next day.")


def _fixes(frame: Frame, plan: Plan) -> Html | None:
    if not plan.fixes:
        return None
    say = frame.say
    lines: list[list[Child]] = [[name, text or say("（空にする）", "(clear)")] for name, text in plan.fixes.items()]
    return grid(say("入れる値", "Values put in"), [say("項目", "field"), say("新しい値", "new value")], lines)


def _yes(frame: Frame, plan: Plan) -> Html:
    say = frame.say
    words = say("実行する", "Do it")
    return form(
        frame,
        frame.to("do"),
        hidden("deed", plan.deed),
        hidden("state", plan.state),
        [hidden("id", each) for each in plan.ids],
        [hidden(f"fix.{name}", text) for name, text in plan.fixes.items() if text],
        [hidden(f"clear.{name}", "yes") for name, text in plan.fixes.items() if not text],
        el(
            "div",
            button(words, class_="danger" if plan.deed == "drop" else ""),
            el("a", say("やめる", "Cancel"), href=frame.to(plan.state), class_="button quiet"),
            class_="actions",
        ),
    )


def _which(frame: Frame, plan: Plan) -> Html:
    say = frame.say
    lines: list[list[Child]] = [
        [el("code", each.delivery.id), way(each.delivery), shortened(each.reason)] for each in plan.views
    ]
    more = len(plan.ids) - len(lines)
    caption = say("対象", "Which") + (say(f"（ほか{more:,}件）", f" (and {more:,} more)") if more > 0 else "")
    return grid(caption, ["ID", say("経路", "way"), say("理由", "reason")], lines)


def _back(frame: Frame, state: str) -> Html:
    words = {"dead": ("不達へ戻る", "Back to the dead letters"), "held": ("保留へ戻る", "Back to what is held")}[state]
    return el("p", el("a", frame.say(*words), href=frame.to(state)))
