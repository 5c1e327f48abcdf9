"""
One Chromium and one company for the whole run, a visitor's windows for each test.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser import chromium
from tests.browser.company import Company, open_for_business
from tests.browser.windows import HERE, Windows


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """
    Whatever stands in this folder needs the browser.
    """
    for item in items:
        if item.path.is_relative_to(__file__.rpartition("/")[0]):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def program() -> str:
    """
    The machine's Chromium. Without one nothing is started.
    """
    path = chromium.found()
    if not path:
        pytest.fail(chromium.MISSING, pytrace=False)
    return path


@pytest.fixture(scope="session")
def company(program: str) -> Iterator[Company]:
    """
    Two sites and the relay behind them.
    """
    assert program
    with open_for_business() as found:
        yield found


@pytest.fixture(scope="session")
def browser(program: str, company: Company) -> Iterator[Browser]:
    """
    One browser, which finds nothing but this machine. It ends before the company does.
    """
    assert company.website
    with sync_playwright() as playwright:
        nowhere = f"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {HERE}"
        launched = playwright.chromium.launch(executable_path=program, args=[nowhere])
        yield launched
        launched.close()


@pytest.fixture
def unwatched(browser: Browser) -> Iterator[Windows]:
    """
    Windows in which something is meant to go wrong.
    """
    opened = Windows(browser)
    yield opened
    opened.close()


@pytest.fixture
def windows(unwatched: Windows) -> Iterator[Windows]:
    """
    Windows whose consoles stay free of errors, and that ask nobody but the company's own servers for anything.
    """
    yield unwatched
    assert (unwatched.errors, unwatched.elsewhere) == ([], [])
