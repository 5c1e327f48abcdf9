"""
What is asked instead of sent: a poll of a vendor (a source), and a lookup for a website's visitors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date, datetime
from typing import Any

from chalicelib.value import value


@value
class Poll:
    """
    How a source is asked: which destination's account, which of its retrievals, how often, out of which lane.

    `quota_share` is the percentage of the lane's calls that polls may have (0: the lane is theirs alone).
    `overlap_seconds`: each run asks so much further back than the last one ended. `first`: "take" what the first run
    finds, or only "remember" it. `settings` are the retrieval's own.
    """

    destination: str
    retrieval: str
    lane: str
    every_seconds: int = 1_800
    overlap_seconds: int = 7_200
    quota_share: int = 0
    first: str = "take"
    settings: Mapping[str, Any] = field(default_factory=dict)


@value
class Progress:
    """
    How far a run has come: the time up to which it asks, the day and the offset of its next call.

    `last` is the digest of the last row read.
    """

    until: datetime
    since: datetime
    day: date | None = None
    offset: int = 1
    last: str = ""
    rows: int = 0
    taken: int = 0
    calls: int = 0


@value
class PollState:
    """
    What the table knows of a poll. `watermark`: everything up to then has been read.

    `run` is the number of the run that is to come or under way; `snapshot` names the object with the digests of the
    rows that the last complete run saw, `part` those of the run under way. `reason` is why it stands still, `reply`
    what the vendor answered then (bounded, masked).
    """

    source: str
    run: int = 0
    watermark: datetime | None = None
    next_at: datetime | None = None
    last_at: datetime | None = None
    done_at: datetime | None = None
    owner: str = ""
    lease_until: datetime | None = None
    failures: int = 0
    reason: str = ""
    reply: str = field(default="", repr=False)
    rows: int = 0
    taken: int = 0
    snapshot: str = ""
    part: str = ""
    progress: Progress | None = None


@value
class Lookup:
    """
    A question that a website's visitors may have answered by a vendor: which one, from which pages, how often.

    `quota_share` is the percentage of the lane's calls that lookups may have. `stale_seconds`: how much older than
    `cache_seconds` an answer may be when the vendor cannot be asked now. `limit`: results of one answer.
    """

    name: str
    destination: str
    kind: str
    lane: str
    origins: tuple[str, ...] = ()
    cache_seconds: int = 600
    stale_seconds: int = 3_600
    per_visitor_per_minute: int = 20
    quota_share: int = 25
    limit: int = 10
    settings: Mapping[str, Any] = field(default_factory=dict)
