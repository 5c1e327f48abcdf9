"""
What a vendor reports of a file's rows, as a person handed it in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.value import value

WORDS: Mapping[str, str] = {"done": "成功", "failed": "失敗", "other": "その他"}


@value
class Counts:
    """
    Rows that succeeded (成功), failed (失敗) or were something else (その他: there already); None where it is not said.
    """

    done: int | None = None
    failed: int | None = None
    other: int | None = None

    def __str__(self) -> str:
        return ", ".join(f"{word} {_said(getattr(self, name))}" for name, word in WORDS.items())

    def as_dict(self) -> dict[str, int | None]:
        """
        The counts by name.
        """
        return {name: getattr(self, name) for name in WORDS}

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Counts:
        """
        What `as_dict` made.
        """
        return cls(**{name: told.get(name) for name in WORDS})

    def proves(self, rows: int) -> bool:
        """
        Whether every row of the file was imported: none failed, none was something else, and all are counted.

        That その他 is not said at all is no doubt, where 成功 alone makes up the rows.
        """
        return self.done == rows and self.failed == 0 and not self.other

    def doubt(self, rows: int) -> str:
        """
        Why they do not prove every row; empty where they do.
        """
        if self.proves(rows):
            return ""
        if self.failed:
            return f"{self.failed:,} failed."
        counted = sum(each or 0 for each in (self.done, self.failed, self.other))
        if counted != rows:
            return f"They count {counted:,} rows, the file has {rows:,}: it may be another file's report."
        if self.other:
            return f"{self.other:,} are その他: they were there already, or twice in the file."
        return "It does not say that none failed."


def _said(count: int | None) -> str:
    return "not said" if count is None else f"{count:,}"
