"""
Texts with places in them: "{email}" in a body, a path or a header of relay.toml becomes what a delivery says.

A place that is the whole text keeps its field's type, and where the field has no value the member that holds it is left
out. Inside a longer text a field without a value is empty. "{{" and "}}" are braces.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Final

from chalicelib.model.arrival import Json
from chalicelib.value import positional_value

COMPILED_MAX: Final = 1_024
SECRET: Final = "secret"  # noqa: S105 - a word of the grammar
BASIC: Final = "basic"

_TOKEN = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|([{}])")


@positional_value
class Slot:
    """
    One place: a field's name, or with `kind` "secret" a credential's, with "basic" two credentials' ("user:password").
    """

    name: str
    kind: str = ""


Piece = str | Slot
Template = tuple[Piece, ...]
Fill = Callable[[Slot], str]


@lru_cache(maxsize=COMPILED_MAX)
def template(text: str) -> Template:
    """
    The pieces of a text. Raises ValueError, in words that follow a path, for a brace that stands alone.

    >>> template("Hello {name}!")
    ('Hello ', Slot(name='name', kind=''), '!')
    """
    pieces: list[Piece] = []
    end = 0
    for found in _TOKEN.finditer(text):
        pieces.append(text[end : found.start()])
        end = found.end()
        if found[2]:
            raise ValueError(f"has a {found[2]} that stands alone")
        pieces.append(found[0][0] if found[1] is None else _slot(found[1]))
    pieces.append(text[end:])
    return tuple(_joined(pieces))


def _slot(name: str) -> Slot:
    kind, colon, rest = name.partition(":")
    if colon and kind in {SECRET, BASIC}:
        return Slot(rest, kind)
    if not name.strip():
        raise ValueError("has braces with nothing in them")
    return Slot(name)


def _joined(pieces: list[Piece]) -> Iterator[Piece]:
    text = ""
    for piece in pieces:
        if isinstance(piece, str):
            text += piece
            continue
        if text:
            yield text
        text = ""
        yield piece
    if text:
        yield text


def fill(text: str, value: Fill) -> str:
    """
    The text with every place filled.
    """
    return "".join(piece if isinstance(piece, str) else value(piece) for piece in template(text))


def fill_json(node: Json, value: Callable[[Slot], Json], text: Fill) -> Json:
    """
    A body of tables, lists and texts with every place filled; None where the whole of it is a place without a value.

    Members without a value are left out, and so are tables and lists that had members and have none left.
    """
    if isinstance(node, str):
        pieces = template(node)
        if len(pieces) == 1 and isinstance(pieces[0], Slot):
            return value(pieces[0])
        return fill(node, text)
    if isinstance(node, Mapping):
        filled = {name: fill_json(member, value, text) for name, member in node.items()}
        kept = {name: member for name, member in filled.items() if member is not None}
        return kept if kept or not node else None
    if isinstance(node, list | tuple):
        members = [fill_json(member, value, text) for member in node]
        present = [member for member in members if member is not None]
        return present if present or not node else None
    return node


def slots(node: Json) -> Iterator[Slot]:
    """
    Every place in a body, a table or a text. Raises ValueError as `template` does.
    """
    if isinstance(node, str):
        yield from (piece for piece in template(node) if isinstance(piece, Slot))
    elif isinstance(node, Mapping):
        for member in node.values():
            yield from slots(member)
    elif isinstance(node, list | tuple):
        for member in node:
            yield from slots(member)


def texts(node: Json, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """
    Every text of a body with the keys that lead to it ("[0]" for the first of a list).
    """
    if isinstance(node, str):
        yield path, node
    elif isinstance(node, Mapping):
        for name, member in node.items():
            yield from texts(member, (*path, name))
    elif isinstance(node, list | tuple):
        for number, member in enumerate(node):
            yield from texts(member, (*path, f"[{number}]"))
