"""
Whether a destination is set up right: its credentials, and what its vendor says to one question that changes nothing.

The question is a call like any other: it is reserved in the lane's books before it leaves, and stays counted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from chalicelib.destinations.kit import Finding, Probe, Probed
from chalicelib.errors import SecretUnavailable
from chalicelib.model import Destination, Lane, LaneState, LaneTurn, NoReply, Reply, Reservation, Verdict
from chalicelib.planning.ledger import Ask, Wait, may_call
from chalicelib.planning.settle import Moment, lane_turn
from chalicelib.ports import Lost
from chalicelib.records import lanes
from chalicelib.relay.backlog import lane_state
from chalicelib.relay.deps import Deps
from chalicelib.relay.viewing import OperatorError

TRIES_MAX = 5
"""
So often the books may move between a look and the reservation.
"""


class Prober:
    """
    Asks vendors, for an operator.
    """

    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    def destination(self, name: str) -> Destination:
        """
        A destination by name. Raises OperatorError for a name that relay.toml does not have.
        """
        found = self._deps.config.destinations.get(name)
        if found is None:
            known = ", ".join(sorted(self._deps.config.destinations)) or "none"
            raise OperatorError(f"There is no destination {name}. The destinations are: {known}")
        return found

    def label(self, name: str) -> str:
        """
        What the vendor of a destination is called.
        """
        return self._deps.vendor(name).label

    def probe(self, name: str) -> Probe | None:
        """
        The question that the vendor of a destination can be asked; None where no API can tell.
        """
        load = self._deps.vendor(name).probe
        return load() if load else None

    def missing_credentials(self, name: str) -> tuple[str, ...]:
        """
        Why credentials of a destination cannot be used, a sentence for each; values are not told.
        """
        destination = self.destination(name)
        given, wanted = destination.credentials, self._deps.vendor(name).credentials
        if not isinstance(given, str):
            read = {key: self._value(reference) for key, reference in given.items()}
            return tuple(f"{key} ({given.get(key, 'no reference')})" for key in wanted if not read.get(key))
        text = self._value(given)
        if not text:
            return tuple(f"{key} ({given} cannot be read)" for key in wanted)
        try:
            found = json.loads(text)
        except ValueError:
            found = None
        if not isinstance(found, Mapping):
            return tuple(f"{key} ({given} is no JSON object)" for key in wanted)
        return tuple(f"{key} ({given} does not have it)" for key in wanted if not str(found.get(key) or "").strip())

    def _value(self, reference: str) -> str:
        try:
            return self._deps.ports.secrets.get(reference).strip()
        except SecretUnavailable:
            return ""

    def mapped(self, name: str) -> dict[str, str]:
        """
        The vendor's fields that routes send to a destination, each with the first route that does.
        """
        found: dict[str, str] = {}
        for route in self._deps.config.routes:
            if route.destination == name:
                for field in route.fields:
                    found.setdefault(field, f"routes.{route.name}")
        return found

    def ask(self, name: str) -> Probed:
        """
        Ask the vendor, with one call of the lane. Raises OperatorError where none may go now, or where none can tell.
        """
        deps, destination, probe = self._deps, self.destination(name), self.probe(name)
        if probe is None:
            raise OperatorError(f"{self.label(name)} has no API that could be asked")
        lane = deps.config.lanes[destination.lane]
        request = probe.build(destination, deps.credentials(destination))
        state, claim = self._reserve(lane)
        reply = deps.ports.transport.send(request, timeout_seconds=lane.timeout_seconds)
        probed = _read(probe, reply, destination, self.mapped(name))
        moment = Moment(now=deps.now(), jitter=deps.ports.chance.jitter())
        # What this question is refused for may be a right that deliveries do not need: it pauses nothing.
        pauses = probed.verdict.kind == "paused"
        turn = LaneTurn(breaker=state.breaker) if pauses else lane_turn(lane, state, probed.verdict, moment)
        windows = [window for window, _ in claim.windows]
        settled = lanes.settle(lane.name, claim.call_id, windows, turn, seen=state.breaker, now=moment.now)
        deps.ports.table.write(settled)
        deps.ports.journal.log("operator.probed", destination=name, lane=lane.name, verdict=probed.verdict.kind)
        return probed

    def _reserve(self, lane: Lane) -> tuple[LaneState, Reservation]:
        """
        Claim one call in the lane's books; also what was seen there. Raises OperatorError where none may go.
        """
        deps = self._deps
        for _ in range(TRIES_MAX):
            state, now = lane_state(deps.ports.table, lane.name), deps.now()
            ask = Ask(call_id=deps.ports.chance.id(now), timeout_seconds=lane.timeout_seconds)
            verdict = may_call(lane, state, now, ask)
            if isinstance(verdict, Wait):
                raise OperatorError(_not_now(lane.name, verdict))
            if not isinstance(deps.ports.table.write(lanes.reserve(lane.name, verdict.reservation)), Lost):
                return state, verdict.reservation
        raise OperatorError(f"Lane {lane.name} is busy: its calls were taken meanwhile. Try again in a moment")


def _read(probe: Probe, reply: Reply | NoReply, destination: Destination, mapped: Mapping[str, str]) -> Probed:
    """
    What a reply says; one that our own code cannot read says that.
    """
    try:
        return probe.read(reply, destination, mapped)
    except Exception as error:  # noqa: BLE001 - the call was made and must be settled, whatever we fail at
        reason = f"our own fault: the reply could not be read ({type(error).__name__})"
        return Probed(verdict=Verdict(kind="failing", reason=reason), findings=(Finding(level="fault", text=reason),))


def _not_now(lane: str, verdict: Wait) -> str:
    if verdict.until is None:
        return f"Lane {lane} makes no call: {verdict.why}. Mend the cause, then: ekiden resume {lane}"
    return f"Lane {lane} may make no call now ({verdict.why}). Ask again after {verdict.until:%Y-%m-%d %H:%M:%S} UTC"
