"""
Faults of our own code, in words: for the log without what the exception says, since that may quote a person's data.
"""

from __future__ import annotations

import sys
import traceback
from pathlib import Path

FRAMES_MAX = 6


def for_log() -> str:
    """
    Where the exception that is being handled came from, and its type; not its message.
    """
    kind, _, trace = sys.exc_info()
    frames = traceback.extract_tb(trace)[-FRAMES_MAX:]
    places = [f"{Path(each.filename).name}:{each.lineno} {each.name}" for each in frames]
    return " > ".join([*places, kind.__name__ if kind else ""])


def for_operator() -> str:
    """
    The whole traceback, for the dead letter that it made.
    """
    return f"our own fault:\n{traceback.format_exc(limit=-FRAMES_MAX)}"


def gist(reason: str) -> str:
    """
    The reason as a mail or a log may carry it: which field and what is wrong, without what a person wrote there.

    >>> gist("お名前: has characters that cp932 does not have: 😀 U+1F600; tel: must be digits")
    'お名前: has characters that cp932 does not have; tel: must be digits'
    """
    parts = first_line(reason).split("; ")
    return "; ".join(": ".join(part.split(": ")[:2]) for part in parts)


def first_line(reason: str) -> str:
    """
    The reason without its traceback, for notices.
    """
    return reason.partition("\n")[0]
