"""
What the files under tests/data/config/valid mean.
"""

from __future__ import annotations

from chalicelib.model import (
    Alarms,
    Browser,
    Ceiling,
    Config,
    Const,
    Destination,
    Egress,
    EventRule,
    Expr,
    FieldName,
    Form,
    FormField,
    Handshake,
    Hmac,
    Lane,
    Limit,
    Parse,
    Rate,
    Records,
    Respond,
    Retention,
    Route,
    Source,
    Token,
)

MINIMAL = Config(name="ekiden", secret=("env:RELAY_SECRET",))

FORM = Config(
    name="ekiden",
    secret=("ssm:/ekiden/prod/relay", "ssm:/ekiden/prod/relay-previous"),
    sources={
        "contact": Source(
            name="contact",
            preset="form",
            verify=(
                Browser(
                    origins=(
                        "https://www.example.co.jp",
                        "https://shop.example.co.jp",
                        "https://xn--wgv71a119e.example.jp:8443",
                    ),
                ),
            ),
            parse=Parse(format="auto", charset="cp932", files="drop"),
            respond=Respond(kind="page"),
            form=Form(
                thanks="https://www.example.co.jp/thanks?from=contact",
                redirects=("https://www.example.co.jp",),
                patience_seconds=2.5,
                honeypot="fax2",
                token="required",
                fill_seconds_min=3,
                token_seconds_max=7_200,
                consent_field="agree",
                consent_text="個人情報の取り扱いに同意します。",
                title="お問い合わせ",
                title_en="Contact",
                fields=(
                    FormField(
                        name="your-email",
                        label="メールアドレス",
                        label_en="E-mail",
                        type="email",
                        required=True,
                        chars_max=255,
                    ),
                    FormField(name="ご用件", type="choice", choices=("資料請求", "見積")),
                ),
            ),
            ceiling=Ceiling(events=500, per="hour"),
            body_bytes_max=65_536,
            personal=("your-email", "お名前"),
        ),
    },
    destinations={
        "lead": Destination(
            name="lead",
            vendor="solo",
            lane="solo-lead",
            base_url="https://api.solo.example.jp",
            credentials="ssm:/ekiden/prod/solo",
            settings={"version": 4},
            substitutes={"𠮷": "吉"},
        ),
    },
    routes=(
        Route(
            name="contact-lead-upsert",
            source="contact",
            destination="lead",
            operation="upsert",
            when="agree == 'yes'",
            fields={
                "email": FieldName("your-email"),
                "memo": Expr("join_nonblank(' / ', [\"ご用件\", message]) || `null`"),
            },
            overflow={"memo": "clip"},
        ),
        Route(
            name="contact-lead-upsert-2",
            source="contact",
            destination="lead",
            operation="upsert",
            fields={"email": FieldName("your-email"), "memo": Const("メールマガジン")},
        ),
    ),
    lanes={
        "solo-lead": Lane(name="solo-lead", vendor="solo", batching=False, rate=Rate(interval_ms=1_000, burst=5)),
    },
)

_CRM = Source(
    name="crm",
    preset="webhook",
    verify=(
        Token(
            place="header",
            name="X-Relay-Token",
            prefix="Bearer ",
            secret=("ssm:/ekiden/prod/token", "ssm:/ekiden/prod/token-previous"),
        ),
        Hmac(
            headers=("X-Signature",),
            style="kv",
            signed="{ts}.{method}{url}.{h:X-Id}.{body}",
            timestamp_field="t",
            tolerance_seconds=180,
            secret=("ssm:/ekiden/prod/crm",),
        ),
        Browser(origins=("https://app.example.co.jp",)),
    ),
    handshake=(
        Handshake(
            place="query",
            echo="hub.challenge",
            when={"hub.mode": "subscribe"},
            token_name="hub.verify_token",
            secret=("ssm:/ekiden/prod/hub",),
        ),
        Handshake(place="json", echo="challenge", when={"type": "url_verification"}),
    ),
    parse=Parse(
        format="json",
        charset="utf-8",
        json_in_field="payload",
        lenient=True,
        files="drop",
        fields_max=50,
        depth_max=4,
    ),
    records=Records(
        path="entry[].changes[]",
        pairs="answers",
        pairs_key="field.ref",
        pairs_value="text",
        records_max=100,
    ),
    event=EventRule(
        kind="type",
        kinds={"changed": "upsert", "optout": "unsubscribe", "*": "ignore"},
        id="[id, version]",
        time="header:X-Time",
        time_unit="ms",
        time_zone=0,
        test="is_test",
        dedupe_seconds=3_600,
    ),
    respond=Respond(kind="json", status=202, body='{"ok": true}'),
)

_SHOP = Source(
    name="shop",
    preset="shop",
    verify=(Hmac(headers=("X-Shop-Hmac", "Shop-Hmac"), encoding="base64", secret=("ssm:/ekiden/prod/shop",)),),
    parse=Parse(format="json", charset="utf-8"),
    event=EventRule(
        kind="header:X-Shop-Topic",
        kinds={"customers/update": "upsert", "*": "ignore"},
        id="header:X-Shop-Id",
        time="updated_at",
    ),
    respond=Respond(kind="empty"),
)


def _import(name: str, source: str) -> Route:
    return Route(
        name=name,
        source=source,
        destination="news",
        operation="import",
        fields={"email": FieldName("email"), "お名前": Expr("split_name(name).last")},
        settings={
            "gid": Const(12),
            "overwrite": Const(value=True),
            "report": Expr("_kind"),
            "labels": Const("展示会,資料請求"),
        },
    )


WEBHOOKS = Config(
    name="ekiden",
    secret=("secretsmanager:ekiden/prod/relay",),
    public_url="https://relay.example.co.jp/api",
    sources={"crm": _CRM, "shop": _SHOP},
    destinations={
        "news": Destination(
            name="news",
            vendor="bulk",
            lane="bulk-api-sample",
            base_url="https://a01.bulk.example.jp",
            credentials={
                "token": "secretsmanager:arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:bulk-AbCdEf",
            },
            settings={"account": "api_Sample", "daily": 240},
        ),
        "partners": Destination(
            name="partners",
            vendor="bulk",
            lane="bulk-api-sample",
            base_url="https://a01.bulk.example.jp",
            credentials="ssm:/ekiden/prod/bulk",
            settings={"account": "api_Sample"},
        ),
    },
    routes=(
        _import("crm-news-import", "crm"),
        _import("shop-news-import", "shop"),
        Route(
            name="optout",
            source="crm",
            destination="partners",
            operation="import",
            kinds=("unsubscribe", "delete"),
            fields={"email": FieldName("email")},
            settings={"gid": FieldName("list_id")},
        ),
    ),
    lanes={
        "bulk-api-sample": Lane(
            name="bulk-api-sample",
            vendor="bulk",
            batching=True,
            limits=(Limit(calls=240, per="day"),),
            rows_max=1_000,
        ),
    },
)

WHOLE = Config(
    name="relay-2",
    secret=("ssm:/relay/secret",),
    public_url="http://127.0.0.1:8000",
    alarms=Alarms(emails=("ops@example.co.jp", "o'neil+alarm@mail.example.co.jp"), wait_seconds_max=1_800),
    retention=Retention(delivered_days=7, dead_days=90, event_days=60),
    egress=Egress(
        subnet_ids=("subnet-0123456789abcdef0", "subnet-0123456789abcdef1"),
        security_group_ids=("sg-0123456789abcdef0",),
    ),
    api_rate=5,
    api_burst=10,
    sources={
        "crm": Source(
            name="crm",
            preset="webhook",
            verify=(Token(place="path", secret=("ssm:/relay/crm",)),),
            respond=Respond(kind="json", body="{}"),
        ),
    },
    destinations={
        "news": Destination(
            name="news",
            vendor="bulk",
            lane="mail",
            base_url="http://localhost:9000",
            credentials="ssm:/relay/bulk",
            settings={"daily": 240, "egress": "fixed"},
        ),
    },
    routes=(
        Route(
            name="Import_1",
            source="crm",
            destination="news",
            operation="import",
            fields={"email": FieldName("mail")},
            settings={"gid": Const(3), "report": Const("errors")},
        ),
    ),
    lanes={
        "mail": Lane(
            name="mail",
            vendor="bulk",
            batching=True,
            limits=(Limit(calls=240, per="day"),),
            rows_max=1_000,
            egress="fixed",
        ),
    },
)

EXPECTED = {"minimal": MINIMAL, "form": FORM, "webhooks": WEBHOOKS, "whole": WHOLE}
