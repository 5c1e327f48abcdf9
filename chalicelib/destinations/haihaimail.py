"""
配配メール (mail delivery): rows of many contacts in one CSV file a call, over the API連携 CSV import.

A call posts a JSON part (`import_settings`) and a CSV part (`customer_list`). The answer proves that the file was
taken, not that its rows were imported: rows are worked off later, and their results show in the admin screen only
(レポート > 一括登録・削除の処理結果, ten days) and in the report mail.

- Limits: 240 calls a day, 86,400 on a dedicated server, counted until 0:00 Japan time; over it 429 until then. A file
  has at most 10 MB, 30 MB on a dedicated server (printed for the older interface, assumed for this one).
  (配配メール manual, API連携; 外部システム連携仕様書; 楽楽販売 manual, 配配メール連携; checked 2026-11.)
- What a failed call counts is told in two ways: "errors are not counted" and "each connection counts once". Ekiden
  counts every call unless `counts = "accepted"`.
- A repeat of the same file leaves the same state, so an unanswered call is made again with the same bytes.
- The body of an answer is not published: it is read tolerantly, and what is not a JSON object proves nothing.
- The key that makes the vendor change the state of everyone absent from the file is never sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from chalicelib.destinations import replies
from chalicelib.destinations.checks import setting
from chalicelib.destinations.csvfile import Sheet, columns_of, pack_lines, without_rows
from chalicelib.destinations.formdata import Part, multipart
from chalicelib.destinations.haihaimail_checks import check, check_route
from chalicelib.destinations.haihaimail_rows import COLUMNS, address_item, charset_of, prepare, rules
from chalicelib.destinations.haihaimail_terms import CALLS_PER_DAY, IMPORT_TYPES, OPERATIONS, SETTINGS
from chalicelib.destinations.kit import Operation, Packed, Settings, Vendor, credential
from chalicelib.destinations.replies import Answer, Causes
from chalicelib.model import Batch, Call, Delivered, Destination, Lane, Limit, Line, NoReply, Reading, Reply, Verdict
from chalicelib.model.arrival import Json

BYTES_MAX = {"shared": 10_000_000, "dedicated": 30_000_000}
"""
Bytes of one file. "10MB" may mean 10,000,000 or 10,485,760: the smaller number holds under both readings.
"""

GAP_SECONDS_MIN = {"shared": 30.0, "dedicated": 1.0}
RESERVE_SHARE = 20
SETTINGS_SENT = ("import_type", "is_overwrite", "overwrite_type", "gid", "spid", "report_option")

CAUSES = Causes(
    vendor="配配メール",
    keys=(
        "Check the API token (各種設定 > 基本設定: making a new one ends the old one; 変更 must be pressed), login_id, "
        "the contract of the API option, and API IPアドレス制限: it must list the address that calls come from, one by "
        'one, no ranges (set egress = "fixed" for a fixed one).'
    ),
    address="Check base_url (the host of the login URL) and account (the first part of its path).",
)

_BAD_WORDS = frozenset({"error", "errors", "ng", "fail", "failed", "failure", "false"})
_SPOKEN = frozenset({"code", "message", "msg", "error", "errors", "description", "detail", "name", "reason"})
_SAYING_DEPTH = 5


def lane_name(destination_name: str, settings: Mapping[str, Any]) -> str:
    """
    One scope per account, since the vendor counts per account and API: two destinations of one account share it.
    """
    return f"haihaimail-{settings.get('account') or destination_name}-import"


def lane(destination: Destination, name: str) -> Lane:
    """
    A day's calls, a reserve for urgent ones, and a least distance between calls.
    """
    plan = setting(destination, SETTINGS, "plan")
    calls = _given(destination, "calls_per_day", CALLS_PER_DAY[plan])
    reserve = _given(destination, "reserve", calls // RESERVE_SHARE)
    return Lane(
        name=name,
        vendor="haihaimail",
        batching=True,
        limits=(Limit(calls=calls, per="day", reserve=reserve),),
        counts=str(setting(destination, SETTINGS, "counts")),
        gap_seconds_min=float(_given(destination, "gap_seconds_min", GAP_SECONDS_MIN[plan])),
        rows_max=int(setting(destination, SETTINGS, "rows_max")),
        timeout_seconds=float(setting(destination, SETTINGS, "timeout_seconds")),
        settle_seconds=float(setting(destination, SETTINGS, "settle_seconds")),
        egress=str(setting(destination, SETTINGS, "egress")),
    )


def _given(destination: Destination, name: str, default: Json) -> Json:
    value = destination.settings.get(name)
    return default if value is None else value


def pack(_operation: Operation, settings: Settings, lines: Sequence[Line], destination: Destination) -> Packed:
    """
    As many lines as the vendor's file may hold: the address first, then every item that any line has.

    Where blanks erase (overwrite_type 2) the columns are those of the batch key, and a line that lacks one is poison.
    """
    first = address_item(destination)
    exact = COLUMNS in settings
    columns = tuple(json.loads(settings[COLUMNS])) if exact else columns_of(lines, first)
    sheet = Sheet(
        columns=(first, *(column for column in columns if column != first)),
        charset=charset_of(destination),
        bytes_max=BYTES_MAX[setting(destination, SETTINGS, "plan")],
        identity=first,
        exact=exact,
    )
    return pack_lines(lines, sheet)


def build(batch: Batch, data: bytes, destination: Destination, credentials: Mapping[str, str]) -> Call:
    """
    One multipart post. The settings have no file name and the list has one, else the vendor's PHP sees neither.

    Values of the settings are texts, as the one client whose manual is public sends them (楽楽販売).
    """
    chosen = {name: batch.settings[name] for name in SETTINGS_SENT if name in batch.settings}
    settings = {"login_id": credential(credentials, "login_id"), **chosen}
    content_type, body = multipart(
        (
            Part(name="import_settings", data=json.dumps(settings).encode("ascii")),
            Part(name="customer_list", data=data, filename="list.csv", content_type="text/csv"),
        ),
    )
    account = quote(str(destination.settings["account"]), safe="")
    return Call(
        url=f"{destination.base_url.rstrip('/')}/{account}/api/v1/custcsv/import",
        headers={
            "Content-Type": content_type,
            "Accept": "application/json",
            "X-HM-apitoken": credential(credentials, "api_token"),
        },
        body=body,
    )


def read(reply: Reply | NoReply, batch: Batch, destination: Destination | None = None) -> Reading:
    """
    Accepted on a 2xx whose JSON says nothing to the contrary; a code in the body decides even under HTTP 200.

    The body of a success is not published. Anything but JSON proves nothing unless `success_body = "any"` says that
    this account's answers are known to be otherwise; a page of HTML never counts.
    """
    if isinstance(reply, NoReply):
        return replies.unanswered(reply, batch, CAUSES)
    answer = replies.read_answer(reply)
    if answer.form == "maintenance":
        return replies.closed(answer, batch, CAUSES)
    status = status_of(answer)
    any_body = destination is not None and setting(destination, SETTINGS, "success_body") == "any"
    if any_body and 200 <= status <= 299 and answer.form in {"empty", "unreadable"}:
        return replies.every(batch, Delivered(proof="accepted"), Verdict())
    if 200 <= status <= 299 and answer.form == "json" and not strange(answer.body):
        return replies.every(batch, Delivered(proof="accepted"), Verdict())
    said = replies.words(" / ".join(dict.fromkeys(_sayings(answer.body, _SAYING_DEPTH))))
    return refused(answer, status, said, batch, CAUSES)


def refused(answer: Answer, status: int, said: str, batch: Batch, causes: Causes) -> Reading:
    """
    What a status other than a success means for a file of this family's imports.
    """
    refusal = _REFUSALS.get(status)
    if refusal is None:
        return replies.ordinary(answer, status, said, batch, causes)
    kind, what, advice = refusal
    reason = f"{causes.vendor} {what} {replies.told(answer, said, status)}{advice}"
    wish = answer.retry_after_seconds
    return replies.waiting(batch, reason, kind=kind, burns=status == 409, wait_seconds=wish)


_WHOLE_FILE = (
    "key",
    "refuses the file as a whole",
    ". Check gid or spid, login_id, the other settings, and that the items are named as in the database",
)
_REFUSALS = {
    400: _WHOLE_FILE,
    422: _WHOLE_FILE,
    409: ("busy", "reports a conflict, perhaps with another import", ""),
    413: ("too_large", "finds the file too large", ""),
}
"""
Definite refusals of a file: the verdict, what happened, what an operator should look at. A 409 is nowhere explained,
so it counts as an attempt, lest it go on for ever.
"""


def status_of(answer: Answer) -> int:
    """
    The status that the reply means: a code in the body first, then HTTP's, then 400 for a complaint without a code.
    """
    codes = [code for code in map(replies.http_code, _codes(answer.body)) if code is not None and code >= 400]
    if 429 in (answer.http, *codes):
        return 429
    if codes:
        return codes[0]
    return 400 if answer.fine and _complains(answer.body) else answer.http


def strange(body: Mapping[str, Json]) -> bool:
    """
    Whether the answer carries a code that nobody knows: neither zero nor a success.
    """
    return any(code and not 200 <= code <= 299 for code in map(replies.number, _codes(body)))


def _codes(body: Mapping[str, Json]) -> Iterator[Json]:
    yield body.get("code")
    yield body.get("status")
    for name in ("errors", "error"):
        found = body.get(name)
        for each in found if isinstance(found, list) else [found]:
            if isinstance(each, dict):
                yield each.get("code")
                yield each.get("status")
            else:
                yield each


def _complains(body: Mapping[str, Json]) -> bool:
    texts = (str(body.get(name)).strip().casefold() for name in ("status", "result", "success"))
    return bool(body.get("errors") or body.get("error")) or any(text in _BAD_WORDS for text in texts)


def _sayings(value: Json, depth: int) -> list[str]:
    """
    The texts and codes of a complaint, without what the answer echoes of the request.
    """
    if isinstance(value, dict) and depth:
        return [said for name, each in value.items() if name in _SPOKEN for said in _sayings(each, depth - 1)]
    if isinstance(value, list) and depth:
        return [said for each in value for said in _sayings(each, depth - 1)]
    return [str(value)] if isinstance(value, str | int | float) and not isinstance(value, bool) else []


def said_in(answer: Answer) -> str:
    """
    The words of a complaint: one line, bounded, masked.
    """
    return replies.words(" / ".join(dict.fromkeys(_sayings(answer.body, _SAYING_DEPTH))))


VENDOR = Vendor(
    slug="haihaimail",
    label="配配メール",
    base_url="",
    settings=SETTINGS,
    credentials=("login_id", "api_token"),
    operations=OPERATIONS,
    batching=True,
    lane=lane,
    lane_name=lane_name,
    check=check,
    check_route=check_route,
    prepare=prepare,
    rules=rules,
    pack=pack,
    build=build,
    read=read,
    cut=without_rows,
    imports={word: name for name, word in IMPORT_TYPES.items()},
)
