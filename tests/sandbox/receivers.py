"""
Doubles of the receivers that Ekiden has presets for: a kintone app, a Slack channel, a mail server with mailboxes.

Facts: cybozu.dev (複数のレコードを更新する), Slack's changelog (incoming webhooks), SES's own words; checked 2026-11.
"""

from __future__ import annotations

import email
import json
from collections import defaultdict
from email import policy
from email.message import EmailMessage
from typing import Any

from tests.sandbox.clock import Clock
from tests.sandbox.own_service import Receiver
from tests.sandbox.wire import SandboxAnswer, SandboxRequest, json_answer


class KintoneSandbox(Receiver):
    """
    One app whose `key` field allows no duplicates. `fields` are its field codes, each with the kind of its values.
    """

    name = "kintone"

    def __init__(self, *, clock: Clock, token: str, app: int, key: str, fields: dict[str, type]) -> None:
        self.token, self.app, self.key, self.fields = token, app, key, fields
        super().__init__(clock=clock)

    def reset(self) -> None:
        """
        No records.
        """
        super().reset()
        self.records: dict[str, dict[str, Any]] = {}
        self.revisions: dict[str, int] = defaultdict(int)

    def answer(self, request: SandboxRequest) -> SandboxAnswer:
        """
        The records' numbers, or kintone's code and message.
        """
        if (request.method, request.path) != ("PUT", "/k/v1/records.json"):
            return json_answer(404, {"code": "CB_WA01", "message": "no such API"})
        if request.headers.get("x-cybozu-api-token") != self.token:
            return json_answer(520, {"code": "GAIA_IA02", "id": "x", "message": "指定したAPIトークンは使えません。"})
        document = json.loads(request.body)
        if document.get("app") != self.app or document.get("upsert") is not True:
            return json_answer(404, {"code": "GAIA_AP01", "message": "指定したアプリが見つかりません。"})
        return self._store(document["records"])

    def _store(self, records: list[dict[str, Any]]) -> SandboxAnswer:
        told = []
        for each in records:
            wrong = [
                name
                for name, member in each["record"].items()
                if name not in self.fields or name == self.key or not isinstance(member["value"], self.fields[name])
            ]
            if wrong or each["updateKey"]["field"] != self.key:
                return json_answer(400, {"code": "CB_VA01", "message": "入力内容が正しくありません。"})
            name = each["updateKey"]["value"]
            operation = "UPDATE" if name in self.records else "INSERT"
            values = {field: member["value"] for field, member in each["record"].items()}
            self.records.setdefault(name, {}).update(values)
            self.revisions[name] += 1
            told.append(
                {
                    "id": str(list(self.records).index(name) + 1),
                    "revision": str(self.revisions[name]),
                    "operation": operation,
                }
            )
        return json_answer(200, {"records": told})


class SlackSandbox(Receiver):
    """
    One incoming webhook of one channel. Slack answers in words, not in JSON.
    """

    name = "slack"

    def __init__(self, *, clock: Clock, path: str) -> None:
        self.path = path
        super().__init__(clock=clock)

    def reset(self) -> None:
        """
        An empty channel that is there.
        """
        super().reset()
        self.messages: list[str] = []
        self.archived = False

    def answer(self, request: SandboxRequest) -> SandboxAnswer:
        """
        "ok", or one of Slack's words.
        """
        if request.path != self.path:
            return SandboxAnswer(status=404, body=b"no_service")
        if self.archived:
            return SandboxAnswer(status=410, body=b"channel_is_archived")
        text = json.loads(request.body).get("text")
        if not text:
            return SandboxAnswer(status=400, body=b"no_text")
        self.messages.append(text)
        return SandboxAnswer(status=200, headers={"content-type": "text/html"}, body=b"ok")


class MailSandbox(Receiver):
    """
    SES as its adapter tells it, with the mailboxes behind: messages by recipient, read by Python's own parser.
    """

    name = "mail"

    def __init__(self, *, clock: Clock, verified: str, per_day: int = 1_000) -> None:
        self.verified, self.per_day = verified, per_day
        super().__init__(clock=clock)

    def reset(self) -> None:
        """
        Empty mailboxes.
        """
        super().reset()
        self.boxes: dict[str, list[EmailMessage]] = defaultdict(list)

    def answer(self, request: SandboxRequest) -> SandboxAnswer:
        """
        The message's id, or SES's code.
        """
        sender = request.headers["from"]
        if sender != self.verified and not sender.endswith(f"@{self.verified}"):
            message = f"Email address is not verified. The following identities failed the check: {sender}"
            return json_answer(400, {"code": "MessageRejected", "message": message})
        to = [each.strip() for each in request.headers["to"].split(",")]
        if sum(map(len, self.boxes.values())) + len(to) > self.per_day:
            return json_answer(429, {"code": "TooManyRequestsException", "message": "Daily message quota exceeded."})
        message = email.message_from_bytes(request.body, policy=policy.default)
        assert isinstance(message, EmailMessage)
        for each in to:
            self.boxes[each].append(message)
        return json_answer(200, {"message_id": f"0100-{len(self.requests)}"})
