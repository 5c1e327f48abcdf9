"""
What every command is given: the stage, relay.toml, and the way to the relay. Tests hand in another way.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any, TypeVar

import click

from chalicelib.cli.connecting import DEFAULT_FILE, LOCAL, base_address, connect, read
from chalicelib.cli.screen import fail
from chalicelib.cli.sending import put_file
from chalicelib.cli.telling import told

if TYPE_CHECKING:
    from chalicelib.model import Config
    from chalicelib.model.upload import Upload
    from chalicelib.relay import Relay

Command = TypeVar("Command", bound=Callable[..., Any])
Connect = Callable[[str, Path | None], "Relay"]

NOT_DONE = 1
"""
The exit status of what was not done, or needs somebody's attention; 2 is wrong use.
"""


def parameter_store(stage: str) -> Any:  # noqa: ANN401, ARG001 - boto3 has no types; the account is the environment's
    """
    The account's parameters (SSM), where the environment says.
    """
    import boto3  # noqa: PLC0415 - only secrets need it

    from chalicelib.ops.package import REGION  # noqa: PLC0415 - as above

    session = boto3.Session()
    return session.client("ssm", region_name=session.region_name or REGION)


def pause(seconds: float) -> None:
    """
    Wait, in real time.
    """
    threading.Event().wait(seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """
    The stage and file that the command line names, and how the relay and the parameter store of a stage are reached.
    """

    stage: str = LOCAL
    config_file: Path | None = None
    named: tuple[str, ...] = ()
    """
    Which of the two the command line itself named; what comes from the environment need not be repeated.
    """
    connect: Connect = connect
    parameters: Callable[[str], Any] = parameter_store
    put: Callable[[Upload, bytes, Callable[[int], None]], None] = put_file
    pause: Callable[[float], None] = pause
    base: Callable[[str, Config], str] = base_address

    @property
    def file(self) -> Path:
        """
        The relay.toml that is meant.
        """
        return self.config_file or DEFAULT_FILE

    @property
    def options(self) -> str:
        """
        The options that another command needs to mean the same stage and file.
        """
        file = f"--config {quote(str(self.config_file))} " if "config_file" in self.named else ""
        return file + (f"--stage {self.stage} " if "stage" in self.named else "")

    def relay(self) -> Relay:
        """
        The relay of the stage.
        """
        return self.connect(self.stage, self.config_file)

    def config(self) -> Config:
        """
        The configuration in the file. Raises Stopped where there is none, ConfigError for a faulty one.
        """
        return read(self.file, self.stage)


class Doors(click.Group):
    """
    A group of commands in the order in which they were added, whose expected errors are sentences.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's shape
        """
        The commands as they were added: the most needed first.
        """
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's shape
        """
        Run a command; an expected error ends it with words and an exit status.
        """
        try:
            return super().invoke(ctx)
        except Exception as error:
            words = told(error)
            if words is None:
                raise
            fail(words[0])
            ctx.exit(words[1])


def placed(command: Command) -> Command:
    """
    Let --stage and --config stand after the command as well as before it.
    """
    for option in (_config, _stage):
        command = option(command)
    return command


def example(*lines: str) -> str:
    """
    The end of a command's help: how it is written.
    """
    return "\b\nExample:\n" + "\n".join(f"  {line}" for line in lines)


def keep(ctx: click.Context, name: str, value: Any) -> None:  # noqa: ANN401 - a text or a path
    """
    Keep a stage or file that was given, and whether the command line itself named it.
    """
    if value is None:
        return
    tools: Tools = ctx.obj or Tools()
    here = ctx.get_parameter_source(name.removesuffix("_file")) is not click.core.ParameterSource.ENVIRONMENT
    named = (*tools.named, name) if here else tools.named
    ctx.obj = replace(tools, named=named, **{name: value})


def _keep_stage(ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    keep(ctx, "stage", value)


def _keep_file(ctx: click.Context, _param: click.Parameter, value: Path | None) -> None:
    keep(ctx, "config_file", value)


_stage = click.option(
    "--stage",
    expose_value=False,
    callback=_keep_stage,
    help="local (make serve) or a deployed stage.  [default: local]",
)
_config = click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    expose_value=False,
    callback=_keep_file,
    help="The relay.toml of the stage.  [default: relay.toml]",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
confirmed = click.option("--yes", is_flag=True, help="Do it; without it only the plan is shown.")
revealing = click.option("--reveal", is_flag=True, help="Show personal values in clear; that is put on record.")
