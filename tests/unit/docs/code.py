"""
What the code says of itself, found by reading it: log lines, measures, notices, warnings, environment variables.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from tests.unit.docs.documents import ROOT

LIBRARY = ROOT / "chalicelib"


def calls(folder: str = "") -> Iterator[ast.Call]:
    """
    Every call in a part of chalicelib.
    """
    for path in sorted((LIBRARY / folder).rglob("*.py")):
        yield from (each for each in ast.walk(_tree(path)) if isinstance(each, ast.Call))


@cache
def log_facts() -> Mapping[str, set[str]]:
    """
    Each fact that is logged, with the fields it names. One that ends in a state is known by its beginning.
    """
    found: dict[str, set[str]] = {}
    for call in calls():
        name = _method(call)
        if name not in {"log", "warning"} or not call.args or not _beginning(call.args[0]):
            continue
        fields = {each.arg for each in call.keywords if each.arg and each.arg != "extra"}
        extra = next((each.value for each in call.keywords if each.arg == "extra"), None)
        if isinstance(extra, ast.Dict):
            fields |= {key.value for key in extra.keys if isinstance(key, ast.Constant)}
        found.setdefault(_beginning(call.args[0]), set()).update(fields)
    return found


@cache
def measures() -> Mapping[str, tuple[str, set[str]]]:
    """
    Each metric with its unit and dimensions. One that ends in a state is known by its beginning.
    """
    return {
        _beginning(call.args[0]): (_beginning(call.args[2]), {str(each.arg) for each in call.keywords})
        for call in calls("relay")
        if _method(call) == "measure" and _beginning(call.args[0])
    }


def notice_causes() -> set[str]:
    """
    The beginning of each notice's cause, up to the names in it.
    """
    return {
        _beginning(each.value)
        for folder in ("relay", "planning")
        for call in calls(folder)
        if isinstance(call.func, ast.Name) and call.func.id == "Notice"
        for each in call.keywords
        if each.arg == "cause"
    }


def warnings() -> set[str]:
    """
    The longest fixed piece of each warning that `config check` may give.
    """
    found = set()
    for folder in ("config", "destinations"):
        for path in sorted((LIBRARY / folder).rglob("*.py")):
            for function in ast.walk(_tree(path)):
                if isinstance(function, ast.FunctionDef):
                    found |= {max(pieces, key=len).strip() for pieces in _warned(function)}
    return found


def doors() -> set[str]:
    """
    Each HTTP door of app.py as it is written in the documents: "POST /in/SOURCE".
    """
    text = (ROOT / "app.py").read_text(encoding="utf-8").replace("methods=DATA", 'methods=["POST"]')
    routes = re.findall(r'@app\.route\("([^"]+)", methods=\["(\w+)"', text)
    return {f"{method} {re.sub(r'{(.+?)}', lambda name: name[1].upper(), path)}" for path, method in routes}


def environment() -> set[str]:
    """
    The environment variables that the wiring and the command line read.
    """
    files = (LIBRARY / "wiring.py", LIBRARY / "cli" / "root.py")
    return {name for path in files for name in re.findall(r"\bEKIDEN_[A-Z_]+", path.read_text())}


def _warned(function: ast.FunctionDef) -> Iterator[list[str]]:
    """
    The fixed pieces of the message of each warning in a function.
    """
    for call in (each for each in ast.walk(function) if isinstance(each, ast.Call)):
        if _method(call) == "warn":
            message: ast.expr = call.args[0]
        elif "route_warning" in {_method(call), getattr(call.func, "id", "")}:
            message = next(each.value for each in call.keywords if each.arg == "message")
        else:
            continue
        pieces = _pieces(_assigned(function, message) if isinstance(message, ast.Name) else message)
        assert pieces, f"the words of a warning in {function.name} cannot be read"
        yield pieces


def _assigned(function: ast.FunctionDef, name: ast.Name) -> ast.expr:
    """
    What a name of a function last stood for, before it was used.
    """
    before = [each for each in ast.walk(function) if isinstance(each, ast.Assign) and each.lineno < name.lineno]
    for each in sorted(before, key=lambda each: each.lineno, reverse=True):
        target = each.targets[0]
        if isinstance(target, ast.Name) and target.id == name.id:
            return each.value
    return name


def _pieces(node: ast.expr) -> list[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.JoinedStr):
        return [each.value for each in node.values if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    return []


def _beginning(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        first = node.values[0]
        return str(first.value) if isinstance(first, ast.Constant) else ""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _method(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))
