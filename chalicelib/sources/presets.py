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

from chalicelib.sources.presets_crm import CRM
from chalicelib.sources.presets_dropins import DROP_INS
from chalicelib.sources.presets_forms import FORMS
from chalicelib.sources.presets_parts import EMPTY, JSON, LENIENT, TOKEN_HEADER

_RELAY_HMAC: Final = {
    "headers": ["X-Relay-Signature"],
    "prefix": "v1=",
    "encoding": "base64",
    "signed": "{ts}.{body}",
    "timestamp_header": "X-Relay-Timestamp",
}
# Each answer holds its value under the key that its type names; the rest of a choice is what the visitor typed.
_TYPEFORM_VALUE: Final = (
    "not_null(text, email, phone_number, number, boolean, date, url, file_url, choice.label, choice.other,"
    " choices && choices.[labels, other][], payment.amount)"
)

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
    # Anything that can repeat a secret in a header.
    "webhook": {
        "verify": TOKEN_HEADER,
        "parse": {"format": "auto"},
        "respond": JSON,
    },
    # JSON, or a form with the JSON in `payload`. `zen` comes with the ping that GitHub sends when the webhook is made.
    "github": {
        "verify": [{"hmac": {"headers": ["X-Hub-Signature-256"], "prefix": "sha256="}}],
        "parse": {"format": "auto", "json_in_field": "payload", "lenient": True},
        "event": {"id": "header:X-GitHub-Delivery", "test": "zen"},
        "respond": EMPTY,
    },
    # Base64, not hex. Typeform switches a webhook off at once on 404 or 410, which Ekiden never answers. Its test
    # button sends made-up answers with addresses at example.com, which nobody can have.
    "typeform": {
        "verify": [{"hmac": {"headers": ["Typeform-Signature"], "prefix": "sha256=", "encoding": "base64"}}],
        "parse": LENIENT,
        "records": {"pairs": "form_response.answers", "pairs_key": "field.ref", "pairs_value": _TYPEFORM_VALUE},
        "event": {
            "id": "event_id",
            "kind": "event_type",
            "kinds": {"form_response": "upsert", "*": "ignore"},
            "time": "form_response.submitted_at",
            "test": "form_response.answers[?ends_with(not_null(email, ''), '@example.com')] | [0]",
        },
        "respond": EMPTY,
    },
    # The Events preview drops the "X-" of the names. Since API 2025-01 a customer carries no consent: opting out comes
    # by a topic of its own.
    "shopify": {
        "verify": [{"hmac": {"headers": ["X-Shopify-Hmac-Sha256", "Shopify-Hmac-Sha256"], "encoding": "base64"}}],
        "parse": LENIENT,
        "event": {
            "id": "header:X-Shopify-Webhook-Id, Shopify-Webhook-Id",
            "kind": "header:X-Shopify-Topic, Shopify-Topic",
            "detail": "email_marketing_consent.state",
            "kinds": {
                "customers/create": "upsert",
                "customers/update": "upsert",
                "customers/delete": "delete",
                "customers/redact": "delete",
                "customers_email_marketing_consent/update subscribed": "upsert",
                "customers_email_marketing_consent/update unsubscribed": "unsubscribe",
                "customers_email_marketing_consent/update redacted": "unsubscribe",
                "*": "ignore",
            },
            "time": "header:X-Shopify-Triggered-At, Shopify-Triggered-At",
            "test": "header:X-Shopify-Test, Shopify-Test",
        },
        "respond": EMPTY,
    },
    # An empty list of events is LINE's connection check.
    "line": {
        "verify": [{"hmac": {"headers": ["X-Line-Signature"], "encoding": "base64"}}],
        "parse": LENIENT,
        "records": {"path": "events"},
        "event": {
            "id": "webhookEventId",
            "kind": "type",
            "kinds": {"follow": "upsert", "unfollow": "unsubscribe", "*": "ignore"},
            "time": "timestamp",
            "time_unit": "ms",
        },
        "respond": EMPTY,
    },
    "segment": {
        "verify": [{"hmac": {"headers": ["X-Signature"], "algorithm": "sha1"}}],
        "parse": LENIENT,
        "event": {
            "id": "messageId",
            "kind": "type",
            "kinds": {"identify": "upsert", "*": "ignore"},
            "time": "timestamp",
        },
        "respond": EMPTY,
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
        "parse": LENIENT,
        "event": {
            "id": "id",
            "kind": "type",
            "kinds": {
                "customer.created": "upsert",
                "customer.updated": "upsert",
                "customer.deleted": "delete",
                "*": "ignore",
            },
            "time": "created",
            "time_unit": "s",
        },
        "respond": EMPTY,
    },
    # Calendly gives no event id, and its samples tolerate three minutes. Who cancels a meeting opts out of nothing.
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
        "parse": LENIENT,
        "event": {
            "id": "[event, payload.uri]",
            "kind": "event",
            "kinds": {"invitee.created": "upsert", "routing_form_submission.created": "upsert", "*": "ignore"},
            "time": "created_at",
        },
        "respond": EMPTY,
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
        "parse": LENIENT,
        "handshake": [{"json": {"echo": "challenge", "when": {"type": "url_verification"}}}],
        "event": {"id": "event_id", "time": "event_time", "time_unit": "s"},
        "respond": EMPTY,
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
        "parse": LENIENT,
        "event": {"id": "header:webhook-id", "time": "timestamp"},
        "respond": EMPTY,
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
        "parse": LENIENT,
        "event": {"id": "header:svix-id", "time": "timestamp"},
        "respond": EMPTY,
    },
    # docs/google_forms.gs sends and signs so.
    "google_forms": {
        "verify": [{"hmac": _RELAY_HMAC}],
        "parse": LENIENT,
        "records": {"pairs": "answers"},
        "event": {"id": "id", "time": "timestamp", "test": "test"},
        "respond": JSON,
    },
    **FORMS,
    **CRM,
    **DROP_INS,
}
