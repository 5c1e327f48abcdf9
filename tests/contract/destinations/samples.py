"""
One sample per vendor and operation, and what each vendor's answers mean.

A new vendor gets the whole suite by adding its entries here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from chalicelib.destinations import VENDORS
from chalicelib.destinations.kit import Operation, Vendor
from chalicelib.model import Batch, Const, Deferred, Destination, FieldName, Line, Outcome, Prepared, Refused, Route

AT = datetime(2026, 11, 21, 1, 0, 0, tzinfo=UTC)
SECRETS = {
    "user_key": "0f9a11e2d3c4b5a6978812345678abcd",
    "user_secret": "1f9a11e2d3c4b5a6978812345678abcd",
    "company_key": "2f9a11e2d3c4b5a6978812345678abcd",
    "company_secret": "3f9a11e2d3c4b5a6978812345678abcd",
    "login_id": "relay-login",
    "api_token": "Tk4f9a11e2d3c4b5a6978812345678abcdTk",
    "transfer_password": "Tp5f-9a11e2d3c4b5a69788",
    "password": "Pw6f-9a11e2d3c4b5a69788",
    "token": "Ow4f9a11e2d3c4b5a6978812345678abcdOw",
    "webhook_url": "https://hooks.slack.com/services/T00000000/B00000000/0f9a11e2d3c4b5a69788abcd",
    "signing_secret": "whsec_MGY5YTExZTJkM2M0YjVhNjk3ODgxMjM0NTY3OGFiY2Q=",
}


@dataclass(frozen=True, kw_only=True)
class Sample:
    """
    An operation with values that must be accepted; `required` are the fields it cannot do without.
    """

    slug: str
    operation: str
    fields: Mapping[str, Any]
    required: tuple[str, ...]
    settings: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.slug}-{self.operation}"

    @property
    def vendor(self) -> Vendor:
        """
        The vendor's declaration.
        """
        return VENDORS[self.slug]

    @property
    def declared(self) -> Operation:
        """
        The operation's declaration.
        """
        return self.vendor.operations[self.operation]

    @property
    def destination(self) -> Destination:
        """
        An account of the vendor.
        """
        return DESTINATIONS[self.slug]

    @property
    def credentials(self) -> dict[str, str]:
        """
        Made-up credentials of that account.
        """
        given = self.destination.credentials
        return {name: SECRETS[name] for name in (self.vendor.credentials if isinstance(given, str) else given)}

    @property
    def route(self) -> Route:
        """
        A route that maps exactly the sample's fields.
        """
        return Route(
            name="sample",
            source="contact",
            destination=self.destination.name,
            operation=self.operation,
            when="consent == 'yes'",
            fields={name: FieldName(f"form-{name}") for name in self.fields},
            settings={name: Const(value) for name, value in self.settings.items()},
        )

    def prepared(self, **changes: Any) -> Any:
        """
        What the vendor makes of the sample's values, some of them changed.
        """
        fields = {**self.fields, **changes}
        return self.vendor.prepare(self.declared, fields, self.settings, self.destination, {})

    def batch(self) -> Batch:
        """
        What the vendor is sent: two contacts where it takes many, else one; the last contact merges two deliveries.
        """
        prepared = self.prepared()
        assert isinstance(prepared, Prepared), prepared
        lines = [Line(contact="c2", payload=prepared.payload, deliveries=("d2", "d3"))]
        if self.vendor.batching:
            lines.insert(0, Line(contact="c1", payload=prepared.payload, deliveries=("d1",)))
        return Batch(
            lane="lane",
            destination=self.destination.name,
            operation=self.operation,
            settings=prepared.settings,
            lines=tuple(lines),
            at=AT,
        )

    def data(self, batch: Batch) -> bytes:
        """
        The file of a batch; empty for vendors of single calls.
        """
        pack = self.vendor.pack
        return pack(self.declared, batch.settings, batch.lines, self.destination).data if pack else b""


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """
    What a status of this vendor means: the outcome, whether it burns an attempt, the verdict on the lane.
    """

    outcome: type[Outcome]
    verdict: str
    burns: bool = False


LIST = {"form": "list"}
OWN = {
    "path": "/contacts/{email}",
    "headers": {"Authorization": "Bearer {secret:token}"},
    "identity": "email",
    "body": {"mail": "{email}", "name": "{name}", "age": "{age}", "tags": "{tags}"},
    "fields": {"email": {"form": "email"}, "name": {}, "age": {"form": "integer"}, "tags": LIST},
    "success": {"when": "body.ok"},
}
DESTINATIONS = {
    "satori": Destination(
        name="satori",
        vendor="satori",
        lane="satori-satori",
        base_url="https://api.satr.jp",
        credentials="ssm:/ekiden/test/satori",
        settings={"version": 4, "custom_fields": {"interest": "text", "employees": "integer"}},
    ),
    "haihaimail": Destination(
        name="mail",
        vendor="haihaimail",
        lane="haihaimail-api-sample-import",
        base_url="https://a01.hm-f.jp",
        credentials="ssm:/ekiden/test/haihaimail",
        settings={"account": "api_sample"},
    ),
    "maildealer": Destination(
        name="desk",
        vendor="maildealer",
        lane="maildealer-md00-1",
        base_url="https://md00.maildealer.jp",
        credentials="ssm:/ekiden/test/maildealer",
        settings={"mailbox": 1, "required_items": ["会社名"], "choice_items": {"興味": ["資料", "デモ"]}},
    ),
    "haihaimail_legacy": Destination(
        name="mail",
        vendor="haihaimail_legacy",
        lane="haihaimail-legacy-24",
        base_url="https://a03.hm-f.jp",
        credentials="ssm:/ekiden/test/haihaimail-legacy",
        settings={"aid": 24},
    ),
    "curumeru": Destination(
        name="kuru",
        vendor="curumeru",
        lane="curumeru-kuru",
        base_url="https://kuru.example.jp",
        credentials="ssm:/ekiden/test/curumeru",
        settings={
            "path": "/api/sample-import",
            "parameters": {
                "login": "sample_login",
                "password": "sample_pass",
                "file": "sample_file",
                "import_type": "sample_type",
                "is_overwrite": "sample_overwrite",
                "gid": "sample_group",
                "spid": "sample_plan",
            },
            "import_types": {"register": "add", "delete": "del", "stop": "halt", "forbid": "ban", "allow": 5},
        },
    ),
    "kintone": Destination(
        name="kintone",
        vendor="kintone",
        lane="kintone-kintone",
        base_url="https://sample.cybozu.com",
        credentials="ssm:/ekiden/test/kintone",
        settings={"app": 12, "update_key": "email", "fields": {"email": {"form": "email"}, "name": {}, "tags": LIST}},
    ),
    "slack": Destination(
        name="slack",
        vendor="slack",
        lane="slack-slack",
        base_url="https://hooks.slack.com",
        credentials="ssm:/ekiden/test/slack",
        settings={"text": "{name} さん ({company})"},
    ),
    "standard_webhooks": Destination(
        name="hooks",
        vendor="standard_webhooks",
        lane="standard-webhooks-hooks",
        base_url="https://hooks.example.co.jp",
        credentials="ssm:/ekiden/test/hooks",
        settings={"type": "contact.created", "path": "/in", "identity": "email"},
    ),
    "email": Destination(
        name="post",
        vendor="email",
        lane="email-ses",
        base_url="ses:",
        credentials={},
        settings={
            "from": "お問い合わせ窓口 <info@example.co.jp>",
            "templates": {"thanks": {"subject": "{name} 様", "text": "{email} から\n{memo}"}},
        },
    ),
    "http": Destination(
        name="own",
        vendor="http",
        lane="http-own",
        base_url="https://own.example.co.jp",
        credentials={"token": "ssm:/ekiden/test/own"},
        settings=OWN,
    ),
    "http_batch": Destination(
        name="rows",
        vendor="http_batch",
        lane="http-batch-rows",
        base_url="https://own.example.co.jp",
        credentials={"token": "ssm:/ekiden/test/own"},
        settings={**OWN, "path": "/rows", "body": None, "format": "csv", "charset": "cp932"},
    ),
}

PERSON = {
    "email": "hanako.sample+web@example.co.jp",
    "last_name": "見本",
    "first_name": "花子",
    "collection_route": "問合せフォーム",
    "collection_date": "2026-11-21T09:30:00+09:00",
    "append_tags": ["資料請求", "展示会"],
    "memo": "一行目\r\n二行目",
    "custom:interest": "配信",
    "custom:employees": 120,
}
ROW = {"メールアドレス": "hanako.sample@example.co.jp", "お名前": "見本 花子", "会社名": "株式会社ソ表能"}
CUSTOMER = {
    "メールアドレス": "Hanako.Sample+web@example.co.jp",
    "お名前": "見本 髙﨑😀",
    "フリガナ": "ミホン ハナコ",
    "電話番号": "03-0000-0000",
    "会社名": "株式会社見本",
    "興味": ["資料", "デモ"],
}
ADDRESS = {"メールアドレス": "hanako.sample@example.co.jp"}
VISITOR = {"email": "hanako.sample@example.co.jp", "name": "見本 花子"}
LETTER = {**VISITOR, "memo": "一行目\r\n二行目"}
OWN_FIELDS = {**VISITOR, "age": "30", "tags": ["資料請求", "展示会"]}
TO_STAFF = {"template": "thanks", "to": "desk@staff.example.jp"}


def imports_of(slug: str) -> tuple[Sample, ...]:
    """
    The five imports of 配配メール's family.
    """
    bare: dict[str, Any] = {"slug": slug, "fields": ADDRESS, "required": ("メールアドレス",), "settings": {"gid": "12"}}
    return (
        Sample(**{**bare, "operation": "register", "fields": ROW}),
        Sample(**{**bare, "operation": "delete"}),
        Sample(**{**bare, "operation": "stop"}),
        Sample(**{**bare, "operation": "forbid", "settings": {"spid": "3"}}),
        Sample(**{**bare, "operation": "allow"}),
    )


SAMPLES = (
    Sample(slug="satori", operation="upsert", fields=PERSON, required=("email", "collection_route")),
    Sample(slug="satori", operation="registration", fields=PERSON, required=("email", "collection_route")),
    Sample(slug="satori", operation="delete", fields={"email": PERSON["email"]}, required=("email",)),
    *imports_of("haihaimail"),
    *imports_of("haihaimail_legacy"),
    *imports_of("curumeru"),
    Sample(slug="maildealer", operation="customer", fields=CUSTOMER, required=("メールアドレス", "会社名")),
    Sample(slug="kintone", operation="upsert", fields={**VISITOR, "tags": ["a", "b"]}, required=("email",)),
    Sample(slug="slack", operation="send", fields={"name": "見本 花子", "company": "例 & 見本"}, required=()),
    Sample(slug="standard_webhooks", operation="send", fields=VISITOR, required=("email",)),
    Sample(slug="email", operation="auto_reply", fields=LETTER, required=("email",), settings={"template": "thanks"}),
    Sample(slug="email", operation="notice", fields=LETTER, required=(), settings=TO_STAFF),
    Sample(slug="email", operation="inquiry", fields=LETTER, required=("email",), settings=TO_STAFF),
    Sample(slug="http", operation="send", fields=OWN_FIELDS, required=("email",)),
    Sample(slug="http", operation="upsert", fields=OWN_FIELDS, required=("email",)),
    Sample(slug="http_batch", operation="send", fields=OWN_FIELDS, required=("email",)),
    Sample(slug="http_batch", operation="upsert", fields=OWN_FIELDS, required=("email",)),
)

ACCEPTED = {
    "satori": b'{"status":200,"message":{"customer[hashcode]":"8eced811cdb57f56"}}',
    "haihaimail": b'{"status":"success","code":"200","version":"v1"}',
    "maildealer": b'{"status":"success","code":200,"count":"1","customerId":"18","version":"v1"}',
    "haihaimail_legacy": b"200 OK",
    "curumeru": b'<?xml version="1.0" encoding="UTF-8"?><response><code>10200</code></response>',
    "kintone": b'{"records":[{"id":"7","revision":"1","operation":"INSERT"}]}',
    "slack": b"ok",
    "standard_webhooks": b'{"received":true, "note":"nothing else is asked"}',
    "email": b'{"message_id":"0100018a-0000-4000-8000-000000000000"}',
    "http": b'{"ok":true,"id":7,"more":"...."}',
    "http_batch": b'{"ok":true,"rows":2,"more":"...."}',
}
"""
A body that is a success at this vendor.
"""

PLAIN_SUCCESSES: Mapping[str, frozenset[bytes]] = {
    "haihaimail_legacy": frozenset({b"", b"OK", b'"OK"', *(b"200 OK"[:length] for length in range(7))}),
}
"""
Bodies that count as a success under HTTP 200, where the specification calls the status itself the success.
"""

TAKES_ANY_2XX = {"standard_webhooks"}
"""
A success of these is any 2xx that is no page, whatever its body says or lacks.
"""

SECRET_IN_ADDRESS = {"slack"}
"""
These vendors' addresses are secrets themselves.
"""

IN_CP932 = {"haihaimail", "haihaimail_legacy", "curumeru", "http_batch"}
ACCEPTS_ONLY = {*IN_CP932, "email"}
CHARSET = {slug: "cp932" if slug in IN_CP932 else "utf-8" for slug in DESTINATIONS}
PROOF = {slug: "accepted" if slug in ACCEPTS_ONLY else "imported" for slug in DESTINATIONS}

ONE_EACH = {
    400: Meaning(outcome=Refused, verdict="fine"),
    409: Meaning(outcome=Deferred, verdict="fine", burns=True),
    413: Meaning(outcome=Refused, verdict="fine"),
}
FILES = {
    400: Meaning(outcome=Deferred, verdict="key"),
    409: Meaning(outcome=Deferred, verdict="busy", burns=True),
    413: Meaning(outcome=Deferred, verdict="too_large"),
}
MEANINGS = {slug: FILES if each.batching else ONE_EACH for slug, each in VENDORS.items()} | {
    "kintone": {**ONE_EACH, 429: Meaning(outcome=Deferred, verdict="busy")},
    "maildealer": {**ONE_EACH, 409: Meaning(outcome=Deferred, verdict="paused")},
}
"""
What differs from vendor to vendor; the rest of the table is the same for all.
"""

SAME_FOR_ALL = {
    401: Meaning(outcome=Deferred, verdict="paused"),
    403: Meaning(outcome=Deferred, verdict="paused"),
    404: Meaning(outcome=Deferred, verdict="paused"),
    405: Meaning(outcome=Deferred, verdict="paused"),
    302: Meaning(outcome=Deferred, verdict="paused"),
    418: Meaning(outcome=Deferred, verdict="paused"),
    429: Meaning(outcome=Deferred, verdict="quota"),
}
