"""
Files that batch calls sent within ten days: what each said, whom each row was, and what the vendor reported of it.

A 200 proves that a file was taken. What became of its rows stands on the vendor's result screen and in its report mail
only; the counts of a report that a person hands in are kept beside the file. Everything here is read off the names
under the lane's prefix of the bucket, and a small object for each file that is shown.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from typing import Any

from chalicelib.model import Notice
from chalicelib.model.report import Counts
from chalicelib.records.layout import stamp, unstamp
from chalicelib.relay import files
from chalicelib.relay.backlog import lane_state
from chalicelib.relay.deps import Deps
from chalicelib.relay.notices import Notices
from chalicelib.relay.viewing import OperatorError
from chalicelib.value import value

KEPT_DAYS = 10
"""
As long as the vendor's own result screen shows a file (配配メール manual, 一括登録・削除の処理結果; checked 2026-11).
"""

IMPORTED, LOOK, ACCEPTED, OPEN, SILENT = "imported", "look", "accepted", "open", "no answer"


@value
class SentFile:
    """
    One file. `said` is what the last answer meant for the lane ("fine": taken; "" where none is on record).

    `state` is open (its call is not concluded), accepted, imported (a report proves every row), look (a report does
    not), no answer (none came, or it was never sent), or the verdict under which it was not taken.
    """

    id: str
    lane: str
    at: datetime
    key: str
    destination: str
    operation: str
    rows: int
    bytes: int
    said: str
    state: str
    settings: Mapping[str, str] = field(default_factory=dict)
    report: Counts | None = None


@value
class SentLine:
    """
    One row of a file, counted with its header as 1, as spreadsheets and the vendor's result file do.
    """

    row: int
    payload: Mapping[str, str] = field(repr=False)
    deliveries: tuple[str, ...]


class SentFiles:
    """
    Looks at the files of the batching lanes, and keeps what reports say of them.
    """

    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    def listed(self, lane: str = "", *, limit: int = 50) -> list[SentFile]:
        """
        The newest files of a lane, or of all, newest first. Raises OperatorError for a lane that takes no files.
        """
        found: list[SentFile] = []
        for each in [self._known(lane)] if lane else self._lanes():
            parts = self._parts(files.prefix(each, ""))
            newest = sorted(parts, reverse=True)[:limit]
            found += [made for name in newest if (made := self._made(each, name, parts[name])) is not None]
        return sorted(found, key=lambda each: each.at, reverse=True)[:limit]

    def find(self, call_id: str) -> SentFile:
        """
        One file by the id of its call. Raises OperatorError where there is none, or its ten days are over.
        """
        if call_id.isalnum():
            for lane in self._lanes():
                place = files.prefix(lane, call_id)
                parts = [name.removeprefix(f"{place}/") for name in self._deps.ports.bucket.names(f"{place}/")]
                found = self._made(lane, call_id, parts) if parts else None
                if found is not None:
                    return found
        raise OperatorError(
            f"There is no file {call_id}: files are kept for {KEPT_DAYS} days. See those there are: ekiden files list"
        )

    def lines(self, found: SentFile) -> list[SentLine]:
        """
        Its rows, in the order of the file; without those of people who were erased.
        """
        told = files.lines_of(self._deps.ports.bucket, files.prefix(found.lane, found.id))
        return [
            SentLine(row=number, payload=each["payload"], deliveries=tuple(each["deliveries"]))
            for number, each in enumerate(told, start=2)
        ]

    def data(self, found: SentFile) -> bytes:
        """
        The exact bytes that were sent; that they were taken out is put on record. Raises OperatorError.
        """
        data = self._deps.ports.bucket.get(f"{files.prefix(found.lane, found.id)}/data")
        if data is None:
            raise OperatorError(f"The bytes of {found.id} are gone: they are kept for {KEPT_DAYS} days.")
        self._deps.ports.journal.log("operator.file_taken", call=found.id, lane=found.lane, rows=found.rows)
        return data

    def report(self, found: SentFile, counts: Counts) -> SentFile:
        """
        Keep what a report says of a file, in place of an earlier one; where rows failed, the operators are told.
        """
        place = files.prefix(found.lane, found.id)
        said = {"at": stamp(self._deps.now()), **counts.as_dict()}
        self._deps.ports.bucket.put(f"{place}/report.json", json.dumps(said).encode())
        kept = self.find(found.id)
        self._deps.ports.journal.log(
            "operator.file_reported", call=found.id, lane=found.lane, rows=found.rows, state=kept.state
        )
        if kept.state == LOOK:
            Notices(self._deps).tell((_needs_a_look(kept, counts),))
        return kept

    # ── reading the bucket ──────────────────────────────────────────────────────────────────────────────────────────

    def _lanes(self) -> list[str]:
        return sorted(name for name, lane in self._deps.config.lanes.items() if lane.batching)

    def _known(self, lane: str) -> str:
        if lane in self._lanes():
            return lane
        known = ", ".join(self._lanes()) or "none"
        raise OperatorError(f"There is no lane {lane} that sends files. Those that do: {known}")

    def _parts(self, prefix: str) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name in self._deps.ports.bucket.names(prefix):
            call_id, _, part = name.removeprefix(prefix).partition("/")
            found.setdefault(call_id, []).append(part)
        return found

    def _made(self, lane: str, call_id: str, parts: Sequence[str]) -> SentFile | None:
        """
        A file from the names of its parts, and the small object that tells of it; None where that is gone.
        """
        place, bucket = files.prefix(lane, call_id), self._deps.ports.bucket
        about = _object(bucket.get(f"{place}/{files.ABOUT}")) if files.ABOUT in parts else None
        if about is None or unstamp(about["at"]) < self._deps.now() - timedelta(days=KEPT_DAYS):
            return None
        told = _object(bucket.get(f"{place}/report.json")) if "report.json" in parts else None
        report = Counts.from_dict(told) if told is not None else None
        said = files.last_said(parts)
        return SentFile(
            id=call_id,
            lane=lane,
            at=unstamp(about["at"]),
            key=about["key"],
            destination=about["destination"],
            operation=about["operation"],
            settings=about["settings"],
            rows=about["rows"],
            bytes=about["bytes"],
            said=said,
            state=self._state(lane, call_id, said, about["rows"], report),
            report=report,
        )

    def _state(self, lane: str, call_id: str, said: str, rows: int, report: Counts | None) -> str:
        if report is not None:
            return IMPORTED if report.proves(rows) else LOOK
        if said == "fine":
            return ACCEPTED
        call = lane_state(self._deps.ports.table, lane).call
        return OPEN if call is not None and call.id == call_id else said or SILENT


def _object(raw: bytes | None) -> dict[str, Any] | None:
    return None if raw is None else dict(json.loads(raw))


def _needs_a_look(found: SentFile, counts: Counts) -> Notice:
    return Notice(
        cause=f"report:{found.lane}",
        subject=f"Lane {found.lane}: rows of a file were not imported",
        text=(
            f"The vendor reports of a file of {found.rows:,} rows: {counts}. {counts.doubt(found.rows)} Its result "
            "screen (レポート > 一括登録・削除の処理結果, ten days) says which rows and why. "
            f"Whose they are: ekiden files show {found.id}"
        ),
    )
