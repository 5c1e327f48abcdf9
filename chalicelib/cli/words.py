"""
How times, spans, amounts and strange characters are written for an operator.
"""

from __future__ import annotations

from datetime import datetime

from chalicelib.plain import plain
from chalicelib.planning.windows import JST

__all__ = ["amount", "first_line", "iso", "minute", "plain", "second", "span"]

UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def minute(at: datetime | None) -> str:
    """
    A time in Tokyo, to the minute; nothing for no time.

    >>> from datetime import UTC
    >>> minute(datetime(2026, 11, 21, 15, 1, tzinfo=UTC))
    '2026-11-22 00:01'
    """
    return f"{at.astimezone(JST):%Y-%m-%d %H:%M}" if at else ""


def second(at: datetime | None) -> str:
    """
    A time in Tokyo, to the second; nothing for no time.
    """
    return f"{at.astimezone(JST):%Y-%m-%d %H:%M:%S}" if at else ""


def iso(at: datetime | None) -> str | None:
    """
    A time in Tokyo for programs: ISO 8601 with its offset.
    """
    return at.astimezone(JST).isoformat(timespec="seconds") if at else None


def span(seconds: float) -> str:
    """
    A span of time in its two largest units.

    >>> span(45), span(221.05), span(4_320), span(86_400)
    ('45 s', '3 min 41 s', '1 h 12 min', '1 d')
    """
    left = max(0, int(seconds))
    parts: list[str] = []
    for length, unit in UNITS:
        number, left = divmod(left, length)
        if number or parts:
            parts.append(f"{number} {unit}" if number else "")
    return " ".join(part for part in parts[:2] if part) or "0 s"


def amount(number: int, one: str, many: str = "") -> str:
    """
    A number with its noun.

    >>> amount(1, "delivery", "deliveries"), amount(1200, "call")
    ('1 delivery', '1,200 calls')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def first_line(text: str) -> str:
    """
    The first line of a reason, which may carry a traceback.
    """
    return text.strip().partition("\n")[0]
