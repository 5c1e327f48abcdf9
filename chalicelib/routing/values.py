"""
What functions of mappings take and refuse: JSON values as text, and words for what a value is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from chalicelib.model.arrival import Json


class Unfit(ValueError):
    """
    An argument that a function cannot work with. The message may be shown to an operator: it holds no value.
    """


def text_of(value: Json) -> str | None:
    """
    The text of a text or a number, null as it is. Raises Unfit for any other value.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number_text(value)
    raise Unfit(f"wants text, not {kind_of(value)}")


def changed(value: Json, change: Callable[[str], str]) -> Json:
    """
    The value's text, changed; null stays null. Raises Unfit for what is no text.
    """
    text = text_of(value)
    return None if text is None else change(text)


def number_text(value: float) -> str:
    """
    A JSON number as people write it: 12.0 is "12".

    >>> number_text(12.0), number_text(1.5)
    ('12', '1.5')
    """
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def kind_of(value: object) -> str:
    """
    What a value is, in words for an operator.

    >>> kind_of(["a"]), kind_of(None)
    ('a list', 'null')
    """
    return _KINDS.get(type(value), "something that is not JSON")


_KINDS: Mapping[type, str] = {
    type(None): "null",
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "an object",
}
