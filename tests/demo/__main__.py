"""
`make demo`: Ekiden as it would run on AWS, with sandboxes in the vendors' places, on this machine alone.

    python -m tests.demo           the script, then everything stays up to be tried out, until Ctrl-C
    python -m tests.demo --once    the script alone; exit status 0 if every expectation is met

With --once the last line of output is one JSON object.
"""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import closing
from types import FrameType

import click
import requests
from botocore.exceptions import BotoCoreError, ClientError
from rich.cells import set_cell_size
from rich.console import Console

from chalicelib.errors import RelayError
from chalicelib.ops.clock import offset
from chalicelib.ops.serve import ring
from tests.demo import asking, batches, report, visitors
from tests.demo.accounts import CONSOLE_NAME, CONSOLE_PASSWORD, CRM_TOKEN
from tests.demo.books import Books
from tests.demo.closing import whole
from tests.demo.expectations import Expect, Expectations
from tests.demo.installation import Installation, TooLong
from tests.demo.play import Play
from tests.demo.setting_up import installed
from tests.demo.show import WIDTH_MAX, Show
from tests.demo.website import OPERATOR

LOOK_SECONDS = 0.2
INTERRUPTED = 130
LABEL_CELLS = 16
STOPPERS = (TooLong, RelayError, requests.RequestException, BotoCoreError, ClientError, OSError)
"""
What may go wrong outside the demo's own code: it is told in words, without a traceback.
"""

EXAMPLE_EVENT = '{"events": [{"id": "1", "type": "new", "email": "mari@example.co.jp", "mail_ok": true}]}'
STORIES = (
    visitors.hashcodes,
    batches.burst,
    batches.names,
    visitors.silent_vendor,
    visitors.double_click,
    visitors.webhook_twice,
    batches.early_429,
    batches.spent_by_others,
    asking.opt_out,
    asking.lookup,
)
"""
In this order: the webhook's contact must be out of the way before the lane is refused.
"""


class Ended(BaseException):
    """
    Somebody asked the demo to end (Ctrl-C, SIGTERM, a closed terminal).
    """


@click.command()
@click.option("--once", is_flag=True, help="End after the script, with a line of JSON.")
def main(*, once: bool) -> None:
    """
    Run Ekiden as it would run on AWS, with sandboxes in the vendors' places, on this machine alone.

    Exit status 0 if every expectation is met. Without --once everything stays up afterwards, until Ctrl-C.
    """
    _end_on_signals()
    console = Console(highlight=False)
    console.width = min(console.width, WIDTH_MAX)
    show = Show(console)
    expectations = Expectations(lambda each: show.expectation(str(each.name), each.found, met=each.met))
    outcome = report.Outcome()
    interrupted = False
    try:
        _run(show, expectations, outcome, once=once)
    except Ended:
        interrupted = True
        show.say("Ended; nothing is left behind.")
    except STOPPERS as error:
        show.failure(f"The demo cannot go on: {error}")
    failed = expectations.failed
    if once:
        sys.stdout.write(report.summary(outcome, expectations.as_dict()) + "\n")
    sys.exit(INTERRUPTED if interrupted and (once or failed) else int(bool(failed)))


def _run(show: Show, expectations: Expectations, outcome: report.Outcome, *, once: bool) -> None:
    show.title("駅伝 Ekiden", "the packaged app, an embedded AWS, the vendors' sandboxes")
    with installed(show) as running, closing(Books(running)) as books:
        play = Play(running=running, books=books, expectations=expectations, show=show)
        try:
            for story in STORIES:
                story(play)
            outcome.calls = whole(play)
        except STOPPERS as error:
            show.failure(f"The script cannot go on: {error}")
            if not running.stack.running():
                raise TooLong(
                    f"the embedded AWS has ended by itself. Its last words:\n{running.last_words()}"
                ) from error
            for line in books.troubles():
                show.say(line)
        outcome.found, outcome.reasons, outcome.people = books.deliveries(), books.dead_reasons(), play.sent.people
        show.console.print()
        for table in report.tables(outcome):
            show.console.print(table)
            show.console.print()
        show.console.print(report.verdict(expectations.failed, len(Expect)))
        if not once:
            _tell_where(show, running)
            _stay(show, running)


def _tell_where(show: Show, running: Installation) -> None:
    """
    Where everything is, for those who want to try it themselves.
    """
    at = running.at
    places = [
        ("website", f"{at.website}/"),
        ("console", f"{at.website}{OPERATOR}"),
        *((f"form {name}", f"{at.relay}/in/{name}") for name, each in running.config.sources.items() if each.form),
        ("SATORI", f"{at.satori}/_sandbox/"),
        ("配配メール", f"{at.haihai}/_sandbox/"),
        ("Mail Dealer", f"{at.desk}/_sandbox/"),
    ]
    show.console.print()
    for label, place in places:
        show.console.print(f"  {set_cell_size(label, LABEL_CELLS)} [link={place}]{place}[/link]", soft_wrap=True)
    show.console.print()
    own = f"{at.relay}/console  {CONSOLE_NAME} / {CONSOLE_PASSWORD}"
    show.console.print(f"  Its own door:    {own}", soft_wrap=True, markup=False)
    for line in (
        f"  Be the CRM:      curl {at.relay}/in/crm -H 'X-Relay-Token: {CRM_TOKEN}' \\",
        "                   -H 'Content-Type: application/json' \\",
        f"                   -d '{EXAMPLE_EVENT}'",
    ):
        show.console.print(line, soft_wrap=True, markup=False)
    file = running.environment_file
    show.console.print(f"  Look into it:    . {file} && ekiden status", soft_wrap=True)
    show.console.print("  Move its clock:  ekiden clock by +3h", soft_wrap=True)
    show.console.print("\nEverything stays up. Ctrl-C ends it.")


def _stay(show: Show, running: Installation) -> None:
    """
    Stay until asked to end; whenever somebody moves the clock, wake every lane.
    """
    pause = threading.Event()
    seen = offset(running.clock_file)
    while running.stack.running():
        pause.wait(LOOK_SECONDS)
        now = offset(running.clock_file)
        if now != seen:
            seen = now
            ring(running.stack, running.deployed)
            show.say(f"The clock was moved to {running.now():%Y-%m-%d %H:%M:%S} UTC; all lanes were woken.")
    raise TooLong(f"the embedded AWS has ended by itself; its log was {running.stack.log}")


def _end_on_signals() -> None:
    def end(_number: int, _frame: FrameType | None) -> None:
        # Cleaning up must not be interrupted by an impatient second Ctrl-C.
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), signal.SIG_IGN)
        raise Ended

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), end)


if __name__ == "__main__":
    main()
