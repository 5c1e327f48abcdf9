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
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from chalicelib.adapters.clock import SystemClock
from chalicelib.adapters.expressions import deserialize
from chalicelib.model import Config
from chalicelib.ops.clock import move_by, set_to
from chalicelib.ops.cloud import Deployed
from chalicelib.ops.serve import ring
from chalicelib.ops.stack import LocalStack
from tests.chaos.weather import Weather
from tests.demo.accounts import SECRETS, WEBSITE, on_this_machine, parsed
from tests.demo.moments import today_at
from tests.demo.setting_up import package_copy
from tests.demo.show import Show
from tests.sandbox.clock import FileClock
from tests.sandbox.haihaimail import HaihaiSandbox
from tests.sandbox.run import demo_haihaimail, demo_satori
from tests.sandbox.satori import SatoriSandbox
from tests.sandbox.server import serve

CONFIG = Path(__file__).with_name("relay.toml")
START_HOUR = 10
WORKER = "_worker.py"
"""
What the command line of a function's process has in it.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """
    Everything that is up, and the hands that hurt it.
    """

    config: Config
    stack: LocalStack
    deployed: Deployed
    weather: Weather
    satori: SatoriSandbox
    haihai: HaihaiSandbox
    clock_file: Path
    clock: FileClock
    killed: list[int] = field(default_factory=list)

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
                self.killed.append(victim)

    def restart(self) -> None:
        """
        End the embedded AWS (it saves its state), and start it again at the same address.
        """
        self.stack.stop()
        self.stack.start()

    def states(self) -> Counter[str]:
        """
        How many deliveries are in each state.
        """
        return Counter(str(item["state"]) for item in self.items("DELIVERY#"))

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
        satori, haihai = demo_satori(clock), demo_haihaimail(clock)
        with show.step("Starting the vendors and the embedded AWS"):
            places = [ending.enter_context(serve(vendor)).url for vendor in (satori, haihai)]
            text = on_this_machine(CONFIG.read_text("utf-8"), website=WEBSITE, satori=places[0], haihai=places[1])
            stacks: list[LocalStack] = []
            weather = ending.enter_context(Weather(lambda: _address(stacks[0])))
            environment = {**SECRETS, "EKIDEN_CLOCK_FILE": str(clock_file), **weather.environment()}
            stacks.append(ending.enter_context(LocalStack(home / "aws", port=free_port(), environment=environment)))
        with show.step("Packaging and deploying the app"):
            deployed = stacks[0].deploy(package_copy(home, text))
        assert isinstance(satori, SatoriSandbox)
        assert isinstance(haihai, HaihaiSandbox)
        yield Place(
            config=parsed(text),
            stack=stacks[0],
            deployed=deployed,
            weather=weather,
            satori=satori,
            haihai=haihai,
            clock_file=clock_file,
            clock=clock,
        )


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
