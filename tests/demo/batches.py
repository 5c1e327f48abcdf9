"""
The stories of 配配メール: a burst, names that CP932 cannot write, an early 429, a day's calls spent by somebody else.
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from datetime import datetime, timedelta

from chalicelib.model import Delivery, State
from chalicelib.relay.viewing import LaneStatus
from tests.demo import sending
from tests.demo.expectations import Expect
from tests.demo.installation import TooLong
from tests.demo.judging import names_character, states, waits
from tests.demo.moments import SKEW_SECONDS, in_tokyo, in_words, midnight_after, today_at
from tests.demo.play import Play
from tests.demo.setting_up import REPOSITORY

BURST = 1_000
BURST_CALLS_MAX = 2
LATE = 20
PROBES_MAX = 12
NAME_ITEM = "お名前"
CLI = "from chalicelib.cli import main; main(prog_name='ekiden')"
TYPED, ARRIVES = "髙﨑①㈱〜", "髙﨑①㈱～"
"""
What a phone types, and what CP932 has of it: the wave dash comes as its full-width twin.
"""

EMOJI, RARE = "花子😀", "𠮷田"
FIXES = {EMOJI: ("花子", "😀"), RARE: ("吉田", "𠮷")}


def burst(play: Play) -> None:
    """
    A thousand forms within half a minute, at 240 calls a day.
    """
    play.chapter(f"2  {BURST:,} forms in a burst, 240 calls a day", f"{BURST:,} in a burst")
    people = [{"email": f"u{number:04}@example.co.jp", "name": f"髙橋 {number}"} for number in range(BURST)]
    with play.show.busy("cold starts"):
        sending.warm(play.running.at.relay)
    before = len(play.books.haihai()["calls"])
    started = play.running.now()
    with play.show.bar("forms", BURST) as done:
        landed = play.crowd("newsletter", people, done=done)
    took = (play.running.now() - started).total_seconds()
    answers = Counter(each.status for each in landed)
    told = f"{_in_words(answers)} in {in_words(took)}, the slowest answer {in_words(max(e.seconds for e in landed))}"
    play.expect(Expect.BURST_ACCEPTED, told, met=answers == {303: BURST})

    play.carry(play.haihai, "the lane's next call is due")
    book = play.books.haihai()
    there = {each["address"] for each in book["customers"]}
    arrived = sum(fields["email"] in there for fields in people)
    calls = len(book["calls"]) - before
    waited = waits(_of(play, {fields["email"] for fields in people}), book["calls"], play.quota)
    play.expect(Expect.BURST_ARRIVED, f"{arrived:,} rows", met=arrived == BURST)
    told = f"longest {in_words(waited.longest)}, promised {in_words(waited.bound)}"
    play.expect(Expect.BURST_WAITS, told, met=waited.count == BURST and waited.late == 0)
    told = f"{calls} of {play.quota.calls_per_day}"
    play.expect(Expect.BURST_CALLS, told, met=1 <= calls <= BURST_CALLS_MAX)


def names(play: Play) -> None:
    """
    Names that CP932 writes, and two that it cannot; a person mends those, and they arrive.
    """
    play.chapter("3  Names that CP932 can and cannot write", "names")
    typed = ["山田 一郎", TYPED, EMOJI, RARE, "阿部 二郎"]
    people = [{"email": f"name{number}@example.co.jp", "name": name} for number, name in enumerate(typed)]
    address = {fields["name"]: fields["email"] for fields in people}
    before = len(play.books.haihai()["calls"])
    play.crowd("newsletter", people)
    play.carry(play.haihai, "the lane's next call is due")
    rows, dead = play.books.rows(), play.running.operator.listed(State.DEAD)
    intact = rows.get(address[TYPED], {}).get("values", {}).get(NAME_ITEM, "")
    play.expect(Expect.NAME_INTACT, intact or "(did not arrive)", met=intact == ARRIVES)
    told = [each.reason for each in dead]
    named = len(dead) == len(FIXES) and all(
        any(names_character(reason, NAME_ITEM, character) for reason in told) for _, character in FIXES.values()
    )
    play.expect(Expect.NAMES_DEAD, "; ".join(told) or "(no dead letter)", met=named)
    good = {address[name] for name in typed if name not in FIXES}
    waited = waits(_of(play, good), play.books.haihai()["calls"], play.quota)
    calls = len(play.books.haihai()["calls"]) - before
    at_once = good <= set(rows) and waited.late == 0 and calls == 1
    play.expect(Expect.NEIGHBOURS, f"{len(good & set(rows))} rows in {calls} call", met=at_once)
    _fix(play, dead)
    play.carry(play.haihai, "the mended rows go")
    rows = play.books.rows()
    mended = {name: rows.get(address[name], {}).get("values", {}).get(NAME_ITEM, "(no)") for name in FIXES}
    met = all(mended[name] == right for name, (right, _) in FIXES.items())
    play.expect(Expect.NAMES_FIXED, ", ".join(f"{name} → {now}" for name, now in mended.items()), met=met)


def _fix(play: Play, dead: list[Delivery]) -> None:
    """
    As an operator mends a dead letter.
    """
    for each in dead:
        right = FIXES.get(each.payload.get(NAME_ITEM, ""), ("", ""))[0]
        told = f"ekiden dead fix {each.id} {NAME_ITEM}={right}"
        play.show.say(f"$ {told}")
        done = subprocess.run(
            [sys.executable, "-c", CLI, *told.split()[1:]],
            cwd=REPOSITORY,
            env=play.running.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise TooLong(f"`{told}` failed: {(done.stderr or done.stdout).strip()}")


def early_429(play: Play) -> None:
    """
    The vendor refuses although the relay's ledger has room: somebody else uses the account.
    """
    play.chapter("6  A 429 although there is room", "early 429")
    lane = play.haihai
    known = len(play.books.notices())
    play.books.go_wrong(play.running.at.haihai, {"kind": "early_429", "times": 1, "match": "custcsv"})
    play.crowd("newsletter", [{"email": "early@example.co.jp", "name": "早田"}])
    play.pass_to(play.next_try(lane), "the lane's next call is due")
    status, told = play.books.lane(lane), play.books.notices()[known:]
    closed = status.state.breaker.kind == "quota" and status.used < status.limit
    alarm = any(each.subject == f"Lane {lane} is closed (quota)" and "drift" in each.text for each in told)
    found = f"closed until {_until(status)}, {status.used} of {status.limit} calls used"
    play.expect(Expect.EARLY_CLOSED, found, met=closed and alarm)

    at = play.next_try(lane)
    waits_for = (at - (status.state.breaker.since or at)).total_seconds()
    play.carry(lane, "the lane's probe")
    status, told = play.books.lane(lane), play.books.notices()[known:]
    opened = not status.state.breaker.kind and "early@example.co.jp" in play.books.rows()
    alarm = any(each.subject == f"Lane {lane} is open again" for each in told)
    met = opened and alarm and 14 * 60 <= waits_for <= 16 * 60
    play.expect(Expect.EARLY_OPENED, f"after {in_words(waits_for)}", met=met)


def spent_by_others(play: Play) -> None:
    """
    By three in the afternoon another program has spent the day's calls.
    """
    play.chapter("7  Another program spends the day's 240 calls", "240 spent by others")
    lane, book = play.haihai, play.books.haihai()
    play.pass_to(today_at(15, play.running.now()), "three in the afternoon")
    midnight = midnight_after(play.running.now())
    play.books.spend(book["calls_per_day_max"] - play.books.haihai()["calls_today"])
    people = [{"email": f"late{number}@example.co.jp", "name": f"遅田 {number}"} for number in range(LATE)]
    landed = play.crowd("newsletter", people)
    told = f"{sum(each.status == 303 for each in landed)} of {LATE}"
    play.expect(Expect.SPENT_ACCEPTED, told, met=all(each.status == 303 for each in landed))
    probes = _probe_until(play, midnight)
    mine = _of(play, {fields["email"] for fields in people})
    burnt = sum(each.attempts for each in mine)
    waiting = states(mine) == {"waiting": LATE} and burnt == 0 and probes > 0
    play.expect(Expect.SPENT_WAITING, f"{LATE} wait, {probes} probes answered 429, {burnt} attempts burnt", met=waiting)

    play.pass_to(midnight + timedelta(seconds=SKEW_SECONDS + 1), "a new day in Tokyo")
    play.carry(lane, "the lane's next call is due")
    mine, rows = _of(play, {fields["email"] for fields in people}), play.books.rows()
    arrived = sum(fields["email"] in rows for fields in people)
    first = min((each.settled_at for each in mine if each.settled_at), default=None)
    met = arrived == LATE and first is not None and first >= midnight and sum(e.attempts for e in mine) == 0
    told = f"{arrived} rows, the first at {in_tokyo(first) if first else '(never)'}"
    play.expect(Expect.SPENT_DELIVERED, told, met=met)


def _probe_until(play: Play, midnight: datetime) -> int:
    """
    Hour by hour the lane asks whether it may call again; returns how often it was refused.
    """
    before = _refused(play)
    play.running.ring()
    at = first = play.next_try(play.haihai)
    with play.show.busy("hour by hour the lane probes, and is refused"):
        for _ in range(PROBES_MAX):
            due = play.next_try(play.haihai)
            if due >= midnight:
                break
            at = due
            play.running.pass_to(at)
    play.show.clock(f"{in_tokyo(first)} … {in_tokyo(at)[6:]}  hour by hour the lane probes, and is refused")
    return _refused(play) - before


def _refused(play: Play) -> int:
    by_day: dict[str, int] = play.books.haihai()["refused_by_day"]
    return sum(by_day.values())


def _of(play: Play, addresses: set[str]) -> list[Delivery]:
    """
    The deliveries to 配配メール of these people, without those that others took the place of.
    """
    return [
        each
        for each in play.books.deliveries()
        if each.destination == "haihai"
        and each.state is not State.SUPERSEDED
        and not addresses.isdisjoint(each.payload.values())
    ]


def _until(status: LaneStatus) -> str:
    until = status.state.breaker.until
    return in_tokyo(until) if until else "(open)"


def _in_words(answers: Counter[int]) -> str:
    return ", ".join(f"{count:,} × {status}" for status, count in sorted(answers.items()))
