"""
The double's retrieval APIs: not there until a test says what they are like, then with calls of their own.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.sandbox.haihaimail import HaihaiSandbox
from tests.sandbox.haihaimail_get import RetrievalApi
from tests.sandbox.wire import SandboxAnswer, SandboxRequest

NOW = datetime(2026, 11, 21, 1, tzinfo=UTC)
PATH = "/api_sample/api/v1/contract"


@pytest.fixture
def vendor() -> HaihaiSandbox:
    """
    An account whose retrieval APIs nobody has told of.
    """
    return HaihaiSandbox(clock=lambda: NOW, login_id="ekiden", token="token")


def call(vendor: HaihaiSandbox, **changes: Any) -> SandboxAnswer:
    values: dict[str, Any] = {
        "method": "POST",
        "path": PATH,
        "headers": {"x-hm-apitoken": "token", "content-type": "application/x-www-form-urlencoded"},
        "body": b"day=20261121",
    }
    answer = vendor.handle(SandboxRequest(**(values | changes)))
    assert isinstance(answer, SandboxAnswer)
    return answer


def tell(vendor: HaihaiSandbox) -> None:
    api = RetrievalApi(path=PATH, columns=("名前",), rows=lambda given: [{"名前": given["day"]}], parameters=("day",))
    vendor.retrievals.tell_of(api)


def test_an_api_that_nobody_told_of_is_not_configured(vendor: HaihaiSandbox) -> None:
    """501, as its specification is not public; no path is invented."""
    assert call(vendor).status == 501


def test_one_that_was_told_of_answers_csv_in_its_charset(vendor: HaihaiSandbox) -> None:
    """Rows for what was asked."""
    tell(vendor)

    assert call(vendor).body == "名前\r\n20261121\r\n".encode("cp932")


def test_it_checks_token_method_and_parameters(vendor: HaihaiSandbox) -> None:
    """Like the import does."""
    tell(vendor)
    refused = (call(vendor, headers={}), call(vendor, method="GET"), call(vendor, body=b"x=1"))

    assert [each.status for each in refused] == [401, 405, 400]


@pytest.mark.parametrize(("where", "status"), [("http_429", 429), ("body_429", 400)])
def test_its_calls_are_counted_apart(vendor: HaihaiSandbox, where: str, status: int) -> None:
    """240 a day of its own, and the 429 where the account's reading has it."""
    vendor.change_switches({"over_quota": where})
    tell(vendor)
    answers = [call(vendor) for _ in range(241)]

    assert {each.status for each in answers[:240]} == {200}
    assert (answers[-1].status, b'"code": 429' in answers[-1].body) == (status, True)
    assert vendor.calls_today == 0
