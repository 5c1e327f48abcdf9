"""
relay.toml's grammar, walked: every table with the heading it is documented under, and every key with its default.
"""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from typing import Any

import chalicelib.config
from chalicelib.config.schema import Rule, Shape
from chalicelib.model import (
    Alarms,
    Captcha,
    Config,
    Dropin,
    Equals,
    EventRule,
    Files,
    Form,
    FormField,
    Hmac,
    Lookup,
    Parse,
    Records,
    Respond,
    Retention,
    Source,
)

KINDS = {
    "text": "text",
    "integer": "whole number",
    "number": "number",
    "seconds": "number",
    "flag": "flag",
    "texts": "list of texts",
    "either": "text or list",
    "secret": "secret",
    "expression": "expression",
    "query": "path",
    "locator": "locator",
    "words": "table of texts",
    "table": "table",
    "tables": "list of tables",
}
"""
The checker's kinds as the documents call them; what is read by other means ("raw") is told in words.
"""


def defaults(model: type, *, prefix: str = "") -> dict[str, Any]:
    """
    The defaults that a noun declares, by the name of the key.
    """
    found = {each.name.removeprefix(prefix): each.default for each in dataclasses.fields(model)}
    return {name: value for name, value in found.items() if isinstance(value, bool | int | float | str)}


# The package's own names hide its modules of the same name.
basics, destinations, forms, routes, sources, standing_in, uploading, verify = (
    importlib.import_module(f"chalicelib.config.{name}")
    for name in ("basics", "destinations", "forms", "routes", "sources", "standing_in", "uploading", "verify")
)
polls, lookups = (importlib.import_module(f"chalicelib.config.{name}") for name in ("polls", "lookups"))
SOURCE = {name: rule for name, rule in sources.SOURCE.items() if name not in forms.FORM}
ALARMS = {"wait_minutes": defaults(Alarms)["wait_seconds_max"] // 60}
HANDSHAKES = [rule.shape or {} for rule in verify.HANDSHAKE.values()]

TABLES: tuple[tuple[str, Shape, Mapping[str, Any]], ...] = (
    ("[relay]", basics.RELAY, {"leftovers_hour": defaults(Config)["leftovers_hour"]}),
    ("[alarms]", basics.ALARMS, ALARMS),
    ("[retention]", basics.RETENTION, defaults(Retention)),
    ("[egress]", basics.EGRESS, {}),
    ("[api]", basics.API, defaults(Config, prefix="api_")),
    ("[console]", basics.CONSOLE, {}),
    ("[sources.NAME]", SOURCE, defaults(Source)),
    ("[sources.NAME]", forms.FORM, defaults(Form)),
    ("[sources.NAME] that is asked", polls.POLL, polls.DEFAULTS),
    ("[lookups.NAME]", lookups.LOOKUP, defaults(Lookup)),
    ("[sources.NAME.fields.FIELD]", forms.FIELD, defaults(FormField)),
    ("[sources.NAME.ceiling]", sources.CEILING, {}),
    ("[sources.NAME.upload]", uploading.UPLOAD, defaults(Files)),
    ("[sources.NAME.dropin]", standing_in.DROPIN, defaults(Dropin)),
    ("[sources.NAME.parse]", sources.PARSE, defaults(Parse)),
    ("[sources.NAME.records]", sources.RECORDS, defaults(Records)),
    ("[sources.NAME.event]", sources.EVENT, defaults(EventRule)),
    ("[sources.NAME.respond]", sources.RESPOND, defaults(Respond)),
    ("[[sources.NAME.verify]]", verify.TOKEN, {}),
    ("[[sources.NAME.verify]]", verify.HMAC, defaults(Hmac)),
    ("[[sources.NAME.verify]]", verify.EQUALS, defaults(Equals)),
    ("[[sources.NAME.verify]]", verify.CAPTCHA, defaults(Captcha)),
    *(("[[sources.NAME.handshake]]", shape, {}) for shape in HANDSHAKES),
    ("[destinations.NAME]", destinations.DESTINATION, {}),
    ("[[routes]]", routes.ROUTE, {}),
)
"""
Heading, keys, and their defaults.
"""

IN_WORDS: tuple[tuple[str, Shape], ...] = (
    ("relay.toml: the reference", basics.TOP),
    ("[[sources.NAME.verify]]", verify.VERIFY),
    ("[[sources.NAME.verify]]", verify.BROWSER),
    ("[[sources.NAME.handshake]]", verify.HANDSHAKE),
)
"""
Tables whose keys are told in running text or by headings.
"""


def every_key() -> Iterator[tuple[str, str, Rule, Any]]:
    """
    Every key with the heading of its table, its rule, and its default (None: none).
    """
    for heading, shape, given in TABLES:
        for name, rule in shape.items():
            yield heading, name, rule, given.get(name)


def declared_shapes() -> Iterator[tuple[str, Shape]]:
    """
    Every table that chalicelib.config declares, and those that stand inside one.
    """
    for module in pkgutil.iter_modules(chalicelib.config.__path__):
        found = vars(importlib.import_module(f"chalicelib.config.{module.name}"))
        for name, value in found.items():
            if isinstance(value, dict) and value and all(isinstance(each, Rule) for each in value.values()):
                yield f"{module.name}.{name}", value
                yield from ((f"{module.name}.{name}.{key}", each.shape) for key, each in value.items() if each.shape)


def documented_keys() -> set[int]:
    """
    Which rules the two lists above reach.
    """
    shapes = [shape for _, shape, _ in TABLES] + [shape for _, shape in IN_WORDS]
    return {id(rule) for shape in shapes for rule in shape.values()}
