"""
Files become events: an uploaded object is read row by row, each row stored as an event with its deliveries.

One worker reads a file at a time, by a lease on its item, and notes how far it has got; the next one goes on there.
Nothing rests on the lease: a row has the same id whoever stores it. A file that cannot be read as a whole is held for
a person before any of its rows is stored.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice

from chalicelib.errors import StoreUnavailable
from chalicelib.model import Delivery, Event, Files, Source, State
from chalicelib.model.upload import Import, ImportState, Upload
from chalicelib.planning.tiers import FILE as FILE_TIER
from chalicelib.ports import Lost, Query
from chalicelib.records import imports
from chalicelib.records.layout import ATTENTION, IMPORTS, import_key
from chalicelib.relay import faults
from chalicelib.relay.accepting import Door
from chalicelib.relay.bells import INCOMING, bell, object_of, read_object, ring_quietly
from chalicelib.relay.deps import Deps
from chalicelib.relay.file_rows import RowKeeper
from chalicelib.relay.headers import header_fault
from chalicelib.relay.notices import Notices, rows_at_fault
from chalicelib.relay.uploads import ADDRESS_SECONDS, open_upload
from chalicelib.sources.csv_rows import CsvRefused, CsvTable, open_csv, rows
from chalicelib.sources.file_events import FILE, row_event

CHUNK_ROWS = 400
CHUNK_SECONDS = 20
"""
How long before the end of its time a worker leaves the rest to the next one: a chunk must fit in, also a slow one.
"""

TRIES_MAX = 5
GRACE_SECONDS = 60
SWEPT_MAX = 50


class Importer:
    """
    Reads files that have come.
    """

    def __init__(self, deps: Deps, notices: Notices, door: Door) -> None:
        self._deps = deps
        self._notices = notices
        self._door = door
        self._keeper = RowKeeper(deps)

    # ── messages ────────────────────────────────────────────────────────────────────────────────────────────────────

    def heard(self, body: str, *, deadline: datetime) -> None:
        """
        A message that names an object: read it, or go on reading. Raises StoreUnavailable; the queue tries again.
        """
        name = object_of(body)
        if name is None:
            self._deps.ports.journal.log("import.unreadable")
            return
        found = self.find(name) or self._unannounced(name)
        if found is not None and found.state in imports.OPEN:
            self._work(found, deadline)

    def announce(
        self, source: str, *, filename: str, size: int, sha256: str = "", tier: int = FILE_TIER, route: str = ""
    ) -> Upload:
        """
        Note that a file is to come, and sign the address for it; for operators. Raises StoreUnavailable.
        """
        return open_upload(self._deps, source, filename=filename, size=size, sha256=sha256, tier=tier, route=route)

    def find(self, name: str) -> Import | None:
        """
        The import of an object, as it stands now.
        """
        item = self._deps.ports.table.get([import_key(name)])[0]
        return imports.from_item(item) if item else None

    def sweep(self) -> None:
        """
        Every minute: send the message again of each file that should have come by now, or whose worker is gone.
        """
        table, now = self._deps.ports.table, self._deps.now()
        listed = table.query(Query(pk=IMPORTS, index=ATTENTION, limit=SWEPT_MAX))
        late = now - timedelta(seconds=GRACE_SECONDS)
        places = [import_key(str(each["pk"]).removeprefix("IMPORT#")) for each in listed]
        found = [imports.from_item(item) for item in table.get(places) if item]
        overdue = [each for each in found if each.asked_at <= late and (each.lease_until or late) <= now]
        try:
            if overdue:
                self._deps.ports.incoming.send(*(read_object(each.name) for each in overdue))
        except StoreUnavailable as unavailable:
            self._deps.ports.journal.log("import.not_sent", messages=len(overdue), reason=str(unavailable))

    def restart(self, name: str) -> bool:
        """
        Read a held file again; whether it was held, and is still there.
        """
        found = self.find(name)
        if found is None or self._deps.ports.bucket.size(name) is None:
            return False
        if isinstance(self._deps.ports.table.write(imports.reopen(found)), Lost):
            return False
        self._deps.ports.incoming.send(read_object(name))
        return True

    # ── one file ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _unannounced(self, name: str) -> Import | None:
        """
        An object that an operator has put into the bucket by other means: its folder names its source.
        """
        ports, now = self._deps.ports, self._deps.now()
        source, _, last = name.removeprefix(INCOMING).partition("/")
        size = ports.bucket.size(name)
        if not last or source not in self._deps.config.sources or size is None:
            ports.journal.log("import.unknown", source=source)
            return None
        found = Import(name=name, id=ports.chance.id(now), source=source, filename=last, size=size, asked_at=now)
        ports.table.write(imports.put(found, now))
        return self.find(name)

    def _work(self, found: Import, deadline: datetime) -> None:
        ports, now = self._deps.ports, self._deps.now()
        if found.state is ImportState.AWAITED and ports.bucket.size(found.name) is None:
            if now > found.asked_at + timedelta(seconds=ADDRESS_SECONDS + GRACE_SECONDS):
                self._close(replace(found, state=ImportState.ABSENT, reason="no file came to the address"))
            return
        owner = ports.chance.id(now)
        if isinstance(ports.table.write(imports.take(found, owner, now=now, until=deadline)), Lost):
            return
        mine = replace(found, state=ImportState.READING, owner=owner, tries=found.tries + 1)
        try:
            self._read(mine, deadline)
        except CsvRefused as refused:
            self._hold(mine, refused.detail)
        except StoreUnavailable:
            ports.table.write(imports.leave(mine))
            raise
        except Exception:
            ports.journal.log("fault", where="import", source=mine.source, traceback=faults.for_log())
            if mine.tries < TRIES_MAX:
                ports.table.write(imports.leave(mine))
                raise
            self._hold(mine, faults.for_operator())

    def _read(self, found: Import, deadline: datetime) -> None:
        source = self._deps.config.sources.get(found.source)
        if source is None:
            raise CsvRefused("source", f"relay.toml has no source {found.source} any more")
        table, begun = self._open(found, source)
        if table is None:
            return
        key = self._deps.signing_key()
        rest = islice(rows(table), begun.rows_done, None)
        while chunk := list(islice(rest, CHUNK_ROWS)):
            if begun.rows_done > found.rows_done and self._deps.now() + timedelta(seconds=CHUNK_SECONDS) > deadline:
                self._leave(begun)
                return
            origin = {"file": begun.filename, "import": begun.id}
            events = [row_event(row, source, key=key, arrival=begun.asked_at, origin=origin) for row in chunk]
            kept = self._keeper.keep(begun, [(row.number, each) for row, each in zip(chunk, events, strict=True)], key)
            seen = begun.rows_done
            begun = replace(
                begun,
                rows_done=chunk[-1].number,
                counts=imports.summed(begun.counts, kept.deliveries),
                repeated=begun.repeated + kept.repeated,
            )
            if isinstance(self._deps.ports.table.write(imports.advance(begun, seen)), Lost):
                return
            self._tell(begun, kept.deliveries, len(chunk) - kept.repeated)
        self._finish(begun)

    def _open(self, found: Import, source: Source) -> tuple[CsvTable | None, Import]:
        """
        The file's table, looked through to its end before the first row is stored; None where it shall not be read.

        Raises CsvRefused.
        """
        files = source.files or Files()
        size = self._deps.ports.bucket.size(found.name)
        if size is not None and size > files.bytes_max:
            raise CsvRefused("too_large", f"The file has {size:,} bytes; {files.bytes_max:,} are taken.")
        data = self._deps.ports.bucket.get(found.name) if size is not None else None
        if data is None:
            raise CsvRefused("gone", "The file is no longer in the bucket.")
        digest = hashlib.sha256(data).hexdigest()
        if found.digest and found.digest != digest:
            raise CsvRefused("changed", "The file was replaced while it was being read. Upload it anew.")
        table = open_csv(data, charset=files.charset)
        if found.rows_done:
            return table, found
        wrong = header_fault(self._deps, found.source, table.columns, only_route=found.route)
        if wrong:
            raise CsvRefused("header", wrong)
        begun = replace(found, digest=digest, size=len(data), rows=sum(1 for _ in rows(table)))
        self._deps.ports.table.write(imports.begun(begun))
        claimed = self._deps.ports.table.write(imports.claim_bytes(begun, self._deps.now()))
        if isinstance(claimed, Lost):
            first = str((claimed.found.get(0) or {}).get("event_id", ""))
            reason = f"the same bytes came as {first}; nothing is sent twice"
            self._done(replace(begun, same_as=first, repeated=begun.rows, reason=reason))
            return None, begun
        return table, begun

    # ── endings ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _leave(self, found: Import) -> None:
        """
        Time is up: the next worker goes on from the row that was noted.
        """
        self._wake(found)
        self._deps.ports.table.write(imports.leave(found))
        self._deps.ports.incoming.send(read_object(found.name))

    def _finish(self, found: Import) -> None:
        self._done(found)
        self._wake(found)
        bad = {state: found.counts[state] for state in ("dead", "held") if found.counts.get(state)}
        if bad:
            self._notices.tell((rows_at_fault(found, bad),))

    def _done(self, found: Import) -> None:
        """
        Every row is an event: the bytes go, and the name stays taken, so that its address takes no other file.
        """
        if not self._close(replace(found, state=ImportState.DONE)):
            return
        try:
            self._deps.ports.bucket.put(found.name, b"")
        except StoreUnavailable as unavailable:
            self._deps.ports.journal.log("import.not_emptied", **{"import": found.id}, reason=str(unavailable))

    def _hold(self, found: Import, why: str) -> None:
        """
        The file as a whole waits for a person, who sees it among the held deliveries.
        """
        if (stands := self.find(found.name)) and (stands.owner, stands.state) != (found.owner, found.state):
            return  # another worker has taken over, or has read it to its end
        event = Event(
            source=found.source,
            kind="unusable",
            time=found.asked_at,
            fields={"_file": found.name, "file": found.filename, "bytes": found.size, "rows_done": found.rows_done},
            dedupe=f"import:{found.name}:{found.owner}",
            dedupe_seconds=86_400,
            hold=f"the file {found.filename}: {why}",
            evidence={"part": FILE, "import": found.id},
        )
        held = self._door.keep_unusable(event, self._deps.now())
        if found.digest:
            self._deps.ports.table.write(imports.free_bytes(found))
        self._close(replace(found, state=ImportState.HELD, reason=faults.first_line(why), held_as=held.event_id))

    def _close(self, found: Import) -> bool:
        closed = not isinstance(self._deps.ports.table.write(imports.close(found)), Lost)
        self._deps.ports.journal.log(
            "import.closed",
            **{"import": found.id},
            source=found.source,
            state=str(found.state),
            rows=found.rows,
            rows_done=found.rows_done,
            repeated=found.repeated,
            reason=faults.first_line(found.reason),
        )
        return closed

    def _tell(self, found: Import, stored: tuple[Delivery, ...], count: int) -> None:
        """
        One line and a few measures for a chunk; of its dead and held rows the first is told.
        """
        journal = self._deps.ports.journal
        journal.log(
            "import.rows", **{"import": found.id}, source=found.source, rows_done=found.rows_done, rows=found.rows
        )
        journal.measure("events_accepted", count, "Count", source=found.source)
        for state in (State.DEAD, State.HELD):
            of_it = [each for each in stored if each.state is state]
            if of_it:
                journal.measure(f"deliveries_{state}", len(of_it), "Count", lane=of_it[0].lane or "-")
                self._notices.tell_of(of_it[:1])

    def _wake(self, found: Import) -> None:
        """
        Rows of files have no messages in lanes of single calls: a bell starts them; the minute's keeps them going.
        """
        lanes = {
            self._deps.destination(route.destination).lane
            for route in self._deps.config.routes
            if route.source == found.source and found.route in {"", route.name}
        }
        ring_quietly(self._deps, [bell(name) for name in sorted(lanes) if not self._deps.config.lanes[name].batching])
