"""
The face of 配配メール's older import, 外部システム連携: `POST …/?ac=ScheduleCsvImport`, with aid, loginid and password.

Answers are a code and its words in one line of text. They are written in ASCII, the part of the vendor's table that
reads the same in Shift_JIS and in UTF-8: API Gateway carries text as UTF-8 only. The table is an excerpt of the
vendor's, and what it does not name is a plain "400 Bad Request". (配配メール 外部システム連携仕様書; checked 2026-11.)
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from chalicelib.errors import EnvelopeRefused
from chalicelib.model import Dropin, Envelope, Response, Source, Token
from chalicelib.sources import custcsv, dropins
from chalicelib.sources.csv_rows import CsvRefused
from chalicelib.sources.verify import secret_passes

PASSWORD_FIELDS = ("transport_passwd", "transport_password")
"""
The specification prints the first; clients that reproduce the vendor's sample send the second.
"""

CODES: Mapping[str, tuple[int, str]] = {
    "unauthorized": (401, "81401 unauthorized"),
    "aid": (400, "81421 bad aid"),
    "loginid": (400, "81422 bad loginid"),
    "password": (400, "81423 no password"),
    "import_type": (400, "81431 bad import_type"),
    "is_overwrite": (400, "81433 bad overwrite parameter"),
    "gid": (400, "81435 bad gid"),
}


def source_named(envelope: Envelope, sources: Mapping[str, Source]) -> Source | None:
    """
    The source whose account is the request's `aid`, for programs that can only be told another host.
    """
    try:
        aid = _text(custcsv.file_parts(envelope).get("aid"))
    except EnvelopeRefused:
        return None
    found = ((one, one.dropin) for one in sources.values() if one.dropin and one.dropin.face == "schedule_csv")
    return next((one for one, dropin in found if aid and dropin.account == aid), None)


def verify(envelope: Envelope, source: Source, dropin: Dropin, secrets: Mapping[str, str]) -> None:
    """
    Let a request pass whose aid, loginid and password are right; all are compared, whichever is wrong.
    """
    aid, login_id, password = credentials_of(envelope)
    refs = next((check.secret for check in source.verify if isinstance(check, Token)), ())
    right = secret_passes(password, refs, secrets)
    if not right or (dropin.account and aid != dropin.account) or (dropin.login_id and login_id != dropin.login_id):
        raise EnvelopeRefused(401, "unauthorized", "aid, loginid or password is wrong.")


def credentials_of(envelope: Envelope) -> tuple[str, str, str]:
    """
    aid, loginid and password. Raises EnvelopeRefused, with a code of its own for each that is missing.
    """
    parts = custcsv.file_parts(envelope)
    aid, login_id = _text(parts.get("aid")), _text(parts.get("loginid"))
    password = next((text for name in PASSWORD_FIELDS if (text := _text(parts.get(name)))), "")
    for name, given in (("aid", aid.isascii() and aid.isdigit()), ("loginid", login_id), ("password", password)):
        if not given:
            raise EnvelopeRefused(400, name, f"{name} is missing or malformed.")
    return aid, login_id, password


def taken(envelope: Envelope, source: Source, dropin: Dropin) -> Envelope:
    """
    A verified request as a file in its normal form. Raises EnvelopeRefused where the API would refuse the file.
    """
    parts = custcsv.file_parts(envelope)
    given = {name: _text(data) for name, data in parts.items() if name != "csvfile"}
    try:
        settings = dropins.import_settings(given)
    except dropins.SettingRefused as refused:
        raise EnvelopeRefused(400, refused.name, refused.ja) from refused
    data = parts.get("csvfile")
    if data is None:
        raise EnvelopeRefused(400, "file", "The part csvfile is missing.")
    try:
        dropins.table_of(data, source, dropin)
    except CsvRefused as refused:
        raise EnvelopeRefused(400, "file", refused.detail) from refused
    return dropins.packed(envelope, source, settings, data)


def success() -> Response:
    """
    The answer to a file that was taken.
    """
    return _answer(200, "200 OK")


def problem(refused: EnvelopeRefused) -> Response:
    """
    The answer to a refused file or sender. The statuses are the specification's: 400, 401, and 500 for a store's fault.
    """
    if refused.status >= 500:
        return _answer(500, "500 Internal Server Error")
    status, words = CODES.get(refused.code, (400, f"{refused.status} {HTTPStatus(refused.status).phrase}"))
    return _answer(status, words)


def _answer(status: int, words: str) -> Response:
    headers = {"Content-Type": "text/plain; charset=Shift_JIS", "Cache-Control": "no-store"}
    return Response(status=status, headers=headers, body=words)


def _text(data: bytes | None) -> str:
    """
    A text part; what is no UTF-8 is read as Shift_JIS, in which the vendor's sample sends them.
    """
    if data is None:
        return ""
    try:
        return data.decode("utf-8").strip()
    except UnicodeDecodeError:
        return data.decode("cp932", "replace").strip()
