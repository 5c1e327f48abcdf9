"""
Files that batch calls have sent, as the bucket has them: those of a day, one with its lines, and a copy of one.

A call's id begins with its time, so that a day's files are found by a few listings of a short beginning each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from chalicelib.console.files import FileView, FileWhole, file_page, files_page
from chalicelib.console.frame import Frame
from chalicelib.console.saying import JST
from chalicelib.planning.windows import day_bounds
from chalicelib.ports import Bucket
from chalicelib.relay import files
from chalicelib.relay.console.answers import File
from chalicelib.relay.console.asking import Asked
from chalicelib.relay.console.finding import day_of
from chalicelib.relay.operating import Operator
from chalicelib.relay.viewing import NotThere, OperatorError

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
NAME = re.compile(r"([A-Za-z0-9][A-Za-z0-9_-]*)\.([0-9A-HJKMNP-TV-Z]{26})")
TIME_CHARS = 10
BLOCK_CHARS = 5
BLOCK = timedelta(milliseconds=32**BLOCK_CHARS)
"""
Ids with the same first five characters of their time are of the same nine hours.
"""

LISTED_MAX = 1_000
COPY_BYTES_MAX = 4_000_000
"""
What Lambda hands over at once is 6 MB; text of Japan grows by half when it becomes UTF-8.
"""


class Files:
    """
    Looks into the bucket.
    """

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def of_day(self, lane: str, day: date) -> list[FileView]:
        """
        The files that a lane made up on a day in Tokyo, the newest first.
        """
        start, end = day_bounds(day)
        found = {view.call: view for block in _blocks(start, end) for view in self._listed(lane, block)}
        return sorted(
            (view for view in found.values() if start <= view.at < end), key=lambda view: view.call, reverse=True
        )[:LISTED_MAX]

    def whole(self, lane: str, call: str) -> FileWhole:
        """
        One file. Raises OperatorError where it is gone.
        """
        place = files.prefix(lane, call)
        size = self._bucket.size(f"{place}/data")
        if size is None:
            raise OperatorError("This file is no longer in the bucket, which keeps files for ten days")
        return FileWhole(
            lane=lane,
            call=call,
            at=time_of(call),
            bytes=size,
            replies=sum(1 for _ in self._bucket.names(f"{place}/reading-")),
            lines=tuple(tuple(line["deliveries"]) for line in files.lines_of(self._bucket, place)),
        )

    def text(self, lane: str, call: str) -> str:
        """
        What was sent, as text. Raises OperatorError where it is gone, or too large to be handed over.
        """
        place = f"{files.prefix(lane, call)}/data"
        size = self._bucket.size(place)
        data = self._bucket.get(place) if size is not None and size <= COPY_BYTES_MAX else None
        if data is None:
            gone = "is no longer in the bucket" if size is None else f"has {size:,} bytes, too many for a browser"
            raise OperatorError(f"This file {gone}. Its place is {place}")
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return data.decode("cp932", errors="backslashreplace")

    def _listed(self, lane: str, block: str) -> Iterator[FileView]:
        for name in self._bucket.names(f"{files.prefix(lane, block)}"):
            call = name.removesuffix("/data").rpartition("/")[2]
            if name.endswith("/data") and len(call) > TIME_CHARS:
                yield FileView(lane=lane, call=call, at=time_of(call))


def files_drawn(operator: Operator, found: Files, frame: Frame, asked: Asked) -> str:
    """
    The files of a day, or one of them. Raises OperatorError for a name that is none.
    """
    if asked.name:
        return file_page(frame, found.whole(*_named(operator, asked.name)))
    day = day_of(asked.query.get("date", "")) or frame.at.astimezone(JST).date()
    batching = sorted(name for name, lane in operator.config.lanes.items() if lane.batching)
    return files_page(frame, day, [view for lane in batching for view in found.of_day(lane, day)])


def file_copied(operator: Operator, found: Files, name: str) -> File:
    """
    A copy of a file; that somebody took it is put on record first.
    """
    lane, call = _named(operator, name)
    text = found.text(lane, call)
    operator.note("copy file", f"{lane}.{call}")
    return File(name=f"{lane}-{call}.txt", text="\ufeff" + text)


def time_of(call: str) -> datetime:
    """
    When an id was made.
    """
    milliseconds = 0
    for character in call[:TIME_CHARS]:
        milliseconds = milliseconds * 32 + ALPHABET.index(character)
    return datetime.fromtimestamp(milliseconds / 1_000, UTC)


def _blocks(start: datetime, end: datetime) -> list[str]:
    """
    The beginnings that ids of this time have.
    """
    first, last = (int(at.timestamp() * 1_000) >> (5 * BLOCK_CHARS) for at in (start, end))
    return [_written(number) for number in range(first, last + 1)]


def _written(number: int) -> str:
    chars = TIME_CHARS - BLOCK_CHARS
    return "".join(ALPHABET[(number >> (5 * place)) & 31] for place in range(chars - 1, -1, -1))


def _named(operator: Operator, name: str) -> tuple[str, str]:
    found = NAME.fullmatch(name)
    if found is None or found[1] not in operator.config.lanes:
        raise NotThere("There is no such file")
    return found[1], found[2]
