"""
Deeds on many: dead letters replayed, held deliveries released, either dropped, as a filter says.

The price in quota is told first.

Nothing is done by one big write: each delivery goes by its own conditional transaction, and what has changed meanwhile
is told, not forced.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from math import ceil

from chalicelib.errors import StoreUnavailable
from chalicelib.model import Delivery, State
from chalicelib.planning.ledger import left
from chalicelib.planning.windows import day_of
from chalicelib.ports import Item, Query
from chalicelib.records import deliveries
from chalicelib.records.layout import ATTENTION, delivery_key, stamp
from chalicelib.relay.auditing import Auditor
from chalicelib.relay.backlog import lane_state
from chalicelib.relay.deps import Deps
from chalicelib.relay.operating import Operator
from chalicelib.relay.viewing import OperatorError
from chalicelib.value import value

PICKED_MAX = 1_000
"""
So many deliveries one deed takes, the oldest first; the rest by the same deed again.
"""

LOOKED_AT_MAX = 10_000
CHUNK = 500
LAST = "\U0010ffff"
DEEDS = ("replay", "drop")
"""
What can be done to many: send again (a dead letter is replayed, a held delivery released), or give up for good.
"""


@value
class Filter:
    """
    Which dead letters (or held deliveries) are meant; everything that is given must hold.

    `reason` is a part of the reason, in any case of letters. Times are of becoming dead or held.
    """

    state: State = State.DEAD
    source: str = ""
    destination: str = ""
    reason: str = ""
    since: datetime | None = None
    until: datetime | None = None


@value
class Price:
    """
    What a replay costs one lane, in calls (at least so many).

    `left` are today's calls that are left for work that is not urgent; None where there is no daily limit.
    """

    lane: str
    deliveries: int
    calls: int
    left: int | None


@value
class Plan:
    """
    What a deed on many would do. `ids` would be done; `refused` would be refused again, with the reasons.

    `more`: there are others beyond these, for another time. `chosen` is how they were chosen, for the record.
    """

    deed: str
    state: State
    ids: tuple[str, ...]
    refused: tuple[tuple[str, str], ...] = ()
    prices: tuple[Price, ...] = ()
    more: bool = False
    chosen: str = " by filter"


@value
class Done:
    """
    What became of one delivery: the id of what took its place (empty for a drop), or why nothing was done.
    """

    id: str
    became: str = ""
    error: str = ""


class Replayer:
    """
    Deeds on many, in the name of one person.
    """

    def __init__(self, deps: Deps, operator: Operator, who: Callable[[], str]) -> None:
        self._deps = deps
        self._operator = operator
        self._audit = Auditor(deps, who)

    def plan(self, wanted: Filter, deed: str = "replay") -> Plan:
        """
        What the deed would do, and what it would cost; nothing is changed. Raises OperatorError for an unknown deed.
        """
        if deed not in DEEDS or wanted.state not in {State.DEAD, State.HELD}:
            raise OperatorError("Dead letters and held deliveries can be replayed or dropped, nothing else")
        found, more = self._pick(wanted)
        if deed == "drop":
            return Plan(deed=deed, state=wanted.state, ids=tuple(each.id for each in found), more=more)
        drafted: list[Delivery] = []
        ids: list[str] = []
        refused: list[tuple[str, str]] = []
        for old in found:
            new, why = self._drafted(old)
            if why:
                refused.append((old.id, why))
                continue
            ids.append(old.id)
            drafted += [new] if new else []
        prices = tuple(self._prices(drafted))
        return Plan(deed=deed, state=wanted.state, ids=tuple(ids), refused=tuple(refused), prices=prices, more=more)

    def carry_out(self, plan: Plan, *, progress: Callable[[Done], None] = lambda _: None) -> list[Done]:
        """
        Do what was planned, one after the other; `progress` hears of each. Errors are told per delivery.
        """
        if plan.ids:
            self._audit.note(f"{plan.deed} {plan.state}{plan.chosen}", plan.ids, numbers={"in all": len(plan.ids)})
        done = []
        for each in plan.ids:
            one = self._do(plan, each)
            done.append(one)
            progress(one)
        return done

    # ── one ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _do(self, plan: Plan, delivery_id: str) -> Done:
        try:
            old = self._operator.delivery(delivery_id)
            if old.state is not plan.state:
                return Done(id=delivery_id, error=f"it is {old.state} by now")
            if plan.deed == "drop":
                self._operator.give_up(old, "dropped by an operator")
                return Done(id=delivery_id)
            if not old.destination:
                new = self._operator.read_again(old)
                return Done(id=delivery_id, became=new[0].id if new else old.event_id)
            return Done(id=delivery_id, became=self._operator.anew(old, {}).id)
        except (OperatorError, StoreUnavailable) as error:
            return Done(id=delivery_id, error=str(error))

    def _drafted(self, old: Delivery) -> tuple[Delivery | None, str]:
        """
        What it would become, or why it would be refused. What could not be understood is read only when it is done.
        """
        if not old.destination:
            return None, ""
        try:
            new = self._operator.draft_anew(old, {})
        except OperatorError as error:
            return None, str(error)
        return (new, "") if new.state is State.WAITING else (None, f"it would be {new.state} again: {new.reason}")

    # ── many ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _pick(self, wanted: Filter) -> tuple[list[Delivery], bool]:
        """
        The oldest deliveries that are meant, and whether there may be others.
        """
        found: list[Delivery] = []
        first, looked_at = stamp(wanted.since) if wanted.since else "", 0
        last = stamp(wanted.until) + LAST if wanted.until else LAST
        while looked_at < LOOKED_AT_MAX:
            query = Query(pk=str(wanted.state), index=ATTENTION, first=first, last=last, limit=CHUNK)
            listed = [str(item["attention_sk"]) for item in self._deps.ports.table.query(query)]
            fresh = [name for name in listed if name != first]
            items = self._deps.ports.table.get([delivery_key(name.partition("#")[2]) for name in fresh])
            found += [each for each in _understood(items) if _means(wanted, each)]
            looked_at += len(fresh)
            if len(found) > PICKED_MAX:
                return found[:PICKED_MAX], True
            if len(listed) < CHUNK:
                return found, False
            first = listed[-1]
        return found, True

    def _prices(self, drafted: Sequence[Delivery]) -> Iterable[Price]:
        rows: dict[str, Counter[str]] = {}
        for each in drafted:
            rows.setdefault(each.lane, Counter())[each.key] += 1
        now = self._deps.now()
        for name, by_key in sorted(rows.items()):
            lane = self._deps.config.lanes[name]
            day = day_of(lane.limits)
            state = lane_state(self._deps.ports.table, name) if day else None
            many = sum(by_key.values())
            calls = sum(ceil(each / lane.rows_max) for each in by_key.values()) if lane.batching else many
            yield Price(
                lane=name,
                deliveries=many,
                calls=calls,
                left=left(day, state, now) if day and state else None,
            )


def _understood(items: Iterable[Item | None]) -> list[Delivery]:
    return [deliveries.from_item(item) for item in items if item is not None]


def _means(wanted: Filter, delivery: Delivery) -> bool:
    return (
        delivery.state is wanted.state
        and wanted.source in {"", delivery.source}
        and wanted.destination in {"", delivery.destination}
        and wanted.reason.casefold() in delivery.reason.casefold()
    )


def only(plan: Plan, ids: Iterable[str]) -> Plan:
    """
    The same deed on some of the planned deliveries: those that a person has ticked.
    """
    wanted = set(ids)
    return replace(plan, ids=tuple(each for each in plan.ids if each in wanted))
