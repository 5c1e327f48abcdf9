"""
From a stage's name to where its resources are.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from chalicelib.cli.connecting import SERVED, connect, local_environment, read_environment
from chalicelib.ops.stopped import Stopped
from tests.unit.cli.conftest import Ekiden, Make

ENV = """\
export AWS_ACCESS_KEY_ID=test
export AWS_SECRET_ACCESS_KEY=test
export AWS_DEFAULT_REGION=ap-northeast-1
export AWS_ENDPOINT_URL=http://127.0.0.1:1
export EKIDEN_STAGE=local
export EKIDEN_TABLE=test-local
export EKIDEN_BELL_URL=http://127.0.0.1:1/000000000000/test-local-bell
export EKIDEN_INBOX_URL=http://127.0.0.1:1/000000000000/test-local-inbox
export EKIDEN_INCOMING_URL=http://127.0.0.1:1/000000000000/test-local-incoming
export EKIDEN_BUCKET=test-local
export EKIDEN_TOPIC_ARN=arn:aws:sns:ap-northeast-1:000000000000:test-local
export EKIDEN_LANES='{"satori-satori": "http://127.0.0.1:1/000000000000/a", "gone": "http://127.0.0.1:1/0/b"}'
"""


@pytest.fixture
def served(tmp_path: Path, relay_toml: Path) -> Path:
    """
    A folder as `make serve` leaves it.
    """
    file = tmp_path / SERVED
    file.parent.mkdir(parents=True)
    file.write_text(f"{ENV}export EKIDEN_CONFIG='{relay_toml}'\n")
    return tmp_path


def test_what_is_served_is_found_from_any_folder_below(served: Path) -> None:
    """The nearest file above counts."""
    below = served / "docs" / "deep"
    below.mkdir(parents=True)

    assert local_environment({}, below)["EKIDEN_TABLE"] == "test-local"


def test_a_shell_that_was_pointed_there_needs_no_file(tmp_path: Path) -> None:
    """`. .ekiden/serve/env` is enough."""
    shell = {"EKIDEN_STAGE": "local", "EKIDEN_TABLE": "mine"}

    assert local_environment(shell, tmp_path) == shell


def test_nothing_served_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What to start, or what to name instead."""
    monkeypatch.setattr("chalicelib.cli.connecting.PROJECT", tmp_path)
    with pytest.raises(Stopped, match="make serve") as raised:
        local_environment({}, tmp_path)

    assert raised.value.exit_code == 2


def test_quoted_values_are_read_as_a_shell_reads_them() -> None:
    """Blanks, quotes and what is no assignment."""
    text = "# a remark\n\nexport A='it'\"'\"'s'\nexport B=\necho C=1\n"

    assert read_environment(text) == {"A": "it's", "B": ""}


@pytest.mark.usefixtures("isolated_aws")
def test_a_relay_that_does_not_answer_is_told(served: Path, typed: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real way to a relay, with nobody at its end: one sentence, and that this relay.toml is another one."""
    monkeypatch.chdir(served)
    shown = typed(connect=connect)("dead", "list")

    assert shown.exit_code == 1
    assert "Nothing answers at http://127.0.0.1:1/" in shown.stderr
    assert "its lanes differ (gone, haihaimail-api-sample-import)" in shown.stderr


@pytest.mark.usefixtures("isolated_aws")
def test_a_stage_without_credentials_is_told(typed: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real way to a deployed stage, on a machine that is not logged in."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "relay.toml"
    file.write_text('[relay]\nname = "acme"\nsecret = "ssm:/acme/key"\n')
    for words in (("status",), ("secret", "list")):
        shown = typed()("--stage", "prod", *words)

        assert shown.exit_code == 1
        assert "There are no AWS credentials" in shown.stderr


@pytest.fixture
def isolated_aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """
    No credentials, no profile, no metadata service; what a command sets is taken back.
    """
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-northeast-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))


def test_the_stage_of_the_environment_counts(ekiden: Ekiden) -> None:
    """EKIDEN_STAGE names it once for a shell; an option overrules it."""
    assert "Name the stage" in ekiden("deploy", env={"EKIDEN_STAGE": "local"}).output
    assert "Deploy prod" in ekiden("serve", env={"EKIDEN_STAGE": "prod"}).output
    assert "Deploy test" in ekiden("--stage", "test", "serve", env={"EKIDEN_STAGE": "local"}).output
