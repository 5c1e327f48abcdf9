"""
JMESPath at run time: an expression over a scope gives a JSON value, or a Failure that can be shown to an operator.

The library is imported on the first expression, not with this module: a relay whose mappings are all bare field names
never pays for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from math import isfinite
from typing import Any

from chalicelib.model.arrival import Json
from chalicelib.routing.functions import FUNCTIONS, Function
from chalicelib.routing.values import Unfit, kind_of
from chalicelib.value import positional_value

COMPILED_MAX = 1_024
"""
How many expressions are kept compiled. A relay.toml of the largest size holds fewer.
"""

_KINDS: Mapping[str, str] = {
    "string": "text",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
    "expref": "an &expression",
    "array-number": "a list of numbers",
    "array-string": "a list of texts",
}


@positional_value
class Failure:
    """
    Why an expression gave no value. The reason names functions and kinds, never a value: it may be logged.
    """

    reason: str


def evaluate(text: str, scope: Mapping[str, Json]) -> Json | Failure:
    """
    The value of an expression over the scope; nothing that the data or the expression holds raises.
    """
    try:
        value = compiled(text)(scope)
        return value if is_json(value) else Failure("gives an &expression or a number beyond JSON, which is no value")
    except Exception as problem:  # noqa: BLE001 - the library lets TypeError and its like through; the delivery shows it
        return Failure(_reason(problem))


@lru_cache(maxsize=COMPILED_MAX)
def compiled(text: str) -> Callable[[Any], Any]:
    """
    The expression as a function of its scope. Raises jmespath's ParseError on a text that `config check` would refuse.
    """
    import jmespath  # noqa: PLC0415 - 16 ms that only a relay with expressions pays

    expression = jmespath.compile(text)
    options = _options()
    return lambda scope: expression.search(scope, options)


def is_true(value: Json) -> bool:
    """
    Truth as JMESPath has it: null, false, "", [] and {} are false, all else (0 too) is true.

    >>> is_true(0), is_true(""), is_true("no")
    (True, False, True)
    """
    return value is not None and value is not False and value not in ("", [], {})


def is_json(value: object) -> bool:
    """
    Whether JSON can carry the value, at every depth.
    """
    if isinstance(value, list):
        return all(map(is_json, value))
    if isinstance(value, dict):
        return all(map(is_json, value.values()))
    return value is None or isinstance(value, str | bool | int) or (isinstance(value, float) and isfinite(value))


@lru_cache(maxsize=1)
def _options() -> Any:  # noqa: ANN401 - jmespath carries no types
    """
    The library's options with our functions beside its own.
    """
    import jmespath  # noqa: PLC0415 - see compiled()
    from jmespath.functions import Functions  # noqa: PLC0415 - see compiled()

    members = {f"_func_{name}": _member(name, function) for name, function in FUNCTIONS.items()}
    return jmespath.Options(custom_functions=type("MappingFunctions", (Functions,), members)())


def _member(name: str, function: Function) -> Callable[..., Json]:
    """
    A function in the form that the library looks for: a method with a `signature`. It checks the least count itself.
    """

    def call(_self: object, *arguments: Json) -> Json:
        if len(arguments) > function.most:
            raise Unfit(f"{name}() takes at most {function.most} arguments, not {len(arguments)}")
        try:
            return function.call(*arguments)
        except Unfit as problem:
            raise Unfit(f"{name}() {problem}") from None

    call.signature = tuple({"types": [], "variadic": True} for _ in range(function.least))  # type: ignore[attr-defined]
    return call


def _reason(problem: Exception) -> str:
    """
    The library's own words repeat the value at fault, so they are told anew.
    """
    from jmespath.exceptions import ArityError, JMESPathTypeError, ParseError  # noqa: PLC0415 - see compiled()

    if isinstance(problem, Unfit):
        return str(problem)
    if isinstance(problem, JMESPathTypeError):
        wanted = " or ".join(_KINDS.get(kind, kind) for kind in problem.expected_types)
        return f"{problem.function_name}() wants {wanted}, not {kind_of(problem.current_value)}"
    if isinstance(problem, ArityError):
        return f"{problem.function_name}() has a wrong number of arguments"
    if isinstance(problem, ParseError):
        return "is not JMESPath"
    if isinstance(problem, RecursionError):
        return "is nested too deeply"
    return f"does not suit the values of this event ({type(problem).__name__})"
