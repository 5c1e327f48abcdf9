"""
What a sample would cause: the relay's own door over stores in memory, and the requests its vendors would be sent.

Nothing leaves the machine: there is no transport, and the credentials are placeholders that are hidden again wherever
they come out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.adapters.memory import MemoryBucket, MemoryQueue, MemoryTable
from chalicelib.adapters.memory_shell import MemoryClock, MemoryJournal, MemorySecrets, SeededChance
from chalicelib.destinations import VENDORS
from chalicelib.destinations.kit import Vendor
from chalicelib.model import Batch, Call, Config, Delivery, Destination, Envelope, Lane, Line, NoReply, State
from chalicelib.planning.coalesce import coalesce
from chalicelib.ports import Ports
from chalicelib.relay.accepting import Door
from chalicelib.relay.deps import Deps
from chalicelib.relay.notices import Notices
from chalicelib.relay.viewing import Story, Viewer
from chalicelib.sources import faces

PLACEHOLDER = "EkidenShowsNoCredentials"
HIDDEN = "•••"


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """
    One call that the sample would cause: the request, and the deliveries that travel in it.
    """

    lane: Lane
    key: str
    destination: str
    operation: str
    deliveries: tuple[str, ...]
    call: Call = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """
    All of it: one story for each event (None where it repeats an earlier one), calls, and rows that cannot be packed.
    """

    stories: tuple[Story | None, ...]
    calls: tuple[Planned, ...]
    poison: tuple[tuple[str, str], ...] = ()

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """
        Every delivery of every event.
        """
        return tuple(each for story in self.stories if story for each in story.deliveries)


def trial(config: Config, envelope: Envelope) -> Trial:
    """
    Take a sample in, as the door of a verified sender does. Raises EnvelopeRefused as the door would.
    """
    deps = Deps(config=config, vendors=VENDORS, ports=offline_ports(config, envelope.received_at))
    source = config.sources[envelope.source]
    if source.dropin is not None:
        envelope = faces.read(envelope, source, source.dropin)
    admitted = Door(deps, Notices(deps)).admit(envelope, source, {})
    viewer = Viewer(deps)
    stories = tuple(None if stored.duplicate else viewer.story(stored.event_id) for stored in admitted.stored)
    waiting = [each for story in stories if story for each in story.deliveries if each.state is State.WAITING]
    planner = _Planner(deps)
    calls = tuple(planner.calls(waiting))
    return Trial(stories=stories, calls=calls, poison=tuple(planner.poison))


def hidden(text: str) -> str:
    """
    A text of a request without the placeholders of credentials.
    """
    return text.replace(PLACEHOLDER, HIDDEN)


# ── calls ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Planner:
    """
    Makes the calls of waiting deliveries; `poison` collects those that cannot be packed, with the reason.
    """

    def __init__(self, deps: Deps) -> None:
        self._deps = deps
        self.poison: list[tuple[str, str]] = []

    def calls(self, waiting: Sequence[Delivery]) -> Iterator[Planned]:
        """
        Every call, key by key.
        """
        groups: dict[tuple[str, str], list[Delivery]] = {}
        for each in waiting:
            groups.setdefault((each.lane, each.key), []).append(each)
        for (lane, _), found in groups.items():
            yield from self._of_key(self._deps.config.lanes[lane], found)

    def _of_key(self, lane: Lane, found: Sequence[Delivery]) -> Iterator[Planned]:
        """
        The calls of one key, one after another, until nothing of it is left: what does not merge travels later.
        """
        left = {each.id: each for each in found}
        for _ in range(len(found)):
            plan = coalesce(left.values(), {}, self._deps.rules, now=self._deps.now(), settle_seconds=0.0)
            spoilt = [(each.id, why) for each, why in plan.poison]
            calls = self._batched(lane, found[0], plan.lines, spoilt) if lane.batching else _single(plan.lines)
            self.poison += spoilt
            taken = [each for lines, _ in calls for line in lines for each in line.deliveries]
            gone = [*taken, *(each.delivery.id for each in plan.overtaken), *(name for name, _ in spoilt)]
            yield from (self._planned(lane, found[0], lines, data) for lines, data in calls)
            left = {name: each for name, each in left.items() if name not in gone}
            if not left:
                return

    def _batched(self, lane: Lane, head: Delivery, lines: Sequence[Line], spoilt: list[tuple[str, str]]) -> list[Cut]:
        """
        The file of one call, with as many lines as it takes.
        """
        vendor, destination = self._deps.vendor(head.destination), self._deps.destination(head.destination)
        if vendor.pack is None or not lines:
            return []
        operation = vendor.operations[head.operation]
        packed = vendor.pack(operation, head.settings, lines[: lane.rows_max], destination)
        spoilt += [(each, why) for line, why in packed.poison for each in line.deliveries]
        return [(packed.taken, packed.data)] if packed.taken else []

    def _planned(self, lane: Lane, head: Delivery, lines: Sequence[Line], data: bytes) -> Planned:
        vendor, destination = self._deps.vendor(head.destination), self._deps.destination(head.destination)
        batch = Batch(
            lane=lane.name,
            destination=destination.name,
            operation=head.operation,
            settings=head.settings,
            lines=tuple(lines),
            at=self._deps.now(),
        )
        return Planned(
            lane=lane,
            key=head.key,
            destination=destination.name,
            operation=head.operation,
            deliveries=tuple(each for line in lines for each in line.deliveries),
            call=vendor.build(batch, data, destination, dict.fromkeys(_credentials(vendor, destination), PLACEHOLDER)),
        )


Cut = tuple[Sequence[Line], bytes]


def _credentials(vendor: Vendor, destination: Destination) -> Sequence[str]:
    return vendor.credentials if isinstance(destination.credentials, str) else tuple(destination.credentials)


def _single(lines: Sequence[Line]) -> list[Cut]:
    return [((line,), b"") for line in lines]


def offline_ports(config: Config, now: datetime) -> Ports:
    """
    Ports that reach nothing: stores in memory, and a transport that sends nothing.
    """
    clock = MemoryClock(now)
    return Ports(
        table=MemoryTable(),
        bell=MemoryQueue(clock.now),
        inbox=MemoryQueue(clock.now),
        incoming=MemoryQueue(clock.now),
        backlogs={name: MemoryQueue(clock.now) for name in config.lanes},
        bucket=MemoryBucket(),
        transport=_Nowhere(),
        secrets=MemorySecrets({config.secret[0]: "a key for trying"}),
        clock=clock,
        chance=SeededChance(),
        journal=MemoryJournal(),
    )


class _Nowhere:
    """
    A transport that sends nothing.
    """

    def send(self, call: Call, *, timeout_seconds: float) -> NoReply:  # noqa: ARG002 - the port's shape
        """
        Nothing was sent.
        """
        return NoReply(reason="nothing is sent by a trial", sent=False)
