"""
Drop-ins: a file of rows that a program sends to the address of another API, and what Ekiden makes of it.

Each face (custcsv, schedule_csv) knows its own request and its own answers. Between them and the relay the file travels
as one normal form: an envelope whose body is one line of JSON, the import settings, and then the CSV's own bytes. It
holds no token, password or login, and so may be kept.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.errors import EnvelopeRefused, RelayError
from chalicelib.model import Dropin, Envelope, Event, Source
from chalicelib.model.arrival import Json
from chalicelib.sources.csv_rows import CsvFault, CsvLimits, CsvRefused, CsvRow, CsvTable, open_csv, rows
from chalicelib.sources.naming import DIGEST_SECONDS_MAX

SETTINGS_FIELD = "_import"
"""
The field of each row's event that holds the import settings of its file.
"""

FILE_BYTES_MAX = 4_500_000
"""
What API Gateway hands to a Lambda function: 6 MB, of which base64 takes a quarter.
"""

KINDS: Mapping[str, str] = {"0": "upsert", "1": "delete", "2": "unsubscribe", "3": "unsubscribe", "5": "upsert"}
"""
The vendor's import types (0 register, 1 delete, 2 stop, 3 forbid, 5 make deliverable) as kinds of events.
"""

LIMITS = CsvLimits(file_bytes_max=FILE_BYTES_MAX, rows_max=200_000)
_SETTINGS = ("import_type", "is_overwrite", "overwrite_type", "gid", "spid", "report_option")


class SettingRefused(RelayError):
    """
    An import setting at fault: its name, and what is wrong with it in the sender's language.
    """

    def __init__(self, name: str, ja: str) -> None:
        self.name = name
        self.ja = ja
        super().__init__(f"{name}: {ja}")


# ── the normal form ─────────────────────────────────────────────────────────────────────────────────────────────────


def packed(envelope: Envelope, source: Source, settings: Mapping[str, str], data: bytes) -> Envelope:
    """
    A file in its normal form.
    """
    head = json.dumps(dict(settings), separators=(",", ":"), sort_keys=True).encode("ascii")
    return replace(envelope, source=source.name, headers={}, query={}, path_token=None, body=head + b"\n" + data)


def unpacked(envelope: Envelope) -> tuple[dict[str, str], bytes]:
    """
    The import settings and the file's bytes. Raises EnvelopeRefused for what is no normal form.
    """
    head, _, data = envelope.body.partition(b"\n")
    told = "A row of a file cannot be read again by itself: mend it where it comes from, and send it anew."
    try:
        settings: Json = json.loads(head)
    except (ValueError, RecursionError) as problem:
        raise EnvelopeRefused(400, "malformed", told) from problem
    if not isinstance(settings, dict) or str(settings.get("import_type")) not in KINDS:
        raise EnvelopeRefused(400, "malformed", told)
    return {name: str(value) for name, value in settings.items()}, data


def table_of(data: bytes, source: Source, dropin: Dropin) -> CsvTable:
    """
    The file with its header checked. Raises CsvRefused where 配配メール could not take the file as a whole.

    Item names are those of the vendor's database, which are CP932 unless the account has 多言語配信 (`charset` utf-8).
    """
    table = open_csv(data, charset=source.parse.charset, limits=LIMITS)
    if dropin.address_column not in table.columns:
        raise CsvRefused("header", f'The header has no column "{dropin.address_column}".', line=1)
    if SETTINGS_FIELD in table.columns:
        raise CsvRefused("header", f'No column may be named "{SETTINGS_FIELD}".', line=1)
    if source.parse.charset != "utf-8":
        for name in table.columns:
            if not _in_cp932(name):
                raise CsvRefused("header", f'The column "{name}" has characters that Shift_JIS does not have.', line=1)
    return table


def count(envelope: Envelope, source: Source, dropin: Dropin) -> tuple[int, int]:
    """
    How many rows a file in its normal form has, and how many of them cannot be read.

    Raises EnvelopeRefused where it cannot be read to its end.
    """
    every = faults = 0
    try:
        for row in rows(table_of(unpacked(envelope)[1], source, dropin)):
            every += 1
            faults += isinstance(row, CsvFault)
    except CsvRefused as refused:
        raise EnvelopeRefused(400, "file", refused.detail) from refused
    return every, faults


def row_events(envelope: Envelope, source: Source, dropin: Dropin, *, key: bytes, arrival: datetime) -> Iterator[Event]:
    """
    One event for each row, in the file's order; a row that cannot be read is one that a person sees.

    The same file again within ten minutes gives the same events, so that it is known. Raises EnvelopeRefused for a
    file that cannot be read as a whole.
    """
    settings, data = unpacked(envelope)
    digest = hmac.new(key, envelope.body, hashlib.sha256).hexdigest()
    try:
        for row in rows(table_of(data, source, dropin)):
            yield _event(row, source, settings, digest, arrival)
    except CsvRefused as refused:
        raise EnvelopeRefused(400, "file", refused.detail) from refused


def _event(row: CsvRow | CsvFault, source: Source, settings: dict[str, str], digest: str, arrival: datetime) -> Event:
    """
    The row's event.

    Rows of one file happened in their order, a microsecond apart: of two for one address the last counts.
    """
    fields: dict[str, Json]
    if isinstance(row, CsvFault):
        kind, fields, hold = "unusable", {"_raw": row.text}, row.reason
    else:
        kind, hold = KINDS[settings["import_type"]], None
        fields = {**row.fields, SETTINGS_FIELD: settings}
    return Event(
        source=source.name,
        kind=kind,
        time=arrival + timedelta(microseconds=row.number),
        fields=fields,
        dedupe=f"file:{digest}#{row.number}",
        dedupe_seconds=min(source.event.dedupe_seconds, DIGEST_SECONDS_MAX),
        hold=hold,
        evidence={"part": "record"} if hold else {"line": str(row.line)},
    )


# ── import settings ─────────────────────────────────────────────────────────────────────────────────────────────────


def import_settings(given: Mapping[str, Json]) -> dict[str, str]:
    """
    The import settings as texts, with the vendor's own defaults written out. Raises SettingRefused.

    Keys lose their blanks (楽楽販売's manual prints "overwrite_ type"), values may be texts or numbers; what is blank
    counts as unset, and what nobody knows is left out. (楽楽販売 manual, 配配メール連携; checked 2026-11.)
    """
    said = {"".join(name.split()): _setting_text(value) for name, value in given.items()}
    said = {name: said[name] for name in _SETTINGS if said.get(name)}
    kind = said.get("import_type", "")
    if kind not in KINDS:
        raise SettingRefused("import_type", "import_type には、0~3または5の数値を指定してください。")
    chosen = {"import_type": kind, "report_option": said.get("report_option", "1")}
    if kind in {"0", "5"}:
        chosen["is_overwrite"] = said.get("is_overwrite", "0")
        if chosen["is_overwrite"] == "1":
            chosen["overwrite_type"] = said.get("overwrite_type", "1")
    chosen |= {name: said[name] for name in ("gid", "spid") if name in said}
    _check_settings(chosen)
    return chosen


def _check_settings(chosen: Mapping[str, str]) -> None:
    for name, allowed in (("is_overwrite", "01"), ("overwrite_type", "12"), ("report_option", "012")):
        if name in chosen and (len(chosen[name]) != 1 or chosen[name] not in allowed):
            raise SettingRefused(name, f"{name} には、{'、'.join(allowed)}のいずれかを指定してください。")
    for name in ("gid", "spid"):
        number = chosen.get(name, "1")
        if not (number.isascii() and number.isdigit() and len(number) <= 18):
            raise SettingRefused(name, f"{name} が数値ではありません。")
    if "gid" in chosen and "spid" in chosen:
        raise SettingRefused("spid", "gid と spid は、どちらか一方を指定してください。")
    if chosen["import_type"] in {"2", "3", "5"} and not {"gid", "spid"} & chosen.keys():
        raise SettingRefused("gid", "import_type が2、3、5の場合は、gid または spid を指定してください。")


def _setting_text(found: Json) -> str:
    if isinstance(found, bool):
        return "1" if found else "0"
    return unicodedata.normalize("NFKC", str(found)).strip() if isinstance(found, str | int) else ""


def _in_cp932(name: str) -> bool:
    try:
        name.encode("cp932")
    except UnicodeEncodeError:
        return False
    return True
