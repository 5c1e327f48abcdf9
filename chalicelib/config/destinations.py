"""
[destinations.NAME]: one vendor account → Destination.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from chalicelib.config import texts
from chalicelib.config.named import named_tables
from chalicelib.config.place import Place, nearest, shown, suggestion
from chalicelib.config.schema import Rule, Shape, read, read_value
from chalicelib.model import Destination

if TYPE_CHECKING:
    from chalicelib.destinations.kit import Setting, Vendor

DESTINATION: Shape = {
    "vendor": Rule(required=True, example='"satori"'),
    "base_url": Rule(clean=texts.service_url),
    "credentials": Rule(kind="raw"),
    "lane": Rule(clean=texts.name),
    "substitutes": Rule(kind="words"),
}
"""
The keys that every destination has; the vendor's own settings stand beside them.
"""

REFERENCE = Rule(kind="secret")


def destinations(raw: object, place: Place, *, vendors: Mapping[str, Vendor]) -> dict[str, Destination | None]:
    """
    Every destination by name, also one at fault: its routes are to be checked. None where not even its vendor is known.
    """
    return {name: _destination(name, table, here, vendors) for name, table, here in named_tables(raw, place)}


def setting_rule(setting: Setting) -> Rule:
    """
    A vendor's declared setting as a rule of this checker.
    """
    least = 0 if setting.kind == "seconds" and setting.least is None else setting.least
    return Rule(
        kind="number" if setting.kind == "seconds" else setting.kind,
        required=setting.required,
        choices=setting.choices,
        least=least,
        most=setting.most,
    )


def _destination(
    name: str,
    table: Mapping[str, Any],
    place: Place,
    vendors: Mapping[str, Vendor],
) -> Destination | None:
    vendor = _vendor(table, place, vendors)
    if vendor is None:
        return None
    rules = {key: setting_rule(setting) for key, setting in vendor.settings.items() if key not in DESTINATION}
    values = read(table, {**DESTINATION, **rules}, place)
    settings = {key: values[key] for key in rules if key in values}
    base_url = values.get("base_url") or vendor.base_url
    if not base_url and "base_url" not in table:
        place.key("base_url").fault("is missing", f"Write the address of your {vendor.label} account's server.")
    destination = Destination(
        name=name,
        vendor=vendor.slug,
        lane=values.get("lane") or texts.name_from(vendor.lane_name(name, settings | {"base_url": base_url})),
        base_url=base_url,
        credentials=_credentials(table, place.key("credentials"), vendor),
        settings=settings,
        substitutes=values.get("substitutes", {}),
    )
    for fault in vendor.check(destination):
        place.take_in(fault, known_as=f"destinations.{name}")
    return destination


def _vendor(table: Mapping[str, Any], place: Place, vendors: Mapping[str, Vendor]) -> Vendor | None:
    """
    The vendor's declaration; without it nothing else of the table can be judged.
    """
    name = table.get("vendor")
    if not isinstance(name, str):
        read({key: table[key] for key in DESTINATION if key in table}, DESTINATION, place)
        return None
    if name not in vendors:
        place.key("vendor").fault(f"{shown(name)} is no vendor that Ekiden speaks to", suggestion(name, vendors))
        return None
    return vendors[name]


def _credentials(table: Mapping[str, Any], place: Place, vendor: Vendor) -> str | Mapping[str, str]:
    """
    One reference to a JSON object with all names, or a reference per name.
    """
    raw = table.get("credentials")
    if raw is None:
        if vendor.credentials:
            names = ", ".join(vendor.credentials)
            place.fault("is missing", f'Store a JSON object with {names} and refer to it: "{texts.SECRET_EXAMPLE}".')
        return {}
    if isinstance(raw, Mapping):
        return _credential_table(raw, place, vendor)
    if vendor.open_credentials and not isinstance(raw, Mapping):
        place.fault("is no table", f'Give each credential a name: credentials.token = "{texts.SECRET_EXAMPLE}".')
        return {}
    if isinstance(raw, list):
        place.fault("is a list", "Write one reference to a JSON object, or a table with a reference per name.")
        return ""
    references = read_value(raw, REFERENCE, place)
    return references[0] if references else ""


def _credential_table(raw: Mapping[str, Any], place: Place, vendor: Vendor) -> Mapping[str, str]:
    references: dict[str, str] = {}
    for name, value in raw.items():
        here = place.key(name)
        if name not in vendor.credentials and not vendor.open_credentials:
            here.fault(f"is no credential of {vendor.label}", suggestion(name, vendor.credentials))
        elif isinstance(value, list):
            here.fault("is a list", "Write one reference: a vendor takes one value at a time.")
        else:
            references[name] = (read_value(value, REFERENCE, here) or ("",))[0]
    mistyped = {nearest(name, vendor.credentials) for name in raw if name not in vendor.credentials}
    for name in vendor.credentials:
        if name not in raw and name not in mistyped:
            place.key(name).fault("is missing", f'Add a reference: {name} = "{texts.SECRET_EXAMPLE}".')
    return references
