"""
Ceilings: what a source sends beyond its own number waits for a person, so that a flood cannot eat a vendor's quota.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from chalicelib.errors import StoreUnavailable
from chalicelib.model import Ceiling, Event, Limit, Source
from chalicelib.planning.windows import JST, window_name
from chalicelib.ports import Lost
from chalicelib.records import events as event_records
from chalicelib.relay.deps import Deps


def hold_over_ceiling(deps: Deps, event: Event, source: Source, now: datetime) -> Event:
    """
    Count the event; beyond the ceiling it comes back with the reason why it is held.
    """
    ceiling = source.ceiling
    if ceiling is None or event.hold or event.test:
        return event
    counted = event_records.count_against_ceiling(source.name, _window(ceiling, now), ceiling.events, now)
    if isinstance(deps.ports.table.write(counted), Lost):
        return replace(event, hold=f"ceiling: more than {ceiling.events} events per {ceiling.per}")
    return event


def uncount(deps: Deps, event: Event, at: datetime) -> None:
    """
    A repeated knock is no new event of its source.
    """
    ceiling = deps.config.sources[event.source].ceiling
    if ceiling is None or event.hold or event.test:
        return
    with suppress(StoreUnavailable):
        deps.ports.table.write(event_records.uncount(event.source, _window(ceiling, at)))


def _window(ceiling: Ceiling, now: datetime) -> str:
    if ceiling.per == "hour":
        return f"hour#{now.astimezone(JST):%Y-%m-%dT%H}"
    return window_name(Limit(calls=ceiling.events, per="day"), now)
