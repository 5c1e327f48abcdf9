"""
Looking a value up in a parsed body: JMESPath, or a header of the envelope.
"""

from __future__ import annotations

import re

from chalicelib.errors import Unusable
from chalicelib.model import Envelope
from chalicelib.model.arrival import Json

_PLAIN_NAMES = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*")
HEADER = "header:"


def find(path: str, value: Json) -> Json:
    """
    What the JMESPath `path` finds in `value`, None where there is nothing.

    Raises Unusable where the expression does not fit the value (a function over the wrong type).
    """
    if _PLAIN_NAMES.fullmatch(path):
        # The usual case needs no parser: importing jmespath costs a cold start 16 ms.
        for name in path.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        return value
    import jmespath  # noqa: PLC0415 - see above

    try:
        return jmespath.search(path, value)
    except (ValueError, TypeError, ArithmeticError) as problem:
        raise Unusable(f"the expression {path} does not fit this record") from problem


def look(path: str, record: Json, envelope: Envelope) -> Json:
    """
    Like `find`, and `header:Name` reads a header of the envelope; of `header:Name, Other` the first that came.
    """
    if path.startswith(HEADER):
        return next((given for name in header_names(path) if (given := envelope.headers.get(name)) is not None), None)
    return find(path, record)


def header_names(path: str) -> list[str]:
    """
    The headers that a locator reads, in lower case; none for a path into the record.

    >>> header_names("header:X-Shopify-Topic, Shopify-Topic"), header_names("event.type")
    (['x-shopify-topic', 'shopify-topic'], [])
    """
    if not path.startswith(HEADER):
        return []
    return [name.strip().lower() for name in path.removeprefix(HEADER).split(",")]
