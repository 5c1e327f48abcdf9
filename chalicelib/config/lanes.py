"""
The lanes that the destinations need: one for each vendor quota.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from chalicelib.config.place import Place
from chalicelib.config.texts import name_from
from chalicelib.model import Destination, Egress, Lane

if TYPE_CHECKING:
    from chalicelib.destinations.kit import Vendor


def lanes(
    destinations: Iterable[Destination],
    place: Place,
    *,
    vendors: Mapping[str, Vendor],
    egress: Egress,
) -> dict[str, Lane]:
    """
    Every lane by name. Destinations on one lane share one quota, so they must agree on it to the last number.

    `place` is that of the destinations; the limits of one at fault are not known.
    """
    found: dict[str, Lane] = {}
    owners: dict[str, Destination] = {}
    for destination in destinations:
        if place.key(destination.name).at_fault:
            continue
        lane = vendors[destination.vendor].lane(destination, destination.lane)
        here = place.key(destination.name).key("lane")
        if lane.name in found:
            owner = owners[lane.name]
            if _is_namesake(destination, owner, vendors):
                here.fault(f'would be "{lane.name}", as that of destinations.{owner.name}', "Name the lanes of both.")
            else:
                _check_shared(lane, found[lane.name], owner.name, here)
            continue
        _check_account(destination, owners.values(), here, vendors)
        found[lane.name], owners[lane.name] = lane, destination
        if lane.egress == "fixed" and not egress.subnet_ids:
            Place("egress.subnet_ids", place.report).fault(
                f'is missing, and lane "{lane.name}" calls from a fixed address',
                "List the private subnets behind your Elastic IP, and their security groups.",
            )
    return found


def _is_namesake(one: Destination, other: Destination, vendors: Mapping[str, Vendor]) -> bool:
    """
    Whether two default names differ and only became one when they were made usable ("a_b" and "a-b").
    """
    names = [vendors[each.vendor].lane_name(each.name, _settings(each)) for each in (one, other)]
    return names[0] != names[1] and all(name_from(name) == one.lane for name in names)


def _check_account(
    destination: Destination, others: Iterable[Destination], place: Place, vendors: Mapping[str, Vendor]
) -> None:
    """
    A vendor counts by account, whatever lanes are called: one account in two lanes would be called twice as often.
    """
    for other in others:
        same_keys = destination.credentials == other.credentials
        if destination.vendor != other.vendor or destination.base_url != other.base_url:
            continue
        scopes = {vendors[each.vendor].lane_name("-", _settings(each)) for each in (destination, other)}
        if len(scopes) > 1 or not (same_keys or _names_account(destination, vendors)):
            continue
        place.fault(
            f'"{destination.lane}" calls the account of destinations.{other.name}, which has lane "{other.lane}"',
            f'The vendor counts both together: write lane = "{other.lane}" here, or leave lane out in both.',
        )
        return


def _names_account(destination: Destination, vendors: Mapping[str, Vendor]) -> bool:
    """
    Whether the vendor's own name of the quota scope comes from the account, and not from the destination's name.
    """
    name = vendors[destination.vendor].lane_name
    return name("one", _settings(destination)) == name("two", _settings(destination))


def _settings(destination: Destination) -> dict[str, Any]:
    """
    What a vendor names its quota scope by.
    """
    return {**destination.settings, "base_url": destination.base_url}


def _check_shared(lane: Lane, first: Lane, owner: str, place: Place) -> None:
    if lane.vendor != first.vendor:
        place.fault(
            f'"{lane.name}" is shared with destinations.{owner}, which belongs to another vendor',
            "Give it a lane of its own: no two vendors count together.",
        )
        return
    differing = [field.name for field in fields(Lane) if getattr(lane, field.name) != getattr(first, field.name)]
    if differing:
        place.fault(
            f'"{lane.name}" is shared with destinations.{owner}, but they differ in {", ".join(differing)}',
            "Give both the same settings, or this one a lane of its own if it has a quota of its own.",
        )
