"""
Files of rows that drop-ins send: verified and checked at once, their rows stored at once or from the inbox.

A short file is stored row by row before it is answered. A long one would outlast its sender's patience: it goes to the
inbox as it is, its bytes to the bucket where a message cannot hold them, and its rows are stored a portion at a time,
each portion sending the message for the next. A portion that is worked off twice changes nothing: rows are known.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice

from chalicelib import sources
from chalicelib.errors import StoreUnavailable
from chalicelib.model import Delivery, Envelope, Event, Source
from chalicelib.records.layout import stamp, unstamp
from chalicelib.relay import inbox
from chalicelib.relay.accepting import Door
from chalicelib.relay.bells import INBOX
from chalicelib.relay.deps import Deps
from chalicelib.value import value

ROWS_AT_ONCE_MAX = 200
"""
Rows that are stored before the sender is answered: some three seconds.
"""

PORTION_ROWS = 1_500
"""
Rows that one message of the inbox brings into the table: well within the minute that its function has.
"""


@value
class FileKept:
    """
    A file in the inbox: whose it is, where its bytes are, and which of its rows comes next, counted from 0.
    """

    envelope: Envelope
    next_row: int = 0


class FileDoor:
    """
    Takes files in.
    """

    def __init__(self, deps: Deps, door: Door) -> None:
        self._deps = deps
        self._door = door

    def check(self, envelope: Envelope, source: Source, secrets: Mapping[str, str]) -> tuple[Envelope, int, int]:
        """
        The verified file in its normal form, how many rows it has, and how many of them cannot be read.

        Raises EnvelopeRefused for a wrong sender, and for a file that is at fault as a whole.
        """
        file = sources.faces.taken(envelope, source, secrets, now=envelope.received_at)
        return file, *sources.faces.count(file, source)

    def keep(self, file: Envelope) -> None:
        """
        Put a long file into the inbox. Raises StoreUnavailable where that cannot be.
        """
        self._deps.ports.inbox.send(self._packed(FileKept(envelope=file)))
        self._deps.ports.journal.log("file.in_inbox", source=file.source, bytes=len(file.body))

    def unpack(self, body: str) -> list[Delivery] | None:
        """
        Store the next portion of a file from the inbox; None for a message that is none of ours.

        Raises StoreUnavailable while the table refuses, EnvelopeRefused where the source is gone or has changed.
        """
        found = json.loads(body)
        if not isinstance(found, dict) or "next_row" not in found:
            return None
        kept = self._kept(found)
        if not kept.envelope.body:  # this message came twice, and its rows are all stored
            return []
        source = self._deps.config.sources.get(kept.envelope.source)
        if source is None or source.dropin is None:
            raise sources.unauthorized()
        deps = self._deps
        knock = sources.understand(
            kept.envelope, source, secrets={}, signing_key=deps.signing_key(), now=deps.now(), older_keys=()
        )
        portion = tuple(islice(knock.events, kept.next_row, kept.next_row + PORTION_ROWS))
        fresh = self._store(portion, kept.envelope, source)
        done = kept.next_row + len(portion)
        if done < len(knock.events):
            deps.ports.inbox.send(self._packed(replace(kept, next_row=done)))
        elif "object" in found:
            self._empty(str(found["object"]))
        deps.ports.journal.log("file.unpacked", source=source.name, rows=done, left=len(knock.events) - done)
        return fresh

    def _empty(self, name: str) -> None:
        """
        A file whose rows are all stored is not needed any more: what it said of people stays in one place.
        """
        try:
            self._deps.ports.bucket.put(name, b"")
        except StoreUnavailable as unavailable:
            self._deps.ports.journal.log("file.not_emptied", object=name, reason=str(unavailable))

    def _store(self, portion: tuple[Event, ...], envelope: Envelope, source: Source) -> list[Delivery]:
        taken = self._door.take(portion, envelope, source)
        return [each for stored in taken for each in stored.deliveries]

    # ── messages ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _packed(self, kept: FileKept) -> str:
        """
        The message; it holds the bytes themselves where they fit, else the name of their object.
        """
        file = kept.envelope
        told: dict[str, object] = {
            "source": file.source,
            "received_at": stamp(file.received_at),
            "next_row": kept.next_row,
        }
        if len(file.body) <= inbox.BODY_BYTES_MAX:
            return json.dumps({**told, "body": base64.b64encode(file.body).decode("ascii")})
        name = f"{INBOX}{file.source}/{hashlib.sha256(file.body).hexdigest()}"
        if kept.next_row == 0:
            self._deps.ports.bucket.put(name, file.body)
        return json.dumps({**told, "object": name})

    def _kept(self, found: Mapping[str, str | int]) -> FileKept:
        if "object" in found:
            body = self._deps.ports.bucket.get(str(found["object"]))
            if body is None:
                raise StoreUnavailable(f"the file {found['object']} is not in the bucket", maybe_applied=False)
        else:
            body = base64.b64decode(str(found["body"]))
        envelope = Envelope(
            source=str(found["source"]), body=body, received_at=unstamp(str(found["received_at"])), verified=True
        )
        return FileKept(envelope=envelope, next_row=int(found["next_row"]))
