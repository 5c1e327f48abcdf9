"""
Receivers that are nobody's product: a company's own CRM, a warehouse that takes rows, a partner's webhook endpoint.

Each keeps books of its own (what it stored, what it refused), and has the fault programme of all sandboxes.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import unquote

from standardwebhooks.webhooks import Webhook

from tests.sandbox.clock import Clock
from tests.sandbox.faults import Fault, FaultProgramme, Manners, with_faults
from tests.sandbox.kit import Ledger, Table
from tests.sandbox.wire import SandboxAnswer, SandboxRequest, Spoken, json_answer

TOLERANCE = timedelta(minutes=5)


class Receiver:
    """
    One account of a service. A subclass answers; `requests` are those that were answered, in order.
    """

    name: ClassVar[str] = "receiver"

    def __init__(self, *, clock: Clock) -> None:
        self.clock = clock
        self.reset()

    def reset(self) -> None:
        """
        Nothing was received, nothing goes wrong.
        """
        self.faults = FaultProgramme()
        self.ledger = Ledger()
        self.requests: list[SandboxRequest] = []

    def handle(self, request: SandboxRequest) -> Spoken:
        """
        Answer one request, through the fault programme.
        """
        self.ledger.note(self.clock())
        manners = Manners(too_many=self.too_many, applies=lambda *_: True, spoiled=lambda *_: None)
        return with_faults(self.faults, request, now=self.clock(), answer=self._answered, manners=manners)

    def _answered(self, request: SandboxRequest, _fault: Fault | None) -> Spoken:
        self.requests.append(request)
        return self.answer(request)

    def answer(self, request: SandboxRequest) -> SandboxAnswer:
        """
        What this service says.
        """
        raise NotImplementedError(request.path)

    def too_many(self) -> SandboxAnswer:
        """
        How this service says that there were too many calls.
        """
        return json_answer(429, {"error": "too many requests"})

    def state(self) -> dict[str, Any]:
        """
        All that is known inside.
        """
        return {"requests": len(self.requests)}

    def tables(self) -> list[Table]:
        """
        The same for people.
        """
        rows = [(each.method, each.path, len(each.body)) for each in self.requests]
        return [Table(title=self.name, header=("method", "path", "bytes"), rows=rows)]

    def change_switches(self, changes: Mapping[str, Any]) -> None:
        """
        There is nothing to switch.
        """
        if changes:
            raise ValueError(f"{self.name} has no switches")


class OwnCrm(Receiver):
    """
    PUT /api/contacts/CODE with a bearer token stores a contact; strict about the members' types.
    """

    name = "crm"

    def __init__(self, *, clock: Clock, token: str, room: Callable[[datetime], bool] = lambda _: True) -> None:
        self.token = token
        self.room = room
        super().__init__(clock=clock)

    def reset(self) -> None:
        """
        No contacts.
        """
        super().reset()
        self.contacts: dict[str, dict[str, Any]] = {}
        self.writes: Counter[str] = Counter()

    def answer(self, request: SandboxRequest) -> SandboxAnswer:
        """
        The contact's number, or what is wrong with the request.
        """
        found = re.fullmatch(r"/api/contacts/([^/]+)", request.path)
        if found is None:
            return json_answer(404, {"message": "no such path"})
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return json_answer(401, {"message": "unknown token"})
        if not self.room(self.clock()):
            return json_answer(200, {"ok": False, "error": "busy"})
        document = json.loads(request.body)
        contact = document.get("contact", {})
        kinds = {"mail": str, "name": str, "employees": int, "topics": list}
        wrong = [name for name, each in contact.items() if type(each) is not kinds.get(name)]
        if wrong or request.method != "PUT" or request.headers.get("content-type") != "application/json":
            return json_answer(422, {"message": f"cannot take {wrong} of {contact.get('mail')}"})
        code = unquote(found[1])
        self.contacts.setdefault(code, {}).update(contact)
        self.writes[code] += 1
        return json_answer(200, {"ok": True, "id": list(self.contacts).index(code) + 1})


class Warehouse(Receiver):
    """
    POST /leads takes rows: a JSON document with a list, or a CSV file in CP932. A repeat of a key is known.
    """

    name = "warehouse"

    def reset(self) -> None:
        """
        No rows.
        """
        super().reset()
        self.rows: list[dict[str, Any]] = []
        self.seen: set[str] = set()
        self.calls: list[int] = []

    def answer(self, request: SandboxRequest) -> SandboxAnswer:
        """
        How many rows were taken.
        """
        if request.headers.get("content-type", "").startswith("text/csv"):
            rows = list(csv.DictReader(io.StringIO(request.body.decode("cp932"), newline="")))
        else:
            rows = json.loads(request.body)["rows"]
        key = request.headers.get("idempotency-key", "")
        if not key or key not in self.seen:
            self.rows += rows
            self.calls.append(len(rows))
        self.seen.add(key)
        return json_answer(200, {"taken": len(rows)})


class HookReceiver(Receiver):
    """
    A partner's endpoint that believes signed webhooks only, by the specification's own library; repeats are known.
    """

    name = "partner"

    def __init__(self, *, clock: Clock, secret: str) -> None:
        self.secret = secret
        super().__init__(clock=clock)

    def reset(self) -> None:
        """
        No events.
        """
        super().reset()
        self.events: dict[str, Any] = {}
        self.refused: list[str] = []

    def answer(self, request: SandboxRequest) -> SandboxAnswer:
        """
        204 for what is signed, 401 for what is not.
        """
        name, stamp = request.headers.get("webhook-id", ""), request.headers.get("webhook-timestamp", "0")
        at = datetime.fromtimestamp(int(stamp), UTC)
        signature = Webhook(self.secret).sign(name, at, request.body.decode())
        if abs(self.clock() - at) > TOLERANCE or request.headers.get("webhook-signature") != signature:
            self.refused.append(name)
            return json_answer(401, {"message": "not signed"})
        self.events[name] = json.loads(request.body)
        return SandboxAnswer(status=204)
