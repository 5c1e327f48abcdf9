"""
Days of a relay, each made from one number: senders resend, stores and vendors fail, workers die, people interfere.

What holds at every step, and what in the end, stands in `checks` and `final`. A failing seed says how to play it again.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.day import play
from tests.simulation.regressions import REGRESSIONS
from tests.simulation.report import failure

ROOT = Path(__file__).resolve().parents[2]
FIRST = int(os.environ.get("SEED_FROM", "0"))
SEEDS = range(FIRST, FIRST + int(os.environ.get("SEEDS", "50")))


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_lost_twice_or_over(seed: int) -> None:
    """Accepted means delivered or in front of a person, within every limit, and vendors hold the newest values."""
    result = play(seed)

    assert not result.wrong, failure(result)


@pytest.mark.parametrize("seed", [pytest.param(seed, id=f"{seed}") for seed in REGRESSIONS if seed not in SEEDS])
def test_what_was_wrong_once_stays_right(seed: int) -> None:
    """Days that once ended badly end well."""
    result = play(seed)

    assert not result.wrong, f"{REGRESSIONS[seed]}\n{failure(result)}"


@pytest.mark.parametrize("hash_seed", ["1", "4711"])
def test_a_seed_is_the_same_day_every_time(hash_seed: str) -> None:
    """Whoever plays a failing seed again sees the same steps to the last, in another process too."""
    seed = 3
    code = f"from tests.simulation.day import play; print(play({seed}).digest)"
    environ = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, cwd=ROOT, env=environ, capture_output=True, text=True
    )

    assert done.stdout.strip() == play(seed).digest, done.stderr
