"""
A form with ekiden.js, and a thank-you page with thanks.js, in a real browser.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from chalicelib.model import State
from tests.browser.company import Company
from tests.browser.forms import fill_contact, send, thanked
from tests.browser.windows import PHONE, Windows

HASHCODE = re.compile(r"[0-9a-f]{16}-00")
PATIENCE_SECONDS = 3.0
SLOW_SECONDS = 1.0


def fill(page: Page, company: Company, email: str, name: str = "佐藤") -> None:
    """
    Open the download form, which has ekiden.js, and fill it in.
    """
    page.goto(f"{company.website}/download")
    page.get_by_label("メールアドレス").fill(email)
    page.get_by_label("お名前").fill(name)


@pytest.mark.parametrize("kind", [pytest.param({}, id="desktop"), pytest.param(PHONE, id="phone")])
def test_the_script_sends_the_form_and_goes_on(windows: Windows, company: Company, kind: dict[str, object]) -> None:
    """By fetch, as JSON; the visitor lands on the thank-you page with the hashcode, as without a script."""
    email = f"enhanced-{len(kind)}@example.co.jp"
    page = windows.open(**kind)
    fill(page, company, email)

    with page.expect_response(f"{company.relay}/in/download") as answered:
        send(page)
    tag = thanked(page, company)

    assert answered.value.status == 200
    assert answered.value.request.resource_type == "fetch"
    assert tag == f"{company.lead(email)['hashcode']}-00"
    assert len(windows.sent) == 1


def test_without_scripts_the_form_works_all_the_same(windows: Windows, company: Company) -> None:
    """The browser sends it, and the relay redirects."""
    page = windows.open(java_script_enabled=False)
    fill(page, company, "noscript@example.co.jp")

    with page.expect_response(f"{company.relay}/in/download") as answered:
        send(page)

    assert answered.value.status == 303
    assert thanked(page, company) == f"{company.lead('noscript@example.co.jp')['hashcode']}-00"


@pytest.mark.parametrize(
    ("lang", "words"), [("ja", "メールアドレスの形で入力してください"), ("en", "Please enter an e-mail address")]
)
def test_faults_stand_in_place(unwatched: Windows, company: Company, lang: str, words: str) -> None:
    """Under the field, in the page's language, read out, with the cursor there; mended and sent, they are gone."""
    page = unwatched.open(PHONE)
    fill(page, company, "taro@example")
    page.evaluate("lang => { document.documentElement.lang = lang; document.forms[0].noValidate = true }", lang)

    send(page)

    field, fault = page.get_by_label("メールアドレス"), page.get_by_role("alert")
    expect(fault).to_contain_text(words)
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(fault.inner_text())
    assert fault.evaluate("p => p.previousElementSibling.name") == "email"
    assert page.url == f"{company.website}/download"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    field.fill(f"mended-{lang}@example.co.jp")
    send(page)

    assert thanked(page, company) == f"{company.lead(f'mended-{lang}@example.co.jp')['hashcode']}-00"


def test_a_double_click_is_sent_once(windows: Windows, company: Company) -> None:
    """The button rests while the form is on its way."""
    page = windows.open()
    fill(page, company, "once@example.co.jp")
    company.slow_down(SLOW_SECONDS)

    page.get_by_role("button", name="送信する").dblclick(no_wait_after=True)
    expect(page.get_by_role("button", name="送信する")).to_be_disabled()
    tag = thanked(page, company)

    assert len(windows.sent) == 1
    assert tag == f"{company.lead('once@example.co.jp')['hashcode']}-00"


@pytest.mark.parametrize("lost", ["request", "answer"])
def test_a_network_failure_falls_back_to_the_browser(unwatched: Windows, company: Company, lost: str) -> None:
    """Whether the request or only its answer is lost: the browser sends the form itself, and it is delivered once."""
    email = f"lost-{lost}@example.co.jp"
    page = unwatched.open()
    fill(page, company, email)

    def lose(route: Route) -> None:
        if route.request.resource_type != "fetch":
            return route.continue_()
        if lost == "answer":
            route.fetch()
        return route.abort()

    page.route(f"{company.relay}/in/download", lose)
    send(page)

    assert thanked(page, company) == f"{company.lead(email)['hashcode']}-00"
    assert [each.state for each in company.deliveries(email)] == [State.DELIVERED]
    assert company.calls(email) == 1


def test_the_same_words_from_a_new_page_are_another_submission(windows: Windows, company: Company) -> None:
    """Who loads the form again and sends the same means it: the page's nonce is a new one."""
    email = "again@example.co.jp"
    page = windows.open()
    for _ in range(2):
        fill(page, company, email)
        send(page)
        thanked(page, company)

    assert len(company.deliveries(email)) == 2


@pytest.mark.parametrize("form", ["contact", "download"])
def test_a_late_hashcode_reaches_the_tag(windows: Windows, company: Company, form: str) -> None:
    """SATORI is slower than the visitor's patience: the page has a ticket, waits, and then lets the tag run with c."""
    email = f"late-{form}@example.co.jp"
    page = windows.open()
    if form == "contact":
        fill_contact(page, company, email)
    else:
        fill(page, company, email)
    company.slow_down(PATIENCE_SECONDS + SLOW_SECONDS)

    send(page)
    page.wait_for_url(f"{company.website}/thanks?*")
    expect(page.locator("#c")).to_have_text(HASHCODE)

    lead = company.lead(email)
    assert page.url == f"{company.website}/thanks?from={form}&c={lead['hashcode']}-00"
    page.wait_for_function("document.querySelector('iframe').contentWindow.length === 0")
    assert company.lead(email)["browsers"]


def test_without_an_answer_the_tag_runs_after_ten_seconds(unwatched: Windows, company: Company) -> None:
    """A ticket that never becomes a hashcode is taken out of the address, and the tag counts the visit without it."""
    page = unwatched.open()
    page.route(f"{company.relay}/ticket", lambda route: route.fulfill(status=202, json={"status": "wait"}))
    page.clock.install()
    page.goto(f"{company.website}/thanks?from=contact&ekiden={'A' * 43}")
    page.clock.run_for(10_500)

    page.wait_for_url(f"{company.website}/thanks?from=contact")
    page.wait_for_function("document.head.querySelector('script[src=\"/tag.js\"]')")
    assert page.locator("#c").inner_text() == ""


def test_a_used_ticket_leaves_nothing_behind(unwatched: Windows, company: Company) -> None:
    """Who opens the address again, or has it from somebody else, gets the page and no hashcode."""
    page = unwatched.open()
    page.goto(f"{company.website}/thanks?from=contact&ekiden={'A' * 43}")

    page.wait_for_url(f"{company.website}/thanks?from=contact")
    assert page.locator("#c").inner_text() == ""
