"""
配配メール's retrieval APIs (取得系), as far as a double may have them.

Nothing of them is public but that each returns CSV and has calls of its own. A test says where one is and what it
takes; what no test has told of answers 501.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import parse_qsl

from tests.sandbox.haihaimail_quota import QuotaBook
from tests.sandbox.haihaimail_settings import Refusal
from tests.sandbox.kit import Ledger
from tests.sandbox.wire import SandboxAnswer, SandboxRequest, media_type

Row = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class RetrievalApi:
    """
    One API as a test's contract document has it: `rows` gives what is listed for the parameters that were sent.

    A call that lacks one of `parameters`, or brings another, is answered 400.
    """

    path: str
    columns: Sequence[str]
    rows: Callable[[Mapping[str, str]], Sequence[Row]]
    method: Literal["GET", "POST"] = "POST"
    parameters: Sequence[str] = ()
    charset: str = "cp932"


class RetrievalFace:
    """
    The APIs that were told of, each with its own book of calls.
    """

    def __init__(self, calls_per_day: int) -> None:
        self._calls_per_day = calls_per_day
        self._apis: dict[str, RetrievalApi] = {}
        self.books: dict[str, QuotaBook] = {}
        self.calls = Ledger()

    def tell_of(self, api: RetrievalApi) -> None:
        """
        From now on this API is there.
        """
        self._apis[api.path] = api
        self.books.setdefault(api.path, QuotaBook(self._calls_per_day))

    def knows(self, path: str) -> bool:
        """
        Whether a test has told of it.
        """
        return path in self._apis

    def method_of(self, path: str) -> str:
        """
        How it is called.
        """
        return self._apis[path].method

    def room(self, path: str, now: datetime) -> int:
        """
        Calls that it still takes today.
        """
        return self.books[path].room(now)

    def refuse(self, path: str, now: datetime) -> None:
        """
        A call beyond the day's.
        """
        self.books[path].refuse(now)

    def answer(self, request: SandboxRequest, now: datetime) -> SandboxAnswer:
        """
        The rows as CSV. Raises Refusal for parameters that are not those of the document.
        """
        api = self._apis[request.path]
        given = _parameters(request, api.charset)
        if set(given) != set(api.parameters):
            raise Refusal(400, f"パラメータが不正です: {sorted(set(given) ^ set(api.parameters))}")
        written = io.StringIO(newline="")
        sheet = csv.DictWriter(written, fieldnames=list(api.columns), lineterminator="\r\n")
        sheet.writeheader()
        sheet.writerows(dict(row) for row in api.rows(given))
        self.books[request.path].count(now)
        headers = {"content-type": "text/csv", "content-disposition": 'attachment; filename="list.csv"'}
        return SandboxAnswer(status=200, headers=headers, body=written.getvalue().encode(api.charset))


def _parameters(request: SandboxRequest, charset: str) -> dict[str, str]:
    kind, _ = media_type(request)
    if kind == "application/json":
        return {name: str(text) for name, text in json.loads(request.body).items()}
    text = request.query if request.method == "GET" else request.body.decode("ascii")
    return dict(parse_qsl(text, keep_blank_values=True, encoding=charset))
