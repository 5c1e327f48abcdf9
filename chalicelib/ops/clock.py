"""
The movable clock of `make serve`: a file that holds the seconds by which the relay's time is ahead.

It serves to see midnight come without waiting for it. Real AWS never obeys it (guard.movable_clock_allowed).
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

from chalicelib.ops.stopped import USAGE, Stopped

CLOCK_FILE = Path(".ekiden/serve/clock")
"""
Where it is, seen from the project's folder.
"""
UNIT_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def offset(file: Path, *, before: float = 0.0) -> float:
    """
    The seconds that the clock is ahead; 0 where the file is missing, `before` where it holds no number.
    """
    try:
        return float(file.read_text())
    except FileNotFoundError:
        return 0.0
    except (OSError, ValueError):
        return before


def set_to(file: Path, wanted: datetime, *, now: datetime) -> float:
    """
    Let it be `wanted` from now on; `now` is the real time. Returns the new offset in seconds.
    """
    return _write(file, (wanted - now).total_seconds())


def move_by(file: Path, seconds: float) -> float:
    """
    Move the clock by so many seconds from where it stands. Returns the new offset in seconds.
    """
    return _write(file, offset(file) + seconds)


def reset(file: Path) -> float:
    """
    Back to real time.
    """
    return _write(file, 0.0)


def parse_time(text: str) -> datetime:
    """
    An ISO time with its zone. Raises Stopped for anything else.

    >>> parse_time("2026-11-22T00:01:00+09:00").isoformat()
    '2026-11-22T00:01:00+09:00'
    """
    try:
        wanted = datetime.fromisoformat(text)
    except ValueError:
        wanted = None
    if wanted is None or wanted.tzinfo is None:
        message = f'"{text}" is no time with a zone. Write it like 2026-11-22T00:01:00+09:00.'
        raise Stopped(message, exit_code=USAGE)
    return wanted


def parse_shift(text: str) -> float:
    """
    A span of time in seconds. Raises Stopped for anything else.

    >>> parse_shift("+3h"), parse_shift("-1h30m"), parse_shift("1d")
    (10800.0, -5400.0, 86400.0)
    """
    found = re.fullmatch(r"([+-]?)((?:\d+[smhd])+)", text.strip())
    if not found:
        raise Stopped(f'"{text}" is no span of time. Write it like +3h, 90s or -1d12h.', exit_code=USAGE)
    parts = re.findall(r"(\d+)([smhd])", found[2])
    seconds = sum(int(number) * UNIT_SECONDS[unit] for number, unit in parts)
    return float(-seconds if found[1] == "-" else seconds)


def _write(file: Path, seconds: float) -> float:
    """
    Replace the file at once: a reader never sees half a number.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f"{file.name}.new")
    fresh.write_text(f"{seconds:.3f}\n")
    fresh.replace(file)
    return seconds
