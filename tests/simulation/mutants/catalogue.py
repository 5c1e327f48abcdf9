"""
The mutants, each a promise broken on purpose in the real code.
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
                """        from chalicelib.relay.backlog import waiting_ids

        ids = waiting_ids(self._deps.ports.table, lane.name, call.key, limit=len(turns) or 1)
        names, turns = iter(ids), dict(zip(ids, turns.values(), strict=False))
        lines = [
            replace(one, deliveries=tuple(n for _, n in zip(one.deliveries, names, strict=False)))
            for one in file.batch.lines
        ]
        ends = settle_rows(self._deps, lane.name, lines, turns) if turns else []
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
        "erasing leaves the file in the bucket",
        (
            Patch(
                "relay/erasing.py",
                "        cut = self._cut_files(person, set(done), open_files)\n",
                "        cut: tuple[str, ...] = ()\n",
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

SEEDS_BEFORE: dict[str, int] = {
    "the day in UTC instead of Tokyo": 0,
    "refund on a time-out": 0,
    "refund twice": 39,
    "refund on a 500": 32,
    "reserve after the call": 0,
    "the reserve is not kept": 61,
    "windows written one by one": 0,
    "a call started inside the guard": 12,
    "a pause ignored inside the request": 15,
    "a 429 burns an attempt": 9,
    "delete from the backlog before settle": 15,
    "settle by position": 0,
    "no lease on `sending`": 18,
    "uncertain treated as failed": 0,
    "uncertain treated as delivered": 0,
    "a bad row fails its batch": 16,
    "no sweeper, and a message lost": 3,
    "a batch sealed from the lagging index": 14,
    "erasing leaves the file in the bucket": 0,
    "a reply settled from memory only": 4,
    "an opt-in after an opt-out wins": 3,
    "an older event overwrites a newer one": 11,
    "a blank overwrites": 2,
    "register and stop in one call": 9,
    "the id of a submission forgotten": 0,
    "the same content refused without a time limit": 1,
    "found: two workers take one claim for their own": 1,
    "found: rows read before another's call are sent after it": 9,
    "found: a registration in another group is superseded": 11,
    "found: merged across what belongs in between": 39,
    "found: one lost call burns two attempts": 6,
    "found: more rows of one contact than a transaction takes": 3,
    "found: rows that wait hold up those behind them": 45,
    "found: half a file is not found when somebody is erased": 25,
}
"""
The seeds that caught them last time. They are tried first, so that all of them are played within minutes; where the
simulation has changed since, others are looked for.
"""
