"""
Every sender's own request through the Lambda handler, signature and all; and what all senders add to a cold start.
"""

from __future__ import annotations

import base64
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.cpu import cpu_ms
from bench.figures import Figure
from chalicelib.cli.instructions import guides
from tests.scenarios.senders import NAME, Asked, Sender, senders

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 5
REQUESTS = 60
RUNS = 9

FAMILIES = {
    "forms": "form services",
    "crm": "CRMs, shops, business systems",
    "between": "services in between",
    "schemes": "signature schemes",
}

# What an Ekiden without senders would import as well comes first: Chalice, boto3 (which loads jmespath), the model. The
# rest is theirs, also what only few requests load: the multipart parser, the pages for visitors.
IMPORTS = """
import time
import boto3, botocore.client, chalice.app
import chalicelib.model, chalicelib.errors, chalicelib.value
start = time.perf_counter()
import chalicelib.sources
always = time.perf_counter()
import chalicelib.sources.pages, chalicelib.sources.words, jmespath, multipart
print(always - start, time.perf_counter() - start)
"""


def event(asked: Asked) -> dict[str, Any]:
    """What API Gateway hands to the function for a sender's request."""
    path = "/in/{source}/{token}" if asked.token else "/in/{source}"
    return {
        "resource": path,
        "path": path,
        "httpMethod": "POST",
        "requestContext": {"resourcePath": path, "httpMethod": "POST", "requestId": "r", "identity": {}},
        "pathParameters": {"source": NAME} | ({"token": asked.token} if asked.token else {}),
        "multiValueQueryStringParameters": None,
        "stageVariables": None,
        "headers": {name.lower(): value for name, value in asked.headers.items()},
        "multiValueHeaders": {},
        "body": base64.b64encode(asked.body.encode()).decode(),
        "isBase64Encoded": True,
    }


def webhook_ms(sender: Sender) -> float:
    """Milliseconds of CPU for the sender's first request, each time over an empty table, so that it is none known."""
    import app as doors

    world = sender.world()
    doors.relay = lambda: world.relay  # type: ignore[assignment]
    given, taken = event(sender.requests[0]), []
    for _ in range(ROUNDS * REQUESTS):
        world.table.__init__()  # type: ignore[misc]
        taken.append(cpu_ms(doors.app, [given], 200))  # type: ignore[arg-type]
    rounds = (taken[number * REQUESTS : (number + 1) * REQUESTS] for number in range(ROUNDS))
    return statistics.median(statistics.mean(each) for each in rounds)


def import_ms() -> tuple[float, float]:
    """Milliseconds that a fresh process needs for the senders: always, and with all that only some requests load."""
    taken = []
    for _ in range(RUNS):
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-c", IMPORTS], cwd=ROOT, capture_output=True, text=True, check=True
        )
        taken.append([float(word) * 1_000 for word in done.stdout.split()])
    # The best of all: whatever else the machine does only adds.
    always, everything = (min(column) for column in zip(*taken, strict=True))
    return always, everything


def figures() -> list[Figure]:
    """The dearest sender of each family, and the imports."""
    found = {name: webhook_ms(sender) for name, sender in senders().items()}
    made = []
    for group, words in FAMILIES.items():
        of_group = {name: ms for name, ms in found.items() if guides()[name].group == group}
        dearest = max(of_group, key=lambda name: of_group[name])
        what = f"a webhook of {words}: the dearest of {len(of_group)}, {dearest}"
        made.append(Figure(what=what, value=of_group[dearest], unit="ms", target=3.0))
    always, everything = import_ms()
    what = f"import time added by all senders together ({len(found)} presets, forms)"
    return [
        *made,
        Figure(what="import time added by senders, always", value=always, unit="ms"),
        Figure(what=what, value=everything, unit="ms", target=30),
    ]
