"""
What docs/forms.md says of pages, scripts, receipts and tickets is so.
"""

from __future__ import annotations

import json
from pathlib import Path

import chalicelib.web
from chalicelib.records.tickets import LIFE as TICKET_LIFE
from chalicelib.sources.receipt import _WAITS_FOR, LIFE, TOKEN_CHARS
from chalicelib.sources.visitors import NONCE_SECONDS
from tests.unit.docs import code, grammar
from tests.unit.docs.documents import ROOT, Document, numbers

FORMS = Document(ROOT / "docs" / "forms.md")
SCRIPTS = Path(chalicelib.web.__file__).parent


def test_the_numbers_said_are_those_of_the_code() -> None:
    """Lives of receipts and tickets, the visitor's patience, the page's own ten seconds."""
    said = numbers(FORMS.text)

    assert {LIFE.days, TICKET_LIFE.total_seconds() / 60} <= said
    assert NONCE_SECONDS == 3_600
    assert "1時間" in FORMS.text
    assert grammar.defaults(chalicelib.model.Form)["patience_seconds"] in said
    assert "1e4" in (SCRIPTS / "thanks.js").read_text(encoding="utf-8")


def test_the_addresses_shown_are_doors() -> None:
    """And the attributes are those that the scripts look for."""
    assert {"GET /ekiden.js", "GET /thanks.js", "POST /ticket", "GET /submissions/EVENT_ID"} <= set(code.doors())
    assert "form[data-ekiden]" in (SCRIPTS / "ekiden.js").read_text(encoding="utf-8")
    for attribute in ("template[data-ekiden]", "dataset.relay"):
        assert attribute in (SCRIPTS / "thanks.js").read_text(encoding="utf-8")
    for word in (
        "data-ekiden",
        "data-relay",
        "<template data-ekiden>",
        "ekiden-error",
        "/api/ekiden.js",
        "/api/thanks.js",
    ):
        assert word in FORMS.text


def test_the_answer_shown_is_one() -> None:
    """JSON with a receipt of the right length; every reason to wait is explained."""
    (shown,) = FORMS.blocks("json")

    assert len(json.loads(shown)["receipt"]) == TOKEN_CHARS
    assert all(f"`{reason}`" in FORMS.text for reason in _WAITS_FOR)


def test_links_lead_somewhere() -> None:
    """To files that are there."""
    assert [link for link in FORMS.links() if not (FORMS.path.parent / link.partition("#")[0]).exists()] == []
