"""
What an operator may do with lanes and keys: pause, resume, ring, drop a held key's rows, let an open call go.

Every deed is put on record with who did it, in the deed's own transaction where it has one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from chalicelib.model import LaneKey, State, Turn
from chalicelib.ports import Lost, Write
from chalicelib.records import deliveries, lanes
from chalicelib.records.layout import TIERS, delivery_key
from chalicelib.relay.auditing import LISTED, Auditor, listed
from chalicelib.relay.auditing import Deeds as Page
from chalicelib.relay.backlog import lane_state, waiting_ids
from chalicelib.relay.bells import bell, ring_quietly
from chalicelib.relay.deps import Deps
from chalicelib.relay.settling import bury, let_go
from chalicelib.relay.viewing import OperatorError, Viewer

ROWS_AT_ONCE = 500
ROUNDS_MAX = 200


class Deeds(Viewer):
    """
    Deeds on lanes and keys, in the name of one person.
    """

    def __init__(self, deps: Deps, who: Callable[[], str]) -> None:
        super().__init__(deps)
        self._audit = Auditor(deps, who)

    def pause(self, name: str, reason: str) -> None:
        """
        No calls on this lane until it is resumed. What comes meanwhile waits.
        """
        self._lane(name)
        paused = lanes.pause(name, reason, self._deps.now())
        self._deps.ports.table.write(paused, self._audit.entry("pause", name, why=reason))
        self._deps.ports.journal.log("operator.paused", lane=name, reason=reason)

    def resume(self, name: str) -> None:
        """
        Calls again, at once: neither paused nor closed.
        """
        self._lane(name)
        self._deps.ports.table.write(lanes.resume(name), self._audit.entry("resume", name))
        self._deps.ports.journal.log("operator.resumed", lane=name)
        ring_quietly(self._deps, [bell(name)])

    def ring(self, name: str = "") -> list[str]:
        """
        Wake a lane, or every lane, without waiting for the minute. Returns the names of those that were rung.
        """
        names = [self._lane(name).name] if name else sorted(self._deps.config.lanes)
        self._deps.ports.bell.send(*(bell(each) for each in names))
        return names

    def drop_key(self, lane: str, key: str, why: str = "dropped by an operator, with its key") -> int:
        """
        Give up every waiting row of a held key for good; returns how many. They stay on record, as dropped.

        The key stays held, for its settings are still at fault; release it once they are mended.
        """
        if not any((where, each.name) == (lane, key) for where, each, _ in self.held_keys()):
            raise OperatorError(f"No key {lane}/{key} is held. See: ekiden held list")
        self._audit.note("drop key", [f"{lane}/{key}"], why=why)
        turn, table, dropped = Turn(state=State.DROPPED, reason=why), self._deps.ports.table, 0
        looked_at: set[str] = set()
        for _ in range(ROUNDS_MAX):
            # By what was looked at, not by how many: the index may still show rows that have gone.
            ids = waiting_ids(table, lane, key, limit=ROWS_AT_ONCE + len(looked_at), tiers=TIERS)
            fresh = [each for each in ids if each not in looked_at]
            if not fresh:
                break
            looked_at.update(fresh)
            items = table.get([delivery_key(each) for each in fresh])
            rows = [deliveries.from_item(item) for item in items if item is not None]
            dropped += sum(bury(self._deps, each, turn) for each in rows if each.key == key)
        self._deps.ports.journal.log("operator.key_dropped", lane=lane, key=key, rows=dropped)
        return dropped

    def let_go(self, name: str) -> int:
        """
        End a lane's open call without knowing what came of it; its rows go again in another. Returns how many.

        Nobody is harmed if the vendor has the file: a call that may not be repeated is not let go. Its rows are held by
        themselves once its time is up. Raises OperatorError for such a call, and where there is none.
        """
        lane = self._lane(name)
        state = lane_state(self._deps.ports.table, name)
        call = state.call
        if call is None:
            raise OperatorError(f"Lane {name} has no open call")
        if call.phase == "sending" and self._deps.now() < call.until:
            raise OperatorError(f"A worker may still be at it, until {call.until:%H:%M:%S} UTC; try again then")
        key = next((each for each in state.keys if each.name == call.key), None)
        if key and not self._may_go_again(key):
            raise OperatorError(
                f"The vendor may have the file of lane {name}, and a repeat is not harmless: it is not let go. "
                "Its rows are held by themselves within minutes: ekiden held list. Else ask the receiver, and if "
                "a repeat does no harm, write repeat_harmless = true at the destination, deploy, and let it go then"
            )
        if not let_go(self._deps, lane, state, call):
            raise OperatorError(f"The open call of lane {name} has just moved on; look again: ekiden status")
        self._audit.note("let go", [name, call.id], numbers={"rows": call.rows})
        ring_quietly(self._deps, [bell(name)])
        self._deps.ports.journal.log("operator.let_go", lane=name, call=call.id, rows=call.rows)
        return call.rows

    def _may_go_again(self, key: LaneKey) -> bool:
        """
        Whether a key's rows may be sent twice; what has left relay.toml is not sent at all.
        """
        if key.destination not in self._deps.config.destinations:
            return True
        return self._deps.repeat_harmless(key.destination, key.operation)

    # ── the record ──────────────────────────────────────────────────────────────────────────────────────────────────

    def note_reveal(self, *names: str) -> None:
        """
        Put on record that personal values of these deliveries or submissions were shown in clear.
        """
        self._audit.note("reveal", names)
        for name in names:
            self._deps.ports.journal.log("operator.revealed", id=name)

    def note(self, deed: str, *on: str, why: str = "") -> None:
        """
        Put on record what was done beside the table: a sign-in, a secret that was written, a file that was sent.

        `why` holds no personal data; addresses in it are masked all the same.
        """
        self._audit.note(deed, on, why=why)

    def audit(
        self, *, limit: int = LISTED, cursor: str = "", since: datetime | None = None, until: datetime | None = None
    ) -> Page:
        """
        What operators did, the newest first.
        """
        return listed(self._deps, limit=limit, cursor=cursor, since=since, until=until)

    def _must(self, *writes: Write, of: str) -> None:
        if isinstance(self._deps.ports.table.write(*writes), Lost):
            raise OperatorError(f"{of} has changed meanwhile; look at it again")
