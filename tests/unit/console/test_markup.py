"""
Whatever a stranger typed is text on the console's pages.
"""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.console.markup import Html, document, el, joined


class Reader(HTMLParser):
    """Reads tags, attributes and text back."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.words.append(data)


TYPED = st.text(st.characters(exclude_categories=("Cs",)), min_size=1)


@given(TYPED)
def test_typed_text_is_never_markup(typed: str) -> None:
    """As a child and as an attribute it makes no element and no attribute of its own."""
    read = Reader(el("p", typed, title=typed))

    assert read.tags == ["p"]
    assert [name for name, _ in read.attributes] == ["title"]


@pytest.mark.parametrize(
    "typed", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "' onclick='x", "&lt;b&gt;", "</p><p>"]
)
def test_what_was_typed_is_shown_letter_by_letter(typed: str) -> None:
    """A name like <b> looks like <b>."""
    read = Reader(el("p", typed, title=typed))

    assert "".join(read.words) == typed
    assert read.attributes == [("title", typed)]


def test_text_stays_text_when_it_is_put_together() -> None:
    """Neither adding, nor formatting, nor joining markup with text makes the text markup."""
    mixed = el("b", "x") + "<i>"

    assert not isinstance(mixed, Html)
    assert joined(mixed) == "&lt;b&gt;x&lt;/b&gt;&lt;i&gt;"


@pytest.mark.parametrize("name", ["onclick", "style", "on_load", "x y"])
def test_an_attribute_that_runs_or_dresses_is_refused(name: str) -> None:
    """The policy of the pages forbids both; a mistake is noticed at once."""
    with pytest.raises(ValueError, match="no attribute"):
        el("p", **{name: "x"})


def test_a_tag_is_a_name() -> None:
    """A tag that is made of anything else is a mistake of ours."""
    with pytest.raises(ValueError, match="no name"):
        el("p><script", "x")


def test_what_is_no_text_is_a_mistake() -> None:
    """A number with a fraction, or an object, has no look of its own."""
    with pytest.raises(TypeError):
        el("p", 1.5)  # type: ignore[arg-type]


def test_a_text_cannot_turn_the_direction_of_writing() -> None:
    """A file name or a name that is written backwards shows the character that does it."""
    assert el("p", "abc\u202efdp.exe\x00") == "<p>abc\\u202efdp.exe\\x00</p>"


def test_a_stylesheet_with_markup_is_refused() -> None:
    """Only our own stylesheet goes into a page as it is."""
    with pytest.raises(ValueError, match="stylesheet"):
        document(el("body"), lang="ja", title="x", css="</style><script>")
