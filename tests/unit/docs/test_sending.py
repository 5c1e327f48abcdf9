"""
docs/senders.md says of every preset what the preset does.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import Any

import pytest

from chalicelib.cli.instructions import guides
from chalicelib.config import check
from chalicelib.destinations import VENDORS
from chalicelib.sources import PRESETS
from tests.unit.docs import sending
from tests.unit.docs.documents import ROOT, Document, misuse

SENDERS = Document(sending.FILE)
ENGLISH = re.compile(r"[A-Za-z]{3}")
JAPANESE = re.compile(r"[ぁ-んァ-ヶ一-龠]")


def test_the_document_is_what_the_presets_say() -> None:
    """Whoever changes a preset or a guide writes the document anew: python -m tests.unit.docs.sending"""
    assert SENDERS.text == sending.document()


def test_every_preset_has_its_section() -> None:
    """A sender that Ekiden knows by name can be set up from the document alone."""
    assert set(guides()) == set(PRESETS)
    assert {guide.group for guide in guides().values()} == set(sending.GROUPS)
    assert [name for name in PRESETS if f'preset = "{name}"' not in SENDERS.text] == []


@pytest.mark.parametrize("name", PRESETS)
def test_a_section_tells_what_is_typed_and_what_comes_back(name: str) -> None:
    """Address, header or place of the secret, id, kinds, test and answer are those of the preset."""
    section = SENDERS.section(guides()[name].label).text
    preset: dict[str, Any] = dict(PRESETS[name])
    checks = [options for entry in preset["verify"] for options in entry.values()]
    named = [
        *chain.from_iterable(each.get("headers", ()) for each in checks),
        *(each.get("name", "") for each in checks),
    ]
    event = preset.get("event", {})
    words = [event.get(key, "").replace("|", "\\|") for key in ("id", "kind", "time", "test")]
    kinds = [f"`{word or '(none)'}` → {kind}" for word, kind in event.get("kinds", {}).items()]

    assert [each for each in (*named, *words, *kinds) if each not in section] == []
    assert ("<token>" in section) == any(each.get("in") == "path" for each in checks)
    assert str(preset.get("respond", {}).get("status", 200)) in section


@pytest.mark.parametrize("name", PRESETS)
def test_a_guide_speaks_both_languages(name: str) -> None:
    """Steps and limits are there, each in Japanese and in English."""
    guide = guides()[name]

    assert guide.steps
    assert guide.limits
    for ja, en in (*guide.steps, *guide.limits):
        assert JAPANESE.search(ja), ja
        assert ENGLISH.search(en), en
        assert "。" not in en


@pytest.mark.parametrize("name", PRESETS)
def test_a_senders_example_is_sound(name: str) -> None:
    """Its lines can be put into a relay.toml as they stand."""
    head = '[relay]\nname = "acme"\nsecret = "ssm:/ekiden/prod/relay"\npublic_url = "https://relay.example.co.jp"\n'
    faults = check(head + sending.example(name), vendors=VENDORS, presets=PRESETS, stage="prod")

    assert [str(each) for each in faults if not each.warning] == []


def test_its_commands_and_links_lead_somewhere() -> None:
    """What is shown can be typed, and what is pointed to is there."""
    from chalicelib.cli import main  # noqa: PLC0415 - the one test that needs it

    shown = list(SENDERS.command_lines("ekiden"))
    assert shown
    assert [wrong for words in shown if (wrong := misuse(main, words))] == []
    for link in SENDERS.links():
        file, _, anchor = link.partition("#")
        target = (SENDERS.path.parent / file).resolve()
        assert target.exists()
        assert not anchor or anchor in Document(target).anchors()


def test_the_apps_script_is_where_the_steps_say() -> None:
    """Google Forms needs a file of ours."""
    assert "docs/google_forms.gs" in SENDERS.text
    assert (ROOT / "docs" / "google_forms.gs").is_file()
