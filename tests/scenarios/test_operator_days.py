"""
The picture of a day, and the forecast, as a real day makes them.
"""

from __future__ import annotations

from datetime import date, timedelta

from chalicelib.relay.daily import LaneDay, SourceDay
from tests.scenarios.world import TEN, World

HAIHAI = "haihaimail-api-sample-import"
SATORI = "satori-satori"
TODAY = date(2026, 11, 21)


def form(world: World, number: int, source: str = "newsletter") -> None:
    fields = {"email": f"u{number}@example.co.jp", "name": f"名{number}", "sei": "山田", "mei": "太郎"}
    assert world.submit(source, fields).status == 303


def source(world: World, name: str, day: date = TODAY) -> SourceDay:
    return next(each for each in world.relay.operator.day(day).sources if each.source == name)


def lane(world: World, name: str, day: date = TODAY) -> LaneDay:
    return next(each for each in world.relay.operator.day(day).lanes if each.lane == name)


def test_a_day_shows_what_came_and_what_was_called() -> None:
    """By the hour in Tokyo, in which it happened; hours to come are empty."""
    world = World()
    for number in range(3):
        form(world, number)
        form(world, number, "contact")
    world.pass_minutes(60)
    form(world, 9, "contact")

    picture = world.relay.operator.day()
    assert (picture.day, picture.hours) == (TODAY, 12)
    assert source(world, "newsletter").came == (*[0] * 10, 3, *[0] * 13)
    assert source(world, "contact").came == (*[0] * 10, 3, 1, *[0] * 12)
    assert lane(world, SATORI).calls == (*[0] * 10, 3, 1, *[0] * 12)
    assert lane(world, HAIHAI).calls[10:12] == (world.relay.operator.lane_status(HAIHAI).used, 0)


def test_hours_that_are_over_are_kept() -> None:
    """A later look counts the current hour only; what it shows of the others has been kept by the minute's worker."""
    world = World()
    form(world, 1)
    world.pass_minutes(5 * 60, step=10)
    world.pass_minutes(1)

    counted: list[str] = []
    count = world.table.count
    world.table.count = lambda query: counted.append(query.first) or count(query)  # type: ignore[method-assign,func-returns-value]
    assert source(world, "newsletter").came[10] == 1
    assert {each[:13] for each in counted} == {"2026-11-21T06"}


def test_what_comes_late_into_a_closed_hour_is_counted_again() -> None:
    """An envelope that lay in the inbox, or a file's rows, come under the time at which they were taken in."""
    world = World()
    world.pass_minutes(65)
    form_at_ten = world.clock.now()
    world.clock.move_to(TEN + timedelta(minutes=5))
    form(world, 1)
    world.clock.move_to(form_at_ten)
    world.pass_minutes(60)

    assert source(world, "newsletter").came[10] == 1


def test_yesterday_is_whole() -> None:
    """The hours before midnight are all there on the next day, calls too."""
    world = World()
    form(world, 1, "contact")
    world.pass_until(TEN + timedelta(hours=15))
    form(world, 2, "contact")

    picture = world.relay.operator.day(TODAY)
    assert picture.hours == 24
    assert sum(source(world, "contact").came) == 1
    assert sum(lane(world, SATORI).calls) == 1
    assert sum(source(world, "contact", TODAY + timedelta(days=1)).came) == 1
    assert world.relay.operator.day(TODAY + timedelta(days=9)).hours == 0


def test_the_longest_wait_of_an_hour_is_kept() -> None:
    """A paused lane lets deliveries wait; the picture shows for how long, hour by hour."""
    world = World()
    world.relay.operator.pause(SATORI, "for the test")
    form(world, 1, "contact")
    world.pass_minutes(90)
    world.relay.operator.resume(SATORI)
    world.pass_minutes(60)

    waits = lane(world, SATORI).waits
    assert 55 * 60 <= waits[10] <= 60 * 60
    assert 85 * 60 <= waits[11] <= 91 * 60
    assert waits[12] == 0


def test_the_forecast_tells_quota_pace_and_the_end_of_the_backlog() -> None:
    """A lane's outlook, from what the table knows of it."""
    world = World()
    for number in range(5):
        form(world, number)

    found = {each.lane: each for each in world.relay.operator.forecast()}
    assert (found[HAIHAI].waiting, found[HAIHAI].calls_needed) == (5, 1)
    assert (found[HAIHAI].limit, found[HAIHAI].used) == (240, 0)
    assert found[HAIHAI].done_at is not None
    assert (found[SATORI].limit, found[SATORI].done_at) == (0, None)

    world.pass_minutes(10)
    found = {each.lane: each for each in world.relay.operator.forecast()}
    assert (found[HAIHAI].waiting, found[HAIHAI].used) == (0, 1)
    assert sum(found[HAIHAI].calls_by_hour) == 1


def test_the_forecast_knows_that_somebody_else_uses_the_account() -> None:
    """The vendor refuses although our books have room: drift, told for the rest of the day."""
    world = World()
    world.haihai.quota.spend(240, world.clock.now())
    form(world, 1)
    world.pass_minutes(3)

    (found,) = [each for each in world.relay.operator.forecast() if each.lane == HAIHAI]
    assert found.drift_at is not None
