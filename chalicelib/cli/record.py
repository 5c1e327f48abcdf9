"""
The operator's deeds on record: one line each in the stage's own CloudWatch logs, with who did it.

It is the journal port of the command line. Notices that a command causes go to the terminal of the one who caused them;
measures are left to the functions.
"""

from __future__ import annotations

import json
import uuid
from functools import cached_property
from typing import Any

from chalicelib.adapters.clock import SystemClock
from chalicelib.adapters.journal import mask
from chalicelib.cli.screen import warn
from chalicelib.model import Config
from chalicelib.ops.names import ADVANCE, function_name

UNKNOWN = "unknown"
LOCAL = "local"


class Record:
    """
    Writes to the log group of the advancing function. A line that cannot be written is told, and stops nothing.

    Times are real ones, also where the relay's clock is moved: CloudWatch refuses lines from the future.
    """

    def __init__(self, config: Config, stage: str, *, client: Any = None, by: str = "") -> None:  # noqa: ANN401 - boto3
        self._group = f"/aws/lambda/{function_name(config, stage, ADVANCE)}"
        self._given, self._by, self._local = client, by, stage == LOCAL
        self._clock = SystemClock()

    def log(self, fact: str, **fields: Any) -> None:  # noqa: ANN401 - any JSON
        """
        One line.
        """
        now = self._clock.now()
        told = {name: mask(value) for name, value in fields.items() if value not in ("", None)}
        line = {"level": "INFO", "message": fact, "timestamp": now.isoformat(), "by": self._who, **told}
        event = {"timestamp": int(now.timestamp() * 1_000), "message": json.dumps(line, ensure_ascii=False)}
        try:
            self._logs.put_log_events(logGroupName=self._group, logStreamName=self._stream, logEvents=[event])
        except Exception as error:  # noqa: BLE001 - the deed is done, whatever CloudWatch does
            warn(f"This could not be put on record in {self._group}: {type(error).__name__}: {error}")

    def measure(self, name: str, value: float, unit: str, **dimensions: str) -> None:
        """
        Nothing: the functions measure.
        """

    def notice(self, cause: str, subject: str, text: str) -> None:  # noqa: ARG002 - the port's shape
        """
        Tell the one at the terminal.
        """
        warn(f"{subject}\n{text}")

    def who(self) -> str:
        """
        Who is at the command line: the AWS identity, or the user of this machine where no AWS is asked.
        """
        return self._who

    @cached_property
    def _logs(self) -> Any:  # noqa: ANN401 - boto3 has no types
        return self._given or _client("logs")

    @cached_property
    def _stream(self) -> str:
        name = f"operator/{self._clock.now():%Y/%m/%d}/{uuid.uuid4().hex}"
        self._logs.create_log_stream(logGroupName=self._group, logStreamName=name)
        return name

    @cached_property
    def _who(self) -> str:
        if self._by:
            return self._by
        if self._local:
            return _user()
        try:
            return str(_client("sts").get_caller_identity()["Arn"])
        except Exception:  # noqa: BLE001 - who it was matters less than what was done
            return UNKNOWN


def _user() -> str:
    import getpass  # noqa: PLC0415 - only where something is put on record

    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name
        return UNKNOWN


def _client(service: str) -> Any:  # noqa: ANN401 - boto3 has no types
    import boto3  # noqa: PLC0415 - only where something is put on record
    from botocore.config import Config as Patience  # noqa: PLC0415 - as above

    return boto3.client(service, config=Patience(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 2}))
