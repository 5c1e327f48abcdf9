"""
Advancing a lane: take from its backlog what may be called now, and no more.

One worker advances a lane at a time, by a lease; whoever comes meanwhile rings and leaves. No safety rests on the
lease: the ledger, the deliveries' states and the contacts keep that. It only spares work.
"""

from __future__ import annotations

from datetime import datetime

from chalicelib.model import Lane
from chalicelib.ports import Lost
from chalicelib.records import leases
from chalicelib.relay.bells import bell, ring_quietly
from chalicelib.relay.deps import Deps
from chalicelib.relay.margins import time_for_a_call
from chalicelib.relay.rounds import Rounds

ROUNDS_MAX = 1_000
RINGS_MAX = 10


class Advancer:
    """
    Drains lanes as fast as their vendors allow.
    """

    def __init__(self, deps: Deps, single: Rounds, batch: Rounds) -> None:
        self._deps = deps
        self._single = single
        self._batch = batch

    def advance(self, name: str, *, deadline: datetime) -> None:
        """
        Advance one lane until nothing may be called any more, or until the worker's time is up.
        """
        lane = self._deps.lane(name)
        if lane is None or name not in self._deps.ports.backlogs:
            self._deps.ports.journal.log("lane.unknown", lane=name)
            return
        table, owner = self._deps.ports.table, self._deps.ports.chance.id(self._deps.now())
        if isinstance(table.write(leases.take(name, owner, now=self._deps.now(), until=deadline)), Lost):
            table.write(leases.ring(name))
            return
        for number in range(RINGS_MAX):
            if not self._rounds(lane, deadline, again=bool(number)):
                break
            if not isinstance(table.write(leases.release(name, owner)), Lost):
                return
            if isinstance(table.write(leases.hear(name, owner, until=deadline)), Lost):
                return
        # Time is up, or somebody rings all the time: leave the lane to whoever hears the next bell.
        table.write(leases.leave(name, owner))
        ring_quietly(self._deps, [bell(name)])

    def _rounds(self, lane: Lane, deadline: datetime, *, again: bool) -> bool:
        """
        Rounds until nothing may be called; False where the worker's time is up and something may be left.
        """
        rounds = self._batch if lane.batching else self._single
        swept = False
        for number in range(ROUNDS_MAX):
            if (number or again) and self._deps.now() + time_for_a_call(lane) > deadline:
                return False
            round_ = rounds.round(lane, deadline)
            # What the sweeper has just sent and nobody could call now would only be swept again.
            if not round_.more or (round_.swept and swept):
                return True
            swept = round_.swept or (swept and not round_.called)
            if round_.nap_seconds:
                self._deps.ports.clock.sleep(round_.nap_seconds)
        return False
