"""
Reading the project's Markdown as data: sections, table rows, code blocks, commands and links.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[3]
SHELLS = frozenset({"", "sh", "bash", "shell", "console", "text"})
PROMPTS = ("$ ", "→ ")
ENDS = frozenset({"|", "||", "&&", ";", "&", ">", ">>", "<"})

_BLOCK = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(#{1,6}) (.+)$", re.MULTILINE)
_SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_LINK = re.compile(r"\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Document:
    """
    One Markdown file.
    """

    path: Path

    @cached_property
    def text(self) -> str:
        """
        All of it.
        """
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def prose(self) -> str:
        """
        All of it without code blocks.
        """
        return _BLOCK.sub("", self.text)

    def blocks(self, *languages: str) -> list[str]:
        """
        The code blocks in one of these languages.
        """
        return [found[2] for found in _BLOCK.finditer(self.text) if found[1] in languages]

    def section(self, heading: str) -> Section:
        """
        The text under a heading, up to the next one of its level or above. Fails where there is no such heading.
        """
        found = list(_HEADING.finditer(self.prose))
        start = next((each for each in found if plain(each[2]) == heading), None)
        assert start is not None, f"{self.path.name} has no heading {heading!r}"
        end = next((each for each in found if each.start() > start.start() and len(each[1]) <= len(start[1])), None)
        return Section(heading=heading, text=self.prose[start.end() : end.start() if end else None])

    def anchors(self) -> set[str]:
        """
        What links may point to within the file, as GitHub names it.
        """
        headings = (plain(each[2]).lower() for each in _HEADING.finditer(self.prose))
        return {re.sub(r"[^\w\- ]", "", each).replace(" ", "-") for each in headings}

    def links(self) -> list[str]:
        """
        Where links within the project lead.
        """
        return [each for each in _LINK.findall(self.prose) if "://" not in each]

    def command_lines(self, program: str) -> Iterator[list[str]]:
        """
        The words of every command of a program, in shell blocks and in running text.
        """
        lines = [line for block in self.blocks(*SHELLS) for line in block.splitlines()]
        for line in [*lines, *_SPAN.findall(self.prose)]:
            if re.search(rf"(^|\s){program} ", line):
                yield from (words for words in _commands(line) if words[0] == program and len(words) > 1)


@dataclass(frozen=True)
class Section:
    """
    A part of a document.
    """

    heading: str
    text: str

    def rows(self, name: str) -> list[list[str]]:
        """
        The table rows whose first cell has this name in code marks, with their cells.
        """
        return [cells for cells in self.table() if name in _SPAN.findall(cells[0])]

    def row(self, name: str) -> list[str]:
        """
        The one row of this name. Fails where there is none, or more than one.
        """
        found = self.rows(name)
        assert len(found) == 1, f"{self.heading}: {len(found)} rows for `{name}`"
        return found[0]

    def names(self, *, columns: int = 0) -> set[str]:
        """
        The names in code marks in the first cells of its tables, or of those with so many columns.
        """
        return {name for row in self.table() if columns in {0, len(row)} for name in _SPAN.findall(row[0])}

    def table(self) -> list[list[str]]:
        """
        Every table row of the section, without rulers.
        """
        lines = (line.strip() for line in self.text.splitlines())
        rows = (line.strip("|").split("|") for line in lines if line.startswith("|") and not line.startswith("|-"))
        return [[cell.strip() for cell in row] for row in rows]


CONFIGURATION = Document(ROOT / "docs" / "configuration.md")
OPERATIONS = Document(ROOT / "docs" / "operations.md")
OWN = Document(ROOT / "docs" / "destinations.md")


def plain(heading: str) -> str:
    """
    A heading without code marks.
    """
    return heading.replace("`", "").strip()


def numbers(text: str) -> set[float]:
    """
    The numbers in a text: "1 to 86,400" has two.
    """
    return {float(each.replace(",", "")) for each in re.findall(r"-?\d+(?:,\d{3})*(?:\.\d+)?", text)}


def _commands(line: str) -> Iterator[list[str]]:
    """
    The commands of one shell line, each as its words.
    """
    for prompt in PROMPTS:
        line = line.strip().removeprefix(prompt)
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split, lexer.commenters = True, "#"
    words: list[str] = []
    for word in [*lexer, ";"]:
        if word not in ENDS:
            words.append(word)
        elif words:
            yield words
            words = []


def misuse(program: click.Command, words: list[str]) -> str:
    """
    Why a command line could not be run, "" where it could; nothing is run.
    """
    command, rest = program, words[1:]
    context = click.Context(command, info_name=words[0])
    while True:
        try:
            given, rest, _ = command.make_parser(context).parse_args(rest)
            _convert(command, given, context)
        except click.UsageError as error:
            return f"{' '.join(words)}: {error.format_message()}"
        if not isinstance(command, click.Group) or not rest:
            break
        if rest[0] not in command.commands:
            return f"{' '.join(words)}: there is no command {rest[0]}"
        command, rest = command.commands[rest[0]], rest[1:]
        context = click.Context(command, info_name=command.name, parent=context)
    required = [each.name for each in command.params if isinstance(each, click.Argument) and each.required]
    missing = [name for name in required if not isinstance(given.get(name), str | list | tuple) or not given[name]]
    return f"{' '.join(words)}: {rest or missing}" if rest or missing else ""


def _convert(command: click.Command, given: dict[str, object], context: click.Context) -> None:
    """
    Choices and bounded numbers are what the command takes; files are not looked for.
    """
    for each in command.params:
        if isinstance(each.type, click.Choice | click.IntRange) and isinstance(given.get(each.name), str):
            each.type.convert(given[each.name], each, context)
