"""
A file on its way through the packaged app: address, bucket, queue, rows, vendor.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from chalicelib.adapters.clock import SystemClock
from chalicelib.ops.clock import set_to
from chalicelib.ops.cloud import Deployed
from chalicelib.ops.package import package
from chalicelib.ops.serve import ring
from chalicelib.ops.stack import CREDENTIALS, LocalStack
from tests.sandbox.clock import FileClock
from tests.sandbox.haihaimail import HaihaiSandbox
from tests.sandbox.server import serve
from tests.stack.helpers import Until

ROWS = 6_000
WIDE = "備考" * 170
VENDOR = "https://a01.example.co.jp"


@dataclass(frozen=True, kw_only=True)
class Served:
    """
    The app, its vendor, and a program that has lists.
    """

    stack: LocalStack
    deployed: Deployed
    haihai: HaihaiSandbox
    token: str
    clock: Path
    config: Path
    secrets: dict[str, str]

    def ask(self, data: bytes, **told: Any) -> requests.Response:
        """
        Ask for an address, with the digest of the bytes.
        """
        digest = hashlib.sha256(data).hexdigest()
        body = {"filename": "list.csv", "size": len(data), "sha256": digest, **told}
        return requests.post(
            f"{self.stack.api_url}/in/list", json=body, headers={"X-Relay-Token": self.token}, timeout=20
        )

    def item(self, import_id: str) -> dict[str, Any]:
        """
        What the table knows of a file.
        """
        key = {"pk": {"S": f"IMPORT#incoming/list/{import_id}"}, "sk": {"S": "IMPORT"}}
        table = self.deployed.outputs["TableName"]
        found: dict[str, Any] = self.stack.client("dynamodb").get_item(TableName=table, Key=key)["Item"]
        return found


@pytest.fixture(scope="module")
def served(
    tmp_path_factory: pytest.TempPathFactory, project: Path, local_text: str, local_secrets: dict[str, str]
) -> Iterator[Served]:
    """
    The packaged app at ten in the morning, with a 配配メール that listens.
    """
    home = tmp_path_factory.mktemp("files")
    clock = home / "clock"
    set_to(clock, datetime(2026, 11, 21, 1, 0, tzinfo=UTC), now=SystemClock().now())
    haihai = HaihaiSandbox(clock=FileClock(clock), login_id="l", token="t", account="acme", groups={"12": "ニュース"})
    with serve(haihai) as vendor:
        config = home / "relay.toml"
        config.write_text(local_text.replace(VENDOR, vendor.url))
        packaged = package(project, config.read_text(), "local", home / "out")
        environment = {**local_secrets, "EKIDEN_CLOCK_FILE": str(clock)}
        with LocalStack(home / "aws", environment=environment) as running:
            deployed = running.deploy(packaged)
            yield Served(
                stack=running,
                deployed=deployed,
                haihai=haihai,
                token=local_secrets["EKIDEN_LIST"],
                clock=clock,
                config=config,
                secrets=local_secrets,
            )


@pytest.mark.stack
def test_six_megabytes_reach_the_vendor_in_one_call(served: Served, until: Until) -> None:
    """
    More than API Gateway takes, through the address that the app signed, and not a row is missing.
    """
    lines = ["mail,name,note", *(f"u{number}@example.co.jp,山田{number},{WIDE}" for number in range(ROWS))]
    data = "\n".join(lines).encode()
    assert len(data) > 6_000_000
    told = served.ask(data).json()

    put = requests.put(told["url"], data=data, headers=told["headers"], timeout=60)
    assert put.status_code == 200, put.text
    assert until(lambda: served.item(told["id"])["state"] == {"S": "done"}), served.stack.log.read_text()[-2_000:]
    ring(served.stack, served.deployed)
    assert until(lambda: len(served.haihai.customers()) == ROWS)

    assert served.item(told["id"])["rows_done"] == {"N": str(ROWS)}
    assert served.haihai.calls_today == 1


@pytest.mark.stack
def test_an_operator_imports_a_file_from_the_command_line(served: Served, tmp_path: Path) -> None:
    """
    Checked here, uploaded with the operator's own credentials, and followed until its rows are stored.
    """
    file = tmp_path / "own.csv"
    file.write_text(
        "mail,name\n" + "".join(f"own{number}@example.co.jp,髙﨑{number}\n" for number in range(700)), "cp932"
    )
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_ENDPOINT_URL": served.stack.endpoint,
        **CREDENTIALS,
        **served.deployed.environment(),
        "EKIDEN_CLOCK_FILE": str(served.clock),
        **served.secrets,
    }
    program = [sys.executable, "-c", "from chalicelib.cli import main; main()", "--config", str(served.config)]
    done = subprocess.run(
        [*program, "import", str(file), "--route", "list", "--yes"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "700 contacts = 1 call of 240 a day" in done.stdout
    assert "700 of 700 rows stored" in done.stdout


@pytest.mark.stack
def test_an_address_takes_nothing_but_what_was_told(served: Served) -> None:
    """
    Another size, other bytes, another type, or a second file at the same address are refused by S3 itself.
    """
    data = b"mail,name\na@example.co.jp,x\n"
    told = served.ask(data).json()
    url, headers = told["url"], told["headers"]

    assert requests.put(url, data=data + b"more", headers=headers, timeout=20).status_code == 403
    assert requests.put(url, data=data, headers={**headers, "Content-Type": "text/html"}, timeout=20).status_code == 403
    assert requests.put(url, data=data.replace(b"a@", b"b@"), headers=headers, timeout=20).status_code == 400
    assert requests.put(url, data=data, headers={"Content-Type": "text/csv"}, timeout=20).status_code == 403
    assert requests.put(url, data=data, headers=headers, timeout=20).status_code == 200
    assert requests.put(url, data=data, headers=headers, timeout=20).status_code == 412
