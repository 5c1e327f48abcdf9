"""
The functions of mappings over time: whatever a sender writes, in Japan's time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from unicodedata import normalize

from chalicelib.model.arrival import Json
from chalicelib.routing.values import Unfit, kind_of

JST = timezone(timedelta(hours=9), "JST")

TIME_FORMAT = "%Y-%m-%d %H:%M:%S"
DATE_FORMAT = "%Y-%m-%d"

EPOCH_MS_LEAST = 100_000_000_000
"""
An epoch number from here on counts milliseconds: as seconds it would lie beyond the year 5000.
"""


def jst(value: Json, pattern: Json = TIME_FORMAT) -> Json:
    """
    A time in Japan, as 'YYYY-MM-DD HH:MM:SS' or by a pattern of %Y %m %d %H %M %S.

    Reads ISO 8601, Japanese dates and Unix time (seconds or milliseconds). A time without zone is Japanese already.

    >>> jst("2026-01-15T02:10:00Z")
    '2026-01-15 11:10:00'
    >>> jst(1768443000000, "%Y/%m/%d")
    '2026/01/15'
    """
    if not isinstance(pattern, str) or _UNKNOWN_DIRECTIVE.search(pattern):
        raise Unfit("wants a pattern of %Y %m %d %H %M %S as its second argument")
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    return _formatted(_moment(value), pattern)


def date(value: Json) -> Json:
    """
    A day in Japan, as 'YYYY-MM-DD'. Reads what `jst` reads.

    >>> date("２０２６年１月５日")
    '2026-01-05'
    """
    return jst(value, DATE_FORMAT)


_JAPANESE_DATE = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?"
    r"(?:[T\s]*(\d{1,2})\s*[:時]\s*(\d{1,2})\s*(?:[:分]\s*(\d{1,2})?\s*秒?)?)?",
)
_DIRECTIVES: Mapping[str, str] = {"%Y": "04", "%m": "02", "%d": "02", "%H": "02", "%M": "02", "%S": "02"}
_DIRECTIVE = re.compile("%[YmdHMS]")
_UNKNOWN_DIRECTIVE = re.compile("%(?![YmdHMS])")
_UNREADABLE_TIME = "cannot read its first argument as a time"


def _moment(value: Json) -> datetime:
    """
    The time that a number or a text means; aware, any zone.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _epoch(value)
    if not isinstance(value, str):
        raise Unfit(f"wants a time, not {kind_of(value)}")
    text = normalize("NFKC", value).strip()
    if re.fullmatch(r"[0-9]{10}|[0-9]{13}", text):
        return _epoch(int(text))
    try:
        moment = _written(text)
    except ValueError:
        raise Unfit(_UNREADABLE_TIME) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=JST)


def _written(text: str) -> datetime:
    """
    A written time, naive where it names no zone. Raises ValueError.
    """
    japanese = _JAPANESE_DATE.fullmatch(text)
    if japanese is None:
        return datetime.fromisoformat(text)
    year, month, day, hour, minute, second = (int(part or 0) for part in japanese.groups())
    return datetime(year, month, day, hour, minute, second, tzinfo=JST)


def _epoch(number: float) -> datetime:
    seconds = number / 1000 if abs(number) >= EPOCH_MS_LEAST else number
    try:
        return datetime.fromtimestamp(seconds, tz=UTC)
    except (ValueError, OverflowError, OSError):
        raise Unfit(_UNREADABLE_TIME) from None


def _formatted(moment: datetime, pattern: str) -> str:
    """
    Only six directives, replaced here: the platform's strftime would depend on the locale.
    """
    try:
        local = moment.astimezone(JST)
    except (ValueError, OverflowError):
        raise Unfit(_UNREADABLE_TIME) from None
    parts = dict(zip(_DIRECTIVES, local.timetuple()[:6], strict=True))
    return _DIRECTIVE.sub(lambda found: format(parts[found.group()], _DIRECTIVES[found.group()]), pattern)
