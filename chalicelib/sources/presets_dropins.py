"""
Senders with a wire format of their own, those for which Ekiden stands in, and those of files, as data (see presets).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.sources.presets_parts import TOKEN_HEADER

DROP_INS: Final[Mapping[str, Mapping[str, Any]]] = {
    # Salesforce signs nothing: a secret address, and the organisation that every message names.
    "salesforce_outbound": {
        "verify": [{"token": {"in": "path"}}, {"equals": {"name": "OrganizationId", "chars": 15}}],
        "parse": {"format": "soap"},
        "records": {"path": "notifications", "records_max": 100},
        "event": {"id": "notification_id", "time": "LastModifiedDate"},
        "respond": {"kind": "soap"},
        "body_bytes_max": 700_000,
    },
    # A form that pointed at Salesforce: its hidden fields keep their meaning. `oid` is public and proves nothing.
    "web_to_lead": {
        "verify": [{"browser": {}}, {"equals": {"name": "oid", "chars": 15}}],
        "parse": {"format": "auto", "charset_in": "encoding"},
        "respond": {"kind": "page", "status": 303},
        "event": {"dedupe_seconds": 600},
        "next_field": "retURL",
        "controls": ["oid", "retURL", "encoding", "debug", "debugEmail", "captcha_settings", "submit"],
        "patience_seconds": 3.0,
        "honeypot": "_gotcha",
        "token": "off",
        "files": "refuse",
    },
    # 配配メール's CSV import, for 楽楽販売 and every program written for it; each row of the file is an event.
    "custcsv": {
        "verify": [{"token": {"in": "header", "name": "X-HM-apitoken"}}],
        "parse": {"format": "multipart"},
        "event": {"dedupe_seconds": 600},
        "dropin": {"face": "custcsv"},
    },
    # Its older form, ?ac=ScheduleCsvImport, whose password stands in the body under either of two names.
    "schedule_csv": {
        "verify": [{"token": {"in": "form", "name": "transport_passwd"}}],
        "parse": {"format": "multipart"},
        "event": {"dedupe_seconds": 600},
        "dropin": {"face": "schedule_csv"},
    },
    # Programs that have whole lists: they ask for an address with {filename, size} and PUT the CSV there.
    "csv_upload": {
        "verify": TOKEN_HEADER,
        "upload": {"charset": "auto"},
    },
}
