"""
Mutants that were real: faults which the simulation found, made again, so that it is seen to find them still.
"""

from __future__ import annotations

from tests.simulation.mutants.patching import Mutant, Patch

FOUND = (
    Mutant(
        "found: two workers take one claim for their own",
        (
            Patch(
                "records/lanes.py",
                'return "#".join(filter(None, (call.id, str(call.tries), call.claim)))',
                'return f"{call.id}#{call.tries}"',
            ),
        ),
    ),
    Mutant(
        "found: rows read before another's call are sent after it",
        (
            Patch(
                "records/lanes.py",
                'else All((Absent("call_token"), last))',
                'else Absent("call_token")',
            ),
        ),
    ),
    Mutant(
        "found: a registration in another group is superseded",
        (Patch("planning/merge.py", " and not _joins(merged, contact, rules):", ":"),),
    ),
    Mutant(
        "found: merged across what belongs in between",
        (
            Patch(
                "planning/coalesce.py",
                " or any(_goes_first(other, each) for other in contact.pending):",
                ":",
            ),
        ),
    ),
    Mutant(
        "found: a newer delivery passes what stands in between",
        (
            Patch(
                "relay/calls.py",
                "ids = ids[:MERGED_MAX] if delivery.id in ids else [*ids[:MERGED_MAX], delivery.id]",
                "ids = list(dict.fromkeys([*ids[:MERGED_MAX], delivery.id]))",
            ),
            # A second bound stands behind the first: what is read beyond it is not merged either.
            Patch("planning/coalesce.py", "for each in mine[1:MERGED_MAX]:", "for each in mine[1 : MERGED_MAX + 1]:"),
        ),
        story="tests/scenarios/test_hard_cases.py::test_the_newest_does_not_pass_the_deletion_before_it",
    ),
    Mutant(
        "found: one lost call burns two attempts",
        (
            Patch(
                "relay/settling.py",
                "when=deliveries.sent_by(delivery.call_id)",
                "when=deliveries.in_call(delivery.call_id)",
            ),
        ),
    ),
    Mutant(
        "found: more rows of one contact than a transaction takes",
        (Patch("planning/coalesce.py", "MERGED_MAX = 40\n", "MERGED_MAX = 200\n"),),
    ),
    Mutant(
        "found: rows that wait hold up those behind them",
        (Patch("relay/picking.py", "if plan.lines or not more or limit >= SCANNED_MAX:", "if plan.lines or limit:"),),
    ),
    Mutant(
        "found: a lost message is not missed beside another key's",
        (
            Patch(
                "relay/sweeping.py",
                "and (backlog_empty or key.due_at is None or key.due_at < long_ago)",
                "and backlog_empty",
            ),
        ),
        story="tests/scenarios/test_back_pressure.py::test_a_message_that_vanished_beside_another_keys_is_missed_too",
    ),
    Mutant(
        "found: half a file is not found when somebody is erased",
        (
            Patch(
                "relay/files.py",
                """    bucket.put(f"{place}/lines.json", _lines_json(file.batch.lines))
    bucket.put(f"{place}/data", file.data)
""",
                """    bucket.put(f"{place}/data", file.data)
    bucket.put(f"{place}/lines.json", _lines_json(file.batch.lines))
""",
            ),
        ),
    ),
)
