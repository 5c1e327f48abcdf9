"""
What the sandbox tests share: accounts that open nothing, and calls to them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from requests import Request

from tests.sandbox.clock import HandClock
from tests.sandbox.haihaimail import HaihaiSandbox
from tests.sandbox.haihaimail_account import Item, LegacyLogin
from tests.sandbox.maildealer import MailDealerSandbox
from tests.sandbox.maildealer_account import CustomerItem, MailDealerUser
from tests.sandbox.maildealer_switches import MailDealerSwitches
from tests.sandbox.satori import SatoriKeys, SatoriSandbox
from tests.sandbox.satori_switches import SatoriSwitches
from tests.sandbox.wire import SandboxAnswer, SandboxRequest

NOON = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
"""
12:00 in Tokyo.
"""

KEYS = {"user_key": "uk-1", "user_secret": "us-2", "company_key": "ck-3", "company_secret": "cs-4"}
TOKEN = "token-1"
LOGIN_ID = "ekiden"
IMPORT_PATH = "/api_sample/api/v1/custcsv/import"
ITEMS = (
    Item(name="メールアドレス"),
    Item(name="お名前", chars_max=10),
    Item(name="フリガナ", form="full_width"),
    Item(name="会員番号", form="number"),
    Item(name="地域", form="choice", choices=("東", "西")),
)


def satori(clock: HandClock, **switches: Any) -> SatoriSandbox:
    """
    A SATORI account with an integer, a text and a date among its custom fields.
    """
    return SatoriSandbox(
        clock=clock,
        keys=SatoriKeys(**KEYS),
        switches=SatoriSwitches(**switches),
        custom_fields={"budget": "integer", "interest": "text", "since": "date"},
    )


def satori_request(
    operation: str, fields: Mapping[str, str], *, version: int = 4, host: str = "api.satr.jp", **keys: str
) -> SandboxRequest:
    """
    A customer call; `fields` are named without the customer[...] around them.
    """
    wrapped = {f"customer[{name}]": value for name, value in fields.items()}
    return SandboxRequest(
        method="POST",
        path=f"/api/v{version}/public/customer/{operation}.json",
        host=host,
        headers={"content-type": "application/x-www-form-urlencoded"},
        body=urlencode({**KEYS, **keys, **wrapped}).encode(),
    )


def lead(**fields: str) -> dict[str, str]:
    """
    The least that registration and upsert need, and more.
    """
    return {
        "identity_type": "email",
        "email": "hanako@example.co.jp",
        "collection_route": "問合せフォーム",
        **fields,
    }


def ask(sandbox: Any, request: SandboxRequest) -> tuple[int, Any]:
    """
    HTTP status and JSON body of an answer.
    """
    answer = sandbox.handle(request)
    assert isinstance(answer, SandboxAnswer), answer
    return answer.status, json.loads(answer.body)


def haihai(clock: HandClock, **more: Any) -> HaihaiSandbox:
    """
    A 配配メール account with two groups, a plan, and items that have rules.
    """
    account = {
        "login_id": LOGIN_ID,
        "token": TOKEN,
        "items": ITEMS,
        "groups": {"12": "メルマガ", "13": "展示会"},
        "plans": {"5": "フォロー"},
        "legacy": LegacyLogin(aid="24", password="Transfer-1"),
        **more,
    }
    return HaihaiSandbox(clock=clock, **account)


def csv_bytes(rows: Sequence[Sequence[str]], charset: str = "cp932") -> bytes:
    """
    A CSV file without quotes.
    """
    return "".join(",".join(row) + "\r\n" for row in rows).encode(charset)


def people(*addresses: str) -> bytes:
    """
    A file of addresses alone.
    """
    return csv_bytes([["メールアドレス"], *([address] for address in addresses)])


def import_request(
    data: bytes | None,
    settings: Any = None,
    *,
    token: str = TOKEN,
    client: str = "127.0.0.1",
    parts: Mapping[str, Any] | None = None,
    **named: Any,
) -> SandboxRequest:
    """
    An import call. `settings` replaces the whole settings part, `named` adds settings, `parts` replaces all parts.
    """
    text = json.dumps({"login_id": LOGIN_ID, "import_type": 0, **named} if settings is None else settings)
    files: dict[str, Any] = {"import_settings": (None, text)}
    if data is not None:
        files["customer_list"] = ("list.csv", data, "text/csv")
    return _posted(IMPORT_PATH, files if parts is None else parts, {"x-hm-apitoken": token}, client)


def legacy_request(data: bytes | None, client: str = "127.0.0.1", **fields: str) -> SandboxRequest:
    """
    A legacy import call; empty fields are sent as they are.
    """
    known = {"aid": "24", "loginid": LOGIN_ID, "transport_passwd": "Transfer-1", "import_type": "0"}
    files: dict[str, Any] = {name: (None, value) for name, value in {**known, **fields}.items()}
    if data is not None:
        files["csvfile"] = ("list.csv", data, "application/octet-stream")
    return _posted("/?ac=ScheduleCsvImport", files, {}, client)


def _posted(target: str, files: Mapping[str, Any], headers: Mapping[str, str], client: str) -> SandboxRequest:
    # requests writes the multipart body, so that the sandbox reads what a common client sends.
    prepared = Request("POST", f"http://sandbox.example.co.jp{target}", files=dict(files)).prepare()
    path, _, query = target.partition("?")
    sent = {"content-type": prepared.headers["Content-Type"], **headers}
    return SandboxRequest(
        method="POST", path=path, query=query, headers=sent, body=bytes(prepared.body or b""), client=client
    )


MD_TOKEN = "md-token-1"
MD_USERS = (
    MailDealerUser(name="ekiden", token=MD_TOKEN, mailboxes=(1, 2)),
    MailDealerUser(name="narrow", token="md-token-2", mailboxes=(2,), rights=("API連携", "メール閲覧")),
)


def mail_dealer(clock: HandClock, *, switches: Mapping[str, Any] | None = None, **more: Any) -> MailDealerSandbox:
    """
    A Mail Dealer account with two mailboxes, a required item, a short one, and one of choices.
    """
    account = {
        "users": MD_USERS,
        "mailboxes": {1: "サポート", 2: "営業"},
        "items": (CustomerItem(name="会社名", chars_max=10), CustomerItem(name="興味", choices=("資料", "デモ"))),
        **more,
    }
    return MailDealerSandbox(clock=clock, switches=MailDealerSwitches(**(switches or {})), **account)


def md_request(api: str, document: Any, *, token: str = MD_TOKEN, **more: Any) -> SandboxRequest:
    """
    A call as the specification describes it; `more` replaces parts of the request.
    """
    headers = {"content-type": "application/json", "x-md-apitoken": token, **more.pop("headers", {})}
    body = document if isinstance(document, bytes) else json.dumps(document, ensure_ascii=False).encode()
    parts = {"method": "POST", "path": f"/api/v1/{api}", "host": "md00.maildealer.jp", "body": body, **more}
    return SandboxRequest(headers=headers, **parts)


def md_update(mailbox: int = 1, **items: Any) -> SandboxRequest:
    """
    A cust/update of these items; the address is hanako@example.co.jp unless it is given.
    """
    return md_request("cust/update", {"mboxNo": mailbox, "items": {"メールアドレス": "hanako@example.co.jp", **items}})
