"""
A trial on the screen, and for programs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from rich.text import Text

from chalicelib.cli.bodies import shown
from chalicelib.cli.deliveries import as_json as delivery_json
from chalicelib.cli.deliveries import state_text, way
from chalicelib.cli.screen import facts, say, show, title
from chalicelib.cli.trial import Planned, Trial, hidden
from chalicelib.cli.veil import Veil
from chalicelib.cli.words import amount, first_line, iso, second
from chalicelib.model import Browser, Captcha, Config, Delivery, Envelope, Equals, Hmac, Source, State
from chalicelib.records.layout import unstamp
from chalicelib.relay.viewing import Story


def show_trial(config: Config, envelope: Envelope, found: Trial) -> None:
    """
    Events with their deliveries, then the calls, then what was left out.
    """
    veil = Veil(config=config, lifted=True)
    say(f"{len(envelope.body):,} bytes of {envelope.headers['content-type']}", style="dim")
    number = len(found.stories)
    for position, story in enumerate(found.stories, start=1):
        _show_event(f"event {position} of {number}" if number > 1 else "event", story, veil)
    if not found.stories:
        say("It holds no event; the sender would be answered all the same.", style="yellow")
    for name, why in found.poison:
        say(f"\n{name} cannot be packed: {why}", style="red")
    for position, each in enumerate(found.calls, start=1):
        _show_call(f"call {position} of {len(found.calls)}", each)
    if not found.calls:
        say("\nIt would cause no call.", style="yellow")
    unchecked = ", ".join(_unchecked(config.sources[envelope.source])) or "the source asks for no proof"
    say(f"\nNothing was sent. That the sender is genuine was not checked: {unchecked}.", style="green")
    if any(each.state is State.DEAD for each in found.deliveries):
        say("Mend the routes in relay.toml, then try again.")


def as_json(config: Config, envelope: Envelope, found: Trial) -> dict[str, Any]:
    """
    The same for programs.
    """
    veil = Veil(config=config, lifted=True)
    return {
        "source": envelope.source,
        "content_type": envelope.headers["content-type"],
        "not_checked": list(_unchecked(config.sources[envelope.source])),
        "events": [_event_json(story, veil) for story in found.stories],
        "cannot_be_packed": [{"delivery": name, "reason": why} for name, why in found.poison],
        "calls": [_call_json(each) for each in found.calls],
    }


# ── events ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _show_event(name: str, story: Story | None, veil: Veil) -> None:
    if story is None:
        title(f"\n{name}: repeats an earlier one, and is not taken twice")
        return
    event = story.event
    title(f"\n{name}: {event['kind']} at {second(unstamp(event['time']))} JST")
    if event.get("hold"):
        say(f"held: {event['hold']}", style="yellow")
    show(facts(veil.fields(event["source"], story.fields)))
    for each in story.deliveries:
        _show_delivery(each, veil)


def _show_delivery(delivery: Delivery, veil: Veil) -> None:
    state = Text("would be sent", style="green") if delivery.state is State.WAITING else state_text(delivery.state)
    route = f" (route {delivery.route})" if delivery.route else ""
    show(Text.assemble("\n", ("→ ", "cyan"), (way(delivery), "bold"), route, ": ", state))
    batch = f", batch key {delivery.key}" if delivery.key not in {"", "-"} else ""
    reasons = "\n".join(first_line(delivery.reason).split("; "))
    pairs = {"reason": reasons, "lane": f"{delivery.lane}{batch}" if delivery.lane else ""}
    pairs |= {"settings": ", ".join(f"{name} = {value}" for name, value in delivery.settings.items())}
    show(facts(pairs))
    if delivery.state is not State.WAITING and delivery.payload:
        show(facts({f"  {name}": value for name, value in veil.payload(delivery).items()}))


def _event_json(story: Story | None, veil: Veil) -> dict[str, Any]:
    if story is None:
        return {"repeats_an_earlier_event": True}
    event = story.event
    return {
        "id": event["id"],
        "kind": event["kind"],
        "time": iso(unstamp(event["time"])),
        "hold": event.get("hold"),
        "fields": dict(story.fields),
        "deliveries": [delivery_json(each, veil) for each in story.deliveries],
    }


# ── calls ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _show_call(name: str, planned: Planned) -> None:
    call = planned.call
    title(f"\n{name}: {call.method} {hidden(call.url)}")
    say(f"lane {planned.lane.name}, {_when(planned)}; {amount(len(planned.deliveries), 'delivery', 'deliveries')}")
    headers = {header: hidden(value) for header, value in call.headers.items()}
    show(facts(headers))
    parts = shown(call)
    show(facts({part.name: _pretty(part.text) or "(blank)" for part in parts if not part.filename}))
    for part in parts:
        if part.filename:
            say(f"\n{part.name}: {part.filename} ({part.charset or 'neither UTF-8 nor CP932'})", style="bold")
            say(part.text.replace("\r\n", "\n").rstrip("\n"))


def _pretty(text: str) -> str:
    """
    JSON on lines of its own; any other text as it is.
    """
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=2) if text.startswith("{") else text
    except ValueError:
        return text


def _when(planned: Planned) -> str:
    return "with all rows of its next file" if planned.lane.batching else "at once, as far as quota and pace allow"


def _call_json(planned: Planned) -> dict[str, Any]:
    call = planned.call
    return {
        "lane": planned.lane.name,
        "key": planned.key,
        "destination": planned.destination,
        "operation": planned.operation,
        "deliveries": list(planned.deliveries),
        "method": call.method,
        "url": hidden(call.url),
        "headers": {name: hidden(value) for name, value in call.headers.items()},
        "body": [
            {"name": part.name, "text": part.text}
            | ({"filename": part.filename, "charset": part.charset} if part.filename else {})
            for part in shown(call)
        ],
    }


def _unchecked(source: Source) -> Iterator[str]:
    """
    What proves a sender of this source, and is not asked of a sample.
    """
    for check in source.verify:
        if isinstance(check, Browser):
            yield "the page that the browser names (Origin)"
        elif isinstance(check, Hmac):
            yield f"the signature in {check.headers[0]}"
        elif isinstance(check, Equals):
            yield f"the value of {check.name}"
        elif isinstance(check, Captcha):
            yield "the captcha"
        else:
            yield f"the token in the {check.place}" + (f" {check.name}" if check.name else "")
