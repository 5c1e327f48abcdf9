"""
`ekiden package`, `deploy` and `serve`: the same as the make targets.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.conftest import Ekiden
from tests.unit.cli.test_config_check import DEPLOYABLE


@pytest.fixture
def faulty(tmp_path: Path) -> str:
    file = tmp_path / "relay.toml"
    file.write_text(DEPLOYABLE.replace("version = 4", "version = 5"))
    return str(file)


@pytest.mark.parametrize("command", [("package",), ("deploy",), ("template",)])
def test_a_faulty_file_is_never_built(command: tuple[str, ...], faulty: str, ekiden: Ekiden) -> None:
    """Every fault is told before anything is begun."""
    shown = ekiden(*command, "--stage", "prod", "--config", faulty)

    assert shown.exit_code in {1, 2}
    assert "destinations.satori.version" in shown.output


def test_serving_wants_secrets_of_this_machine(tmp_path: Path, ekiden: Ekiden) -> None:
    """References into AWS are listed, with what to write instead."""
    file = tmp_path / "relay.toml"
    file.write_text(DEPLOYABLE)
    shown = ekiden("serve", "--config", str(file))

    assert shown.exit_code == 2
    assert "- ssm:/acme/key" in shown.output
    assert "env:NAME" in shown.output


def test_stages_are_not_mixed_up(ekiden: Ekiden) -> None:
    """The local one is served, the others are deployed; both refusals name the other command."""
    deployed, served = ekiden("deploy"), ekiden("serve", "--stage", "prod")

    assert (deployed.exit_code, served.exit_code) == (2, 2)
    assert "ekiden serve" in deployed.output
    assert "ekiden deploy" in served.output


@pytest.mark.stack
def test_a_package_is_built(tmp_path: Path, ekiden: Ekiden) -> None:
    """One zip and one template, their sizes, and the command that deploys them."""
    file = tmp_path / "relay.toml"
    file.write_text(DEPLOYABLE)
    shown = ekiden("package", "--stage", "clitest", "--config", str(file))

    assert shown.exit_code == 0
    assert "template.json" in shown.output
    assert f"ekiden --config {file} --stage clitest deploy" in shown.output
