"""
Every command explains itself, and none of it needs AWS.
"""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import chalicelib.cli
from chalicelib.cli import main
from tests.unit.cli.conftest import Ekiden

ROOT = Path(__file__).resolve().parents[3]
PRINTS_DATA = ("status", "submission", "dead list", "dead show", "held list", "held show", "config check", "try")
PRINTS_DATA += ("import", "files list", "files show")


def tree(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Every command below one, with the words that call it."""
    yield " ".join(path), command
    if isinstance(command, click.Group):
        for name, each in command.commands.items():
            yield from tree(each, (*path, name))


COMMANDS = dict(tree(main))


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_says_what_it_does_and_how_it_is_written(words: str, ekiden: Ekiden) -> None:
    """Help has a sentence for the list, and an example that begins as the command does."""
    found = ekiden(*words.split(), "--help")

    assert found.exit_code == 0
    assert COMMANDS[words].get_short_help_str(200).strip()
    assert f"ekiden {words}".strip() in found.output.partition("Example:")[2]


@pytest.mark.parametrize("words", COMMANDS)
def test_help_fits_eighty_columns(words: str, ekiden: Ekiden) -> None:
    """No short description in the list is cut off, and no option is without words."""
    listed = ekiden(*words.split(), "--help").output.partition("Commands:")[2]

    assert "..." not in listed
    assert [each.name for each in COMMANDS[words].params if isinstance(each, click.Option) and not each.help] == []


@pytest.mark.parametrize("words", PRINTS_DATA)
def test_what_prints_data_prints_json_too(words: str) -> None:
    """Programs read what people read."""
    assert "--json" in [option for each in COMMANDS[words].params for option in each.opts]


def test_a_sentence_ends_every_first_line() -> None:
    """The list of commands reads as sentences."""
    first = [(words, (each.help or "").strip().splitlines()[0]) for words, each in COMMANDS.items()]

    assert [words for words, line in first if not line.endswith(".")] == []


def test_help_runs_without_aws() -> None:
    """Neither importing nor asking for help loads an AWS library, the relay, or the packager."""
    code = (
        "import sys; from chalicelib.cli import main;"
        "main(['dead', '--help'], standalone_mode=False);"
        "names = {'boto3', 'botocore', 'aws_lambda_powertools', 'requests', 'chalice', 'chalicelib.wiring'};"
        "print(sorted(names & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={"LANG": "C.UTF-8"}, capture_output=True, text=True, check=True
    )

    assert "Example:" in done.stdout
    assert done.stderr.strip() == "[]"


def test_an_unknown_command_is_wrong_use(ekiden: Ekiden) -> None:
    """Status 2, and words."""
    found = ekiden("deaf")

    assert found.exit_code == 2
    assert "No such command" in found.output


@pytest.mark.parametrize("name", [each.name for each in pkgutil.iter_modules(chalicelib.cli.__path__)])
def test_examples_in_docstrings_are_true(name: str) -> None:
    """What a docstring shows is what the function does."""
    assert doctest.testmod(importlib.import_module(f"chalicelib.cli.{name}")).failed == 0
