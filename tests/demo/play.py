"""
What every story needs: who sends, whose books are read, how time passes, what is expected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.demo import sending
from tests.demo.books import Books
from tests.demo.expectations import Expect, Expectations
from tests.demo.installation import Installation, TooLong
from tests.demo.judging import Quota
from tests.demo.moments import in_tokyo
from tests.demo.sending import Landed, Visitor
from tests.demo.show import Show

TURNS_MAX = 8
JOB_SECONDS = 10
"""
How long after a file was taken 配配メール's sandbox has surely worked it off.
"""


@dataclass(slots=True, kw_only=True)
class Sent:
    """
    What the script has sent so far: everybody's address with the chapter it was in, and the events the relay took.
    """

    chapter: str = ""
    people: dict[str, str] = field(default_factory=dict)
    accepted: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """
    One run of the script.
    """

    running: Installation
    books: Books
    expectations: Expectations
    show: Show
    sent: Sent = field(default_factory=Sent)

    @property
    def satori(self) -> str:
        """
        SATORI's lane.
        """
        return self.running.config.destinations["satori"].lane

    @property
    def haihai(self) -> str:
        """
        配配メール's lane.
        """
        return self.running.config.destinations["haihai"].lane

    @property
    def quota(self) -> Quota:
        """
        What 配配メール's lane may call in a day.
        """
        (limit,) = self.running.config.lanes[self.haihai].limits
        return Quota(calls_per_day=limit.calls, reserve=limit.reserve)

    def expect(self, name: Expect, found: str, *, met: bool) -> None:
        """
        Note an expectation.
        """
        self.expectations.check(name, found, met=met)

    def chapter(self, title: str, short: str = "") -> None:
        """
        A new story; `short` names it in tables.
        """
        self.sent.chapter = short
        self.show.chapter(title, in_tokyo(self.running.now()))

    # ── senders ──

    def visit(self, form: str, fields: Mapping[str, str], address: str) -> tuple[Landed, str]:
        """
        One visitor fills in a form from its page to the thank-you page; also the name of the browser.
        """
        with closing(Visitor(self.running.at.website, self.running.at.relay)) as visitor:
            landed = visitor.submit(form, fields)
            self.note([address], landed.status == 303)
            return landed, visitor.browser()

    def crowd(
        self, form: str, people: Sequence[Mapping[str, str]], *, done: Callable[[], object] = lambda: None
    ) -> list[Landed]:
        """
        Many people send a form whose address field is called `email`.
        """
        landed = sending.crowd(self.running.at.website, self.running.at.relay, form, people, done=done)
        for fields, each in zip(people, landed, strict=True):
            self.note([fields["email"]], each.status == 303)
        return landed

    def webhook(self, event: Mapping[str, Any], *, again: bool = False) -> dict[str, Any]:
        """
        The CRM sends one event; `again` marks a repetition, which is no new event.
        """
        answer = sending.webhook(self.running.at.relay, [event])
        self.note([str(event["email"])], not again)
        return answer

    def note(self, people: Iterable[str], accepted: bool) -> None:  # noqa: FBT001 - what the relay said
        """
        Remember whose address was sent, and whether the relay took it.
        """
        self.sent.people |= dict.fromkeys(people, self.sent.chapter)
        self.sent.accepted += int(accepted)

    # ── time ──

    def pass_to(self, at: datetime, what: str) -> None:
        """
        Let time pass, ring all lanes, wait for the answers.
        """
        self.show.clock(f"{in_tokyo(max(at, self.running.now()))}  {what}")
        with self.show.busy(what):
            self.running.pass_to(at)

    def next_try(self, lane: str) -> datetime:
        """
        When the lane may next call for what waits in it. Raises TooLong where only a person could tell.
        """
        at = self.books.lane(lane).next_call_at
        if at is None:
            raise TooLong(f"the lane {lane} is paused: {self.books.lane(lane).state.paused_reason}")
        after = sorted(each.after for each in self.books.backlog(lane) if each.after)
        return max([at, *after[:1]]) + timedelta(seconds=1)

    def carry(self, lane: str, what: str) -> None:
        """
        Let time pass from call to call until nothing waits in the lane any more. Raises TooLong.
        """
        for _ in range(TURNS_MAX):
            if not self.books.lane(lane).waiting:
                self.running.skip(JOB_SECONDS)
                return
            self.pass_to(self.next_try(lane), what)
        left = self.books.lane(lane)
        raise TooLong(
            f"{left.waiting} deliveries still wait in the lane {lane} after {TURNS_MAX} turns of passing time "
            f"({left.state.breaker.reason or 'no reason is on record'})"
        )
