"""
`ekiden dead`: looking at dead letters, mending, replaying and dropping them.
"""

from __future__ import annotations

import json

import pytest

from chalicelib.model import State
from tests.scenarios.world import CONFIG, World
from tests.unit.cli.conftest import Ekiden, Make, flat


@pytest.fixture
def dead_id(world: World) -> str:
    """
    A sign-up whose name 配配メール cannot store.
    """
    world.submit("newsletter", {"email": "taro@example.co.jp", "name": "𠮷田 太郎"})
    return world.relay.operator.listed(State.DEAD)[0].id


def test_the_list_tells_why_and_what_to_do(dead_id: str, ekiden: Ekiden) -> None:
    """Id, time in Tokyo, way and reason, and commands that can be copied."""
    shown = ekiden("dead", "list")

    assert shown.exit_code == 0
    assert "2026-11-21 10:00" in shown.output
    assert "newsletter → haihai register" in shown.output
    assert "𠮷 U+20BB7" in shown.output
    assert f"→ ekiden dead show {dead_id}\n" in shown.output
    assert f"→ ekiden dead fix {dead_id} お名前=VALUE\n" in shown.output


def test_an_empty_list_says_so(ekiden: Ekiden) -> None:
    """A sentence for people, an empty list for programs."""
    assert ekiden("dead", "list").output == "There are no dead letters.\n"
    assert json.loads(ekiden("dead", "list", "--json").output) == []


def test_a_long_list_says_how_many_there_are(dead_id: str, world: World, ekiden: Ekiden) -> None:
    """With a limit the oldest are shown, and the number of all."""
    world.clock.sleep(1)
    world.submit("newsletter", {"email": "b@example.co.jp", "name": "𠮷"})
    shown = ekiden("dead", "list", "--limit", "1").output

    assert dead_id in shown
    assert "1 of 2 dead letters" in shown


@pytest.mark.parametrize("words", [("dead", "list"), ("dead", "show"), ("submission",)])
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_personal_values_are_veiled(
    words: tuple[str, ...], form: tuple[str, ...], dead_id: str, world: World, ekiden: Ekiden
) -> None:
    """Neither address nor name is on the screen or in the JSON unless asked for; nothing is put on record."""
    shown = ekiden(*words, *([] if words[-1] == "list" else [dead_id]), *form).output

    assert dead_id in shown
    assert "taro@" not in shown
    assert "太郎" not in shown
    assert "operator.revealed" not in dict(world.journal.lines)


@pytest.mark.parametrize("words", [("dead", "show"), ("submission",)])
def test_a_reveal_is_put_on_record(words: tuple[str, ...], dead_id: str, world: World, ekiden: Ekiden) -> None:
    """Values in clear are an act of somebody, with the id in the journal and without the values."""
    shown = ekiden(*words, dead_id, "--reveal").output
    name = dead_id if words[0] == "dead" else dead_id.partition(".")[0]

    assert "taro@example.co.jp" in shown
    assert "𠮷田 太郎" in shown
    assert ("operator.revealed", {"id": name}) in world.journal.lines


def test_a_sources_own_list_of_personal_fields_is_obeyed(typed: Make) -> None:
    """Where the source says which fields are personal, the others are shown."""
    declared = CONFIG.replace("[sources.newsletter]\n", '[sources.newsletter]\npersonal = ["email"]\n')
    world = World(declared)
    world.submit("newsletter", {"email": "taro@example.co.jp", "name": "𠮷田"})
    ekiden = typed(connect=lambda _stage, _file: world.relay)
    shown = ekiden("dead", "show", world.relay.operator.listed(State.DEAD)[0].id).output

    assert "𠮷田" in shown
    assert "••• (18)" in shown


def test_a_declaration_says_nothing_of_what_lies_deeper(typed: Make) -> None:
    """Nested values and bodies that could not be understood stay veiled, whatever the source declares."""
    declared = CONFIG.replace("[sources.crm]\n", '[sources.crm]\npersonal = ["email"]\n')
    world = World(declared)
    record = {"id": "1", "type": "changed", "updated_at": "2026-11-21T09:00:00+09:00", "owner": {"name": "山田"}}
    world.webhook(json.dumps({"events": [record]}).encode())
    world.webhook(json.dumps({"oops": "山田"}, ensure_ascii=False).encode())
    ekiden = typed(connect=lambda _stage, _file: world.relay)
    shown = [ekiden("submission", each.event_id).output for each in world.deliveries()]

    assert len(shown) == 2
    assert "山田" not in "".join(shown)
    assert "2026-11-21T09:00:00+09:00" in "".join(shown)


def test_a_constant_of_relay_toml_is_nobodys(world: World, ekiden: Ekiden) -> None:
    """What the configuration itself says, and the vendor's own words, need no veil."""
    world.submit("contact", {"email": "taro@example.co.jp", "sei": "山" * 300, "mei": "太郎"})
    shown = ekiden("dead", "show", world.relay.operator.listed(State.DEAD)[0].id).output

    assert "問合せフォーム" in shown
    assert "••• (300)" in shown
    assert "太郎" not in shown


def test_what_a_stranger_typed_cannot_steer_the_terminal(world: World, ekiden: Ekiden) -> None:
    """Escape sequences and markup are shown as text."""
    world.submit("newsletter", {"email": "a@example.co.jp", "name": "[red]\x1b]0;owned\x07𠮷"})
    shown = ekiden("dead", "show", world.relay.operator.listed(State.DEAD)[0].id, "--reveal").output

    assert "\x1b" not in shown
    assert "[red]\\x1b]0;owned\\x07𠮷" in shown


def test_a_mended_letter_is_sent_again(dead_id: str, world: World, ekiden: Ekiden) -> None:
    """Before and after are shown, the value before veiled; the vendor gets the new one."""
    shown = ekiden("dead", "fix", dead_id, "お名前=吉田 太郎")
    world.pass_minutes(1)
    customer = world.haihai.customer("taro@example.co.jp")

    assert shown.exit_code == 0
    assert "••• (5)" in shown.output
    assert "吉田 太郎" in shown.output
    assert "𠮷田" not in shown.output
    assert customer is not None
    assert customer.values["お名前"] == "吉田 太郎"
    assert ekiden("dead", "list").output == "There are no dead letters.\n"


def test_a_fix_that_does_not_help_changes_nothing(dead_id: str, world: World, ekiden: Ekiden) -> None:
    """The reason of the second refusal is told; the letter stays."""
    shown = ekiden("dead", "fix", dead_id, "お名前=𠮷")

    assert shown.exit_code == 1
    assert "It would be dead again" in shown.output
    assert world.states() == {"dead": 1}


@pytest.mark.parametrize(
    ("typed_in", "answer"),
    [
        ("お名=吉田", 'Did you mean "お名前"?'),
        ("gid=12", "Write one of: メールアドレス, お名前"),
        ("吉田", "no FIELD=VALUE"),
    ],
)
def test_a_field_that_does_not_exist_is_refused(
    typed_in: str, answer: str, dead_id: str, world: World, ekiden: Ekiden
) -> None:
    """Wrong use, with the nearest right name; nothing was sent."""
    shown = ekiden("dead", "fix", dead_id, typed_in)

    assert shown.exit_code == 2
    assert answer in shown.output
    assert world.states() == {"dead": 1}


@pytest.mark.usefixtures("dead_id")
def test_all_are_replayed_only_with_yes(world: World, ekiden: Ekiden) -> None:
    """First the plan, with status 1 and nothing done; then each with its result."""
    planned = ekiden("dead", "replay", "--all")

    assert planned.exit_code == 1
    assert "Would replay 1 dead letter:" in planned.output
    assert "Nothing was done" in planned.output
    assert world.states() == {"dead": 1}

    done = ekiden("dead", "replay", "--all", "--yes")

    assert done.exit_code == 1
    assert "It would be dead again" in flat(done)
    assert "1 of 1 stayed as before." in done.output


def test_letters_are_replayed_after_the_configuration_was_mended(dead_id: str, world: World, ekiden: Ekiden) -> None:
    """A route that now leaves the name out lets them go; the result names the new delivery."""
    world.config = World(CONFIG.replace('"お名前" = "name"\n', "")).config
    world.relay = world._relay()
    done = ekiden("dead", "replay", dead_id, "--stage", "prod")

    assert done.exit_code == 0
    assert f"replayed as {dead_id[:-1]}2" in flat(done)
    assert world.states() == {"superseded": 1, "waiting": 1}


def test_replay_wants_ids_or_all(dead_id: str, ekiden: Ekiden) -> None:
    """Neither and both are wrong use."""
    assert ekiden("dead", "replay").exit_code == 2
    assert ekiden("dead", "replay", dead_id, "--all").exit_code == 2


def test_dropping_shows_its_plan_first(dead_id: str, world: World, ekiden: Ekiden) -> None:
    """Without --yes status 1 and nothing is done; with it the letter is dropped, and stays on record."""
    planned = ekiden("dead", "drop", dead_id)

    assert planned.exit_code == 1
    assert dead_id in planned.output
    assert world.states() == {"dead": 1}

    assert ekiden("dead", "drop", dead_id, "--yes").exit_code == 0
    assert world.states() == {"dropped": 1}
    assert "dropped" in ekiden("submission", dead_id).output


def test_only_dead_letters_are_dropped_here(world: World, ekiden: Ekiden) -> None:
    """A delivery in another state is left alone, and its state told."""
    world.submit("newsletter", {"email": "a@example.co.jp", "name": "山田"})
    shown = ekiden("dead", "drop", world.deliveries()[0].id, "--yes")

    assert shown.exit_code == 1
    assert "is waiting, not dead" in shown.output
    assert world.states() == {"waiting": 1}


@pytest.mark.parametrize("name", ["nonsense", "01JDXXXXXXXXXXXXXXXXXXXXXX.1", "a.b"])
def test_an_id_that_does_not_exist(name: str, ekiden: Ekiden) -> None:
    """A sentence that shows what an id looks like."""
    shown = ekiden("dead", "show", name)

    assert shown.exit_code == 1
    assert f"There is no delivery {name}" in shown.output


def test_the_story_of_a_letter_in_json(dead_id: str, ekiden: Ekiden) -> None:
    """State, reason, veiled fields, history with times in Tokyo."""
    found = json.loads(ekiden("dead", "show", dead_id, "--json").output)

    assert (found["id"], found["state"], found["lane"]) == (dead_id, "dead", "haihaimail-api-sample-import")
    assert found["fields"] == {"メールアドレス": "••• (18)", "お名前": "••• (5)"}
    assert found["history"][0]["at"] == "2026-11-21T10:00:00+09:00"
    assert found["history"][0]["state"] == "dead"
