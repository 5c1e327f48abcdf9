"""
`ekiden search`, `story`, `forecast`, `day`, `replay`, `audit`, and the status that keeps looking.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta

import click
import pytest

from chalicelib.cli.times import Moment, at
from chalicelib.config import parse
from chalicelib.destinations import VENDORS
from chalicelib.model import Limit, State
from chalicelib.planning.windows import JST
from chalicelib.sources import PRESETS
from tests.scenarios.world import CONFIG, TEN, World
from tests.unit.cli.conftest import LANE, Ekiden, Make, flat

SATORI = "satori-satori"


def form(world: World, number: int, source: str = "newsletter", **fields: str) -> None:
    given = {"email": f"u{number}@example.co.jp", "name": "名", "sei": "山田", "mei": "太郎", **fields}
    assert world.submit(source, given).status == 303


def mended(world: World) -> None:
    """Another relay.toml is deployed, by which the dead letters of the newsletter can go."""
    text = CONFIG.replace('"お名前" = "name"', '"お名前" = { const = "吉田" }')
    world.config = parse(text, vendors=VENDORS, presets=PRESETS)
    world.relay = world._relay()


# ── search ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_person_is_searched_by_address(world: World, ekiden: Ekiden) -> None:
    """What came of them, where it is, and the command for the whole story; their address is masked."""
    form(world, 1)
    form(world, 2)
    shown = ekiden("search", "u1@example.co.jp").output
    found = json.loads(ekiden("search", "U1@example.co.jp", "--json").output)

    assert "u•••@example.co.jp" in shown
    assert "u1@" not in shown
    assert f"→ ekiden story {found['found'][0]['id']}\n" in shown
    assert [each["deliveries"][0]["state"] for each in found["found"]] == ["waiting"]
    assert ekiden("search", "nobody@example.co.jp").output == "Nothing was found.\n"


def test_a_search_is_narrowed_and_goes_on(world: World, ekiden: Ekiden) -> None:
    """By source, state and time; the next page is one command away."""
    for number in range(3):
        form(world, number)
    form(world, 9, name="😀")
    world.clock.move_to(TEN + timedelta(days=2))
    form(world, 10, "contact")

    def count(*options: str) -> int:
        return len(json.loads(ekiden("search", "--json", *options).output)["found"])

    assert count() == 5
    assert count("--source", "contact") == 1
    assert count("--state", "dead") == 1
    assert count("--since", "1h") == 1
    assert count("--since", "2026-11-21", "--until", "2026-11-21") == 4
    first = json.loads(ekiden("search", "--limit", "3", "--json").output)
    assert count("--limit", "3", "--cursor", first["cursor"]) == 2
    assert "--cursor" in ekiden("search", "--limit", "3").output


def test_a_submission_is_searched_by_its_id(world: World, ekiden: Ekiden) -> None:
    """Its own id, or that of a delivery; one that is not there is told in words."""
    form(world, 1)
    (delivery,) = world.deliveries()

    assert json.loads(ekiden("search", delivery.id, "--json").output)["found"][0]["id"] == delivery.event_id
    assert ekiden("search", "01JDXXXXXXXXXXXXXXXXXXXXXX").exit_code == 1


def test_a_time_that_is_none_is_wrong_use(ekiden: Ekiden) -> None:
    """With how it is written."""
    done = ekiden("search", "--since", "yesterday")

    assert done.exit_code == 2
    assert "Write 2026-11-21" in flat(done)


def test_times_are_of_tokyo_unless_they_say_otherwise() -> None:
    """A day is its beginning, as an end it is its end; so long ago is by the relay's clock."""
    convert = Moment().convert
    assert convert("2026-11-21", None, None) == datetime(2026, 11, 21, tzinfo=JST)
    assert Moment(end=True).convert("2026-11-21", None, None) == datetime(2026, 11, 22, tzinfo=JST)
    assert convert("2026-11-21T10:00", None, None) == TEN
    assert convert("2026-11-21T01:00:00+00:00", None, None) == TEN
    assert at(convert("90min", None, None), TEN) == TEN - timedelta(minutes=90)
    assert at(None, TEN) is None
    for wrong in ("2026-13-45", "99999999d", "", "10:00"):
        with pytest.raises(click.BadParameter):
            convert(wrong, None, None)
    assert at(convert("9999d", None, None), TEN) is not None


# ── story ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_story_tells_the_calls(world: World, ekiden: Ekiden) -> None:
    """Under the new name and the old one alike: the file, its size, and what came back."""
    form(world, 1)
    world.pass_minutes(3)
    (delivery,) = world.deliveries()
    shown = flat(ekiden("story", delivery.event_id))
    (call,) = json.loads(ekiden("submission", delivery.event_id, "--json").output)["calls"]

    assert "delivered: accepted" in shown
    assert call["id"] in shown
    assert call["file_bytes"] > 0
    assert f"{call['file_bytes']:,} bytes" in shown


# ── outlook ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_forecast_says_when_calls_run_out(ekiden: Ekiden, world: World) -> None:
    """In a sentence for people, in times for programs."""
    for number in range(40):
        form(world, number, "contact")
    form(world, 1)
    shown = flat(ekiden("forecast"))
    found = {each["lane"]: each for each in json.loads(ekiden("forecast", "--json").output)["lanes"]}

    assert "lasts today" in shown
    assert "no daily limit" in shown
    assert (found[LANE]["waiting"], found[LANE]["calls_needed"]) == (1, 1)
    assert found[LANE]["resets_at"] == "2026-11-22T00:00:00+09:00"
    assert found[SATORI]["calls_by_hour"][10] > 0


def test_an_empty_day_of_calls_is_told_in_time(world: World, ekiden: Ekiden) -> None:
    """A lane that calls too fast is told with the hour in which nothing will be left; drift is told too."""
    lane = replace(world.config.lanes[SATORI], limits=(Limit(calls=30, per="day"),))
    world.config = replace(world.config, lanes={**world.config.lanes, SATORI: lane})
    world.relay = world._relay()
    for number in range(20):
        form(world, number, "contact")
        world.clock.sleep(60)
    world.haihai.quota.spend(240, world.clock.now())
    form(world, 1)
    world.pass_minutes(3)
    shown = flat(ekiden("forecast"))

    assert "at this pace empty at" in shown
    assert "drift at 2026-11-21 10:" in shown


def test_a_day_is_drawn_and_counted(world: World, ekiden: Ekiden) -> None:
    """A row of bars for people, numbers by hour for programs; a day that is none is wrong use."""
    form(world, 1, "contact")
    found = json.loads(ekiden("day", "--json").output)
    contact = next(each for each in found["sources"] if each["source"] == "contact")

    assert contact["came"] == [*[0] * 10, 1, *[0] * 13]
    assert "█" in ekiden("day", "2026-11-21").output
    assert "█" not in ekiden("day", "2026-11-20").output
    assert ekiden("day", "someday").exit_code == 2


# ── replay ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_dry_run_shows_the_price_and_does_nothing(world: World, ekiden: Ekiden) -> None:
    """Calls by lane, what is left of today, and what would be refused again. Status 0: it was asked for."""
    for number in range(3):
        form(world, number, name="😀")
    form(world, 4, "contact", sei="あ" * 300)
    mended(world)
    done = ekiden("replay", "--all", "--dry-run")
    (price,) = json.loads(ekiden("replay", "--all", "--dry-run", "--json").output)["price"]

    assert done.exit_code == 0
    assert "Would replay 3 dead letters" in done.output
    assert "1 other would be refused again" in done.output
    assert price == {"lane": LANE, "deliveries": 3, "calls": 1, "left": 228}
    assert world.states() == {"dead": 4}


def test_without_yes_nothing_is_replayed(world: World, ekiden: Ekiden) -> None:
    """The same plan, and status 1; with it each is done, and what stayed is told."""
    for number in range(3):
        form(world, number, name="😀")
    mended(world)
    planned = ekiden("replay", "--source", "newsletter")
    assert (planned.exit_code, world.states()) == (1, {"dead": 3})
    assert "--yes" in planned.output

    done = json.loads(ekiden("replay", "--source", "newsletter", "--reason", "cp932", "--yes", "--json").output)
    assert [bool(each["became"]) for each in done["results"]] == [True] * 3
    assert world.states() == {"superseded": 3, "waiting": 3}
    assert "Would replay 0 dead letters" in ekiden("replay", "--all", "--yes").output


def test_held_deliveries_are_dropped_by_filter(world: World, ekiden: Ekiden) -> None:
    """A flood that was held goes by one command."""
    for number in range(5):
        form(world, number, "contact", _gotcha="x")
    done = ekiden("replay", "--held", "--to", "satori", "--drop", "--yes")

    assert "5 of 5 deliveries done." in done.output
    assert world.states() == {"dropped": 5}


def test_which_ones_must_be_said(ekiden: Ekiden) -> None:
    """Neither a filter nor --all, or both: wrong use."""
    assert ekiden("replay").exit_code == 2
    assert ekiden("replay", "--all", "--source", "contact").exit_code == 2


def test_the_rows_of_a_held_key_are_dropped(world: World, ekiden: Ekiden) -> None:
    """First the plan with how many, then all of them."""
    del world.haihai.account.groups["12"]
    for number in range(4):
        form(world, number)
    world.pass_minutes(1)
    ((lane, key, _),) = world.relay.operator.held_keys()
    planned = ekiden("held", "drop", f"{lane}/{key.name}")
    assert "Would drop 4 rows of" in flat(planned)
    assert world.states() == {"waiting": 4}

    done = json.loads(ekiden("held", "drop", f"{lane}/{key.name}", "--yes", "--json").output)
    assert done["results"][0]["result"] == "4 rows dropped"
    assert world.states() == {"dropped": 4}


# ── audit ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_deeds_are_listed_with_who_did_them(world: World, ekiden: Ekiden) -> None:
    """The newest first; nothing on record is said."""
    assert ekiden("audit").output == "Nothing is on record.\n"
    world.relay.operator_named(lambda: "arn:aws:iam::1:user/hanako").pause(LANE, "maintenance")
    ekiden("resume", LANE)
    shown = flat(ekiden("audit"))
    found = json.loads(ekiden("audit", "--json").output)["found"]

    assert "arn:aws:iam::1:user/hanako" in shown
    assert [(each["by"], each["deed"], each["on"]) for each in found] == [
        ("unknown", "resume", [LANE]),
        ("arn:aws:iam::1:user/hanako", "pause", [LANE]),
    ]
    assert json.loads(ekiden("audit", "--until", "2026-11-20", "--json").output)["found"] == []
    assert "--cursor" in ekiden("audit", "--limit", "1").output


def test_a_reveal_is_on_record(world: World, ekiden: Ekiden) -> None:
    """Whoever looked at personal values in clear."""
    form(world, 1)
    (delivery,) = world.deliveries()
    ekiden("story", delivery.event_id, "--reveal")

    (entry,) = world.relay.operator.audit().found
    assert (entry.deed, entry.on) == ("reveal", (delivery.event_id,))


# ── watching ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_status_looks_again_until_it_is_ended(world: World, typed: Make) -> None:
    """Each look has its time, and shows what has changed since."""
    looks: list[float] = []

    def pause(seconds: float) -> None:
        looks.append(seconds)
        form(world, len(looks))
        world.clock.sleep(seconds)
        if len(looks) == 2:
            raise KeyboardInterrupt

    ekiden = typed(connect=lambda _stage, _file: world.relay, pause=pause)
    done = ekiden("status", "--watch")

    assert done.exit_code == 0
    assert "2026-11-21 10:00:00 JST" in done.output
    assert "2026-11-21 10:00:05 JST" in done.output
    assert "for 5 s" in done.output
    assert typed(connect=lambda _stage, _file: world.relay)("status", "--watch", "--json").exit_code == 2


# ── programs ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_deeds_answer_in_json(world: World, ekiden: Ekiden) -> None:
    """What was done, by id, for every deed; a plan says that nothing was."""
    form(world, 1, name="😀")
    form(world, 2, name="😀")
    first, second = world.relay.operator.listed(State.DEAD)

    def answer(*words: str) -> dict[str, object]:
        found: dict[str, object] = json.loads(ekiden(*words, "--json").output)
        return found

    assert answer("pause", LANE) == {"lane": LANE, "paused": "paused by an operator"}
    assert answer("resume", LANE) == {"lane": LANE, "paused": None}
    assert answer("ring", LANE) == {"rung": [LANE]}
    assert answer("dead", "replay", first.id)["done"] is False
    assert answer("dead", "replay", "--all")["would"] == "replay 2 dead letters"
    assert answer("dead", "drop", second.id)["done"] is False
    assert answer("dead", "fix", first.id, "お名前=吉田")["fixed"] == ["お名前"]
    assert answer("dead", "drop", second.id, "--yes")["done"] is True
    assert answer("held", "release", "nonsense.1")["done"] is False
    assert answer("held", "let-go", LANE)["call"] is None
