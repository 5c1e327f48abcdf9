"""
Sandboxes as programs.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.sandbox.run import main

ROOT = Path(__file__).parents[3]


@contextmanager
def _running(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.sandbox.run", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        try:
            yield program
        finally:
            program.kill()


def _ready(path: Path, program: subprocess.Popen[str]) -> dict[str, str]:
    while not path.exists():
        with suppress(subprocess.TimeoutExpired):
            raise AssertionError(f"ended early with {program.wait(timeout=0.02)}: {program.communicate()}")
    found: dict[str, str] = json.loads(path.read_text())
    return found


def _state(url: str) -> dict[str, object]:
    with urllib.request.urlopen(f"{url}/_sandbox/state", timeout=5) as response:  # noqa: S310 - loopback
        found: dict[str, object] = json.load(response)
    return found


def test_all_vendors_listen_and_end_on_sigterm(tmp_path: Path) -> None:
    """
    All vendors by default, one clock file for all; the URLs are printed; exit status 0 and no noise.
    """
    clock = tmp_path / "clock"
    with _running("--clock-file", str(clock)) as program:
        assert program.stdout is not None
        urls = json.loads(program.stdout.readline())
        assert list(urls) == ["satori", "haihaimail", "maildealer", "curumeru"]
        before = [str(_state(url)["now"]) for url in urls.values()]
        clock.write_text("86400000")
        after = [str(_state(url)["now"]) for url in urls.values()]
        assert all(int(late[:4]) - int(early[:4]) >= 2 for early, late in zip(before, after, strict=True))
        program.send_signal(signal.SIGTERM)
        assert program.wait(timeout=10) == 0
        assert program.communicate() == ("", "")


def test_the_ready_file_appears_when_all_listen(tmp_path: Path) -> None:
    """
    One vendor alone, its URL in the file; whoever sees the file may call at once.
    """
    path = tmp_path / "ready.json"
    with _running("--vendor", "haihaimail", "--ready-file", str(path)) as program:
        urls = _ready(path, program)
        assert list(urls) == ["haihaimail"]
        assert _state(urls["haihaimail"])["vendor"] == "haihaimail"
        program.send_signal(signal.SIGINT)
        assert program.wait(timeout=10) == 0
        assert program.communicate() == ("", "")


@pytest.mark.parametrize("arguments", [["--vendor", "nobody"], ["--port", "x"]])
def test_a_wrong_option_is_told(arguments: Sequence[str], capsys: pytest.CaptureFixture[str]) -> None:
    """
    The usual usage message and exit status 2.
    """
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: python -m tests.sandbox.run" in capsys.readouterr().err
