"""
Lane: the scope of one vendor quota, with its limits, its pace and its state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from chalicelib.value import value


@value
class Limit:
    """
    At most `calls` calls per window; `reserve` of them are kept back for urgent work.

    `per` is "day" (a calendar day in Asia/Tokyo) or "slot" (`slot_seconds` since the epoch).
    """

    calls: int
    per: str
    slot_seconds: int = 0
    reserve: int = 0


@value
class Rate:
    """
    A bucket of `burst` calls that refills one call every `interval_ms`: over any t seconds at most burst + t/interval.
    """

    interval_ms: int
    burst: int


@value
class Lane:
    """
    The scope of one vendor quota: one backlog queue, one pace, one breaker.

    `batching`: rows coalesce into one call; else one delivery (or one merged contact) a call. `counts`: "all" or
    "accepted" (a definite refusal gives the call back). `gap_seconds_min`: least distance of two batch calls.
    `timeout_seconds`: of one call made by advance. `settle_seconds`: least distance of two calls for one contact whose
    operations do not merge. `egress`: "any", or "fixed" (never called inside a request).
    """

    name: str
    vendor: str
    batching: bool
    limits: tuple[Limit, ...] = ()
    rate: Rate | None = None
    counts: str = "all"
    gap_seconds_min: float = 0.0
    rows_max: int = 1
    timeout_seconds: float = 20.0
    settle_seconds: float = 0.0
    egress: str = "any"
    attempts_max: int = 8


@value
class LaneKey:
    """
    One batch key of a lane: the settings that a call's rows share. Lanes without batches have the one key "-".

    `due_at`: since when a backlog message stands for this key (none: no message). `held_reason`: the vendor refused
    the key (400 on a file); its rows wait until an operator acts. `rows_max`: a smaller bound while bisecting after a
    413, 0 for none; `bisect_left`: calls the operator granted to find the row at fault. `unanswered`: calls in a row
    that ended without a clear answer.
    """

    name: str
    destination: str
    operation: str
    settings: Mapping[str, str] = field(default_factory=dict)
    urgent: bool = False
    due_at: datetime | None = None
    held_reason: str = ""
    rows_max: int = 0
    bisect_left: int = 0
    unanswered: int = 0


@value
class Breaker:
    """
    Why and until when a lane makes no call. `failures` in a row; `probes` made since it closed.

    `kind` is "" (open for calls), "quota" (a 429 although the ledger had room) or "failing" (no clear answers).
    """

    kind: str = ""
    reason: str = ""
    until: datetime | None = None
    since: datetime | None = None
    failures: int = 0
    probes: int = 0


@value
class OpenCall:
    """
    The one batch call that a lane may have open, from before it is sent until all its rows are settled.

    `phase` is sending, replied or uncertain. `file` is the bucket prefix of its bytes and lines. `verdict` is what the
    reply meant, stored before row states follow. `tries` counts how often these bytes were sent; `claim` is the id of
    the one worker's claim that made this try, since two workers may want to make the same one.
    """

    id: str
    key: str
    phase: str
    file: str
    rows: int
    started_at: datetime
    until: datetime
    windows: tuple[str, ...] = ()
    tries: int = 1
    claim: str = ""
    verdict: Mapping[str, str] = field(default_factory=dict)


@value
class LaneState:
    """
    What the table knows of a lane now: a snapshot; only conditional writes decide.

    `used` maps window names ("day#2026-11-21") to calls counted. `tat_ms` is the theoretical arrival time of the rate
    bucket. `open` are the ids of calls in flight. `hours` maps hours in Tokyo ("2026-11-21T10") to the calls made in
    them; `drift_at` is when the vendor last refused a call for which our books had room.
    """

    lane: str
    used: Mapping[str, int] = field(default_factory=dict)
    tat_ms: int = 0
    last_call_at: datetime | None = None
    open: frozenset[str] = frozenset()
    breaker: Breaker = Breaker()
    paused_reason: str = ""
    paused_at: datetime | None = None
    call: OpenCall | None = None
    keys: tuple[LaneKey, ...] = ()
    hours: Mapping[str, int] = field(default_factory=dict)
    drift_at: datetime | None = None


@value
class Reservation:
    """
    The right to make one call, to be claimed by one conditional write: all windows or none.

    `windows`: (window name, most that may have been used before). `bucket`: how the rate bucket moves, "" (no rate),
    "fresh" (it was empty) or "running". `stale`: names of past windows to clear away. `probe_of`: the breaker's
    `until` that this call probes. `hour` is where the call is counted for people's eyes, `stale_hours` are past ones.
    """

    call_id: str
    at: datetime
    windows: tuple[tuple[str, int], ...] = ()
    bucket: str = ""
    rate: Rate | None = None
    stale: tuple[str, ...] = ()
    probe_of: datetime | None = None
    probe_until: datetime | None = None
    hour: str = ""
    stale_hours: tuple[str, ...] = ()
