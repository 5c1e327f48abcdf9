"""
Pages of an older site, in Shift_JIS: what the browser makes of them is real here, bytes and all.
"""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

import pytest
from playwright.sync_api import Page, expect

from tests.browser.company import Company
from tests.browser.forms import send, thanked
from tests.browser.windows import PHONE, Windows

PAGE = """<!DOCTYPE html>
<html lang="ja"><head><meta charset="{charset}"><title>お問い合わせ</title></head><body>
<form method="post" action="{action}" accept-charset="{charset}">{hidden}
<p><label>お名前 <input name="お名前"></label></p>
<p><label>メールアドレス <input name="mail"></label></p>
<p><label>備考 <textarea name="備考"></textarea></label></p>
<p><button type="submit">送信する</button></p>
</form></body></html>
"""
TAKASAKI = b"\xfb\xfc\xfa\xb1"
"""
髙﨑 as browsers write it: in IBM's rows, where Python's encoder takes NEC's.
"""

HIDDEN = '<input type="hidden" name="_charset_">'


def write(page: Page, company: Company, form: str, email: str, *, charset: str, hidden: str = "") -> None:
    """
    Put such a page on the older site and fill it in.
    """
    text = PAGE.format(charset=charset, action=f"{company.relay}/in/{form}", hidden=hidden)
    encoding = "cp932" if charset == "shift_jis" else charset
    page.goto(company.old.page(f"/{form}-{charset}", text, encoding))
    page.get_by_label("お名前").fill("髙﨑")
    page.get_by_label("メールアドレス").fill(email)
    page.get_by_label("備考").fill("①㈱～\n表示 ソ能")


@pytest.mark.parametrize(
    ("form", "hidden"),
    [pytest.param("old", HIDDEN, id="_charset_"), pytest.param("oldest", "", id="configured")],
)
def test_a_page_in_shift_jis_arrives_right(windows: Windows, company: Company, form: str, hidden: str) -> None:
    """The browser posts CP932; the relay reads it because the page says so (_charset_), or because it was told."""
    email = f"{form}@example.co.jp"
    page = windows.open()
    write(page, company, form, email, charset="shift_jis", hidden=hidden)
    send(page)

    assert thanked(page, company) == f"{company.lead(email)['hashcode']}-00"
    body = unquote_to_bytes((windows.sent[0].post_data or "").replace("+", " "))
    assert "お名前=".encode("cp932") + TAKASAKI + b"&" in body
    assert "①㈱～\r\n表示 ソ能".encode("cp932") in body
    assert company.lead(email)["last_name"] == "髙﨑"


def test_what_the_page_says_counts_more_than_what_was_configured(windows: Windows, company: Company) -> None:
    """The older site turns to UTF-8: its form with `_charset_` arrives right before anybody told the relay."""
    page = windows.open()
    write(page, company, "oldest", "turned@example.co.jp", charset="utf-8", hidden=HIDDEN)
    send(page)

    assert thanked(page, company)
    assert company.lead("turned@example.co.jp")["last_name"] == "髙﨑"


def test_a_letter_that_shift_jis_lacks_arrives_as_typed(windows: Windows, company: Company) -> None:
    """The browser writes 𠮷 as &#134071; there, and SATORI gets 𠮷."""
    page = windows.open()
    write(page, company, "old", "yoshida@example.co.jp", charset="shift_jis", hidden=HIDDEN)
    page.get_by_label("お名前").fill("𠮷田")
    send(page)

    assert thanked(page, company)
    assert b"&#134071;" in unquote_to_bytes(windows.sent[0].post_data or "")
    assert company.lead("yoshida@example.co.jp")["last_name"] == "𠮷田"


@pytest.mark.parametrize("form", ["old", "oldest"])
def test_a_form_in_shift_jis_is_mended_on_the_relays_page(windows: Windows, company: Company, form: str) -> None:
    """That page is in UTF-8, shows every letter as typed, and what is sent from it arrives right."""
    email = f"mended-{form}@example.co.jp"
    page = windows.open(PHONE)
    write(page, company, form, "nobody", charset="shift_jis", hidden=HIDDEN if form == "old" else "")
    send(page)

    expect(page.locator("#faults")).to_contain_text("1か所")
    expect(page.get_by_label("お名前")).to_have_value("髙﨑")
    expect(page.locator("[name=備考]")).to_have_value("①㈱～\n表示 ソ能")
    page.get_by_label("メールアドレス").fill(email)
    send(page)

    assert thanked(page, company) == f"{company.lead(email)['hashcode']}-00"
    assert company.lead(email)["last_name"] == "髙﨑"
