"""
What kind of day a seed is: its sources of trouble, its limits, its load, its hour. Each seed turns on a few things.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.simulation.weather import STORE, VENDOR_AFTER, VENDOR_BEFORE, Spell

MIDNIGHT = datetime(2026, 11, 21, 15, tzinfo=UTC)
"""
00:00 of 22 November in Tokyo.
"""

LOADS = ("quiet", "business day", "burst", "import", "hammer")
"""
A hammer is one contact, updated without end while the vendors are closed; fewer times than would be held for that.
"""

CHANGES = ("changed",) * 7
STATES = ("stopped", "gone", "allowed") * 2
KINDS = (CHANGES, (*CHANGES, "stopped", "gone", "allowed"), CHANGES + STATES)
HAMMERED = (CHANGES, (*CHANGES * 8, "gone"), (*CHANGES * 8, "gone"))
HOURS = {"before midnight": -2.5, "long before midnight": -5.0, "morning": -14.0, "after midnight": 0.05}
PLACES = ("table", "bell", "backlog", "inbox", "bucket")


@dataclass(slots=True, kw_only=True)
class Options:
    """
    One seed's day. Times are seconds since its start; `live_seconds` is how long senders send and things go wrong.
    """

    start: datetime
    live_seconds: float
    skew_seconds: float
    load: str
    submissions: int
    kinds: tuple[str, ...]
    contacts: int
    forms: bool
    crm: bool
    resend: float
    late: float
    bad_rows: float
    again: float
    calls_per_day: int
    reserve: int
    gap_seconds: int
    counts: str
    satori_day: int
    satori_slot: int
    satori_counts: str
    haihai_slot: int
    rows_max: int
    attempts_max: int
    settle_seconds: int
    job_seconds: float
    egress: str
    useless_lease: bool
    latency: float
    lag: float
    store_odds: dict[str, float] = field(default_factory=dict)
    queue_odds: dict[str, float] = field(default_factory=dict)
    vendor_odds: float = 0.0
    vendor_kinds: tuple[str, ...] = ()
    spells: tuple[Spell, ...] = ()
    switches: dict[str, dict[str, Any]] = field(default_factory=dict)
    deeds: tuple[tuple[float, str], ...] = ()


def options_of(seed: int) -> Options:
    """
    The options of a seed.

    Some are turned to one kind of trouble: refused calls whose settling is written twice; bells that wake two workers
    at once, whose calls end in doubt; messages that are lost while one key's rows wait for another's.
    """
    options = _options(seed)
    chance = random.Random(f"turn {seed}")  # noqa: S311 - repeatability is the point
    turn = chance.choice(["", "", "", "refused", "doubt", "lost"])
    if turn == "refused":
        odds = {**options.store_odds, "twice": 0.2}
        kinds = ("status_503", "early_429", "status_409")
        return replace(options, counts="accepted", store_odds=odds, vendor_odds=0.4, vendor_kinds=kinds)
    if turn == "doubt":
        queues = {**options.queue_odds, "doubled": 0.6}
        kinds = ("lose_after", "lose_before", "status_after", "garbage", "timeout_after")
        return replace(options, useless_lease=True, queue_odds=queues, vendor_odds=0.4, vendor_kinds=kinds)
    if turn == "lost":
        return replace(options, queue_odds={"lost": 0.5}, kinds=CHANGES + STATES, crm=True, lag=0.5)
    return options


def _options(seed: int) -> Options:
    chance = random.Random(f"options {seed}")  # noqa: S311 - repeatability is the point
    live = chance.choice([1800.0, 3600.0, 3600.0, 7200.0])
    hour = chance.choice(["before midnight", "before midnight", *HOURS])
    start = MIDNIGHT + timedelta(hours=HOURS[hour], minutes=chance.uniform(-20, 20))
    if hour == "before midnight":
        start = MIDNIGHT - timedelta(seconds=live * chance.uniform(0.3, 1.1))
    load = chance.choice(LOADS)
    calls = chance.choice([8, 12, 20, 240])
    sources = chance.choice([(True, True), (True, True), (True, False), (False, True)])
    hammer = load == "hammer"
    return Options(
        start=start,
        live_seconds=live,
        skew_seconds=chance.choice([0.0, -14.5, 14.5, chance.uniform(-15, 15)]),
        load=load,
        submissions={"quiet": 20, "business day": 60, "burst": 70, "import": 50, "hammer": 45}[load],
        kinds=chance.choice(HAMMERED if hammer else KINDS),
        contacts=1 if hammer else chance.choice([3, 8, 30]),
        forms=sources[0] and not hammer,
        crm=sources[1] or hammer,
        resend=chance.choice([0.0, 0.1, 0.4]),
        late=0.0 if hammer else chance.choice([0.0, 0.1, 0.5]),
        bad_rows=chance.choice([0.0, 0.05, 0.15]),
        again=chance.choice([0.0, 0.2]),
        calls_per_day=calls,
        reserve=chance.choice([0, 1, 3]),
        gap_seconds=chance.choice([1, 30]),
        counts=chance.choice(["all", "accepted"]),
        satori_day=chance.choice([0, 0, 40, 150]),
        satori_slot=chance.choice([0, 0, 3, 6]),
        satori_counts=chance.choice(["all", "accepted"]),
        haihai_slot=chance.choice([0, 0, 1]),
        rows_max=chance.choice([5, 10_000]),
        attempts_max=chance.choice([3, 8, 8]),
        settle_seconds=chance.choice([120, 300]),
        job_seconds=chance.choice([0.0, 0.0, 60.0]),
        egress=chance.choice(["any", "any", "fixed"]),
        useless_lease=chance.random() < 0.5,
        latency=chance.choice([0.005, 0.02, 0.1]),
        lag=chance.choice([0.02, 0.5, 30.0]),
        store_odds=_store_odds(chance),
        queue_odds=chance.choice([{}, {"doubled": 0.2, "late": 0.1}, {"lost": 0.1, "doubled": 0.05}]),
        vendor_odds=chance.choice([0.0, 0.05, 0.25]),
        vendor_kinds=tuple(chance.sample(VENDOR_BEFORE + VENDOR_AFTER, chance.choice([1, 3, 6]))),
        spells=(*(_spell(chance, live) for _ in range(chance.choice([0, 1, 3]))), *(_closed(live) if hammer else ())),
        switches=_switches(chance),
        deeds=_deeds(chance, live),
    )


def _store_odds(chance: random.Random) -> dict[str, float]:
    kinds = chance.sample(STORE, chance.choice([0, 2, 4, len(STORE)]))
    return {kind: chance.choice([0.02, 0.1] if kind == "twice" else [0.001, 0.005, 0.03]) for kind in kinds}


def _spell(chance: random.Random, live: float) -> Spell:
    begins = chance.uniform(0, live * 0.9)
    ends = begins + chance.choice([20.0, 120.0, 900.0])
    if chance.random() < 0.4:
        place = chance.choice(PLACES)
        return Spell(place=place, kind=chance.choice(["refused", "no_effect"]), begins=begins, ends=ends)
    if chance.random() < 0.1:
        return Spell(place="secret env:SATORI_USER_KEY", kind="refused", begins=begins, ends=ends)
    kind = chance.choice(["maintenance_200", "status_503", "timeout_after", "early_429", "lose_after", "status_after"])
    return Spell(place=chance.choice(["satori", "haihaimail"]), kind=kind, begins=begins, ends=ends)


def _closed(live: float) -> list[Spell]:
    return [Spell(place=each, kind="maintenance_200", begins=0.0, ends=live * 0.8) for each in ("satori", "haihaimail")]


def _switches(chance: random.Random) -> dict[str, dict[str, Any]]:
    return {
        "satori": {
            "empty_value": chance.choice(["keeps", "clears"]),
            "http_code": chance.choice(["mirror", "mirror", "always_200"]),
            "delete_unknown": chance.choice([400, 200]),
        },
        "haihaimail": {
            "stopped_survives": chance.choice(["survives", "revived"]),
            "duplicates": chance.choice(["first", "last"]),
            "over_quota": chance.choice(["http_429", "body_429"]),
        },
    }


def _deeds(chance: random.Random, live: float) -> tuple[tuple[float, str], ...]:
    """
    What people do meanwhile, and when.
    """
    found: list[tuple[float, str]] = []
    lane = chance.choice(["satori", "haihaimail"])
    if chance.random() < 0.4:
        at = chance.uniform(0, live * 0.6)
        found += [(at, f"pause {lane}"), (at + chance.choice([60.0, 900.0]), f"resume {lane}")]
    if chance.random() < 0.3:
        found.append((live * chance.uniform(0.3, 0.6), "lower the limit"))
    if chance.random() < 0.25:
        at, what = chance.uniform(0.1, 0.6) * live, chance.choice(["routes", "satori", "haihai"])
        found += [(at, f"take away {what}"), (at + chance.choice([120.0, 1200.0]), f"give back {what}")]
    if chance.random() < 0.2:
        found.append((chance.uniform(0, live), "others use the account"))
    if chance.random() < 0.5:
        found += [(chance.uniform(0, live), "lose all messages") for _ in range(3)]
    if chance.random() < 0.5:
        found += [(chance.uniform(0.2, 1.0) * live, "look after dead and held") for _ in range(3)]
    return tuple(sorted(found))
