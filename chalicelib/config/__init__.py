"""
relay.toml → Config, validated whole: every fault is listed with its path and a remedy, before anything is deployed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from chalicelib.config.advice import advise_destinations, advise_routes, advise_sources
from chalicelib.config.basics import basics
from chalicelib.config.destinations import destinations
from chalicelib.config.lanes import lanes
from chalicelib.config.place import Place, Report
from chalicelib.config.polls import own_lanes, polls, split
from chalicelib.config.reading import tables
from chalicelib.config.routes import Known, routes
from chalicelib.config.sources import Presets, sources
from chalicelib.errors import ConfigError
from chalicelib.model import Config, Fault, Lookup

if TYPE_CHECKING:
    from chalicelib.destinations.kit import Vendor

__all__ = ["check", "parse"]

Vendors = Mapping[str, "Vendor"]


def parse(text: str | bytes, *, vendors: Vendors, presets: Presets, stage: str = "") -> Config:
    """
    The configuration that the text means. Raises ConfigError with every fault that stops a deployment.

    `stage` is where it shall run; "" and "local" may read secrets from the environment.
    """
    report = Report(stage)
    config = _config(text, report, vendors=vendors, presets=presets)
    if config is None:
        raise ConfigError([fault for fault in report.faults if not fault.warning])
    return config


def check(text: str | bytes, *, vendors: Vendors, presets: Presets, stage: str = "") -> list[Fault]:
    """
    Every fault and every warning, in the order found; empty for a configuration without blemish.
    """
    report = Report(stage)
    _config(text, report, vendors=vendors, presets=presets)
    return report.faults


def _config(text: str | bytes, report: Report, *, vendors: Vendors, presets: Presets) -> Config | None:
    """
    The configuration, or None if a fault was reported.
    """
    written = tables(text, report)
    if written is None:
        return None
    top = Place("", report)
    values = basics(written, top)
    senders, asked = split(written.get("sources", {}), vendors)
    values["sources"] = sources(
        senders,
        top.key("sources"),
        presets=presets,
        public_url=values.get("public_url", ""),
    )
    accounts = destinations(written.get("destinations", {}), top.key("destinations"), vendors=vendors)
    values["sources"] |= polls(asked, top.key("sources"), destinations=accounts, vendors=vendors)
    known = Known(sources=values["sources"], destinations=accounts, vendors=vendors)
    values["destinations"] = {name: one for name, one in known.destinations.items() if one is not None}
    values["routes"] = routes(written.get("routes", []), top.key("routes"), known)
    values["lanes"] = lanes(
        values["destinations"].values(),
        top.key("destinations"),
        vendors=vendors,
        egress=values["egress"],
    )
    values["lanes"] |= own_lanes(
        values["sources"].values(),
        top.key("sources"),
        lanes=values["lanes"],
        destinations=values["destinations"],
    )
    if "lookups" in written:
        values["lookups"] = _lookups(written["lookups"], values, top)
    _advise(values, top, known)
    return None if report.grave else Config(**values)


def _lookups(raw: object, values: Mapping[str, Any], top: Place) -> dict[str, Lookup]:
    from chalicelib.config.lookups import check_shares, lookups  # noqa: PLC0415 - few files have any

    place = top.key("lookups")
    found = lookups(raw, place, destinations=values["destinations"], lanes=values["lanes"])
    check_shares(values["sources"].values(), found.values(), place)
    return found


def _advise(values: Mapping[str, Any], top: Place, known: Known) -> None:
    """
    Warnings over the whole.
    """
    advise_sources(known.sources, values["routes"], top.key("sources"))
    asked = {source.poll.destination for source in known.sources.values() if source.poll}
    asked |= {each.destination for each in values.get("lookups", {}).values()}
    silent = {name: one for name, one in values["destinations"].items() if name not in asked}
    advise_destinations(silent, values["routes"], top.key("destinations"))
    advise_routes(
        values["routes"],
        top.key("sources"),
        sources=known.sources,
        destinations=values["destinations"],
        lanes=values["lanes"],
        vendors=known.vendors,
    )
