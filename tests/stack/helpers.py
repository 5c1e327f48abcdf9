"""
What several tests of the packaged app look at.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import requests

from chalicelib.ops.stack import LocalStack

Until = Callable[[Callable[[], bool]], bool]


def answers(stack: LocalStack) -> bool:
    """
    Whether the deployed app answers a browser's question beforehand.
    """
    return requests.options(f"{stack.api_url}/in/contact", timeout=20).ok


def processes_of(folder: Path) -> list[int]:
    """
    The processes, workers of functions among them, that were started for this folder.
    """
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                environment = (entry / "environ").read_bytes()
            except OSError:
                continue
            if f"STATE_DIR={folder}".encode() in environment:
                found.append(int(entry.name))
    return found
