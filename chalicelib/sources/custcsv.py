"""
The face of 配配メール's CSV import API: `POST …/{account}/api/v1/custcsv/import`, for 楽楽販売 and every other program.

A JSON part `import_settings` and a CSV part `customer_list`, token in `X-HM-apitoken`. Which part has a file name, and
whether numbers come as texts, the vendors' documents leave open: both are taken. The body of an answer is not published
either; it has the shape that the vendor's other APIs have, and 楽楽販売 shows its operator the HTTP status.
(楽楽販売 manual, 配配メール連携; 配配メール manual, API連携; checked 2026-11.)
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from http import HTTPStatus

from chalicelib.errors import EnvelopeRefused
from chalicelib.model import Dropin, Envelope, Response, Source
from chalicelib.model.arrival import Json
from chalicelib.sources import bodies, dropins, json_text
from chalicelib.sources.csv_rows import CsvRefused

PARTS_MAX = 20
JSON_DEPTH_MAX = 4
JST = timezone(timedelta(hours=9))

_WORDS: Mapping[str, str] = {
    "unauthorized": "APIトークンまたはアカウントが正しくありません。",
    "too_large": "ファイルが大きすぎます。",
    "unsupported_type": "multipart/form-data で送信してください。",
    "unavailable": "ただいま受け付けられません。しばらくしてから再度実行してください。",
    "file": "CSVファイルを読み取れません。",
    "settings": "import_settings が正しくありません。",
    "login_id": "login_id が正しくありません。",
}


def taken(envelope: Envelope, source: Source, dropin: Dropin) -> Envelope:
    """
    A verified request as a file in its normal form. Raises EnvelopeRefused where the API would refuse the file.
    """
    parts = file_parts(envelope)
    given = _settings(parts.get("import_settings"))
    login_id = given.get("login_id")
    if not isinstance(login_id, str | int) or not str(login_id).strip():
        raise EnvelopeRefused(400, "login_id", "login_id is missing.")
    if dropin.login_id and str(login_id).strip() != dropin.login_id:
        raise EnvelopeRefused(401, "login_id", "login_id is not the one of this account.")
    try:
        settings = dropins.import_settings(given)
    except dropins.SettingRefused as refused:
        raise EnvelopeRefused(400, "settings", refused.ja) from refused
    data = parts.get("customer_list")
    if data is None:
        raise EnvelopeRefused(400, "file", "The part customer_list is missing.")
    try:
        dropins.table_of(data, source, dropin)
    except CsvRefused as refused:
        raise EnvelopeRefused(413 if refused.code == "too_large" else 400, "file", refused.detail) from refused
    return dropins.packed(envelope, source, settings, data)


def success(envelope: Envelope, told: Mapping[str, Json]) -> Response:
    """
    The answer to a file that was taken.
    """
    return _answer(envelope, 200, {"status": "success", "code": 200}, {"items": dict(told)})


def problem(envelope: Envelope, refused: EnvelopeRefused) -> Response:
    """
    The answer to a refused file, an unknown account or a wrong token.
    """
    words = _WORDS.get(refused.code)
    description = [words, refused.detail] if words else [refused.detail]
    errors = {"code": refused.status, "msg": HTTPStatus(refused.status).phrase, "description": description}
    return _answer(envelope, refused.status, {"status": "error", "code": refused.status}, {"errors": errors})


def file_parts(envelope: Envelope) -> dict[str, bytes]:
    """
    The parts of a multipart request by name, with a file name or without; of several of a name the last, as in PHP.
    """
    from multipart import MultipartError  # noqa: PLC0415 - no other sender needs it here

    if len(envelope.body) > dropins.FILE_BYTES_MAX:
        raise EnvelopeRefused(413, "too_large", f"{dropins.FILE_BYTES_MAX:,} bytes are taken here at most.")
    content_type = envelope.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() != "multipart/form-data":
        raise EnvelopeRefused(400, "unsupported_type", "The request is not multipart/form-data.")
    try:
        parts = bodies.parts_of(envelope.body, content_type, parts_max=PARTS_MAX)
    except (MultipartError, UnicodeError) as broken:
        raise EnvelopeRefused(400, "malformed", "The multipart form is broken or cut off.") from broken
    return {name: data for name, data, _, _ in parts}


def _settings(data: bytes | None) -> dict[str, Json]:
    if data is None:
        raise EnvelopeRefused(400, "settings", "The part import_settings is missing.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp932", "replace")
    try:
        found = json_text.load(text, depth_max=JSON_DEPTH_MAX)
    except EnvelopeRefused as broken:
        raise EnvelopeRefused(400, "settings", "The part import_settings is not JSON.") from broken
    if not isinstance(found, dict):
        raise EnvelopeRefused(400, "settings", "The part import_settings is not a JSON object.")
    return found


def _answer(envelope: Envelope, status: int, head: Mapping[str, Json], rest: Mapping[str, Json]) -> Response:
    at: datetime = envelope.received_at.astimezone(JST)
    told = {
        **head,
        "url": f"/{envelope.source}/api/v1/custcsv/import",
        "version": "1",
        "accessTime": at.isoformat(timespec="seconds"),
        **rest,
    }
    headers = {"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store"}
    if status == 503:
        headers["Retry-After"] = "30"
    return Response(status=status, headers=headers, body=json.dumps(told, ensure_ascii=False))
