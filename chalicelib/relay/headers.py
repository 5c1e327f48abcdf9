"""
Does a file's header fit the routes of its source? Asked before a row is stored: ten thousand dead letters help nobody.
"""

from __future__ import annotations

from collections.abc import Collection

from chalicelib.model import FieldName, Route
from chalicelib.relay.deps import Deps


def routes_of(deps: Deps, source: str, only_route: str = "") -> list[Route]:
    """
    The routes that the rows of a source's file take.
    """
    return [each for each in deps.config.routes if each.source == source and only_route in {"", each.name}]


def header_fault(deps: Deps, source: str, columns: Collection[str], *, only_route: str = "") -> str:
    """
    Why a file with these columns cannot be meant for these routes; empty where it can.

    A route's required fields need their columns, and some column must be mapped at all. Other columns may be missing.
    """
    routes = routes_of(deps, source, only_route)
    if not routes:
        return f"no route takes it (source {source})"
    for route in routes:
        missing = [name for name in _required(deps, route) if name not in columns]
        if missing:
            return _words(missing, route, columns)
        named = [mapped.name for mapped in route.fields.values() if isinstance(mapped, FieldName)]
        if named and not any(name in columns for name in named):
            return _words(named, route, columns)
    return ""


def unmapped(deps: Deps, source: str, columns: Collection[str], *, only_route: str = "") -> list[str]:
    """
    Columns that no route names by themselves. An expression may read them all the same.
    """
    routes = routes_of(deps, source, only_route)
    named = {mapped.name for each in routes for mapped in each.fields.values() if isinstance(mapped, FieldName)}
    return [column for column in columns if column and column not in named]


def _required(deps: Deps, route: Route) -> list[str]:
    """
    The columns of those vendor fields without which no call can be made.
    """
    operation, destination = deps.operation(route.destination, route.operation), deps.destination(route.destination)
    rules = deps.vendor(route.destination).rules(operation, {}, destination)
    wanted = rules.identity | rules.required
    return [mapped.name for name, mapped in route.fields.items() if name in wanted and isinstance(mapped, FieldName)]


def _words(missing: Collection[str], route: Route, columns: Collection[str]) -> str:
    lacks = ", ".join(f'"{name}"' for name in missing)
    has = ", ".join(f'"{name}"' for name in list(columns)[:20] if name)
    return f"its header has no column {lacks}, which the route {route.name} needs; it has {has}"
