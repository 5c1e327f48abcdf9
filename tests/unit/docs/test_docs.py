"""
The documents are true: commands can be typed, links lead somewhere, and whoever is woken finds what to do.
"""

from __future__ import annotations

import re

import click
import pytest

from chalicelib.cli import main
from chalicelib.destinations.haihaimail_terms import CALLS_PER_DAY
from chalicelib.model import Config, Lane, Retention, State
from chalicelib.ops import storage
from chalicelib.ops.alarms import alarms
from chalicelib.ops.names import FUNCTIONS
from chalicelib.ops.template import LOG_DAYS
from chalicelib.planning import settle
from chalicelib.planning.windows import SKEW_SECONDS
from chalicelib.records import audit, days, imports, notices
from chalicelib.records.contacts import KEPT_DAYS_EXTRA, PENDING_MAX
from tests.unit.docs import code, grammar
from tests.unit.docs.documents import CONFIGURATION, OPERATIONS, OWN, ROOT, Document, misuse, numbers

FILES = Document(ROOT / "docs" / "files.md")
ASKED = [Document(ROOT / "docs" / "polls.md"), Document(ROOT / "docs" / "lookups.md")]
DOCUMENTS = [CONFIGURATION, OPERATIONS, FILES, OWN, *(Document(path) for path in [ROOT / "README.md"] if path.exists())]
NAMED = [pytest.param(each, id=each.path.name) for each in DOCUMENTS]


# ── commands ────────────────────────────────────────────────────────────────────────────────────────────────────────


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> list[tuple[str, click.Command]]:
    """
    Every command that does something, with the words that call it.
    """
    if not isinstance(command, click.Group):
        return [(" ".join(path), command)]
    return [leaf for name, each in command.commands.items() for leaf in leaves(each, (*path, name))]


COMMON = {"--stage", "--config", "--json", "--help"}


@pytest.mark.parametrize(("words", "command"), [pytest.param(*each, id=each[0]) for each in leaves(main)])
def test_every_command_is_in_the_table_with_its_options(words: str, command: click.Command) -> None:
    """An operator finds it without asking the program."""
    table = OPERATIONS.section("Commands").table()
    row = next((row for row in table if re.match(rf"`ekiden {re.escape(words)}[ `]", row[0])), None)
    options = [set(each.opts) for each in command.params if isinstance(each, click.Option)]

    assert row is not None
    assert [each for each in options if not each & COMMON and not any(name in "|".join(row) for name in each)] == []


@pytest.mark.parametrize("document", NAMED)
def test_every_command_shown_can_be_typed(document: Document) -> None:
    """Each `ekiden …` names a command, options and arguments that there are."""
    shown = list(document.command_lines("ekiden"))

    assert shown
    assert [wrong for words in shown if (wrong := misuse(main, words))] == []


def test_a_command_that_cannot_be_typed_is_found() -> None:
    """The test above is not blind: names, options, numbers and missing arguments are looked at."""
    wrong = ("deaf list", "dead lst", "dead list --limmit 3", "dead list --limit x", "dead show", "status now", "try -")

    assert [line for line in wrong if not misuse(main, ["ekiden", *line.split()])] == ["try -"]
    assert misuse(main, ["ekiden", "--stage", "prod", "dead", "list", "--limit", "3"]) == ""


@pytest.mark.parametrize("document", NAMED)
def test_every_make_target_shown_is_there(document: Document) -> None:
    """With the variables that the Makefile reads."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    for _, target, *given in (words for words in document.command_lines("make")):
        assert target in targets
        assert [each for each in given if "=" in each and f"$({each.partition('=')[0]})" not in makefile] == []


# ── night ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("cause", sorted(code.notice_causes()))
def test_every_notice_says_what_to_do(cause: str) -> None:
    """Whoever is woken by it finds the command, or that there is nothing to do."""
    rows = [row for row in OPERATIONS.section("Notices").table() if row[0].startswith(f"`{cause}")]

    assert len(rows) == 1
    assert "`ekiden " in rows[0][2]


ONE_LANE = Config(
    name="NAME", secret=("ssm:/key",), lanes={"LANE": Lane(name="LANE", vendor="haihaimail", batching=True)}
)


@pytest.mark.parametrize("name", sorted(each["Properties"]["AlarmName"] for each in alarms(ONE_LANE, "STAGE").values()))
def test_every_alarm_says_what_to_do(name: str) -> None:
    """By the name that stands in the mail."""
    _, means, deed = OPERATIONS.section("Alarms").row(name)

    assert means
    assert deed


@pytest.mark.parametrize("state", State)
def test_every_state_is_explained(state: State) -> None:
    """With who has to act."""
    assert all(OPERATIONS.section("States").row(str(state)))


@pytest.mark.parametrize("fact", sorted(code.log_facts()))
def test_every_log_line_is_explained_with_its_fields(fact: str) -> None:
    """A line that is found in the log is found in the table."""
    rows = [row for row in OPERATIONS.section("Logs").table() if re.search(rf"`{re.escape(fact)}(`|(?<=\.)\w)", row[0])]
    told = "|".join("|".join(row[1:]) for row in rows)

    assert rows
    assert [field for field in sorted(code.log_facts()[fact]) if f"`{field}`" not in told] == []


@pytest.mark.parametrize("name", code.measures())
def test_every_metric_is_explained_with_its_unit_and_dimension(name: str) -> None:
    """Whoever draws a graph needs no look into the code."""
    unit, dimensions = code.measures()[name]
    (row,) = (row for row in OPERATIONS.section("Metrics").table() if row[0].startswith(f"`{name}"))

    assert row[1] == unit
    assert [each for each in dimensions if f"`{each}`" not in row[2]] == []


def test_every_environment_variable_is_explained() -> None:
    """Those of the functions and those of the command line."""
    section = OPERATIONS.section("Environment of the functions")

    assert [name for name in sorted(code.environment()) if not section.rows(name)] == []


KEPT = {
    "logs": LOG_DAYS,
    "who did what": audit.KEPT_DAYS,
    "numbers of a day": days.KEPT_DAYS,
    "counts of ceilings": notices.TROUBLE_DAYS,
    "files and answers": storage.BUCKET_DAYS,
    "uploaded files": storage.INCOMING_DAYS,
    "files of drop-ins": storage.INCOMING_DAYS,
    "how far a file": imports.KEPT_DAYS,
    "which bytes": imports.SAME_DAYS,
    "messages of all queues": storage.RETENTION_SECONDS_MAX // 86_400,
    "a lane's memory": KEPT_DAYS_EXTRA,
    "delivered": grammar.defaults(Retention)["delivered_days"],
    "dead": grammar.defaults(Retention)["dead_days"],
    "what came": grammar.defaults(Retention)["event_days"],
}


@pytest.mark.parametrize("what", KEPT)
def test_the_times_that_things_are_kept_are_those_of_the_code(what: str) -> None:
    """A privacy statement may be written from the table."""
    (row,) = (row for row in OPERATIONS.section("What is kept how long").table() if row[0].startswith(what))

    assert float(KEPT[what]) in numbers(row[1])


SAID = {
    "The daily quota": (CALLS_PER_DAY["shared"], SKEW_SECONDS),
    "States": (PENDING_MAX,),
    "Pause, resume, closed lanes": (
        settle.PROBE_SECONDS_FIRST / 60,
        settle.BREAKER_SECONDS_FIRST,
        grammar.defaults(Lane)["attempts_max"],
    ),
    "Deploying and updating": tuple(each.timeout_seconds for each in FUNCTIONS),
}


@pytest.mark.parametrize("heading", SAID)
def test_the_numbers_said_are_those_of_the_code(heading: str) -> None:
    """Limits that an operator reckons with."""
    assert {float(each) for each in SAID[heading]} <= numbers(OPERATIONS.section(heading).text)


def test_nothing_is_explained_that_is_not_there() -> None:
    """What has gone from the code goes from the documents."""
    facts, metrics = code.log_facts(), tuple(code.measures())
    of_states = tuple(each for each in facts if each.endswith("."))
    alarm_names = {each["Properties"]["AlarmName"] for each in alarms(ONE_LANE, "STAGE").values()}
    told = {cause.partition(":")[0] for cause in code.notice_causes()}

    assert OPERATIONS.section("States").names() == {str(state) for state in State}
    assert OPERATIONS.section("Alarms").names() == alarm_names
    assert {name.partition(":")[0] for name in OPERATIONS.section("Notices").names()} == told
    assert OPERATIONS.section("Environment of the functions").names() == code.environment()
    assert [name for name in OPERATIONS.section("Metrics").names() if not name.startswith(metrics)] == []
    assert [
        name for name in OPERATIONS.section("Logs").names() if name not in facts and not name.startswith(of_states)
    ] == []


# ── the documents themselves ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("document", [*NAMED, *(pytest.param(each, id=each.path.name) for each in ASKED)])
def test_links_lead_somewhere(document: Document) -> None:
    """Files and headings of the project that a text points to are there."""
    broken = []
    for link in document.links():
        file, _, anchor = link.partition("#")
        target = (document.path.parent / file).resolve() if file else document.path
        if not target.exists() or (anchor and anchor not in Document(target).anchors()):
            broken.append(link)

    assert broken == []
