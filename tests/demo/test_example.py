"""
The example configuration that the demo runs by, and that strangers copy.
"""

from __future__ import annotations

import pytest

from chalicelib.config import check
from chalicelib.destinations import VENDORS
from chalicelib.model import Route
from chalicelib.sources import PRESETS
from tests.demo.accounts import DESK, HAIHAI, SATORI, SECRETS, WEBSITE, on_this_machine, parsed
from tests.demo.setting_up import EXAMPLE, example

TEXT = EXAMPLE.read_text(encoding="utf-8")
WHOLE = example()
HERE = {"website": "http://127.0.0.1:1", "satori": "http://127.0.0.1:2", "haihai": "http://127.0.0.1:3"}
HERE |= {"desk": "http://127.0.0.1:4"}


def test_the_example_has_neither_fault_nor_warning() -> None:
    """Whoever copies it begins with a clean check."""
    assert check(TEXT, vendors=VENDORS, presets=PRESETS, stage="local") == []


def test_what_the_demo_adds_is_as_sound() -> None:
    """The lists that are asked for, and the lookup."""
    assert check(WHOLE, vendors=VENDORS, presets=PRESETS, stage="local") == []


def test_the_example_is_fit_for_aws_once_its_secrets_are_there() -> None:
    """Only where secrets are must change for a deployment: env: becomes ssm:."""
    deployed = TEXT.replace('"env:', '"ssm:/ekiden/prod/')

    assert check(deployed, vendors=VENDORS, presets=PRESETS, stage="prod") == []


def test_what_is_commented_out_works_when_it_is_let_in() -> None:
    """The commented lines are configuration too, not prose."""
    wanted = ["secret = [", "token = ", "reserve = ", "[destinations.haihai.substitutes]", '"𠮷" = ', '"お名前" = {']
    wanted += ["[destinations.haihai.items]", '"お名前(フリガナ)" = {', '"会社名" = {']
    lines = TEXT.splitlines()
    let_in = [
        line.removeprefix("# ") if line.startswith(tuple(f"# {each}" for each in wanted)) else line for line in lines
    ]
    text = "\n".join(line for line in let_in if not line.startswith('secret = "env:EKIDEN_SECRET"'))

    assert sum(old != new for old, new in zip(lines, let_in, strict=True)) == len(wanted)
    assert [
        str(fault) for fault in check(text, vendors=VENDORS, presets=PRESETS, stage="local") if not fault.warning
    ] == []


def test_the_demo_replaces_four_hosts_and_nothing_else() -> None:
    """What is shown is the example itself: with the hosts put back it is the same text."""
    text = on_this_machine(WHOLE, **HERE)
    config = parsed(text)

    assert config.destinations["haihai"].base_url == HERE["haihai"]
    assert config.destinations["satori-v3"].base_url == HERE["satori"]
    assert (config.sources["contact"].form or pytest.fail("no form")).thanks.startswith(f"{HERE['website']}/thanks")
    for here, real in zip(HERE.values(), (WEBSITE, SATORI, HAIHAI, DESK), strict=True):
        text = text.replace(here, real)
    assert text == WHOLE


def test_a_host_that_went_missing_is_noticed() -> None:
    """The demo must never call a real vendor because a line of the example has changed."""
    with pytest.raises(ValueError, match="does not name"):
        on_this_machine(WHOLE.replace(SATORI, "https://satori.example.co.jp"), **HERE)


def test_every_secret_of_the_example_has_a_made_up_value() -> None:
    """The demo brings all it needs, and nothing that is not referred to."""
    named = {word.split('"')[0] for word in WHOLE.split('"env:')[1:]} - {"NAME"}

    assert named == set(SECRETS)


def test_the_example_shows_what_there_is() -> None:
    """Both versions of SATORI, both kinds of sender, a fan-out, a condition, an expression, an opt-out, an alarm."""
    config = parsed(TEXT)
    by_source: dict[str, list[Route]] = {}
    for route in config.routes:
        by_source.setdefault(route.source, []).append(route)

    assert {config.destinations[name].settings["version"] for name in ("satori", "satori-v3")} == {3, 4}
    assert {bool(source.form) for source in config.sources.values()} == {True, False}
    assert {route.destination for route in by_source["contact"]} == {"satori", "haihai"}
    assert any(route.when for route in config.routes)
    assert any(route.kinds == ("unsubscribe",) for route in config.routes)
    assert all(source.ceiling for source in config.sources.values())
    assert config.alarms.emails
