"""
Accounts of the console are made here; only their digests leave the machine.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chalicelib.cli.secret_rules import Use, problem_of
from chalicelib.console import passwords
from tests.unit.cli.conftest import Ekiden

PASSWORD = "correct horse battery"


def test_an_account_is_printed_as_the_secret_holds_it(ekiden: Ekiden) -> None:
    """The digest opens with the password, and the password is not in it."""
    found = ekiden("console", "password", "sato", input=PASSWORD + "\n")
    made = json.loads(found.output)

    assert found.exit_code == 0
    assert passwords.matches(PASSWORD, made["sato"])
    assert PASSWORD not in found.output
    assert problem_of(Use(reference="ssm:/x", places=("console",), accounts=True), found.output) == ""


def test_accounts_are_gathered_in_a_file_of_ones_own(ekiden: Ekiden, tmp_path: Path) -> None:
    """A second account joins the first; nobody else may read the file."""
    file = tmp_path / "accounts.json"
    for name in ("sato", "tanaka"):
        assert ekiden("console", "password", name, "--into", str(file), input=PASSWORD).exit_code == 0

    assert sorted(json.loads(file.read_text())) == ["sato", "tanaka"]
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("name", "password", "status", "words"),
    [
        ("sato", "short", 1, "12 to 200 characters"),
        ("sato", "aaaaaaaaaaaaaaa", 1, "different characters"),
        ("Sato Taro", PASSWORD, 2, "no account name"),
    ],
)
def test_what_is_weak_or_no_name_is_refused(ekiden: Ekiden, name: str, password: str, status: int, words: str) -> None:
    """With words, and without repeating the password."""
    found = ekiden("console", "password", name, input=password)

    assert found.exit_code == status
    assert words in found.output
    assert password not in found.output


def test_a_file_that_holds_something_else_is_left_alone(ekiden: Ekiden, tmp_path: Path) -> None:
    """A wrong file name must not cost anybody a file."""
    file = tmp_path / "notes.json"
    file.write_text("[1, 2]")

    assert ekiden("console", "password", "sato", "--into", str(file), input=PASSWORD).exit_code == 2
    assert file.read_text() == "[1, 2]"


def test_what_is_no_accounts_is_not_put_into_the_store() -> None:
    """A password in plain words is noticed before it is written."""
    use = Use(reference="ssm:/x", places=("console",), accounts=True)

    assert "ekiden console password" in problem_of(use, '{"sato": "correct horse battery"}')
    assert PASSWORD not in problem_of(use, '{"sato": "correct horse battery"}')
