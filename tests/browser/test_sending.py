"""
A visitor sends a form in a real browser: with scripts and without, clicking twice, in two windows.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from chalicelib.model import State
from tests.browser.company import Company
from tests.browser.forms import FIRM, GIVEN, MESSAGE, NAME, fill_contact, send, thanked
from tests.browser.windows import PHONE, Windows

SLOW_SECONDS = 1.0


@pytest.mark.parametrize("scripts", [pytest.param(True, id="scripts"), pytest.param(False, id="no scripts")])
def test_a_form_leads_to_the_thank_you_page_with_its_hashcode(
    windows: Windows, company: Company, *, scripts: bool
) -> None:
    """The relay answers 303, the page reads c=<hashcode>-00, and SATORI has what was typed, letter by letter."""
    email = f"scripts-{scripts}@example.co.jp".lower()
    page = windows.open(java_script_enabled=scripts)
    fill_contact(page, company, email)

    with page.expect_response(f"{company.relay}/in/contact") as answered:
        send(page)
    tag = thanked(page, company)

    lead = company.lead(email)
    assert answered.value.status == 303
    assert tag == f"{lead['hashcode']}-00"
    assert page.url == f"{company.website}/thanks?from=contact&c={tag}"
    assert (lead["last_name"], lead["first_name"], lead["lead_company_name"]) == (NAME, GIVEN, FIRM)
    assert lead["memo"] == MESSAGE.strip()
    assert sorted(each.destination for each in company.deliveries(email)) == ["haihai", "satori"]


def test_a_name_that_only_windows_knows_goes_to_haihaimail(windows: Windows, company: Company) -> None:
    """髙﨑①㈱〜 is taken as typed, and mapped to what 配配メール's CSV can write; nothing is to be read as c."""
    page = windows.open(PHONE)
    page.goto(f"{company.website}/newsletter")
    page.get_by_label("メールアドレス").fill("kana@example.co.jp")
    page.locator("[name=name]").fill("髙﨑①㈱〜")
    send(page)

    assert thanked(page, company) == ""
    (row,) = company.deliveries("kana@example.co.jp")
    assert row.payload["お名前"] == "髙﨑①㈱～"


def test_a_double_click_is_one_delivery(windows: Windows, company: Company) -> None:
    """The form is sent twice, SATORI hears of it once, and the visitor is thanked as after a single click."""
    email = "double@example.co.jp"
    page = windows.open()
    fill_contact(page, company, email)
    company.slow_down(SLOW_SECONDS)

    page.get_by_role("button", name="送信する").hover()
    for _ in range(2):
        with page.expect_request(f"{company.relay}/in/contact"):
            page.mouse.down()
            page.mouse.up()
    tag = thanked(page, company)

    assert len(windows.sent) == 2
    assert tag == f"{company.lead(email)['hashcode']}-00"
    assert company.calls(email) == 1
    assert [each.state for each in company.deliveries(email) if each.destination == "satori"] == [State.DELIVERED]


def test_the_same_form_in_two_windows_is_one_delivery(windows: Windows, company: Company) -> None:
    """Both are sent while SATORI is slow; both visitors land on the same thank-you page."""
    email = "two@example.co.jp"
    first, second = windows.open(), windows.open()
    for page in (first, second):
        fill_contact(page, company, email)
    company.slow_down(SLOW_SECONDS)

    for page in (first, second):
        page.get_by_role("button", name="送信する").click(no_wait_after=True)
    tags = {thanked(first, company), thanked(second, company)}

    assert len(windows.sent) == 2
    assert tags == {f"{company.lead(email)['hashcode']}-00"}
    assert first.url == second.url
    assert company.calls(email) == 1
    assert len(company.deliveries(email)) == 2  # one for each destination


def test_back_and_send_again_shows_the_same_thanks(windows: Windows, company: Company) -> None:
    """Who goes back and sends the unchanged form once more is thanked again, and no second delivery is made."""
    email = "back@example.co.jp"
    page = windows.open()
    fill_contact(page, company, email)
    send(page)
    tag = thanked(page, company)

    page.go_back()
    expect(page.get_by_label("メールアドレス")).to_have_value(email)
    send(page)

    assert thanked(page, company) == tag
    assert len(windows.sent) == 2
    assert company.calls(email) == 1
