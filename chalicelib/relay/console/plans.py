"""
What a deed would do and cost, drawn up without changing anything: which would go, which would be refused again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import ceil

from chalicelib.console.deeds import SHOWN_MAX, Plan, Price
from chalicelib.console.saying import Say
from chalicelib.model import Delivery, State
from chalicelib.relay.console.views import delivery_view
from chalicelib.relay.operating import Operator
from chalicelib.relay.viewing import OperatorError
from chalicelib.veil import Veil


class Planner:
    """
    Draws up one kind of deed.
    """

    def __init__(self, operator: Operator, say: Say, *, deed: str, state: State) -> None:
        self._operator = operator
        self._say = say
        self._deed = deed
        self._state = state
        self._veil = Veil(config=operator.config)

    def plan(
        self,
        ids: Iterable[str],
        refused: Iterable[tuple[str, str]] = (),
        *,
        fixes: Mapping[str, str] | None = None,
        more: bool = False,
    ) -> Plan:
        """
        The deed on these. Raises OperatorError for a delivery that there is not.
        """
        going: list[Delivery] = []
        drafted: list[Delivery] = []
        skipped = [(name, self._veil.words(why)) for name, why in refused]
        for name in ids:
            old = self._operator.delivery(name)
            new, why = self._drafted(old, fixes or {})
            if why:
                skipped.append((name, self._veil.words(why)))
                continue
            going.append(old)
            drafted += [new] if new else []
        return Plan(
            deed=self._deed,
            state=str(self._state),
            ids=tuple(each.id for each in going),
            views=tuple(delivery_view(each, self._veil, whole=False) for each in going[:SHOWN_MAX]),
            prices=tuple(self._prices(drafted)),
            fixes=fixes or {},
            skipped=tuple(skipped),
            more=more,
        )

    def _drafted(self, old: Delivery, fixes: Mapping[str, str]) -> tuple[Delivery | None, str]:
        """
        What a delivery would become, or why nothing can be done to it. What could not be understood is read when done.
        """
        if old.state is not self._state:
            return None, self._say.state(str(old.state))
        if self._deed == "drop" or not old.destination:
            return None, ""
        try:
            new = self._operator.draft_anew(old, fixes)
        except OperatorError as error:
            return None, str(error)
        return (new, "") if new.state is State.WAITING else (None, f"it would be {new.state} again: {new.reason}")

    def _prices(self, drafted: Sequence[Delivery]) -> Iterator[Price]:
        """
        The calls that sending these costs, lane by lane: one each, or one for a file of each key's rows.
        """
        rows: dict[str, Counter[str]] = {}
        for each in drafted:
            rows.setdefault(each.lane, Counter())[each.key] += 1
        for name, by_key in sorted(rows.items()):
            lane = self._operator.config.lanes[name]
            many = sum(by_key.values())
            calls = sum(ceil(each / lane.rows_max) for each in by_key.values()) if lane.batching else many
            yield Price(lane=name, deliveries=many, calls=calls, left=self._left(name))

    def _left(self, name: str) -> int | None:
        status = self._operator.lane_status(name)
        return max(0, status.limit - status.reserved - status.used) if status.limit else None
