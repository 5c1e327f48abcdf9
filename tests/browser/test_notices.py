"""
The relay's other pages, and that the windows are watched.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.company import Company
from tests.browser.site import Site
from tests.browser.windows import DESKTOP, PHONE, Windows


@pytest.mark.parametrize("kind", [pytest.param(PHONE, id="phone"), pytest.param(DESKTOP, id="desktop")])
def test_who_opens_the_forms_address_is_told_what_it_is(
    windows: Windows, company: Company, kind: dict[str, object]
) -> None:
    """A page in both languages, not an error of the browser's."""
    page = windows.open(kind)
    page.goto(f"{company.relay}/in/contact")

    expect(page.get_by_role("heading", level=1)).to_have_text("このアドレスは開いて見るものではありません")
    expect(page.get_by_text("There is nothing to see at this address")).to_be_visible()


def test_a_form_on_somebody_elses_page_is_refused(windows: Windows, company: Company) -> None:
    """A copied form does not arrive; who sent it is told to use the company's own site."""
    with Site() as foreign:
        page = windows.open(PHONE)
        text = (
            f'<meta charset="utf-8"><form method="post" action="{company.relay}/in/contact"><input name="your-email" '
        )
        page.goto(foreign.page("/copy", text + 'value="copied@example.co.jp"><button>送信する</button></form>'))
        page.get_by_role("button").click()

        expect(page.get_by_role("heading", level=1)).to_have_text("このページからは送信できません")
    assert company.deliveries("copied@example.co.jp") == []


def test_errors_and_strangers_would_be_seen(unwatched: Windows, company: Company) -> None:
    """The watch over every other test is not blind: a script's error and a picture from elsewhere are noted."""
    page = unwatched.open()
    page.goto(
        company.old.page("/bad", '<img src="https://cdn.example.com/a.png"><script>throw new Error("oh")</script>')
    )

    assert unwatched.elsewhere == ["https://cdn.example.com/a.png"]
    assert any("oh" in error for error in unwatched.errors)
