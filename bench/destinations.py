"""
What every destination costs: CPU to prepare, build and read one delivery, and rows a second where many travel together.

The samples are those of the contract tests, so a destination that is registered is measured by itself.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from bench.figures import Figure
from chalicelib.model import Line, Prepared, Reply
from tests.contract.destinations.samples import ACCEPTED, SAMPLES, Sample

ROUNDS = 5
DELIVERIES = 200
ROWS = 5_000


def cpu_seconds(work: Callable[[], object]) -> float:
    """The median CPU time of some rounds; the first, which imports and compiles, is not counted."""
    work()
    taken = []
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return statistics.median(taken)


def deliver(sample: Sample) -> None:
    """A delivery from its mapped values to the meaning of its answer, so many times."""
    vendor, to = sample.vendor, sample.destination
    reply = Reply(status=200, body=ACCEPTED[sample.slug])
    for _ in range(DELIVERIES):
        batch = sample.batch()
        vendor.rules(sample.declared, batch.settings, to)
        vendor.build(batch, sample.data(batch), to, sample.credentials)
        vendor.read(reply, batch, to)


def pack(sample: Sample, lines: list[Line]) -> None:
    """All lines into files, as many as it takes."""
    left = lines
    while left:
        made = sample.vendor.pack(sample.declared, sample.prepared().settings, left, sample.destination)
        left = left[len(made.taken) :]


def rows_of(sample: Sample) -> list[Line]:
    """Lines of contacts that nobody else is."""
    prepared = sample.prepared()
    assert isinstance(prepared, Prepared)
    return [Line(contact=f"c{each}", payload=prepared.payload, deliveries=(f"d{each}",)) for each in range(ROWS)]


def figures() -> list[Figure]:
    """One figure for each operation, and one more for those that take files."""
    found = []
    for sample in SAMPLES:
        each_ms = cpu_seconds(lambda sample=sample: deliver(sample)) / DELIVERIES * 1_000
        found.append(Figure(what=f"{sample.slug} {sample.operation}, a delivery", value=each_ms, unit="ms", target=3))
        if sample.vendor.pack is not None:
            lines = rows_of(sample)
            seconds = cpu_seconds(lambda sample=sample, lines=lines: pack(sample, lines))
            found.append(Figure(what="  rows packed", value=ROWS / seconds, unit="rows/s", digits=0))
    return found
