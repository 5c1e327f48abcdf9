from collections.abc import Callable
from pathlib import Path
from typing import Any

from chalicelib.model import Config
from chalicelib.ops.logs import LogCopy

Make = Callable[..., Config]


class FakeLogs:
    """
    CloudWatch Logs with the events of one group: (stream, epoch milliseconds, message).
    """

    def __init__(self) -> None:
        self.events: list[tuple[str, int, str]] = []
        self.asked: dict[str, Any] = {}

    def get_paginator(self, _: str) -> "FakeLogs":
        """
        The fake is its own paginator.
        """
        return self

    def paginate(self, **asked: Any) -> "FakeLogs":
        """
        There is one page.
        """
        self.asked = asked
        return self

    def build_full_result(self) -> dict[str, Any]:
        """
        Events of advance from the start time on.
        """
        if not self.asked["logGroupName"].endswith("-advance"):
            return {}
        start = self.asked["startTime"]
        found = [event for event in self.events if event[1] >= start]
        return {"events": [{"logStreamName": s, "timestamp": t, "message": m} for s, t, m in found]}


def test_each_line_is_copied_once_even_within_one_millisecond(make: Make, tmp_path: Path) -> None:
    """
    Lines that come later with an old time stamp are neither lost nor doubled.
    """
    logs, file = FakeLogs(), tmp_path / "log"
    copy = LogCopy(logs, make(), "local", file, since_ms=100)
    logs.events = [
        ("a", 99, "before"),
        ("a", 100, "START RequestId: 1"),
        ("a", 100, "one"),
        ("a", 101, "same"),
        ("a", 101, "same"),
    ]

    assert copy.turn() == 3
    logs.events += [("b", 101, "two"), ("a", 101, "three"), ("a", 102, "four")]
    assert copy.turn() == 3
    assert copy.turn() == 0
    words = [line.split()[1] for line in file.read_text().splitlines()]
    assert words == ["one", "same", "same", "two", "three", "four"]
    assert file.read_text().startswith("advance ")
