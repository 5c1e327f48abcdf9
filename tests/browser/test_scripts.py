"""
A page's own script sends the form by fetch() from another origin than the relay's.
"""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from tests.browser.company import Company
from tests.browser.site import Site
from tests.browser.windows import Windows

SEND_JSON = """async ([address, fields]) => {
  try {
    const answer = await fetch(address, {
      method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(fields)});
    return {status: answer.status, told: await answer.json()};
  } catch (error) { return {failed: error.name}; }
}"""
SEND_FORM = """async ([address, fields]) => {
  try {
    const answer = await fetch(address, {method: "POST", body: new URLSearchParams(fields)});
    return {status: answer.status, told: await answer.text()};
  } catch (error) { return {failed: error.name}; }
}"""


def fields(email: str) -> dict[str, Any]:
    """
    A contact form as a script sends it.
    """
    return {"your-email": email, "sei": "髙﨑", "mei": "太郎", "company": "①㈱髙﨑〜", "agree": True}


def sends(page: Page, company: Company, script: str, values: dict[str, Any]) -> dict[str, Any]:
    """
    What the page's script gets.
    """
    got: dict[str, Any] = page.evaluate(script, [f"{company.relay}/in/contact", values])
    return got


def test_a_listed_page_may_send_json_and_read_the_answer(windows: Windows, company: Company) -> None:
    """The browser asks first, then sends, and the script can go where a form would have gone."""
    page = windows.open()
    page.goto(company.old.page("/script", "<!DOCTYPE html><title>-</title>"))

    got = sends(page, company, SEND_JSON, fields("script@example.co.jp"))

    lead = company.lead("script@example.co.jp")
    assert got["status"] == 200
    assert got["told"]["redirect"] == f"{company.website}/thanks?from=contact&c={lead['hashcode']}-00"
    assert (lead["last_name"], lead["lead_company_name"]) == ("髙﨑", "①㈱髙﨑〜")


def test_a_listed_page_can_read_what_has_to_be_mended(windows: Windows, company: Company) -> None:
    """The faults come field by field, in Japanese and English, for the script to show where it likes."""
    page = windows.open()
    page.goto(company.old.page("/script", "<!DOCTYPE html><title>-</title>"))

    got = sends(page, company, SEND_JSON, fields("nobody"))

    (fault,) = got["told"]["errors"]
    assert got["status"] == 422
    assert (fault["name"], fault["label"]) == ("your-email", "メールアドレス")
    assert fault["ja"]
    assert fault["en"]


def test_a_page_of_somebody_else_can_neither_send_nor_read(unwatched: Windows, company: Company) -> None:
    """JSON is stopped by the browser's question, a plain form by the relay, and the script learns nothing of either."""
    with Site() as foreign:
        page = unwatched.open()
        page.goto(foreign.url)
        first = sends(page, company, SEND_JSON, fields("foreign@example.co.jp"))
        second = sends(page, company, SEND_FORM, {**fields("foreign@example.co.jp"), "agree": "on"})

    assert (first, second) == ({"failed": "TypeError"}, {"failed": "TypeError"})
    assert all("CORS" in error or "ERR_FAILED" in error for error in unwatched.errors)
    assert company.lead("foreign@example.co.jp") == {}
    assert company.deliveries("foreign@example.co.jp") == []
