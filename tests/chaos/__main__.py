"""
`make chaos`: the packaged app on the embedded AWS, hurt in every way that a machine without AWS allows.

    python -m tests.chaos [--forms 2000] [--only "DynamoDB refuses"]

Exit status 0 if nothing was lost, nobody refused, and no call was over the vendor's limit. The last line is JSON.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from dataclasses import asdict

import click
from rich.console import Console
from rich.table import Table

from tests.chaos.judging import Books, Score, is_drained, over_limit
from tests.chaos.place import Place, built
from tests.chaos.rounds import ROUNDS, Game
from tests.chaos.senders import Told, Visitors
from tests.demo.sending import warm
from tests.demo.show import WIDTH_MAX, Show

DRAIN_STEPS = 120
DRAIN_SECONDS = 420
STEP_WAIT_SECONDS = 2.0


@click.command()
@click.option("--forms", default=2_000, show_default=True, help="Forms of the round in which workers are killed.")
@click.option("--only", type=click.Choice(list(ROUNDS)), help="One round.")
def main(forms: int, only: str | None) -> None:
    """
    Hurt the relay, and count what is lost.
    """
    console = Console(highlight=False)
    console.width = min(console.width, WIDTH_MAX)
    show = Show(console)
    show.title("駅伝 Ekiden", "chaos")
    with built(show) as place:
        warm(place.relay)
        game = Game(place=place, visitors=Visitors(place.relay), forms=forms)
        played = [_play(show, game, name) for name in ([only] if only else ROUNDS)]
        drained = _drain(show, place)
        books = Books(place)
        scores = [books.score(name, told, killed=killed, seconds=took) for name, told, killed, took in played]
        states, over = place.states(), over_limit(place)
        lost = [each for _, told, _, _ in played for each in told.accepted if each not in books.known]
        console.print(_table(scores))
        failed = bool(over) or not drained or any(each.lost or each.refused for each in scores)
        told = {
            "rounds": [asdict(each) for each in scores],
            "states": dict(states),
            "over_limit": over,
            "drained": drained,
            "lost": lost[:10],
        }
        told = json.dumps(found, ensure_ascii=False) + "\n"
    sys.stdout.write(told)
    sys.exit(int(failed))


def _play(show: Show, game: Game, name: str) -> tuple[str, Told, int, float]:
    told, killed, begun = Told(), len(game.place.killed), time.monotonic()
    with show.step(name) as say:
        ROUNDS[name](game, told)
        say(f"{len(told.accepted):,} accepted")
    return name, told, len(game.place.killed) - killed, time.monotonic() - begun


def _drain(show: Show, place: Place) -> bool:
    """
    All is well again: let time pass until nothing waits;.
    """
    with show.step("Everything is well again; what waits goes out") as say:
        pause = threading.Event()
        for step in range(DRAIN_STEPS):
            place.skip(DRAIN_SECONDS)
            pause.wait(STEP_WAIT_SECONDS)
            if is_drained(place):
                say(f"{step + 1} steps of {DRAIN_SECONDS} s")
                return True
        say(f"still: {dict(place.states())}")
    return False


def _table(scores: list[Score]) -> Table:
    made = Table(title="Chaos", title_justify="left")
    for heading in ("round", "accepted", "lost", "twice", "refused", "unanswered", "killed", "seconds"):
        made.add_column(heading, justify="left" if heading == "round" else "right")
    for each in scores:
        red = "[bold red]" if each.lost or each.refused else ""
        made.add_row(
            f"{red}{each.name}",
            *(f"{value:,}" for value in (each.accepted, each.lost, each.twice, each.refused, each.unanswered)),
            f"{each.killed:,}",
            f"{each.seconds:.0f}",
        )
    return made


if __name__ == "__main__":
    main()
