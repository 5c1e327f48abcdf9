from __future__ import annotations

import json
import re
from typing import Any

import pytest

from chalicelib.adapters.journal import PowertoolsJournal, mask


class Topic:
    """Stands for SNS."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.published: list[dict[str, str]] = []
        self._refuses = refuses

    @property
    def sns(self) -> Any:
        return self

    def publish(self, **message: str) -> None:
        if self._refuses:
            raise ConnectionError
        self.published.append(message)


def journal(topic: Topic) -> PowertoolsJournal:
    return PowertoolsJournal(topic, "arn:topic")  # type: ignore[arg-type]


def test_a_fact_is_one_json_line_with_its_fields(capfd: pytest.CaptureFixture[str]) -> None:
    """Machines find the fact's name and fields; empty ones are left out."""
    journal(Topic()).log("call.settled", lane="l", took_ms=12, reason="")

    line = json.loads(capfd.readouterr().out.splitlines()[-1])
    assert (line["message"], line["lane"], line["took_ms"], "reason" in line) == ("call.settled", "l", 12, False)


def test_addresses_in_a_vendors_words_are_masked(capfd: pytest.CaptureFixture[str]) -> None:
    """What a vendor echoes does not carry a person into the log."""
    journal(Topic()).log("call.settled", reason="no such customer <taro.yamada+x@example.co.jp>")

    assert "example.co.jp" not in capfd.readouterr().out


@pytest.mark.parametrize("text", ["a@b.jp", "(taro@example.co.jp)", "x=髙@例え.jp;", '"a b"@example.co.jp'])
def test_every_shape_of_address_is_masked(text: str) -> None:
    """Quoted, bracketed, internationalised."""
    assert not re.search(r"[^*\s]@[^*\s]", mask(text))


def test_a_measure_is_an_embedded_metric(capfd: pytest.CaptureFixture[str]) -> None:
    """CloudWatch reads the metric with its unit and lane from the log line."""
    journal(Topic()).measure("OldestWait", 12.5, "Seconds", lane="haihai")

    line = json.loads(capfd.readouterr().out.splitlines()[-1])
    assert (line["OldestWait"], line["lane"]) == ([12.5], "haihai")
    assert line["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Unit"] == "Seconds"


def test_a_notice_reaches_the_topic_in_the_form_that_sns_takes() -> None:
    """A subject of at most a hundred ASCII characters, and a text without addresses."""
    topic = Topic()
    journal(topic).notice("dead:x", "配配メール " + "x" * 200, "a@example.co.jp could not be sent")

    (message,) = topic.published
    assert message["Subject"].isascii()
    assert len(message["Subject"]) <= 100
    assert "example.co.jp" not in message["Message"]


def test_a_topic_that_refuses_stops_nothing() -> None:
    """An alarm that cannot be sent is logged; the delivery goes on."""
    journal(Topic(refuses=True)).notice("cause", "subject", "text")
