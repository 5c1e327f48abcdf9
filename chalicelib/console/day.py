"""
A day by hours: what came, the calls of each lane, and how long the oldest delivery waited.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from chalicelib.console.charts import Series, bars, hours_table
from chalicelib.console.frame import Frame, button, grid, note, page
from chalicelib.console.markup import Child, Html, el
from chalicelib.console.saying import Say
from chalicelib.value import value


@value
class LanePicture:
    """
    A lane's calls, and the longest waits in minutes, by the hour.
    """

    lane: str
    calls: tuple[int, ...]
    waits: tuple[int, ...]


@value
class Picture:
    """
    One day in Tokyo. `came` are (source, submissions by the hour).
    """

    day: date
    today: date
    came: tuple[tuple[str, tuple[int, ...]], ...]
    lanes: tuple[LanePicture, ...]


def day_page(frame: Frame, picture: Picture) -> str:
    """
    The day's charts, each with its figures in a table.
    """
    say = frame.say
    charts = [_section(say, say("届いたもの", "What came"), _came(say, picture), say("件", "submissions"))]
    for each in picture.lanes:
        calls = (Series(name=say("呼び出し", "calls"), values=each.calls, kind="second"),)
        charts.append(_section(say, say(f"{each.lane} の呼び出し", f"Calls of {each.lane}"), calls, say("回", "calls")))
        waits = (Series(name=say("最長の待ち（分）", "longest wait (min)"), values=each.waits, kind="long"),)
        title = say(f"{each.lane} の最長の待ち", f"Longest waits of {each.lane}")
        charts.append(_section(say, title, waits, say("分", "minutes")))
    title = say(f"{picture.day:%Y-%m-%d} の一日", f"The day {picture.day:%Y-%m-%d}")
    return page(frame, title, _choose(frame, picture), el("div", charts, class_="charts"), current="days")


def _came(say: Say, picture: Picture) -> tuple[Series, ...]:
    """
    All sources together first, then each that has brought anything.
    """
    whole = tuple(sum(hour) for hour in zip(*(values for _, values in picture.came), strict=True))
    each = [Series(name=name, values=values) for name, values in picture.came if any(values)]
    return (Series(name=say("合計", "all"), values=whole), *(each if len(each) > 1 else ()))


def _section(say: Say, title: str, series: Sequence[Series], unit: str) -> Html:
    """
    A chart of the first series, and a table of all of them.
    """
    lines = hours_table(series)
    if not lines:
        nothing = note(say("この日の記録はありません。", "None on this day."))
        return el("section", el("h2", title), nothing, class_="card")
    heads = [say("時", "hour"), *(each.name for each in series)]
    cells: list[list[Child]] = [list(line) for line in lines]
    figures = el("details", el("summary", say("数字で見る", "As figures")), grid(title, heads, cells, class_="figures"))
    return el("section", el("h2", title), bars(say, title, series[0], unit=unit), figures, class_="card")


def _choose(frame: Frame, picture: Picture) -> Html:
    """
    Yesterday, tomorrow, or a day of one's choice.
    """
    say, day = frame.say, picture.day
    before, after = day - timedelta(days=1), day + timedelta(days=1)
    box = el("input", type="date", name="date", value=day.isoformat(), max=picture.today.isoformat(), class_="box")
    chosen = el(
        "form",
        el("label", el("span", say("日付", "Date"), class_="name"), box),
        button(say("表示", "Show"), class_="quiet"),
        method="get",
        action=frame.to("days"),
        class_="line",
    )
    links = el(
        "p",
        el("a", say("前日", "Day before"), href=frame.to("days", before.isoformat())),
        " ",
        el("a", say("翌日", "Day after"), href=frame.to("days", after.isoformat())) if after <= picture.today else None,
    )
    return el("div", chosen, links)
