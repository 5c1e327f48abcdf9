"""
The network between the relay and the vendors, and what it alone knows: what arrived, was applied, was answered.

A request that has left arrives whatever becomes of its worker. The vendors' clocks are a few seconds off ours.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from chalicelib.model import Call, NoReply, Reply
from tests.sandbox.clock import jst_day
from tests.sandbox.faults import AFTER, Fault
from tests.sandbox.haihaimail import HaihaiSandbox
from tests.sandbox.satori import SatoriSandbox
from tests.sandbox.wire import SandboxAnswer, SandboxDrop, SandboxRequest, Spoken, php_form
from tests.simulation.scheduler import Scheduler, Worker
from tests.simulation.weather import Weather

HARMLESS = frozenset({"", "slow", "string_codes"})
"""
Mishaps that leave the answer as clear as it was.
"""


@dataclass(slots=True, kw_only=True)
class Sent:
    """
    One request to a vendor and its fate.

    `rows` are what it says of each contact; `applied` whether the vendor acted on it; `status` the vendor's own word,
    0 where the relay got none that is clear. `noted` becomes true when the worker that was answered has next written
    to the table, undisturbed and in time: from then on the relay knows the answer.
    """

    number: int
    vendor: str
    operation: str
    worker: Worker
    left: float
    lasts: float
    rows: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    urgent: bool
    arrived: float = -1.0
    day: str = ""
    applied: bool = False
    fault: str = ""
    status: int = 0
    noted: bool = False
    disturbed: bool = False

    def tags(self) -> set[int]:
        """
        The numbers of the submissions that a SATORI request names.
        """
        found = (dict(values).get("append_tags", "") for _, values in self.rows)
        return {int(tag[1:]) for text in found for tag in text.split(",") if tag[:1] == "t"}


@dataclass(slots=True)
class Books:
    """
    The vendors' own counts, by vendor and day in Tokyo (by the vendor's clock): arrivals, and requests applied.
    """

    arrived: dict[tuple[str, str], int] = field(default_factory=dict)
    applied: dict[tuple[str, str], int] = field(default_factory=dict)


class Network:
    """
    The relay's transport. `watch_left`, `watch_arrived` and `watch_noted` hear of every request's way.
    """

    def __init__(self, scheduler: Scheduler, weather: Weather, skew: timedelta) -> None:
        self._scheduler = scheduler
        self._weather = weather
        self._skew = skew
        self.vendors: dict[str, tuple[str, Any]] = {}
        self.requests: list[Sent] = []
        self.books = Books()
        self.watch_left: list[Callable[[Sent], None]] = []
        self.watch_arrived: list[Callable[[Sent], None]] = []
        self._answered: dict[str, Sent] = {}
        self._open: set[int] = set()

    def vendor_now(self) -> datetime:
        """
        The time by the vendors' clocks.
        """
        return self._scheduler.now() + self._skew

    def send(self, call: Call, *, timeout_seconds: float) -> Reply | NoReply:
        """
        One request, with everything that may befall it.
        """
        scheduler = self._scheduler
        worker = scheduler.current
        assert worker is not None
        name, sandbox = next(found for base, found in self.vendors.items() if call.url.startswith(base))
        sent = self._read(name, call, worker, timeout_seconds)
        self.requests.append(sent)
        self._open.add(sent.number)
        scheduler.note(f"call {sent.number} {name} {sent.operation} {len(sent.rows)} rows leaves")
        for watch in self.watch_left:
            watch(sent)
        fault = self._weather.vendor(name, scheduler.seconds)
        sent.fault = fault.kind if fault else ""
        travel = min(self._weather.wait(), timeout_seconds * 0.5)
        if fault is not None and fault.kind == "lose_before":
            scheduler.later(travel, lambda: self._end(sent, NoReply(reason="connection reset")))
        else:
            scheduler.later(travel, lambda: self._arrive(sent, sandbox, self._request(call), fault))
            late = NoReply(reason=f"time-out after {timeout_seconds:g} s")
            scheduler.later(timeout_seconds, lambda: self._end(sent, late))
        reply: Reply | NoReply = scheduler.wait()
        scheduler.note(f"call {sent.number} ends {reply.status if isinstance(reply, Reply) else reply.reason}")
        return reply

    def refused_to_delete(self, address: str) -> bool:
        """
        Whether SATORI has refused to delete somebody it does not know.
        """
        deletions = (each for each in self.requests if each.operation == "delete" and each.status == 400)
        return any(who.lower() == address for each in deletions for who, _ in each.rows)

    def carried(self) -> set[int]:
        """
        The numbers of the submissions that SATORI has been told of.
        """
        return {number for sent in self.requests if sent.applied for number in sent.tags()}

    def disturb(self) -> None:
        """
        A mishap befell the running worker: whatever it was just told, it may not have understood.
        """
        sent = self._answered.pop(self._name(), None)
        if sent is not None:
            sent.disturbed = True

    def wrote(self) -> None:
        """
        The running worker has written to the table: what it was told before is known from now on.
        """
        sent = self._answered.pop(self._name(), None)
        if sent is not None and self._scheduler.seconds - sent.left < sent.lasts + 20.0:
            sent.noted = True

    def _name(self) -> str:
        return self._scheduler.current.name if self._scheduler.current else ""

    # ── at the vendor ───────────────────────────────────────────────────────────────────────────────────────────────

    def _arrive(self, sent: Sent, sandbox: Any, request: SandboxRequest, fault: Fault | None) -> None:
        scheduler, now = self._scheduler, self.vendor_now()
        sent.arrived, sent.day = scheduler.seconds, jst_day(now)
        place = (sent.vendor, sent.day)
        before = _acts(sandbox)
        sandbox.faults.rules = [fault] if fault else []
        spoken: Spoken = sandbox.handle(request)
        sandbox.faults.clear()
        sent.applied = _acts(sandbox) > before
        self.books.arrived[place] = self.books.arrived.get(place, 0) + 1
        self.books.applied[place] = self.books.applied.get(place, 0) + sent.applied
        scheduler.note(f"call {sent.number} arrives {fault.kind if fault else 'well'}, applied {sent.applied}")
        for watch in self.watch_arrived:
            watch(sent)
        scheduler.later(spoken.delay_seconds + self._weather.wait(), lambda: self._answer(sent, spoken))

    def _answer(self, sent: Sent, spoken: Spoken) -> None:
        if sent.number not in self._open or sent.worker.over:
            return
        if isinstance(spoken, SandboxDrop):
            self._end(sent, NoReply(reason=spoken.reason, sent=spoken.reached))
            return
        if sent.fault not in AFTER - HARMLESS:
            sent.status = _stated(spoken)
            self._answered[sent.worker.name] = sent
        headers = {name.lower(): value for name, value in spoken.headers.items()}
        self._end(sent, Reply(status=spoken.status, headers=headers, body=spoken.body))

    def _end(self, sent: Sent, reply: Reply | NoReply) -> None:
        if sent.number in self._open:
            self._open.discard(sent.number)
            self._scheduler.wake(sent.worker, reply)

    # ── reading what is sent ────────────────────────────────────────────────────────────────────────────────────────

    def _read(self, vendor: str, call: Call, worker: Worker, lasts: float) -> Sent:
        rows, operation, urgent = (_satori if vendor == "satori" else _haihai)(call, self._request(call))
        return Sent(
            number=len(self.requests) + 1,
            vendor=vendor,
            operation=operation,
            worker=worker,
            left=self._scheduler.seconds,
            lasts=lasts,
            rows=rows,
            urgent=urgent,
        )

    def _request(self, call: Call) -> SandboxRequest:
        parts = urlsplit(call.url)
        headers = {name.lower(): value for name, value in call.headers.items()}
        host = parts.hostname or ""
        return SandboxRequest(
            method=call.method, path=parts.path, query=parts.query, host=host, headers=headers, body=call.body
        )


def _stated(answer: SandboxAnswer) -> int:
    """
    The vendor's own word: the status in its JSON, which stands there even under HTTP 200; else that of HTTP.

    A page under HTTP 200 is no word at all: 0.
    """
    try:
        document = json.loads(answer.body)
        return int(document.get("status") if "message" in document else document["code"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return answer.status if answer.status != 200 else 0


Rows = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


def _acts(sandbox: SatoriSandbox | HaihaiSandbox) -> int:
    """
    How often a vendor has acted, by its own log.
    """
    if isinstance(sandbox, SatoriSandbox):
        return len(sandbox.customers.action_log)
    return len(sandbox.queue.jobs)


def _satori(call: Call, _request: SandboxRequest) -> tuple[Rows, str, bool]:
    pairs = dict(parse_qsl(call.body.decode(), keep_blank_values=True))
    values = {name[9:-1]: text for name, text in pairs.items() if name.startswith("customer[")}
    operation = call.url.rpartition("/")[2].removesuffix(".json")
    urgent = operation == "delete" or values.get("delivery_permission") == "reject"
    return ((values["email"], _frozen(values)),), operation, urgent


def _haihai(_call: Call, request: SandboxRequest) -> tuple[Rows, str, bool]:
    form = php_form(request)
    settings = json.loads(form.fields["import_settings"])
    operation = {"0": "register", "1": "delete", "2": "stop", "3": "forbid", "5": "allow"}[settings["import_type"]]
    lines = list(csv.DictReader(io.StringIO(form.files["customer_list"].data.decode("cp932"), newline="")))
    place = f"{operation} {settings.get('gid', '')}"
    rows = tuple((line["メールアドレス"], _frozen(line)) for line in lines)
    return rows, place, operation in {"stop", "forbid", "delete"}


def _frozen(values: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(values.items()))
