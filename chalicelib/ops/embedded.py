"""
The embedded local AWS as a process of its own: ministack, which ends when the one that started it ends.

LocalStack starts this file. Its standard input is a pipe that only the starter holds: when the starter is gone, however
it died, the pipe ends, and ministack is asked to end in the same way as always (it saves its state on the way out).
"""

from __future__ import annotations

import os
import signal
import sys
import threading


def end_with_starter() -> None:
    """
    Wait for the end of standard input, then ask this process to end.
    """
    # Not through sys.stdin: its lock would be held when the interpreter shuts down.
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """
    Run ministack as its environment says.
    """
    from ministack.app import main as serve  # type: ignore[import-untyped]  # noqa: PLC0415 - only in the process made for it

    threading.Thread(target=end_with_starter, daemon=True).start()
    sys.argv = ["ministack"]
    try:
        serve()
    finally:
        end_workers()


def end_workers() -> None:
    """
    End the functions' processes that ministack has left: one that is at work would go on until its time-out.
    """
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.killpg(0, signal.SIGTERM)


if __name__ == "__main__":
    main()
