"""
Values: frozen dataclasses whose comparison and text are shared instead of generated.

Ekiden is made of about a hundred small values. `dataclass` compiles half a dozen methods for each; compiling only what
differs (the constructor) takes a quarter off the import of the whole app, and a visitor waits for every cold start.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import TypeVar, dataclass_transform

Class = TypeVar("Class")


@dataclass_transform(frozen_default=True, kw_only_default=True, eq_default=True, field_specifiers=(field,))
def value(cls: type[Class]) -> type[Class]:
    """
    A frozen, slotted dataclass whose fields are given by name.

    >>> @value
    ... class Point:
    ...     x: int
    ...     secret: int = field(default=0, repr=False)
    >>> Point(x=1, secret=2), Point(x=1) == Point(x=1), Point(x=1) == Point(x=1, secret=2)
    (Point(x=1), True, False)
    """
    return _with_shared_methods(dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)(cls))


@dataclass_transform(frozen_default=True, kw_only_default=False, eq_default=True, field_specifiers=(field,))
def positional_value(cls: type[Class]) -> type[Class]:
    """
    The same with fields that are also given by position, for values of one or two obvious fields.
    """
    return _with_shared_methods(dataclass(frozen=True, slots=True, repr=False, eq=False)(cls))


def _with_shared_methods(cls: type[Class]) -> type[Class]:
    shared: dict[str, Callable[..., object]] = {"__repr__": _repr, "__eq__": _eq, "__hash__": _hash}
    for name, method in shared.items():
        setattr(cls, name, method)
    return cls


def _content(of: object) -> tuple[object, ...]:
    return tuple(getattr(of, each.name) for each in fields(of))  # type: ignore[arg-type]


def _repr(self: object) -> str:
    shown = (f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if each.repr)  # type: ignore[arg-type]
    return f"{type(self).__qualname__.rpartition('.')[2]}({', '.join(shown)})"


def _eq(self: object, other: object) -> bool:
    return type(self) is type(other) and _content(self) == _content(other)


def _hash(self: object) -> int:
    return hash((type(self), _content(self)))
