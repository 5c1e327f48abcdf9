"""
`ekiden config check` and `ekiden template`.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.scenarios.world import CONFIG
from tests.unit.cli.conftest import Ekiden, flat

DEPLOYABLE = """
[relay]
name = "acme"
secret = "ssm:/acme/key"

[sources.contact]
preset = "form"
thanks = "https://www.example.co.jp/thanks"
ceiling = { events = 500, per = "hour" }

[destinations.satori]
vendor = "satori"
version = 4
credentials = "ssm:/acme/satori"

[[routes]]
from = "contact"
to = "satori"
operation = "upsert"
[routes.fields]
email = "email"
collection_route = { const = "form" }
"""


@pytest.fixture
def sound(tmp_path: Path) -> str:
    """
    A file without blemish.
    """
    file = tmp_path / "sound.toml"
    file.write_text(DEPLOYABLE)
    return str(file)


def test_a_sound_file_is_fine(sound: str, ekiden: Ekiden) -> None:
    """Status 0, and what to try next."""
    shown = ekiden("config", "check", sound, "--stage", "prod")

    assert shown.exit_code == 0
    assert "is fine for the stage prod" in flat(shown)
    assert json.loads(ekiden("config", "check", sound, "--json").output)["ok"] is True


def test_every_fault_has_its_place_and_its_remedy(relay_toml: Path, ekiden: Ekiden) -> None:
    """All of them at once, faults before warnings, with status 1."""
    relay_toml.write_text(CONFIG.replace("version = 4", "version = 5").replace('to = "haihai"', 'to = "haihia"'))
    shown = ekiden("config", "check", str(relay_toml))

    assert shown.exit_code == 1
    assert "destinations.satori.version" in shown.output
    assert 'Did you mean "haihai"?' in shown.output
    assert shown.output.index("routes[1].to") < shown.output.index("sources.contact.ceiling")


def test_warnings_alone_stop_nothing(relay_toml: Path, ekiden: Ekiden) -> None:
    """Advice is shown, with status 0."""
    shown = ekiden("config", "check", str(relay_toml))

    assert shown.exit_code == 0
    assert "0 faults, 2 warnings" in shown.output


def test_the_stage_counts(relay_toml: Path, ekiden: Ekiden) -> None:
    """What runs on this machine may not be deployable."""
    found = json.loads(ekiden("config", "check", str(relay_toml), "--stage", "prod", "--json").output)
    faults = [each for each in found["faults"] if each["level"] == "fault"]

    assert found["ok"] is False
    assert {"relay.secret", "destinations.satori.credentials.user_key"} <= {each["path"] for each in faults}
    assert all(each["what"] and each["remedy"] for each in faults)


def test_names_that_aws_does_not_take_are_told_before_deployment(sound: str, ekiden: Ekiden) -> None:
    """A stage's name becomes a part of every resource's."""
    shown = ekiden("config", "check", sound, "--stage", "Prod_1")

    assert shown.exit_code == 1
    assert "cannot name AWS resources" in shown.output


def test_the_file_may_be_named_in_three_ways(relay_toml: Path, ekiden: Ekiden) -> None:
    """As an argument, as --config, in the environment."""
    for shown in (
        ekiden("config", "check", str(relay_toml)),
        ekiden("--config", str(relay_toml), "config", "check"),
        ekiden("config", "check", env={"EKIDEN_RELAY_TOML": str(relay_toml)}),
    ):
        # A long path is broken where the terminal ends.
        assert f"in{relay_toml}" in "".join(shown.output.split())


@pytest.mark.parametrize("text", [b"\xff\xfe", b"[relay", b"", b"x = 1"])
def test_what_is_no_relay_toml_is_told(text: bytes, tmp_path: Path, ekiden: Ekiden) -> None:
    """Faults like any other, never a traceback."""
    file = tmp_path / "relay.toml"
    file.write_bytes(text)
    shown = ekiden("config", "check", str(file))

    assert shown.exit_code == 1
    assert "fault" in shown.output


def test_a_file_that_is_not_there_is_wrong_use(ekiden: Ekiden, tmp_path: Path) -> None:
    """Status 2, however it was named."""
    missing = str(tmp_path / "nope.toml")

    assert ekiden("config", "check", missing).exit_code == 2
    named = ekiden("config", "check", "--config", missing)
    assert named.exit_code == 2
    assert "cannot be read" in named.output


def test_the_template_names_the_lanes_resources(sound: str, ekiden: Ekiden) -> None:
    """JSON, or YAML that says the same without aliases."""
    found = json.loads(ekiden("template", sound, "--stage", "prod").output)
    text = ekiden("template", sound, "--stage", "prod", "--format", "yaml").output

    assert found["Resources"]["LaneSatoriSatoriQueue"]["Properties"]["QueueName"] == "acme-prod-lane-satori-satori"
    assert yaml.safe_load(text) == found
    assert "&id" not in text


def test_a_faulty_file_has_no_template(relay_toml: Path, ekiden: Ekiden) -> None:
    """The faults are listed, with the command that shows them in a table."""
    shown = ekiden("template", str(relay_toml), "--stage", "prod")

    assert shown.exit_code == 1
    assert "- relay.secret: reads the environment" in shown.output
    assert f"ekiden config check {relay_toml}" in shown.output
