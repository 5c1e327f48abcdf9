"""
The promises are kept by tests that are there, and broken on purpose by mutants that can be made.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.simulation.mutants.catalogue import MUTANTS
from tests.simulation.mutants.patching import Mutant
from tests.unit.docs.documents import ROOT, Document

PROMISES = Document(ROOT / "docs/promises.md")


def test_every_promise_names_a_test_that_is_there() -> None:
    """Whoever doubts a line finds what shows it."""
    rows = PROMISES.section("What is promised").table()[1:]
    named = [re.findall(r"\]\(([^)]+)\)", row[2]) for row in rows if "simulation" not in row[2] or "](" in row[2]]

    assert len(rows) > 10
    assert all(named)
    assert [link for links in named for link in links if not (PROMISES.path.parent / link).resolve().is_file()] == []


def test_every_make_target_of_the_promises_is_there() -> None:
    """The commands shown can be typed."""
    makefile = Path(ROOT / "Makefile").read_text(encoding="utf-8")
    targets = {words[1] for words in PROMISES.command_lines("make")}

    assert targets == {"readings", "simulate", "simulate-mutants", "mutants-planning", "chaos"}
    assert all(f"\n{target}:" in makefile for target in targets)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_every_mutant_can_be_made(mutant: Mutant) -> None:
    """What a mutant changes stands once in the code, so that no promise's check goes blind without a word."""
    assert [problem for patch in mutant.patches if (problem := patch.problem())] == []


def test_mutants_have_names_of_their_own() -> None:
    """The table of mutants can be read."""
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
