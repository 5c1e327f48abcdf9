"""
One submission's whole story: what came, what was made of it, and what became of each delivery.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from chalicelib.cli.deliveries import as_json as delivery_json
from chalicelib.cli.deliveries import show_delivery
from chalicelib.cli.screen import data, facts, hint, say, show, stacked, table, title
from chalicelib.cli.tools import Tools, as_json, example, placed, revealing
from chalicelib.cli.veil import Veil
from chalicelib.cli.words import amount, first_line, iso, plain, second
from chalicelib.model import State

if TYPE_CHECKING:
    from chalicelib.relay.calls_seen import CallSeen
    from chalicelib.relay.viewing import Story


@click.command(epilog=example("ekiden story 01JDXXXXXXXXXXXXXXXXXXXXXX", "ekiden submission ID --reveal --json"))
@click.argument("name", metavar="ID")
@revealing
@placed
@as_json
@click.pass_obj
def submission(tools: Tools, *, name: str, reveal: bool, as_json: bool) -> None:
    """
    Tell the whole story of one submission.

    What came, and each delivery with its fields, its history and its result. ID is the submission's (a form's answer
    carries it as `id`) or that of one of its deliveries.
    """
    operator = tools.relay().operator
    story = operator.story(name)
    event_id = name.partition(".")[0]
    if reveal:
        operator.note_reveal(event_id)
    veil = Veil(config=operator.config, lifted=reveal)
    if as_json:
        data(_as_json(event_id, story, veil, operator.calls(story)))
        return
    _show_event(event_id, story, veil)
    for each in story.deliveries:
        say("")
        show_delivery(each, story.histories.get(each.id, ()), veil)
    _show_calls(operator.calls(story), veil)
    say("")
    for each in story.deliveries:
        if each.state in {State.DEAD, State.HELD}:
            hint(f"ekiden {each.state} show {each.id}")
    if not reveal:
        hint(f"ekiden submission {event_id} --reveal")


def _show_event(event_id: str, story: Story, veil: Veil) -> None:
    show(Text.assemble("submission ", (event_id, "bold")))
    if not story.event:
        say("What came has expired; its deliveries are still on record.", style="yellow")
        return
    event = _event(story, veil)
    told: dict[str, str | Text] = {
        "source": event["source"],
        "kind": event["kind"],
        "arrived": f"{second(_time(story, 'arrived_at'))} JST",
        "event time": f"{second(_time(story, 'time'))} JST" if story.event["time"] != story.event["arrived_at"] else "",
        "held for": veil.words(event["hold"] or ""),
        **{f"evidence: {name}": str(value) for name, value in event["evidence"].items()},
    }
    show(facts(told))
    title("\nwhat came")
    show(facts({name: value or "(blank)" for name, value in event["fields"].items()}))


def _time(story: Story, name: str) -> Any:  # noqa: ANN401 - a stored time
    from chalicelib.records.layout import unstamp  # noqa: PLC0415 - only where a story is told

    return unstamp(story.event[name])


def _event(story: Story, veil: Veil) -> dict[str, Any]:
    from chalicelib.records.layout import load  # noqa: PLC0415 - only where a story is told

    source = str(story.event["source"])
    return {
        "source": source,
        "kind": story.event["kind"],
        "arrived_at": iso(_time(story, "arrived_at")),
        "time": iso(_time(story, "time")),
        "hold": story.event.get("hold"),
        "evidence": load(story.event.get("evidence")),
        "fields": veil.fields(source, story.fields),
    }


def _show_calls(calls: Sequence[CallSeen], veil: Veil) -> None:
    if not calls:
        return
    title("\ncalls")
    made = table("call and time (JST)", "what came back", whole=(0,))
    for each in calls:
        rows = f"{amount(each.rows, 'row')}, " if each.rows != 1 else ""
        size = f"{rows}{each.file_bytes:,} bytes" if each.file else rows.rstrip(", ")
        tries = f"try {each.tries}" if each.tries > 1 else ""
        told = ", ".join(filter(None, (each.delivery, size, tries)))
        reply = plain(veil.words(first_line(each.reply))) or "(open)"
        made.add_row(stacked(each.id, second(each.at)), stacked(reply, told))
    show(made)


def _call_json(call: CallSeen, veil: Veil) -> dict[str, Any]:
    return {
        "id": call.id,
        "delivery": call.delivery,
        "lane": call.lane,
        "at": iso(call.at),
        "reply": veil.words(call.reply),
        "rows": call.rows,
        "tries": call.tries,
        "file": call.file,
        "file_bytes": call.file_bytes,
    }


def _as_json(event_id: str, story: Story, veil: Veil, calls: Sequence[CallSeen]) -> dict[str, Any]:
    deliveries = [delivery_json(each, veil, story.histories.get(each.id, ())) for each in story.deliveries]
    came = _event(story, veil) if story.event else {}
    return {"id": event_id, **came, "deliveries": deliveries, "calls": [_call_json(each, veil) for each in calls]}
