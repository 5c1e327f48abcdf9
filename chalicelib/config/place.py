"""
Where in relay.toml something stands, and the list of what is wrong there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from chalicelib.model import Fault
from chalicelib.value import positional_value

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")

SHOWN_CHARS_MAX = 60
"""
How much of a value at fault a message repeats.
"""

GUESSED_CHARS_MAX = 80
"""
Longer words are not compared with the known ones: nobody mistypes a name into so long a one.
"""


class Report:
    """
    The faults found so far, each once, in the order found. `stage` is what the file is checked for ("" is any).
    """

    def __init__(self, stage: str = "") -> None:
        self.stage = stage
        self.grave = 0
        """
        How many faults stop a deployment.
        """
        self._faults: dict[Fault, None] = {}

    @property
    def faults(self) -> list[Fault]:
        """
        Everything found, warnings included.
        """
        return list(self._faults)

    def has_fault(self, path: str) -> bool:
        """
        Whether a fault that stops a deployment was found at this path or below it.
        """
        below = (f"{path}.", f"{path}[")
        return any(fault.path == path or fault.path.startswith(below) for fault in self._faults if not fault.warning)

    def add(self, fault: Fault) -> None:
        """
        Note a fault; the same one twice counts once.
        """
        self.grave += not (fault.warning or fault in self._faults)
        self._faults[fault] = None


@positional_value
class Place:
    """
    One place in the file, such as `routes[2].fields.email`. The top of the file is the empty path.
    """

    path: str
    report: Report

    def key(self, name: str) -> Place:
        """
        The place of a key of the table that stands here.
        """
        written = name if _BARE_KEY.fullmatch(name) else json.dumps(name, ensure_ascii=False)
        return Place(f"{self.path}.{written}" if self.path else written, self.report)

    def item(self, number: int) -> Place:
        """
        The place of an element of the list that stands here, counted from 0.
        """
        return Place(f"{self.path}[{number}]", self.report)

    @property
    def at_fault(self) -> bool:
        """
        Whether a fault was already found here or below.
        """
        return self.report.has_fault(self.path)

    def fault(self, message: str, remedy: str) -> None:
        """
        Something is wrong here. The message goes on after the path ("is missing"); the remedy is a whole sentence.
        """
        self.report.add(Fault(path=self.path, message=message, remedy=remedy))

    def warn(self, message: str, remedy: str) -> None:
        """
        Something here is likely a mistake, but may be meant.
        """
        self.report.add(Fault(path=self.path, message=message, remedy=remedy, warning=True))

    def take_in(self, fault: Fault, *, known_as: str) -> None:
        """
        Note a fault that a vendor's module found here; it may begin the path with its own name of this place.

        What was already told of the same key is not told twice.
        """
        inner = fault.path.removeprefix(known_as).removeprefix(".")
        path = f"{self.path}.{inner}" if inner and not inner.startswith("[") else f"{self.path}{inner}"
        if not self.report.has_fault(path):
            self.report.add(Fault(path=path, message=fault.message, remedy=fault.remedy, warning=fault.warning))


def suggestion(word: str, known: Iterable[object]) -> str:
    """
    A remedy for a name that is not known: the nearest right one, else all of them.

    >>> suggestion("orgins", ["origins", "thanks"])
    'Did you mean "origins"?'
    """
    names = [str(name) for name in known]
    near = nearest(word, names)
    if near:
        return f'Did you mean "{near}"?'
    return f"Write one of: {', '.join(names)}." if names else "Remove it: nothing may stand here."


def nearest(word: str, known: Iterable[str]) -> str:
    """
    The known name that looks most like the word, "" where none does.
    """
    by_case = {name.casefold(): name for name in known}
    if not by_case or len(word) > GUESSED_CHARS_MAX:
        return ""
    from difflib import get_close_matches  # noqa: PLC0415 - a sound file never needs it

    found = get_close_matches(word.casefold(), by_case, n=1, cutoff=0.6)
    return by_case[found[0]] if found else ""


def shown(value: object) -> str:
    """
    A value as a message repeats it: short, on one line.

    >>> shown("a" * 100)
    '"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…'
    """
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= SHOWN_CHARS_MAX else text[: SHOWN_CHARS_MAX + 4] + "…"
