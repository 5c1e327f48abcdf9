"""
Form services that send by themselves, as data (see presets).

Formats are the vendors' documentation's and, for the WordPress plugins, their source code's (checked 2026-11).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.sources.presets_parts import EMPTY, JSON, LENIENT, TOKEN_HEADER, TOKEN_URL

FORMS: Final[Mapping[str, Mapping[str, Any]]] = {
    # "CF7 to Webhook" fills its template by plain replacement and posts what is then no JSON as text/plain; it never
    # tries again and shows the visitor an error. So whatever is authentic is taken, and held where it cannot be read.
    "contact_form_7": {
        "verify": TOKEN_HEADER,
        "parse": LENIENT,
        "respond": JSON,
    },
    # "All fields" is the entry: keys are field ids, "1.3" is a part of field 1. Times are UTC.
    "gravity_forms": {
        "verify": TOKEN_HEADER,
        "parse": LENIENT,
        "event": {"id": "id && form_id && [form_id, id]", "time": "date_created", "time_zone": 0},
        "respond": JSON,
    },
    # No proof is documented but what the address carries. `sequence_number` counts within one form.
    "movabletype_net": {
        "verify": TOKEN_URL,
        "parse": {"format": "auto", "json_in_field": "entry", "lenient": True},
        "records": {"pairs": "columns", "pairs_key": "label", "pairs_value": "value"},
        "event": {
            "id": "sequence_number && [sequence_number, created_at]",
            "time": "created_at",
            "time_zone": 0,
        },
        "respond": EMPTY,
    },
    # formrun publishes neither headers nor a signature; adopters report JSON, sometimes typed as an encoded form.
    "formrun": {
        "verify": TOKEN_URL,
        "parse": LENIENT,
        "respond": EMPTY,
    },
    # The secret stands in the body (google_key) and is never kept; `is_test` marks the test button's delivery.
    "google_ads": {
        "verify": [{"token": {"in": "json", "name": "google_key"}}],
        "parse": LENIENT,
        "records": {"pairs": "user_column_data", "pairs_key": "column_id", "pairs_value": "string_value"},
        "event": {"id": "lead_id", "test": "is_test"},
        "respond": {"kind": "json", "status": 200, "body": "{}"},
    },
}
