"""
From a stage's name to its relay: where the deployed resources are, and the ports over them.

The stage `local` is what `make serve` runs on this machine; its addresses are in .ekiden/serve/env. Any other stage is
a CloudFormation stack, whose outputs name everything.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from chalicelib.cli.screen import warn
from chalicelib.errors import ConfigError

if TYPE_CHECKING:
    from chalicelib.model import Config
    from chalicelib.relay import Relay

LOCAL = "local"
SERVED = Path(".ekiden") / "serve" / "env"
PROJECT = Path(__file__).resolve().parents[2]
DEFAULT_FILE = Path("relay.toml")


def connect(stage: str, config_file: Path | None) -> Relay:
    """
    The relay of a stage, over its real table and queues; deeds are put on record in the stage's own logs.

    `config_file` None means the file that is served, else ./relay.toml. Raises Stopped where there is no such stage.
    """
    from chalicelib import wiring  # noqa: PLC0415 - AWS and the relay: only where a stage is spoken to
    from chalicelib.cli.record import Record  # noqa: PLC0415 - as above
    from chalicelib.destinations import VENDORS  # noqa: PLC0415 - as above
    from chalicelib.relay import Relay  # noqa: PLC0415 - as above

    served = local_environment(os.environ, Path.cwd()) if stage == LOCAL else {}
    file = config_file or Path(served.get("EKIDEN_CONFIG") or DEFAULT_FILE)
    config = read(file, stage)
    environ = {**os.environ, **(served or deployed_environment(stage, config))}
    # boto3 looks for region, endpoint and credentials nowhere else.
    os.environ.update({name: value for name, value in environ.items() if name.startswith("AWS_")})
    ports = wiring.ports(environ)
    _compare_lanes(config, set(ports.backlogs), stage)
    record = Record(config, stage)
    return Relay(config, VENDORS, replace(ports, journal=record), who=record.who)


def read(file: Path, stage: str) -> Config:
    """
    The configuration in a file. Raises Stopped where there is none, ConfigError (noted with the file) for a faulty one.
    """
    from chalicelib.config import parse  # noqa: PLC0415 - half of the commands read no file
    from chalicelib.destinations import VENDORS  # noqa: PLC0415 - as above
    from chalicelib.sources import PRESETS  # noqa: PLC0415 - as above

    try:
        return parse(read_bytes(file), vendors=VENDORS, presets=PRESETS, stage=stage)
    except ConfigError as error:
        error.add_note(str(file))
        error.add_note("" if stage == LOCAL else f" --stage {stage}")
        raise


def read_bytes(file: Path) -> bytes:
    """
    The bytes of relay.toml. Raises Stopped where there are none to read.
    """
    from chalicelib.config.reading import FILE_BYTES_MAX  # noqa: PLC0415 - half of the commands read no file
    from chalicelib.ops.stopped import USAGE, Stopped  # noqa: PLC0415 - only where it is needed

    try:
        with file.open("rb") as stream:
            return stream.read(FILE_BYTES_MAX + 1)  # a larger one is told by its size; a device has no end
    except OSError as error:
        message = f"{file} cannot be read ({error.strerror}). Name your relay.toml: ekiden --config FILE …"
        raise Stopped(message, exit_code=USAGE) from error


def base_address(stage: str, config: Config) -> str:
    """
    The address that senders of a stage call, without `/in/…`. Raises Stopped where the stage is not there.
    """
    if stage == LOCAL:
        return local_environment(os.environ, Path.cwd()).get("EKIDEN_API_URL", "")
    return config.public_url or deployed_environment(stage, config)["EKIDEN_API_URL"]


# ── where things are ────────────────────────────────────────────────────────────────────────────────────────────────


def local_environment(environ: Mapping[str, str], here: Path) -> dict[str, str]:
    """
    The variables that point at what `make serve` runs: already in this shell, or in the file that it has written.
    """
    from chalicelib.ops.stopped import USAGE, Stopped  # noqa: PLC0415 - only where it is needed

    if environ.get("EKIDEN_STAGE") == LOCAL and environ.get("EKIDEN_TABLE"):
        return dict(environ)
    file = next((place / SERVED for place in _places(here) if (place / SERVED).is_file()), None)
    if file is None:
        message = (
            f"Nothing is served on this machine: there is no {SERVED} here or above.\n"
            "Start it with: make serve CONFIG=relay.toml (or name a deployed stage: --stage prod)"
        )
        raise Stopped(message, exit_code=USAGE)
    return read_environment(file.read_text(encoding="utf-8"))


def read_environment(text: str) -> dict[str, str]:
    r"""
    The variables of a shell file of `export NAME=value` lines.

    >>> read_environment("export A=1\nexport B='two words'\n")
    {'A': '1', 'B': 'two words'}
    """
    words = (shlex.split(line, comments=True) for line in text.splitlines())
    pairs = (line[1].partition("=") for line in words if len(line) == 2 and line[0] == "export")
    return {name: value for name, _, value in pairs}


def deployed_environment(stage: str, config: Config) -> dict[str, str]:
    """
    The variables that point at a deployed stage, from its stack's outputs. Raises Stopped where there is no stack.
    """
    from chalicelib.ops.cloud import describe  # noqa: PLC0415 - as above
    from chalicelib.ops.deploy import connect as account  # noqa: PLC0415 - AWS: only where it is spoken to
    from chalicelib.ops.names import installation  # noqa: PLC0415 - as above
    from chalicelib.ops.stopped import Stopped  # noqa: PLC0415 - as above

    cloud, name = account(), installation(config, stage)
    deployed = describe(cloud, name)
    if "TableName" not in deployed.outputs:
        endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
        where = f"at {endpoint} (AWS_ENDPOINT_URL)" if endpoint else f"in {cloud.account}, {cloud.region}"
        state = f"is in {deployed.status}" if deployed.status else "does not exist"
        raise Stopped(
            f"The stack {name} {state} {where}.\n"
            f"Check --stage and AWS_PROFILE, or deploy it: make deploy STAGE={stage} CONFIG=relay.toml",
        )
    address = {"EKIDEN_API_URL": deployed.outputs.get("ApiUrl", "")}
    return {"AWS_DEFAULT_REGION": cloud.region, **address, **deployed.environment()}


def _places(here: Path) -> Iterator[Path]:
    yield here
    yield from here.parents
    yield PROJECT


def _compare_lanes(config: Config, deployed: set[str], stage: str) -> None:
    """
    Tell that this relay.toml is not the one that runs: what an operator then sees may be incomplete.
    """
    strange = sorted(set(config.lanes) ^ deployed)
    if strange:
        which = ", ".join(strange)
        warn(f"This relay.toml is not what {stage} runs: its lanes differ ({which}). Deploy it.")
