"""
One seed's day: the real relay between simulated stores, vendors, senders and people; first trouble, then calm.
"""

from __future__ import annotations

import math
import random
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from chalicelib.adapters.memory_shell import SeededChance
from chalicelib.destinations import VENDORS
from chalicelib.model import Config
from chalicelib.ports import Ports
from chalicelib.relay import Relay
from tests.sandbox.haihaimail import HaihaiSandbox
from tests.sandbox.satori import SatoriSandbox
from tests.scenarios.world import KEYS, SECRETS
from tests.simulation.books import Books
from tests.simulation.checks import Checks
from tests.simulation.final import final_wrongs, still_named, unfinished
from tests.simulation.lambdas import ADVANCE_SECONDS, Feeder, Lambdas, advance, unpack
from tests.simulation.network import Network
from tests.simulation.operators import Operators
from tests.simulation.options import Options, options_of
from tests.simulation.queues import SimQueue
from tests.simulation.scheduler import Scheduler, Trace
from tests.simulation.senders import Senders
from tests.simulation.settings import config_of
from tests.simulation.stores import SimBucket, SimClock, SimSecrets, SimTable, Way
from tests.simulation.weather import Weather

TICK_SECONDS = 60.0
CALM_TICK_SECONDS = 300.0
CALM_SECONDS = 6 * 3_600.0
RECOVERY_SECONDS_MAX = 40 * 3_600.0
ERASING_SECONDS = 1_200.0
PASSING = ("StoreUnavailable", "SecretUnavailable")
PERSONAL = re.compile(r"example\.co\.jp|[名社]\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """
    What came of a seed: what was wrong (nothing, it is hoped), the trace's digest and last lines, and figures.
    """

    seed: int
    wrong: tuple[str, ...]
    digest: str
    lines: tuple[str, ...]
    figures: dict[str, float] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)


class SimJournal:
    """
    The journal: every line goes by and is looked at; none is kept.
    """

    def __init__(self, day: Day) -> None:
        self._day = day

    def log(self, fact: str, **fields: Any) -> None:
        if PERSONAL.search(repr(fields)):
            self._day.checks.fail("no personal data in logs", f"{fact} {fields}")
        if fact == "fault" and not fields["traceback"].endswith(PASSING):
            self._day.checks.fail("own fault", str(fields))

    def measure(self, name: str, value: float, unit: str, **dimensions: str) -> None:
        """
        Figures are not looked at here.
        """

    def notice(self, cause: str, subject: str, text: str) -> None:
        if "example.co.jp" in f"{cause} {subject} {text}":
            self._day.checks.fail("no personal data in notices", cause)


class Day:
    """
    The world of one seed.
    """

    def __init__(self, seed: int, *, whole_trace: bool = False, options: Options | None = None) -> None:
        self.seed = seed
        self.options: Options = options or options_of(seed)
        options, chance = self.options, random.Random(f"day {seed}")  # noqa: S311 - repeatability is the point
        self.trace = Trace(whole=whole_trace)
        self.scheduler = Scheduler(options.start, chance, self.trace)
        self.weather = Weather(
            chance=chance,
            store_odds=options.store_odds,
            queue_odds=options.queue_odds,
            vendor_odds=options.vendor_odds,
            vendor_kinds=options.vendor_kinds,
            spells=list(options.spells),
            latency=options.latency,
            lag=options.lag,
        )
        self.calls_per_day = options.calls_per_day
        self.taken = ""
        self.away: list[tuple[float, float]] = []
        self.config: Config = config_of(options)
        self._relays = 0
        self._build_stores()
        self._build_vendors()
        self.books = Books()
        self.checks = Checks(self.scheduler, self.books, self.network, self.config)
        self.table.watchers.append(self.checks.changed)
        self.network.watch_left.append(self.checks.left)
        self.network.watch_arrived.append(self.checks.arrived)
        self.journal = SimJournal(self)
        self.lambdas = Lambdas(self.scheduler, self._relay, chance)
        self.lambdas.crashed = lambda function, error: self.checks.fail("own fault", f"{function}: {error!r}")
        self.bells = Feeder(self.scheduler, self.lambdas, self.bell, "advance", advance(self.scheduler))
        self.unpacks = Feeder(self.scheduler, self.lambdas, self.inbox, "unpack", unpack)
        self.senders = Senders(self.scheduler, self.lambdas, self.books, options)
        self.senders.heard.append(self.checks.heard)
        self.checks.in_inbox = self._in_inbox
        self.operators = Operators(self)

    # ── building ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _build_stores(self) -> None:
        self.way = Way(self.scheduler, self.weather)
        self.table = SimTable(self.way, useless_lease=self.options.useless_lease)
        self.bucket = SimBucket(self.way)
        self.bell = SimQueue(self.way, "bell", visibility=720.0, receives_max=5)
        self.inbox = SimQueue(self.way, "inbox", visibility=360.0, receives_max=40, losable=False)
        self.incoming = SimQueue(self.way, "inbox", visibility=360.0, receives_max=40, losable=False)
        self.backlogs = {name: SimQueue(self.way, "backlog", visibility=150.0) for name in self.config.lanes}

    def _build_vendors(self) -> None:
        options = self.options
        self.network = Network(self.scheduler, self.weather, timedelta(seconds=options.skew_seconds))
        self.way.mishap, self.way.wrote = self.network.disturb, self.network.wrote
        clock = self.network.vendor_now
        self.satori = SatoriSandbox(clock=clock, keys=KEYS)
        self.satori.change_switches(options.switches["satori"])
        self.haihai = HaihaiSandbox(
            clock=clock,
            login_id=SECRETS["env:HAIHAI_LOGIN_ID"],
            token=SECRETS["env:HAIHAI_TOKEN"],
            groups={"12": "ニュース", "13": "セミナー"},
            job_seconds=options.job_seconds,
        )
        self.haihai.change_switches({**options.switches["haihaimail"], "quota_counts": options.counts})
        self.haihai.quota.limit = options.calls_per_day
        self.network.vendors = {
            "https://api.satr.jp": ("satori", self.satori),
            "https://a01.hm-f.jp": ("haihaimail", self.haihai),
        }

    def _relay(self) -> Relay:
        self._relays += 1
        ports = Ports(
            table=self.table,
            bell=self.bell,
            inbox=self.inbox,
            incoming=self.incoming,
            backlogs={name: self.backlogs[name] for name in self.config.lanes},
            bucket=self.bucket,
            transport=self.network,
            secrets=SimSecrets(self.way, SECRETS),
            clock=SimClock(self.scheduler),
            chance=SeededChance(self.seed * 1_000_000 + self._relays),
            journal=self.journal,
        )
        return Relay(self.config, VENDORS, ports)

    def deploy(self, config: Config) -> None:
        """
        Another configuration, for every worker that starts from now on. A lane that goes takes its queue along.
        """
        gone = set(self.config.lanes) - set(config.lanes)
        for name in gone:
            self.backlogs[name] = SimQueue(self.way, "backlog", visibility=150.0)
        now = self.scheduler.seconds
        self.away = [(begins, min(ends, now + ADVANCE_SECONDS)) for begins, ends in self.away]
        if self.taken:
            self.away.append((now, math.inf))
        self.config = config
        self.checks.configs.append((self.scheduler.seconds, config))
        self.lambdas.deploy()

    def _in_inbox(self, number: int) -> bool:
        bodies = [*self.inbox.bodies(), *self.inbox.dead]
        found = any(each.number == number for body in bodies for each in self.books.in_message(body))
        self.books.submissions[number].in_inbox |= found
        return found

    # ── living ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def play(self) -> Result:
        """
        Live through it; the first thing that is wrong ends the day.
        """
        scheduler = self.scheduler
        self.senders.plan()
        self.operators.plan()
        self._tick(TICK_SECONDS)
        scheduler.run_until(self.options.live_seconds)
        if not self.checks.wrong:
            self._recover()
        for text in () if self.checks.wrong else final_wrongs(self):
            self.checks.fail("in the end", text)
        if not self.checks.wrong:
            self._erase_somebody()
        scheduler.end()
        return self._result()

    def _tick(self, period: float) -> None:
        """
        The minute schedule; while nothing goes wrong any more, a minute in five is enough.
        """
        self.lambdas.invoke("tick", lambda relay: relay.tick(), 60.0, lambda *_: None)
        self.bells.poll()
        self.unpacks.poll()
        calm = self.scheduler.seconds - self.options.live_seconds
        later = CALM_TICK_SECONDS * (1 if calm < CALM_SECONDS else 6) if self.weather.calm else period
        self.scheduler.later(later, lambda: self._tick(period))

    def _recover(self) -> None:
        """
        Good weather, and people who do their work: everything has to come to its end.
        """
        scheduler = self.scheduler
        self.weather.calm = True
        self.operators.end_trouble()
        end = scheduler.seconds + RECOVERY_SECONDS_MAX
        while scheduler.seconds < end and not scheduler.halted:
            scheduler.run_until(scheduler.seconds + 1_800.0)
            if not unfinished(self):
                return
            self.operators.do("look after dead and held")

    def _erase_somebody(self) -> None:
        """
        The last deed of every day: one person goes, and nothing of them stays in the table or in a file.
        """
        address = self.books.addresses()[0]
        self.operators.erase(address)
        self.scheduler.run_until(self.scheduler.seconds + ERASING_SECONDS)
        for text in still_named(self, address):
            self.checks.fail("erased means gone", text)

    def _result(self) -> Result:
        return Result(
            seed=self.seed,
            wrong=tuple(self.checks.wrong),
            digest=self.trace.digest,
            lines=tuple(self.trace.lines),
            figures={
                "virtual days": self.scheduler.seconds / 86_400,
                "submissions": len(self.books.submissions),
                "accepted": sum(each.accepted for each in self.books.submissions.values()),
                "calls": len(self.network.requests),
                "invocations": self.lambdas.count,
            },
            faults={**self.weather.counted, "worker killed at its time limit": self.lambdas.timed_out},
        )


def play(seed: int, *, whole_trace: bool = False) -> Result:
    """
    The day of a seed.
    """
    return Day(seed, whole_trace=whole_trace).play()
