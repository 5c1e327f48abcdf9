"""
Sources that are asked, and lookups: what must be written, and where what is missing stands.
"""

from __future__ import annotations

import pytest

from chalicelib.config import check, parse
from chalicelib.destinations import VENDORS
from chalicelib.destinations.asked import retrievals
from chalicelib.destinations.haihaimail_get_checks import DOCUMENT, REQUIRED
from chalicelib.model import Config, Limit
from chalicelib.sources import PRESETS
from tests.scenarios.desk import CUSTOMERS_ONLY, DESK, FAQ, MAILS

HEAD = """
[relay]
name = "ekiden"
secret = "ssm:/a"

[destinations.haihai]
vendor = "haihaimail"
base_url = "https://a01.hm-f.jp"
account = "api_sample"
credentials = { login_id = "ssm:/id", api_token = "ssm:/token" }

[destinations.satori]
vendor = "satori"
version = 4
credentials = "ssm:/satori"
"""
VENDORS_WITH_DESK = {"maildealer": CUSTOMERS_ONLY, **VENDORS}
FILLED = """
path = "/{account}/x"
method = "POST"
parameters = { day = "{date:%Y%m%d}" }
charset = "cp932"
columns = ["メールアドレス"]
"""
ROUTE = """
[[routes]]
from = "asked"
to = "satori"
operation = "upsert"
fields = { email = "メールアドレス", collection_route = { const = "配配メール" } }
"""


def source(preset: str, rest: str = FILLED) -> str:
    return f'[sources.asked]\npreset = "{preset}"\ndestination = "haihai"\n{rest}\n'


def faults(text: str, head: str = HEAD) -> list[str]:
    found = check(head + text, vendors=VENDORS_WITH_DESK, presets=PRESETS)
    return [f"{each.path} {each.message} {each.remedy}" for each in found if not each.warning]


def config(text: str) -> Config:
    return parse(HEAD + text, vendors=VENDORS_WITH_DESK, presets=PRESETS)


NAMES = tuple(retrievals("haihaimail"))


@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_filled_in_is_said_with_its_document(name: str) -> None:
    """Each of the eleven lists tells every key it needs, what it is, and in which document it stands."""
    found = faults(source(f"haihaimail_{name}", 'measurement = "open"' if name == "reactions" else ""))

    assert [fault.partition(" ")[0] for fault in found] == [f"sources.asked.{key}" for key in REQUIRED]
    assert all(DOCUMENT in fault and retrievals("haihaimail")[name].label in fault for fault in found)


@pytest.mark.parametrize("name", NAMES)
def test_a_filled_in_list_has_calls_of_its_own(name: str) -> None:
    """240 a day for each API beside those of the import, and a lane that nothing else uses."""
    measured = 'measurement = "open"' if name == "reactions" else ""
    found = config(source(f"haihaimail_{name}", FILLED + measured) + ROUTE)
    poll = found.sources["asked"].poll

    assert poll is not None
    assert poll.lane == f"haihaimail-api-sample-get-{name.replace('_', '-')}{'-open' if measured else ''}"
    assert found.lanes[poll.lane].limits == (Limit(calls=240, per="day"),)
    assert poll.quota_share == 0


def test_a_dedicated_server_has_more_calls() -> None:
    """86,400 for each list, unless relay.toml says fewer."""
    dedicated = HEAD.replace('account = "api_sample"', 'account = "api_sample"\nplan = "dedicated"')
    lanes = {}
    for calls in ("", "calls_per_day = 1000"):
        made = parse(dedicated + source("haihaimail_stopped", FILLED + calls), vendors=VENDORS, presets=PRESETS)
        lanes[calls] = made.lanes["haihaimail-api-sample-get-stopped"].limits[0].calls

    assert list(lanes.values()) == [86_400, 1_000]


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ('path = "https://a01.hm-f.jp/x"', "sources.asked.path is no path"),
        ('parameters = { day = "{today}" }', "has {today}, which is no placeholder"),
        ('parameters = { day = "2026" }', "has no {date}"),
        ('parameters = { day = "{date:yyyy-MM-dd}" }', "has {date:yyyy-MM-dd}, which has a form that cannot be"),
        ('parameters = { day = "{date:%Q}" }', "has {date:%Q}, which has a form that cannot be written"),
        ('parameters = { day = "{date}", who = "{account:%Y}" }', "has {account:%Y}, which has a form"),
        ("parameters = { day = 1 }", "sources.asked.parameters.day is no text"),
        ("columns = []", "sources.asked.columns is empty"),
        ('measurement = "open"', "says nothing of メール一覧取得"),
        ('method = "PUT"', "sources.asked.method"),
        ("every_minutes = 0", "sources.asked.every_minutes 0 is out of bounds"),
        ('origins = ["https://www.example.co.jp"]', "sources.asked.origins is not a key"),
    ],
)
def test_what_is_wrong_in_it_is_told(written: str, told: str) -> None:
    """With its place; nothing is found out at run time."""
    key = written.partition(" ")[0]
    lines = [line for line in FILLED.splitlines() if not line.startswith(f"{key} ")]
    found = faults(source("haihaimail_mails", "\n".join([*lines, written])))

    assert len(found) == 1
    assert told in found[0]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (source("haihaimail_stoped"), 'Did you mean "haihaimail_stopped"?'),
        (source("haihaimail_stopped").replace('"haihai"', '"satori"'), 'sources.asked.destination "satori" is no'),
        (source("haihaimail_stopped").replace('"haihai"', '"nobody"'), 'sources.asked.destination "nobody" is no'),
        (source("haihaimail_reactions"), "sources.asked.measurement is missing"),
    ],
)
def test_mistyped_names_are_told(text: str, told: str) -> None:
    """A preset, or a destination of another vendor."""
    assert any(told in fault for fault in faults(text))


@pytest.mark.parametrize("place", ["form", "json"])
def test_a_get_has_no_body_for_its_parameters(place: str) -> None:
    """Parameters of a GET stand in the address; many a server refuses or overlooks a body."""
    found = faults(source("haihaimail_mails", FILLED.replace('"POST"', '"GET"') + f'parameters_in = "{place}"'))

    assert len(found) == 1
    assert "sources.asked.parameters_in is for POST" in found[0]


def test_a_list_that_brings_many_single_calls_is_no_webhook() -> None:
    """The advice speaks of the list and its first run; a list that begins with what changes needs none."""
    routed = source("haihaimail_forms", f"{FILLED}%s") + ROUTE
    open_ended = check(HEAD + routed.replace("%s", ""), vendors=VENDORS_WITH_DESK, presets=PRESETS)
    told = [each for each in open_ended if each.path == "sources.asked.ceiling"]

    assert len(told) == 1
    assert "this list brings" in told[0].message
    assert 'first = "remember"' in told[0].remedy
    begins_now = check(HEAD + routed.replace("%s", 'first = "remember"'), vendors=VENDORS_WITH_DESK, presets=PRESETS)
    assert not [each for each in begins_now if each.path == "sources.asked.ceiling"]


def test_asking_more_often_than_there_are_calls_is_warned_of() -> None:
    """Every minute is 1,440 runs of 240 calls."""
    found = check(HEAD + source("haihaimail_stopped", FILLED + "every_minutes = 1"), vendors=VENDORS, presets=PRESETS)

    assert any("asks 1,440 times a day" in each.message for each in found if each.warning)


def test_two_sources_of_one_list_share_its_calls() -> None:
    """The vendor counts both together, so they must agree on how many there are."""
    second = source("haihaimail_stopped").replace("sources.asked", "sources.again")

    assert faults(source("haihaimail_stopped") + second) == []
    assert "calls_per_day" in faults(source("haihaimail_stopped") + second + "calls_per_day = 10\n")[0]


def test_polls_of_mail_dealer_share_the_lane_of_the_mailbox() -> None:
    """A quarter of its calls, unless relay.toml says otherwise."""
    poll = config(DESK + MAILS.replace('to = "satori"', 'to = "satori"')).sources["mails"].poll

    assert poll is not None
    assert (poll.lane, poll.quota_share) == ("desk", 25)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (FAQ.replace('"md"', '"satori"'), "lookups.faq.destination"),
        (FAQ.replace('"qa"', '"qq"'), 'lookups.faq.kind "qq" is no kind of lookup'),
        (FAQ.replace('origins = ["https://www.example.co.jp"]', ""), "lookups.faq.origins is missing"),
        (FAQ + "quota_share = 60", "lookups.faq.quota_share 60 is out of bounds"),
        (FAQ + "cache_seconds = 5", "lookups.faq.cache_seconds 5 is out of bounds"),
        (FAQ + "catgory = 'x'", 'Did you mean "category"?'),
    ],
)
def test_a_lookup_at_fault_is_told(text: str, told: str) -> None:
    """With its place and a remedy."""
    assert any(told in fault for fault in faults(DESK + text))


def test_polls_and_lookups_leave_the_better_part_to_what_comes_by_itself() -> None:
    """Half and half would leave nothing: at most three quarters together."""
    mails = MAILS.replace("every_minutes = 10", "quota_share = 50")

    assert "takes 100 % of lane desk" in faults(DESK + mails + FAQ + "quota_share = 50")[0]
    assert faults(DESK + mails + FAQ) == []
