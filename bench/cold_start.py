"""
Cold start: import and first request in a fresh process, from the deployed package, next to bare Chalice + boto3.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from bench.cpu import event, form
from bench.figures import Figure
from chalicelib.ops.package import package
from chalicelib.ops.stack import CREDENTIALS, LocalStack
from tests.scenarios.world import CONFIG, SECRETS

ROOT = Path(__file__).resolve().parents[1]
RUNS = 7

BARE_APP = """
import boto3, os
from chalice import Chalice, Response
app = Chalice(app_name="bare", configure_logs=False)
@app.route("/in/{source}", methods=["POST"], content_types=["*/*"])
def receive(source):
    table = boto3.client("dynamodb")
    table.put_item(TableName=os.environ["EKIDEN_TABLE"], Item={"pk": {"S": "bare"}, "sk": {"S": "bare"}})
    return Response(status_code=303, headers={"Location": "/thanks"}, body="")
"""

RUNNER = """
import json, sys, time
event = json.loads(sys.stdin.read())
class Context:
    function_name, memory_limit_in_mb, invoked_function_arn, aws_request_id = "api", 1024, "arn", "r"
    def get_remaining_time_in_millis(self): return 29000
start = time.perf_counter(), time.process_time()
from app import app
imported = time.perf_counter()
answer = app(event, Context())
end = time.perf_counter(), time.process_time()
assert answer["statusCode"] == 303, answer
figures = [imported - start[0], end[0] - start[0], end[1] - start[1]]
print("FIGURES " + json.dumps(figures))
"""


def run(folder: Path, environment: dict[str, str], number: int) -> list[float]:
    """One fresh process: seconds of import, of import plus first request, and of CPU for both."""
    body = json.dumps(event("/in/{source}", "newsletter", form(number), "application/x-www-form-urlencoded"))
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-S", "-c", RUNNER],
        input=body,
        cwd=folder,
        env={**environment, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"the first request failed in {folder.name}:\n{done.stderr}")
    line = next(line for line in done.stdout.splitlines() if line.startswith("FIGURES "))
    return list(json.loads(line.removeprefix("FIGURES ")))


def figures() -> list[Figure]:
    """Both kinds in turn, several times; medians."""
    with (
        tempfile.TemporaryDirectory() as temporary,
        LocalStack(Path(temporary) / "aws", environment=SECRETS_ENV) as stack,
    ):
        packaged = package(ROOT, CONFIG, "local", Path(temporary) / "out")
        deployed = stack.deploy(packaged)
        ours, bare = Path(temporary) / "ours", Path(temporary) / "bare"
        with zipfile.ZipFile(packaged.archive) as archive:
            archive.extractall(ours)
            archive.extractall(bare)
        shutil.rmtree(bare / "chalicelib")
        shutil.rmtree(bare / "__pycache__", ignore_errors=True)
        (bare / "app.py").write_text(BARE_APP)
        environment = {
            **CREDENTIALS,
            "AWS_ENDPOINT_URL": stack.endpoint,
            "PATH": os.environ["PATH"],
            **SECRETS_ENV,
            **deployed.environment(),
        }
        taken: dict[str, list[list[float]]] = {"ours": [], "bare": []}
        for number in range(RUNS + 1):
            for name, folder in (("bare", bare), ("ours", ours)):
                figures_of_run = run(folder, environment, number)
                if number:
                    taken[name].append(figures_of_run)
    median = {name: [statistics.median(column) for column in zip(*rows, strict=True)] for name, rows in taken.items()}
    size = packaged.archive_bytes / 1e6
    return [
        Figure(what="bare Chalice + boto3: import and first request", value=median["bare"][1], unit="s"),
        Figure(what="Ekiden: import and first request", value=median["ours"][1], unit="s"),
        Figure(what="  of which import", value=median["ours"][0], unit="s"),
        Figure(what="  ratio to the bare one", value=median["ours"][1] / median["bare"][1], unit="×", target=1.5),
        Figure(what="  ratio of CPU", value=median["ours"][2] / median["bare"][2], unit="×"),
        Figure(what="size of the deployed zip, boto3 inside", value=size, unit="MB", target=20),
    ]


SECRETS_ENV = {name.removeprefix("env:"): value for name, value in SECRETS.items()}
