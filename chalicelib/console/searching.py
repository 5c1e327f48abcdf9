"""
Searching submissions: by address or id, source, state and time. What is asked for never stands in an address.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from datetime import datetime

from chalicelib.console.deliveries import state_badge
from chalicelib.console.frame import Frame, box, button, choice, form, grid, hidden, note, page
from chalicelib.console.markup import Child, Html, el
from chalicelib.console.saying import STATES, moment
from chalicelib.value import value


@value
class Question:
    """
    What a person has put into the form, as it was typed. `wrong` says what cannot be understood.
    """

    who: str = field(default="", repr=False)
    source: str = ""
    state: str = ""
    since: str = ""
    until: str = ""
    wrong: tuple[str, str] = ("", "")

    def fields(self) -> list[tuple[str, str]]:
        """
        Names and values as the form sends them.
        """
        names = ("who", "source", "state", "since", "until")
        return [(name, text) for name in names if (text := str(getattr(self, name)))]


@value
class FoundView:
    """
    One submission in short; `address` is masked. `deliveries` are (id, destination and operation, state, reason).
    """

    event_id: str
    source: str
    arrived_at: datetime
    address: str
    deliveries: tuple[tuple[str, str, str, str], ...]


@value
class Answer:
    """
    A page of what was found. `cursor` leads on; empty at the end. `looked_at` counts submissions.
    """

    found: tuple[FoundView, ...]
    cursor: str
    looked_at: int


def search_page(frame: Frame, question: Question, answer: Answer | None, sources: Sequence[str]) -> str:
    """
    The form, and below it what was found.
    """
    say = frame.say
    wrong = say(*question.wrong)
    inner: list[Child] = [_form(frame, question, sources), note(wrong, "bad") if wrong else None]
    if answer is not None:
        inner += [_answer(frame, answer), _ways_on(frame, question, answer)]
    return page(frame, say("検索", "Search"), inner, current="search")


def _form(frame: Frame, question: Question, sources: Sequence[str]) -> Html:
    say = frame.say
    known = [(each, each) for each in sources]
    states = [(name, say.state(name)) for name in STATES]
    return form(
        frame,
        frame.to("search"),
        el(
            "div",
            box(say("メールアドレスまたは ID", "Address or ID"), "who", question.who, grow=True),
            choice(say("送信元", "Source"), "source", known, frame, chosen=question.source),
            choice(say("状態", "State"), "state", states, frame, chosen=question.state),
            box(say("到着（から）", "Arrived from"), "since", question.since, type_="date"),
            box(say("到着（まで）", "Arrived until"), "until", question.until, type_="date"),
            button(say("検索", "Search")),
            class_="line",
        ),
        class_="card ask",
    )


def _answer(frame: Frame, answer: Answer) -> Html:
    say = frame.say
    if not answer.found:
        words = say("見つかりませんでした。", "Nothing was found.")
        return note(words + _looked(frame, answer) if answer.cursor else words)
    heads = [
        "ID",
        say("到着", "arrived"),
        say("送信元", "source"),
        say("宛名", "whose"),
        say("配信", "deliveries"),
    ]
    lines: list[list[Child]] = [
        [
            el("a", el("code", each.event_id), href=frame.to("submissions", each.event_id)),
            moment(each.arrived_at),
            each.source,
            each.address or "-",
            [_delivery(frame, *delivery) for delivery in each.deliveries] or "-",
        ]
        for each in answer.found
    ]
    caption = say(f"{len(lines):,}件（新しい順）", f"{len(lines):,} found, the newest first")
    return grid(caption, heads, lines)


def _delivery(frame: Frame, delivery_id: str, way: str, state: str, reason: str) -> Html:
    link = el("a", way or delivery_id, href=frame.to("deliveries", delivery_id))
    told = el("span", reason, class_="soft small") if reason else None
    return el("div", link, " ", state_badge(frame.say, state), " ", told)


def _looked(frame: Frame, answer: Answer) -> str:
    return frame.say(f" {answer.looked_at:,}件を調べました。", f" {answer.looked_at:,} submissions were looked at.")


def _ways_on(frame: Frame, question: Question, answer: Answer) -> Html | None:
    """
    The next page and the same as a file, by forms: an address in a link would stay in the browser's history.
    """
    say = frame.say
    asked = [hidden(name, text) for name, text in question.fields()]
    more = (
        form(frame, frame.to("search"), asked, hidden("cursor", answer.cursor), button(say("次のページ", "Next page")))
        if answer.cursor
        else None
    )
    sheet = form(frame, frame.to("search", "csv"), asked, button("CSV", class_="quiet")) if answer.found else None
    return el("div", more, sheet, class_="actions") if more or sheet else None
