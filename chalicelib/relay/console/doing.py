"""
What a form of the console does: pause and resume, show what is veiled, and deeds on deliveries in two steps.

A deed is first planned: the page tells which deliveries and the price in calls. Only the second form does it, to
exactly those deliveries; each is one conditional transaction, so that sending the form twice does nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from math import ceil

from chalicelib.console.deeds import DEEDS, KEY_TITLES, Price, done_page, key_page, plan_page
from chalicelib.console.frame import Frame
from chalicelib.model import State
from chalicelib.planning.windows import day_bounds
from chalicelib.relay import replaying
from chalicelib.relay.console.answers import File
from chalicelib.relay.console.asking import Asked
from chalicelib.relay.console.filing import Files, file_copied
from chalicelib.relay.console.finding import day_of, searched
from chalicelib.relay.console.plans import Planner
from chalicelib.relay.console.telling import delivery_drawn, submission_drawn
from chalicelib.relay.operating import Operator
from chalicelib.relay.replaying import Filter, Replayer
from chalicelib.relay.viewing import OperatorError
from chalicelib.veil import names_of

AT_ONCE_MAX = 100
"""
A deed on so many deliveries ends well within API Gateway's 29 seconds.
"""

REASON_CHARS_MAX = 200


class Doing:
    """
    One form's deed.
    """

    ENDS_ELSEWHERE = frozenset({"lanes", "key"})
    """
    Deeds after which the browser is sent on to a page that may be reloaded.
    """

    def __init__(self, operator: Operator, replayer: Replayer, files: Files, *, frame: Frame, request: Asked) -> None:
        self._operator = operator
        self._files = files
        self._replayer = replayer
        self._frame = frame
        self._asked = request

    def doors(self) -> Mapping[str, Callable[[], str | File | None]]:
        """
        The deeds whose answer is a page, by the first part of their address.
        """
        return {
            "plan": self._plan,
            "plan-key": self._key_planned,
            "do": self._do,
            "deliveries": self._reveal,
            "submissions": self._reveal,
            "files": lambda: file_copied(self._operator, self._files, self._asked.name),
            "search": lambda: searched(self._operator, self._frame, self._asked),
        }

    def done_elsewhere(self) -> str:
        """
        Do something to a lane or a key; returns where to look at it.
        """
        if self._asked.page == "key":
            return self._key_done()
        name, deed = self._asked.name, self._asked.field("deed")
        if deed == "resume":
            self._operator.resume(name)
        elif deed == "pause":
            reason = " ".join(self._asked.field("reason").split())[:REASON_CHARS_MAX]
            self._operator.pause(name, reason or "paused in the console")
        else:
            raise OperatorError(f"There is no deed {deed[:20]!r} for a lane")
        return self._frame.base

    def _key_done(self) -> str:
        """
        Send a held key's rows again, or give them up.
        """
        deed, lane, key = (self._asked.field(name) for name in ("deed", "lane", "key"))
        if deed == "drop":
            self._operator.drop_key(lane, key)
        elif deed == "release":
            self._operator.release_key(lane, key)
        else:
            raise OperatorError("There is no such deed for a key")
        return self._frame.to("held")

    def _key_planned(self) -> str:
        """
        What a deed on a held key would do, and what it costs. Raises OperatorError where no such key is held.
        """
        deed, lane, name = (self._asked.field(each) for each in ("deed", "lane", "key"))
        found = next((each for each in self._operator.held_keys() if (each[0], each[1].name) == (lane, name)), None)
        if found is None or deed not in KEY_TITLES:
            raise OperatorError(f"No key {lane[:80]}/{name[:80]} is held")
        status = self._operator.lane_status(lane)
        price = Price(
            lane=lane,
            deliveries=found[2],
            calls=ceil(found[2] / max(1, status.lane.rows_max)),
            left=max(0, status.limit - status.reserved - status.used) if status.limit else None,
        )
        return key_page(self._frame, deed, name, price)

    def _reveal(self) -> str:
        """
        Show what is veiled. It is put on record first: who cannot be recorded sees nothing.
        """
        drawn = {"deliveries": delivery_drawn, "submissions": submission_drawn}[self._asked.page]
        self._operator.note_reveal(self._asked.name)
        return drawn(self._operator, self._frame, self._asked.name, lifted=True)

    # ── deeds on deliveries ─────────────────────────────────────────────────────────────────────────────────────────

    def _plan(self) -> str:
        deed, state = self._intent()
        planner = Planner(self._operator, self._frame.say, deed=deed, state=state)
        if self._asked.field("scope") == "filter":
            found = self._replayer.plan(self._filter(state), deed)
            more = found.more or len(found.ids) > AT_ONCE_MAX
            return plan_page(self._frame, planner.plan(found.ids[:AT_ONCE_MAX], found.refused, more=more))
        ids = self._ids()
        return plan_page(self._frame, planner.plan(ids, fixes=self._fixes(ids) if deed == "replay" else {}))

    def _filter(self, state: State) -> Filter:
        """
        Those that a person means without ticking each.
        """
        field = self._asked.field
        since, until = day_of(field("since")), day_of(field("until"))
        return Filter(
            state=state,
            source=field("source"),
            destination=field("destination"),
            reason=field("reason").strip(),
            since=day_bounds(since)[0] if since else None,
            until=day_bounds(until)[1] - timedelta(microseconds=1) if until else None,
        )

    def _do(self) -> str:
        deed, state = self._intent()
        ids = self._ids()
        fixes = self._fixes(ids)
        if fixes and deed == "replay" and state is State.DEAD:
            results = [self._mended(ids[0], fixes)]
        else:
            plan = replaying.Plan(deed=deed, state=state, ids=tuple(ids), chosen="")
            results = [self._told(each) for each in self._replayer.carry_out(plan)]
        return done_page(self._frame, deed, str(state), results)

    def _mended(self, name: str, fixes: Mapping[str, str]) -> tuple[str, str, bool]:
        try:
            return self._told(replaying.Done(id=name, became=self._operator.replay(name, fixes).id))
        except OperatorError as error:
            return name, str(error), False

    def _told(self, done: replaying.Done) -> tuple[str, str, bool]:
        say = self._frame.say
        if done.error:
            return done.id, done.error, False
        words = say(f"送信待ち: {done.became}", f"sent again as {done.became}") if done.became else say.state("dropped")
        return done.id, words, True

    def _intent(self) -> tuple[str, State]:
        deed, state = self._asked.field("deed"), self._asked.field("state")
        if deed not in DEEDS or state not in {"dead", "held"}:
            raise OperatorError("There is no such deed")
        return deed, State(state)

    def _ids(self) -> list[str]:
        ids = list(dict.fromkeys(self._asked.fields("id")))
        if len(ids) > AT_ONCE_MAX:
            raise OperatorError(f"{len(ids)} at once are too many; choose at most {AT_ONCE_MAX}")
        return ids

    def _fixes(self, ids: Sequence[str]) -> dict[str, str]:
        """
        The values that a person put in, and the fields to be cleared. Raises OperatorError for a field there is not.
        """
        typed = {name: text for name, text in self._asked.begun("fix.").items() if text}
        given = typed | {name: "" for name in self._asked.begun("clear.") if name not in typed}
        if not given:
            return {}
        if len(ids) != 1:
            raise OperatorError("Values are put into one delivery at a time")
        known = names_of(self._operator.config, self._operator.delivery(ids[0]))
        strange = [name for name in given if name not in known]
        if strange:
            raise OperatorError(f"{strange[0][:80]!r} is no field of this delivery")
        return given
