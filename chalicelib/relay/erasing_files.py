"""
Erasing a person from uploaded files: a file whose rows are events already is not needed any more, and goes whole.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterable, Iterator

from chalicelib.model import State
from chalicelib.model.upload import ImportState
from chalicelib.ports import Item, Query
from chalicelib.records import deliveries, imports
from chalicelib.records.layout import event_key, import_key
from chalicelib.relay.bells import INCOMING
from chalicelib.relay.deps import Deps
from chalicelib.relay.viewing import LISTED_MAX

UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def lowered(text: str) -> str:
    """
    Text as it is compared: half-width, in small letters.
    """
    return unicodedata.normalize("NFKC", text).lower()


class UploadEraser:
    """
    Finds a person in uploaded files, and takes these out.
    """

    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    def find(self, mention: re.Pattern[str]) -> Iterator[str]:
        """
        The names of the objects that mention the person, one after the other: each is read whole.
        """
        for name in list(self._deps.ports.bucket.names(INCOMING)):
            data = self._deps.ports.bucket.get(name)
            if data and any(mention.search(lowered(text)) for text in _readings(data)):
                yield name

    def erase(self, names: Iterable[str]) -> tuple[list[str], list[str]]:
        """
        Remove files, with what is noted of them; returns which went, and which are still needed, with the reason.
        """
        gone: list[str] = []
        needed: list[str] = []
        for name in names:
            why = self._needed(name)
            if why:
                needed.append(f"{name} ({why})")
                continue
            self._deps.ports.bucket.delete(name)
            item = self._deps.ports.table.get([import_key(name)])[0]
            if item is not None:
                self._deps.ports.table.write(imports.erase(imports.from_item(item)))
            gone.append(name)
        return gone, needed

    def _needed(self, name: str) -> str:
        """
        Why a file must stay for now; empty where it need not. Other people's rows in it are not to be lost.
        """
        item = self._deps.ports.table.get([import_key(name)])[0]
        if item is None:
            source = name.removeprefix(INCOMING).partition("/")[0]
            return "not read yet" if source in self._deps.config.sources else ""
        found = imports.from_item(item)
        if found.state in imports.OPEN:
            return "being read"
        if found.state is ImportState.HELD and self._waits_for_a_person(found.held_as):
            return "held: release or drop it first, see ekiden held list"
        return ""

    def _waits_for_a_person(self, event_id: str) -> bool:
        query = Query(pk=event_key(event_id).pk, prefix="DELIVERY#", limit=LISTED_MAX)
        found = (deliveries.from_item(item) for item in self._deps.ports.table.query(query))
        return any(each.state is State.HELD for each in found)


def says(item: Item, mention: re.Pattern[str]) -> bool:
    """
    Whether what is noted of a file mentions the person: its name, or why it was held.
    """
    filename = str(item.get("filename", ""))
    stem = filename.rpartition(".")[0]
    return bool(mention.search(lowered(f"{filename}\n{stem}\n{item.get('reason', '')}")))


def _readings(data: bytes) -> Iterator[str]:
    """
    The file in every charset that it may be in; a byte that fits in none hides nothing behind it.
    """
    if data.startswith(UTF_16):
        yield data.decode("utf-16", "replace")
        return
    yield data.decode("utf-8", "replace")
    yield data.decode("cp932", "replace")
