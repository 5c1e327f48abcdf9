"""
Texts with places in them: what they become, and what is wrong with them.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.destinations.templates import Slot, fill, fill_json, slots, template

VALUES = {"name": "花子", "age": 30, "tags": ["a"], "no": False}


def filled(node: Any) -> Any:
    return fill_json(node, lambda slot: VALUES.get(slot.name), lambda slot: str(VALUES.get(slot.name, "")))


@pytest.mark.parametrize(
    ("node", "wanted"),
    [
        ("{age}", 30),
        ("{no}", False),
        ("Ms {name}, {age}", "Ms 花子, 30"),
        ("{nobody}!", "!"),
        ("{{name}}", "{name}"),
        ({"a": "{nobody}", "b": "{tags}"}, {"b": ["a"]}),
        ({"a": {"b": "{nobody}"}, "c": 1}, {"c": 1}),
        ({"a": {}, "b": []}, {"a": {}, "b": []}),
        (["{nobody}", "{age}", 7, True], [30, 7, True]),
        ("{nobody}", None),
    ],
    ids=str,
)
def test_a_body_is_filled_and_what_has_no_value_left_out(node: Any, wanted: Any) -> None:
    """
    A place that is the whole text keeps its type; inside a text it is text; nothing is sent as an empty member.
    """
    assert filled(node) == wanted


@pytest.mark.parametrize("text", ["{", "a } b", "{a{b}", "{}", "{ }"])
def test_a_brace_that_stands_alone_is_told(text: str) -> None:
    """
    Whoever writes the configuration learns of it before anything is sent.
    """
    with pytest.raises(ValueError, match=r"brace|stands alone"):
        template(text)


def test_credentials_have_a_word_of_their_own() -> None:
    """
    A field called "secret" is still a field.
    """
    assert list(slots({"a": ["{secret:key}", "{basic:user:password}", "{secret}"]})) == [
        Slot("key", "secret"),
        Slot("user:password", "basic"),
        Slot("secret"),
    ]


@given(st.text(max_size=40), st.text(max_size=40))
def test_what_stands_in_a_value_is_never_a_place(before: str, value: str) -> None:
    """
    A visitor who types braces gets braces.
    """
    safe = before.replace("{", "{{").replace("}", "}}")

    assert fill(f"{safe}{{x}}", lambda _: value) == before + value
