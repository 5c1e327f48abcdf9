import socket
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from chalicelib.model import Config
from chalicelib.ops.serve import serve
from chalicelib.ops.stopped import Stopped

Make = Callable[..., Config]


@pytest.fixture
def relay(tmp_path: Path) -> Path:
    """
    A file to serve.
    """
    file = tmp_path / "relay.toml"
    file.write_text("# checked by the test's own check\n")
    return file


def refusal(relay: Path, config: Config, *, port: int = 1, environ: dict[str, str] | None = None) -> Stopped:
    """
    Why it cannot be served.
    """
    with pytest.raises(Stopped) as raised:
        serve(
            relay.parent,
            relay,
            port,
            console=Console(file=StringIO()),
            environ=environ or {},
            check=lambda _text, _stage: config,
        )
    return raised.value


def local(make: Make) -> Config:
    """
    A configuration with two secrets in the environment.
    """
    return make(sources={}, destinations={}, secret=("env:KEY", "env:KEY_BEFORE"))


def test_every_missing_variable_is_listed_at_once(make: Make, relay: Path) -> None:
    """
    The operator need not find them one after another; an empty one counts as missing.
    """
    stopped = refusal(relay, local(make), environ={"KEY": ""})

    assert "- KEY\n- KEY_BEFORE" in str(stopped)
    assert stopped.exit_code == 2


def test_secrets_that_lie_in_aws_are_pointed_out(make: Make, relay: Path) -> None:
    """
    The embedded AWS does not have the company's parameters.
    """
    stopped = refusal(relay, make())

    assert "- ssm:/acme/satori" in str(stopped)
    assert "env:NAME" in str(stopped)


def test_a_port_in_use_is_said_before_anything_is_built(make: Make, relay: Path) -> None:
    """
    The answer names the port and how to choose another.
    """
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        stopped = refusal(relay, local(make), port=port, environ={"KEY": "a", "KEY_BEFORE": "b"})

    assert f"Port {port} is in use. Choose another one with PORT=" in str(stopped)
    assert not (relay.parent / ".ekiden").exists()


def test_a_file_that_is_not_utf8_is_explained(make: Make, relay: Path) -> None:
    """
    A relay.toml saved by an old editor in CP932 is told from a broken one.
    """
    relay.write_bytes("名前".encode("cp932"))

    assert "is not UTF-8" in str(refusal(relay, local(make)))
