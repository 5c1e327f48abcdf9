"""
One catalogue of readings: every switch of every sandbox, in every position, under a story that the relay lives through.

pytest plays it (test_readings.py) and so does `make readings`, which prints it as a table. A vendor registers by a
file in this folder that has a `READINGS`; nothing else needs to know of it.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, is_dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, get_args, get_origin, get_type_hints

HERE = Path(__file__).parent
SANDBOXES = HERE.parents[1] / "sandbox"
POSITIONS_MIN = 2


class Play:
    """
    One story under one position of one switch; it notices whether the sandbox ever looked at the switch.
    """

    def __init__(self, switch: str, position: Any, variant: str = "") -> None:
        self.switch = switch
        self.position = position
        self.variant = variant
        self.looked = False

    def on(self, sandbox: Any) -> None:
        """
        Set the switch on a sandbox, before anybody calls it.
        """
        self.on_also(sandbox)

    def on_also(self, sandbox: Any, **others: Any) -> None:
        """
        The same, with other switches that the story needs.
        """
        if isinstance(sandbox.switches, _Watched):
            sandbox.switches = sandbox.switches.bare
        sandbox.change_switches({**others, self.switch: self.position})
        sandbox.switches = _Watched(sandbox.switches, self)


class _Watched:
    """
    A sandbox's switches that tell who reads the one that is played.
    """

    def __init__(self, switches: Any, play: Play) -> None:
        self.bare = switches
        self._play = play

    def __getattr__(self, name: str) -> Any:
        if name == self._play.switch:
            self._play.looked = True
        reader = getattr(type(self.bare), name, None)
        if isinstance(reader, property) and reader.fget:
            return reader.fget(self)  # what a property reads has been looked at, too
        return getattr(self.bare, name)


Story = Callable[[Play], None]


@dataclass(frozen=True, kw_only=True)
class Readings:
    """
    What a vendor's file declares.

    `switches` is the dataclass of its sandbox. `story` serves every switch that `stories` does not name; it sets the
    switch with `play.on(sandbox)` and asserts how all ends. `positions`: two or more for each switch that is a number
    or a list (others have those of their type). `uncalled`: switches of what Ekiden never calls or sends, and why.
    `variants` are played each (an API's versions).
    """

    vendor: str
    switches: type
    story: Story
    stories: Mapping[str, Story] = field(default_factory=dict)
    positions: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    uncalled: Mapping[str, str] = field(default_factory=dict)
    variants: tuple[str, ...] = ("",)

    def all_positions(self) -> dict[str, tuple[Any, ...]]:
        """
        Every switch with the positions that are played.
        """
        hints = get_type_hints(self.switches)
        return {
            name: get_args(hint) if get_origin(hint) is Literal else tuple(self.positions.get(name, ()))
            for name, hint in hints.items()
        }

    def plays(self) -> Iterator[Play]:
        """
        Each position of each switch, in each variant.
        """
        for switch, values in self.all_positions().items():
            for position in values:
                for variant in self.variants:
                    yield Play(switch, position, variant)

    def run(self, play: Play) -> None:
        """
        Live through one play. Raises AssertionError where it ends otherwise than it should.
        """
        self.stories.get(play.switch, self.story)(play)

    def gaps(self) -> list[str]:
        """
        Switches that no two positions are played of, and names in the declaration that are no switches.
        """
        known = self.all_positions()
        declared = {*self.stories, *self.positions, *self.uncalled}
        return [
            *(f"{name}: has no two positions to play" for name, of in known.items() if len(of) < POSITIONS_MIN),
            *(f"{name}: is no switch of {self.switches.__name__}" for name in sorted(declared - known.keys())),
        ]


def catalogue() -> list[Readings]:
    """
    The readings of every vendor that has a file here.
    """
    found = (getattr(module, "READINGS", None) for module in _modules())
    return [each for each in found if isinstance(each, Readings)]


def unread() -> list[str]:
    """
    Sandboxes whose switches nobody plays.
    """
    played = {readings.switches for readings in catalogue()}
    declared = [kind for path in sorted(SANDBOXES.glob("*_switches.py")) for kind in _kinds(path.stem)]
    return [
        f"{kind.__module__}.{kind.__name__}: no file in {HERE.name}/ plays it"
        for kind in declared
        if kind not in played
    ]


def _modules() -> Iterator[ModuleType]:
    for each in pkgutil.iter_modules([str(HERE)]):
        if not each.name.startswith("_"):
            yield import_module(f"tests.scenarios.readings.{each.name}")


def _kinds(name: str) -> list[type]:
    module = import_module(f"tests.sandbox.{name}")
    own = (each for each in vars(module).values() if isinstance(each, type) and each.__module__ == module.__name__)
    return [each for each in own if is_dataclass(each)]
