"""
A small declarative checker of TOML tables: known keys, their kinds and bounds, and the nearest right name.

A Shape declares one table. `read` gives its sound values back and reports every fault with its path; a value at fault
is left out, so that the reading goes on. Defaults live in the model's dataclasses, not here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any

from chalicelib.config.expressions import check_expression
from chalicelib.config.place import Place, nearest, shown, suggestion
from chalicelib.config.texts import SECRET_EXAMPLE, Wrong, reference
from chalicelib.value import value

Clean = Callable[[str], "str | Wrong"]
"""
A check of a text: the text as it is kept, or what is wrong with it.
"""

TEXT_CHARS_MAX = 4_000
"""
The longest text that a key takes: a consent statement, a fixed answer.
"""


@value
class Rule:
    """
    What may stand at one key.

    `kind` is text, integer, number, flag, texts (a list), either (a text or a list), secret (a reference, or a list of
    two), expression (JMESPath with our functions), query (JMESPath alone), locator (query or `header:Name`), words (a
    table of texts), table (of the `shape`, else any), tables, or raw (read by other means). `choices` bounds text and
    integer, `clean` every text.
    """

    kind: str = "text"
    required: bool = False
    choices: tuple[Any, ...] = ()
    least: float | None = None
    most: float | None = None
    clean: Clean | None = None
    shape: Shape | None = None
    example: str = ""


Shape = Mapping[str, Rule]


def read(table: Mapping[str, Any], shape: Shape, place: Place) -> dict[str, Any]:
    """
    The sound values of a table, by key. A required key that is only mistyped is not called missing as well.
    """
    mistyped = set()
    for name in table:
        if name not in shape:
            place.key(name).fault("is not a key that Ekiden knows here", suggestion(name, shape))
            mistyped.add(nearest(name, shape))
    values: dict[str, Any] = {}
    for name, rule in shape.items():
        if name in table:
            value = read_value(table[name], rule, place.key(name))
            if value is not None:
                values[name] = value
        elif rule.required and name not in mistyped:
            place.key(name).fault("is missing", f"Add it, for example: {name} = {example(rule)}.")
    return values


def read_value(value: Any, rule: Rule, place: Place) -> Any:  # noqa: ANN401 - TOML values of any kind, by rule.kind
    """
    The sound value, or None after its fault was reported.
    """
    return _READERS[rule.kind](value, rule, place)


def as_table(value: object, place: Place) -> Mapping[str, Any] | None:
    """
    The value as a table, or None after the fault was reported.
    """
    if isinstance(value, Mapping):
        return value
    place.fault(f"is {in_words(value)}, where a table is wanted", f"Write it as a table: [{place.path}].")
    return None


def in_words(value: object) -> str:
    """
    What a TOML value is, for an operator.

    >>> in_words(True), in_words(["a"])
    ('true or false', 'a list')
    """
    for kind, words in _IN_WORDS:
        if isinstance(value, kind):
            return words
    return "a date or time"


_IN_WORDS: tuple[tuple[Any, str], ...] = (
    (bool, "true or false"),
    (str, "text"),
    (int, "a whole number"),
    (float, "a number"),
    (Mapping, "a table"),
    ((list, tuple), "a list"),
)


def example(rule: Rule) -> str:
    """
    What could stand at a key, as it is written in TOML.
    """
    if rule.example:
        return rule.example
    if rule.choices:
        return shown(rule.choices[0])
    return {"secret": f'"{SECRET_EXAMPLE}"', "integer": str(int(rule.least or 1)), "texts": '["…"]'}.get(
        rule.kind, '"…"'
    )


# ── one reader per kind ─────────────────────────────────────────────────────────────────────────────────────────────


def _text(value: object, rule: Rule, place: Place) -> str | None:
    if not isinstance(value, str):
        place.fault(f"is {in_words(value)}, where text is wanted", "Put it in quotes.")
        return None
    if rule.choices and value not in rule.choices:
        place.fault(f"{shown(value)} is not possible here", suggestion(value, rule.choices))
        return None
    if rule.required and not value.strip():
        place.fault("is empty", f"Write a text, for example {example(rule)}.")
        return None
    if len(value) > (rule.most or TEXT_CHARS_MAX):
        place.fault(f"has {len(value)} characters", f"Write at most {int(rule.most or TEXT_CHARS_MAX)} characters.")
        return None
    clean = rule.clean(value) if rule.clean else value
    if isinstance(clean, Wrong):
        place.fault(clean.message, clean.remedy)
        return None
    return clean


def _integer(value: object, rule: Rule, place: Place) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        place.fault(f"is {in_words(value)}, where a whole number is wanted", "Write digits without quotes or a point.")
        return None
    if rule.choices and value not in rule.choices:
        place.fault(f"{value} is not possible here", f"Write one of: {', '.join(map(str, rule.choices))}.")
        return None
    return value if _in_bounds(value, rule, place) else None


def _number(value: object, rule: Rule, place: Place) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        found = in_words(value) if not isinstance(value, float) else "no finite number"
        place.fault(f"is {found}, where a number is wanted", "Write digits without quotes.")
        return None
    return value if _in_bounds(value, rule, place) else None


def _in_bounds(value: float, rule: Rule, place: Place) -> bool:
    if (rule.least is None or value >= rule.least) and (rule.most is None or value <= rule.most):
        return True
    bounds = [
        f"{word} {bound:,}" for word, bound in (("at least", rule.least), ("at most", rule.most)) if bound is not None
    ]
    place.fault(f"{shown(value)} is out of bounds", f"Write {' and '.join(bounds)}.")
    return False


def _flag(value: object, _rule: Rule, place: Place) -> bool | None:
    if isinstance(value, bool):
        return value
    place.fault(f"is {in_words(value)}, where true or false is wanted", "Write true or false, without quotes.")
    return None


def _texts(value: object, rule: Rule, place: Place) -> tuple[str, ...] | None:
    if not isinstance(value, list | tuple):
        example = shown(value) if isinstance(value, str) else '"…"'
        place.fault(f"is {in_words(value)}, where a list of texts is wanted", f"Write it in brackets: [{example}].")
        return None
    one = Rule(choices=rule.choices, clean=rule.clean, required=True)
    texts = [_text(text, one, place.item(number)) for number, text in enumerate(value)]
    return tuple(text for text in texts if text is not None)


def _either(value: object, rule: Rule, place: Place) -> tuple[str, ...] | None:
    if isinstance(value, list | tuple):
        texts = _texts(value, rule, place)
        if not value:
            place.fault("is an empty list", f"Write at least one, for example {example(rule)}.")
        return texts
    text = _text(value, rule, place)
    return None if text is None else (text,)


def _secret(value: object, _rule: Rule, place: Place) -> tuple[str, ...] | None:
    """
    References to a secret. No message repeats what stands here: it may be the secret itself.
    """
    listed = isinstance(value, list | tuple)
    written = list(value) if isinstance(value, list | tuple) else [value]
    if len(written) not in {1, 2}:
        place.fault(
            f"lists {len(written)} secrets",
            "Write one reference, or two while a secret is being rotated: the current and the previous one.",
        )
        return None
    kept = []
    for number, one in enumerate(written):
        clean = reference(one, place.report.stage)
        if isinstance(clean, Wrong):
            (place.item(number) if listed else place).fault(clean.message, clean.remedy)
        else:
            kept.append(clean)
    return tuple(kept) if len(kept) == len(written) else None


def _expression(value: object, rule: Rule, place: Place) -> str | None:
    text = _text(value, Rule(), place)
    if text is None or (rule.kind == "locator" and text.startswith("header:")):
        return text
    return text if not text or check_expression(text, place, ours=rule.kind == "expression") else None


def _words(value: object, rule: Rule, place: Place) -> dict[str, str] | None:
    table = as_table(value, place)
    if table is None:
        return None
    one = Rule(choices=rule.choices, clean=rule.clean)
    texts = {name: _text(text, one, place.key(name)) for name, text in table.items()}
    return {name: text for name, text in texts.items() if text is not None}


def _table(value: object, rule: Rule, place: Place) -> dict[str, Any] | None:
    table = as_table(value, place)
    if table is None:
        return None
    return dict(table) if rule.shape is None else read(table, rule.shape, place)


def _tables(value: object, rule: Rule, place: Place) -> list[dict[str, Any]] | None:
    if not isinstance(value, list | tuple):
        place.fault(
            f"is {in_words(value)}, where a list of tables is wanted", f"Write it as [[{place.path}]] or [{{ … }}]."
        )
        return None
    read_tables = [_table(table, rule, place.item(number)) for number, table in enumerate(value)]
    return [table for table in read_tables if table is not None]


def _raw(value: object, _rule: Rule, _place: Place) -> object:
    return value


_READERS: Mapping[str, Callable[[Any, Rule, Place], Any]] = {
    "text": _text,
    "integer": _integer,
    "number": _number,
    "flag": _flag,
    "texts": _texts,
    "either": _either,
    "secret": _secret,
    "expression": _expression,
    "query": _expression,
    "locator": _expression,
    "words": _words,
    "table": _table,
    "tables": _tables,
    "raw": _raw,
}
