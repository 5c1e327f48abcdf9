"""
The picture of a day in Tokyo: by hour, what came from each source, and each lane's calls and longest waits.

Nothing of it costs the accept path a write of its own. What came is counted in the index that lists submissions by
source; an hour that is over is counted once an hour by the minute's worker and kept, so that a picture reads a few
kept numbers and counts the current hour only. Calls are counted on the lane's item, in the very write that reserves
them. How long the oldest delivery waits is measured each minute anyway, and the longest of an hour is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from chalicelib.model import LaneState
from chalicelib.planning.windows import JST, day_bounds
from chalicelib.ports import Item, Put, Query
from chalicelib.records import days, lanes
from chalicelib.records.layout import ATTENTION, CAME_SHARDS, came_partition, delivered_partition, lane_key, stamp
from chalicelib.relay.deps import Deps
from chalicelib.value import value

HOURS = 24
RECOUNTED_HOURS = 3
"""
An hour is counted so often after its end: a file's rows, and what lay in the inbox, come in under their own time.
"""

WAIT_TOLD_SECONDS = 60


@value
class SourceDay:
    """
    What came from a source in each hour, 0 to 23; hours to come are 0.
    """

    source: str
    came: tuple[int, ...]


@value
class LaneDay:
    """
    A lane's calls in each hour, and how long (seconds) its oldest delivery waited at most.
    """

    lane: str
    calls: tuple[int, ...]
    waits: tuple[int, ...]


@value
class DayPicture:
    """
    One day in Tokyo. `hours` is how many of its hours have begun (24 for a past day, 0 for one to come).
    """

    day: date
    hours: int
    sources: tuple[SourceDay, ...]
    lanes: tuple[LaneDay, ...]


class Daily:
    """
    Shows days, and keeps the numbers of hours that are over.
    """

    def __init__(self, deps: Deps) -> None:
        self._deps = deps
        self._closed_at = ""

    def picture(self, day: date | None = None) -> DayPicture:
        """
        A day as far as it has come; today without a date. Days of more than two months ago are empty.
        """
        now = self._deps.now().astimezone(JST)
        day = day or now.date()
        hours = HOURS if day < now.date() else now.hour + 1 if day == now.date() else 0
        config, name = self._deps.config, day.isoformat()
        sources, names = sorted(config.sources), sorted(config.lanes)
        kept = self._deps.ports.table.get(
            [*(days.source_key(name, each) for each in sources), *(days.lane_key(name, each) for each in names)]
        )
        states = self._states(names)
        return DayPicture(
            day=day,
            hours=hours,
            sources=tuple(
                SourceDay(source=each, came=self._came(each, day, item, hours))
                for each, item in zip(sources, kept, strict=False)
            ),
            lanes=tuple(
                _lane_day(each, name, item, state)
                for each, item, state in zip(names, kept[len(sources) :], states, strict=True)
            ),
        )

    def delivered(self, source: str, start: datetime, end: datetime) -> int:
        """
        How many deliveries of a source were delivered between two times.
        """
        return sum(self._count(delivered_partition(source, shard), start, end) for shard in range(CAME_SHARDS))

    def came(self, source: str, start: datetime, end: datetime) -> int:
        """
        How many submissions of a source came between two times.
        """
        return sum(self._count(came_partition(source, shard), start, end) for shard in range(CAME_SHARDS))

    # ── keeping ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def close_hours(self) -> None:
        """
        Keep the numbers of hours that are over; once an hour, by the first minute that comes.

        What was not kept because nobody came for hours is counted now, for today and yesterday.
        """
        now = self._deps.now().astimezone(JST)
        this_hour = f"{now:%Y-%m-%dT%H}"
        if self._closed_at == this_hour:
            return
        for day in (now.date() - timedelta(days=1), now.date()):
            self._close(day, now)
        self._closed_at = this_hour

    def note_waits(self, waited: Mapping[str, float]) -> None:
        """
        Keep the longest wait of each lane in the current hour, in seconds; short ones are not worth a write.
        """
        names = sorted(name for name, seconds in waited.items() if seconds >= WAIT_TOLD_SECONDS)
        now = self._deps.now().astimezone(JST)
        keys = [days.lane_key(now.date().isoformat(), name) for name in names]
        kept = self._deps.ports.table.get(keys) if keys else []
        for name, key, item in zip(names, keys, kept, strict=True):
            waits, seconds = days.numbers(item, "waits"), int(waited[name])
            if seconds >= waits.get(now.hour, 0) + WAIT_TOLD_SECONDS:
                calls = days.numbers(item, "calls")
                self._write(days.put(key, now, calls=calls, waits=waits | {now.hour: seconds}))

    def _close(self, day: date, now: datetime) -> None:
        config, name = self._deps.config, day.isoformat()
        over = HOURS if day < now.date() else now.hour
        fresh = day == now.date() or now.hour < RECOUNTED_HOURS
        recounted = range(max(0, over - RECOUNTED_HOURS), over) if fresh else ()
        sources, names = sorted(config.sources), sorted(config.lanes)
        for source in sources:
            key = days.source_key(name, source)
            item = self._deps.ports.table.get([key])[0]
            came = days.numbers(item, "came")
            wanted = {hour for hour in range(over) if hour not in came} | set(recounted)
            if wanted:
                counted = {hour: self.came(source, *_hour(day, hour)) for hour in sorted(wanted)}
                self._write(days.put(key, now, came=came | counted))
        for lane, state in zip(names, self._states(names), strict=True):
            key = days.lane_key(name, lane)
            item = self._deps.ports.table.get([key])[0]
            calls = days.numbers(item, "calls")
            new = calls | _calls(state, name)
            if new != calls:
                self._write(days.put(key, now, calls=new, waits=days.numbers(item, "waits")))

    def _write(self, put: Put) -> None:
        self._deps.ports.table.write(put)

    # ── counting ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _came(self, source: str, day: date, item: Item | None, hours: int) -> tuple[int, ...]:
        kept = days.numbers(item, "came")
        return tuple(
            kept[hour] if hour in kept else self.came(source, *_hour(day, hour)) if hour < hours else 0
            for hour in range(HOURS)
        )

    def _count(self, pk: str, start: datetime, end: datetime) -> int:
        # The end itself belongs to what follows: "…:00.000000Z#" sorts after "…:00.000000Z".
        return self._deps.ports.table.count(Query(pk=pk, index=ATTENTION, first=stamp(start), last=stamp(end)))

    def _states(self, names: Sequence[str]) -> list[LaneState]:
        items = self._deps.ports.table.get([lane_key(each) for each in names])
        return [lanes.state_from(name, [item]) for name, item in zip(names, items, strict=True)]


def _lane_day(lane: str, day: str, item: Item | None, state: LaneState) -> LaneDay:
    calls, waits = days.numbers(item, "calls") | _calls(state, day), days.numbers(item, "waits")
    return LaneDay(
        lane=lane,
        calls=tuple(calls.get(hour, 0) for hour in range(HOURS)),
        waits=tuple(waits.get(hour, 0) for hour in range(HOURS)),
    )


def _calls(state: LaneState, day: str) -> dict[int, int]:
    """
    The calls by hour that the lane's own item still has of a day; an hour that it has lost is kept elsewhere.
    """
    return {int(name[11:]): count for name, count in state.hours.items() if name[:10] == day}


def _hour(day: date, hour: int) -> tuple[datetime, datetime]:
    start = day_bounds(day)[0] + timedelta(hours=hour)
    return start, start + timedelta(hours=1)
