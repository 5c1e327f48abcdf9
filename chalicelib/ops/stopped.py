"""
Why an operator's command cannot go on.
"""

from __future__ import annotations

from chalicelib.errors import RelayError

USAGE = 2


class Stopped(RelayError):
    """
    The operator must act: says what is wrong and what to do, in words for a terminal.

    `exit_code` is 2 where nothing has been begun (wrong or missing input), else 1.
    """

    def __init__(self, message: str, *, exit_code: int = 1) -> None:
        self.exit_code = exit_code
        super().__init__(message)
