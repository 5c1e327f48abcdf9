"""
The embedded local AWS: one process on the loopback interface, with its state in one folder.

It runs the packaged template as AWS would: API Gateway, Lambda, SQS, the schedule, DynamoDB, S3, SNS, SSM. It needs no
account and no Docker.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from chalicelib.ops.cloud import Cloud, Deployed
from chalicelib.ops.package import REGION, Packaged
from chalicelib.ops.rollout import roll_out
from chalicelib.ops.stopped import USAGE, Stopped

HOST = "127.0.0.1"
NAMES = (HOST, "localhost")
"""
What a person on this machine calls it.
"""

ACCOUNT = "000000000000"
START_SECONDS_MAX = 30
STOP_SECONDS_MAX = 30
PORT_TRIES_MAX = 5
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}


class LocalStack:
    """
    Start, use and end the embedded AWS; also as a context manager.

    `state` is kept across restarts. `port` 0 takes a free one. `auth` lets IAM roles be enforced as AWS does; without
    it every call is allowed. `environment` is all that the functions inherit of this machine: nothing else leaks in.
    """

    def __init__(
        self,
        state: Path,
        *,
        port: int = 0,
        auth: bool = False,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.state = state.resolve()
        self.port = port
        self._wanted_port = port
        self._auth = auth
        self._environment = dict(environment or {})
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        """
        The address that AWS clients use (AWS_ENDPOINT_URL).
        """
        return f"http://{HOST}:{self.port}"

    @property
    def api_url(self) -> str:
        """
        The address of the deployed REST API, the same after every restart on the same port.
        """
        return f"{self.endpoint}/api"

    @property
    def log(self) -> Path:
        """
        What the embedded AWS and the functions' processes have said.
        """
        return self.state / "aws.log"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """
        Start, and wait until it answers. Raises Stopped where it does not, or where the port is taken.
        """
        (self.state / "tmp").mkdir(parents=True, exist_ok=True)
        for _ in range(PORT_TRIES_MAX):
            self.port = self._wanted_port or _free_port()
            if not is_free(self.port):
                if self._wanted_port:
                    raise Stopped(f"Port {self.port} is in use. Choose another one with PORT=…", exit_code=USAGE)
                continue
            if self._launch_and_wait():
                return
        raise Stopped(f"The embedded AWS does not start. Its log: {self.log}")

    def stop(self) -> None:
        """
        End it, in its own way first: only then does it save its state. Nothing of it is left running.
        """
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        finally:
            if process.stdin:
                process.stdin.close()
            _kill_group(process.pid)
            shutil.rmtree(self.state / "tmp", ignore_errors=True)

    def running(self) -> bool:
        """
        Whether its process is alive.
        """
        return self._process is not None and self._process.poll() is None

    @property
    def process_id(self) -> int | None:
        """
        The process of the embedded AWS, which leads the group of all functions' processes; None while there is none.
        """
        return self._process.pid if self._process else None

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3 has no types
        """
        A boto3 client of the embedded AWS.
        """
        import boto3  # noqa: PLC0415 - slow to import, and not needed to start

        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )

    def cloud(self) -> Cloud:
        """
        The embedded AWS as a rollout takes it.
        """
        return Cloud(
            account=ACCOUNT,
            region=REGION,
            cloudformation=self.client("cloudformation"),
            s3=self.client("s3"),
            dynamodb=self.client("dynamodb"),
            poll_seconds=0.1,
        )

    def deploy(self, packaged: Packaged, *, report: Callable[[str], None] = lambda _: None) -> Deployed:
        """
        Deploy the package, and give its REST API the stable address `api_url`.
        """
        deployed = roll_out(packaged, self.cloud(), report=report)
        self._map_domains(deployed.outputs["RestAPIId"])
        return deployed

    def _map_domains(self, api: str) -> None:
        """
        Serve the API under the loopback addresses themselves: else the address holds the API's id, which changes.
        """
        gateway = self.client("apigateway")
        domains = {each["domainName"] for each in gateway.get_domain_names()["items"]}
        for name in NAMES:
            if name not in domains:
                gateway.create_domain_name(domainName=name, endpointConfiguration={"types": ["REGIONAL"]})
            mappings = gateway.get_base_path_mappings(domainName=name).get("items", [])
            if any(each["basePath"] == "api" and each["restApiId"] == api for each in mappings):
                continue
            for each in mappings:
                gateway.delete_base_path_mapping(domainName=name, basePath=each["basePath"])
            gateway.create_base_path_mapping(domainName=name, basePath="api", restApiId=api, stage="api")

    def _launch(self) -> None:
        environment = {
            **self._environment,
            **CREDENTIALS,
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.state),
            "TMPDIR": str(self.state / "tmp"),
            "BIND_HOST": HOST,
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_REGION": REGION,
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "PERSIST_STATE": "1",
            "STATE_DIR": str(self.state / "services"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(self.state / "s3"),
            "AUTH": "true" if self._auth else "false",
            "LOG_LEVEL": "WARNING",
        }
        program = Path(__file__).with_name("embedded.py")
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-P", str(program)],
                env=environment,
                cwd=self.state,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                # Ctrl-C goes to this process alone, which then ends the embedded AWS in order.
                start_new_session=True,
            )

    def _launch_and_wait(self) -> bool:
        """
        Whether it came up; if not, nothing of it is left.
        """
        up = False
        try:
            self._launch()
            up = self._answers()
        finally:
            if not up:
                self.stop()
        return up

    def _answers(self) -> bool:
        deadline = time.monotonic() + START_SECONDS_MAX
        pause = threading.Event()
        while self.running() and time.monotonic() < deadline:
            try:
                if requests.get(f"{self.endpoint}/_ministack/health", timeout=1).ok:
                    return True
            except requests.RequestException:
                pause.wait(0.05)
        return False


def _kill_group(leader: int) -> None:
    """
    Kill what the embedded AWS has left of its process group, if anything.
    """
    with suppress(AttributeError, ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def is_free(port: int) -> bool:
    """
    Whether nothing listens on this port of the loopback interface.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
