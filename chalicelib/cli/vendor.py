"""
Vendors: whether a destination of relay.toml is set up right, before a visitor finds out.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import click
from rich.text import Text

from chalicelib.adapters.journal import mask
from chalicelib.cli.connecting import LOCAL
from chalicelib.cli.screen import data, hint, say, show, table
from chalicelib.cli.tools import NOT_DONE, Doors, Tools, as_json, example, placed
from chalicelib.cli.words import amount, iso, plain
from chalicelib.planning.ledger import left
from chalicelib.planning.nights import clock

if TYPE_CHECKING:
    from chalicelib.destinations.kit import Finding
    from chalicelib.model import Config
    from chalicelib.relay import Relay
    from chalicelib.relay.viewing import LaneStatus

COLOURS = {"fine": "green", "warning": "yellow", "fault": "bold red", "told": "dim"}

Line = tuple[str, str, str]
"""
What was looked at, how it is (fine, warning, fault; told: for your information), and the words.
"""


@click.group(cls=Doors, epilog=example("ekiden vendor check desk --stage prod"))
@placed
def vendor() -> None:
    """
    Check destinations against their vendors.
    """


@vendor.command(
    "check", epilog=example("ekiden vendor check desk --stage prod", "ekiden vendor check desk --yes --json")
)
@click.argument("destination")
@click.option("--yes", is_flag=True, help="Spend the one call without asking.")
@placed
@as_json
@click.pass_context
def check(ctx: click.Context, *, destination: str, yes: bool, as_json: bool) -> None:
    """
    Look at credentials, sending address, quota and names of DESTINATION.

    Where the vendor has an API that can tell, it is asked with one call of the lane's quota, from this machine; you
    are asked first (with --json: only with --yes). Status 1 where a fault was found.
    """
    tools: Tools = ctx.obj
    relay = tools.relay()
    prober = relay.prober
    lane = relay.operator.lane_status(prober.destination(destination).lane)
    lines = [
        *_credentials(relay, destination),
        *_sender(tools, relay.operator.config, lane),
        *_quota(lane, relay.now()),
    ]
    asked = _may_ask(relay, destination, lines, yes=yes, quiet=as_json)
    if asked:
        found = prober.ask(destination)
        lines += [("vendor", each.level, each.text) for each in found.findings]
        lines += _whence(found.findings)
        lines += _quota_after(relay, lane)
    elif prober.probe(destination) is None:
        lines.append(("vendor", "told", _cannot_tell(prober.label(destination))))
    faults = sum(1 for _, level, _ in lines if level == "fault")
    if as_json:
        _print(destination, prober.label(destination), lines, asked=asked, relay=relay)
    else:
        _show(destination, lines, faults)
    if faults:
        ctx.exit(NOT_DONE)


# ── what is looked at ───────────────────────────────────────────────────────────────────────────────────────────────


def _credentials(relay: Relay, name: str) -> Iterator[Line]:
    missing = relay.prober.missing_credentials(name)
    for each in missing:
        yield "credentials", "fault", f"{each} is missing or cannot be read from here"
    if not missing:
        yield "credentials", "fine", "All of them can be read"


def _sender(tools: Tools, config: Config, lane: LaneStatus) -> Iterator[Line]:
    if lane.lane.egress != "fixed":
        words = "The vendor sees changing addresses of AWS Lambda. If it restricts addresses, set egress"
        yield "sender", "told", f'{words} = "fixed" and list the subnets in [egress]'
        return
    if tools.stage == LOCAL:
        yield "sender", "told", "On AWS calls leave by the Elastic IP of [egress]; the stage local has none"
        return
    found, why = _elastic_ips(tools, config)
    if found:
        words = f"The vendor sees {' or '.join(found)}: let it in there (one by one where ranges are not taken)"
        yield "sender", "told", words
    else:
        yield "sender", "warning", f"Calls leave by the subnets of [egress], whose Elastic IP was not found: {why}"


def _elastic_ips(tools: Tools, config: Config) -> tuple[tuple[str, ...], str]:
    from chalicelib.cli.telling import told  # noqa: PLC0415 - only where AWS says no
    from chalicelib.ops.egress import elastic_ips  # noqa: PLC0415 - only a fixed address needs it

    try:
        found = elastic_ips(tools.network(tools.stage), config.egress.subnet_ids)
    except Exception as error:
        words = told(error)
        if words is None:
            raise
        return (), words[0]
    return found, "they have no NAT gateway with a public address"


def _quota(found: LaneStatus, now: datetime) -> Iterator[Line]:
    lane, state = found.lane, found.state
    if state.paused_reason:
        yield "lane", "warning", f"{lane.name} is paused: {state.paused_reason}"
    elif state.breaker.kind:
        yield "lane", "warning", f"{lane.name} is closed ({state.breaker.kind}): {state.breaker.reason}"
    yield "quota", "told", f"By our books {_left(found, now)}"
    if state.night:
        words = f"{clock(state.night.begins)} to {clock(state.night.ends)}"
        yield "nights", "told", f"The vendor was last under maintenance from {words}, Japan time"


def _left(found: LaneStatus, now: datetime) -> str:
    words = []
    for limit in found.lane.limits:
        per = "today (Japan time)" if limit.per == "day" else f"in these {limit.slot_seconds} seconds"
        kept = f", beside {limit.reserve:,} kept for urgent work" if limit.reserve else ""
        words.append(f"{left(limit, found.state, now):,} of {limit.calls:,} calls are left {per}{kept}")
    rate = found.lane.rate
    if rate:
        words.append(f"calls may go {rate.interval_ms / 1_000:g} s apart, {rate.burst} at once")
    return "; ".join(words) or "there is no quota"


def _quota_after(relay: Relay, before: LaneStatus) -> Iterator[Line]:
    after = relay.operator.lane_status(before.lane.name)
    yield "quota", "told", f"The question was counted: now {_left(after, relay.now())}"


def _whence(findings: tuple[Finding, ...]) -> Iterator[Line]:
    words = "This machine asked, not AWS: whether the vendor lets in the address that deliveries come from is not said"
    refused = any(each.level == "fault" for each in findings)
    yield "sender", "told", f"{words}. A refusal may be this machine's alone" if refused else words


def _cannot_tell(label: str) -> str:
    return (
        f"{label} has no public API that tells whether keys, item names or group numbers are right without changing "
        "data. The first delivery will tell; a refusal of the keys pauses the lane, and nothing is lost"
    )


def _may_ask(relay: Relay, name: str, lines: list[Line], *, yes: bool, quiet: bool) -> bool:
    """
    Whether the vendor is to be asked: it can be, its credentials are there, and the operator agrees.
    """
    probe = relay.prober.probe(name)
    if probe is None or any(topic == "credentials" and level == "fault" for topic, level, _ in lines):
        return False
    if yes or quiet:
        return yes
    say(f"{relay.prober.label(name)} can be asked, by one call from this machine that changes nothing: {probe.asks}.")
    try:
        return click.confirm("Spend the call?")
    except click.Abort:
        return False


# ── showing ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _show(name: str, lines: list[Line], faults: int) -> None:
    made = table("", "", "", whole=(0, 1))
    for topic, level, words in lines:
        mark = Text("" if level == "told" else level, style=COLOURS[level])
        made.add_row(topic, mark, Text(plain(str(mask(words)))))
    show(made)
    if faults:
        say(f"\n{amount(faults, 'fault')} found. Mend them, and look again:", style="red")
        hint(f"ekiden vendor check {name}")
    else:
        say("\nNo fault was found.", style="green")


def _print(name: str, label: str, lines: list[Line], *, asked: bool, relay: Relay) -> None:
    data(
        {
            "destination": name,
            "vendor": label,
            "at": iso(relay.now()),
            "asked": asked,
            "ok": not any(level == "fault" for _, level, _ in lines),
            "findings": [{"about": topic, "level": level, "what": mask(words)} for topic, level, words in lines],
        },
    )
