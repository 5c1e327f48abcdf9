"""
The senders that Ekiden knows by name, as data in the shape of a source's table in relay.toml.

A preset fills what its sender fixes: proof, handshake, and how an event is recognised. The user's table is laid over
it: tables merge, lists replace, `secret` at the top fills every check that has none, and `origins` every browser check.
What a record means (`records`, `event.kinds`) is the user's to say, where the sender leaves it open. Schemes and header
names are the vendors' own documentation's (checked 2026-11).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_RELAY_HMAC: Final = {
    "headers": ["X-Relay-Signature"],
    "prefix": "v1=",
    "encoding": "base64",
    "signed": "{ts}.{body}",
    "timestamp_header": "X-Relay-Timestamp",
}
# HubSpot documents eventId as not unique, so what happened to what and when names the knock.
_HUBSPOT_EVENT: Final = {
    "id": "[subscriptionId, objectId, propertyName, occurredAt, propertyValue]",
    "time": "occurredAt",
    "time_unit": "ms",
}

PRESETS: Final[Mapping[str, Mapping[str, Any]]] = {
    # A browser's form: nothing in a public page is secret, so an allow-listed page and quiet defences must do.
    "form": {
        "verify": [{"browser": {}}],
        "parse": {"format": "auto"},
        "respond": {"kind": "page", "status": 303},
        "event": {"dedupe_seconds": 600},
        "patience_seconds": 3.0,
        "honeypot": "_gotcha",
        "token": "off",
        "charset": "auto",
        "files": "refuse",
    },
    # Anything that can repeat a secret in a header: CF7 to Webhook, Gravity Forms, Zapier, Make, Yoom.
    "webhook": {
        "verify": [{"token": {"in": "header", "name": "X-Relay-Token"}}],
        "parse": {"format": "auto"},
        "respond": {"kind": "json", "status": 200},
    },
    # Programs that have whole lists: they ask for an address with {filename, size} and PUT the CSV there.
    "csv_upload": {
        "verify": [{"token": {"in": "header", "name": "X-Relay-Token"}}],
        "upload": {"charset": "auto"},
    },
    # JSON, or a form with the JSON in `payload`. `zen` comes with the ping that GitHub sends when the webhook is made.
    "github": {
        "verify": [{"hmac": {"headers": ["X-Hub-Signature-256"], "prefix": "sha256="}}],
        "parse": {"format": "auto", "json_in_field": "payload"},
        "event": {"id": "header:X-GitHub-Delivery", "test": "zen"},
    },
    # Base64, not hex. Typeform switches a webhook off at once on 404 or 410, which Ekiden never answers.
    "typeform": {
        "verify": [{"hmac": {"headers": ["Typeform-Signature"], "prefix": "sha256=", "encoding": "base64"}}],
        "event": {"id": "event_id", "time": "form_response.submitted_at"},
    },
    # The Events preview drops the "X-" of the names.
    "shopify": {
        "verify": [{"hmac": {"headers": ["X-Shopify-Hmac-Sha256", "Shopify-Hmac-Sha256"], "encoding": "base64"}}],
        "event": {"id": "header:X-Shopify-Webhook-Id", "time": "header:X-Shopify-Triggered-At"},
        "respond": {"kind": "empty", "status": 200},
    },
    # An empty list of events is LINE's connection check.
    "line": {
        "verify": [{"hmac": {"headers": ["X-Line-Signature"], "encoding": "base64"}}],
        "records": {"path": "events"},
        "event": {"id": "webhookEventId", "time": "timestamp", "time_unit": "ms"},
        "respond": {"kind": "empty", "status": 200},
    },
    "segment": {
        "verify": [{"hmac": {"headers": ["X-Signature"], "algorithm": "sha1"}}],
        "event": {"id": "messageId", "time": "timestamp"},
    },
    # The key is the whole "whsec_…" text, unlike Standard Webhooks.
    "stripe": {
        "verify": [
            {
                "hmac": {
                    "headers": ["Stripe-Signature"],
                    "style": "kv",
                    "signed": "{ts}.{body}",
                    "timestamp_field": "t",
                }
            }
        ],
        "event": {"id": "id", "time": "created", "time_unit": "s"},
    },
    # Calendly gives no event id, and its samples tolerate three minutes.
    "calendly": {
        "verify": [
            {
                "hmac": {
                    "headers": ["Calendly-Webhook-Signature"],
                    "style": "kv",
                    "signed": "{ts}.{body}",
                    "timestamp_field": "t",
                    "tolerance_seconds": 180,
                }
            }
        ],
        "event": {"id": "[event, payload.uri]", "time": "created_at"},
    },
    "slack": {
        "verify": [
            {
                "hmac": {
                    "headers": ["X-Slack-Signature"],
                    "prefix": "v0=",
                    "signed": "v0:{ts}:{body}",
                    "timestamp_header": "X-Slack-Request-Timestamp",
                }
            }
        ],
        "handshake": [{"json": {"echo": "challenge", "when": {"type": "url_verification"}}}],
        "event": {"id": "event_id", "time": "event_time", "time_unit": "s"},
    },
    # Clerk, Resend, Supabase and others; 410 would end the subscription, and Ekiden never answers it.
    "standard_webhooks": {
        "verify": [
            {
                "hmac": {
                    "headers": ["webhook-signature"],
                    "style": "list",
                    "encoding": "base64",
                    "key": "whsec",
                    "signed": "{h:webhook-id}.{ts}.{body}",
                    "timestamp_header": "webhook-timestamp",
                }
            }
        ],
        "event": {"id": "header:webhook-id", "time": "timestamp"},
    },
    # The same scheme under Svix's own names.
    "svix": {
        "verify": [
            {
                "hmac": {
                    "headers": ["svix-signature"],
                    "style": "list",
                    "encoding": "base64",
                    "key": "whsec",
                    "signed": "{h:svix-id}.{ts}.{body}",
                    "timestamp_header": "svix-timestamp",
                }
            }
        ],
        "event": {"id": "header:svix-id", "time": "timestamp"},
    },
    # CRM subscriptions: a plain digest, not an HMAC.
    "hubspot_v1": {
        "verify": [
            {"hmac": {"headers": ["X-HubSpot-Signature"], "construction": "hash", "signed": "{secret}{body}"}},
        ],
        "event": _HUBSPOT_EVENT,
    },
    # Workflow webhooks; the whole object comes, without an event id.
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
        "event": _HUBSPOT_EVENT,
    },
    # An Apps Script signs so: computeHmacSha256Signature(ts + "." + body, secret, Utilities.Charset.UTF_8).
    "google_forms": {
        "verify": [{"hmac": _RELAY_HMAC}],
        "event": {"id": "id"},
    },
}
