"""
The report of an import, as 配配メール mails it or shows it: its counts of 成功, 失敗 and その他 rows.

Only that such a mail comes and counts successes and failures is printed (外部システム連携仕様書; その他 is named by the
楽楽販売 manual, 配配メール連携; checked 2026-11). Its wording is not: labels before or after their numbers, and a
header line above a line of numbers, are read. What cannot be read is said, never guessed.
"""

from __future__ import annotations

import re
import unicodedata

from chalicelib.model.report import WORDS, Counts
from chalicelib.value import value

TEXT_CHARS_MAX = 200_000
_NUMBER = r"([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)"
_BETWEEN = r"(?:件数|数)?[ \t]*(?:は|[:=>|｜…・\-])?[ \t]*"
_AFTER = {name: re.compile(rf"{word}(?:した|しました)?{_BETWEEN}{_NUMBER}(?![0-9/:])") for name, word in WORDS.items()}
_BEFORE = {name: re.compile(rf"{_NUMBER}[ \t]*件[ \t]*(?:が|は)?[ \t]*{word}") for name, word in WORDS.items()}
_ALONE = {
    name: re.compile(rf"^[ \t]*{word}(?:件数|数)?[ \t]*:?[ \t]*\n[ \t]*{_NUMBER}[ \t]*件?[ \t]*$", re.MULTILINE)
    for name, word in WORDS.items()
}


@value
class Found:
    """
    The counts that a text has, and what of it could not be understood, as sentences.

    It is usable where 成功 or 失敗 was found, and nothing was said twice differently.
    """

    counts: Counts
    doubts: tuple[str, ...] = ()
    usable: bool = True


def read_report(text: str) -> Found:
    """
    The counts of one file. Two different numbers for one word are a doubt, and then neither is taken.
    """
    plain = unicodedata.normalize("NFKC", text[:TEXT_CHARS_MAX]).replace("\r", "\n")
    found = {name: _numbers(plain, name) for name in WORDS}
    for name, numbers in _columns(plain).items():
        found[name] |= numbers
    doubts = [
        f"{WORDS[name]} is said more than once, as {_list(numbers)}: hand in the part of one file."
        for name, numbers in found.items()
        if len(numbers) > 1
    ]
    taken = {name: next(iter(numbers)) for name, numbers in found.items() if len(numbers) == 1}
    usable = not doubts and bool(found["done"] or found["failed"])
    missing = [WORDS[name] for name, numbers in found.items() if not numbers]
    if missing:
        doubts.append(f"No number was found for {', '.join(missing)}.")
    return Found(counts=Counts(**taken), doubts=tuple(doubts), usable=usable)


def _numbers(text: str, name: str) -> set[int]:
    after = {_whole(each) for each in (*_AFTER[name].findall(text), *_ALONE[name].findall(text))}
    return after or {_whole(each) for each in _BEFORE[name].findall(text)}


def _columns(text: str) -> dict[str, set[int]]:
    """
    A header line of at least two of the words, with a line of as many cells under it, as a screen is pasted.
    """
    lines = [_cells(line) for line in text.split("\n") if line.strip()]
    found: dict[str, set[int]] = {}
    for at, header in enumerate(lines):
        places = {name: place for name, word in WORDS.items() for place, cell in enumerate(header) if _is(cell, word)}
        if len(places) < 2:
            continue
        for row in lines[at + 1 :]:
            if len(row) != len(header) or not all(_is_number(row[place]) for place in places.values()):
                break
            for name, place in places.items():
                found.setdefault(name, set()).add(_whole(row[place].removesuffix("件")))
    return found


def _cells(line: str) -> list[str]:
    parts = line.split("\t") if "\t" in line else re.split(r"[|]|[ ]+", line.strip(" |"))
    return [cell.strip() for cell in parts if cell.strip() or "\t" in line]


def _is(cell: str, word: str) -> bool:
    return cell in {word, f"{word}数", f"{word}件数"}


def _is_number(cell: str) -> bool:
    return re.fullmatch(rf"{_NUMBER}件?", cell) is not None


def _whole(text: str) -> int:
    return int(text.replace(",", "")[:9])


def _list(numbers: set[int]) -> str:
    return ", ".join(f"{each:,}" for each in sorted(numbers))
