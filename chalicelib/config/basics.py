"""
The tables that are about the relay as a whole: [relay], [alarms], [retention], [egress], [api] and [console].
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.config import texts
from chalicelib.config.place import Place
from chalicelib.config.schema import Rule, Shape, read
from chalicelib.model import Alarms, Console, Egress, Retention

DAYS = Rule(kind="integer", least=1, most=3_650)

RELAY: Shape = {
    "name": Rule(required=True, clean=texts.relay_name, example='"ekiden"'),
    "secret": Rule(kind="secret", required=True),
    "public_url": Rule(clean=texts.service_url),
    "leftovers_hour": Rule(kind="integer", least=0, most=23),
}
ALARMS: Shape = {
    "emails": Rule(kind="texts", clean=texts.email),
    "wait_minutes": Rule(kind="integer", least=1, most=10_080),
}
RETENTION: Shape = {"delivered_days": DAYS, "dead_days": DAYS, "event_days": DAYS}
EGRESS: Shape = {
    "subnet_ids": Rule(kind="texts", clean=texts.subnet_id),
    "security_group_ids": Rule(kind="texts", clean=texts.security_group_id),
}
API: Shape = {
    # API Gateway's own account-wide bounds: 10,000 requests a second, bursts of 5,000.
    "rate": Rule(kind="integer", least=1, most=10_000),
    "burst": Rule(kind="integer", least=1, most=5_000),
}
CONSOLE: Shape = {"accounts": Rule(kind="secret", required=True)}
TOP: Shape = {
    "relay": Rule(kind="table", shape=RELAY, required=True, example='{ name = "ekiden", secret = "ssm:/…" }'),
    "alarms": Rule(kind="table", shape=ALARMS),
    "retention": Rule(kind="table", shape=RETENTION),
    "egress": Rule(kind="table", shape=EGRESS),
    "api": Rule(kind="table", shape=API),
    "console": Rule(kind="table", shape=CONSOLE),
    "sources": Rule(kind="raw"),
    "destinations": Rule(kind="raw"),
    "routes": Rule(kind="raw"),
    "lookups": Rule(kind="raw"),
}


def basics(tables: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """
    What Config says of the relay as a whole, by Config's own names. Keys at fault are missing.
    """
    values = read(tables, TOP, place)
    relay, api, alarms = (values.get(name, {}) for name in ("relay", "api", "alarms"))
    egress = Egress(**values.get("egress", {}))
    if bool(egress.subnet_ids) != bool(egress.security_group_ids):
        lacking = "security_group_ids" if egress.subnet_ids else "subnet_ids"
        place.key("egress").key(lacking).fault("is missing", "Give both subnets and security groups, or neither.")
    if "wait_minutes" in alarms:
        alarms["wait_seconds_max"] = alarms.pop("wait_minutes") * 60
    return {
        **relay,
        **{f"api_{name}": value for name, value in api.items()},
        "alarms": Alarms(**alarms),
        "retention": Retention(**values.get("retention", {})),
        "egress": egress,
        **_console(values),
    }


def _console(values: Mapping[str, Any]) -> dict[str, Console]:
    """
    The console, if relay.toml has one; a faulty one is left out, as its fault is told already.
    """
    found = values.get("console", {})
    return {"console": Console(**found)} if found else {}
