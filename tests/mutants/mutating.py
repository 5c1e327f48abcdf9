"""
Every small change of a module: one comparison, one number, one condition, one returned value at a time.

Texts are left alone, since nearly all of them are words for people; so are annotations and docstrings.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
TWINS = {"min": "max", "max": "min", "any": "all", "all": "any"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """
    One change: in which function, and what stands in which node's place.
    """

    module: str
    function: str
    tree: ast.Module
    node: ast.AST
    other: ast.AST

    @property
    def before(self) -> str:
        """
        What stood there.
        """
        return " ".join(ast.unparse(self.node).split())

    @property
    def after(self) -> str:
        """
        What stands there now.
        """
        return " ".join(ast.unparse(self.other).split())

    @property
    def line(self) -> int:
        """
        Where in the file it is.
        """
        return int(getattr(self.node, "lineno", 0))

    @property
    def source(self) -> str:
        """
        The whole module with the change.
        """
        return ast.unparse(_with(self.tree, self.node, self.other))

    @property
    def name(self) -> str:
        """
        What it is called in docs/mutants.md: it stays the same when lines move.
        """
        return f"{self.module}.{self.function}: {self.before} → {self.after}"


def changes(module: str, source: str) -> Iterator[Change]:
    """
    All changes of a module, in the order of its lines.
    """
    tree = ast.parse(source)
    for node, function in _nodes(tree, ""):
        for other in _others(node):
            yield Change(module=module, function=function, tree=tree, node=node, other=other)


def _nodes(tree: ast.AST, function: str) -> Iterator[tuple[ast.AST, str]]:
    """
    The nodes that may be changed, each with the function it is in.
    """
    for name, field in ast.iter_fields(tree):
        if name in {"annotation", "returns", "decorator_list"} or isinstance(tree, ast.JoinedStr):
            continue
        for node in field if isinstance(field, list) else [field]:
            if not isinstance(node, ast.AST) or _is_docstring(node):
                continue
            named = isinstance(node, ast.FunctionDef | ast.ClassDef)
            inside = f"{function}.{node.name}".lstrip(".") if named else function
            yield node, inside or "-"
            yield from _nodes(node, inside)


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _others(node: ast.AST) -> Iterator[ast.AST]:
    """
    What may stand in a node's place.
    """
    match node:
        case ast.If(test=ast.Name() | ast.Attribute() | ast.Call() as test):
            yield _like(node, test=ast.UnaryOp(op=ast.Not(), operand=test))
        case ast.Return(value=value) if value is not None and not _is_none(value):
            yield ast.Return(value=ast.Constant(value=None))
        case ast.Break():
            yield ast.Continue()
        case ast.Continue():
            yield ast.Break()
        case ast.Constant(value=bool(given)):
            yield ast.Constant(value=not given)
        case ast.Constant(value=int(given) | float(given)):
            yield ast.Constant(value=given + 1)
        case _:
            yield from _other_expressions(node)


def _other_expressions(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Compare(ops=[op]):
            for kind in COMPARISONS[type(op)]:
                yield _like(node, ops=[kind()])
        case ast.BoolOp(op=op):
            yield _like(node, op=ast.Or() if isinstance(op, ast.And) else ast.And())
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield copy.deepcopy(operand)
        case ast.BinOp(op=op) if type(op) in OPERATORS:
            yield _like(node, op=OPERATORS[type(op)]())
        case ast.Call(func=ast.Name(id=name)) if name in TWINS:
            yield _like(node, func=ast.Name(id=TWINS[name], ctx=ast.Load()))
        case ast.IfExp(test=test, body=body, orelse=orelse):
            yield ast.IfExp(test=test, body=orelse, orelse=body)


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _like(node: ast.AST, **changed: object) -> ast.AST:
    made = copy.copy(node)
    for name, value in changed.items():
        setattr(made, name, value)
    return made


class _Swap(ast.NodeTransformer):
    def __init__(self, place: tuple[int, ...], other: ast.AST) -> None:
        self.place, self.other = place, other

    def visit(self, node: ast.AST) -> ast.AST:
        if _place(node) == self.place:
            return ast.copy_location(self.other, node)
        return self.generic_visit(node)


def _place(node: ast.AST) -> tuple[object, ...]:
    """
    Where a node stands, and what it is: no two nodes of a kind begin and end at the same place.
    """
    ends = [getattr(node, name, 0) for name in ("lineno", "col_offset", "end_lineno", "end_col_offset")]
    return (type(node).__name__, *ends)


def _with(tree: ast.Module, node: ast.AST, other: ast.AST) -> ast.Module:
    swapped: ast.Module = _Swap(_place(node), copy.deepcopy(other)).visit(copy.deepcopy(tree))
    return ast.fix_missing_locations(swapped)
