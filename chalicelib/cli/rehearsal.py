"""
What a file would do, found on this machine: its faults by line, and the calls that its rows would cost.

Nothing is stored or sent. Rows are understood, mapped, checked and packed by the relay's own rooms; only what the lane
knows already (older deliveries of the same people) is not asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.cli.trial import offline_ports
from chalicelib.destinations import VENDORS
from chalicelib.model import Config, Delivery, Files, Lane, Line, State
from chalicelib.relay.deps import Deps
from chalicelib.relay.drafting import Arrival, draft
from chalicelib.relay.headers import header_fault, unmapped
from chalicelib.sources.csv_rows import CsvTable, open_csv, rows
from chalicelib.sources.file_events import row_event

AT_FAULT = frozenset({State.DEAD, State.HELD})


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """
    What a lane would have to do: so many contacts in so many calls.
    """

    lane: Lane
    contacts: int
    calls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """
    A file before it is uploaded. `faults` are reasons with their lines; `skipped` rows ask for nothing.
    """

    columns: tuple[str, ...]
    charset: str
    unmapped: tuple[str, ...]
    rows: int
    skipped: int
    faults: tuple[tuple[int, str], ...]
    costs: tuple[Cost, ...]


@dataclass(slots=True)
class _Work:
    """
    The lines that each batch key would send, and the contacts of each lane of single calls.
    """

    lines: dict[tuple[str, str], dict[str, Line]] = field(default_factory=dict)
    heads: dict[tuple[str, str], Delivery] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)


def rehearse(config: Config, source: str, data: bytes, *, route: str, now: datetime) -> Rehearsal:
    """
    Read the whole file as the relay would. Raises CsvRefused for a file that would be held as a whole.
    """
    of = config.sources[source]
    files = of.files or Files()
    deps = Deps(config=config, vendors=VENDORS, ports=offline_ports(config, now))
    table = open_csv(data, charset=files.charset)
    wrong = header_fault(deps, source, table.columns, only_route=route)
    if wrong:
        from chalicelib.sources.csv_rows import CsvRefused  # noqa: PLC0415 - raised here only

        raise CsvRefused("header", wrong)
    work, count, skipped, faults = _Work(), 0, 0, list[tuple[int, str]]()
    for row in rows(table):
        count += 1
        event = row_event(row, of, key=b"", arrival=now, origin={})
        arrival = Arrival(event_id=f"row-{row.number}", event=event, at=now, signing_key=b"-")
        drafted = draft(arrival, deps, only_route=route).deliveries
        faults += [(row.line, each.reason) for each in drafted if each.state in AT_FAULT]
        skipped += all(each.state is State.SKIPPED for each in drafted)
        for each in drafted:
            if each.state is State.WAITING:
                _add(work, each, row.line)
    costs = _costs(deps, work, faults)
    return Rehearsal(
        columns=table.columns,
        charset=_charset(table),
        unmapped=tuple(unmapped(deps, source, table.columns, only_route=route)),
        rows=count,
        skipped=skipped,
        faults=tuple(sorted(faults)),
        costs=costs,
    )


def _add(work: _Work, delivery: Delivery, line: int) -> None:
    place = (delivery.lane, delivery.key)
    work.heads.setdefault(place, delivery)
    made = Line(contact=delivery.contact, payload=delivery.payload, deliveries=(delivery.id,))
    work.lines.setdefault(place, {})[delivery.contact or delivery.id] = made
    work.numbers[delivery.id] = line


def _costs(deps: Deps, work: _Work, faults: list[tuple[int, str]]) -> tuple[Cost, ...]:
    """
    The calls of each lane; lines whose bytes cannot be made join the faults.
    """
    found: dict[str, list[tuple[int, int]]] = {}
    for place, lines in work.lines.items():
        lane = deps.config.lanes[place[0]]
        given = tuple(lines.values())
        calls = _packed(deps, lane, work.heads[place], given, work.numbers, faults) if lane.batching else len(given)
        found.setdefault(lane.name, []).append((len(given), calls))
    return tuple(
        Cost(lane=deps.config.lanes[name], contacts=sum(n for n, _ in each), calls=sum(calls for _, calls in each))
        for name, each in sorted(found.items())
    )


def _packed(
    deps: Deps,
    lane: Lane,
    head: Delivery,
    lines: Sequence[Line],
    numbers: Mapping[str, int],
    faults: list[tuple[int, str]],
) -> int:
    """
    How many files these lines make, within the lane's rows and the vendor's bytes.
    """
    vendor, destination = deps.vendor(head.destination), deps.destination(head.destination)
    assert vendor.pack is not None, "a batching lane's vendor makes files"  # noqa: S101 - our own invariant
    calls, start = 0, 0
    while start < len(lines):
        operation = vendor.operations[head.operation]
        packed = vendor.pack(operation, head.settings, lines[start : start + lane.rows_max], destination)
        faults += [(numbers[line.deliveries[0]], why) for line, why in packed.poison]
        start += max(1, len(packed.taken) + len(packed.poison))
        calls += bool(packed.taken)
    return calls


def _charset(table: CsvTable) -> str:
    return "Shift_JIS" if table.charset == "cp932" else "UTF-8"
