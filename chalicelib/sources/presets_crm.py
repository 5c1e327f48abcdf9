"""
CRMs and the services between them, as data (see presets).

Formats are the vendors' documentation's (checked 2026-11). Where a vendor has a thin and a full notification, the full
one is the preset to use; the thin one is there for those who have it already.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_TOKEN_HEADER: Final = [{"token": {"in": "header", "name": "X-Relay-Token"}}]
_TOKEN_URL: Final = [{"token": {"in": "path"}}]
_EMPTY: Final = {"kind": "empty", "status": 200}
_JSON: Final = {"kind": "json", "status": 200}

CRM: Final[Mapping[str, Mapping[str, Any]]] = {
    # kintone signs nothing and sends no header of one's own: the address is the secret. Deletes and comments carry no
    # record, hence no address. Its times are minutes; $revision tells two changes of one minute apart.
    "kintone": {
        "verify": _TOKEN_URL,
        "records": {"map_value": "record"},
        "event": {
            "id": "id",
            "kind": "type",
            "kinds": {
                "ADD_RECORD": "upsert",
                "UPDATE_RECORD": "upsert",
                "UPDATE_STATUS": "upsert",
                "*": "ignore",
            },
            "time": 'not_null(record."更新日時".value, record.Updated_datetime.value)',
            "sequence": 'record."$revision".value',
        },
        "respond": _EMPTY,
    },
    # "Send webhook" with an API key in a header: the whole contact comes, each property as {value, …}. There is no id
    # of the delivery, and the same contact may honestly be enrolled again, so the body's digest must do.
    "hubspot_workflow": {
        "verify": _TOKEN_HEADER,
        "records": {"map_value": "properties"},
        "event": {"time": "properties.lastmodifieddate.value", "time_unit": "ms"},
        "respond": _JSON,
    },
    # A Flow cannot handle an empty answer.
    "salesforce_flow": {
        "verify": _TOKEN_HEADER,
        "parse": {"format": "json"},
        "respond": {"kind": "json", "status": 200, "body": "{}"},
    },
    # Workflow webhooks and Zoho Forms: chosen merge fields, encoded as a form unless raw JSON is chosen.
    "zoho": {
        "verify": _TOKEN_HEADER,
        "parse": {"format": "auto", "lenient": True},
        "event": {"time": "Modified_Time"},
        "respond": _EMPTY,
    },
    # The Notification API ("watch"): what was changed of which ids. The token that one registers comes in the body.
    "zoho_notification": {
        "verify": [{"token": {"in": "json", "name": "token"}}],
        "records": {
            "path": "affected_values",
            "carry": ["operation", "server_time", "channel_id", "module"],
        },
        "event": {
            "id": "[channel_id, server_time, record_id, operation]",
            "kind": "operation",
            "kinds": {"insert": "upsert", "update": "upsert", "delete": "delete", "*": "ignore"},
            "time": "server_time",
            "time_unit": "ms",
        },
        "respond": _EMPTY,
    },
    # Webhook通知 of an automatic process: the administrator types every KEY. Without an update time the body's digest
    # names the event, because nothing else tells two changes apart.
    "rakurakuhanbai_webhook": {
        "verify": _TOKEN_URL,
        "parse": {"format": "auto", "lenient": True},
        "event": {
            "id": "recordId && updatedAt && [dbId, recordId, updatedAt, processType]",
            "kind": "processType",
            "kinds": {
                "": "upsert",
                "登録": "upsert",
                "更新": "upsert",
                "配信停止": "unsubscribe",
                "削除": "delete",
            },
            "time": "updatedAt",
        },
        "respond": _EMPTY,
    },
    # Zapier, Make, Power Automate, Yoom: the user writes header and body; values may be put in unescaped.
    "ipaas": {
        "verify": _TOKEN_HEADER,
        "parse": {"format": "auto", "lenient": True},
        "event": {"id": "event_id", "kind": "event_kind"},
        "respond": _JSON,
    },
    # Staff data: only what is named here is kept of a notification. Write `records.path` anew to take more.
    "smarthr": {
        "verify": [{"token": {"in": "header", "name": "X-SmartHR-Token"}}],
        "records": {
            "path": (
                "{event: event, triggered_at: triggered_at, id: crew.id || id, email: crew.email,"
                " last_name: crew.last_name, first_name: crew.first_name}"
            )
        },
        "event": {
            "id": "[event, id, triggered_at]",
            "kind": "event",
            "kinds": {
                "crew_created": "upsert",
                "crew_updated": "upsert",
                "crew_imported": "upsert",
                "crew_deleted": "delete",
                "*": "ignore",
            },
            "time": "triggered_at",
        },
        "respond": _EMPTY,
    },
    # Thin: the lead's answers have to be fetched by leadgen_id. Both secrets stand in `secret`: the app's secret, which
    # signs, and the verify token of the handshake.
    "meta": {
        "verify": [{"hmac": {"headers": ["X-Hub-Signature-256"], "prefix": "sha256="}}],
        "handshake": [
            {"query": {"echo": "hub.challenge", "when": {"hub.mode": "subscribe"}, "token": "hub.verify_token"}}
        ],
        "records": {"path": "entry[].changes[] | [?field=='leadgen'].value"},
        "event": {"id": "leadgen_id", "time": "created_time", "time_unit": "s"},
        "respond": _EMPTY,
    },
}
