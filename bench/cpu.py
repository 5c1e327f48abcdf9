"""
CPU per accepted form, through the Lambda handler with memory stores, next to a bare Chalice handler in the same run.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

from bench.figures import Figure
from tests.scenarios.world import World

ROUNDS = 7
FORMS = 400


def event(path: str, source: str, body: str, content_type: str) -> dict[str, Any]:
    """What API Gateway hands to the function for one POST."""
    return {
        "resource": path,
        "path": f"/in/{source}",
        "httpMethod": "POST",
        "requestContext": {
            "resourcePath": path,
            "httpMethod": "POST",
            "requestId": "r",
            "identity": {"sourceIp": "127.0.0.1"},
        },
        "pathParameters": {"source": source},
        "multiValueQueryStringParameters": None,
        "stageVariables": None,
        "headers": {
            "content-type": content_type,
            "accept": "text/html",
            "origin": "https://www.example.co.jp",
            "x-relay-token": "crm-token",
        },
        "multiValueHeaders": {},
        "body": body,
        "isBase64Encoded": False,
    }


def form(number: int) -> str:
    """A ten-field form that nobody has sent before."""
    fields = {f"field{each}": f"値{each}" for each in range(8)}
    return urlencode({"email": f"u{number}@example.co.jp", "name": "髙﨑 太郎", **fields})


def crm_event(number: int) -> str:
    """A webhook with one record."""
    record = {"id": f"e{number}", "type": "changed", "updated_at": "2026-11-21T09:00:00+09:00"}
    return json.dumps({"events": [{**record, "email": f"u{number}@example.co.jp", "name": "花子"}]})


def bare_app() -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """The least that a Chalice app can do with a form: read the body and redirect."""
    from chalice.app import Chalice, Response

    app = Chalice(app_name="bare", configure_logs=False)

    @app.route("/in/{source}", methods=["POST"], content_types=["*/*"])
    def receive(source: str) -> Response:
        assert app.current_request is not None
        assert app.current_request.raw_body
        return Response(status_code=303, headers={"Location": f"https://www.example.co.jp/{source}"}, body="")

    return app  # type: ignore[return-value]


def ekiden_app() -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """The real app.py over memory stores."""
    import app as doors

    world = World()
    doors.relay = lambda: world.relay  # type: ignore[assignment]
    return doors.app  # type: ignore[return-value]


def cpu_ms(handle: Callable[[dict[str, Any], Any], dict[str, Any]], events: list[dict[str, Any]], status: int) -> float:
    """Milliseconds of CPU per event."""
    context = SimpleNamespace(get_remaining_time_in_millis=lambda: 29_000, aws_request_id="r")
    start = time.process_time()
    for each in events:
        assert handle(each, context)["statusCode"] == status
    return (time.process_time() - start) / len(events) * 1_000


def figures() -> list[Figure]:
    """Medians of rounds that take turns."""
    bare, ours = bare_app(), ekiden_app()
    path = "/in/{source}"
    taken: dict[str, list[float]] = {"bare": [], "form": [], "webhook": [], "satori": []}
    number = 0
    for _ in range(ROUNDS):
        numbers = range(number, number + FORMS)
        number += FORMS
        forms = [event(path, "newsletter", form(n), "application/x-www-form-urlencoded") for n in numbers]
        crm = [event(path, "crm", crm_event(n), "application/json") for n in numbers]
        taken["bare"].append(cpu_ms(bare, forms, 303))
        taken["form"].append(cpu_ms(ours, forms, 303))
        taken["webhook"].append(cpu_ms(ours, crm, 200))
    median = {name: statistics.median(values) for name, values in taken.items() if values}
    return [
        Figure(what="bare Chalice handler", value=median["bare"], unit="ms"),
        Figure(what="Ekiden, form that waits for its batch", value=median["form"], unit="ms", target=2.5),
        Figure(what="  ratio to the bare handler", value=median["form"] / median["bare"], unit="×"),
        Figure(what="Ekiden, webhook with one event", value=median["webhook"], unit="ms", target=3.0),
    ]
