"""
What the commands for dead and for held deliveries share: lists, one delivery whole, plans, and deeds on several.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table
from rich.text import Text

from chalicelib.adapters.journal import mask
from chalicelib.cli.screen import data, facts, say, show, stacked, table, title
from chalicelib.cli.tools import NOT_DONE
from chalicelib.cli.veil import Veil
from chalicelib.cli.words import first_line, iso, minute, plain, second
from chalicelib.model import Delivery, State

if TYPE_CHECKING:
    from chalicelib.relay.operating import Operator

COLOURS = {
    State.DELIVERED: "green",
    State.DEAD: "bold red",
    State.HELD: "yellow",
    State.UNCERTAIN: "yellow",
    State.SENDING: "cyan",
    State.WAITING: "cyan",
}
REASON_CHARS_MAX = 300
"""
How much of a reason a list shows.
"""


def way(delivery: Delivery) -> str:
    """
    From where to where: "contact → satori upsert".
    """
    return f"{delivery.source} → {delivery.destination or '(not understood)'} {delivery.operation}".rstrip()


def rows(found: Iterable[Delivery], veil: Veil) -> Table:
    """
    A list of deliveries: id and time, way and reason.
    """
    made = table("id and time (JST)", "way and reason", whole=(0,), apart=1)
    for each in found:
        reason = plain(veil.words(first_line(each.reason)))[:REASON_CHARS_MAX]
        made.add_row(stacked(each.id, minute(each.settled_at or each.arrived_at)), stacked(way(each), Text(reason)))
    return made


def state_text(state: State) -> Text:
    """
    A state in its colour.
    """
    return Text(str(state), style=COLOURS.get(state, ""))


def show_delivery(
    delivery: Delivery, history: Sequence[str], veil: Veil, *, came: Mapping[str, Any] | None = None
) -> None:
    """
    Everything about one delivery; `came` shows beside it what could not be understood.
    """
    show(Text.assemble((delivery.id, "bold"), "  ", state_text(delivery.state)))
    show(facts(_facts(delivery, veil)))
    payload = veil.payload(delivery)
    if payload:
        title("\nfields")
        show(facts({name: value or "(blank)" for name, value in payload.items()}))
    if came:
        title("\nwhat came")
        show(facts(veil.fields(delivery.source, came)))
    if history:
        title("\nhistory (JST)")
        show(facts_of_history(history, veil))


def facts_of_history(history: Sequence[str], veil: Veil) -> Table:
    """
    A delivery's story, a line each.
    """
    made = Table(box=None, pad_edge=False, show_header=False)
    made.add_column(no_wrap=True, style="dim")
    made.add_column(no_wrap=True)
    made.add_column(overflow="fold")
    for at, state, note in map(_history_line, history):
        made.add_row(second(at), Text(plain(state)), Text(plain(veil.words(first_line(note)))))
    return made


def _history_line(line: str) -> tuple[datetime, str, str]:
    from chalicelib.records.layout import unstamp  # noqa: PLC0415 - only where a story is shown

    stamp, _, rest = line.partition(" ")
    state, _, note = rest.partition(" ")
    return unstamp(stamp), state, note


def _history_json(line: str, veil: Veil) -> dict[str, str | None]:
    at, state, note = _history_line(line)
    return {"at": iso(at), "state": state, "note": veil.words(note)}


def _facts(delivery: Delivery, veil: Veil) -> dict[str, str]:
    settings = ", ".join(f"{name} = {value}" for name, value in delivery.settings.items())
    fixed = ", ".join(delivery.fixes)
    return {
        "way": way(delivery) + (f" (route {delivery.route})" if delivery.route else ""),
        "reason": veil.words(delivery.reason),
        "lane": delivery.lane + (f", key {delivery.key}" if delivery.key not in {"", "-"} else ""),
        "settings": settings,
        "arrived": f"{second(delivery.arrived_at)} JST",
        "event time": f"{second(delivery.event_time)} JST" if delivery.event_time != delivery.arrived_at else "",
        "not before": f"{second(delivery.after)} JST" if delivery.after and delivery.state is State.WAITING else "",
        "settled": f"{second(delivery.settled_at)} JST" if delivery.settled_at else "",
        "attempts": f"{delivery.attempts:,}" if delivery.attempts else "",
        "proof": delivery.proof,
        "answer": ", ".join(f"{name} = {value}" for name, value in delivery.result.items()),
        "mended": fixed,
        "replay of": delivery.replay_of,
        "replaced by": delivery.superseded_by,
    }


def as_json(delivery: Delivery, veil: Veil, history: Sequence[str] = ()) -> dict[str, Any]:
    """
    One delivery for programs, as veiled as on the screen.
    """
    return {
        "id": delivery.id,
        "submission": delivery.event_id,
        "state": str(delivery.state),
        "reason": veil.words(delivery.reason),
        "source": delivery.source,
        "route": delivery.route,
        "destination": delivery.destination,
        "operation": delivery.operation,
        "lane": delivery.lane,
        "key": delivery.key,
        "settings": dict(delivery.settings),
        "fields": veil.payload(delivery),
        "event_time": iso(delivery.event_time),
        "arrived_at": iso(delivery.arrived_at),
        "settled_at": iso(delivery.settled_at),
        "attempts": delivery.attempts,
        "proof": delivery.proof,
        "result": dict(delivery.result),
        "replay_of": delivery.replay_of,
        "superseded_by": delivery.superseded_by,
        "history": [_history_json(line, veil) for line in history],
    }


# ── deeds ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def show_one(operator: Operator, delivery_id: str, *, reveal: bool, for_programs: bool) -> Delivery:
    """
    Show one delivery, and put it on record if its values are revealed.
    """
    delivery = operator.delivery(delivery_id)
    story = operator.story(delivery_id)
    history = story.histories.get(delivery.id, ())
    if reveal:
        operator.note_reveal(delivery.id)
    veil = Veil(config=operator.config, lifted=reveal)
    if for_programs:
        data(as_json(delivery, veil, history))
    else:
        show_delivery(delivery, history, veil, came=None if delivery.destination else story.fields)
    return delivery


def picked(operator: Operator, ids: Iterable[str], state: State) -> list[Delivery]:
    """
    The deliveries of these ids, each once. Raises OperatorError where one is missing or in another state.
    """
    from chalicelib.relay.viewing import OperatorError  # noqa: PLC0415 - loads the relay

    found = [operator.delivery(each) for each in dict.fromkeys(ids)]
    for each in found:
        if each.state is not state:
            raise OperatorError(
                f"{each.id} is {each.state}, not {state}. Look at it: ekiden submission {each.event_id}"
            )
    return found


def only_planned(
    ctx: click.Context, deed: str, found: Sequence[Delivery], veil: Veil, *, for_programs: bool = False
) -> None:
    """
    Show what would be done, say that nothing was, and end with status 1.
    """
    if for_programs:
        data({"done": False, "would": deed, "deliveries": [as_json(each, veil) for each in found]})
        ctx.exit(NOT_DONE)
    title(f"Would {deed}:")
    show(rows(found, veil))
    say("\nNothing was done. To do it, give the same command with --yes.", style="yellow")
    ctx.exit(NOT_DONE)


def one_by_one(
    ctx: click.Context, ids: Iterable[str], deed: Callable[[str], str], *, for_programs: bool = False
) -> None:
    """
    Do something to each; what cannot be done is told beside the others, and ends with status 1.
    """
    from chalicelib.relay.viewing import OperatorError  # noqa: PLC0415 - loads the relay

    made, failed = table("id", "result", whole=(0,)), 0
    results: list[dict[str, str]] = []
    for each in dict.fromkeys(ids):
        try:
            done = deed(each)
            made.add_row(Text(plain(each)), Text(done, style="green"))
            results.append({"id": each, "result": done, "error": ""})
        except OperatorError as error:
            failed += 1
            why = first_line(str(mask(str(error))))
            made.add_row(Text(plain(each)), Text(plain(why), style="red"))
            results.append({"id": each, "result": "", "error": why})
    if for_programs:
        data({"done": not failed, "results": results})
        if failed:
            ctx.exit(NOT_DONE)
        return
    show(made)
    if failed:
        say(f"\n{failed:,} of {made.row_count:,} stayed as before.", style="yellow")
        ctx.exit(NOT_DONE)
