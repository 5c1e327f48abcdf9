"""
The console's two languages, and how times, spans and numbers are written in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

from chalicelib.value import value

JST = timezone(timedelta(hours=9), "JST")
LANGUAGES = ("ja", "en")
UNITS = ((86_400, "日", "d"), (3_600, "時間", "h"), (60, "分", "min"), (1, "秒", "s"))

STATES: Mapping[str, tuple[str, str]] = {
    "waiting": ("待機中", "waiting"),
    "sending": ("送信中", "sending"),
    "uncertain": ("結果不明", "uncertain"),
    "held": ("保留", "held"),
    "delivered": ("送信済み", "delivered"),
    "dead": ("不達", "dead"),
    "superseded": ("置き換え済み", "superseded"),
    "skipped": ("対象外", "skipped"),
    "dropped": ("破棄", "dropped"),
    "erased": ("消去済み", "erased"),
}


@value
class Say:
    """
    Says things in one language: `say("不達", "dead letters")`.
    """

    lang: str = "ja"

    def __call__(self, ja: str, en: str) -> str:
        """
        The words of this language.
        """
        return ja if self.lang == "ja" else en

    def state(self, state: str) -> str:
        """
        A delivery's state.
        """
        return self(*STATES.get(state, (state, state)))

    def span(self, seconds: float) -> str:
        """
        A span of time in its two largest units.

        >>> Say().span(221), Say(lang="en").span(4_320), Say(lang="en").span(0)
        ('3分41秒', '1 h 12 min', '0 s')
        """
        left = max(0, int(seconds))
        parts: list[str] = []
        for length, ja, en in UNITS:
            number, left = divmod(left, length)
            if number or parts:
                parts.append(self(f"{number}{ja}", f"{number} {en}") if number else "")
        told = [part for part in parts[:2] if part] or [self("0秒", "0 s")]
        return self("", " ").join(told)

    def count(self, number: int, ja: str, en: str, many: str = "") -> str:
        """
        A number with its counter.

        >>> Say().count(1_200, "件", "delivery", "deliveries"), Say(lang="en").count(1, "回", "call")
        ('1,200件', '1 call')
        """
        return self(f"{number:,}{ja}", f"{number:,} {en if number == 1 else many or en + 's'}")


def preferred(header: str) -> str:
    """
    The language that a browser asks for by Accept-Language; Japanese where it asks for neither.

    >>> preferred("en-GB,en;q=0.9,ja;q=0.8"), preferred("ja"), preferred("fr"), preferred("en;q=0.1,ja;q=x")
    ('en', 'ja', 'ja', 'en')
    """
    wishes = []
    for position, part in enumerate(header.split(",")[:20]):
        name, _, rest = part.strip().partition(";")
        quality = rest.strip().removeprefix("q=")
        rank = float(quality) if quality.replace(".", "", 1).isdecimal() else (0.0 if rest.strip() else 1.0)
        language = name.partition("-")[0].lower()
        if language in LANGUAGES and rank > 0:
            wishes.append((-rank, position, language))
    return min(wishes)[2] if wishes else "ja"


def clock(at: datetime | None) -> str:
    """
    The time of day in Tokyo, to the second.
    """
    return f"{at.astimezone(JST):%H:%M:%S}" if at else ""


def moment(at: datetime | None) -> str:
    """
    A time in Tokyo with its day, to the second; nothing for no time.

    >>> from datetime import UTC
    >>> moment(datetime(2026, 11, 21, 15, 1, tzinfo=UTC))
    '2026-11-22 00:01:00'
    """
    return f"{at.astimezone(JST):%Y-%m-%d %H:%M:%S}" if at else ""


def soon(at: datetime, now: datetime) -> str:
    """
    A time near `now`: without its day where that is today's.
    """
    there, here = at.astimezone(JST), now.astimezone(JST)
    return f"{there:%H:%M:%S}" if there.date() == here.date() else f"{there:%m-%d %H:%M}"
