"""
From what the relay knows to what a page shows: veiled, unless somebody asked for it on record.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from math import ceil

from chalicelib.console.day import LanePicture, Picture
from chalicelib.console.deliveries import DeliveryView
from chalicelib.console.lanes import LaneView
from chalicelib.console.record import DeedView
from chalicelib.console.searching import FoundView
from chalicelib.console.stories import CallView, StoryView
from chalicelib.model import Delivery
from chalicelib.planning.forecast import Forecast
from chalicelib.planning.windows import window_end, window_start
from chalicelib.records.audit import Deed
from chalicelib.records.layout import load, unstamp
from chalicelib.relay.calls_seen import CallSeen
from chalicelib.relay.daily import DayPicture
from chalicelib.relay.searching import Found
from chalicelib.relay.viewing import LaneStatus, Story
from chalicelib.veil import Veil, names_of


def lane_view(status: LaneStatus, outlook: Forecast, now: datetime, *, late_seconds: int) -> LaneView:
    """
    A lane as the first page shows it.
    """
    limit = status.lane.limits[0] if status.lane.limits else None
    elapsed = 0.0
    if limit is not None:
        start, end = window_start(limit, now), window_end(limit, now)
        elapsed = (now - start) / (end - start)
    return LaneView(
        lane=status.lane,
        state=status.state,
        waiting=status.waiting,
        oldest=status.oldest,
        next_call_at=status.next_call_at,
        used=status.used,
        limit=status.limit,
        reserved=status.reserved,
        pace_seconds=status.pace_seconds,
        elapsed=elapsed,
        late_seconds=late_seconds,
        empty_at=outlook.empty_at,
        done_at=outlook.done_at,
        calls_needed=outlook.calls_needed,
        drift_at=outlook.drift_at,
    )


def delivery_view(delivery: Delivery, veil: Veil, *, history: Sequence[str] = (), whole: bool = True) -> DeliveryView:
    """
    A delivery; with `whole`, also what is sent of it and what could be put in.
    """
    names = tuple(names_of(veil.config, delivery)) if whole and delivery.destination else ()
    return DeliveryView(
        delivery=delivery,
        payload=veil.payload(delivery) if whole else {},
        reason=veil.words(delivery.reason),
        history=tuple(veil.words(line) for line in history),
        names=names,
        faulty=tuple(name for name in names if f"; {name}: " in f"; {delivery.reason}"),
    )


def picture(found: DayPicture, today: date) -> Picture:
    """
    A day as its page shows it; waits are told in minutes, begun ones included.
    """
    return Picture(
        day=found.day,
        today=today,
        came=tuple((each.source, each.came) for each in found.sources),
        lanes=tuple(
            LanePicture(lane=each.lane, calls=each.calls, waits=tuple(ceil(wait / 60) for wait in each.waits))
            for each in found.lanes
        ),
    )


def deed_view(deed: Deed) -> DeedView:
    """
    An entry of the record.
    """
    return DeedView(at=deed.at, by=deed.by, deed=deed.deed, on=deed.on, why=deed.why, numbers=deed.numbers)


def found_view(found: Found) -> FoundView:
    """
    A submission that was found.
    """
    made = tuple(
        (each.id, f"{each.destination} {each.operation}".strip(), str(each.state), each.reason)
        for each in found.deliveries
    )
    return FoundView(
        event_id=found.event_id,
        source=found.source,
        arrived_at=found.arrived_at,
        address=found.address,
        deliveries=made,
    )


def story_view(event_id: str, story: Story, veil: Veil, *, calls: Sequence[CallSeen] = ()) -> StoryView:
    """
    A submission with all its deliveries.
    """
    found = tuple(delivery_view(each, veil, history=story.histories.get(each.id, ())) for each in story.deliveries)
    made = tuple(_call_view(each, veil) for each in calls)
    event = story.event
    if not event:
        return StoryView(id=event_id, deliveries=found, calls=made)
    evidence = {name: str(text) for name, text in load(event.get("evidence")).items()}
    return StoryView(
        id=event_id,
        source=event["source"],
        kind=event["kind"],
        arrived_at=unstamp(event["arrived_at"]),
        time=unstamp(event["time"]),
        hold=veil.words(event.get("hold") or ""),
        evidence=evidence,
        fields=veil.fields(event["source"], story.fields),
        deliveries=found,
        calls=made,
    )


def _call_view(call: CallSeen, veil: Veil) -> CallView:
    return CallView(
        id=call.id,
        delivery=call.delivery,
        lane=call.lane,
        at=call.at,
        reply=veil.words(call.reply),
        rows=call.rows,
        tries=call.tries,
        file=bool(call.file),
    )
