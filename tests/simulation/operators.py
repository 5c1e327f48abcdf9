"""
People: they pause and resume, change the configuration at noon, look after dead and held deliveries, lose messages.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from chalicelib.errors import StoreUnavailable
from chalicelib.model import Delivery, State
from chalicelib.relay import Relay
from chalicelib.relay.viewing import OperatorError
from tests.simulation.settings import LANES, config_of, without

if TYPE_CHECKING:
    from tests.simulation.day import Day

COMMAND_SECONDS = 600.0
MENDED_MAX = 40
PLAN_CALLS = 2_000


class Operators:
    """
    Everybody who may change the course of a day, for one seed.
    """

    def __init__(self, day: Day) -> None:
        self._day = day

    def plan(self) -> None:
        """
        Let every deed of the day happen at its time.
        """
        for at, deed in self._day.options.deeds:
            self._day.scheduler.later(at, lambda deed=deed: self.do(deed))

    def do(self, deed: str) -> None:
        """
        One deed, by its words.
        """
        day = self._day
        day.scheduler.note(f"people: {deed}")
        words = deed.split()
        if words[0] == "pause":
            self._command(lambda relay: relay.operator.pause(LANES[words[1]], "by hand"))
        elif words[0] == "resume":
            self._command(lambda relay: relay.operator.resume(LANES[words[1]]))
        elif deed == "lower the limit":
            day.calls_per_day = max(2, day.options.calls_per_day // 2)
            self._deploy(day.taken)
        elif deed.startswith("take away"):
            self._deploy(words[2])
        elif deed.startswith("give back"):
            self._deploy("")
        elif deed == "others use the account":
            day.haihai.quota.spend(day.haihai.quota.limit // 2, day.network.vendor_now())
        elif deed == "lose all messages":
            lost = sum(queue.lose_all() for queue in (day.bell, *day.backlogs.values()))
            day.weather.counted["message lost"] += lost
        else:
            self._command(self.look_after)

    def end_trouble(self) -> None:
        """
        All is given back and resumed, and the account gets a larger plan, so that what is left need not take weeks.
        """
        self._day.haihai.quota.limit = self._day.calls_per_day = PLAN_CALLS
        self._deploy("")
        for lane in LANES.values():
            self._command(lambda relay, lane=lane: relay.operator.resume(lane))

    def erase(self, address: str) -> None:
        """
        Take a person out.
        """
        self._day.scheduler.note("people: erase somebody")
        self._command(lambda relay: relay.eraser.erase(relay.eraser.find(address)))

    def look_after(self, relay: Relay) -> None:
        """
        Release what is held, replay what is dead, mend what can be mended, drop now and then what cannot.
        """
        operator = relay.operator
        for lane, key, _ in operator.held_keys():
            self._try(lambda lane=lane, key=key: operator.release_key(lane, key.name))
        for held in operator.listed(State.HELD)[:MENDED_MAX]:
            self._try(lambda held=held: operator.release(held.id))
        for dead in operator.listed(State.DEAD)[:MENDED_MAX]:
            self._try(lambda dead=dead: self._mend(operator, dead))

    def _mend(self, operator: Any, dead: Delivery) -> None:
        day = self._day
        submission = day.checks.owners.get(dead.event_id)
        vendor = "satori" if dead.destination == "satori" else "haihaimail"
        if submission is None or dead.operation == "delete":
            return
        if not submission.fails(vendor):
            operator.replay(dead.id)
        elif day.options.bad_rows > 0.1 or vendor in submission.mended:
            field = "last_name" if vendor == "satori" else "お名前"
            operator.replay(dead.id, {field: f"名{submission.number}"})
        elif day.scheduler.chance.random() < 0.3:
            operator.drop(dead.id)

    def _try(self, deed: Callable[[], Any]) -> None:
        try:
            deed()
        except (OperatorError, StoreUnavailable) as refused:
            self._day.scheduler.note(f"people: refused, {type(refused).__name__}")

    def _command(self, work: Callable[[Relay], Any]) -> None:
        def ended(_result: Any, error: BaseException | None) -> None:
            if isinstance(error, StoreUnavailable):
                self._day.scheduler.later(30.0, lambda: self._command(work))
            elif isinstance(error, Exception):
                self._day.checks.fail("commands", f"{type(error).__name__}: {error}")

        self._day.lambdas.invoke("operator", work, COMMAND_SECONDS, ended)

    def _deploy(self, taken: str) -> None:
        """
        New configuration for every worker that starts from now on.
        """
        day = self._day
        config = config_of(day.options, calls_per_day=day.calls_per_day)
        day.taken = taken
        day.deploy(without(config, taken) if taken else config)
