"""
The demo's website.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
import requests

from chalicelib.model import Form, FormField
from tests.demo.sending import Visitor
from tests.demo.website import Website

FORM = Form(
    thanks="http://127.0.0.1/thanks",
    title="お問い合わせ",
    fields=(
        FormField(name="your-email", label="メールアドレス", type="email", required=True),
        FormField(name="agree", label="同意する", type="checkbox"),
    ),
)
RELAY = "http://127.0.0.1:1/api"


@pytest.fixture
def site() -> Iterator[Website]:
    """
    A site with one form.
    """
    with Website() as found:
        found.open({"contact": FORM}, relay=RELAY, satori="http://127.0.0.1:2", behind={"管理": "http://127.0.0.1:2/"})
        yield found


def get(address: str) -> requests.Response:
    """
    What a browser gets.
    """
    return requests.get(address, timeout=10)


def test_the_form_goes_to_the_relay_with_every_declared_field(site: Website) -> None:
    """A visitor can fill in what relay.toml declares, and the button sends it to the relay's address."""
    page = get(f"{site.url}/contact").text

    assert f'action="{RELAY}/in/contact"' in page
    assert 'name="your-email"' in page
    assert 'name="agree"' in page
    assert 'name="_gotcha"' in page


def test_a_browser_may_send_the_form_to_the_relay(site: Website) -> None:
    """The page's own policy names the relay's origin without a path, which would stop any path below it."""
    policy = get(f"{site.url}/contact").headers["Content-Security-Policy"]

    assert "form-action 'self' http://127.0.0.1:1;" in f"{policy};"
    assert "script-src 'self' http://127.0.0.1:1; connect-src http://127.0.0.1:1;" in policy
    assert "unsafe-eval" not in policy


def test_a_visitor_with_a_ticket_gets_the_script_that_waits(site: Website) -> None:
    """The tag stands in a template until the relay's thanks.js lets it run; nothing of the ticket is in the page."""
    page = get(f"{site.url}/thanks?from=contact&ekiden=T1CKET").text

    assert f'<script defer src="{RELAY}/thanks.js"></script>' in page
    assert '<template data-ekiden><script src="/tag.js"' in page
    assert '<code id="c"></code>' in page
    assert "T1CKET" not in page
    assert "currentScript" in get(f"{site.url}/tag.js").text


def test_the_thank_you_page_shows_what_the_tag_reads_and_binds_the_browser(site: Website) -> None:
    """The parameter c is shown, and a frame calls SATORI's binding page with it and the browser's cookie."""
    with closing(requests.Session()) as browser:
        page = browser.get(f"{site.url}/thanks?from=contact&c=0123456789abcdef-00", timeout=10).text
        name = browser.cookies["visitor"]

    assert '<code id="c">0123456789abcdef-00</code>' in page
    assert f"http://127.0.0.1:2/bind?c=0123456789abcdef-00&amp;browser={name}" in page


def test_without_c_nothing_is_bound(site: Website) -> None:
    """A visitor whose form SATORI has not answered yet is thanked all the same."""
    page = get(f"{site.url}/thanks").text

    assert "送信ありがとうございました" in page
    assert "<iframe" not in page


def test_what_stands_in_the_address_is_text(site: Website) -> None:
    """Nobody can put markup into the page by way of c."""
    page = get(f"{site.url}/thanks?c=%3Cscript%3Ealert(1)%3C/script%3E").text

    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_the_start_page_leads_to_every_form(site: Website) -> None:
    """What can be tried is one click away, and so is a look behind the scenes."""
    page = get(f"{site.url}/").text

    assert '<a href="/contact">お問い合わせ</a>' in page
    assert '<a href="http://127.0.0.1:2/">管理</a>' in page


def test_a_page_that_does_not_exist_says_so(site: Website) -> None:
    """A mistyped address is a 404 with a way back."""
    answer = get(f"{site.url}/nowhere")

    assert (answer.status_code, "トップへ戻る" in answer.text) == (404, True)


def test_a_browser_keeps_its_name(site: Website) -> None:
    """The cookie is given once; a strange one is replaced."""
    with closing(requests.Session()) as browser:
        first = browser.get(site.url, timeout=10)
        second = browser.get(site.url, timeout=10)
    strange = requests.get(site.url, cookies={"visitor": '"><b>'}, timeout=10)

    assert "Set-Cookie" in first.headers
    assert "Set-Cookie" not in second.headers
    assert "Set-Cookie" in strange.headers


def test_a_visitor_reads_the_pages_as_a_browser_does(site: Website) -> None:
    """The script's visitor finds the form's address in the page; where no relay is, the browser shows an error."""
    with closing(Visitor(site.url, RELAY)) as visitor, pytest.raises(requests.ConnectionError, match="in/contact"):
        visitor.submit("contact", {"your-email": "taro@example.co.jp"})
