"""
The sandbox's own administration under `/_sandbox/`: look inside, set faults and switches, start afresh.

| request | does |
|---|---|
| GET / | a page for people |
| GET /state | everything inside, JSON |
| POST /faults | replace the fault programme by a JSON list of rules |
| DELETE /faults | nothing goes wrong any more |
| POST /switches | set switches: `{"name": value}` |
| POST /spend | another program spends calls: `{"calls": n}` (vendors with a daily quota) |
| POST /stop | a reader clicks the opt-out link: `{"address": "…"}` (配配メール) |
| POST /receive | a mail arrives: `{"id": "2-1", "at": …, "sender": […]}` (Mail Dealer) |
| POST /reset | the account as it was made |
| GET /customers.csv | the customer database (配配メール) |
"""

from __future__ import annotations

import json
from collections.abc import Callable
from html import escape
from typing import Any

from tests.sandbox.clock import jst_text
from tests.sandbox.faults import fault_from
from tests.sandbox.kit import Sandbox, Table
from tests.sandbox.wire import SandboxAnswer, SandboxRequest, html_answer, html_page, json_answer

PREFIX = "/_sandbox/"
ROWS_SHOWN_MAX = 200


def administer(sandbox: Sandbox, request: SandboxRequest) -> SandboxAnswer:
    """
    Answer one administration request; a mistake in it is told with 400 or 404.
    """
    doors: dict[tuple[str, str], Callable[[], SandboxAnswer]] = {
        ("GET", ""): lambda: html_answer(200, page(sandbox)),
        ("GET", "state"): lambda: json_answer(200, sandbox.state()),
        ("GET", "customers.csv"): lambda: _customers_csv(sandbox),
        ("POST", "faults"): lambda: _set_faults(sandbox, _document(request, list)),
        ("DELETE", "faults"): lambda: _set_faults(sandbox, []),
        ("POST", "switches"): lambda: _switch(sandbox, _document(request, dict)),
        ("POST", "spend"): lambda: _spend(sandbox, _document(request, dict)),
        ("POST", "stop"): lambda: _stop(sandbox, _document(request, dict)),
        ("POST", "receive"): lambda: _receive(sandbox, _document(request, dict)),
        ("POST", "reset"): lambda: _reset(sandbox),
    }
    door = doors.get((request.method, request.path.removeprefix(PREFIX)))
    if door is None:
        known = ", ".join(f"{method} {PREFIX}{name}" for method, name in doors)
        return json_answer(404, {"error": f"there is only {known}"})
    try:
        return door()
    except ValueError as error:
        return json_answer(400, {"error": str(error)})


def page(sandbox: Sandbox) -> str:
    """
    The page for people: the vendor's tables and the faults in force.
    """
    faults = sandbox.faults.as_list()
    header = ("kind", "times", "until", "match", "status", "seconds")
    rows = [[fault[name] for name in header] for fault in faults]
    tables = [*sandbox.tables(), Table(title="Faults", header=header, rows=rows)]
    heading = f"{sandbox.name} sandbox, {jst_text(sandbox.clock())} JST"
    style = (
        "<style>body{font-family:sans-serif;margin:2em}table{border-collapse:collapse;margin-bottom:2em}"
        "td,th{border:1px solid #bbb;padding:.2em .6em;text-align:left;white-space:pre-line}th{background:#eee}</style>"
    )
    return html_page(heading, style + f"<h1>{escape(heading)}</h1>" + "".join(map(_table, tables)))


def _table(table: Table) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in table.header)
    shown = table.rows[:ROWS_SHOWN_MAX]
    body = "".join("<tr>" + "".join(f"<td>{escape(_text(cell))}</td>" for cell in row) + "</tr>\n" for row in shown)
    more = f"<p>{len(table.rows) - len(shown)} more</p>" if len(table.rows) > len(shown) else ""
    return f"<h2>{escape(table.title)} ({len(table.rows)})</h2><table><tr>{head}</tr>\n{body}</table>{more}"


def _text(cell: Any) -> str:
    return "" if cell is None else str(cell)


def _document(request: SandboxRequest, kind: type) -> Any:
    try:
        document = json.loads(request.body)
    except ValueError:
        raise ValueError("the body must be JSON") from None
    if type(document) is not kind:
        raise ValueError(f"the body must be a JSON {'list' if kind is list else 'object'}")
    return document


def _set_faults(sandbox: Sandbox, documents: list[Any]) -> SandboxAnswer:
    faults = [fault_from(document) for document in documents]
    sandbox.faults.check(*faults)
    sandbox.faults.clear()
    sandbox.faults.add(*faults)
    return json_answer(200, sandbox.faults.as_list())


def _switch(sandbox: Sandbox, changes: dict[str, Any]) -> SandboxAnswer:
    sandbox.change_switches(changes)
    return json_answer(200, sandbox.state()["switches"])


def _spend(sandbox: Sandbox, document: dict[str, Any]) -> SandboxAnswer:
    spend = getattr(sandbox, "spend", None)
    calls = document.get("calls")
    if spend is None:
        raise ValueError(f"{sandbox.name} has no daily quota")
    if type(calls) is not int or calls < 0:
        raise ValueError('write e.g. {"calls": 10}')
    spend(calls)
    return json_answer(200, {"spent": calls})


def _stop(sandbox: Sandbox, document: dict[str, Any]) -> SandboxAnswer:
    stop = getattr(sandbox, "opt_out", None)
    if stop is None:
        raise ValueError(f"{sandbox.name} sends no mails that one could stop")
    stop(str(document.get("address", "")))
    return json_answer(200, {"stopped": document.get("address")})


def _receive(sandbox: Sandbox, document: dict[str, Any]) -> SandboxAnswer:
    receive = getattr(sandbox, "receive", None)
    if receive is None:
        raise ValueError(f"{sandbox.name} receives no mail")
    receive(document)
    return json_answer(200, {"received": document.get("id")})


def _reset(sandbox: Sandbox) -> SandboxAnswer:
    sandbox.reset()
    return json_answer(200, {"reset": sandbox.name})


def _customers_csv(sandbox: Sandbox) -> SandboxAnswer:
    make = getattr(sandbox, "customers_csv", None)
    if make is None:
        raise ValueError(f"{sandbox.name} has no customer file")
    # Excel takes a UTF-8 file for Japanese text only where it begins with a byte order mark.
    return SandboxAnswer(
        status=200, headers={"content-type": "text/csv; charset=utf-8"}, body=make().encode("utf-8-sig")
    )
