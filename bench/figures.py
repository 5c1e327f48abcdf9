"""
What a measurement is, and how it is told.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """
    One measured value, with the most it should be, if there is such a bound.
    """

    what: str
    value: float
    unit: str = ""
    target: float | None = None
    digits: int = 2

    @property
    def text(self) -> str:
        """
        The value with its unit.
        """
        return f"{self.value:,.{self.digits}f} {self.unit}".strip()

    @property
    def target_text(self) -> str:
        """
        The bound, as text.
        """
        return "" if self.target is None else f"≤ {self.target:g} {self.unit}".strip()

    @property
    def mark(self) -> str:
        """
        Whether the bound is kept.
        """
        if self.target is None:
            return ""
        return "[green]✓[/]" if self.value <= self.target else "[red]✗[/]"
