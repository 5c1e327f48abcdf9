"""
The place where chaos is played: the packaged app on the embedded AWS, behind a proxy, with both vendors beside it.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from chalicelib.adapters.clock import SystemClock
from chalicelib.adapters.expressions import deserialize
from chalicelib.model import Config
from chalicelib.ops.clock import move_by, set_to
from chalicelib.ops.cloud import Deployed
from chalicelib.ops.serve import ring
from chalicelib.ops.stack import LocalStack
from chalicelib.records.layout import lease_key, stamp
from tests.chaos.watching import Watched
from tests.chaos.weather import Weather
from tests.demo.accounts import SECRETS, WEBSITE, on_this_machine, parsed
from tests.demo.moments import today_at
from tests.demo.setting_up import package_copy
from tests.demo.show import Show
from tests.sandbox.clock import FileClock
from tests.sandbox.faults import Fault
from tests.sandbox.run import demo_haihaimail, demo_satori
from tests.sandbox.server import serve

CONFIG = Path(__file__).with_name("relay.toml")
START_HOUR = 10
CALLS_PER_DAY = 60
"""
What relay.toml says, and what the vendor's account here allows.
"""

WORKER = "_worker.py"
"""
What the command line of a function's process has in it.
"""

VISIBILITY_SECONDS = 20
"""
For how long a message of a killed worker stays hidden. The template says minutes; the queues' clock cannot be moved.
"""

LOOK_SECONDS = 0.5
LOOKS_MAX = 120
DOOR_SECONDS_MAX = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """
    Everything that is up, and the hands that hurt it.
    """

    config: Config
    stack: LocalStack
    deployed: Deployed
    weather: Weather
    satori: Watched
    haihai: Watched
    clock_file: Path
    clock: FileClock
    kills: list[float] = field(default_factory=list)
    outages: list[tuple[float, float]] = field(default_factory=list)
    restarted: list[float] = field(default_factory=list)
    """
    When workers were killed, services away, and AWS started again, by a clock that nobody moves.
    """

    @property
    def relay(self) -> str:
        """
        The relay's address.
        """
        return self.stack.api_url

    def now(self) -> datetime:
        """
        The time by which everything lives.
        """
        return self.clock()

    def skip(self, seconds: float) -> None:
        """
        Let time pass, and wake every lane.
        """
        move_by(self.clock_file, seconds)
        self.wake()

    def wake(self) -> None:
        """
        Ring every lane.
        """
        ring(self.stack, self.deployed)

    def skip_to(self, at: datetime) -> None:
        """
        Let it be `at`.
        """
        self.skip((at - self.now()).total_seconds())

    def tonight_at(self, hour: int, minute: int) -> datetime:
        """
        The next time that it is so late in Tokyo.
        """
        today = today_at(hour, self.now()) + timedelta(minutes=minute)
        return today if today > self.now() else today + timedelta(days=1)

    def kill_a_worker(self, chance: random.Random) -> None:
        """
        SIGKILL for one of the functions' processes, whatever it is at.
        """
        workers = self._workers()
        if workers:
            victim = chance.choice(workers)
            with suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
                self.kills.append(time.monotonic())

    def restart(self) -> None:
        """
        End the embedded AWS (it saves its state), and start it again at the same address.
        """
        with self._away():
            self.stack.stop()
            self.stack.start()
            self._wait_for_the_door()
        self.restarted.append(time.monotonic())

    def _wait_for_the_door(self) -> None:
        """
        It is back when its functions answer, of which every one has to be started anew.
        """
        for _ in range(LOOKS_MAX):
            with suppress(requests.RequestException):
                if requests.get(f"{self.relay}/health", timeout=DOOR_SECONDS_MAX).ok:
                    return

    @contextmanager
    def failing(self, faults: list[Fault]) -> Iterator[None]:
        """
        Both vendors follow this programme, and are well again afterwards.
        """
        for vendor in (self.satori, self.haihai):
            vendor.faults.add(*faults)
        try:
            yield
        finally:
            for vendor in (self.satori, self.haihai):
                vendor.faults.clear()

    @contextmanager
    def refusing(self, service: str) -> Iterator[None]:
        """
        An AWS service refuses the relay's functions, and is well again afterwards.
        """
        with self._away():
            self.weather.refuse(service)
            try:
                yield
            finally:
                self.weather.heal()

    @contextmanager
    def _away(self) -> Iterator[None]:
        begun = time.monotonic()
        try:
            yield
        finally:
            self.outages.append((begun, time.monotonic()))

    def turns(self, count: int, seconds: float) -> None:
        """
        Let so much time pass so many times; each time every lane does what it can do then.
        """
        for _ in range(count):
            self.skip(seconds)
            self.quiet()

    def quiet(self) -> bool:
        """
        Wait until nobody works any more: no bell, nothing in the inbox, no lane that is being advanced, no new call.

        By what there is to see, not by time: a slow machine only makes it last longer. False where it does not come.
        """
        pause, seen = threading.Event(), -1
        for _ in range(LOOKS_MAX):
            pause.wait(LOOK_SECONDS)
            calls = len(self.satori.carriages) + len(self.haihai.carriages)
            if calls == seen and not self._busy():
                return True
            seen = calls
        return False

    def _busy(self) -> bool:
        for name, hidden in (("BellUrl", False), ("InboxUrl", True)):
            told = self.stack.client("sqs").get_queue_attributes(
                QueueUrl=self.deployed.outputs[name], AttributeNames=["All"]
            )["Attributes"]
            if int(told["ApproximateNumberOfMessages"]):
                return True
            if hidden and int(told["ApproximateNumberOfMessagesNotVisible"]):
                return True
        now = stamp(self.now())
        return any("owner" in item and item["until"] > now for item in self._leases())

    def _leases(self) -> list[dict[str, Any]]:
        table, found = self.stack.client("dynamodb"), []
        for lane in self.config.lanes:
            key = lease_key(lane)
            wanted = {"pk": {"S": key.pk}, "sk": {"S": key.sk}}
            name = self.deployed.outputs["TableName"]
            item = table.get_item(TableName=name, Key=wanted, ConsistentRead=True).get("Item")
            found.extend([deserialize(item)] if item else [])
        return found

    def hurry(self) -> None:
        """
        Let messages of killed workers come back within seconds.
        """
        queues = self.stack.client("sqs")
        urls = [self.deployed.outputs[each] for each in ("BellUrl", "InboxUrl")]
        for url in (*urls, *self.deployed.lanes.values()):
            queues.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": str(VISIBILITY_SECONDS)})

    def items(self, prefix: str) -> Iterator[Any]:
        """
        The table's items whose sort key begins so.
        """
        pages = self.stack.client("dynamodb").get_paginator("scan")
        for page in pages.paginate(TableName=self.deployed.outputs["TableName"], ConsistentRead=True):
            for raw in page["Items"]:
                item = deserialize(raw)
                if str(item["sk"]).startswith(prefix):
                    yield item

    def _workers(self) -> list[int]:
        """
        The processes of the functions of this embedded AWS, and of no other.
        """
        leader = self.stack.process_id
        listed = subprocess.run(
            ["ps", "-eo", "pid=,pgid=,sid=,args="],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        rows = (line.split(None, 3) for line in listed.splitlines())
        return [int(pid) for pid, group, session, words in rows if str(leader) in (group, session) and WORKER in words]


@contextmanager
def built(show: Show) -> Iterator[Place]:
    """
    Bring everything up; afterwards nothing of it is left.
    """
    with ExitStack() as ending:
        home = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="ekiden-chaos-")))
        clock_file = home / "clock"
        now = SystemClock().now()
        set_to(clock_file, today_at(START_HOUR, now), now=now)
        clock = FileClock(clock_file)
        satori, haihai = Watched(demo_satori(clock)), Watched(demo_haihaimail(clock))
        haihai.quota.limit = CALLS_PER_DAY
        with show.step("Starting the vendors and the embedded AWS"):
            places = [ending.enter_context(serve(vendor)).url for vendor in (satori, haihai)]
            text = on_this_machine(CONFIG.read_text("utf-8"), website=WEBSITE, satori=places[0], haihai=places[1])
            stacks: list[LocalStack] = []
            weather = ending.enter_context(Weather(lambda: _address(stacks[0])))
            environment = {**SECRETS, "EKIDEN_CLOCK_FILE": str(clock_file), **weather.environment()}
            stacks.append(ending.enter_context(LocalStack(home / "aws", port=free_port(), environment=environment)))
        with show.step("Packaging and deploying the app"):
            deployed = stacks[0].deploy(package_copy(home, text))
        place = Place(
            config=parsed(text),
            stack=stacks[0],
            deployed=deployed,
            weather=weather,
            satori=satori,
            haihai=haihai,
            clock_file=clock_file,
            clock=clock,
        )
        place.hurry()
        yield place


def free_port() -> int:
    """
    A port that nothing listens on: the same one again after a restart.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def background(work: Callable[[], None], stop: threading.Event) -> Iterator[None]:
    """
    Something that goes on beside the body, until its end.
    """
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _address(stack: LocalStack) -> tuple[str, int]:
    parts = urlsplit(stack.endpoint)
    return str(parts.hostname), int(parts.port or 80)
