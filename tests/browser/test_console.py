"""
An operator in a real browser: on a phone and at a desk, with scripts and without, in Japanese and English.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from chalicelib.model import Delivery, State
from tests.browser.company import ANSWER_SECONDS_MAX, Company
from tests.browser.windows import DESKTOP, PHONE, Windows
from tests.demo.accounts import CONSOLE_NAME, CONSOLE_PASSWORD

KINDS = [pytest.param(PHONE, id="phone"), pytest.param(DESKTOP, id="desk")]
PLACES = ("", "/days", "/dead", "/held", "/search", "/files", "/record")
UNSENDABLE = "𠮷田"
"""
配配メール's files cannot hold the first letter.
"""


def sign_in(page: Page, company: Company) -> None:
    """
    By keyboard alone, as on any page.
    """
    page.goto(f"{company.relay}/console")
    page.locator("[name=name]").focus()
    page.keyboard.type(CONSOLE_NAME)
    page.keyboard.press("Tab")
    page.keyboard.type(CONSOLE_PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("nav")).to_be_visible()


def submit(company: Company, email: str, name: str = "佐藤 花子", **more: str) -> Delivery:
    """
    A visitor registers for the newsletter; what became of it.
    """
    sent = requests.post(
        f"{company.relay}/in/newsletter",
        data={"email": email, "name": name, **more},
        headers={"Origin": company.website, "Accept": "application/json"},
        timeout=ANSWER_SECONDS_MAX,
    )
    sent.raise_for_status()
    return company.deliveries(email)[0]


def state_of(company: Company, email: str) -> set[State]:
    """
    The states of a person's deliveries.
    """
    return {each.state for each in company.deliveries(email)}


def grave(page: Page) -> list[str]:
    """
    What axe finds serious or critical on a page.
    """
    found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found if each["impact"] in {"serious", "critical"}]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("locale", "scheme"), [("ja-JP", "light"), ("en-GB", "dark")])
def test_every_page_is_legible_and_fits(
    windows: Windows, company: Company, kind: Mapping[str, Any], locale: str, scheme: str
) -> None:
    """No page is wider than its window, and axe finds nothing serious on any, light or dark."""
    letter = submit(company, f"pages-{scheme}-{len(kind)}@example.co.jp", UNSENDABLE)
    submit(company, f"held-{scheme}-{len(kind)}@example.co.jp", _gotcha="x")
    page = windows.open(kind, locale=locale, color_scheme=scheme)
    page.goto(f"{company.relay}/console")
    assert grave(page) == []
    sign_in(page, company)
    for place in (*PLACES, f"/deliveries/{letter.id}", f"/submissions/{letter.event_id}"):
        page.goto(f"{company.relay}/console{place}")
        expect(page.locator("h1")).to_be_visible()

        assert page.locator("html").get_attribute("lang") == locale[:2]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), place
        assert grave(page) == [], place


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scripts", [pytest.param(True, id="scripts"), pytest.param(False, id="no scripts")])
def test_a_dead_letter_is_mended_and_sent_again(
    windows: Windows, company: Company, kind: Mapping[str, Any], *, scripts: bool
) -> None:
    """From the list to the delivery, the new value, the price, and the yes."""
    email = f"mend-{scripts}-{len(kind)}@example.co.jp".lower()
    letter = submit(company, email, UNSENDABLE)
    page = windows.open(kind, java_script_enabled=scripts)
    sign_in(page, company)

    page.get_by_role("link", name="不達", exact=True).click()
    page.get_by_role("link", name=letter.id).click()
    page.locator('[name="fix.お名前"]').fill("吉田 花子")
    page.get_by_role("button", name="確認へ").click()
    expect(page.get_by_text("1件を送ります")).to_be_visible()
    expect(page.get_by_role("cell", name="吉田 花子")).to_be_visible()
    expect(page.get_by_role("cell", name=re.compile("1回")).first).to_be_visible()
    assert state_of(company, email) == {State.DEAD}
    page.get_by_role("button", name="実行する").click()

    expect(page.get_by_text("1件を処理しました")).to_be_visible()
    assert State.SUPERSEDED in state_of(company, email)
    assert "吉田 花子" in {each.payload["お名前"] for each in company.deliveries(email)}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scripts", [pytest.param(True, id="scripts"), pytest.param(False, id="no scripts")])
def test_a_held_one_is_released_and_dead_ones_are_dropped(
    windows: Windows, company: Company, kind: Mapping[str, Any], *, scripts: bool
) -> None:
    """One by one, ticked, and by a filter; nothing is done before the yes."""
    tag = f"{scripts}-{len(kind)}@example.co.jp".lower()
    held = submit(company, f"release-{tag}", _gotcha="x")
    letters = [submit(company, f"drop{number}-{tag}", UNSENDABLE) for number in range(2)]
    page = windows.open(kind, java_script_enabled=scripts)
    sign_in(page, company)

    page.get_by_role("link", name="保留", exact=True).click()
    page.get_by_role("checkbox", name=held.id).check()
    page.get_by_role("button", name="送る…").first.click()
    page.get_by_role("button", name="実行する").click()
    expect(page.get_by_text("1件を処理しました")).to_be_visible()
    assert State.WAITING in state_of(company, f"release-{tag}")

    page.get_by_role("link", name="不達", exact=True).click()
    page.get_by_role("checkbox", name=letters[0].id).check()
    page.get_by_role("button", name="破棄…").first.click()
    page.get_by_role("button", name="実行する").click()
    assert state_of(company, f"drop0-{tag}") == {State.DROPPED}

    page.get_by_role("link", name="不達", exact=True).click()
    page.get_by_text("条件でまとめて選ぶ").click()
    page.get_by_label("理由に含まれる語").fill("cp932")
    page.locator("details.filter").get_by_role("button", name="破棄…").click()
    expect(page.get_by_text("呼び出し回数は使いません")).to_be_visible()
    assert state_of(company, f"drop1-{tag}") == {State.DEAD}
    page.get_by_role("button", name="実行する").click()
    assert state_of(company, f"drop1-{tag}") == {State.DROPPED}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scripts", [pytest.param(True, id="scripts"), pytest.param(False, id="no scripts")])
def test_a_lane_is_paused_and_resumed_and_that_is_on_record(
    windows: Windows, company: Company, kind: Mapping[str, Any], *, scripts: bool
) -> None:
    """The reason stands on the page, and who did it in the record."""
    page = windows.open(kind, java_script_enabled=scripts)
    sign_in(page, company)
    lane = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name="satori", exact=True))

    lane.get_by_text("このレーンを停止").click()
    lane.get_by_label("理由").fill("年末の点検")
    lane.get_by_role("button", name="停止する").click()
    expect(lane.get_by_text("年末の点検")).to_be_visible()
    expect(lane.get_by_text("停止中")).to_be_visible()
    lane.get_by_role("button", name="再開する").click()
    expect(lane.get_by_text("稼働中")).to_be_visible()

    page.get_by_role("link", name="操作記録").click()
    expect(page.get_by_role("row").filter(has_text="年末の点検").first).to_contain_text(CONSOLE_NAME)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scripts", [pytest.param(True, id="scripts"), pytest.param(False, id="no scripts")])
def test_a_person_is_found_and_shown_only_when_asked_for(
    windows: Windows, company: Company, kind: Mapping[str, Any], *, scripts: bool
) -> None:
    """By address, which then stands in no address bar; values are veiled until somebody asks."""
    email = f"find-{scripts}-{len(kind)}@example.co.jp".lower()
    made = submit(company, email)
    page = windows.open(kind, java_script_enabled=scripts)
    sign_in(page, company)

    page.get_by_role("link", name="検索").click()
    page.get_by_label("メールアドレスまたは ID").fill(email)
    page.get_by_role("button", name="検索").click()
    expect(page.get_by_text("1件（新しい順）")).to_be_visible()
    assert email not in page.url
    with page.expect_download() as kept:
        page.get_by_role("button", name="CSV").click()
    text = kept.value.path().read_text(encoding="utf-8-sig")
    assert made.event_id in text
    assert email not in text

    page.get_by_role("link", name=made.event_id).click()
    expect(page.get_by_text(email)).to_have_count(0)
    page.get_by_role("button", name="個人情報を表示する").click()
    expect(page.get_by_text(email).first).to_be_visible()


@pytest.mark.parametrize("scripts", [pytest.param(True, id="scripts"), pytest.param(False, id="no scripts")])
def test_the_language_is_switched_and_stays(windows: Windows, company: Company, *, scripts: bool) -> None:
    """One click, and every following page speaks it; signing out shows the door again."""
    page = windows.open(java_script_enabled=scripts)
    sign_in(page, company)

    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", name="Lanes")).to_be_visible()
    page.get_by_role("link", name="Day", exact=True).click()
    expect(page.get_by_role("heading", name="What came")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("[name=password]")).to_be_visible()
    page.goto(f"{company.relay}/console/dead")
    expect(page.locator("[name=password]")).to_be_visible()


def test_the_keyboard_reaches_everything_and_paper_holds_it(windows: Windows, company: Company) -> None:
    """The first key leads past the navigation; printed, the page is its contents alone."""
    page = windows.open()
    sign_in(page, company)
    page.goto(f"{company.relay}/console")
    page.keyboard.press("Tab")
    focused = "document.activeElement"
    assert page.evaluate(f"{focused}.textContent") == "本文へ"
    page.keyboard.press("Enter")
    assert page.evaluate(f"{focused}.id") == "content"

    page.emulate_media(media="print")
    expect(page.locator("nav")).to_be_hidden()
    expect(page.get_by_role("heading", name="レーン")).to_be_visible()
    expect(page.get_by_text("JST 時点")).to_be_visible()


def test_the_demo_opens_it_signed_in(windows: Windows, company: Company) -> None:
    """The website's own link leads there with a session: lanes at once, and no password typed."""
    page = windows.open()
    page.goto(f"{company.website}/operator")

    assert page.url == f"{company.relay}/console"
    expect(page.locator("nav")).to_be_visible()
    expect(page.get_by_role("heading", name="レーン")).to_be_visible()


def test_a_wrong_password_says_no_more_than_no(unwatched: Windows, company: Company) -> None:
    """The page tells what to check, and nobody is in."""
    page = unwatched.open()
    page.goto(f"{company.relay}/console")
    page.locator("[name=name]").fill("nobody")
    page.locator("[name=password]").fill("guessed it")
    page.get_by_role("button", name="サインイン").click()

    expect(page.get_by_role("alert")).to_contain_text("サインインできませんでした")
    expect(page.locator("nav")).to_have_count(0)
