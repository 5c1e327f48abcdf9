from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import boto3
import pytest
import requests

from chalicelib.adapters.clock import SystemClock
from chalicelib.ops.clock import move_by
from chalicelib.ops.cloud import describe
from chalicelib.ops.package import REGION
from chalicelib.ops.stack import LocalStack, is_free
from chalicelib.records.layout import stamp
from tests.stack.helpers import Until, processes_of

ANYBODY = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}


@pytest.mark.stack
def test_make_deploy_brings_an_installation_up_and_prints_its_addresses(
    guarded: LocalStack,
    project: Path,
    deployed_text: str,
    tmp_path: Path,
) -> None:
    """
    The command as an operator calls it, against an AWS that enforces roles.
    """
    (tmp_path / "relay.toml").write_text(deployed_text)
    arguments = ["--stage", "staging", "--config", str(tmp_path / "relay.toml"), "--project", str(project)]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_ENDPOINT_URL": guarded.endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    done = subprocess.run(
        [sys.executable, "-m", "chalicelib.ops.deploy", *arguments],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "/api/in/contact" in done.stdout
    assert "Note: sources.contact.ceiling" in done.stdout
    assert "ops@example.co.jp" in done.stdout
    assert describe(guarded.cloud(), "acme-staging").status == "CREATE_COMPLETE"


@contextmanager
def serving(project: Path, port: int, secrets: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """
    `make serve` in a process of its own, which does not outlive the test.
    """
    with subprocess.Popen(
        [sys.executable, "-m", "chalicelib.ops.serve", "--port", str(port)],
        cwd=project,
        env={"PATH": os.environ["PATH"], "HOME": str(project), "COLUMNS": "120", **secrets},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as served:
        try:
            yield served
        finally:
            if served.poll() is None:
                served.terminate()


@pytest.mark.stack
@pytest.mark.timeout(60)
def test_make_serve_answers_obeys_the_clock_and_ends_without_a_trace(
    project: Path,
    local_text: str,
    local_secrets: dict[str, str],
    free_port: int,
    until: Until,
) -> None:
    """
    From the command to its end, as somebody sees it who tries Ekiden out.
    """
    (project / "relay.toml").write_text(local_text)
    home, address = project / ".ekiden" / "serve", f"http://127.0.0.1:{free_port}/api/in/contact"
    with serving(project, free_port, local_secrets) as served:
        said = read_until(served, "Ready.")
        assert address in said
        assert "satori-satori" in said
        move_by(home / "clock", 86_400)
        assert "all lanes were woken" in read_until(served, "woken")
        tomorrow = SystemClock().now() + timedelta(hours=23)

        answer = requests.post(address, data={"your-email": "taro@example.co.jp"}, allow_redirects=False, timeout=20)
        assert answer.headers["location"].startswith("https://www.example.co.jp/thanks")
        assert until(lambda: "envelope.accepted" in (home / "log").read_text())
        assert stamp(tomorrow) < arrival(free_port)
        served.send_signal(signal.SIGTERM)
        assert "The state is kept" in read_until(served, "kept")
        assert served.wait(20) == 0

    assert is_free(free_port)
    assert processes_of(home / "aws") == []


def arrival(port: int) -> str:
    """
    When the one delivery of a served relay arrived, by the relay's clock.
    """
    client = boto3.client("dynamodb", endpoint_url=f"http://127.0.0.1:{port}", region_name=REGION, **ANYBODY)
    found = client.scan(TableName="acme-local", FilterExpression="attribute_exists(arrived_at)")["Items"]
    return str(next(item["arrived_at"]["S"] for item in found if item["sk"]["S"].startswith("DELIVERY#")))


def read_until(process: subprocess.Popen[str], words: str) -> str:
    """
    Everything a program says up to these words.
    """
    said = ""
    assert process.stdout
    for line in process.stdout:
        said += line
        if words in line:
            return said
    pytest.fail(f"it ended without saying {words!r}: {said}")
