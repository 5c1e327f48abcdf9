"""
Bars by the hour, drawn on the server; the same figures stand beside them as a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, log10

from chalicelib.console.markup import Html, el
from chalicelib.console.saying import Say
from chalicelib.value import value

WIDTH, HEIGHT, FOOT, LEFT, TOP = 360, 150, 20, 48, 10
HOURS = 24
GAP = 2


@value
class Series:
    """
    A value for each hour of the day; `kind` is its colour: first, second or long.
    """

    name: str
    values: tuple[int, ...]
    kind: str = "first"


def bars(say: Say, title: str, series: Series, *, unit: str) -> Html:
    """
    One series as 24 bars.
    """
    most = top_of(max(series.values, default=0))
    room = HEIGHT - FOOT - TOP
    step = (WIDTH - LEFT) / HOURS
    drawn = []
    for hour, number in enumerate(series.values[:HOURS]):
        height = room * number / most
        x = LEFT + hour * step + GAP / 2
        tip = el("title", say(f"{hour}時台: {number:,}{unit}", f"{hour}:00 to {hour}:59: {number:,} {unit}"))
        y = round(TOP + room - height, 1)
        size = {"width": round(step - GAP, 1), "height": round(height, 1)}
        drawn.append(el("rect", tip, class_=series.kind, x=round(x, 1), y=y, rx=2, **size))
    whole = sum(series.values)
    peak = max(range(len(series.values)), key=series.values.__getitem__, default=0)
    summary = say(
        f"{title}。合計 {whole:,}{unit}、最も多いのは {peak}時台",
        f"{title}. {whole:,} {unit} in all, most of them from {peak}:00",
    )
    return el(
        "svg",
        _lines(most, room),
        drawn,
        [_hour(hour, step) for hour in range(0, HOURS + 1, 3)],
        viewbox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_label=summary,
        class_="chart",
    )


def top_of(most: int) -> int:
    """
    A round number at or above the highest bar.

    >>> [top_of(each) for each in (0, 3, 11, 240, 1_001)]
    [4, 4, 20, 400, 2000]
    """
    if most <= 4:
        return 4
    size: int = 10 ** int(log10(most))
    return next(number for each in (1, 2, 4, 6, 8, 10) if (number := size * each) >= most)


def _lines(most: int, room: int) -> list[Html]:
    found = []
    for part in range(3):
        y = TOP + room - room * part // 2
        found.append(el("line", class_="axis", x1=LEFT, x2=WIDTH, y1=y, y2=y))
        found.append(el("text", f"{ceil(most * part / 2):,}", x=LEFT - 6, y=y + 4, text_anchor="end"))
    return found


def _hour(hour: int, step: float) -> Html:
    anchor = "start" if hour == 0 else "end" if hour == HOURS else "middle"
    return el("text", f"{hour}", x=round(LEFT + hour * step, 1), y=HEIGHT - 5, text_anchor=anchor)


def hours_table(series: Sequence[Series]) -> list[list[str]]:
    """
    The same figures hour by hour; hours in which nothing happened are left out.
    """
    lines = []
    for hour in range(HOURS):
        values = [each.values[hour] if hour < len(each.values) else 0 for each in series]
        if any(values):
            lines.append([f"{hour}:00", *(f"{number:,}" for number in values)])
    return lines
