"""
[lookups.NAME]: what a website's visitors may look up at a vendor → Lookup.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from chalicelib.config import texts
from chalicelib.config.destinations import setting_rule
from chalicelib.config.named import named_tables
from chalicelib.config.place import Place, shown, suggestion
from chalicelib.config.polls import SHARES_MAX
from chalicelib.config.schema import Rule, Shape, read
from chalicelib.destinations import asked
from chalicelib.model import Destination, Lane, Lookup, Source

if TYPE_CHECKING:
    from chalicelib.destinations.asking import LookupKind

LOOKUP: Shape = {
    "destination": Rule(required=True, example='"md"'),
    "kind": Rule(required=True, example='"qa"'),
    "origins": Rule(kind="texts", required=True, clean=texts.origin, example='["https://www.example.co.jp"]'),
    "cache_seconds": Rule(kind="integer", least=60, most=86_400),
    "stale_seconds": Rule(kind="integer", least=0, most=86_400),
    "per_visitor_per_minute": Rule(kind="integer", least=1, most=600),
    "quota_share": Rule(kind="integer", least=1, most=50),
    "limit": Rule(kind="integer", least=1, most=50),
}


def lookups(
    raw: object,
    place: Place,
    *,
    destinations: Mapping[str, Destination],
    lanes: Mapping[str, Lane],
) -> dict[str, Lookup]:
    """
    Every lookup by name.
    """
    found = {}
    for name, table, here in named_tables(raw, place):
        lookup = _lookup(name, table, here, destinations=destinations)
        if lookup is not None:
            _check_lane(lookup, lanes, here)
            found[name] = lookup
    return found


def _lookup(
    name: str,
    table: Mapping[str, Any],
    place: Place,
    *,
    destinations: Mapping[str, Destination],
) -> Lookup | None:
    able = [each.name for each in destinations.values() if asked.lookups(each.vendor)]
    destination = destinations.get(str(table.get("destination")))
    kinds: Mapping[str, LookupKind] = asked.lookups(destination.vendor) if destination else {}
    kind = kinds.get(str(table.get("kind")))
    rules = {key: setting_rule(setting) for key, setting in kind.settings.items()} if kind else {}
    values = read(table, {**LOOKUP, **rules}, place)
    if "destination" in values and not kinds:
        place.key("destination").fault(
            f"{shown(values['destination'])} is no destination that can be asked by visitors", suggestion("", able)
        )
    elif "kind" in values and kind is None:
        place.key("kind").fault(f"{shown(values['kind'])} is no kind of lookup", suggestion(values["kind"], kinds))
    if destination is None or kind is None or place.at_fault:
        return None
    settings = {key: values.pop(key) for key in rules if key in values}
    return Lookup(name=name, lane=destination.lane, settings=settings, **values)


def _check_lane(lookup: Lookup, lanes: Mapping[str, Lane], place: Place) -> None:
    lane = lanes.get(lookup.lane)
    if lane is not None and lane.egress == "fixed":
        place.key("destination").fault(
            "is only called from the fixed address, and a visitor's question is answered without it",
            'Write egress = "any" there, or give the lookup a destination of its own.',
        )


def check_shares(sources: Iterable[Source], found: Iterable[Lookup], place: Place) -> None:
    """
    What polls and lookups may take of a lane together must leave the better part to what comes by itself.
    """
    polls: dict[str, int] = {}
    for source in sources:
        if source.poll is not None:
            polls[source.poll.lane] = max(polls.get(source.poll.lane, 0), source.poll.quota_share)
    for lookup in found:
        total = lookup.quota_share + polls.get(lookup.lane, 0)
        if total > SHARES_MAX:
            place.key(lookup.name).key("quota_share").fault(
                f"takes {total} % of lane {lookup.lane} together with its polls",
                f"Write less: at most {SHARES_MAX} % together, the rest is for what comes by itself.",
            )
