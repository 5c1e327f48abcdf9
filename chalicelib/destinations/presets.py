"""
Receivers that are known well enough to be declared here: kintone, Slack, and any receiver of Standard Webhooks.

Each is a few settings that become those of a destination of one's own (own.py).

- kintone: `PUT /k/v1/records.json` with `upsert`, one record a call; the key is a field that allows no duplicates. The
  token needs the rights to edit and to add records. 100 requests at once per domain, else 429; 10,000 a day per app
  (100,000 on the wide course), over which only a warning is mailed. An upsert may be repeated. (cybozu.dev,
  複数のレコードを更新する, kintone REST APIの共通仕様; checked 2026-11.)
- Slack: an incoming webhook, whose address is the secret. About one message a second; 429 with Retry-After above it.
  Success is the text "ok"; 403, 404 and 410 say that the channel or the webhook is gone. A repeat is a second message.
  (Slack, Improving error conditions for Incoming Webhooks; Rate limits; checked 2026-11.)
- Standard Webhooks 1.0.0: type, timestamp and data, signed; any 2xx is success; a receiver knows a repeat by its id.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.destinations.declared import SIGNING_SECRET, STANDARD_WEBHOOKS, by_name
from chalicelib.destinations.declared_fields import Pace
from chalicelib.destinations.declared_vendor import Shape, vendor_of
from chalicelib.destinations.kit import Operation, Setting
from chalicelib.destinations.own import LIMITS, PACE
from chalicelib.model import Effect

FIELDS = Setting(name="fields", kind="table", help="the fields that may be mapped, each with its form")
REPEAT = Setting(name="repeat_harmless", kind="flag", default=True, help="whether an unanswered call is made again")
KINTONE_CALLS_PER_DAY = 10_000


def _kintone(given: Mapping[str, Any]) -> Mapping[str, Any]:
    space = given.get("guest_space")
    key = given.get("update_key") or "email"
    record = {"updateKey": {"field": key, "value": f"{{{key}}}"}, "record": "{_rest:value}"}
    return {
        **given,
        "method": "PUT",
        "path": f"/k/guest/{space}/v1/records.json" if space else "/k/v1/records.json",
        "headers": {"X-Cybozu-API-Token": "{secret:api_token}"},
        "body": {"app": given.get("app") or 0, "upsert": True, "records": [record]},
        "identity": key,
        "success": {"when": "body.records[0].id"},
        "busy": {"status": [429]},
        "paused": {"when": "body.code && contains(['GAIA_NO01', 'GAIA_IA02', 'GAIA_AP01'], body.code)"},
        "result": {"record_id": "body.records[0].id", "operation": "body.records[0].operation"},
    }


KINTONE = vendor_of(
    Shape(
        slug="kintone",
        label="kintone",
        host_only="https://your-domain.cybozu.com",
        settings=by_name(
            Setting(name="app", kind="integer", required=True, least=1, help="the app's number"),
            Setting(name="update_key", default="email", help="the field that names the record, without duplicates"),
            Setting(name="guest_space", kind="integer", least=1, help="the guest space, where the app lives in one"),
            FIELDS,
            Setting(
                name="calls_per_day",
                kind="integer",
                default=KINTONE_CALLS_PER_DAY,
                least=1,
                help="of this app; other programs count too",
            ),
            *PACE,
        ),
        credentials=("api_token",),
        operations=(
            Operation(
                name="upsert",
                label="Store a record, or update the one there is",
                effect=Effect.DATA,
                open_fields=True,
            ),
        ),
        expand=_kintone,
        stands_for={"body.records[0].updateKey.value": "update_key", "identity": "update_key"},
        pace=Pace(slug="kintone", batching=False, calls_per_second=5, burst=10, calls_per_day=KINTONE_CALLS_PER_DAY),
        keys="Check the API token in the app's settings: it must be allowed to view, add and edit records.",
        address="Check base_url (https://your-domain.cybozu.com), app and guest_space.",
    )
)


def _slack(given: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "repeat_harmless": True,
        **given,
        "path": "/{secret:webhook_url}",
        "body": {"text": given.get("text") or ""},
        "escape": "slack",
        "success": {"when": "text == 'ok'"},
    }


SLACK = vendor_of(
    Shape(
        slug="slack",
        label="Slack",
        base_url="https://hooks.slack.com",
        settings=by_name(
            Setting(name="text", required=True, help="the message, with places for values"),
            FIELDS,
            REPEAT,
            LIMITS,
            *PACE,
        ),
        credentials=("webhook_url",),
        operations=(
            Operation(name="send", label="Post a message", effect=Effect.DATA, open_fields=True, merges=False),
        ),
        expand=_slack,
        stands_for={"body.text": "text"},
        pace=Pace(slug="slack", batching=False, calls_per_second=1, burst=3),
        keys="Check that webhook_url is the whole address of the incoming webhook.",
        address="Check that the incoming webhook and its channel exist, and that webhook_url begins with base_url.",
    )
)


def _standard_webhooks(given: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "repeat_harmless": True,
        **given,
        "body": {"type": given.get("type") or "", "timestamp": "{_time}", "data": "{_all}"},
        "sign": STANDARD_WEBHOOKS,
    }


WEBHOOKS = vendor_of(
    Shape(
        slug=STANDARD_WEBHOOKS,
        label="Standard Webhooks",
        settings=by_name(
            Setting(name="path", help="what follows base_url, with places for values"),
            Setting(name="type", required=True, help="the event's type, such as contact.created"),
            FIELDS,
            Setting(name="identity", help="the field that names the contact: its events keep their order"),
            REPEAT,
            LIMITS,
            *PACE,
        ),
        credentials=(SIGNING_SECRET,),
        operations=(Operation(name="send", label="Send an event", effect=Effect.DATA, open_fields=True, merges=False),),
        expand=_standard_webhooks,
        stands_for={"body.type": "type"},
        pace=Pace(slug=STANDARD_WEBHOOKS, batching=False, calls_per_second=5, burst=10),
        keys="Check that the receiver has the same signing_secret (whsec_…).",
        address="Check base_url and path. A receiver that answers 410 wants no more events.",
    )
)
