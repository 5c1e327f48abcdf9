"""
Polls as items: who is at it, how far it has come, when it is asked next, and why it stands still.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from chalicelib.model import PollState, Progress
from chalicelib.ports import Absent, AnyOf, AtMost, Equals, Item, Update
from chalicelib.records.layout import dump, load, maybe_time, poll_key, stamp, unstamp


def from_item(source: str, item: Item | None) -> PollState:
    """
    The state of a poll; a fresh one where there is no item.
    """
    found = item or {}
    return PollState(
        source=source,
        run=found.get("run", 0),
        watermark=maybe_time(found.get("watermark")),
        next_at=maybe_time(found.get("next_at")),
        last_at=maybe_time(found.get("last_at")),
        done_at=maybe_time(found.get("done_at")),
        owner=found.get("owner", ""),
        lease_until=maybe_time(found.get("until")),
        failures=found.get("failures", 0),
        reason=found.get("reason", ""),
        reply=found.get("reply", ""),
        rows=found.get("rows", 0),
        taken=found.get("taken", 0),
        snapshot=found.get("snapshot", ""),
        part=found.get("part", ""),
        progress=_progress_from(found.get("progress")),
    )


def take(source: str, owner: str, *, now: datetime, until: datetime) -> Update:
    """
    Become the one who asks, if nobody is or whoever was has run out of time.
    """
    return Update(
        key=poll_key(source),
        set={"owner": owner, "until": stamp(until), "last_at": stamp(now)},
        when=AnyOf((Absent("owner"), AtMost("until", stamp(now)))),
    )


def leave(state: PollState, owner: str) -> Update:
    """
    Write down how far it came and leave. Refused where another worker has taken over: what it knows is newer.
    """
    values: dict[str, Any] = {
        "run": state.run,
        "failures": state.failures,
        "rows": state.rows,
        "taken": state.taken,
    }
    for name in ("watermark", "next_at", "done_at"):
        at = getattr(state, name)
        if at is not None:
            values[name] = stamp(at)
    texts = {name: getattr(state, name) for name in ("reason", "reply", "snapshot", "part")}
    values |= {name: text for name, text in texts.items() if text}
    if state.progress is not None:
        values["progress"] = _dump_progress(state.progress)
    gone = [name for name in (*texts, "progress") if name not in values]
    return Update(
        key=poll_key(state.source),
        set=values,
        remove=("owner", "until", *gone),
        when=Equals("owner", owner),
    )


def due_now(source: str, now: datetime) -> Update:
    """
    Let the next minute find it due, whatever it was waiting for.
    """
    return Update(key=poll_key(source), set={"next_at": stamp(now)}, remove=("reason", "reply"))


def _dump_progress(progress: Progress) -> str:
    day = progress.day.isoformat() if progress.day else ""
    counts = {name: getattr(progress, name) for name in ("offset", "last", "rows", "taken", "calls")}
    return dump({"until": stamp(progress.until), "since": stamp(progress.since), "day": day, **counts})


def _progress_from(text: str | None) -> Progress | None:
    if not text:
        return None
    found = load(text)
    day = date.fromisoformat(found["day"]) if found["day"] else None
    counts = {name: found[name] for name in ("offset", "last", "rows", "taken", "calls")}
    return Progress(until=unstamp(found["until"]), since=unstamp(found["since"]), day=day, **counts)
