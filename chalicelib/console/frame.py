"""
The frame of every page: who looks, at what time, in which language; header, navigation, and small parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote, urlencode

from chalicelib.console.markup import Child, Html, document, el
from chalicelib.console.saying import Say, clock
from chalicelib.console.stylesheet import CSS
from chalicelib.value import value

PAGES = (
    ("", "レーン", "Lanes"),
    ("days", "一日", "Day"),
    ("dead", "不達", "Dead letters"),
    ("held", "保留", "Held"),
    ("search", "検索", "Search"),
    ("files", "ファイル", "Files"),
    ("record", "操作記録", "Record"),
)


@value
class Frame:
    """
    What every page needs. `base` is the console's own address, `proof` what each form carries, `here` this page's.
    """

    base: str
    say: Say
    at: datetime
    account: str = ""
    proof: str = ""
    here: str = ""
    installation: str = ""

    def to(self, *parts: str, **query: str) -> str:
        """
        The address of another page of the console.

        >>> from datetime import UTC
        >>> Frame(base="/api/console", say=Say(), at=datetime(2026, 11, 21, tzinfo=UTC)).to("dead", page="a b")
        '/api/console/dead?page=a+b'
        """
        path = "".join(f"/{quote(part, safe='')}" for part in parts if part)
        given = {name: text for name, text in query.items() if text}
        return f"{self.base}{path}" + (f"?{urlencode(given)}" if given else "")


def page(frame: Frame, title: str, *inner: Child, current: str = "-", wide: bool = True) -> str:
    """
    A whole page, of one who is signed in or not yet.
    """
    say = frame.say
    skip = el("a", say("本文へ", "Skip to content"), href="#content", class_="skip")
    main = el("main", _top(frame, title), *inner, id="content", class_="wide" if wide else "narrow", tabindex="-1")
    body = el("body", skip, _header(frame, current), main)
    name = frame.installation or "Ekiden"
    return document(body, lang=say.lang, title=f"{title} - {name}", css=CSS)


def form(frame: Frame, action: str, *inner: Child, class_: str = "") -> Html:
    """
    A form that does something: it carries the proof of its session.
    """
    proof = el("input", type="hidden", name="proof", value=frame.proof)
    return el("form", proof, *inner, method="post", action=action, class_=class_ or None)


def hidden(name: str, value: str) -> Html:
    """
    A value that a form carries unseen.
    """
    return el("input", type="hidden", name=name, value=value)


def button(words: str, *, name: str = "", value: str = "", class_: str = "") -> Html:
    """
    A button that sends its form.
    """
    return el("button", words, type="submit", name=name or None, value=value or None, class_=class_ or None)


def box(label: str, name: str, text: str = "", *, type_: str = "search", grow: bool = False) -> Html:
    """
    A field to type into.
    """
    typed = el("input", name=name, value=text, type=type_, class_="box", autocomplete="off", maxlength=300)
    return el("label", el("span", label, class_="name"), typed, class_="grow" if grow else None)


def choice(label: str, name: str, choices: Sequence[tuple[str, str]], frame: Frame, *, chosen: str = "") -> Html:
    """
    A field to choose from; the first choice is any.
    """
    every = el("option", frame.say("すべて", "any"), value="")
    options = [el("option", words, value=each, selected=each == chosen) for each, words in choices]
    return el("label", el("span", label, class_="name"), el("select", every, options, name=name, class_="box"))


def badge(words: str, kind: str) -> Html:
    """
    A short word in a colour of meaning: good, bad, warn, busy or calm. The word alone says it too.
    """
    return el("span", words, class_=f"badge {kind}")


def facts(*pairs: tuple[str, Child]) -> Html:
    """
    Names and values; what has no value is left out.
    """
    shown = [(name, value) for name, value in pairs if value not in ("", None)]
    return el("dl", [el("div", el("dt", name), el("dd", value)) for name, value in shown], class_="facts")


def grid(caption: str, headings: list[str], lines: list[list[Child]], *, class_: str = "") -> Html:
    """
    A table that becomes a list of cards on a phone: each cell says which column it is of.
    """
    head = el("thead", el("tr", [el("th", name, scope="col") for name in headings]))
    body = el("tbody", [_line(headings, cells) for cells in lines])
    table = el("table", el("caption", caption), head, body, class_=f"grid {class_}".strip())
    return el("div", table, class_="scroll")


def note(words: Child, kind: str = "calm") -> Html:
    """
    A paragraph that stands out.
    """
    return el("p", words, class_=f"note {kind}", role="status" if kind != "bad" else "alert")


def _line(headings: list[str], cells: list[Child]) -> Html:
    named = zip(headings, cells, strict=True)
    return el("tr", [el("td", el("div", cell), data_of=name or None) for name, cell in named])


def _header(frame: Frame, current: str) -> Html:
    say = frame.say
    brand = el("a", "駅伝 Ekiden", el("span", frame.installation), href=frame.base, class_="brand")
    if not frame.account:
        return el("header", el("div", brand, _languages(frame), class_="bar"))
    links = [
        el("li", el("a", say(ja, en), href=frame.to(name), aria_current="page" if name == current else None))
        for name, ja, en in PAGES
    ]
    leave = form(frame, frame.to("sign-out"), button(say("サインアウト", "Sign out"), class_="plain"))
    who = el("div", el("span", frame.account, class_="who"), _languages(frame), leave, class_="tools")
    nav = el("nav", el("ul", links), aria_label=say("ページ", "Pages"))
    return el("header", el("div", brand, who, class_="bar"), nav)


def _languages(frame: Frame) -> Html:
    other = "en" if frame.say.lang == "ja" else "ja"
    words = "English" if other == "en" else "日本語"
    joint = "&" if "?" in frame.here else "?"
    return el("a", words, href=f"{frame.here or frame.base}{joint}lang={other}", lang=other, hreflang=other)


def _top(frame: Frame, title: str) -> Html:
    """
    The page's title, and of which moment it tells.
    """
    say = frame.say
    age = el("span", f"{clock(frame.at)} JST ", say("時点", "snapshot"), class_="age")
    again = el("a", say("最新にする", "Refresh"), href=frame.here or frame.base)
    return el("div", el("h1", title), el("p", age, " ", again if frame.account else None), class_="top")
