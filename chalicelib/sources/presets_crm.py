"""
CRMs and the services between them, as data (see presets).

Formats are the vendors' documentation's (checked 2026-11). Where a vendor has a thin and a full notification, the full
one is the preset to use; the thin one is there for those who have it already.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.sources.presets_parts import EMPTY, JSON, LENIENT, TOKEN_HEADER, TOKEN_URL

# HubSpot documents eventId as not unique, so what happened to what and when names the knock.
_HUBSPOT_EVENT: Final = {
    "id": "[subscriptionId, objectId, propertyName, occurredAt, propertyValue]",
    "time": "occurredAt",
    "time_unit": "ms",
    "kind": "subscriptionType || eventType",
    "kinds": {
        "contact.creation": "upsert",
        "contact.propertyChange": "upsert",
        "contact.deletion": "delete",
        "contact.privacyDeletion": "delete",
        "object.creation": "upsert",
        "object.propertyChange": "upsert",
        "object.deletion": "delete",
        "*": "ignore",
    },
}

CRM: Final[Mapping[str, Mapping[str, Any]]] = {
    # kintone signs nothing and sends no header of one's own: the address is the secret. Deletes and comments carry no
    # record, hence no address. Its times are minutes; $revision tells two changes of one minute apart.
    "kintone": {
        "verify": TOKEN_URL,
        "parse": LENIENT,
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
        "respond": EMPTY,
        "body_bytes_max": 700_000,
    },
    # "Send webhook" with an API key in a header: the whole contact comes, each property as {value, …}. There is no id
    # of the delivery, and the same contact may honestly be enrolled again, so the body's digest must do.
    "hubspot_workflow": {
        "verify": TOKEN_HEADER,
        "parse": LENIENT,
        "records": {"map_value": "properties"},
        "event": {"time": "properties.lastmodifieddate.value", "time_unit": "ms"},
        "respond": JSON,
        "body_bytes_max": 700_000,
    },
    # CRM subscriptions: a plain digest, not an HMAC.
    "hubspot_v1": {
        "verify": [
            {"hmac": {"headers": ["X-HubSpot-Signature"], "construction": "hash", "signed": "{secret}{body}"}},
        ],
        "parse": LENIENT,
        "event": _HUBSPOT_EVENT,
        "respond": EMPTY,
    },
    # Workflow webhooks with a request signature, which is the twin of hubspot_workflow.
    "hubspot_v2": {
        "verify": [
            {
                "hmac": {
                    "headers": ["X-HubSpot-Signature"],
                    "construction": "hash",
                    "signed": "{secret}{method}{url}{body}",
                }
            },
        ],
        "parse": LENIENT,
        "records": {"map_value": "properties"},
        "event": {"time": "properties.lastmodifieddate.value", "time_unit": "ms"},
        "body_bytes_max": 700_000,
    },
    "hubspot_v3": {
        "verify": [
            {
                "hmac": {
                    "headers": ["X-HubSpot-Signature-v3"],
                    "encoding": "base64",
                    "signed": "{method}{url}{body}{ts}",
                    "url_decode": "hubspot",
                    "timestamp_header": "X-HubSpot-Request-Timestamp",
                    "timestamp_unit": "ms",
                }
            }
        ],
        "parse": LENIENT,
        "event": _HUBSPOT_EVENT,
        "respond": EMPTY,
    },
    # A Flow cannot handle an empty answer.
    "salesforce_flow": {
        "verify": TOKEN_HEADER,
        "parse": {"format": "json", "lenient": True},
        "respond": {"kind": "json", "status": 200, "body": "{}"},
    },
    # Workflow webhooks and Zoho Forms: chosen merge fields, encoded as a form unless raw JSON is chosen.
    "zoho": {
        "verify": TOKEN_HEADER,
        "parse": LENIENT,
        "event": {"time": "Modified_Time"},
        "respond": EMPTY,
    },
    # The Notification API ("watch"): what was changed of which ids. The token that one registers comes in the body.
    "zoho_notification": {
        "verify": [{"token": {"in": "json", "name": "token"}}],
        "parse": LENIENT,
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
        "respond": EMPTY,
    },
    # Webhook通知 of an automatic process: the administrator types every KEY. Without an update time the body's digest
    # names the event, because nothing else tells two changes apart.
    "rakurakuhanbai_webhook": {
        "verify": TOKEN_URL,
        "parse": LENIENT,
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
        "respond": EMPTY,
    },
    # Zapier, Make, Power Automate, Yoom: the user writes header and body; values may be put in unescaped.
    "ipaas": {
        "verify": TOKEN_HEADER,
        "parse": LENIENT,
        "event": {"id": "event_id", "kind": "event_kind"},
        "respond": JSON,
    },
    # Staff data: only what is named here is kept of a notification. Write `records.path` anew to take more.
    "smarthr": {
        "verify": [{"token": {"in": "header", "name": "X-SmartHR-Token"}}],
        "parse": LENIENT,
        "records": {
            "path": (
                "event && {event: event, triggered_at: triggered_at, id: crew.id || id, email: crew.email,"
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
        "respond": EMPTY,
    },
    # Thin: the lead's answers have to be fetched by leadgen_id. Both secrets stand in `secret`: the app's secret, which
    # signs, and the verify token of the handshake.
    "meta": {
        "verify": [{"hmac": {"headers": ["X-Hub-Signature-256"], "prefix": "sha256="}}],
        "parse": LENIENT,
        "handshake": [
            {"query": {"echo": "hub.challenge", "when": {"hub.mode": "subscribe"}, "token": "hub.verify_token"}}
        ],
        "records": {"path": "entry[].changes[] | [?field=='leadgen'].value"},
        "event": {"id": "leadgen_id", "time": "created_time", "time_unit": "s"},
        "respond": EMPTY,
    },
}
