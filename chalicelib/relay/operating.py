"""
What an operator may do: pause and resume, fix, replay, release and drop.

History is not edited: a replay is a new delivery that names the old one, and the old one is superseded by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from chalicelib import sources
from chalicelib.errors import EnvelopeRefused
from chalicelib.model import Delivery, Envelope, Event, Source, State, Turn
from chalicelib.ports import Absent, Equals, Lost, Put, Write
from chalicelib.records import contacts, deliveries, lanes
from chalicelib.records import keys as lane_keys
from chalicelib.records.layout import load, unstamp
from chalicelib.relay.accepting import Door
from chalicelib.relay.backlog import lane_state, waiting_count
from chalicelib.relay.bells import backlog_call, backlog_delivery, bell, ring_quietly, send_quietly
from chalicelib.relay.deps import Deps
from chalicelib.relay.drafting import Arrival, draft, lane_key_of
from chalicelib.relay.importing import Importer
from chalicelib.relay.remapping import remap
from chalicelib.relay.settling import let_go
from chalicelib.relay.viewing import OperatorError, Story, Viewer
from chalicelib.sources.file_events import FILE

if TYPE_CHECKING:
    from chalicelib.relay.sent_files import SentFiles


class Operator(Viewer):
    """
    The operator's hands. Every deed is one conditional transaction; what has changed meanwhile is refused.
    """

    def __init__(self, deps: Deps, door: Door, imports: Importer) -> None:
        super().__init__(deps)
        self._door = door
        self._imports = imports

    @property
    def files(self) -> SentFiles:
        """
        The files that batch calls sent.
        """
        from chalicelib.relay.sent_files import SentFiles  # noqa: PLC0415 - only where somebody looks at files

        return SentFiles(self._deps)

    # ── lanes and keys ──────────────────────────────────────────────────────────────────────────────────────────────

    def pause(self, name: str, reason: str) -> None:
        """
        No calls on this lane until it is resumed. What comes meanwhile waits.
        """
        self._lane(name)
        self._deps.ports.table.write(lanes.pause(name, reason, self._deps.now()))
        self._deps.ports.journal.log("operator.paused", lane=name, reason=reason)

    def resume(self, name: str) -> None:
        """
        Calls again, at once: neither paused nor closed.
        """
        self._lane(name)
        self._deps.ports.table.write(lanes.resume(name))
        self._deps.ports.journal.log("operator.resumed", lane=name)
        ring_quietly(self._deps, [bell(name)])

    def ring(self, name: str = "") -> list[str]:
        """
        Wake a lane, or every lane, without waiting for the minute. Returns the names of those that were rung.
        """
        names = [self._lane(name).name] if name else sorted(self._deps.config.lanes)
        self._deps.ports.bell.send(*(bell(each) for each in names))
        return names

    def release_key(self, lane: str, key: str, *, bisect_calls: int = 0) -> int:
        """
        Send a held key's rows again, mapped by today's relay.toml; returns how many of them that maps otherwise.

        With `bisect_calls` they go as they are, in halves, to find the row at fault within so many calls.
        """
        found = next((each for where, each, _ in self.held_keys() if (where, each.name) == (lane, key)), None)
        if found is None:
            raise OperatorError(f"No key {lane}/{key} is held. See: ekiden held list")
        write, moved = lane_keys.release(lane, found), 0
        if not bisect_calls:
            moved = remap(self._deps, lane, found, lambda old: self._draft_anew(old, {}))
        else:
            rows = waiting_count(self._deps.ports.table, lane, key)
            write = lane_keys.bound(lane, found, rows_max=max(1, rows // 2), bisect_left=bisect_calls)
        self._deps.ports.table.write(write)
        self._deps.ports.table.write(lane_keys.remark_due(lane, found, self._deps.now()))
        send_quietly(self._deps, lane, backlog_call(found))
        ring_quietly(self._deps, [bell(lane)])
        self._deps.ports.journal.log("operator.key_released", lane=lane, key=key, moved=moved, bisect=bisect_calls)
        return moved

    def let_go(self, name: str) -> int:
        """
        End a lane's open call without knowing what came of it; its rows go again in another. Returns how many.

        Every operation of a batching lane may be repeated, so that nobody is harmed if the vendor has the file.
        """
        lane = self._lane(name)
        state = lane_state(self._deps.ports.table, name)
        call = state.call
        if call is None:
            raise OperatorError(f"Lane {name} has no open call")
        if call.phase == "sending" and self._deps.now() < call.until:
            raise OperatorError(f"A worker may still be at it, until {call.until:%H:%M:%S} UTC; try again then")
        if not let_go(self._deps, lane, state, call):
            raise OperatorError(f"The open call of lane {name} has just moved on; look again: ekiden status")
        ring_quietly(self._deps, [bell(name)])
        self._deps.ports.journal.log("operator.let_go", lane=name, call=call.id, rows=call.rows)
        return call.rows

    def note_reveal(self, name: str) -> None:
        """
        Put on record that personal values of a delivery or submission were shown in clear.
        """
        self._deps.ports.journal.log("operator.revealed", id=name)

    # ── deliveries ──────────────────────────────────────────────────────────────────────────────────────────────────

    def replay(self, delivery_id: str, fixes: Mapping[str, str] | None = None) -> Delivery:
        """
        Send a dead letter again, as a new delivery mapped by today's relay.toml, with the values that a person put in.

        Raises OperatorError where it would be refused again, with the reasons.
        """
        old = self.delivery(delivery_id)
        if old.state is not State.DEAD:
            raise OperatorError(f"{delivery_id} is {old.state}, not dead; there is nothing to replay")
        return self._anew(old, fixes or {})

    def release(self, delivery_id: str) -> list[Delivery]:
        """
        Let a held delivery go. One that could not be understood is read again by today's relay.toml.
        """
        old = self.delivery(delivery_id)
        if old.state is not State.HELD:
            raise OperatorError(f"{delivery_id} is {old.state}, not held")
        if not old.destination:
            return self._read_again(old)
        return [self._anew(old, {})]

    def drop(self, delivery_id: str, why: str = "dropped by an operator") -> Delivery:
        """
        Give up a dead or held delivery for good. It stays on record, as dropped.
        """
        old = self.delivery(delivery_id)
        if old.state not in {State.DEAD, State.HELD}:
            raise OperatorError(f"{delivery_id} is {old.state}; only dead and held deliveries can be dropped")
        now = self._deps.now()
        seen = Equals("state", str(old.state))
        turn = Turn(state=State.DROPPED, reason=why)
        self._must(deliveries.move(old, turn, self._deps.config.retention, now=now, when=seen), of=delivery_id)
        self._deps.ports.journal.log("operator.dropped", delivery=delivery_id, reason=why)
        return replace(old, state=State.DROPPED, reason=why)

    def _anew(self, old: Delivery, fixes: Mapping[str, str]) -> Delivery:
        """
        A new delivery in the place of an old one, both in one transaction, so that nothing can be replayed twice.
        """
        new = self._draft_anew(old, fixes)
        if new.state is not State.WAITING:
            raise OperatorError(f"It would be {new.state} again: {new.reason}")
        deps, now = self._deps, self._deps.now()
        retention, lane = deps.config.retention, self._lane(new.lane)
        seen = Equals("state", str(old.state))
        stored = Put(item=deliveries.to_item(new), when=Absent("pk"))
        writes: list[Write] = [
            deliveries.supersede(old, new.id, f"replayed as {new.id}", retention, now=now, when=seen),
            stored,
        ]
        if new.contact:
            writes.append(contacts.expect([new]))
        self._must(*writes, of=old.id)
        if lane.batching:
            key = lane_key_of(new, new.urgent)
            if not isinstance(deps.ports.table.write(lane_keys.mark_due(lane.name, key, now)), Lost):
                send_quietly(deps, lane.name, backlog_call(key))
        else:
            send_quietly(deps, lane.name, backlog_delivery(new.id))
        ring_quietly(deps, [bell(lane.name)])
        deps.ports.journal.log("delivery.replayed", delivery=new.id, replay_of=old.id, lane=new.lane)
        return new

    def _draft_anew(self, old: Delivery, fixes: Mapping[str, str]) -> Delivery:
        story = self.story(old.event_id)
        if not story.event:
            raise OperatorError(f"The submission of {old.id} has expired; what it said is gone")
        if not any(route.name == old.route for route in self._deps.config.routes):
            raise OperatorError(f"relay.toml has no route {old.route} any more; give it back, or drop the delivery")
        number = 1 + max(int(each.id.rpartition(".")[2]) for each in story.deliveries)
        arrival = Arrival(
            event_id=old.event_id,
            event=_event_of(story),
            at=self._deps.now(),
            signing_key=self._deps.signing_key(),
        )
        mended = {**old.fixes, **fixes}
        drafted = draft(arrival, self._deps, only_route=old.route, first=number, fixes=mended)
        return replace(drafted.deliveries[0], replay_of=old.id, fixes=mended)

    def _read_again(self, old: Delivery) -> list[Delivery]:
        """
        Understand a held envelope anew; if that works, its deliveries take the place of the held one.
        """
        story = self.story(old.event_id)
        evidence = load(story.event.get("evidence"))
        if evidence.get("part") == FILE:
            return self._read_file_again(old, str(story.fields["_file"]))
        raw = str(story.fields.get("_raw", ""))
        is_json = raw.lstrip()[:1] in {"{", "["}
        media = "application/json" if is_json else "application/x-www-form-urlencoded"
        kept = {name.removeprefix(sources.HEADER): text for name, text in evidence.items() if sources.HEADER in name}
        envelope = Envelope(
            source=old.source,
            headers=kept | {"content-type": media},
            body=raw.encode(),
            received_at=old.arrived_at,
            verified=True,
        )
        is_record = evidence.get("part") == sources.RECORD
        admitted = self._door.admit(envelope, self._source_that_understands(envelope, is_record=is_record), {})
        new = [each for stored in admitted.stored for each in self._door.deliveries_of(stored.event_id)]
        now, retention = self._deps.now(), self._deps.config.retention
        self._must(deliveries.supersede(old, new[0].event_id, "read again", retention, now=now), of=old.id)
        ring_quietly(self._deps, [bell(name) for name in sorted({each.lane for each in new if each.lane})])
        return new

    def _read_file_again(self, old: Delivery, name: str) -> list[Delivery]:
        if not self._imports.restart(name):
            raise OperatorError("The file is no longer in the bucket, or is not held any more. Upload it anew.")
        now, retention = self._deps.now(), self._deps.config.retention
        self._must(deliveries.supersede(old, old.event_id, "its file is read again", retention, now=now), of=old.id)
        return []

    def _source_that_understands(self, envelope: Envelope, *, is_record: bool) -> Source:
        """
        The source as relay.toml has it now; for one record that was set aside from its batch, without the way to it.
        """
        source = self._deps.config.sources.get(envelope.source)
        if source is None:
            raise OperatorError(f"relay.toml has no source {envelope.source} any more")
        if is_record:
            source = replace(source, records=replace(source.records, path=""))
        key, now = self._deps.signing_key(), self._deps.now()
        try:
            knock = sources.understand(envelope, source, secrets={}, signing_key=key, now=now)
        except EnvelopeRefused as refused:
            raise OperatorError(f"It still cannot be understood: {refused.detail}") from refused
        if not knock.events or any(event.kind == "unusable" for event in knock.events):
            raise OperatorError("It still cannot be understood; change the source in relay.toml, deploy, and try again")
        return source

    # ── both ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _must(self, *writes: Write, of: str) -> None:
        if isinstance(self._deps.ports.table.write(*writes), Lost):
            raise OperatorError(f"{of} has changed meanwhile; look at it again")


def _event_of(story: Story) -> Event:
    """
    The stored event, without the suspicion that a person has just lifted.
    """
    item = story.event
    return Event(
        source=item["source"],
        kind=item["kind"],
        time=unstamp(item["time"]),
        fields=story.fields,
        dedupe="",
        dedupe_seconds=0,
    )
