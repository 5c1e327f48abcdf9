"""
What an operator may do with deliveries: fix, replay, release and drop; and with keys: release.

History is not edited: a replay is a new delivery that names the old one, and the old one is superseded by it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from chalicelib import sources
from chalicelib.errors import EnvelopeRefused
from chalicelib.model import Delivery, Envelope, Event, Source, State, Turn
from chalicelib.ports import Absent, Equals, Lost, Put, Write
from chalicelib.records import contacts, deliveries
from chalicelib.records import keys as lane_keys
from chalicelib.records.layout import load, unstamp
from chalicelib.relay.accepting import Door
from chalicelib.relay.backlog import waiting_count
from chalicelib.relay.bells import backlog_call, backlog_delivery, bell, ring_quietly, send_quietly
from chalicelib.relay.deeds import Deeds
from chalicelib.relay.deps import Deps
from chalicelib.relay.drafting import Arrival, draft, lane_key_of
from chalicelib.relay.importing import Importer
from chalicelib.relay.remapping import remap
from chalicelib.relay.viewing import OperatorError, Story
from chalicelib.sources.file_events import FILE


class Operator(Deeds):
    """
    The operator's hands. Every deed is one conditional transaction; what has changed meanwhile is refused.
    """

    def __init__(self, deps: Deps, door: Door, imports: Importer, who: Callable[[], str]) -> None:
        super().__init__(deps, who)
        self._door = door
        self._imports = imports

    # ── keys ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def release_key(self, lane: str, key: str, *, bisect_calls: int = 0) -> int:
        """
        Send a held key's rows again, mapped by today's relay.toml; returns how many of them that maps otherwise.

        With `bisect_calls` they go as they are, in halves, to find the row at fault within so many calls.
        """
        found = next((each for where, each, _ in self.held_keys() if (where, each.name) == (lane, key)), None)
        if found is None:
            raise OperatorError(f"No key {lane}/{key} is held. See: ekiden held list")
        write, moved, numbers = lane_keys.release(lane, found), 0, {"bisect_calls": bisect_calls}
        if not bisect_calls:
            moved = remap(self._deps, lane, found, lambda old: self.draft_anew(old, {}))
            numbers = {"moved": moved}
        else:
            rows = waiting_count(self._deps.ports.table, lane, key)
            write = lane_keys.bound(lane, found, rows_max=max(1, rows // 2), bisect_left=bisect_calls)
        deed = "bisect key" if bisect_calls else "release key"
        self._deps.ports.table.write(write, self._audit.entry(deed, f"{lane}/{key}", numbers=numbers))
        self._deps.ports.table.write(lane_keys.remark_due(lane, found, self._deps.now()))
        send_quietly(self._deps, lane, backlog_call(found))
        ring_quietly(self._deps, [bell(lane)])
        self._deps.ports.journal.log("operator.key_released", lane=lane, key=key, moved=moved, bisect=bisect_calls)
        return moved

    # ── deliveries ──────────────────────────────────────────────────────────────────────────────────────────────────

    def replay(self, delivery_id: str, fixes: Mapping[str, str] | None = None) -> Delivery:
        """
        Send a dead letter again, as a new delivery mapped by today's relay.toml, with the values that a person put in.

        Raises OperatorError where it would be refused again, with the reasons.
        """
        old = self.delivery(delivery_id)
        if old.state is not State.DEAD:
            raise OperatorError(f"{delivery_id} is {old.state}, not dead; there is nothing to replay")
        # Which fields were mended, never what a person put into them.
        why = f"fields: {', '.join(sorted(fixes))}" if fixes else ""
        return self.anew(old, fixes or {}, self._audit.entry("fix" if fixes else "replay", old.id, why=why))

    def release(self, delivery_id: str) -> list[Delivery]:
        """
        Let a held delivery go. One that could not be understood is read again by today's relay.toml.
        """
        old = self.delivery(delivery_id)
        if old.state is not State.HELD:
            raise OperatorError(f"{delivery_id} is {old.state}, not held")
        entry = self._audit.entry("release", old.id)
        return self.read_again(old, entry) if not old.destination else [self.anew(old, {}, entry)]

    def drop(self, delivery_id: str, why: str = "dropped by an operator") -> Delivery:
        """
        Give up a dead or held delivery for good. It stays on record, as dropped.
        """
        return self.give_up(self.delivery(delivery_id), why, self._audit.entry("drop", delivery_id, why=why))

    # ── the same without an entry of its own, for deeds on many ─────────────────────────────────────────────────────

    def give_up(self, old: Delivery, why: str, *entry: Write) -> Delivery:
        """
        Drop a delivery as it was read.
        """
        if old.state not in {State.DEAD, State.HELD}:
            raise OperatorError(f"{old.id} is {old.state}; only dead and held deliveries can be dropped")
        now = self._deps.now()
        seen = Equals("state", str(old.state))
        turn = Turn(state=State.DROPPED, reason=why)
        self._must(deliveries.move(old, turn, self._deps.config.retention, now=now, when=seen), *entry, of=old.id)
        self._deps.ports.journal.log("operator.dropped", delivery=old.id, reason=why)
        return replace(old, state=State.DROPPED, reason=why)

    def anew(self, old: Delivery, fixes: Mapping[str, str], *entry: Write) -> Delivery:
        """
        A new delivery in the place of an old one, both in one transaction, so that nothing can be replayed twice.
        """
        new = self.draft_anew(old, fixes)
        if new.state is not State.WAITING:
            raise OperatorError(f"It would be {new.state} again: {new.reason}")
        deps, now = self._deps, self._deps.now()
        retention, lane = deps.config.retention, self._lane(new.lane)
        seen = Equals("state", str(old.state))
        stored = Put(item=deliveries.to_item(new), when=Absent("pk"))
        writes: list[Write] = [
            deliveries.supersede(old, new.id, f"replayed as {new.id}", retention, now=now, when=seen),
            stored,
            *entry,
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

    def draft_anew(self, old: Delivery, fixes: Mapping[str, str]) -> Delivery:
        """
        What today's relay.toml makes of a delivery's event; nothing is stored. Raises OperatorError where it cannot.
        """
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

    def read_again(self, old: Delivery, *entry: Write) -> list[Delivery]:
        """
        Understand a held envelope anew; if that works, its deliveries take the place of the held one.
        """
        story = self.story(old.event_id)
        evidence = load(story.event.get("evidence"))
        if evidence.get("part") == FILE:
            return self._read_file_again(old, str(story.fields["_file"]), *entry)
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
        taken = deliveries.supersede(old, new[0].event_id, "read again", retention, now=now)
        self._must(taken, *entry, of=old.id)
        ring_quietly(self._deps, [bell(name) for name in sorted({each.lane for each in new if each.lane})])
        return new

    def _read_file_again(self, old: Delivery, name: str, *entry: Write) -> list[Delivery]:
        if not self._imports.restart(name):
            raise OperatorError("The file is no longer in the bucket, or is not held any more. Upload it anew.")
        now, retention = self._deps.now(), self._deps.config.retention
        taken = deliveries.supersede(old, old.event_id, "its file is read again", retention, now=now)
        self._must(taken, *entry, of=old.id)
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
