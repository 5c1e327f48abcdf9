"""
`make chaos`: the packaged app on the embedded AWS, hurt in every way that a machine without AWS allows.

    python -m tests.chaos [--forms 2000] [--only "DynamoDB refuses"]

Exit status 0 if nothing was lost, nobody refused, nothing carried twice without a doubt, and no call over the vendor's
limit. The last line of standard output is JSON.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict

import click
from rich.console import Console

from tests.chaos.judging import OPEN, Played, opened, over_limit, refused_of
from tests.chaos.place import Place, built
from tests.chaos.rounds import FORMS, ROUNDS, Game, Round
from tests.chaos.senders import Told, Visitors
from tests.chaos.telling import tell
from tests.demo.sending import warm
from tests.demo.show import WIDTH_MAX, Show

SHOWN_MAX = 5
DRAIN_STEPS_MAX = 60
DRAIN_SECONDS = 1_800
"""
A lane that may call sixty times a day calls about that often.
"""


@click.command()
@click.option("--forms", default=FORMS, show_default=True, help="Forms of the round in which workers are killed.")
@click.option("--only", type=click.Choice([each.name for each in ROUNDS]), help="One round.")
def main(forms: int, only: str | None) -> None:
    """
    Hurt the relay, and count what is lost.
    """
    console = Console(highlight=False, stderr=True)
    console.width = min(console.width, WIDTH_MAX) if console.is_terminal else WIDTH_MAX
    show = Show(console)
    show.title("駅伝 Ekiden", "chaos")
    rounds = [each for each in ROUNDS if only in (None, each.name)]
    with built(show) as place:
        visitors = Visitors(place.relay)
        played = [_play(show, place, visitors, each, forms if each.forms == FORMS else each.forms) for each in rounds]
        books, over = opened(place), over_limit(place)
        scores = [books.score(each, place) for each in played]
        busiest = max(place.haihai.calls_by_day.values(), default=0)
        found = {
            "rounds": [asdict(each) for each in scores],
            "over_limit": over,
            "calls_by_day": dict(place.haihai.calls_by_day),
            "lost": [address for each in played for address in books.lost(each.told)][:10],
            "refused": [asdict(knock) for each in played for knock in refused_of(each, place)][:SHOWN_MAX],
            "stories": [books.story(name) for each in played for name in books.odd(each.told)[:SHOWN_MAX]],
        }
        tell(console, scores, over=over, busiest=busiest)
        clearing = console.status("[cyan]Ending everything, and clearing up …[/]")
        clearing.start()
    clearing.stop()
    sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
    sys.exit(int(bool(over) or not all(each.is_good for each in scores)))


def _play(show: Show, place: Place, visitors: Visitors, chosen: Round, forms: int) -> Played:
    told, before, begun = Told(), _hurts(place), time.monotonic()
    with show.busy(f"{chosen.name}: cold starts"):
        warm(place.relay)
    with show.bar(chosen.name, forms) as done:
        chosen.play(Game(place=place, visitors=visitors, done=done), told, forms)
    seconds, hurts = time.monotonic() - begun, _hurts(place) - before
    with show.busy(f"{chosen.name}: all is well again, and what waits goes out"):
        place.quiet()
        left = _drain(place)
    still = f", {left:,} still wait" if left else ""
    found = f"{len(told.accepted):,} accepted, hurt {hurts:,} ×, {seconds:.0f} s{still}"
    show.expectation(chosen.name, found, met=not left and len(told.accepted) == forms)
    return Played(name=chosen.name, told=told, hurts=hurts, seconds=seconds)


def _hurts(place: Place) -> int:
    """
    How often anything was done to the relay so far: kills, restarts, refused requests, spoiled answers.
    """
    spoiled = place.satori.unclear() + place.haihai.unclear()
    return len(place.kills) + len(place.restarted) + sum(place.weather.refused.values()) + spoiled


def _drain(place: Place) -> int:
    """
    Let time pass until nothing waits, for a day and more; returns how many deliveries still do.
    """
    left = -1
    for _ in range(DRAIN_STEPS_MAX):
        left = sum(item["state"] in OPEN for item in place.items("DELIVERY#"))
        if not left:
            break
        place.turns(1, DRAIN_SECONDS)
    # Files that were taken are worked off at the vendor's a little later.
    place.turns(1, DRAIN_SECONDS)
    return left


if __name__ == "__main__":
    main()
