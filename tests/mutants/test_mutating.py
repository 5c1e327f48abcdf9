"""
Changes are made as they are named, one at a time, and everything else of the module stays.
"""

from __future__ import annotations

import ast
import re

import pytest

from tests.mutants.__main__ import JUDGED, all_changes, judged
from tests.mutants.mutating import changes

SOURCE = '''
"""Words that stay."""
LIMIT: int = 3
def may(left: int, used: int) -> bool:
    """Words that stay."""
    if not left or used >= LIMIT:
        return min(left, 0) > 1
    return f"{used + 1}" in {"a"}
'''


def test_each_change_is_one_change() -> None:
    """The changed module differs from the real one by what the change's name says, and by nothing else."""
    plain = ast.unparse(ast.parse(SOURCE))
    found = list(changes("m", SOURCE))

    assert {each.name for each in found} >= {
        "m.-: 3 → 4",
        "m.may: not left or used >= LIMIT → not left and used >= LIMIT",
        "m.may: not left → left",
        "m.may: used >= LIMIT → used > LIMIT",
        "m.may: used >= LIMIT → used < LIMIT",
        "m.may: min(left, 0) → max(left, 0)",
        "m.may: 0 → 1",
    }
    for each in found:
        gone = [line for line in plain.splitlines() if line not in each.source.splitlines()]
        come = [line for line in each.source.splitlines() if line not in plain.splitlines()]
        assert (len(gone), len(come)) == (1, 1), each.name
        assert '"""Words that stay."""' in each.source


@pytest.mark.parametrize("untouched", ["used + 1", "'a'", "bool", "'Words that stay.'"])
def test_texts_and_annotations_are_left_alone(untouched: str) -> None:
    """What only people read is not changed: no test should hold words still."""
    assert not [each for each in changes("m", SOURCE) if each.before == untouched]


def test_every_judged_change_can_be_made() -> None:
    """docs/mutants.md excuses no change that the planning room does not have, and gives each a reason."""
    names = {each.name for each in all_changes()}
    rows = re.findall(r"^\| `([^`]+)` \| (.+) \|$", JUDGED.read_text(encoding="utf-8"), re.MULTILINE)

    assert judged() <= names
    assert all(len(why.split()) > 3 for name, why in rows if "→" in name)
