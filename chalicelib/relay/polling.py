"""
Polls: sources that are asked. What is found becomes events as if it had been sent.

One worker asks at a time, by a lease on the poll's item. Nothing rests on the lease: each call is reserved in the
lane's ledger before it is made, each row has an id that is recognised when it is read again, and the watermark moves
only after every row of a run is stored. A worker that dies in between costs calls, nothing else.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from chalicelib.destinations import asked
from chalicelib.errors import StoreUnavailable
from chalicelib.model import Notice, Poll, PollState, Progress, Source
from chalicelib.planning import polling
from chalicelib.planning.windows import JST
from chalicelib.ports import Lost
from chalicelib.records import polls
from chalicelib.records.layout import poll_key
from chalicelib.relay import faults
from chalicelib.relay.accepting import Door
from chalicelib.relay.bells import poll_bell, ring_quietly
from chalicelib.relay.deps import Deps
from chalicelib.relay.front import Front
from chalicelib.relay.notices import Notices
from chalicelib.relay.poll_calls import Asker, Failed
from chalicelib.relay.poll_rows import Later, Leg, RowTaker
from chalicelib.relay.viewing import OperatorError

FAILURES_UNTOLD = 2
"""
A vendor that does not answer once or twice is not worth a mail; an answer that nobody can read is, at once.
"""


class Polls:
    """
    Starts polls, carries them out, and tells how they stand.
    """

    def __init__(self, deps: Deps, notices: Notices, door: Door, front: Front) -> None:
        self._deps = deps
        self._notices = notices
        self._door = door
        self._front = front
        self._asker = Asker(deps, notices)

    # ── when ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def start_due(self) -> None:
        """
        Every minute: ring for each poll whose time has come.
        """
        now = self._deps.now()
        due = [each.source for each in self.states() if polling.is_due(each, now)]
        ring_quietly(self._deps, [poll_bell(name) for name in due])

    def states(self) -> list[PollState]:
        """
        How every poll of the configuration stands, by name.
        """
        names = sorted(name for name, source in self._deps.config.sources.items() if source.poll)
        items = self._deps.ports.table.get([poll_key(name) for name in names]) if names else []
        return [polls.from_item(name, item) for name, item in zip(names, items, strict=True)]

    def poll(self, name: str) -> Poll:
        """
        The poll of that name. Raises OperatorError where there is none.
        """
        source = self._deps.config.sources.get(name)
        if source is None or source.poll is None:
            known = ", ".join(each.source for each in self.states()) or "none"
            raise OperatorError(f"relay.toml has no poll {name}. It has: {known}")
        return source.poll

    def label(self, name: str) -> str:
        """
        What the vendor calls the list that a poll asks for.
        """
        poll = self.poll(name)
        return asked.retrievals(self._deps.destination(poll.destination).vendor)[poll.retrieval].label

    def run_now(self, name: str) -> None:
        """
        An operator wants it asked now. Quota and pace hold as always.
        """
        self.poll(name)
        self._deps.ports.table.write(polls.due_now(name, self._deps.now()))
        self._deps.ports.journal.log("operator.polled", source=name)
        self._deps.ports.bell.send(poll_bell(name))

    # ── one worker's turn ───────────────────────────────────────────────────────────────────────────────────────────

    def run(self, name: str, *, deadline: datetime) -> None:
        """
        Ask until the run is complete, the lane allows no more, or time is up. Raises nothing but StoreUnavailable.
        """
        source, table, now = self._deps.config.sources.get(name), self._deps.ports.table, self._deps.now()
        if source is None or source.poll is None:
            self._deps.ports.journal.log("poll.unknown", source=name)
            return
        if not polling.is_due(self._state(name), now):
            return  # a second bell for what has been done
        owner = self._deps.ports.chance.id(now)
        if isinstance(table.write(polls.take(name, owner, now=now, until=deadline)), Lost):
            return
        table.write(polls.leave(self._turn(source, source.poll, self._state(name), deadline), owner))

    def _state(self, name: str) -> PollState:
        return polls.from_item(name, self._deps.ports.table.get([poll_key(name)])[0])

    def _turn(self, source: Source, poll: Poll, state: PollState, deadline: datetime) -> PollState:
        """
        The poll's state after this worker's turn. Whatever goes wrong stops this poll alone, and is told.
        """
        deps = self._deps
        try:
            leg = Leg(
                source=source,
                poll=poll,
                retrieval=asked.retrievals(deps.destination(poll.destination).vendor)[poll.retrieval],
                destination=deps.destination(poll.destination),
                lane=deps.config.lanes[poll.lane],
                deadline=deadline,
            )
            return self._ask(leg, state)
        except StoreUnavailable as unavailable:
            return self._failed(source.name, state, Failed(str(unavailable)))
        except Exception:  # noqa: BLE001 - our own fault
            deps.ports.journal.log("fault", where="poll", source=source.name, traceback=faults.for_log())
            return self._failed(source.name, state, Failed(f"our own fault: {faults.for_log()}", tell=True))

    def _ask(self, leg: Leg, state: PollState) -> PollState:
        rows = RowTaker(self._deps, self._door, self._front, leg, state)
        by_day = leg.retrieval.by_day(leg.poll.settings)
        progress = state.progress or polling.begin(leg.poll, state, self._deps.now(), by_day=by_day)
        state = replace(state, progress=progress)
        try:
            while True:
                progress, onward = self._asker.call(leg, progress, rows)
                if onward is None:
                    return self._done(leg, state, progress, rows)
                progress = onward
                state = replace(state, progress=progress)
        except Later as later:
            self._deps.ports.journal.log("poll.waits", source=leg.source.name, reason=str(later))
            return replace(_kept(state, rows), next_at=later.until, reason=str(later), reply="")
        except Failed as failed:
            if failed.anew:
                return self._failed(leg.source.name, replace(state, progress=None, part=""), failed)
            return self._failed(leg.source.name, _kept(state, rows), failed)

    def _done(self, leg: Leg, state: PollState, progress: Progress, rows: RowTaker) -> PollState:
        """
        Every row of the run is stored: only now the watermark moves.
        """
        now = self._deps.now()
        self._deps.ports.journal.log(
            "poll.done", source=leg.source.name, rows=progress.rows, taken=progress.taken, calls=progress.calls
        )
        return PollState(
            source=state.source,
            run=state.run + 1,
            watermark=progress.until,
            next_at=polling.next_after(leg.poll, progress, now),
            done_at=now,
            rows=progress.rows,
            taken=progress.taken,
            snapshot=rows.keep(part=False),
        )

    def _failed(self, name: str, state: PollState, failed: Failed) -> PollState:
        """
        Nothing was taken of what could not be read, and the watermark stays.
        """
        deps, failures, why = self._deps, state.failures + 1, str(failed)
        until = polling.retry_at(failures, deps.ports.chance.jitter(), deps.now())
        deps.ports.journal.log("poll.failed", source=name, failures=failures, reason=faults.first_line(why))
        if failed.tell or failures > FAILURES_UNTOLD:
            self._notices.tell((_stands_still(name, why, failed.shown, until),))
        return replace(state, failures=failures, next_at=until, reason=why, reply=failed.shown)


def _kept(state: PollState, rows: RowTaker) -> PollState:
    """
    A run that is to be gone on with; one that has not got anywhere yet begins anew, with the time that it is then.
    """
    if state.progress is not None and not state.progress.calls and not rows.digests:
        return replace(state, progress=None, part="")
    return replace(state, part=rows.keep(part=True))


def _stands_still(name: str, why: str, shown: str, until: datetime) -> Notice:
    answered = f" The answer began: {shown}" if shown else ""
    again = until.astimezone(JST).strftime("%H:%M")
    return Notice(
        cause=f"poll:{name}",
        subject=f"Poll {name} stands still",
        text=(
            f"{why.rstrip('.')}.{answered} Nothing of it was taken, and nothing is lost: it asks again at {again} JST, "
            f"from where it stopped. See: ekiden polls; at once after a repair: ekiden polls run {name}"
        ),
    )
