"""
What is said of polls and lookups is true: presets, keys, numbers, and examples that work.
"""

from __future__ import annotations

import re
import tomllib

import pytest

from chalicelib.config import check
from chalicelib.destinations import VENDORS
from chalicelib.destinations.asked import VENDORS_ASKED, retrievals
from chalicelib.destinations.maildealer_get import PUBLIC
from chalicelib.relay import lookups
from chalicelib.sources import PRESETS
from tests.sandbox.haihaimail_get import RetrievalApi
from tests.sandbox.maildealer_account import CustomerItem
from tests.scenarios.desk import CUSTOMERS_ONLY, DESK, Desk
from tests.scenarios.world import CONFIG
from tests.unit.docs.documents import ROOT, Document

POLLS = Document(ROOT / "docs" / "polls.md")
LOOKUPS = Document(ROOT / "docs" / "lookups.md")
VENDORS_WITH_DESK = {"maildealer": CUSTOMERS_ONLY, **VENDORS}
ITEMS = 'items = ["メール配信"]\n'


def example(preset: str) -> str:
    (found,) = (block for block in POLLS.blocks("toml") if preset in block)
    return found


def test_every_list_is_named_with_the_vendors_own_name() -> None:
    """Whoever has the vendor's document in hand finds the preset."""
    wanted = {f"{slug}_{each.name}": each.label for slug in VENDORS_ASKED for each in retrievals(slug).values()}
    listed = set(re.findall(r"^\| `((?:haihaimail|maildealer)_\w+)` \|", POLLS.text, re.MULTILINE))

    assert listed == set(wanted)
    assert [label for name, label in wanted.items() if name[0] == "h" and f"`{name}` | {label}" not in POLLS.text] == []


@pytest.mark.parametrize("slug", VENDORS_ASKED)
def test_every_key_of_a_list_is_told(slug: str) -> None:
    """And no other."""
    section = POLLS.section({"haihaimail": "配配メール (API連携・取得系)", "maildealer": "Mail Dealer"}[slug])
    keys = {name for each in retrievals(slug).values() for name in each.settings}

    assert {name for name in section.names() if "_" not in name or not name.startswith(slug)} == keys


@pytest.mark.parametrize("text", [*POLLS.blocks("toml"), *LOOKUPS.blocks("toml")])
def test_every_example_is_sound(text: str) -> None:
    """It has no fault but the destinations that it leaves out, and the address that only a contract tells."""
    tomllib.loads(text)
    faults = check(CONFIG + DESK + ITEMS + text, vendors=VENDORS_WITH_DESK, presets=PRESETS)

    assert [str(each) for each in faults if not each.warning and "is no path" not in each.message] == []


def test_the_route_that_pays_pays() -> None:
    """The example, with an address put in: who stops in 配配メール is stopped in SATORI and at the desk."""
    text = example("haihaimail_stopped").replace("/{account}/…", "/{account}/stopped")
    desk = Desk(ITEMS + text, items=[CustomerItem(name="メール配信")])
    desk.haihai.retrievals.tell_of(
        RetrievalApi(
            path="/api_sample/stopped",
            columns=("メールアドレス",),
            rows=lambda _: [{"メールアドレス": "taro@example.co.jp"}],
        )
    )
    desk.pass_minutes(5)
    at_satori, at_desk = desk.satori.customer("taro@example.co.jp"), desk.desk.customer("taro@example.co.jp")

    assert at_satori is not None
    assert at_desk is not None
    assert at_satori.values["delivery_permission"] == "reject"
    assert at_desk.values["メール配信"] == "停止"


def test_what_a_lookup_answers_is_what_is_said() -> None:
    """The members of the example, and the bounds of a question."""
    (block,) = LOOKUPS.blocks("json")

    assert set(re.findall(r'"(\w+)":', block)) == {"items", *filter(None, PUBLIC.values())}
    assert f"{lookups.TEXT_CHARS_MIN} to {lookups.TEXT_CHARS_MAX} characters" in LOOKUPS.text
    assert f'minlength="{lookups.TEXT_CHARS_MIN}" maxlength="{lookups.TEXT_CHARS_MAX}"' in LOOKUPS.text
