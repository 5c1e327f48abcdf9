"""
A form with faults comes back as the relay's own page, which has to serve on a phone, in the dark, and without a mouse.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.company import Company
from tests.browser.forms import FIRM, GIVEN, MESSAGE, NAME, fill_contact, send, thanked
from tests.browser.windows import DESKTOP, PHONE, Windows

LONG = "x" * 150
NAME_LONG = "x" * 90
DARK_MAX, LIGHT_MIN = 150, 600
"""
Sums of red, green and blue, each of 255.
"""

WINDOWS = [
    pytest.param({**kind, "color_scheme": scheme}, id=f"{name}, {scheme}")
    for name, kind in (("phone", PHONE), ("desktop", DESKTOP))
    for scheme in ("light", "dark")
]
FAULTS = {
    "メールアドレス": ("メールアドレスの形で入力してください", "E-mail: Please enter an e-mail address"),
    "名": ("入力してください。", "Given name: Please fill this in."),
    "電話番号": ("電話番号を数字で入力してください", "Phone: Please enter a phone number"),
    "個人情報の取り扱いに同意する": ("チェックを入れてください。", "I agree: Please tick this box."),
}
"""
By label: what the page says in Japanese and in English.
"""


def refused(page: Page, company: Company) -> None:
    """
    Send the contact form with four faults that no browser finds by itself, and wait for the relay's page.
    """
    fill_contact(page, company, "taro@localhost")
    page.locator("[name=mei]").fill("")
    page.get_by_label("電話番号").fill("なし")
    page.get_by_label("個人情報の取り扱いに同意する").uncheck()
    with page.expect_response(f"{company.relay}/in/contact") as answered:
        send(page)
    assert answered.value.status == 422
    expect(page.get_by_role("heading", level=1)).to_have_text("入力内容をご確認ください")


def fits(page: Page) -> bool:
    """
    Whether nothing has to be scrolled sideways: no part of the page is wider than the window was made.

    The window's own idea of its width is of no use: a phone zooms out where a page is too wide.
    """
    rights = "[...document.querySelectorAll('body, body *')].map(one => one.getBoundingClientRect().right)"
    widest: float = page.evaluate(f"Math.max(document.documentElement.scrollWidth, ...{rights})")
    return page.viewport_size is not None and widest <= page.viewport_size["width"]


def brightness(page: Page, css: str) -> int:
    """
    The sum of red, green and blue of a colour of the page's body.
    """
    colour: str = page.evaluate("css => getComputedStyle(document.body)[css]", css)
    return sum(int(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(","))


@pytest.mark.parametrize("kind", WINDOWS)
def test_faults_are_named_and_nothing_typed_is_lost(
    windows: Windows, company: Company, kind: Mapping[str, Any]
) -> None:
    """Each field at fault in both languages, without sideways scrolling; texts, ticks and choices as they were."""
    page = windows.open(kind)
    refused(page, company)

    assert fits(page)
    summary = page.get_by_role("region", name="4か所をお直しください")
    expect(summary).to_contain_text("To be corrected: 4")
    for label, (japanese, english) in FAULTS.items():
        row = summary.get_by_role("listitem").filter(has=page.get_by_role("link", name=label, exact=True))
        expect(row).to_contain_text(japanese)
        expect(row).to_contain_text(english)
    assert page.locator("[aria-invalid=true]").count() == len(FAULTS)
    assert page.locator("[name=sei]").input_value() == NAME
    assert page.get_by_label("会社名").input_value() == FIRM
    assert page.get_by_label("お問い合わせ内容").input_value() == MESSAGE
    assert page.get_by_label("見積り").is_checked()
    assert page.get_by_label("メールマガジンも希望する").is_checked()
    assert not page.get_by_label("個人情報の取り扱いに同意する").is_checked()


@pytest.mark.parametrize("kind", WINDOWS[1:3])
def test_the_mended_form_is_sent_from_that_page(windows: Windows, company: Company, kind: Mapping[str, Any]) -> None:
    """A link in the summary shows its field with the label; the form arrives, and its address keeps no trace."""
    email = f"mended-{kind['viewport']['width']}-{kind['color_scheme']}@example.co.jp"
    page = windows.open(kind)
    refused(page, company)

    page.get_by_role("link", name="名", exact=True).click()
    expect(page.locator("[name=mei]")).to_be_focused()
    expect(page.locator("label").filter(has_text="Given name")).to_be_in_viewport(ratio=1)
    page.keyboard.type(GIVEN)
    page.get_by_label("メールアドレス").fill(email)
    page.get_by_label("電話番号").fill("03-1234-5678")
    page.get_by_label("個人情報の取り扱いに同意する").check()
    send(page)
    tag = thanked(page, company)

    lead = company.lead(email)
    assert page.url == f"{company.website}/thanks?from=contact&c={lead['hashcode']}-00"
    assert tag == f"{lead['hashcode']}-00"
    assert (lead["last_name"], lead["first_name"], lead["lead_company_name"]) == (NAME, GIVEN, FIRM)
    assert lead["memo"] == MESSAGE.strip()
    assert lead["custom:interest"] == "見積り"


def test_it_can_be_mended_without_a_mouse(windows: Windows, company: Company) -> None:
    """Tab, Enter, Space and typing do: from the summary's first link to the button, always seeing where one is."""
    email = "keyboard@example.co.jp"
    page = windows.open()
    refused(page, company)
    focused = page.locator(":focus")

    page.keyboard.press("Tab")
    expect(focused).to_have_text("メールアドレス")
    page.keyboard.press("Enter")
    for name, typed in (("your-email", email), ("sei", NAME), ("mei", GIVEN), ("company", FIRM), ("tel", "0312345678")):
        expect(focused).to_have_attribute("name", name)
        assert focused.evaluate("one => getComputedStyle(one).outlineWidth") == "3px"
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
    for name in ("topic", "message", "newsletter", "agree"):
        expect(focused).to_have_attribute("name", name)
        if name == "agree":
            page.keyboard.press("Space")
        page.keyboard.press("Tab")
    expect(focused).to_have_role("button")
    page.keyboard.press("Enter")

    assert thanked(page, company) == f"{company.lead(email)['hashcode']}-00"


def test_the_page_is_dark_where_the_visitors_window_is(windows: Windows, company: Company) -> None:
    """Dark ground and light letters there, the other way round elsewhere."""
    dark, light = windows.open(PHONE, color_scheme="dark"), windows.open(PHONE, color_scheme="light")
    for page in (dark, light):
        page.goto(f"{company.relay}/in/contact")

    assert brightness(dark, "backgroundColor") < DARK_MAX
    assert brightness(dark, "color") > LIGHT_MIN
    assert brightness(light, "backgroundColor") > LIGHT_MIN
    assert brightness(light, "color") < DARK_MAX


def test_whatever_was_sent_fits_a_narrow_phone(windows: Windows, company: Company) -> None:
    """Long words, names that were never declared, and a phone of 320 pixels: still nothing to scroll sideways."""
    text = f"""<!DOCTYPE html><meta charset="utf-8"><form method="post" action="{company.relay}/in/contact">
        <input name="your-email" value="{LONG}">
        <input name="{NAME_LONG}" value="{LONG}"><input name="sei" value="{LONG}">
        <textarea name="message">{LONG}</textarea><button>送信する</button></form>"""
    page = windows.open({**PHONE, "viewport": {"width": 320, "height": 568}})
    page.goto(company.old.page("/long", text))
    send(page)

    expect(page.get_by_role("heading", level=1)).to_have_text("入力内容をご確認ください")
    page.get_by_text("そのほかの送信内容").click()
    expect(page.locator(f"[name={NAME_LONG}]")).to_be_visible()
    assert fits(page)
