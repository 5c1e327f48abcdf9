"""
`make serve`: the packaged app on the embedded local AWS, with any relay.toml whose secrets are `env:` references.

State is kept in `.ekiden/serve` across restarts. A change of the clock file wakes every lane at once.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from shlex import quote
from types import FrameType

import click
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.table import Column, Table

from chalicelib.adapters.clock import SystemClock
from chalicelib.errors import ConfigError
from chalicelib.model import Config
from chalicelib.ops.addresses import lane_rows, source_addresses
from chalicelib.ops.clock import CLOCK_FILE, offset
from chalicelib.ops.cloud import Deployed
from chalicelib.ops.logs import LogCopy
from chalicelib.ops.names import FUNCTIONS
from chalicelib.ops.package import Check, checked, package, read_config
from chalicelib.ops.references import environment_references, references
from chalicelib.ops.stack import CREDENTIALS, LocalStack, is_free
from chalicelib.ops.stopped import USAGE, Stopped

STAGE = "local"
LOOK_SECONDS = 0.2
LOOKS_A_LOG_COPY = 5


class Ended(BaseException):
    """
    Somebody asked the program to end (Ctrl-C, SIGTERM, a closed terminal).
    """


@click.command(help=__doc__)
@click.option("--config", "config_file", default="relay.toml", show_default=True, type=click.Path(path_type=Path))
@click.option("--port", default=8080, show_default=True, type=click.IntRange(1, 65_535))
@click.option("--project", default=".", type=click.Path(path_type=Path, file_okay=False, exists=True), hidden=True)
def main(config_file: Path, port: int, project: Path) -> None:
    """
    Serve until asked to end. Exit code 2 where nothing could be begun.
    """
    _end_on_signals()
    console = Console(highlight=False)
    try:
        serve(project.resolve(), config_file, port, console=console, environ=os.environ)
    except Ended:
        console.print("Ended. The state is kept in .ekiden/serve.")
    except ConfigError as error:
        console.print(f"[bold]{config_file} cannot be used:[/bold]")
        for fault in error.faults:
            console.print(f"- {fault}", markup=False, soft_wrap=True)
        sys.exit(USAGE)
    except Stopped as error:
        console.print(str(error), markup=False, soft_wrap=True)
        sys.exit(error.exit_code)


def serve(
    project: Path,
    config_file: Path,
    port: int,
    *,
    console: Console,
    environ: Mapping[str, str],
    check: Check = checked,
) -> None:
    """
    Check, package, start, deploy, tell; then watch the clock until `Ended` is raised.
    """
    text = read_config(config_file)
    config = check(text, STAGE)
    secrets = _secrets(config, environ)
    if not is_free(port):
        raise Stopped(f"Port {port} is in use. Choose another one with PORT=…", exit_code=USAGE)
    clock = project / CLOCK_FILE
    home = clock.parent
    home.mkdir(parents=True, exist_ok=True)
    with _alone(home):
        console.print("Packaging …")
        packaged = package(project, text, STAGE, home / "package", check=lambda *_: config)
        stack = LocalStack(home / "aws", port=port, environment={**secrets, "EKIDEN_CLOCK_FILE": str(clock)})
        console.print("Starting the embedded AWS …")
        with stack:
            deployed = stack.deploy(packaged)
            environment = _write_environment(home, stack, deployed, config_file)
            logs = _log_copy(home, stack, config)
            # Before "Ready" is said: from then on somebody may move it.
            seen = offset(clock)
            _tell(console, config, stack, home=home, environment=environment)
            for now in _moves(stack, clock, logs, seen):
                ring(stack, deployed)
                console.print(f"The clock is now {now:+,.0f} s away from real time; all lanes were woken.")


def _secrets(config: Config, environ: Mapping[str, str]) -> dict[str, str]:
    """
    The values that the functions read by `env:`. Raises Stopped with everything that is missing.
    """
    elsewhere = {ref for function in FUNCTIONS for ref in references(config, function) if not ref.startswith("env:")}
    if elsewhere:
        told = "\n".join(f"- {reference}" for reference in sorted(elsewhere))
        raise Stopped(
            f"These secrets are in AWS and cannot be read here:\n{told}\n"
            "In a copy of the file for this machine, reference environment variables instead: env:NAME.",
            exit_code=USAGE,
        )
    names = environment_references(config)
    missing = [name for name in names if not environ.get(name)]
    if missing:
        told = "\n".join(f"- {name}" for name in missing)
        raise Stopped(f"The configuration refers to environment variables that are not set:\n{told}", exit_code=USAGE)
    return {name: environ[name] for name in names}


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """
    Make sure that nobody else serves from this folder: two would write over each other's state.
    """
    try:
        import fcntl  # noqa: PLC0415 - not every system has it
    except ImportError:
        yield
        return
    with (home / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Stopped(f"Another `make serve` uses {home}. End it first.", exit_code=USAGE) from error
        yield


def _write_environment(home: Path, stack: LocalStack, deployed: Deployed, config_file: Path) -> Path:
    """
    A file to be sourced by a shell in which `ekiden` shall speak to this stack. It holds no secret.
    """
    values = {
        **CREDENTIALS,
        "AWS_ENDPOINT_URL": stack.endpoint,
        **deployed.environment(),
        "EKIDEN_API_URL": stack.api_url,
        "EKIDEN_CONFIG": str(config_file.resolve()),
        "EKIDEN_CLOCK_FILE": str(home / "clock"),
    }
    file = home / "env"
    file.write_text("".join(f"export {name}={quote(value)}\n" for name, value in values.items()))
    return file


def _log_copy(home: Path, stack: LocalStack, config: Config) -> LogCopy:
    file = home / "log"
    file.write_text("")
    since = SystemClock().now()
    return LogCopy(stack.client("logs"), config, STAGE, file, since_ms=int(since.timestamp() * 1_000))


def _tell(console: Console, config: Config, stack: LocalStack, *, home: Path, environment: Path) -> None:
    sources = _table("Sources", "source", "kind", "address")
    for row in source_addresses(config, stack.api_url):
        sources.add_row(*row)
    lanes = _table("Lanes", "lane", "vendor", "calls", "limits")
    for line in lane_rows(config):
        lanes.add_row(*line)
    console.print(sources)
    if config.console is not None:
        console.print(f"Console:        {stack.api_url}/console", soft_wrap=True)
    console.print(lanes)
    console.print(f"Look into it:   . {_short(environment)} && ekiden status", soft_wrap=True)
    console.print('Move the clock: ekiden clock set "2026-11-22T00:01:00+09:00" | by +3h | reset', soft_wrap=True)
    ahead = offset(home / "clock")
    if ahead:
        console.print(f"The clock is {ahead:+,.0f} s away from real time.")
    console.print(f"Watch its log:  tail -f {_short(home / 'log')}", soft_wrap=True)
    console.print("Ready. Ctrl-C ends it.")


def _table(title: str, *headers: str) -> Table:
    """
    A table whose cells are folded where the terminal is narrow: a name or an address is never cut off.
    """
    return Table(*(Column(header, overflow="fold") for header in headers), title=title, title_justify="left")


def _short(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _moves(stack: LocalStack, clock: Path, logs: LogCopy, seen: float) -> Iterator[float]:
    """
    Each move of the clock away from `seen`; meanwhile the functions' logs are copied.

    Ends only by `Ended`, or by Stopped where the embedded AWS has gone.
    """
    pause = threading.Event()
    for turn in count():
        pause.wait(LOOK_SECONDS)
        if not stack.running():
            raise Stopped(f"The embedded AWS has ended by itself. Its log: {stack.log}")
        if turn % LOOKS_A_LOG_COPY == 0:
            with suppress(BotoCoreError, ClientError):
                logs.turn()
        now = offset(clock, before=seen)
        if now != seen:
            seen = now
            yield now


def ring(stack: LocalStack, deployed: Deployed) -> None:
    """
    Wake every lane: what waits for a midnight that has just come need not wait for the minute.
    """
    queue = stack.client("sqs")
    for lane in deployed.lanes:
        queue.send_message(QueueUrl=deployed.outputs["BellUrl"], MessageBody=json.dumps({"lane": lane}))


def _end_on_signals() -> None:
    def end(_number: int, _frame: FrameType | None) -> None:
        raise Ended

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), end)


if __name__ == "__main__":
    main()
