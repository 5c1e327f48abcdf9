"""
Erasing a person, with a receipt.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chalicelib.cli.screen import console, data, facts, hint, say, show, title
from chalicelib.cli.tools import as_json, confirmed, example, placed
from chalicelib.cli.words import amount, iso

if TYPE_CHECKING:
    from chalicelib.relay.erasing import Person, Receipt

NOT_DONE = 1
IDENTITY_CHARS_MIN = 16
LISTED = 20


@click.command(
    epilog=example(
        "ekiden erase taro@example.co.jp",
        "ekiden erase taro@example.co.jp --yes --receipt receipt.json",
        "ekiden erase - --yes < address.txt",
    )
)
@click.argument("identity", metavar="EMAIL|HASHCODE|-")
@click.option("--receipt", type=click.Path(path_type=Path, dir_okay=False), help="Write the receipt there, as JSON.")
@confirmed
@placed
@as_json
@click.pass_context
def erase(ctx: click.Context, *, identity: str, receipt: Path | None, yes: bool, as_json: bool) -> None:
    """
    Take a person out: table, queue, dead letters, files.

    That a submission came and what became of it stays; what it said does not. It reads the whole table. The vendors
    keep what they have: erase it there too. With "-" the address is read from standard input, so that no shell history
    keeps it.

    Exit status 1 if something was in a call just now: run it again a few minutes later.
    """
    eraser = ctx.obj.relay().eraser
    with _progress() as seen:
        person = eraser.find(_identity(identity), seen=seen)
    if person.unknown:
        if as_json:
            data({"submissions": [], "contacts": 0, "uploads": [], "mentioned_in": list(person.mentioned_in)})
        else:
            say("Nothing of this person is here.")
            _tell_mentions(person.mentioned_in)
        return
    if not yes:
        _plan(ctx, person, for_programs=as_json)
        return
    done = eraser.erase(person)
    told = _as_json(done)
    if receipt is not None:
        receipt.write_text(json.dumps(told, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    if as_json:
        data(told)
    else:
        _show(done, receipt)
    if done.in_flight:
        ctx.exit(NOT_DONE)


def _identity(given: str) -> str:
    """
    The address or hashcode. A short word would name half of the table.
    """
    identity = sys.stdin.readline().strip() if given == "-" else given.strip()
    if "@" not in identity and len(identity) < IDENTITY_CHARS_MIN:
        raise click.UsageError("Give a whole mail address, or a hashcode of SATORI.")
    return identity


@contextmanager
def _progress() -> Iterator[Callable[[], None]]:
    """
    How many items of the table have been looked at, on a terminal; the table does not say how many it has.
    """
    from rich.progress import Progress, SpinnerColumn, TextColumn  # noqa: PLC0415 - only where something takes long

    screen = console(errors=True)
    columns = (SpinnerColumn(), TextColumn("looking through the table"), TextColumn("{task.completed:,.0f} items"))
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as progress:
        task = progress.add_task("", total=None)
        yield lambda: progress.advance(task)


def _plan(ctx: click.Context, person: Person, *, for_programs: bool) -> None:
    if for_programs:
        data(
            {
                "submissions": list(person.event_ids),
                "contacts": len(person.contacts),
                "uploads": list(person.uploads),
                "mentioned_in": list(person.mentioned_in),
            }
        )
    else:
        title(f"would erase {amount(len(person.event_ids), 'submission')} of this person")
        for each in person.event_ids[:LISTED]:
            say(f"  {each}")
        if len(person.event_ids) > LISTED:
            say(f"  … and {len(person.event_ids) - LISTED:,} more; all of them with --json")
        say(f"and what {amount(len(person.contacts), 'lane')} remembers of them, and their lines in files sent.")
        if person.uploads:
            say(f"and {amount(len(person.uploads), 'uploaded file')}, whole:")
            for each in person.uploads[:LISTED]:
                say(f"  {each}")
        _tell_mentions(person.mentioned_in)
        say("\nNothing was done. It cannot be undone; to do it, give --yes.", style="yellow")
    ctx.exit(NOT_DONE)


def _tell_mentions(ids: tuple[str, ...]) -> None:
    """
    Submissions of others that quote the address: a person judges those.
    """
    if not ids:
        return
    say(f"\n{amount(len(ids), 'submission')} of others mention the address in a longer text, and are left alone:")
    for each in ids[:LISTED]:
        hint(f"ekiden submission {each}")


def _show(done: Receipt, file: Path | None) -> None:
    title("erased")
    states: dict[str, int] = {}
    for state in done.deliveries.values():
        states[state] = states.get(state, 0) + 1
    pairs = {
        "person": f"{done.person} (keyed digest)",
        "submissions": f"{len(done.submissions):,}",
        "deliveries": ", ".join(f"{number:,} {state}" for state, number in sorted(states.items())),
        "contacts": f"{done.contacts:,}",
        "files": "\n".join(done.files),
        "receipt": str(file or ""),
    }
    show(facts({name: text for name, text in pairs.items() if text}))
    _tell_mentions(done.mentioned_in)
    if done.in_flight:
        say("\nNot yet, because a call is open or a file is being read; run it again in a few minutes:", style="yellow")
        for each in done.in_flight:
            say(f"  {each}")


def _as_json(done: Receipt) -> dict[str, Any]:
    return {
        "at": iso(done.at),
        "person": done.person,
        "submissions": list(done.submissions),
        "deliveries": dict(done.deliveries),
        "contacts": done.contacts,
        "files": list(done.files),
        "in_flight": list(done.in_flight),
        "mentioned_in": list(done.mentioned_in),
    }
