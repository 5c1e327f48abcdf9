"""
A table that is busy: asked again for a while, then named unavailable, so that whoever asked can queue the work.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.adapters.dynamo import TRIES_MAX, DynamoTable
from chalicelib.errors import StoreUnavailable
from chalicelib.ports import Key, Query, Update, Written

KEY = Key("LANE#satori", "LANE")
THROTTLES = ("ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded")


class Busy:
    """
    A DynamoDB that refuses its first requests with this code.
    """

    class exceptions:  # noqa: N801 - as boto names it
        """No request fails for its condition here."""

        class ConditionalCheckFailedException(Exception):
            """Never raised."""

        class TransactionCanceledException(Exception):
            """Never raised."""

    def __init__(self, code: str, times: int) -> None:
        self._code, self._times = code, times
        self.asked = 0

    def __getattr__(self, name: str) -> Any:
        def answer(**_arguments: Any) -> dict[str, Any]:
            self.asked += 1
            if self.asked <= self._times:
                raise ClientError({"Error": {"Code": self._code}}, name)
            return {"Items": [], "Count": 0}

        return answer


def asks(table: DynamoTable) -> list[Any]:
    """
    A read, a search, a write and a transaction.
    """
    update = Update(key=KEY, set={"n": 1})
    return [
        lambda: table.get([KEY]),
        lambda: table.query(Query(pk="LANE#satori", limit=1)),
        lambda: table.write(update),
        lambda: table.write(update, Update(key=Key("LANE#satori", "LEASE"), set={"n": 1})),
    ]


@pytest.mark.parametrize("which", range(4))
@pytest.mark.parametrize("code", THROTTLES)
def test_a_throttled_request_is_repeated(code: str, which: int) -> None:
    """A counter that is hot for a moment costs a moment, ever longer ones, and no error."""
    naps: list[float] = []
    busy = Busy(code, TRIES_MAX - 1)
    table = DynamoTable(SimpleNamespace(dynamodb=busy), "t", sleep=naps.append)  # type: ignore[arg-type]

    assert asks(table)[which]() in ([None], [], Written())
    assert (busy.asked, len(naps)) == (TRIES_MAX, TRIES_MAX - 1)
    assert sum(naps) < 2


@pytest.mark.parametrize("which", range(4))
@pytest.mark.parametrize("code", THROTTLES)
def test_a_table_that_stays_busy_is_named_so(code: str, which: int) -> None:
    """Whoever asked learns that nothing was done, and puts the work in a queue."""
    table = DynamoTable(SimpleNamespace(dynamodb=Busy(code, 10**6)), "t", sleep=lambda _: None)  # type: ignore[arg-type]

    with pytest.raises(StoreUnavailable, match=code) as refused:
        asks(table)[which]()

    assert not refused.value.maybe_applied
