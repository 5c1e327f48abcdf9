"""
A search of the console: what was typed becomes a question to the relay, and its answer a page or a file.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from chalicelib.console.frame import Frame
from chalicelib.console.saying import JST, moment
from chalicelib.console.searching import Answer, Question, search_page
from chalicelib.model import State
from chalicelib.planning.windows import day_bounds
from chalicelib.relay.console.answers import File, csv_file
from chalicelib.relay.console.asking import Asked
from chalicelib.relay.console.telling import submission_drawn
from chalicelib.relay.console.views import found_view
from chalicelib.relay.operating import Operator
from chalicelib.relay.searching import PAGE_MAX, Found, Wanted

ID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}(\.\d{1,3})?")
PAGES_A_FILE_MAX = 20
YEAR_MIN, YEAR_MAX = 2000, 9000
HEADINGS = ("submission", "source", "arrived (JST)", "address", "delivery", "to", "state", "reason", "at (JST)")


def searched(operator: Operator, frame: Frame, asked: Asked) -> str | File:
    """
    The answer to what was typed; without a form, the newest submissions.
    """
    question, sources = _question(asked), sorted(operator.config.sources)
    if ID.fullmatch(question.who):
        return submission_drawn(operator, frame, question.who, lifted=False)
    if any(question.wrong):
        return search_page(frame, question, None, sources)
    wanted = _wanted(question)
    if asked.name == "csv":
        return _file(operator, frame, wanted)
    found = operator.search(wanted, cursor=asked.field("cursor"))
    answer = Answer(found=tuple(map(found_view, found.found)), cursor=found.cursor, looked_at=found.looked_at)
    return search_page(frame, question, answer, sources)


def _question(asked: Asked) -> Question:
    who = asked.field("who").strip()
    if ID.fullmatch(who.upper()):
        who = who.upper()
    wrong = ("", "")
    for name in ("since", "until"):
        if asked.field(name) and day_of(asked.field(name)) is None:
            wrong = ("日付が読めません。2026-11-21 のように書いてください。", "Write a date like 2026-11-21.")
    since, until = day_of(asked.field("since")), day_of(asked.field("until"))
    if since and until and until < since:
        wrong = ("「まで」の日付が「から」より前です。", "The last day is before the first.")
    if asked.field("state") not in {"", *State}:
        wrong = ("その状態はありません。", "There is no such state.")
    typed = {name: asked.field(name).strip() for name in ("source", "state", "since", "until")}
    return Question(who=who, wrong=wrong, **typed)


def _wanted(question: Question) -> Wanted:
    since, until = day_of(question.since), day_of(question.until)
    return Wanted(
        address=question.who,
        source=question.source,
        state=State(question.state) if question.state else None,
        since=day_bounds(since)[0] if since else None,
        until=day_bounds(until)[1] - timedelta(microseconds=1) if until else None,
    )


def day_of(text: str) -> date | None:
    """
    A day as it was typed, or None for what is none, or of another age.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if YEAR_MIN <= day.year <= YEAR_MAX else None


def _file(operator: Operator, frame: Frame, wanted: Wanted) -> File:
    """
    Everything that is found, as far as a request may look; addresses are masked in it as on the page.
    """
    found: list[Found] = []
    cursor = ""
    for _ in range(PAGES_A_FILE_MAX):
        page = operator.search(wanted, limit=PAGE_MAX, cursor=cursor)
        found += page.found
        cursor = page.cursor
        if not cursor:
            break
    lines = [line for each in found for line in _lines(each)]
    if cursor:
        lines.append(["(there are more: search for a shorter time)", *[""] * (len(HEADINGS) - 1)])
    return csv_file(f"submissions-{stamped(frame.at)}.csv", HEADINGS, lines)


def _lines(found: Found) -> list[list[str]]:
    came = [found.event_id, found.source, moment(found.arrived_at), found.address]
    made = [
        [each.id, f"{each.destination} {each.operation}".strip(), str(each.state), each.reason, moment(each.at)]
        for each in found.deliveries
    ]
    return [[*came, *each] for each in made] or [[*came, "", "", "", "", ""]]


def stamped(at: datetime) -> str:
    """
    A time as it stands in a file's name.
    """
    return f"{at.astimezone(JST):%Y%m%d-%H%M%S}"
