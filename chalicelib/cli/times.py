"""
Times as an operator types them: a day or a time in Tokyo, or how long ago.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

import click

from chalicelib.planning.windows import JST

AGO = re.compile(r"(\d{1,4})(min|h|d)")
UNITS = {"min": "minutes", "h": "hours", "d": "days"}


class Moment(click.ParamType[datetime | timedelta]):
    """
    2026-11-21, 2026-11-21T10:00 (in Tokyo, unless it names a zone), or 3h, 2d, 30min for so long ago.

    A day alone is its beginning; with `end` it is its end.
    """

    name = "TIME"

    def __init__(self, *, end: bool = False) -> None:
        self._end = end

    def convert(
        self, value: str | datetime | timedelta, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime | timedelta:
        """
        The time, or how long ago it was: what that is, the relay's clock says.
        """
        if not isinstance(value, str):
            return value
        ago = AGO.fullmatch(value)
        if ago:
            return timedelta(**{UNITS[ago[2]]: int(ago[1])})
        try:
            if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
                day = date.fromisoformat(value) + timedelta(days=1 if self._end else 0)
                return datetime.combine(day, time(), JST)
            found = datetime.fromisoformat(value)
        except (ValueError, OverflowError):
            self.fail(
                f"{value!r} is no time. Write 2026-11-21, 2026-11-21T10:00, or 3h for three hours ago.", param, ctx
            )
        return found if found.tzinfo else found.replace(tzinfo=JST)


def at(found: datetime | timedelta | None, now: datetime) -> datetime | None:
    """
    The time that was meant, by the relay's clock.
    """
    return now - found if isinstance(found, timedelta) else found
