"""
What a form of the console does: pause and resume, show what is veiled, and deeds on deliveries in two steps.

A deed is first planned: the page names every delivery and the price in calls. Only the second form does it, to exactly
those deliveries; each deed is one conditional transaction, so that sending the form twice does nothing twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from math import ceil

from chalicelib.console.deeds import TITLES, Plan, Price, done_page, plan_page
from chalicelib.console.frame import Frame
from chalicelib.model import Delivery, State
from chalicelib.relay.console.asking import Asked
from chalicelib.relay.console.looking import delivery_drawn, submission_drawn
from chalicelib.relay.console.views import delivery_view
from chalicelib.relay.operating import Operator
from chalicelib.relay.viewing import OperatorError
from chalicelib.veil import Veil, names_of

AT_ONCE_MAX = 100
"""
A deed on so many deliveries ends well within API Gateway's 29 seconds.
"""

REASON_CHARS_MAX = 200
FITTING: Mapping[str, frozenset[State]] = {
    "replay": frozenset({State.DEAD}),
    "release": frozenset({State.HELD}),
    "drop": frozenset({State.DEAD, State.HELD}),
}


class Doing:
    """
    One form's deed.
    """

    ENDS_ELSEWHERE = frozenset({"lane", "key"})
    """
    Deeds after which the browser is sent on to a page that may be reloaded.
    """

    def __init__(self, operator: Operator, frame: Frame, request: Asked) -> None:
        self._operator = operator
        self._frame = frame
        self._asked = request

    def doors(self) -> Mapping[str, Callable[[], str | None]]:
        """
        The deeds whose answer is a page, by the first part of their address.
        """
        return {"plan": self._plan, "do": self._do, "delivery": self._reveal, "submission": self._reveal}

    def done_elsewhere(self) -> str:
        """
        Do something to a lane or a key; returns where to look at it.
        """
        if self._asked.page == "key":
            self._operator.release_key(self._asked.field("lane"), self._asked.field("key"))
            return self._frame.to("held")
        name, deed = self._asked.name, self._asked.field("deed")
        if deed == "resume":
            self._operator.resume(name)
        elif deed == "pause":
            reason = " ".join(self._asked.field("reason").split())[:REASON_CHARS_MAX]
            self._operator.pause(name, reason or "paused in the console")
        else:
            raise OperatorError(f"There is no deed {deed[:20]!r} for a lane")
        return self._frame.base

    def _reveal(self) -> str:
        drawn = {"delivery": delivery_drawn, "submission": submission_drawn}[self._asked.page]
        page = drawn(self._operator, self._frame, self._asked.name, lifted=True)
        self._operator.note_reveal(self._asked.name)
        return page

    # ── deeds on deliveries ─────────────────────────────────────────────────────────────────────────────────────────

    def _plan(self) -> str:
        deed, ids = self._chosen()
        fixes = self._fixes(ids)
        found, skipped = [], []
        for name in ids:
            try:
                each = self._operator.delivery(name)
            except OperatorError as error:
                skipped.append((name, str(error)))
                continue
            if each.state in FITTING[deed]:
                found.append(each)
            else:
                skipped.append((name, self._frame.say.state(str(each.state))))
        veil = Veil(config=self._operator.config)
        plan = Plan(
            deed=deed,
            views=tuple(delivery_view(each, veil, whole=False) for each in found),
            prices=() if deed == "drop" else tuple(self._prices(found)),
            fixes=fixes if deed == "replay" else {},
            skipped=tuple(skipped),
        )
        return plan_page(self._frame, plan)

    def _do(self) -> str:
        deed, ids = self._chosen()
        fixes = self._fixes(ids)
        return done_page(self._frame, deed, [self._done(deed, name, fixes) for name in ids])

    def _done(self, deed: str, name: str, fixes: Mapping[str, str]) -> tuple[str, str, bool]:
        say = self._frame.say
        try:
            if deed == "drop":
                self._operator.drop(name)
                return name, say.state(str(State.DROPPED)), True
            new = [self._operator.replay(name, fixes)] if deed == "replay" else self._operator.release(name)
        except OperatorError as error:
            return name, str(error), False
        return name, say("送信待ち: ", "sent again as ") + (", ".join(each.id for each in new) or "-"), True

    def _chosen(self) -> tuple[str, list[str]]:
        deed = self._asked.field("deed")
        if deed not in TITLES:
            raise OperatorError(f"There is no deed {deed[:20]!r}")
        ids = list(dict.fromkeys(self._asked.fields("id")))
        if len(ids) > AT_ONCE_MAX:
            raise OperatorError(f"{len(ids)} at once are too many; choose at most {AT_ONCE_MAX}")
        return deed, ids

    def _fixes(self, ids: Sequence[str]) -> dict[str, str]:
        """
        The values that a person put in, and the fields to be cleared. Raises OperatorError for a field there is not.
        """
        typed = {name: text for name, text in self._asked.begun("fix.").items() if text}
        cleared = {name: "" for name in self._asked.begun("clear.") if name not in typed}
        given = typed | cleared
        if given and len(ids) != 1:
            raise OperatorError("Values are put into one delivery at a time")
        if given:
            known = names_of(self._operator.config, self._operator.delivery(ids[0]))
            strange = [name for name in given if name not in known]
            if strange:
                raise OperatorError(f"{strange[0][:80]!r} is no field of this delivery")
        return given

    def _prices(self, found: Sequence[Delivery]) -> list[Price]:
        """
        The most calls that sending these costs, lane by lane: one each, or one for a file of each key's rows.
        """
        by_lane: dict[str, list[Delivery]] = defaultdict(list)
        for each in found:
            by_lane[each.lane].append(each)
        return [self._price(lane, each) for lane, each in sorted(by_lane.items()) if lane]

    def _price(self, name: str, found: Sequence[Delivery]) -> Price:
        status = self._operator.lane_status(name)
        calls = len(found)
        if status.lane.batching:
            keys: dict[str, int] = defaultdict(int)
            for each in found:
                keys[each.key] += 1
            calls = sum(ceil(rows / status.lane.rows_max) for rows in keys.values())
        left = max(0, status.limit - status.reserved - status.used) if status.limit else None
        return Price(lane=name, deliveries=len(found), calls=calls, left=left)
