"""
The tables that an operator names: [sources.NAME] and [destinations.NAME].
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.config import texts
from chalicelib.config.place import Place
from chalicelib.config.schema import as_table


def named_tables(raw: object, place: Place) -> Iterator[tuple[str, Mapping[str, Any], Place]]:
    """
    Each table with its name and place. A name at fault is reported, and its table is read all the same.
    """
    every = as_table(raw, place)
    for name, value in (every or {}).items():
        here = place.key(name)
        usable = texts.name(name)
        if isinstance(usable, texts.Wrong):
            here.fault(usable.message, usable.remedy)
        table = as_table(value, here)
        if table is not None:
            yield name, table, here
