"""
クルメル, the sibling of 配配メール: rows of many contacts in one CSV file a call, under a quota and answers of its own.

- Limits: 1,000 calls a day over all APIs of the account, until 0:00; errors are not counted; it cannot be raised
  (API一覧 > 共通仕様, and the support page on refused connections; checked 2026-11). Ekiden counts every call unless
  `counts = "accepted"`. Over it: code 81404, "too many calls". A list has at most 500,000 rows. No size in bytes is
  public; 10 MB are kept to, as the sibling prints.
- An answer's HTTP status proves nothing. XML always carries a result code, 10200 for success. CSV is an error if its
  first line is CODE,STATUS,MESSAGE; its Content-Type is a file name.
- A refused connection is how an address that is not allowed, and an account without the API, are turned away.
- The import's address, fields and words are not public: see curumeru_terms.py.
- A repeat of the same file leaves the same state, so an unanswered call is made again with the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from chalicelib.destinations import haihaimail, replies
from chalicelib.destinations.checks import setting
from chalicelib.destinations.csvfile import without_rows
from chalicelib.destinations.curumeru_terms import (
    CHARSET_WORDS,
    CURUMERU_SETTINGS,
    LABEL,
    check,
    check_route,
    parameters_of,
    words_of,
)
from chalicelib.destinations.formdata import Part, multipart
from chalicelib.destinations.haihaimail_codes import UNKNOWN, Meaning, Said, code_in, refused, text_of
from chalicelib.destinations.haihaimail_older import OLDER_OPERATIONS, import_lane, prepare
from chalicelib.destinations.haihaimail_rows import charset_of, rules
from chalicelib.destinations.haihaimail_terms import IMPORT_TYPES
from chalicelib.destinations.kit import Vendor, credential
from chalicelib.destinations.replies import Answer, Causes
from chalicelib.model import Batch, Call, Delivered, Destination, Lane, NoReply, Reading, Reply, Verdict

SUCCESS = 10200
ERROR_HEADER = "CODE,STATUS,MESSAGE"
GAP_SECONDS_MIN = 30.0

_ADDRESSES = (
    "クルメル refuses the connection of an address that is not allowed: list the one that calls come from in its API "
    'settings (egress = "fixed" for a fixed one). An account without the API contract is refused too'
)
CAUSES = Causes(
    vendor=LABEL,
    keys=f"Check login_id, password, their names in parameters, and also_send. {_ADDRESSES}.",
    address=f"Check base_url and path. {_ADDRESSES}.",
)
_CREDENTIALS = Meaning(kind="paused", what="refuses the credentials", advice=CAUSES.keys)
MEANINGS: Mapping[int, Meaning] = {
    81401: _CREDENTIALS,
    81402: _CREDENTIALS,
    81404: Meaning(kind="quota", what="says that its call limit is reached"),
    81421: _CREDENTIALS,
    81422: _CREDENTIALS,
    81423: _CREDENTIALS,
}
"""
81404 is クルメル's own; the others are those of 配配メール's older import, whose numbers クルメル shares.
"""

_XML_CODES = re.compile(r"(?:>\s*|=\")([0-9]{5})(?:\s*<|\")")
_CSV_CODE = re.compile(r"\s*\"?([0-9]{3,6})\"?,\"?([a-z_ ]{0,60})")


def lane_name(destination_name: str, _settings: Mapping[str, Any]) -> str:
    """
    One scope per destination; give those of one account the same `lane`.
    """
    return f"curumeru-{destination_name}"


def lane(destination: Destination, name: str) -> Lane:
    """
    A day's calls, a reserve for urgent ones, and a least distance between calls.
    """
    return import_lane(destination, CURUMERU_SETTINGS, name=name, vendor="curumeru", gap_seconds_min=GAP_SECONDS_MIN)


def build(batch: Batch, data: bytes, destination: Destination, credentials: Mapping[str, str]) -> Call:
    """
    One multipart post of the fields that the operator named, the two public ones, and the file.
    """
    names = parameters_of(destination)
    sent = {**batch.settings, "import_type": words_of(destination, "import_types")[batch.operation]}
    fields = {
        **words_of(destination, "also_send"),
        "charset": CHARSET_WORDS[charset_of(destination)],
        "return_format": str(setting(destination, CURUMERU_SETTINGS, "return_format")),
        names["login"]: credential(credentials, "login_id"),
        names["password"]: credential(credentials, "password"),
        **{names[name]: sent[name] for name in names if name in sent},
    }
    content_type, body = multipart(
        (
            *(Part(name=name, data=text.encode("ascii")) for name, text in fields.items()),
            Part(name=names["file"], data=data, filename="list.csv", content_type="application/octet-stream"),
        ),
    )
    url = f"{destination.base_url.rstrip('/')}{destination.settings['path']}"
    return Call(url=url, headers={"Content-Type": content_type}, body=body)


def read(reply: Reply | NoReply, batch: Batch, destination: Destination | None = None) -> Reading:
    """
    Accepted on XML with the code 10200 or, where CSV was asked for, on a file that is not an error's.

    Any other code decides: one whose hundreds say 4 is a definite refusal, the rest may have been applied.
    """
    if isinstance(reply, NoReply):
        return replies.unanswered(reply, batch, CAUSES)
    answer = replies.read_answer(reply)
    if answer.form == "maintenance":
        return replies.closed(answer, batch, CAUSES)
    text = text_of(reply.body) or ""
    said = _said(text, reply)
    as_file = destination is not None and setting(destination, CURUMERU_SETTINGS, "return_format") == "CSV"
    if answer.http == 200 and (said.code == SUCCESS and _whole(text) if said else as_file and _is_file(text, reply)):
        return replies.every(batch, Delivered(proof="accepted"), Verdict())
    if said is not None and said.code != SUCCESS:
        return _coded(said, answer, batch)
    return haihaimail.refused(answer, haihaimail.status_of(answer), "", batch, CAUSES)


def _said(text: str, reply: Reply) -> Said | None:
    """
    The code that the answer states, in whichever form it came: the one asked for, or the other.
    """
    first, _, rest = text.lstrip().partition("\n")
    if first.strip().replace('"', "").upper() == ERROR_HEADER:
        found = _CSV_CODE.match(rest)
        return Said(code=int(found[1]), name=" ".join(found[2].split())) if found else Said(code=0)
    known = code_in(reply.body)
    if known is not None:
        return known
    codes = [int(code) for code in _XML_CODES.findall(text[:4_000])] if text.lstrip().startswith("<") else []
    errors = [code for code in codes if code != SUCCESS]
    return Said(code=errors[0] if errors else SUCCESS) if codes else None


def _whole(text: str) -> bool:
    """
    Whether an XML answer came to its end: the element that it begins with is closed last.
    """
    root = re.search(r"<([A-Za-z_][\w.:-]*)", text)
    return root is not None and text.rstrip().endswith(f"</{root[1]}>")


def _coded(said: Said, answer: Answer, batch: Batch) -> Reading:
    refusal = said.code in MEANINGS or (said.code // 100 % 10 == 4 and answer.http < 500)
    if refusal:
        return refused(said, answer, batch, vendor=LABEL, meanings={said.code: MEANINGS.get(said.code, UNKNOWN)})
    status = haihaimail.status_of(answer)
    return haihaimail.refused(answer, 500 if status == 200 else status, str(said), batch, CAUSES)


def _is_file(text: str, reply: Reply) -> bool:
    """
    Whether it is a CSV file as クルメル hands them out: a header line, and a file's name among the headers.
    """
    named = f"{reply.headers.get('content-disposition', '')} {reply.headers.get('content-type', '')}".casefold()
    return bool(text.strip()) and not text.lstrip().startswith(("<", "{", "[")) and ".csv" in named


VENDOR = Vendor(
    slug="curumeru",
    label=LABEL,
    base_url="",
    settings=CURUMERU_SETTINGS,
    credentials=("login_id", "password"),
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
