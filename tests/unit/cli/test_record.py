"""
Deeds on record: who did what, in the stage's own logs.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.cli.record import Record
from tests.scenarios.world import World


class Logs:
    """
    CloudWatch's logs in memory.
    """

    def __init__(self, *, refuses: bool = False) -> None:
        self.refuses = refuses
        self.streams: list[tuple[str, str]] = []
        self.events: list[dict[str, Any]] = []

    def create_log_stream(self, *, logGroupName: str, logStreamName: str) -> None:  # noqa: N803
        if self.refuses:
            raise PermissionError("logs:CreateLogStream")
        self.streams.append((logGroupName, logStreamName))

    def put_log_events(self, *, logGroupName: str, logStreamName: str, logEvents: list[dict[str, Any]]) -> None:  # noqa: N803
        assert (logGroupName, logStreamName) in self.streams
        self.events += logEvents


def test_a_deed_is_one_line_with_its_doer(world: World) -> None:
    """What, who, when; addresses in it are masked; one stream for the whole command."""
    logs = Logs()
    record = Record(world.config, "prod", client=logs, by="arn:aws:iam::1:user/hanako")
    record.log("operator.revealed", id="01J.1", reason="told by taro@example.co.jp", empty="")
    record.log("operator.revealed", id="01J.2")
    first = json.loads(logs.events[0]["message"])

    assert [group for group, _ in logs.streams] == ["/aws/lambda/test-prod-advance"]
    assert (first["message"], first["by"], first["id"]) == ("operator.revealed", "arn:aws:iam::1:user/hanako", "01J.1")
    assert first["reason"] == "told by ***"
    assert "empty" not in first
    assert len(logs.events) == 2


def test_a_line_that_cannot_be_written_is_told(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """The deed is done; the operator reads that it is not on record, and why."""
    Record(world.config, "prod", client=Logs(refuses=True), by="me").log("operator.revealed", id="01J.1")

    assert "could not be put on record in /aws/lambda/test-prod-advance" in capsys.readouterr().err


def test_a_notice_that_a_command_causes_is_read_by_its_doer(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """On the terminal, apart from data that may be piped."""
    record = Record(world.config, "prod", client=Logs(), by="me")
    record.notice("dead:x", "Dead letter: x -> y", "Look at it.")
    record.measure("deliveries_dead", 1, "Count")
    out, err = capsys.readouterr()

    assert out == ""
    assert "Dead letter: x -> y\nLook at it." in err


def test_who_it_is_on_this_machine_is_its_user(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is served here knows no AWS identity; a stage's deeds carry that of AWS."""
    monkeypatch.setenv("LOGNAME", "hanako")

    assert Record(world.config, "local", client=Logs()).who() == "hanako"
    assert Record(world.config, "prod", client=Logs(), by="arn:aws:iam::1:user/taro").who().endswith("/taro")
