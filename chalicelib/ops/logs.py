"""
The functions' logs of a local stack, copied into one file that can be read while it grows.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from chalicelib.model import Config
from chalicelib.ops.names import FUNCTIONS, function_name

Client = Any

LAMBDAS_OWN = ("START RequestId:", "END RequestId:", "REPORT RequestId:")


class LogCopy:
    """
    Copies what the functions of an installation have logged since `since_ms` (epoch milliseconds) to a file.
    """

    def __init__(self, client: Client, config: Config, stage: str, file: Path, *, since_ms: int) -> None:
        self._client = client
        self._groups = {each.short: f"/aws/lambda/{function_name(config, stage, each)}" for each in FUNCTIONS}
        self._since_ms = dict.fromkeys(self._groups, since_ms)
        self._copied: dict[str, Counter[str]] = {short: Counter() for short in self._groups}
        self._file = file

    def turn(self) -> int:
        """
        Copy what is new; returns how many lines that were.
        """
        lines = [line for short, group in self._groups.items() for line in self._fresh(short, group)]
        if lines:
            with self._file.open("a", encoding="utf-8") as file:
                file.writelines(lines)
        return len(lines)

    def _fresh(self, short: str, group: str) -> list[str]:
        """
        Lines since the last turn. Events have no id here: of those of the latest millisecond each stream's are counted.
        """
        pages = self._client.get_paginator("filter_log_events")
        found = pages.paginate(logGroupName=group, startTime=self._since_ms[short]).build_full_result()
        events = found.get("events", [])
        known, fresh = Counter(self._copied[short]), []
        for event in events:
            stream = event["logStreamName"]
            if event["timestamp"] == self._since_ms[short] and known[stream]:
                known[stream] -= 1
            elif not event["message"].startswith(LAMBDAS_OWN):
                fresh.append(f"{short:8} {event['message'].rstrip()}\n")
        if events:
            latest = max(event["timestamp"] for event in events)
            self._since_ms[short] = latest
            self._copied[short] = Counter(each["logStreamName"] for each in events if each["timestamp"] == latest)
        return fresh
