"""
Mutants of order and merging: what would leave old, blank or forbidden values at a vendor.
"""

from __future__ import annotations

from tests.simulation.mutants.patching import Mutant, Patch

ORDER = (
    Mutant(
        "an opt-in after an opt-out wins",
        (
            Patch(
                "planning/merge.py",
                "if out is not None and out in {one[0], other[0]}:",
                "if out is not None and one[0] == other[0] == out:",
            ),
        ),
    ),
    Mutant(
        "an older event overwrites a newer one",
        (
            Patch(
                "planning/merge.py",
                "overtaken = newest is not None and newest > at and",
                "overtaken = newest is not None and newest < at and newest > at and",
            ),
        ),
    ),
    Mutant(
        "a blank overwrites",
        (
            Patch("planning/merge.py", '        if value != "" or rules.blank_counts\n', ""),
            Patch(
                "destinations/satori_fields.py",
                "        elif shaped:\n            payload[name]",
                "        else:\n            payload[name]",
            ),
        ),
    ),
    Mutant(
        "register and stop in one call",
        (
            Patch(
                "planning/coalesce.py",
                "        same = (each.destination, each.operation, each.key) "
                "== (head.destination, head.operation, head.key)\n"
                "        joins = each.effect is head.effect and each.state in READY",
                "        same = (each.destination, each.key) == (head.destination, head.key)\n"
                "        joins = each.state in READY",
            ),
        ),
    ),
    Mutant(
        "the id of a submission forgotten",
        (
            Patch(
                "records/events.py",
                "    key = dedupe_key(event.source, event.dedupe)\n",
                "    key = dedupe_key(event.source, acceptance.event_id)\n",
            ),
        ),
    ),
    Mutant(
        "the same content refused without a time limit",
        (
            Patch(
                "records/events.py",
                'when=AnyOf((Absent("pk"), AtMost("at", forgotten))))',
                'when=Absent("pk"))',
            ),
        ),
    ),
)
