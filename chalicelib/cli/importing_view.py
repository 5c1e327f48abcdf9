"""
What `ekiden import` shows: the plan with its cost, the bar, and what came of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chalicelib.adapters.journal import mask
from chalicelib.cli.screen import console, hint, say, show, table
from chalicelib.cli.screen import data as print_json
from chalicelib.cli.words import amount, iso, minute, plain
from chalicelib.model.upload import Import, ImportState
from chalicelib.planning.tiers import next_evening

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from chalicelib.cli.rehearsal import Cost, Rehearsal
    from chalicelib.relay import Relay
    from chalicelib.relay.viewing import LaneStatus

FAULTS_SHOWN = 20


def show_plan(relay: Relay, file: Path, plan: Rehearsal, *, leftovers: bool) -> None:
    """
    What the file is, what it would cost, when that would be done, and which lines are at fault.
    """
    say(f"{file.name}: {amount(plan.rows, 'row')}, {plan.charset}, columns {', '.join(filter(None, plan.columns))}")
    if plan.unmapped:
        say(f"No route names these columns: {', '.join(plan.unmapped)}", style="dim")
    for cost in plan.costs:
        status = relay.operator.lane_status(cost.lane.name)
        say(f"{cost.lane.name}: {in_words(cost, status)}")
        at = done_at(relay, cost, status, leftovers=leftovers)
        when = f"done about {minute(at)} JST" if at else "not before the lane is resumed"
        say(f"  {when}" + (", with what the evening leaves over" if leftovers else ""), style="dim")
    if plan.skipped:
        say(f"{amount(plan.skipped, 'row')} ask for nothing (test, ignored kind, or no route's condition holds).")
    if plan.faults:
        _show_faults(plan)


def in_words(cost: Cost, status: LaneStatus) -> str:
    """
    The cost in one line: "5,000 contacts = 1 call of 240 (12 used today)".
    """
    calls = f"{amount(cost.contacts, 'contact')} = {amount(cost.calls, 'call')}"
    return f"{calls} of {status.limit:,} a day ({status.used:,} used today)" if status.limit else calls


def done_at(relay: Relay, cost: Cost, status: LaneStatus, *, leftovers: bool) -> datetime | None:
    """
    About when the last call goes, if nothing else comes: None where an operator must act first.
    """
    if status.next_call_at is None:
        return None
    starts = next_evening(relay.now(), relay.operator.config.leftovers_hour) if leftovers else relay.now()
    begins = max(starts, status.next_call_at)
    if cost.lane.batching:
        return begins + timedelta(seconds=(cost.calls - 1) * status.pace_seconds)
    rate, day = cost.lane.rate, max(1, status.limit - status.reserved)
    seconds = cost.calls * rate.interval_ms / 1_000 if rate else 0.0
    days = ceil(cost.calls / day) - 1 if status.limit else 0
    return begins + timedelta(seconds=seconds, days=days)


def plan_json(relay: Relay, plan: Rehearsal, *, leftovers: bool) -> dict[str, Any]:
    """
    The plan for programs.
    """
    lanes = []
    for cost in plan.costs:
        status = relay.operator.lane_status(cost.lane.name)
        lanes.append(
            {
                "lane": cost.lane.name,
                "contacts": cost.contacts,
                "calls": cost.calls,
                "limit": status.limit or None,
                "used": status.used,
                "done_at": iso(done_at(relay, cost, status, leftovers=leftovers)),
            },
        )
    return {
        "rows": plan.rows,
        "skipped": plan.skipped,
        "leftovers": leftovers,
        "lanes": lanes,
        "faults": [{"line": line, "reason": mask(reason)} for line, reason in plan.faults],
    }


def show_result(found: Import, told: Mapping[str, Any], *, for_programs: bool) -> bool:
    """
    What came of the file; whether a person is needed.
    """
    bad = found.counts.get("dead", 0) + found.counts.get("held", 0)
    if for_programs:
        print_json({**told, "import": _json(found)})
        return bool(bad) or found.state is ImportState.HELD
    if found.state is ImportState.HELD:
        say(f"The file is held: {mask(found.reason)}", style="red")
        hint("ekiden held list")
        return True
    if found.same_as:
        say(f"The same bytes came as {found.same_as} within a week: nothing is sent twice.", style="yellow")
        return False
    counted = ", ".join(f"{number:,} {state}" for state, number in sorted(found.counts.items()))
    say(f"{found.rows_done:,} of {amount(found.rows, 'row')} stored{': ' if counted else ''}{counted}.", style="green")
    if bad:
        hint("ekiden dead list", "ekiden held list")
    hint("ekiden status")
    return bool(bad)


class Bar:
    """
    A progress bar that is moved by calling it.
    """

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress, self._task = progress, task

    def __call__(self, more: int) -> None:
        """
        Move on by so much.
        """
        self._progress.update(self._task, advance=more)

    def total(self, total: int) -> None:
        """
        Set how much there is in all.
        """
        self._progress.update(self._task, total=total)


@contextmanager
def uploading(what: str, total: int, *, quiet: bool) -> Iterator[Bar]:
    """
    A bar on standard error while something goes on; nothing where no terminal shows it.
    """
    from rich.progress import (  # noqa: PLC0415 - slow to load, and no other command needs it
        BarColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    screen = console(errors=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
    )
    hidden = quiet or not screen.is_terminal
    with Progress(*columns, console=screen, disable=hidden, transient=True) as progress:
        yield Bar(progress, progress.add_task(plain(what), total=total or None))


def _show_faults(plan: Rehearsal) -> None:
    say(f"\n{amount(len(plan.faults), 'row')} at fault; they would be dead or held, the others go:", style="yellow")
    made = table("line", "why", whole=(0,))
    for line, reason in plan.faults[:FAULTS_SHOWN]:
        made.add_row(str(line), plain(str(mask(reason))))
    show(made)
    if len(plan.faults) > FAULTS_SHOWN:
        say(f"and {len(plan.faults) - FAULTS_SHOWN:,} more; all of them with --json")


def _json(found: Import) -> dict[str, Any]:
    return {
        "id": found.id,
        "state": str(found.state),
        "rows": found.rows,
        "rows_done": found.rows_done,
        "repeated": found.repeated,
        "same_as": found.same_as or None,
        "counts": dict(found.counts),
        "reason": mask(found.reason) or None,
    }
