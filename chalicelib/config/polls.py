"""
[sources.NAME] whose preset names a vendor's retrieval: a source that is asked.

Its table is read after the destinations, since the retrieval says which keys it needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chalicelib.config import texts
from chalicelib.config.destinations import setting_rule
from chalicelib.config.named import named_tables
from chalicelib.config.place import Place, shown, suggestion
from chalicelib.config.schema import Rule, Shape, read
from chalicelib.config.sources import CEILING, EVENT
from chalicelib.destinations import asked
from chalicelib.model import Ceiling, Destination, EventRule, Lane, Poll, Source

if TYPE_CHECKING:
    from chalicelib.destinations.asking import Retrieval
    from chalicelib.destinations.kit import Vendor

SHARES_MAX = 75
"""
The percentage of a lane's calls that polls and lookups may have together: what comes by itself has the rest.
"""

POLL: Shape = {
    "preset": Rule(required=True),
    "destination": Rule(required=True, example='"haihai"'),
    "every_minutes": Rule(kind="integer", least=1, most=1_440),
    "overlap_minutes": Rule(kind="integer", least=1, most=10_080),
    "quota_share": Rule(kind="integer", least=1, most=50),
    "first": Rule(choices=("take", "remember")),
    "event": Rule(kind="table", shape=EVENT),
    "ceiling": Rule(kind="table", shape=CEILING),
    "personal": Rule(kind="texts"),
}
DEFAULTS = {"every_minutes": 30, "overlap_minutes": 120, "quota_share": 25, "first": "take"}

Vendors = Mapping[str, "Vendor"]


def split(raw: object, vendors: Vendors) -> tuple[object, dict[str, Any]]:
    """
    The tables of sources that send, and of those that are asked.

    A preset that begins with the name of a vendor that can be asked is a poll's.
    """
    if not isinstance(raw, Mapping):
        return raw, {}
    found = {name: table for name, table in raw.items() if _is_asked(table, vendors)}
    return {name: table for name, table in raw.items() if name not in found}, found


def _is_asked(table: object, vendors: Vendors) -> bool:
    preset = table.get("preset") if isinstance(table, Mapping) else None
    able = [slug for slug in asked.VENDORS_ASKED if slug in vendors]
    return isinstance(preset, str) and any(preset.startswith(f"{slug}_") for slug in able)


def polls(
    raw: Mapping[str, Any], place: Place, *, destinations: Mapping[str, Destination | None], vendors: Vendors
) -> dict[str, Source]:
    """
    Every source that is asked, by name; also one at fault, as far as it can be told.
    """
    found = {}
    for name, table, here in named_tables(raw, place):
        found[name] = _poll(name, table, here, destinations=destinations, vendors=vendors)
    return found


def _poll(
    name: str,
    table: Mapping[str, Any],
    place: Place,
    *,
    destinations: Mapping[str, Destination | None],
    vendors: Vendors,
) -> Source:
    slug, _, wanted = str(table["preset"]).partition("_")
    retrievals = asked.retrievals(slug)
    retrieval = retrievals.get(wanted)
    if retrieval is None:
        names = [f"{slug}_{each}" for each in retrievals]
        place.key("preset").fault(f"{shown(table['preset'])} is no preset", suggestion(str(table["preset"]), names))
        return Source(name=name, preset=str(table["preset"]))
    rules = {key: setting_rule(setting) for key, setting in retrieval.settings.items()}
    event = {**retrieval.event, **_written(table, "event")}
    values = read({**table, **({"event": event} if event else {})}, {**POLL, **rules}, place)
    settings = {key: values[key] for key in rules if key in values}
    destination = _destination(values.get("destination"), place.key("destination"), slug, destinations, vendors)
    source = Source(
        name=name,
        preset=str(table["preset"]),
        event=EventRule(**values.get("event", {})),
        ceiling=_ceiling(values.get("ceiling", {})),
        personal=values.get("personal", ()),
    )
    if destination is None:
        return source
    for fault in retrieval.check(settings, destination):
        place.take_in(fault, known_as=f"sources.{name}")
    if place.at_fault:
        return source
    return replace(source, poll=_of_values(values, settings, retrieval, destination))


def _of_values(
    values: Mapping[str, Any], settings: Mapping[str, Any], retrieval: Retrieval, destination: Destination
) -> Poll:
    given = {**DEFAULTS, **values}
    own = retrieval.lane(destination, settings) if retrieval.lane else None
    return Poll(
        destination=destination.name,
        retrieval=retrieval.name,
        lane=texts.name_from(own.name) if own else destination.lane,
        every_seconds=given["every_minutes"] * 60,
        overlap_seconds=given["overlap_minutes"] * 60,
        quota_share=0 if own else given["quota_share"],
        first=given["first"],
        settings=settings,
    )


def _written(table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = table.get(key, {})
    return value if isinstance(value, Mapping) else {}


def _ceiling(values: Mapping[str, Any]) -> Ceiling | None:
    return Ceiling(**values) if len(values) == len(CEILING) else None


def _destination(
    name: str | None,
    place: Place,
    slug: str,
    destinations: Mapping[str, Destination | None],
    vendors: Vendors,
) -> Destination | None:
    """
    The account that is asked, if it is one of the right vendor.
    """
    if name is None:
        return None
    right = [each.name for each in destinations.values() if each is not None and each.vendor == slug]
    if name not in right and (name not in destinations or destinations[name] is not None):
        place.fault(f"{shown(name)} is no destination of {vendors[slug].label}", suggestion(name, right))
    return destinations.get(name) if name in right else None


# ── lanes ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def own_lanes(
    sources: Iterable[Source],
    place: Place,
    *,
    lanes: Mapping[str, Lane],
    destinations: Mapping[str, Destination],
) -> dict[str, Lane]:
    """
    The lanes of retrievals that the vendor counts by themselves. `place` is that of the sources.
    """
    found: dict[str, Lane] = {}
    for source in sources:
        if source.poll is None:
            continue
        destination = destinations[source.poll.destination]
        retrieval = asked.retrievals(destination.vendor)[source.poll.retrieval]
        if retrieval.lane is None:
            continue
        lane = replace(retrieval.lane(destination, source.poll.settings), name=source.poll.lane)
        here = place.key(source.name)
        if lane.name in lanes:
            here.fault(f'would have the lane "{lane.name}", which a destination has', "Rename that lane.")
        elif found.get(lane.name, lane) != lane:
            here.key("calls_per_day").fault(
                f'differs from that of another source of lane "{lane.name}"', "The vendor counts both: write the same."
            )
        _check_pace(source, source.poll, lane, here)
        found[lane.name] = lane
    return found


def _check_pace(source: Source, poll: Poll, lane: Lane, place: Place) -> None:
    """
    Asking more often than the day has calls for only means to stand still in the evening.
    """
    runs = 86_400 // poll.every_seconds
    if lane.limits and runs > lane.limits[0].calls:
        place.key("every_minutes").warn(
            f"asks {runs:,} times a day, and {source.preset} has {lane.limits[0].calls:,} calls",
            f"Write at least {-(-1_440 // lane.limits[0].calls)}; else it stands still until midnight.",
        )
