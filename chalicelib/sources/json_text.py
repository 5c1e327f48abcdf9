"""
JSON from strangers: bounded depth and number length, no NaN, errors that name the place.

Duplicate names in an object are legal JSON with an open meaning; the last one wins, as in every browser.
"""

from __future__ import annotations

import json
import math
import re
from typing import NoReturn

from chalicelib.errors import EnvelopeRefused
from chalicelib.model.arrival import Json

NUMBER_CHARS_MAX = 38
"""
As many digits as DynamoDB keeps; turning longer ones into integers would burn time for nothing.
"""

# A string (also an unfinished one, so that the scan stays linear on hostile text) or a bracket outside of strings.
_TOKENS = re.compile(r'"(?:[^"\\]++|\\.?)*+"?|([\[{])|[\]}]', re.DOTALL)


def load(text: str, *, depth_max: int, lenient: bool = False) -> Json:
    """
    The value that a JSON text holds; `lenient` takes line ends and tabs within texts. Raises EnvelopeRefused (400).
    """
    _guard_depth(text, depth_max)
    try:
        return json.loads(text, strict=not lenient, parse_int=_integer, parse_float=_real, parse_constant=_constant)
    except json.JSONDecodeError as problem:
        where = f"line {problem.lineno}, column {problem.colno}"
        raise EnvelopeRefused(400, "malformed", f"The body is not valid JSON ({where}).") from problem


def encodable(text: str) -> bool:
    """
    Whether a text can be stored and sent: JSON may escape halves of a surrogate pair, which no encoding can write.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _guard_depth(text: str, depth_max: int) -> None:
    """
    Refuse deep nesting before the parser recurses into it.
    """
    if text.count("[") + text.count("{") <= depth_max:
        return
    depth = 0
    for token in _TOKENS.finditer(text):
        if token[1]:
            depth += 1
            if depth > depth_max:
                raise EnvelopeRefused(400, "malformed", f"The JSON is nested deeper than {depth_max} levels.")
        elif token[0] in "]}":
            depth -= 1


def _integer(digits: str) -> int:
    _guard_length(digits)
    return int(digits)


def _real(digits: str) -> float:
    _guard_length(digits)
    value = float(digits)
    if math.isinf(value):
        raise EnvelopeRefused(400, "malformed", "The JSON holds a number that is too large.")
    return value


def _guard_length(digits: str) -> None:
    if len(digits) > NUMBER_CHARS_MAX:
        raise EnvelopeRefused(400, "malformed", f"The JSON holds a number of more than {NUMBER_CHARS_MAX} characters.")


def _constant(word: str) -> NoReturn:
    raise EnvelopeRefused(400, "malformed", f"The JSON holds {word}, which is no JSON number.")
