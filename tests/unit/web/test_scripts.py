"""
The scripts for pages: small, without anything that a strict policy forbids, and kept by browsers.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

import chalicelib.web
from chalicelib.model import Envelope
from chalicelib.web import script

NAMES = ("ekiden.js", "thanks.js")
BYTES_MAX = 3_000
FOLDER = Path(chalicelib.web.__file__).parent


def ask(**headers: str) -> Envelope:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Envelope(source="", method="GET", headers=named, body=b"", received_at=datetime(2026, 11, 21, tzinfo=UTC))


@pytest.mark.parametrize("name", NAMES)
def test_a_script_is_small_and_as_it_stands(name: str) -> None:
    """At most 3 kB as served, and the file may be copied to a site of its own."""
    served = script(ask(), name)

    assert served.body == (FOLDER / name).read_text(encoding="utf-8")
    assert len(served.body.encode()) <= BYTES_MAX
    assert served.headers["Content-Type"] == "text/javascript; charset=utf-8"


@pytest.mark.parametrize("name", NAMES)
def test_a_script_keeps_to_a_strict_policy(name: str) -> None:
    """Neither eval, nor markup from text, nor styles or handlers in attributes."""
    text = (FOLDER / name).read_text(encoding="utf-8")

    for forbidden in ("eval", "new Function", "innerHTML", "insertAdjacentHTML", "document.write", ".style", "onclick"):
        assert forbidden not in text


@pytest.mark.parametrize("name", NAMES)
def test_a_browser_that_has_it_is_not_sent_it_again(name: str) -> None:
    """Kept for an hour, then asked after by its ETag; any site may load it."""
    first = script(ask(), name)
    again = script(ask(if_none_match=f'"x", W/{first.headers["ETag"]}'), name)

    assert first.headers["Cache-Control"] == "public, max-age=3600"
    assert first.headers["Access-Control-Allow-Origin"] == "*"
    assert (again.status, again.body, again.headers["ETag"]) == (304, "", first.headers["ETag"])
    assert script(ask(if_none_match='"x"'), name).status == 200


def test_the_scripts_are_two() -> None:
    """Each has an address and a name of its own."""
    assert {path.name for path in FOLDER.glob("*.js")} == set(NAMES)
    assert script(ask(), NAMES[0]).headers["ETag"] != script(ask(), NAMES[1]).headers["ETag"]
