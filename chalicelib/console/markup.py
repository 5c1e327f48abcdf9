"""
HTML that is escaped by construction: text is text unless this module itself has made markup of it.

`el` is the only way to markup. Whatever is handed to it as a child or as an attribute is escaped, except what an `el`
returned before; there is no way to declare a text safe.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

NAME = re.compile(r"[a-z][a-z0-9-]*")
VOID = frozenset({"br", "hr", "input", "link", "meta"})
ATTRIBUTE_CASES = {"viewbox": "viewBox", "preserveaspectratio": "preserveAspectRatio"}


class Html(str):
    """
    Markup. Made by `el`, `joined` and `document` only.
    """

    __slots__ = ()


Child = str | int | Iterable[object] | None
"""
A text, a number, markup, nothing, or several of these.
"""

Attribute = str | int | float | bool | None
"""
True is an attribute without a value; False and None leave it out.
"""


def el(tag: str, /, *children: Child, **attributes: Attribute) -> Html:
    """
    One element. `class_` and `for_` lose their underscore, `aria_label` is `aria-label`.

    >>> el("a", "<b>", el("br"), href='?q="', aria_current="page", hidden=False)
    '<a href="?q=&quot;" aria-current="page">&lt;b&gt;<br></a>'
    """
    if not NAME.fullmatch(tag):
        raise ValueError(f"{tag!r} is no name of an element")
    begun = f"<{tag}{''.join(_attribute(*each) for each in attributes.items())}>"
    return Html(begun if tag in VOID else f"{begun}{joined(*children)}</{tag}>")


def joined(*children: Child) -> Html:
    """
    Several children side by side.

    >>> joined("1 < 2", None, [el("b", 3)])
    '1 &lt; 2<b>3</b>'
    """
    return Html("".join(map(_text, children)))


def document(inner: Html, *, lang: str, title: str, css: str) -> str:
    """
    A whole page. `css` is our own and has no markup in it.
    """
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width,initial-scale=1"),
        el("meta", name="robots", content="noindex"),
        # Without it browsers ask the server's root for an icon.
        el("link", rel="icon", href="data:,"),
        el("title", title),
        _raw_style(css),
    )
    return "<!DOCTYPE html>" + el("html", head, inner, lang=lang)


def _raw_style(css: str) -> Html:
    if "<" in css:
        raise ValueError("a stylesheet with markup in it")
    return Html(f"<style>{css}</style>")


def _text(child: object) -> str:
    if child is None:
        return ""
    if isinstance(child, Html):
        return str(child)
    if isinstance(child, str):
        return escape(_printable(child))
    if isinstance(child, Iterable):
        return "".join(map(_text, child))
    if isinstance(child, int):
        return str(int(child))
    raise TypeError(f"{type(child).__name__} is nothing that a page can show")


def _attribute(name: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    plain = name.rstrip("_").replace("_", "-")
    if not NAME.fullmatch(plain) or plain.startswith("on") or plain == "style":
        raise ValueError(f"{name!r} is no attribute of these pages")
    plain = ATTRIBUTE_CASES.get(plain, plain)
    return f" {plain}" if value is True else f' {plain}="{escape(_printable(str(value)))}"'


def _printable(text: str) -> str:
    """
    A text without what HTML cannot hold, and without what turns the direction of writing.
    """
    return text if text.isprintable() else "".join(map(_written, text))


def _written(character: str) -> str:
    hidden = not character.isprintable() and character not in "\n\t\u3000\u00a0"
    return character.encode("unicode_escape").decode("ascii") if hidden else character
