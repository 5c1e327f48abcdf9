"""
The check of JMESPath texts: syntax, functions and their arguments, and mistakes that the language lets through.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from chalicelib.config.place import Place, nearest, shown
from chalicelib.routing.functions import FUNCTIONS

EXPRESSION_CHARS_MAX = 2_000
EXPRESSION_LEVELS_MAX = 60
"""
The library walks an expression by recursion, once per event: a deeper one could fail at run time alone.
"""

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORD = re.compile(r"[^\s()\[\]{},.|&=!<>'\"`@*:?]+")
_COMPARATORS = frozenset({"eq", "ne", "lt", "lte", "gt", "gte"})
_LITERALS = frozenset({"null", "true", "false"})

Node = Mapping[str, Any]


def check_expression(text: str, place: Place, *, ours: bool) -> bool:
    """
    Whether the text is sound JMESPath; every fault is reported. `ours`: mappings may call our functions too.

    A bare path such as `data.id` is known to be sound without the library, which a relay may then never load.
    """
    if _PLAIN.fullmatch(text):
        _warn_of_literals([text], place)
        return True
    if len(text) > EXPRESSION_CHARS_MAX:
        place.fault(f"is an expression of {len(text)} characters", f"Write at most {EXPRESSION_CHARS_MAX}.")
        return False
    tree = _parsed(text, place)
    if tree is None:
        return False
    before = place.report.grave
    arities = _arities(ours=ours)
    deepest = 0
    for node, parent, level in _nodes(tree):
        _check_node(node, parent, arities, place)
        deepest = max(deepest, level)
    if deepest > EXPRESSION_LEVELS_MAX:
        place.fault("is nested too deeply", f"Write an expression of at most {EXPRESSION_LEVELS_MAX} levels.")
    return place.report.grave == before


def _parsed(text: str, place: Place) -> Node | None:
    """
    The syntax tree, or None after the fault was reported.
    """
    import jmespath  # noqa: PLC0415 - 16 ms that only a file with expressions pays
    from jmespath.exceptions import EmptyExpressionError, LexerError, ParseError  # noqa: PLC0415 - as above
    from jmespath.lexer import Lexer  # noqa: PLC0415 - as above

    try:
        with warnings.catch_warnings():
            # A deprecated `literal` without JSON in it is only warned of, and only by the lexer.
            warnings.simplefilter("error", PendingDeprecationWarning)
            tokens = list(Lexer().tokenize(text))
        tree: Node = jmespath.compile(text).parsed
    except PendingDeprecationWarning:
        place.fault(
            "has a text in backticks", "Write texts in single quotes: 'yes'. Backticks hold JSON: `12`, `null`."
        )
    except EmptyExpressionError:
        place.fault("is an empty expression", "Write JMESPath, or remove it.")
    except LexerError as problem:
        _unlexed(text, problem.lexer_position, problem.message, place)
    except ParseError as problem:
        _unparsed(text, problem.lex_position, problem.token_value, place)
    except (RecursionError, ValueError):
        place.fault("is an expression that JMESPath cannot read", "Write a shorter one, less deeply nested.")
    else:
        _warn_of_quotes(tokens, place)
        _warn_of_literals([token["value"] for token in tokens if token["type"] == "unquoted_identifier"], place)
        return tree
    return None


# ── syntax ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _unlexed(text: str, position: int, message: str, place: Place) -> None:
    at = f"is not JMESPath at character {position + 1}"
    if message.startswith("Unclosed"):
        place.fault(f"{at}: {shown(text[position])} is opened and never closed", "Close it.")
    elif message.startswith("Bad token"):
        place.fault(f"{at}: what stands in the backticks is not JSON", "Write texts in single quotes: 'yes'.")
    elif text[position : position + 1] == "=":
        place.fault(f"{at}: a single =", "Compare with ==.")
    else:
        place.fault(f"{at}: {message[0].lower()}{message[1:]}", _quoting(text, position))


def _unparsed(text: str, position: int, found: object, place: Place) -> None:
    if position >= len(text):
        place.fault(f"is not JMESPath: it ends too early, after character {len(text)}", "Complete the expression.")
        return
    remedy = "Write && for and." if found == "&" else _quoting(text, position)
    place.fault(f"is not JMESPath at character {position + 1}: {shown(str(found))} does not belong there", remedy)


def _quoting(text: str, position: int) -> str:
    """
    The likely remedy: a field name such as your-email or お名前 that needs double quotes.
    """
    for found in _WORD.finditer(text):
        word = found.group()
        if found.start() <= position < found.end() and not _IDENTIFIER.fullmatch(word) and not word.isdecimal():
            return f'A field name with other characters than a-z, 0-9 and _ stands in double quotes: "{word}".'
    return (
        "Check the expression up to there: field names with special characters in double quotes, texts in single ones."
    )


def _warn_of_quotes(tokens: list[Node], place: Place) -> None:
    for before, token in pairwise(tokens):
        if (
            before["type"] in _COMPARATORS
            and token["type"] == "quoted_identifier"
            and _IDENTIFIER.fullmatch(token["value"])
        ):
            place.warn(
                f'compares with the field "{token["value"]}", because double quotes name a field',
                f"If the text is meant, write it in single quotes: '{token['value']}'.",
            )


def _warn_of_literals(identifiers: list[str], place: Place) -> None:
    for word in identifiers:
        if word in _LITERALS:
            place.warn(f"reads a field called {word}", f"If the value is meant, write it in backticks: `{word}`.")


# ── the tree ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _nodes(tree: Node) -> Iterator[tuple[Node, Node | None, int]]:
    """
    All nodes in the order of the text, each with its parent and its level.
    """
    rest: list[tuple[Node, Node | None, int]] = [(tree, None, 1)]
    while rest:
        node, parent, level = rest.pop()
        yield node, parent, level
        children = [child for child in node.get("children", ()) if isinstance(child, Mapping)]
        rest += [(child, node, level + 1) for child in reversed(children)]


def _check_node(node: Node, parent: Node | None, arities: Mapping[str, tuple[int, int | None]], place: Place) -> None:
    if node["type"] == "function_expression":
        _check_call(node["value"], len(node["children"]), arities, place)
    elif node["type"] == "expref" and not (parent and parent["type"] == "function_expression"):
        place.fault(
            "has an & that is no argument of a function", "Write && for and; & belongs into sort_by() and its like."
        )
    elif node["type"] == "slice" and len(node["children"]) > 2 and node["children"][2] == 0:
        place.fault("has a slice of step 0", "Write another step, or none.")


def _check_call(name: str, count: int, arities: Mapping[str, tuple[int, int | None]], place: Place) -> None:
    if name not in arities:
        near = nearest(name, arities)
        remedy = f"Did you mean {near}()?" if near else f"Known functions: {', '.join(sorted(arities))}."
        place.fault(f"calls {name}(), which does not exist here", remedy)
        return
    least, most = arities[name]
    if count < least or (most is not None and count > most):
        wanted = f"{least}" if most == least else f"{least} or more" if most is None else f"{least} to {most}"
        place.fault(f"calls {name}() with {count} arguments", f"Give it {wanted}.")


def _arities(*, ours: bool) -> dict[str, tuple[int, int | None]]:
    """
    How many arguments each function takes at least and at most (None: any number).
    """
    from jmespath.functions import Functions  # noqa: PLC0415 - as above

    known: dict[str, tuple[int, int | None]] = {}
    for name, entry in Functions.FUNCTION_TABLE.items():
        signature = entry["signature"]
        variadic = bool(signature) and bool(signature[-1].get("variadic"))
        known[name] = (len(signature), None if variadic else len(signature))
    if ours:
        known |= {name: (function.least, function.most) for name, function in FUNCTIONS.items()}
    return known
