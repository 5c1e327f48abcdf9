"""
`ekiden dead export`: dead letters in a file that Excel opens.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.scenarios.world import World
from tests.unit.cli.conftest import Ekiden


@pytest.fixture
def file(world: World, tmp_path: Path) -> Path:
    """
    Two dead letters for two vendors, and where they shall go.
    """
    world.submit("newsletter", {"email": "taro@example.co.jp", "name": '=HYPERLINK("https://x.example")𠮷'})
    world.clock.sleep(60)
    world.submit("contact", {"email": "hanako@example.co.jp", "sei": "山" * 300, "mei": "花子"})
    return tmp_path / "dead.csv"


def read(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_excel_in_japan_opens_it(file: Path, ekiden: Ekiden) -> None:
    """A byte order mark, every letter a row, every field of any of them a column."""
    done = ekiden("dead", "export", str(file))
    rows = read(file)

    assert done.exit_code == 0
    assert file.read_bytes().startswith(b"\xef\xbb\xbfid,")
    assert [row["destination"] for row in rows] == ["haihai", "satori"]
    assert [row["dead since (JST)"] for row in rows] == ["2026-11-21 10:00:00", "2026-11-21 10:01:00"]
    assert "U+20BB7" in rows[0]["reason"]
    assert rows[1]["field: collection_route"] == "問合せフォーム"


def test_personal_values_only_on_purpose(file: Path, world: World, ekiden: Ekiden) -> None:
    """Veiled by default; revealed, each letter is put on record."""
    ekiden("dead", "export", str(file))
    assert "taro@" not in file.read_text(encoding="utf-8-sig")

    ekiden("dead", "export", str(file), "--reveal", "--yes")
    assert read(file)[0]["field: メールアドレス"] == "taro@example.co.jp"
    assert [fact for fact, _ in world.journal.lines].count("operator.revealed") == 2


def test_a_formula_that_somebody_typed_is_not_run(file: Path, ekiden: Ekiden) -> None:
    """Excel shows it as text."""
    ekiden("dead", "export", str(file), "--reveal")

    assert read(file)[0]["field: お名前"].startswith("'=HYPERLINK")


def test_nothing_is_written_over_unasked(file: Path, ekiden: Ekiden) -> None:
    """The file stays as it is without --yes."""
    file.write_text("mine")
    refused = ekiden("dead", "export", str(file))

    assert refused.exit_code == 1
    assert "give --yes" in refused.output
    assert file.read_text() == "mine"

    assert ekiden("dead", "export", str(file), "--yes").exit_code == 0
    assert len(read(file)) == 2


def test_only_the_owner_may_read_it(file: Path, ekiden: Ekiden) -> None:
    """It may hold people's data."""
    ekiden("dead", "export", str(file))

    assert file.stat().st_mode & 0o077 == 0


def test_a_folder_that_does_not_exist_is_told(file: Path, ekiden: Ekiden) -> None:
    """A sentence, no traceback, nothing half-written."""
    failed = ekiden("dead", "export", str(file.parent / "nowhere" / "dead.csv"))

    assert failed.exit_code == 1
    assert "cannot be written" in failed.output


def test_without_letters_there_is_no_file(tmp_path: Path, ekiden: Ekiden) -> None:
    """Nothing to export is said."""
    done = ekiden("dead", "export", str(tmp_path / "dead.csv"))

    assert "no file was written" in done.output
    assert list(tmp_path.iterdir()) == []
