"""
What visitors do with the demo's contact form.
"""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.company import Company

NAME, GIVEN, FIRM = "髙﨑", "太郎", "①㈱髙﨑〜"
"""
SATORI takes names of letters, kana and kanji only, so ① and its like stand in the company's name.
"""

MESSAGE = "\n一行目　全角の空白\n\n三行目: <b>&amp;\"'\\"


def fill_contact(page: Page, company: Company, email: str) -> None:
    """
    Open the demo's contact form and fill in all of it, without a fault.
    """
    page.goto(f"{company.website}/contact")
    page.get_by_label("メールアドレス").fill(email)
    page.locator("[name=sei]").fill(NAME)
    page.locator("[name=mei]").fill(GIVEN)
    page.get_by_label("会社名").fill(FIRM)
    page.get_by_label("電話番号").fill("０３−1234-5678")
    page.get_by_label("見積り").check()
    page.get_by_label("お問い合わせ内容").fill(MESSAGE)
    page.get_by_label("メールマガジンも希望する").check()
    page.get_by_label("個人情報の取り扱いに同意する").check()


def send(page: Page) -> None:
    """
    Press the form's button.
    """
    page.get_by_role("button", name="送信する").click()


def thanked(page: Page, company: Company) -> str:
    """
    Wait for the thank-you page; what SATORI's tag would read there.
    """
    page.wait_for_url(f"{company.website}/thanks?*")
    return page.locator("#c").inner_text()
