"""
The shape of what can be asked of a vendor: retrievals for polls, and lookups for a website's visitors.

As with operations the module only declares and translates; the shell owns sending, quota, time and what is remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import date, datetime
from typing import Any, Protocol

from chalicelib.destinations.kit import Setting
from chalicelib.model import Call, Destination, Fault, Lane, NoReply, Reply, Verdict
from chalicelib.model.arrival import Json
from chalicelib.value import value

REPLY_BYTES_MAX = 20_000_000
SHOWN_CHARS_MAX = 300
"""
How much of an answer that nobody can read is kept for an operator.
"""


@value
class Wanted:
    """
    What one call of a poll asks for: a span of time, perhaps one day of it (in Tokyo), from the n-th row on.
    """

    since: datetime
    until: datetime
    day: date | None = None
    offset: int = 1


@value
class Rows:
    """
    What was found. Nothing of an answer is used unless all of it could be read.
    """

    rows: tuple[Mapping[str, Json], ...] = field(repr=False)


@value
class Unread:
    """
    No rows: what the reply says of the lane and to an operator, and the beginning of what came, masked.

    The verdict has one kind more than that of a delivery's call: "strange", a success that matches no reading.
    """

    verdict: Verdict
    shown: str = field(default="", repr=False)


class Builder(Protocol):
    """
    The request of a retrieval.
    """

    def __call__(
        self,
        wanted: Wanted,
        settings: Mapping[str, Any],
        destination: Destination,
        credentials: Mapping[str, str],
    ) -> Call:
        """
        One call, complete.
        """


def _no_faults(_settings: Mapping[str, Any], _destination: Destination) -> list[Fault]:
    return []


def _one_call(_settings: Mapping[str, Any]) -> bool:
    return False


def _no_doubt(_row: Mapping[str, Json]) -> str:
    return ""


@value
class Retrieval:
    """
    One list that a vendor's API can be asked for.

    `event`: how a row names itself, as in `[sources.NAME.event]`; relay.toml may write over it. `known_by`: "id" (each
    row has an id of its own that never changes) or "rows" (what the run before did not have is new). `rows_per_call`:
    an answer has at most so many, and the next call goes on `overlap_rows` before its end; 0: one answer has them all.
    `by_day`: whether each day is asked for by itself. `lane`: the lane of its own, None for the destination's.
    `doubt`: why a row should wait for a person, if so.
    """

    name: str
    label: str
    build: Builder
    read: Callable[[Reply | NoReply, Mapping[str, Any], Destination], Rows | Unread]
    settings: Mapping[str, Setting] = field(default_factory=dict)
    event: Mapping[str, Any] = field(default_factory=dict)
    known_by: str = "rows"
    rows_per_call: int = 0
    overlap_rows: int = 0
    by_day: Callable[[Mapping[str, Any]], bool] = _one_call
    lane: Callable[[Destination, Mapping[str, Any]], Lane] | None = None
    check: Callable[[Mapping[str, Any], Destination], list[Fault]] = _no_faults
    doubt: Callable[[Mapping[str, Json]], str] = _no_doubt


@value
class Question:
    """
    What a visitor asks: the text, and how many results are wanted.
    """

    text: str = field(repr=False)
    limit: int


@value
class LookupKind:
    """
    One thing that visitors may look up. `read` gives rows with public members only.
    """

    name: str
    label: str
    build: Callable[[Question, Mapping[str, Any], Destination, Mapping[str, str]], Call]
    read: Callable[[Reply | NoReply, Mapping[str, Any], Destination], Rows | Unread]
    settings: Mapping[str, Setting] = field(default_factory=dict)
