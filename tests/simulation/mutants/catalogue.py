"""
The mutants, each a promise broken on purpose in the real code.

There is none for erasing a person, which the relay cannot do yet.
"""

from __future__ import annotations

from tests.simulation.mutants.found import FOUND
from tests.simulation.mutants.order import ORDER
from tests.simulation.mutants.patching import Mutant, Patch
from tests.simulation.mutants.quota import QUOTA

SETTLING = (
    Mutant(
        "delete from the backlog before settle",
        (
            Patch(
                "records/deliveries.py",
                "        when=ready(),\n",
                '        remove=("waiting_pk", "waiting_sk"),\n        when=ready(),\n',
            ),
            Patch(
                "relay/single_rounds.py",
                "        where = pointer(message.body)\n        try:\n",
                "        where = pointer(message.body)\n        queue.delete(message)\n        try:\n",
            ),
        ),
    ),
    Mutant(
        "settle by position",
        (
            Patch(
                "relay/batches.py",
                "        ends = settle_rows(self._deps, lane.name, file.batch.lines, turns) if turns else []\n"
                "        self._notices.tell_of(replace(each, state=end, reason=ending.turns[each.id].reason) "
                "for each, end in ends)\n",
                """        ids = waiting_ids(self._deps.ports.table, lane.name, call.key, limit=len(ending.turns) or 1)
        names, turns = iter(ids), dict(zip(ids, ending.turns.values(), strict=False))
        lines = [replace(one, deliveries=tuple(n for _, n in zip(one.deliveries, names))) for one in file.batch.lines]
        ends = settle_rows(self._deps, lane.name, lines, turns) if ending.turns else []
""",
            ),
        ),
    ),
    Mutant(
        "no lease on `sending`",
        (
            Patch("records/deliveries.py", "        when=ready(),\n", ""),
            Patch("records/contacts.py", "        when=All((free, unchanged(contact))),\n", ""),
        ),
    ),
    Mutant(
        "uncertain treated as failed",
        (
            Patch(
                "planning/settle.py",
                "state = State.UNCERTAIN if isinstance(outcome, Uncertain) else State.WAITING",
                "state = State.DEAD if isinstance(outcome, Uncertain) else State.WAITING",
            ),
        ),
    ),
    Mutant(
        "uncertain treated as delivered",
        (
            Patch(
                "planning/settle.py",
                "    if isinstance(outcome, Refused):\n        return Turn(",
                "    if isinstance(outcome, Uncertain):\n"
                '        return Turn(state=State.DELIVERED, proof="accepted")\n'
                "    if isinstance(outcome, Refused):\n        return Turn(",
            ),
        ),
    ),
    Mutant(
        "a bad row fails its batch",
        (
            Patch(
                "relay/settling.py",
                "return len(members) > 1 and all(",
                "return len(members) < 1 and all(",
            ),
        ),
    ),
    Mutant(
        "no sweeper, and a message lost",
        (
            Patch(
                "relay/sweeping.py",
                "        bodies = [backlog_delivery(each.id) for each in self._due(lane)]\n",
                "        bodies: list[str] = []\n",
            ),
            Patch(
                "relay/sweeping.py",
                "            and has_rows(table, lane.name, key.name, tiers=tiers)\n",
                "            and not lane.name\n",
            ),
        ),
    ),
    Mutant(
        "a batch sealed from the lagging index",
        (
            Patch(
                "relay/picking.py",
                "    found = [deliveries.from_item(item) for item in items if item is not None]\n",
                "    found = [deliveries.from_item({**item, 'state': 'waiting'}) "
                "for item in items if item is not None]\n",
            ),
        ),
    ),
    Mutant(
        "a reply settled from memory only",
        (
            Patch(
                "relay/batches.py",
                "        files.store_reading(deps.ports.bucket, call, reading)\n",
                "",
            ),
            Patch(
                "relay/batches.py",
                "        if isinstance(deps.ports.table.write(lanes.record_reply(lane.name, replied)), Lost):\n",
                "        if not lane.name:\n",
            ),
        ),
    ),
)

MUTANTS: tuple[Mutant, ...] = (*QUOTA, *SETTLING, *ORDER, *FOUND)
