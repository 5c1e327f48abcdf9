"""
One fault programme for all sandboxes: what goes wrong, how often or until when, and with which requests.

| kind | applied? | what the sender sees |
|---|---|---|
| `refused` | no | the connection is not accepted |
| `down` | no | as refused, for every request until cleared |
| `lose_before` | no | connection reset |
| `status` | no | `status` with `body` |
| `html_200` | no | an HTML page under 200 |
| `maintenance_200` | no | an HTML page under 200 whose first line is `Status: 503 Maintenance mode` |
| `early_429` | no | the vendor's 429, with `retry_after` as Retry-After where given |
| `lose_after` | yes | connection reset |
| `timeout_after` | yes | nothing for `seconds`, then connection reset |
| `slow` | yes | the right answer after `seconds` |
| `status_after` | yes | `status` with `body` |
| `garbage` | yes | 200 with bytes that are no JSON |
| `truncated` | yes | the right answer cut in half |
| `string_codes` | yes | the right JSON with every number written as a string |

A vendor may know further kinds; then the sandbox itself carries them out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Any
from urllib.parse import unquote_plus

from tests.sandbox.wire import SandboxAnswer, SandboxDrop, SandboxRequest, Spoken, html_answer, html_page

BEFORE = frozenset({"refused", "down", "lose_before", "status", "html_200", "maintenance_200", "early_429"})
AFTER = frozenset(
    {"lose_after", "timeout_after", "slow", "status_after", "garbage", "truncated", "string_codes"},
)


@dataclass(frozen=True, slots=True)
class Fault:
    """
    One rule of the programme.

    It works for `times` matching requests, or until `until` on the sandbox's clock, whichever ends first; with
    neither, once (`down`: until it is cleared). `match` is text that must occur in the request line, e.g.
    "POST /path?query", or in the body with percent-escapes undone; empty matches every request.
    """

    kind: str
    times: int | None = None
    until: datetime | None = None
    match: str = ""
    status: int = 500
    body: str = ""
    seconds: float = 30.0
    retry_after: str = ""

    def __post_init__(self) -> None:
        if self.until is not None and self.until.tzinfo is None:
            raise ValueError("until: needs a time zone, e.g. 2026-11-21T09:00:00+09:00")
        if self.times is None and self.until is None and self.kind != "down":
            object.__setattr__(self, "times", 1)

    def as_dict(self) -> dict[str, Any]:
        """
        The rule as JSON values.
        """
        return {**asdict(self), "until": self.until.isoformat() if self.until else None}


def fault_from(document: Any) -> Fault:
    """
    A rule from JSON values, as `Fault.as_dict` writes them. Raises ValueError telling what to write.
    """
    named = isinstance(document, Mapping) and isinstance(document.get("kind"), str)
    if not named:
        raise ValueError('a fault is an object with a "kind", e.g. {"kind": "lose_after", "times": 1}')
    kinds: dict[str, tuple[type, ...]] = {
        "times": (int, type(None)),
        "until": (str, type(None)),
        "status": (int,),
        "seconds": (int, float),
    }
    known = {item.name for item in fields(Fault)}
    for name, value in document.items():
        if name not in known:
            raise ValueError(f"a fault has no {name!r}; it has {', '.join(sorted(known))}")
        usable = isinstance(value, kinds.get(name, (str,))) and not isinstance(value, bool)
        if not usable:
            raise ValueError(f"{name}: {value!r} cannot be used here")
    until = document.get("until")
    return Fault(**{**document, "until": datetime.fromisoformat(until) if until else None})


class FaultProgramme:
    """
    The rules in force. The first that fits a request is used up by it.
    """

    def __init__(self, vendor_kinds: Iterable[str] = ()) -> None:
        self.kinds = BEFORE | AFTER | frozenset(vendor_kinds)
        self.rules: list[Fault] = []

    def add(self, *faults: Fault) -> None:
        """
        Append rules. Raises ValueError for a kind that this vendor does not know.
        """
        self.check(*faults)
        self.rules.extend(faults)

    def check(self, *faults: Fault) -> None:
        """
        Raise ValueError for a kind that this vendor does not know.
        """
        for fault in faults:
            if fault.kind not in self.kinds:
                raise ValueError(f"no fault of kind {fault.kind!r}; there are {', '.join(sorted(self.kinds))}")

    def clear(self) -> None:
        """
        Nothing goes wrong any more.
        """
        self.rules.clear()

    def take(self, request: SandboxRequest, now: datetime, applies: Callable[[Fault], bool]) -> Fault | None:
        """
        The fault of this request, counted down; None where all is well. Rules that ended are forgotten.
        """
        self.rules = [rule for rule in self.rules if rule.until is None or now < rule.until]
        for place, rule in enumerate(self.rules):
            if rule.times != 0 and applies(rule) and _matches(rule.match, request):
                if rule.times is not None:
                    self.rules[place] = replace(rule, times=rule.times - 1)
                return rule
        return None

    def as_list(self) -> list[dict[str, Any]]:
        """
        The rules that can still strike, as JSON values.
        """
        return [rule.as_dict() for rule in self.rules if rule.times != 0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """
    How one vendor behaves under faults: its 429, which vendor faults fit a request, what a spoiled call costs.
    """

    too_many: Callable[[], SandboxAnswer]
    applies: Callable[[Fault, SandboxRequest], bool]
    spoiled: Callable[[Fault, SandboxRequest], None]


def with_faults(
    programme: FaultProgramme,
    request: SandboxRequest,
    *,
    now: datetime,
    answer: Callable[[SandboxRequest, Fault | None], Spoken],
    manners: Manners,
) -> Spoken:
    """
    Answer a request through the fault programme; `answer` is told of a vendor's own fault.
    """
    fault = programme.take(request, now, lambda rule: manners.applies(rule, request))
    if fault is None or fault.kind not in BEFORE | AFTER:
        return answer(request, fault)
    if fault.kind in BEFORE:
        manners.spoiled(fault, request)
        return _before(fault, manners.too_many)
    return _after(fault, answer(request, None))


def _matches(needle: str, request: SandboxRequest) -> bool:
    if not needle or needle in f"{request.method} {request.path}?{request.query}":
        return True
    return needle in unquote_plus(request.body.decode("utf-8", "replace"))


def _before(fault: Fault, too_many: Callable[[], SandboxAnswer]) -> Spoken:
    match fault.kind:
        case "refused" | "down":
            return SandboxDrop(reason="connection refused", reached=False)
        case "lose_before":
            return SandboxDrop(reason="connection reset")
        case "early_429":
            answer = too_many()
            wish = {"retry-after": fault.retry_after} if fault.retry_after else {}
            return replace(answer, headers={**answer.headers, **wish})
        case "html_200":
            return html_answer(200, html_page("お知らせ", "<h1>お知らせ</h1>"))
        case "maintenance_200":
            return html_answer(
                200, "Status: 503 Maintenance mode\n" + html_page("Maintenance", "<h1>メンテナンス中</h1>")
            )
        case _:
            return _status(fault)


def _after(fault: Fault, answer: Spoken) -> Spoken:
    if isinstance(answer, SandboxDrop):
        return answer
    spoilt: dict[str, Callable[[], Spoken]] = {
        "lose_after": lambda: SandboxDrop(reason="connection reset"),
        "timeout_after": lambda: SandboxDrop(reason="connection reset", delay_seconds=fault.seconds),
        "slow": lambda: replace(answer, delay_seconds=fault.seconds),
        "status_after": lambda: _status(fault),
        "garbage": lambda: SandboxAnswer(status=200, headers=answer.headers, body=b"\x00\xff]{ \x93\xfa\x96\x7b"),
        "truncated": lambda: replace(answer, body=answer.body[: len(answer.body) // 2]),
        "string_codes": lambda: _numbers_as_strings(answer),
    }
    return spoilt[fault.kind]()


def _status(fault: Fault) -> SandboxAnswer:
    text = fault.body or html_page(str(fault.status), f"<h1>{fault.status}</h1>")
    kind = "application/json" if text.startswith("{") else "text/html; charset=utf-8"
    return SandboxAnswer(status=fault.status, headers={"content-type": kind}, body=text.encode())


def _numbers_as_strings(answer: SandboxAnswer) -> SandboxAnswer:
    try:
        document = json.loads(answer.body, parse_int=str, parse_float=str)
    except ValueError:
        return answer
    return replace(answer, body=json.dumps(document, ensure_ascii=False).encode())
