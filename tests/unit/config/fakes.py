"""
Two small vendors and four presets: enough grammar for relay.toml to be checked against, and nothing of any real vendor.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.destinations.kit import Field, Operation, Setting, Vendor
from chalicelib.model import Destination, Effect, Fault, Lane, Limit, MergeRules, Rate, Reading, Route, Verdict


def _fields(*fields: Field) -> dict[str, Field]:
    return {field.name: field for field in fields}


def _settings(*settings: Setting) -> dict[str, Setting]:
    return {setting.name: setting for setting in settings}


UPSERT = Operation(
    name="upsert",
    label="Store a contact",
    effect=Effect.DATA,
    fields=_fields(
        Field(name="email", label="Address", required=True), Field(name="memo", label="Memo", chars_max=500)
    ),
    answers=True,
)
REMOVE = Operation(
    name="remove", label="Remove a contact", effect=Effect.REMOVE, fields=_fields(UPSERT.fields["email"])
)
IMPORT = Operation(
    name="import",
    label="Import rows",
    effect=Effect.DATA,
    fields=_fields(Field(name="email", label="Address", required=True)),
    open_fields=True,
    settings=_settings(
        Setting(name="gid", kind="integer", required=True, least=1),
        Setting(name="overwrite", kind="flag", default=False),
        Setting(name="report", kind="text", choices=("none", "errors"), default="none"),
        Setting(name="labels", kind="texts"),
    ),
)


def _check_route(route: Route, _destination: Destination) -> list[Fault]:
    """
    Like the real vendors, by full paths in the route's own name.
    """
    operation = {"upsert": UPSERT, "remove": REMOVE, "import": IMPORT}[route.operation]
    faults = [
        Fault(
            path=f"routes.{route.name}.fields.{name}",
            message=f"{field.label} is required by {operation.name} but not mapped",
            remedy=f'Map "{name}" to a field of the source.',
        )
        for name, field in operation.fields.items()
        if field.required and name not in route.fields
    ]
    return faults + [
        Fault(path=f"fields.{name}", message=f'"{name}" is no field of {operation.name}', remedy="Remove it.")
        for name in route.fields
        if name not in operation.fields and not operation.open_fields
    ]


def _check_solo(destination: Destination) -> list[Fault]:
    if destination.settings.get("version") == 3 and destination.substitutes:
        return [Fault(path="substitutes", message="need version 4", remedy="Set version = 4.")]
    return []


def _check_bulk(destination: Destination) -> list[Fault]:
    if destination.settings.get("daily", 240) == 240:
        return []
    path = f"destinations.{destination.name}.daily"
    return [Fault(path=path, message="is not the shared plan", remedy="Ask the vendor.", warning=True)]


def _solo_lane(destination: Destination, name: str) -> Lane:
    burst = destination.settings.get("burst", 5)
    return Lane(name=name, vendor="solo", batching=False, rate=Rate(interval_ms=1_000, burst=burst))


def _bulk_lane(destination: Destination, name: str) -> Lane:
    settings = destination.settings
    return Lane(
        name=name,
        vendor="bulk",
        batching=True,
        limits=(Limit(calls=settings.get("daily", 240), per="day"),),
        rows_max=1_000,
        egress=settings.get("egress", "any"),
    )


def _bulk_lane_name(destination_name: str, settings: Mapping[str, Any]) -> str:
    return f"bulk-{settings['account']}" if "account" in settings else destination_name


def _vendor(**parts: Any) -> Vendor:
    return Vendor(
        check_route=_check_route,
        prepare=lambda *_: (),
        rules=lambda *_: MergeRules(),
        pack=None,
        build=lambda *_: None,
        read=lambda *_: Reading(outcomes={}, verdict=Verdict()),
        **parts,
    )


VENDORS: Mapping[str, Vendor] = {
    "solo": _vendor(
        slug="solo",
        label="Solo",
        base_url="https://api.solo.example.jp",
        settings=_settings(
            Setting(name="version", kind="integer", required=True, choices=(3, 4)),
            Setting(name="burst", kind="integer", least=1, most=100),
            Setting(name="pace", kind="number", least=0, most=100),
            Setting(name="timeout_seconds", kind="seconds", most=60),
            Setting(name="custom", kind="table"),
        ),
        credentials=("user_key", "user_secret"),
        operations={"upsert": UPSERT, "remove": REMOVE},
        batching=False,
        lane=_solo_lane,
        lane_name=lambda name, _settings: f"solo-{name}",
        check=_check_solo,
    ),
    "bulk": _vendor(
        slug="bulk",
        label="Bulk Mail",
        base_url="",
        settings=_settings(
            Setting(name="account"),
            Setting(name="daily", kind="integer", least=1),
            Setting(name="egress", choices=("any", "fixed")),
        ),
        credentials=("token",),
        operations={"import": IMPORT},
        batching=True,
        lane=_bulk_lane,
        lane_name=_bulk_lane_name,
        check=_check_bulk,
    ),
}

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "form": {
        "verify": [{"browser": {}}],
        "parse": {"format": "auto"},
        "respond": {"kind": "page"},
    },
    "webhook": {"respond": {"kind": "json", "body": "{}"}},
    "shop": {
        "verify": ({"hmac": {"headers": ("X-Shop-Hmac", "Shop-Hmac"), "encoding": "base64"}},),
        "parse": {"format": "json"},
        "event": {
            "kind": "header:X-Shop-Topic",
            "kinds": {"customers/update": "upsert", "customers/delete": "delete", "*": "ignore"},
            "id": "header:X-Shop-Id",
            "time": "updated_at",
        },
        "respond": {"kind": "empty"},
    },
    "hub": {
        "verify": [
            {
                "hmac": {
                    "headers": ["X-Hub-Signature-v3"],
                    "encoding": "base64",
                    "signed": "{method}{url}{body}{ts}",
                    "timestamp_header": "X-Hub-Timestamp",
                    "timestamp_unit": "ms",
                },
            },
        ],
        "parse": {"format": "json"},
        "records": {"map_value": "properties"},
        "event": {"id": "[vid, occurredAt]", "time": "occurredAt", "time_unit": "ms"},
    },
}
