"""
The end of the script: what must hold over the whole of it, and the numbers for the tables.
"""

from __future__ import annotations

from tests.demo.accounts import SECRETS
from tests.demo.expectations import Expect
from tests.demo.judging import addresses_in, calls_by_day, facts, ledger_by_day, settled_calls, states
from tests.demo.play import Play
from tests.demo.report import Calls

UNFINISHED = ("waiting", "sending", "uncertain", "held", "dead")


def whole(play: Play) -> list[Calls]:
    """
    Check what concerns the whole script; returns the calls of each lane and day, by both books.
    """
    play.chapter("The whole")
    with play.show.busy("reading every book and every log line"):
        lines = play.books.log_lines()
        calls = _calls(play, lines)
    day_max = play.quota.calls_per_day
    equal = bool(calls) and all(each.relay == each.vendor for each in calls)
    told = ", ".join(f"{each.relay}/{each.vendor}" for each in calls)
    play.expect(Expect.LEDGER_EQUAL, f"relay/vendor {told}", met=equal)
    days = [each for each in calls if each.limit]
    most = max((max(each.relay, each.counted) for each in days), default=0)
    play.expect(Expect.LEDGER_BOUND, f"at most {most} on a day", met=bool(days) and most <= day_max)
    _policies(play)
    logged = addresses_in(lines, play.sent.people)
    told = f"{len(lines):,} lines, {len(play.sent.people):,} addresses, {len(logged)} found"
    play.expect(Expect.LOGS_CLEAN, told, met=not logged and facts(lines, "envelope.accepted") >= play.sent.accepted)
    stored = play.books.events()
    told = f"{play.sent.accepted:,} accepted, {stored:,} stored"
    play.expect(Expect.ALL_STORED, told, met=stored == play.sent.accepted)
    left = {name: count for name, count in states(play.books.deliveries()).items() if name in UNFINISHED}
    told = ", ".join(f"{count} {name}" for name, count in left.items()) or "nothing"
    play.expect(Expect.NOTHING_LEFT, told, met=not left)
    return calls


def _calls(play: Play, lines: list[str]) -> list[Calls]:
    """
    Each lane's calls by the relay's book and by the vendor's. A lane with windows counts in its ledger, by day.
    """
    satori, haihai = play.books.satori(), play.books.haihai()
    ledger = ledger_by_day(play.books.lane(play.haihai).state.used)
    asked, counted = calls_by_day(haihai["calls"]), haihai["calls_by_day"]
    logged = settled_calls(lines).get(play.satori, 0)
    found = [Calls(lane=play.satori, relay=logged, vendor=len(satori["calls"]), counted=len(satori["calls"]))]
    found += [
        Calls(
            lane=play.haihai,
            day=day,
            limit=play.quota.calls_per_day,
            relay=ledger.get(day, 0),
            vendor=asked.get(day, 0),
            counted=counted.get(day, 0),
            refused=haihai["refused_by_day"].get(day, 0),
        )
        for day in sorted({*ledger, *asked, *counted})
    ]
    return found + _asked(play, haihai["retrievals"])


def _asked(play: Play, times: list[str]) -> list[Calls]:
    """
    The calls for the one list that 配配メール is asked for.
    """
    poll = play.running.config.sources["stopped"].poll
    if poll is None:
        return []
    (limit,) = play.running.config.lanes[poll.lane].limits
    ledger, seen = ledger_by_day(play.books.lane(poll.lane).state.used), calls_by_day(times)
    return [
        Calls(
            lane=poll.lane,
            day=day,
            limit=limit.calls,
            relay=ledger.get(day, 0),
            vendor=seen.get(day, 0),
            counted=seen.get(day, 0),
        )
        for day in sorted({*ledger, *seen})
    ]


def _policies(play: Play) -> None:
    """
    The sandboxes' own complaints: people washed in and out, undocumented settings or columns, keys stored as data.
    """
    satori, haihai = play.books.satori(), play.books.haihai()
    stored = str((satori["customers"], satori["action_log"]))
    leaked = [name for name, value in SECRETS.items() if name.startswith("SATORI_") and value in stored]
    complaints = [*haihai["alarms"], *haihai["unknown_keys"], *haihai["unknown_columns"], *leaked]
    failed = [row for job in haihai["jobs"] for row in job["failures"]]
    told = f"{len(complaints)} complaints, {len(failed)} rows failed in {len(haihai['jobs'])} files"
    play.expect(Expect.POLICY_CLEAN, told, met=not complaints and not failed)
