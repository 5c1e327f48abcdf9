"""
A running demo: where everything is, and how its time passes.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from chalicelib.adapters.clock import SystemClock
from chalicelib.model import Config
from chalicelib.ops.clock import move_by, set_to
from chalicelib.ops.cloud import Deployed
from chalicelib.ops.package import REGION
from chalicelib.ops.serve import ring
from chalicelib.ops.stack import ACCOUNT, LocalStack
from chalicelib.relay.operating import Operator
from tests.sandbox.clock import FileClock

POLL_SECONDS = 0.05
WAIT_SECONDS_MAX = 45
LAST_WORDS_CHARS = 1_000


class TooLong(Exception):
    """
    Something that should have happened did not; says what.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """
    Where everything is on this machine.
    """

    website: str
    relay: str
    satori: str
    haihai: str
    desk: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """
    A running demo: where it is, what it runs by, and how its time passes.
    """

    config: Config
    stack: LocalStack
    deployed: Deployed
    operator: Operator
    at: Addresses
    clock_file: Path
    environment: dict[str, str] = field(repr=False)
    environment_file: Path
    notices_url: str
    clock: FileClock
    _clients: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def table(self) -> str:
        """
        The name of the relay's table.
        """
        return self.deployed.outputs["TableName"]

    def client(self, service: str) -> Any:
        """
        A boto3 client of the embedded AWS, made once.
        """
        if service not in self._clients:
            self._clients[service] = self.stack.client(service)
        return self._clients[service]

    def last_words(self) -> str:
        """
        The end of what the embedded AWS and the functions' processes have printed.
        """
        try:
            return self.stack.log.read_text(errors="replace")[-LAST_WORDS_CHARS:].strip()
        except OSError:
            return "(none)"

    # ── time ──

    def now(self) -> datetime:
        """
        The time by the demo's clock.
        """
        return self.clock()

    def pass_to(self, at: datetime) -> None:
        """
        Let it be `at`, if that is still to come, ring all lanes, and wait until every bell has been answered.
        """
        self.settle()
        if at > self.now():
            set_to(self.clock_file, at, now=SystemClock().now())
        self.ring()

    def skip(self, seconds: float) -> None:
        """
        Let so many seconds pass in which nobody rings.
        """
        move_by(self.clock_file, seconds)

    def ring(self) -> None:
        """
        Ring all lanes, and wait until every bell has been answered.
        """
        ring(self.stack, self.deployed)
        self.settle()

    def minute(self) -> None:
        """
        Let the minute come, as the schedule does: lists that are due are asked for. Wait until all bells are answered.
        """
        name = f"{self.deployed.outputs['Name']}-tick"
        event = {"version": "0", "id": "1", "detail-type": "Scheduled Event", "source": "aws.events", "detail": {}}
        event |= {"account": ACCOUNT, "time": "2026-11-21T00:00:00Z", "region": REGION, "resources": []}
        self.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
        self.settle()

    def settle(self) -> None:
        """
        Wait until no bell is unanswered: no worker is at work any more. Raises TooLong.
        """
        sqs = self.client("sqs")
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        url = self.deployed.outputs["BellUrl"]

        def silent() -> bool:
            found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
            return not any(int(found[name]) for name in names)

        self.wait(silent, "a bell is not answered; the advance function does not come to its end")

    def wait(self, happened: Callable[[], bool], otherwise: str, *, seconds: float = WAIT_SECONDS_MAX) -> None:
        """
        Wait for something, within real time. Raises TooLong with `otherwise`, and with what ended by itself.
        """
        deadline = time.monotonic() + seconds
        pause = threading.Event()
        while not happened():
            if not self.stack.running():
                raise TooLong("the embedded AWS has ended by itself")
            if time.monotonic() > deadline:
                raise TooLong(f"{otherwise} (waited {seconds:.0f} s)")
            pause.wait(POLL_SECONDS)
