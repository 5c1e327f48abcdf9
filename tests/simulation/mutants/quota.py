"""
Mutants of the ledger: what would let calls go that the vendor does not allow, or count what was never called.
"""

from __future__ import annotations

from tests.simulation.mutants.patching import Mutant, Patch

QUOTA = (
    Mutant(
        "the day in UTC instead of Tokyo",
        (Patch("planning/windows.py", 'f"day#{now.astimezone(JST).date()', 'f"day#{now.astimezone(UTC).date()'),),
    ),
    Mutant(
        "refund on a time-out",
        (
            Patch(
                "destinations/replies.py",
                'harmless=harmless), Verdict(kind="failing", reason=reason))',
                'harmless=harmless), Verdict(kind="failing", reason=reason, definite=True))',
            ),
        ),
    ),
    Mutant(
        "refund twice",
        (
            Patch(
                "records/lanes.py",
                'remove=(*update.remove, "call", "call_token"), when=Equals("call_token", token(call)))',
                'remove=(*update.remove, "call", "call_token"), when=None)',
            ),
        ),
    ),
    Mutant(
        "refund on a 500",
        (
            Patch(
                "destinations/replies.py",
                "retry_after_seconds=wish, suspect=odd)",
                "retry_after_seconds=wish, suspect=odd, definite=status == 500)",
            ),
        ),
    ),
    Mutant(
        "reserve after the call",
        (
            Patch(
                "relay/calls.py",
                """        if isinstance(deps.ports.table.write(*begin(ready)), Lost):
            return self._reread(delivery, "another worker was faster")
        started = deps.now()
        reply = deps.ports.transport.send(ready.request, timeout_seconds=ready.timeout_seconds)
""",
                """        started = deps.now()
        reply = deps.ports.transport.send(ready.request, timeout_seconds=ready.timeout_seconds)
        if isinstance(deps.ports.table.write(*begin(ready)), Lost):
            return self._reread(delivery, "another worker was faster")
""",
            ),
        ),
    ),
    Mutant(
        "the reserve is not kept",
        (
            Patch(
                "planning/ledger.py",
                "return limit.calls if ask.urgent else limit.calls - limit.reserve",
                "return limit.calls",
            ),
        ),
    ),
    Mutant(
        "windows written one by one",
        (
            Patch(
                "relay/calls.py",
                """        if isinstance(deps.ports.table.write(*begin(ready)), Lost):
""",
                """        from chalicelib.ports import Absent, AnyOf, AtMost, Update

        for name, most in ready.reservation.windows:
            free = AnyOf((Absent(f"w:{name}"), AtMost(f"w:{name}", most)))
            one = Update(key=lane_key(ready.view.lane.name), add={f"w:{name}": 1}, when=free)
            if isinstance(deps.ports.table.write(one), Lost):
                return self._reread(delivery, "no room")
        ready = replace(ready, reservation=replace(ready.reservation, windows=()))
        if isinstance(deps.ports.table.write(*begin(ready)), Lost):
""",
            ),
        ),
    ),
    Mutant(
        "a call started inside the guard",
        (
            Patch(
                "planning/windows.py",
                "    limit = day_of(limits)\n    if limit is None:\n        return None\n",
                "    limit = day_of(limits)\n    if limit is None or timeout_seconds:\n        return None\n",
            ),
        ),
    ),
    Mutant(
        "a pause ignored inside the request",
        (
            Patch(
                "relay/calls.py",
                "        return self._try(delivery, replace(view, pending=(delivery,)), timeout_seconds)\n",
                '        running = replace(view.state, paused_reason="")\n'
                "        unpaused = replace(view, pending=(delivery,), state=running)\n"
                "        return self._try(delivery, unpaused, timeout_seconds)\n",
            ),
            Patch("records/lanes.py", '        Absent("paused_reason"),\n', ""),
        ),
    ),
    Mutant(
        "a 429 burns an attempt",
        (
            Patch(
                "planning/settle.py",
                "burns = not probe and (isinstance(outcome, Uncertain) or outcome.burns)",
                "burns = not probe",
            ),
        ),
    ),
)
