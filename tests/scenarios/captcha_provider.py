"""
A captcha provider with a memory of its own: each proof is good once, as the real ones have it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from tests.sandbox.wire import SandboxAnswer, SandboxDrop, SandboxRequest, Spoken, json_answer


class CaptchaProvider:
    """
    Answers /siteverify. `good` proofs pass once; `down` drops every connection, `slow_seconds` delays every answer.
    """

    name = "captcha"

    def __init__(self, clock: Callable[[], datetime], *, secret: str, **said: Any) -> None:
        self.clock = clock
        self.secret = secret
        self.said = said
        self.good: set[str] = set()
        self.spent: dict[str, str] = {}
        self.asked: list[dict[str, str]] = []
        self.down = False
        self.garbled = False
        self.slow_seconds = 0.0
        self.before_answering: Callable[[], None] = lambda: None

    def handle(self, request: SandboxRequest) -> Spoken:
        """
        Answer one question.
        """
        asked = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        self.asked.append(asked)
        if self.down:
            return SandboxDrop(reason="connection reset")
        if self.garbled:
            return SandboxAnswer(status=200, headers={}, body=b"<html>busy</html>")
        answer = json_answer(200, self._judge(asked))
        self.before_answering()
        return SandboxAnswer(status=200, headers=answer.headers, body=answer.body, delay_seconds=self.slow_seconds)

    def _judge(self, asked: dict[str, str]) -> dict[str, Any]:
        proof = asked.get("response", "")
        if asked.get("secret") != self.secret:
            return {"success": False, "error-codes": ["invalid-input-secret"]}
        if proof in self.spent:
            again = asked.get("idempotency_key")
            if again and again == self.spent[proof]:
                return {"success": True, **self.said}
            return {"success": False, "error-codes": ["timeout-or-duplicate"]}
        if proof not in self.good:
            return {"success": False, "error-codes": ["invalid-input-response"]}
        self.spent[proof] = asked.get("idempotency_key", "")
        return {"success": True, "challenge_ts": "2026-11-21T01:00:00Z", **self.said}

    def heard(self) -> str:
        """
        All that was asked, for looking at.
        """
        return json.dumps(self.asked)
