"""
Mail Dealer's answers: one envelope for success and error, with the request echoed in it (specification 2019-01).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.sandbox.clock import jst_text
from tests.sandbox.maildealer_switches import MailDealerSwitches
from tests.sandbox.wire import SandboxAnswer, SandboxRequest

REQUIRED, TYPE, BELOW, ABOVE, TOO_SHORT, TOO_LONG, FORMAT, NO_SUCH = range(1, 9)

_MESSAGES = {
    1: "認証エラーです。",
    3: "URLが存在しません。",
    4: "対象の操作権限がありません。",
    5: "リクエスト容量が上限を超えています。",
    6: "APIの実行回数が制限を超えました。",
    7: "アクセスが拒否されました。",
    8: "POST以外のメソッドで呼び出されました。",
    9: "Mail Dealerのライセンスが無効です。",
    100: "パラメータが不正です。",
    200: "対象データが存在しません。",
    201: "データが重複しています。",
    900: "夜間メンテナンス中です。",
    999: "内部エラーが発生しました。",
}
_DETAILS = {
    REQUIRED: "必要な値が指定されていません。",
    TYPE: "データ型が誤っています。",
    BELOW: "指定可能な範囲内で値を指定してください。",
    ABOVE: "指定可能な範囲内で値を指定してください。",
    TOO_SHORT: "指定可能な範囲内で値を指定してください。",
    TOO_LONG: "指定可能な範囲内で値を指定してください。",
    FORMAT: "フォーマットが正しくありません。",
    NO_SUCH: "存在しない値です。",
}


@dataclass(frozen=True, slots=True)
class Wrong:
    """
    One parameter that is wrong: its name, its value, and the detail code.
    """

    name: str
    value: Any
    code: int


class Refusal(Exception):
    """
    Mail Dealer says no: HTTP status, error code, and for code 100 what is wrong with which parameter.
    """

    def __init__(self, status: int, code: int, wrongs: Sequence[Wrong] = ()) -> None:
        self.status = status
        self.code = code
        self.wrongs = tuple(wrongs)
        super().__init__(f"{status}/{code}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """
    A request as its envelope repeats it: `query` is the body's JSON object, as far as it is one.
    """

    request: SandboxRequest
    query: Mapping[str, Any]
    at: datetime

    @property
    def url(self) -> str:
        """
        The address that was called.
        """
        return f"https://{self.request.host}{self.request.path}"


def success(asked: Asked, switches: MailDealerSwitches, found: Mapping[str, Any]) -> SandboxAnswer:
    """
    200 with `count` and what was asked for.
    """
    shown = dict(found)
    if switches.count == "text":
        shown["count"] = str(shown["count"])
    if switches.customer_id == "text" and "customerId" in shown:
        shown["customerId"] = str(shown["customerId"])
    return _answer(200, asked, switches, status="success", middle=shown)


def refusal(asked: Asked, switches: MailDealerSwitches, no: Refusal) -> SandboxAnswer:
    """
    An error with its code and, for wrong parameters, each of them.
    """
    errors: dict[str, Any] = {"code": _code(no.code, switches), "msg": _MESSAGES[no.code]}
    if no.wrongs:
        described = [
            {"name": wrong.name, "value": wrong.value, "code": _code(wrong.code, switches), "msg": _DETAILS[wrong.code]}
            for wrong in no.wrongs
        ]
        errors["description"] = described if switches.description == "list" else _as_object(described)
    return _answer(no.status, asked, switches, status="error", middle={"errors": errors})


def _answer(
    code: int, asked: Asked, switches: MailDealerSwitches, *, status: str, middle: Mapping[str, Any]
) -> SandboxAnswer:
    document = {
        "status": status,
        "code": _code(code, switches),
        "url": asked.url,
        "query": asked.query,
        **middle,
        "version": "v1",
        "accessTime": jst_text(asked.at) + (" +0900" if switches.access_time == "with_offset" else ""),
    }
    escaped = asked.request.headers.get("x-md-response-escape-unicode", "").strip().lower() == "true"
    # A slash stands inside strings only, and the vendor escapes it there.
    body = json.dumps(document, ensure_ascii=escaped).replace("/", "\\/")
    kind = "application/json;charset=utf-8" if code == 401 else "application/json"
    headers = {"content-type": kind, "x-content-type-options": "nosniff"}
    return SandboxAnswer(status=code, headers=headers, body=body.encode())


def _code(code: int, switches: MailDealerSwitches) -> int | str:
    return code if switches.error_codes == "number" else str(code)


def _as_object(described: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {str(place): wrong for place, wrong in enumerate(described)}
