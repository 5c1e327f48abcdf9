"""
The tables and the line of JSON at the end.
"""

from __future__ import annotations

import io
import json

from rich.console import Console, RenderableType

from chalicelib.model import State
from tests.demo.make import delivery
from tests.demo.report import Calls, Outcome, arrivals_table, dead_table, summary, tables, verdict, waits_table
from tests.demo.show import Show

MENDED = [
    delivery(7, state=State.SUPERSEDED, reason="replayed as …"),
    delivery(7, id="01JDXXXXXXXXXXXXXXXXX00007.2", replay_of=delivery(7).id, fixes={"お名前": "吉田"}),
]
REASONS = {delivery(7).id: "お名前: has characters that cp932 does not have: 𠮷 U+20BB7"}
CALLS = [
    Calls(lane="satori", relay=7, vendor=7, counted=7),
    Calls(
        lane="haihaimail-api-sample-import", day="2026-11-21", limit=240, relay=17, vendor=17, refused=11, counted=240
    ),
    Calls(lane="haihaimail-api-sample-import", day="2026-11-22", limit=240, relay=1, vendor=1, counted=1),
]


def shown(what: RenderableType, width: int = 80) -> str:
    """
    What a window of this width shows.
    """
    out = io.StringIO()
    Console(file=out, width=width, highlight=False).print(what)
    return out.getvalue()


def test_each_way_has_a_row_that_adds_up() -> None:
    """Delivered, replaced, skipped and open make up the deliveries of a way."""
    found = [delivery(1), delivery(2, state=State.SKIPPED), delivery(3, state=State.WAITING), *MENDED]

    (row,) = [line for line in shown(arrivals_table(found)).splitlines() if "haihai register" in line]

    assert row.split()[-5:] == ["5", "2", "1", "1", "1"]


def test_waits_are_told_by_story() -> None:
    """A burst and a night without quota do not blur into one average."""
    found = [delivery(1, waited=200), delivery(2, waited=210), delivery(3, waited=32_400)]
    people = {"u1@example.co.jp": "burst", "u2@example.co.jp": "burst", "u3@example.co.jp": "spent"}

    lines = shown(waits_table(found, people)).splitlines()

    assert [line.split()[0] for line in lines[2:]] == ["burst", "spent"]
    assert "3 min 25 s" in lines[2]
    assert "9 h 00 min" in lines[3]


def test_a_mended_dead_letter_shows_why_with_what_and_how_it_ended() -> None:
    """Its own reason, not that it was replayed; the value that a person put in; that it arrived."""
    text = " ".join(shown(dead_table(MENDED, REASONS), 120).split())

    assert "𠮷 U+20BB7 お名前=吉田 delivered" in text


def test_a_dead_letter_that_nobody_mended_is_shown_as_dead() -> None:
    """It stands in the table, without a value, and as dead."""
    alone = delivery(7, state=State.DEAD, reason="x")

    assert "dead" in shown(dead_table([alone], REASONS))


def test_tables_fit_into_eighty_columns() -> None:
    """No name and no number is cut off or broken in a narrow window."""
    outcome = Outcome(
        found=[delivery(1), *MENDED], calls=CALLS, reasons=REASONS, people={"u1@example.co.jp": "a burst"}
    )

    text = "".join(shown(table) for table in tables(outcome))

    assert "…" not in text.replace("…X00007.1", "")
    assert "haihaimail-api-sample-import" in text
    assert "240 of 240" in text


def test_the_line_of_json_counts_what_the_table_holds() -> None:
    """Accepted is the sum of all deliveries; calls are by lane over all days; expectations are as they turned out."""
    outcome = Outcome(found=[delivery(1), *MENDED, delivery(9, state=State.SKIPPED)], calls=CALLS)

    told = json.loads(summary(outcome, {"it works": True}))

    assert told == {
        "accepted": 4,
        "delivered": 2,
        "waiting": 0,
        "uncertain": 0,
        "held": 0,
        "dead": 0,
        "superseded": 1,
        "skipped": 1,
        "calls": {"satori": 7, "haihaimail-api-sample-import": 18},
        "expectations": {"it works": True},
    }
    assert "\n" not in summary(outcome, {})


def test_the_verdict_names_what_failed() -> None:
    """Whoever reads only the last words knows which expectation to look at."""
    assert "All 3" in verdict([], 3).plain
    assert "names: they arrive" in verdict(["names: they arrive"], 3).plain


def test_an_expectation_fits_wide_and_narrow_windows() -> None:
    """Side by side in a wide window, below each other in a narrow one; markup in a finding is only text."""
    texts = {}
    for width in (80, 120):
        out = io.StringIO()
        Show(Console(file=out, width=width, highlight=False)).expectation(
            "names: they arrive", "[bold]髙﨑[/]", met=False
        )
        texts[width] = out.getvalue()

    assert texts[80].splitlines() == ["  ✗ names: they arrive", "    [bold]髙﨑[/]"]
    assert len(texts[120].splitlines()) == 1
    assert "[bold]髙﨑[/]" in texts[120]
