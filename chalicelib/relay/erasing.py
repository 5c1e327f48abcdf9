"""
Erasing a person: what they said goes out of the table and out of the files; that something was said stays.

It reads the whole table, so it is an operator's deed. What is in a call at this moment cannot be recalled; it is
named, and a second run a few minutes later erases it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from datetime import datetime
from typing import Any

from chalicelib.model import Delivery, State
from chalicelib.ports import Item, Lost, Query
from chalicelib.records import contacts, deliveries, events, lanes
from chalicelib.records.layout import event_key, lane_key, load
from chalicelib.relay.auditing import Auditor
from chalicelib.relay.deps import Deps
from chalicelib.relay.erasing_files import UploadEraser, lowered, says
from chalicelib.relay.files import lines_of, lines_without
from chalicelib.relay.viewing import LISTED_MAX
from chalicelib.value import value

CALLS = "calls/"
WRITES_MAX = 100
ADDRESS_PART = r"[\w.!#$%&'*+/=?^`{|}~@-]"


@value
class Person:
    """
    Whom a search found: submissions, contacts and uploaded files with them, and submissions that only mention them.
    """

    names: frozenset[str] = field(repr=False)
    digests: frozenset[str]
    event_ids: tuple[str, ...] = ()
    contacts: tuple[tuple[str, str], ...] = ()
    uploads: tuple[str, ...] = ()
    mentioned_in: tuple[str, ...] = ()

    @property
    def unknown(self) -> bool:
        """
        Whether nothing of them is here.
        """
        return not (self.event_ids or self.contacts or self.uploads)


@value
class Receipt:
    """
    What was removed. `person` is the keyed digest of the address. `in_flight` could not be erased yet: run it again.
    """

    at: datetime
    person: str
    submissions: tuple[str, ...] = ()
    deliveries: Mapping[str, str] = field(default_factory=dict)
    contacts: int = 0
    files: tuple[str, ...] = ()
    in_flight: tuple[str, ...] = ()
    mentioned_in: tuple[str, ...] = ()


class Eraser:
    """
    Finds a person and takes them out.
    """

    def __init__(self, deps: Deps, who: Callable[[], str] = str) -> None:
        self._deps = deps
        self._audit = Auditor(deps, who)
        self._uploads = UploadEraser(deps)

    def find(self, identity: str, *, seen: Callable[[], None] = lambda: None) -> Person:
        """
        Everything of the person with this mail address (or hashcode); `seen` is called for each item looked at.

        A submission is theirs if one of its values is the address, or a delivery of it went to them. One that only
        mentions the address inside a longer text may be somebody else's: it is listed, not touched.
        """
        names = _spellings(identity)
        keys = (self._deps.signing_key(), *self._deps.older_signing_keys())
        digests = frozenset(self._deps.contact(name, key) for name in names for key in keys)
        mention = re.compile("|".join(rf"(?<!{ADDRESS_PART}){re.escape(name)}(?!{ADDRESS_PART})" for name in names))
        theirs: set[str] = set()
        mentioned: set[str] = set()
        found: set[tuple[str, str]] = set()
        uploads: set[str] = set()
        for item in self._deps.ports.table.scan():
            seen()
            kind, event_id = str(item["sk"]).partition("#")[0], str(item["pk"]).removeprefix("EVENT#")
            if kind == "CONTACT":
                _, lane, digest = str(item["pk"]).split("#")
                if digest in digests:
                    found.add((lane, digest))
            elif kind in {"EVENT", "DELIVERY"}:
                if item.get("contact") in digests or _says(item, names):
                    theirs.add(event_id)
                elif mention.search(lowered(str(item.get("fields", "")))):
                    mentioned.add(event_id)
            elif kind == "IMPORT" and says(item, mention):
                uploads.add(str(item["name"]))
        return Person(
            names=names,
            digests=digests,
            event_ids=tuple(sorted(theirs)),
            contacts=tuple(sorted(found)),
            uploads=tuple(sorted(uploads.union(self._uploads.find(mention)))),
            mentioned_in=tuple(sorted(mentioned - theirs)),
        )

    def erase(self, person: Person) -> Receipt:
        """
        Take the person out: submissions with their deliveries, then contacts, then files that are done with.
        """
        now = self._deps.now()
        open_files, busy = self._open_calls()
        done: dict[str, str] = {}
        in_flight: list[str] = []
        for event_id in person.event_ids:
            self._erase_event(event_id, busy, done, in_flight)
        gone = [each for each in person.contacts if self._forget(*each, busy=bool(in_flight))]
        cut = self._cut_files(person, set(done), open_files)
        in_flight += [f"{lane} (a call is open)" for lane, digest in person.contacts if (lane, digest) not in gone]
        uploads, needed = self._uploads.erase(person.uploads)
        in_flight += needed
        receipt = Receipt(
            at=now,
            person=min(person.digests),
            submissions=person.event_ids,
            deliveries=done,
            contacts=len(gone),
            files=(*cut, *uploads),
            in_flight=tuple(in_flight),
            mentioned_in=person.mentioned_in,
        )
        numbers = {"submissions": len(person.event_ids), "deliveries": len(done), "in flight": len(in_flight)}
        if not person.unknown:
            self._audit.note("erase", [receipt.person], numbers=numbers)
        self._deps.ports.journal.log(
            "operator.erased",
            person=receipt.person,
            submissions=len(receipt.submissions),
            deliveries=len(done),
            contacts=len(gone),
            files=len(receipt.files),
            in_flight=len(in_flight),
        )
        return receipt

    # ── the table ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _open_calls(self) -> tuple[frozenset[str], frozenset[str]]:
        """
        The files of batch calls that are open now, and the deliveries in them: their bytes may have to go once more.
        """
        table, bucket = self._deps.ports.table, self._deps.ports.bucket
        items = table.get([lane_key(name) for name in self._deps.config.lanes])
        calls = [call for item in items if item and (call := lanes.open_call_from(item))]
        ids = {each for call in calls for line in lines_of(bucket, call.file) for each in line["deliveries"]}
        return frozenset(call.file for call in calls), frozenset(ids)

    def _erase_event(self, event_id: str, busy: frozenset[str], done: dict[str, str], in_flight: list[str]) -> None:
        """
        One transaction for a submission; what is in a call stays, and so does then what it was made from.
        """
        table, now, retention = self._deps.ports.table, self._deps.now(), self._deps.config.retention
        items = table.query(Query(pk=event_key(event_id).pk, limit=LISTED_MAX))
        said = [events.erase(event_id, now)] if any(item["sk"] == "EVENT" for item in items) else []
        found = [deliveries.from_item(item) for item in items if item["sk"] != "EVENT"]
        left = [each for each in found if each.state is not State.ERASED]
        flying = [each.id for each in left if each.state is State.SENDING or each.id in busy]
        if flying:
            in_flight += flying
            return
        writes = [*said, *(deliveries.erase(each, retention, now=now) for each in left)]
        for start in range(0, len(writes), WRITES_MAX):
            if isinstance(table.write(*writes[start : start + WRITES_MAX]), Lost):
                in_flight.append(event_id)
                return
        done.update({each.id: str(each.state) for each in left})
        self._forget_pending(left)

    def _forget_pending(self, erased: Iterable[Delivery]) -> None:
        """
        Erased deliveries hold up nobody; the contact itself goes later, if no call is open for it.
        """
        retention, now = self._deps.config.retention, self._deps.now()
        for each in erased:
            if each.contact and each.state in deliveries.IN_BACKLOG:
                forgetting = contacts.forget([each], each.lane, each.contact, retention, now)
                self._deps.ports.table.write(forgetting)

    def _forget(self, lane: str, digest: str, *, busy: bool) -> bool:
        """
        Delete one contact, unless something of theirs is in a call: settling that call would write it anew.
        """
        if busy:
            return False
        return not isinstance(self._deps.ports.table.write(contacts.erase(lane, digest, self._deps.now())), Lost)

    # ── the files ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _cut_files(self, person: Person, erased: set[str], open_files: frozenset[str]) -> tuple[str, ...]:
        """
        Take the person's lines out of the files of settled calls. A file that cannot be cut is deleted whole.
        """
        bucket, cut = self._deps.ports.bucket, []
        for name in bucket.names(CALLS):
            place, _, part = name.rpartition("/")
            if part != "lines.json" or place in open_files:
                continue
            lines = lines_of(bucket, place)
            theirs = [
                number
                for number, line in enumerate(lines)
                if line["contact"] in person.digests or not erased.isdisjoint(line["deliveries"])
            ]
            if theirs:
                self._cut(place, lines, theirs)
                cut.append(place)
        return tuple(cut)

    def _cut(self, place: str, lines: list[dict[str, Any]], numbers: list[int]) -> None:
        bucket = self._deps.ports.bucket
        data = bucket.get(f"{place}/data")
        less = self._without(place, data, numbers) if data else None
        # The order of these: a worker that reads in between finds lines without bytes, and lets the call go.
        bucket.delete(f"{place}/data")
        for name in list(bucket.names(f"{place}/reading-")):
            bucket.delete(name)
        bucket.put(f"{place}/lines.json", lines_without(lines, numbers))
        if less is not None:
            bucket.put(f"{place}/data", less)

    def _without(self, place: str, data: bytes, numbers: list[int]) -> bytes | None:
        lane = place.removeprefix(CALLS).partition("/")[0]
        destination = next((each for each in self._deps.config.destinations.values() if each.lane == lane), None)
        cut = self._deps.vendors[destination.vendor].cut if destination else None
        return cut(data, frozenset(numbers)) if cut else None


def _spellings(identity: str) -> frozenset[str]:
    """
    The ways in which one address may stand in the table: as given, and as the vendors' rules write it.
    """
    plain = unicodedata.normalize("NFKC", identity).strip()
    return frozenset({identity.strip(), plain, plain.lower()})


def _says(item: Item, names: frozenset[str]) -> bool:
    """
    Whether a value of the item, as a whole, is one of the names.
    """
    texts = [str(item.get(part, "")) for part in ("fields", "payload", "fixes", "result")]
    known = {lowered(name) for name in names}
    if not any(name in lowered(text) for text in texts for name in known):
        return False
    return any(lowered(leaf).strip() in known for text in texts for leaf in _leaves(load(text)))


def _leaves(found: object) -> Iterable[str]:
    if isinstance(found, Mapping):
        for each in found.values():
            yield from _leaves(each)
    elif isinstance(found, list):
        for each in found:
            yield from _leaves(each)
    elif isinstance(found, str):
        yield found
