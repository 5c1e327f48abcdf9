"""
The text of relay.toml → its tables; what is not TOML becomes one fault with its line and column.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

from chalicelib.config.place import Place, Report

FILE_BYTES_MAX = 262_144
"""
The largest relay.toml. A thousand routes fit in it.
"""

FILE = "relay.toml"

_POSITION = re.compile(r" \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$")


def tables(text: str | bytes, report: Report) -> dict[str, Any] | None:
    """
    The file's top-level table, or None after its fault was reported. A byte order mark, as some editors set, is fine.
    """
    file = Place(FILE, report)
    plain = _plain(text, file)
    if plain is None:
        return None
    try:
        return tomllib.loads(plain.removeprefix("\ufeff"))
    except RecursionError:
        file.fault("is nested too deeply to be read", "Write lists and tables less deeply nested.")
    except ValueError as problem:
        _untold(str(problem), plain, file)
    return None


def _plain(text: str | bytes, file: Place) -> str | None:
    """
    The text, if its size and characters are those of a TOML file.
    """
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    if len(data) > FILE_BYTES_MAX:
        file.fault(f"has more than {FILE_BYTES_MAX:,} bytes", f"Keep it within {FILE_BYTES_MAX:,} bytes.")
        return None
    try:
        plain = data.decode("utf-8")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        file.fault(f"is not UTF-8 in line {line}", "Save it with the character encoding UTF-8.")
        return None
    if "\0" in plain:
        line = plain.count("\n", 0, plain.index("\0")) + 1
        file.fault(f"holds a NUL character in line {line}", "Save it as plain UTF-8 text (UTF-16 is not read).")
        return None
    return plain


def _untold(words: str, text: str, file: Place) -> None:
    """
    A syntax error in tomllib's words, with a remedy for the usual ones.
    """
    found = _POSITION.search(words)
    told = words[: found.start()] if found else words
    if found and found["line"]:
        where = f"in line {found['line']}, column {found['column']}"
    else:
        where = f"at its end, line {text.count(chr(10)) + 1}" if found else "as TOML"
    file.fault(f"cannot be read {where}: {told}", _remedy(told))


def _remedy(told: str) -> str:
    if told.startswith(("Cannot overwrite", "Cannot declare", "Cannot define", "Cannot mutate", "Duplicate")):
        return "Write each key and each [table] once; a list of tables is written [[routes]]."
    if told.startswith(("Unterminated string", "Illegal character '\\n'")):
        return "Close the text with the quotes that it began with."
    if told.startswith(("Invalid value", "Unescaped", "Illegal character")):
        return 'Put text in double quotes, and write a backslash in it twice ("\\\\").'
    if told.startswith(("Invalid statement", "Expected '=' after", "Invalid initial character")):
        return (
            'Write `key = value`; a key with other characters than A-Z, a-z, 0-9, - and _ stands in quotes: "お名前".'
        )
    return "See https://toml.io/ for the syntax, and check that line and the one before it."
