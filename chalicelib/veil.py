"""
What an operator may see without asking: personal values are veiled, unless they are revealed on purpose.

A value that relay.toml itself says (a constant), or that is one of the vendor's own words, is nobody's. What a visitor
typed is veiled; where a source declares its `personal` fields, only those are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.adapters.journal import mask
from chalicelib.destinations import VENDORS
from chalicelib.destinations.kit import Operation
from chalicelib.model import Config, Const, Delivery, FieldName, Route
from chalicelib.plain import plain

VEIL = "•••"
UNREAD = "_raw"
"""
The field that holds the text of what could not be understood.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Veil:
    """
    Shows values as the configuration allows; `lifted` shows all of them.
    """

    config: Config
    lifted: bool = False

    def fields(self, source: str, fields: Mapping[str, Any]) -> dict[str, str]:
        """
        The fields of what came.
        """
        return {
            name: text_of(value) if self.lifted or self._harmless_field(source, name, value) else veiled(text_of(value))
            for name, value in fields.items()
        }

    def payload(self, delivery: Delivery) -> dict[str, str]:
        """
        The payload of a delivery, by the vendor's field names.
        """
        return {name: self.value(delivery, name, text) for name, text in delivery.payload.items()}

    def value(self, delivery: Delivery, name: str, text: str) -> str:
        """
        One value of a delivery's payload.
        """
        return text if self.lifted or self._harmless(delivery, name, text) else veiled(text)

    def words(self, text: str) -> str:
        """
        A reason or a note: a vendor may have repeated an address in it.
        """
        return text if self.lifted else str(mask(text))

    def _harmless(self, delivery: Delivery, name: str, text: str) -> bool:
        if name in delivery.fixes:
            return False
        route = route_of(self.config, delivery)
        mapped = route.fields.get(name) if route else None
        if isinstance(mapped, Const) or text in self._vendors_words(delivery, name, mapped=mapped is not None):
            return True
        return isinstance(mapped, FieldName) and self._declared_harmless(delivery.source, mapped.name)

    def _harmless_field(self, source: str, name: str, value: Any) -> bool:  # noqa: ANN401 - any JSON
        """
        A declared name says nothing of what lies deeper, nor of a body that could not be understood.
        """
        return name != UNREAD and not isinstance(value, list | dict) and self._declared_harmless(source, name)

    def _declared_harmless(self, source: str, name: str) -> bool:
        known = self.config.sources.get(source)
        return bool(known and known.personal and name not in known.personal)

    def _vendors_words(self, delivery: Delivery, name: str, *, mapped: bool) -> set[str]:
        operation = operation_of(self.config, delivery)
        if operation is None:
            return set()
        if name in operation.fields:
            return set(operation.fields[name].choices)
        # What the route does not map, the vendor's module has added by the settings (SATORI: identity_type).
        return set() if mapped else {str(word) for each in operation.settings.values() for word in each.choices}


def veiled(text: str) -> str:
    """
    That there is a value, and how long it is.

    >>> veiled("山田"), veiled("")
    ('••• (2)', '')
    """
    return f"{VEIL} ({len(text)})" if text else ""


def text_of(value: Any) -> str:  # noqa: ANN401 - any JSON
    """
    A field's value as one text.
    """
    if value is None:
        return ""
    return plain(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def route_of(config: Config, delivery: Delivery) -> Route | None:
    """
    The route that a delivery came by, if relay.toml still has it.
    """
    return next((route for route in config.routes if route.name == delivery.route), None)


def operation_of(config: Config, delivery: Delivery) -> Operation | None:
    """
    The vendor's operation that a delivery is for, if relay.toml still has its destination.
    """
    destination = config.destinations.get(delivery.destination)
    vendor = VENDORS.get(destination.vendor) if destination else None
    return vendor.operations.get(delivery.operation) if vendor else None


def names_of(config: Config, delivery: Delivery) -> list[str]:
    """
    The fields that a person may put a value into: the vendor's, the route's, and those that the delivery has.
    """
    operation, route = operation_of(config, delivery), route_of(config, delivery)
    named = (route.fields if route else {}, delivery.payload, operation.fields if operation else {})
    return list(dict.fromkeys(name for names in named for name in names))
