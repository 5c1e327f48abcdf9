"""
配配メール's older import (旧:外部システム連携): the same CSV rows, with an account number and a password.

A call posts form fields and the file to `https://HOST/?ac=ScheduleCsvImport`. As with the newer API, the answer proves
that the file was taken: its rows are worked off later, and a report mail tells how many failed.

- Only accounts that had it have it; new ones use the API (配配メール manual, API連携; checked 2026-11).
- Limits: files of 10 MB, 30 MB on a dedicated server (外部システム連携仕様書; checked 2026-11). No number of calls is
  printed. Ekiden bounds itself as the newer API does, 240 a day, unless told otherwise.
- HTTP 200, 400, 401 and 500 say whether the file was taken, a code 814xx in the body why not. The layout and charset
  of the body are not printed: UTF-8 and SJIS are read, whatever the Content-Type says.
- The specification calls the password `transport_passwd`, programs in use send `transport_password`: both names are
  sent unless `password_field` says which.
- There is no `overwrite_type`: what a blank cell does is said nowhere (see haihaimail_older.py).
- A repeat of the same file leaves the same state, so an unanswered call is made again with the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from chalicelib.destinations import checks, haihaimail, replies
from chalicelib.destinations.checks import setting
from chalicelib.destinations.csvfile import without_rows
from chalicelib.destinations.formdata import Part, multipart
from chalicelib.destinations.haihaimail_checks import call_faults, file_faults, route_faults
from chalicelib.destinations.haihaimail_codes import Meaning, code_in, refused, text_of
from chalicelib.destinations.haihaimail_older import BLANKS, OLDER_OPERATIONS, SHARED, import_lane, prepare
from chalicelib.destinations.haihaimail_rows import rules
from chalicelib.destinations.haihaimail_terms import CALLS_PER_DAY, IMPORT_TYPES
from chalicelib.destinations.kit import Setting, Vendor, credential
from chalicelib.destinations.replies import Causes
from chalicelib.model import (
    Batch,
    Call,
    Delivered,
    Destination,
    Fault,
    Lane,
    NoReply,
    Reading,
    Reply,
    Route,
    Verdict,
)

LABEL: Final = "配配メール 旧:外部システム連携"
CALLS_PER_DAY_MOST: Final = 86_400
PASSWORD_FIELDS: Mapping[str, tuple[str, ...]] = {
    "both": ("transport_passwd", "transport_password"),
    "transport_passwd": ("transport_passwd",),
    "transport_password": ("transport_password",),
}
FIELDS_SENT: Final = ("import_type", "is_overwrite", "gid", "spid", "report_option")
ALWAYS_SENT: Final = frozenset({"gid", "spid"})
"""
The fields that the vendor's sample sends empty for "none".
"""

_OWN = (
    Setting(name="aid", kind="integer", required=True, least=1, help="the digits after the dash of the contract ID"),
    Setting(
        name="password_field",
        default="both",
        choices=tuple(PASSWORD_FIELDS),
        help="how the transfer password's field is called; the documents differ",
    ),
    Setting(name="plan", default="shared", choices=("shared", "dedicated"), help="files of 10 or 30 MB"),
    Setting(
        name="calls_per_day",
        kind="integer",
        default=CALLS_PER_DAY["shared"],
        least=1,
        most=CALLS_PER_DAY_MOST,
        help="Ekiden's own bound: the vendor prints none",
    ),
    BLANKS,
    Setting(
        name="success_body",
        default="plain",
        choices=("plain", "any"),
        help='what a 200 must carry to count as accepted: nothing, or a word such as OK; "any" where this account '
        "answers otherwise",
    ),
)
LEGACY_SETTINGS: Mapping[str, Setting] = {**{each.name: each for each in _OWN}, **SHARED}

_ADDRESSES = (
    "Check IPアドレスによる利用制限: it must list the address that calls come from, one by one, no ranges "
    '(set egress = "fixed" for a fixed one)'
)
CAUSES = Causes(
    vendor=LABEL,
    keys=(
        "Check aid (the digits after the dash of the contract ID), login_id, the transfer password (システム連携用"
        "パスワード, not that of the login), its field's name (password_field), and that the account has "
        f"外部システム連携. {_ADDRESSES}."
    ),
    address="Check base_url (the host of the address with ?ac=ScheduleCsvImport); the account must have this import.",
)
_CREDENTIALS = "refuses the credentials"
_SETTING = "refuses the file as a whole"
MEANINGS: Mapping[int, Meaning] = {
    81401: Meaning(kind="paused", what=_CREDENTIALS, advice=CAUSES.keys),
    81402: Meaning(kind="paused", what="does not let the sender's address in", advice=f"{_ADDRESSES}."),
    81404: Meaning(kind="quota", what="says that its call limit is reached"),
    81421: Meaning(kind="paused", what=_CREDENTIALS, advice="Check aid: the digits after the dash of the contract ID."),
    81422: Meaning(kind="paused", what=_CREDENTIALS, advice="Check login_id."),
    81423: Meaning(
        kind="paused",
        what="finds no transfer password",
        advice="Set password_field to the other name, transport_password or transport_passwd, and check that "
        "transfer_password is not empty.",
    ),
    81431: Meaning(kind="key", what=_SETTING, advice="It does not know the import_type of this operation."),
    81433: Meaning(kind="key", what=_SETTING, advice="Check the route's is_overwrite."),
    81435: Meaning(kind="key", what=_SETTING, advice="Check the route's gid: the group is not there, or is no number."),
}

_YES = re.compile(r"(?<![0-9A-Za-z])(?:200|ok|success)(?![0-9A-Za-z])", re.IGNORECASE)


def lane_name(destination_name: str, settings: Mapping[str, Any]) -> str:
    """
    One scope per account number: two destinations of one account share it.
    """
    return f"haihaimail-legacy-{settings.get('aid') or destination_name}"


def lane(destination: Destination, name: str) -> Lane:
    """
    A day's calls, a reserve for urgent ones, and a least distance between calls.
    """
    return import_lane(
        destination,
        LEGACY_SETTINGS,
        name=name,
        vendor="haihaimail_legacy",
        gap_seconds_min=haihaimail.GAP_SECONDS_MIN[setting(destination, LEGACY_SETTINGS, "plan")],
    )


def check(destination: Destination) -> list[Fault]:
    """
    Faults of `[destinations.x]`: address, calls, items, substitutes.
    """
    default = CALLS_PER_DAY["shared"]
    return [
        *checks.base_url_faults(
            destination, "https://a03.hm-f.jp (the host of the address with ?ac=ScheduleCsvImport)"
        ),
        *call_faults(destination, default=default, most=CALLS_PER_DAY_MOST, whose="dedicated plan"),
        *file_faults(destination),
    ]


def check_route(route: Route, destination: Destination) -> list[Fault]:
    """
    Faults of `[[routes]]`, as with the newer API.
    """
    return route_faults(route, OLDER_OPERATIONS[route.operation], destination)


def build(batch: Batch, data: bytes, destination: Destination, credentials: Mapping[str, str]) -> Call:
    """
    One multipart post of form fields and the file, as the vendor's sample program makes it.
    """
    password = credential(credentials, "transfer_password")
    fields = {
        "aid": str(destination.settings["aid"]),
        "loginid": credential(credentials, "login_id"),
        **dict.fromkeys(PASSWORD_FIELDS[setting(destination, LEGACY_SETTINGS, "password_field")], password),
        **{name: batch.settings.get(name, "") for name in FIELDS_SENT if name in batch.settings or name in ALWAYS_SENT},
    }
    content_type, body = multipart(
        (
            *(Part(name=name, data=text.encode("ascii")) for name, text in fields.items()),
            Part(name="csvfile", data=data, filename="list.csv", content_type="application/octet-stream"),
        ),
    )
    url = f"{destination.base_url.rstrip('/')}/?ac=ScheduleCsvImport"
    return Call(url=url, headers={"Content-Type": content_type}, body=body)


def read(reply: Reply | NoReply, batch: Batch, destination: Destination | None = None) -> Reading:
    """
    Accepted on a 200 whose body says nothing to the contrary; a code 814xx decides under any status but a 5xx.

    Under a 5xx only a code of the printed table is believed: all else may have been applied.
    """
    if isinstance(reply, NoReply):
        return replies.unanswered(reply, batch, CAUSES)
    answer = replies.read_answer(reply)
    if answer.form == "maintenance":
        return replies.closed(answer, batch, CAUSES)
    said = code_in(reply.body)
    if said is not None and (answer.http < 500 or said.code in MEANINGS):
        return refused(said, answer, batch, vendor=LABEL, meanings=MEANINGS)
    status = haihaimail.status_of(answer)
    if status == 200 and not haihaimail.strange(answer.body) and _taken(reply.body, destination):
        return replies.every(batch, Delivered(proof="accepted"), Verdict())
    unnamed = "an answer without a code 814xx" if reply.body.strip() else ""
    return haihaimail.refused(answer, status, unnamed, batch, CAUSES)


def _taken(body: bytes, destination: Destination | None) -> bool:
    """
    Whether a 200's body agrees: it is empty or has a word of success; a page of HTML never does.
    """
    text = text_of(body)
    if text is None or text.lstrip().startswith("<"):
        return False
    lenient = destination is not None and setting(destination, LEGACY_SETTINGS, "success_body") == "any"
    return lenient or not text.strip() or bool(_YES.search(text))


VENDOR = Vendor(
    slug="haihaimail_legacy",
    label=LABEL,
    base_url="",
    settings=LEGACY_SETTINGS,
    credentials=("login_id", "transfer_password"),
    operations=OLDER_OPERATIONS,
    batching=True,
    lane=lane,
    lane_name=lane_name,
    check=check,
    check_route=check_route,
    prepare=prepare,
    rules=rules,
    pack=haihaimail.pack,
    build=build,
    read=read,
    cut=without_rows,
    imports={word: name for name, word in IMPORT_TYPES.items()},
)
