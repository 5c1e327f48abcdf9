"""
The first page: every lane with its quota over the day, its pace, what waits, and what stops it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from chalicelib.console.frame import Frame, badge, button, facts, form, note, page
from chalicelib.console.markup import Html, el, joined
from chalicelib.console.saying import Say, soon
from chalicelib.model import Lane, LaneState
from chalicelib.value import value

BAR = 600
BAR_HEIGHT = 18
REASON_CHARS_MAX = 200


@value
class LaneView:
    """
    A lane as it stands. `used`, `limit` and `reserved` are of the current window, of which `elapsed` (0 to 1) is over.

    At this pace the calls run out at `empty_at` (None: not before the reset), and what waits, for which `calls_needed`
    are needed, has gone at `done_at`. At `drift_at` the vendor refused a call for which our books had room.
    `late_seconds`: waiting longer than this is worth telling.
    """

    lane: Lane
    state: LaneState
    waiting: int
    oldest: datetime | None
    next_call_at: datetime | None
    used: int
    limit: int
    reserved: int
    pace_seconds: float
    elapsed: float = 0.0
    late_seconds: int = 7_200
    empty_at: datetime | None = None
    done_at: datetime | None = None
    calls_needed: int = 0
    drift_at: datetime | None = None

    @property
    def left(self) -> int:
        """
        Calls left for ordinary work in this window.
        """
        return max(0, self.limit - self.reserved - self.used)

    def closed(self, now: datetime) -> bool:
        """
        Whether the breaker keeps it from calling now.
        """
        breaker = self.state.breaker
        return bool(breaker.kind and breaker.until and now < breaker.until)


def lanes_page(frame: Frame, lanes: list[LaneView], *, dead: int, held: int) -> str:
    """
    All lanes, and how many deliveries ask for a person.
    """
    say = frame.say
    counts = el(
        "p",
        _asking(frame, "dead", dead, say("不達", "dead letters")),
        " ",
        _asking(frame, "held", held, say("保留", "held")),
    )
    cards = el("ul", [el("li", _card(frame, each), class_="card") for each in lanes], class_="lanes")
    nothing = note(say("宛先が設定されていないため、レーンはありません。", "No destination is configured, so no lane."))
    return page(frame, say("レーン", "Lanes"), counts, cards if lanes else nothing, current="")


def _asking(frame: Frame, name: str, number: int, words: str) -> Html:
    inner = badge(f"{words} {number:,}", ("bad" if name == "dead" else "warn") if number else "calm")
    return el("a", inner, href=frame.to(name))


def _card(frame: Frame, view: LaneView) -> Html:
    say, lane, now = frame.say, view.lane, frame.at
    kind = say("まとめて1回で送信", "many rows a call") if lane.batching else say("1件ずつ送信", "one contact a call")
    head = el(
        "div",
        el("h2", lane.name, class_="lane"),
        el("span", [joined(each, " ") for each in _badges(say, view, now)]),
        el("p", f"{lane.vendor}・{kind}" if say.lang == "ja" else f"{lane.vendor}, {kind}"),
        class_="head",
    )
    told = facts(
        (say("待機", "Waiting"), say.count(view.waiting, "件", "delivery", "deliveries")),
        (say("最長の待ち", "Oldest wait"), _oldest(say, view, now)),
        (say("次の呼び出し", "Next call"), _next(say, view, now)),
        (say("間隔", "Pace"), _pace(say, view)),
    )
    return joined(
        head, _quota(say, view), told, *_forecast(say, view, now), *_stops(say, view, now), _hands(frame, view)
    )


def _badges(say: Say, view: LaneView, now: datetime) -> Iterator[Html]:
    state = view.state
    if state.paused_reason:
        yield badge(say("停止中", "paused"), "bad")
    elif view.closed(now):
        yield badge(say("自動で閉鎖中", "closed"), "bad")
    held = sum(1 for key in state.keys if key.held_reason)
    if held:
        yield badge(say.count(held, "キー保留", "held key"), "warn")
    if state.call is not None:
        yield badge(say("呼び出し中", "call open"), "busy")
    if not state.paused_reason and not view.closed(now) and not held and state.call is None:
        yield badge(say("稼働中", "open"), "good")


def _quota(say: Say, view: LaneView) -> Html:
    """
    The day's calls as a bar: used, kept back, left; a stroke shows how much of the day is over.
    """
    if not view.limit:
        return el("p", say("回数の上限なし", "no limit on calls"), class_="soft small")
    used = min(BAR, round(BAR * view.used / view.limit))
    kept = min(BAR - used, round(BAR * view.reserved / view.limit))
    at = round(BAR * view.elapsed)
    numbers = say(
        f"使用 {view.used:,} / {view.limit:,} 回・残り {view.left:,} 回"
        + (f"・予備 {view.reserved:,} 回" if view.reserved else ""),
        f"{view.used:,} of {view.limit:,} calls used, {view.left:,} left"
        + (f", {view.reserved:,} kept in reserve" if view.reserved else ""),
    )
    over = say(f"時間の経過 {view.elapsed:.0%}", f"{view.elapsed:.0%} of the time is over")
    bar = el(
        "svg",
        el("rect", class_="room", width=BAR, height=BAR_HEIGHT, rx=4),
        el("rect", class_="used", width=used, height=BAR_HEIGHT, rx=4),
        el("rect", class_="kept", x=BAR - kept, width=kept, height=BAR_HEIGHT, rx=4) if kept else None,
        el("line", class_="now", x1=at, x2=at, y1=0, y2=BAR_HEIGHT),
        viewbox=f"0 0 {BAR} {BAR_HEIGHT}",
        preserveaspectratio="none",
        role="img",
        aria_label=f"{numbers}. {over}",
        class_="quota",
    )
    return el("div", bar, el("p", numbers, el("br"), over, class_="small soft"))


def _oldest(say: Say, view: LaneView, now: datetime) -> Html | str:
    if view.oldest is None:
        return say("なし", "none")
    seconds = (now - view.oldest).total_seconds()
    return badge(say.span(seconds), "bad") if seconds > view.late_seconds else say.span(seconds)


def _next(say: Say, view: LaneView, now: datetime) -> str:
    if view.next_call_at is None:
        return say("再開するまでなし", "not before resume")
    return say("すぐ", "at once") if view.next_call_at <= now else soon(view.next_call_at, now)


def _pace(say: Say, view: LaneView) -> str:
    if view.lane.batching:
        return say(f"{say.span(view.pace_seconds)}ごと", f"every {say.span(view.pace_seconds)}")
    if view.lane.rate is None:
        return ""
    rate = f"{1_000 / view.lane.rate.interval_ms:g}"
    return say(f"毎秒{rate}回", f"{rate} a second")


def _forecast(say: Say, view: LaneView, now: datetime) -> Iterator[Html]:
    if view.empty_at and view.empty_at <= now:
        yield note(say("今日の残り回数はありません。", "No calls are left today."), "warn")
    elif view.empty_at:
        at = soon(view.empty_at, now)
        yield note(say(f"この調子では {at} に残りがなくなります。", f"At this pace the calls run out at {at}."), "warn")
    if view.done_at and view.waiting:
        at, calls = soon(view.done_at, now), say.count(view.calls_needed, "回", "call")
        words = say(f"待機分は{calls}で {at} ごろ終わる見込み", f"What waits needs {calls} and ends at about {at}")
        yield el("p", words, class_="soft small")


def _stops(say: Say, view: LaneView, now: datetime) -> Iterator[Html]:
    """
    What stands in the way of a lane's calls, and what ends it.
    """
    state = view.state
    if state.paused_reason:
        since = soon(state.paused_at, now) if state.paused_at else ""
        words = say(f"{since} から停止: {state.paused_reason}", f"Paused since {since}: {state.paused_reason}")
        yield note(words, "bad")
    elif view.closed(now):
        breaker = state.breaker
        until = soon(breaker.until, now) if breaker.until else ""
        yield note(say(f"{until} まで閉鎖: {breaker.reason}", f"Closed until {until}: {breaker.reason}"), "bad")
    if view.drift_at is not None:
        at = soon(view.drift_at, now)
        drift = say(
            f"{at} に、台帳に残りがあるのに断られました。ほかのプログラムが同じアカウントを使っています。",
            f"At {at} it was refused although our ledger had room: another program uses the same account.",
        )
        yield note(drift, "warn")
    for key in state.keys:
        if key.held_reason:
            yield note(say(f"キー {key.name} を保留中: ", f"The key {key.name} is held: ") + key.held_reason, "warn")
    if state.call is not None:
        call = state.call
        begun = soon(call.started_at, now)
        rows = say.count(call.rows, "行", "row")
        yield note(
            say(f"{begun} 開始の呼び出し（{rows}）が {call.phase}", f"A call of {rows} is {call.phase} since {begun}")
        )


def _hands(frame: Frame, view: LaneView) -> Html:
    """
    Pause or resume. Resuming is one click; pausing asks why.
    """
    say, name = frame.say, view.lane.name
    stopped = view.state.paused_reason or view.closed(frame.at)
    if stopped:
        words = say("再開する", "Resume")
        return form(frame, frame.to("lanes", name), button(words, name="deed", value="resume"))
    why = el(
        "label",
        el("span", say("理由", "Reason"), class_="name"),
        el("input", name="reason", class_="box", required=True, maxlength=REASON_CHARS_MAX, autocomplete="off"),
        class_="grow",
    )
    words = say("停止する", "Pause")
    sent = form(
        frame, frame.to("lanes", name), why, button(words, name="deed", value="pause", class_="quiet"), class_="line"
    )
    return el("details", el("summary", say("このレーンを停止", "Pause this lane")), sent)
