"""
A drop-in's rows to the vendor whom their sender took Ekiden for: the routes that `operation = "as_sent"` stands for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from chalicelib.model import Destination, Effect, Expr, FieldName, Mapped, Route

if TYPE_CHECKING:
    from chalicelib.destinations.kit import Operation, Vendor

_KINDS = {Effect.OPT_OUT: "unsubscribe", Effect.REMOVE: "delete"}


def as_sent(
    sender: str,
    destination: Destination,
    vendor: Vendor,
    *,
    fields: Mapping[str, Mapped],
    settings: Mapping[str, Mapped],
) -> Iterator[Route]:
    """
    One route for each import type; two where it reads other columns than the address only if it overwrites.

    `fields` and `settings` are what the file says over the row's columns and its import settings. Each route's name is
    that of its operation, for the caller to make it unique.
    """
    for word, name in vendor.imports.items():
        operation = vendor.operations[name]
        route = Route(
            name=name,
            source=sender,
            destination=destination.name,
            operation=name,
            kinds=(_KINDS.get(operation.effect, "upsert"),),
            settings=_settings(operation) | {key: one for key, one in settings.items() if key in operation.settings},
            only={"import_type": word},
        )
        whole = replace(route, rest=True, fields=fields)
        bare = replace(route, fields=_address(destination, vendor))
        if operation.effect is Effect.OPT_IN:
            yield replace(whole, name=f"{name}-overwrite", only={"import_type": word, "is_overwrite": "1"})
            yield replace(bare, only={"import_type": word, "is_overwrite": "0"})
        else:
            yield whole if operation.effect is Effect.DATA else bare


def _settings(operation: Operation) -> dict[str, Mapped]:
    """
    Each of the operation's settings as the file gives it.
    """
    return {name: Expr(f"_import.{name}") for name in operation.settings}


def _address(destination: Destination, vendor: Vendor) -> dict[str, Mapped]:
    """
    The address alone: what stop, forbid and delete read of a row.
    """
    item = str(destination.settings.get("address_item") or vendor.settings["address_item"].default)
    return {item: FieldName(item)}
