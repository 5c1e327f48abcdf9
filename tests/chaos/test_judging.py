"""
What chaos calls lost, twice and refused.
"""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from tests.chaos.judging import Books, Played, over_limit, refusals
from tests.chaos.senders import Told, Unthanked
from tests.chaos.watching import Carriage, Watched
from tests.sandbox.wire import SandboxAnswer, SandboxDrop, SandboxRequest, Spoken, json_answer

LEAD, ROW = "contact-1@example.co.jp", "newsletter-2@example.co.jp"


def knock(status: int, *, relays: bool = False, begun: float = 10.0, ended: float = 12.0) -> Unthanked:
    return Unthanked(address=LEAD, begun=begun, ended=ended, status=status, relays=relays)


def place(*, kills: tuple[float, ...] = (), outages: tuple[tuple[float, float], ...] = ()) -> Any:
    return SimpleNamespace(kills=list(kills), outages=list(outages))


def called(address: str, *calls: tuple[float, bool]) -> Books:
    """The books of an address that was carried so often, and whether each answer was a plain yes."""
    books = Books()
    books.carried[address] = len(calls)
    books.calls[address] = [Carriage(at=at, addresses=frozenset({address}), clear=clear) for at, clear in calls]
    return books


def score(books: Books, address: str, where: Any) -> Any:
    return books.score(Played(name="r", told=Told(accepted=[address]), hurts=1, seconds=1.0), where)


@pytest.mark.parametrize(
    ("each", "kills", "outages", "refused"),
    [
        (knock(503, relays=True), (11.0,), ((0.0, 99.0),), True),
        (knock(502), (), (), True),
        (knock(502), (9.0, 13.0), (), True),
        (knock(502), (11.0,), (), False),
        (knock(0), (), ((11.0, 20.0),), False),
        (knock(0), (), ((30.0, 40.0),), True),
    ],
)
def test_only_the_platform_has_excuses(
    each: Unthanked,
    kills: tuple[float, ...],
    outages: tuple[tuple[float, float], ...],
    refused: bool,  # noqa: FBT001 - a table
) -> None:
    """Ekiden's own no is a refusal always; a 502 is one unless a worker was killed, or AWS away, at that time."""
    assert bool(refusals([each], kills=kills, outages=outages)) is refused


def test_an_address_that_is_nowhere_is_lost() -> None:
    """Thanked, not at the vendor, and nothing of it in the table."""
    found = score(Books(), LEAD, place())

    assert (found.lost, found.unfinished, found.is_good) == (1, 0, False)


@pytest.mark.parametrize(("state", "column"), [("waiting", "unfinished"), ("dead", "with_a_person")])
def test_what_is_still_there_is_not_lost(state: str, column: str) -> None:
    """What waits, or is in front of a person, is told apart from what is gone; a round with it is not good."""
    books = Books()
    books.states[LEAD].add(state)
    found = score(books, LEAD, place())

    assert (found.lost, getattr(found, column), found.is_good) == (0, 1, False)


@pytest.mark.parametrize(
    ("address", "first", "kills", "twice"),
    [
        (LEAD, True, (), 1),
        (LEAD, True, (1.5,), 1),
        (LEAD, False, (), 0),
        (ROW, True, (), 1),
        (ROW, True, (1.5,), 0),
        (ROW, True, (2.5,), 1),
    ],
)
def test_twice_needs_a_doubt(address: str, first: bool, kills: tuple[float, ...], twice: int) -> None:  # noqa: FBT001
    """A lead by its story or an unclear answer only; a row also where a worker died before the file was noted."""
    found = score(called(address, (1.0, first), (2.0, True)), address, place(kills=kills))

    assert (found.twice, found.doubted, found.is_good) == (twice, 1 - twice, not twice)


def test_a_lead_that_the_relay_called_uncertain_was_in_doubt() -> None:
    """Its story says that its worker did not come back."""
    books = called(LEAD, (1.0, True), (2.0, True))
    books.stories[LEAD] = "2026-11-22T01:00:00Z uncertain did not come back"

    assert score(books, LEAD, place()).twice == 0


def test_a_round_that_hurt_nobody_shows_nothing() -> None:
    """All arrived, but nothing was done to the relay: that is no result."""
    played = Played(name="r", told=Told(accepted=[LEAD]), hurts=0, seconds=1.0)

    assert not called(LEAD, (1.0, True)).score(played, place()).is_good


class Vendor:
    """Answers what it is told to."""

    def __init__(self, *answers: Spoken) -> None:
        self._answers = list(answers)

    def clock(self) -> datetime:
        return datetime(2026, 11, 21, 15, tzinfo=UTC)

    def handle(self, _request: SandboxRequest) -> Spoken:
        return self._answers.pop(0)


def test_a_listener_hears_whom_a_call_carried_and_what_was_said() -> None:
    """Only a plain yes in time is clear; calls are counted by the day in Tokyo, answered or not."""
    answers = (
        json_answer(200, {"code": 200}),
        json_answer(400, {}),
        SandboxDrop(reason="reset"),
        SandboxAnswer(status=200, body=b"<h1>"),
        SandboxAnswer(status=200, body=b"{}", delay_seconds=5.0),
    )
    watched = Watched(Vendor(*answers))
    body = f"email={LEAD.replace('@', '%40')}&x={ROW}".encode()
    for _ in answers:
        watched.handle(SandboxRequest(method="POST", path="/", body=body))

    assert [each.clear for each in watched.carriages] == [True, False, False, False, False]
    assert {each.addresses for each in watched.carriages} == {frozenset({LEAD, ROW})}
    assert watched.calls_by_day == {"2026-11-22": 5}
    assert over_limit(SimpleNamespace(haihai=SimpleNamespace(calls_by_day={"a": 61, "b": 60}))) == 1  # type: ignore[arg-type]
