"""
The way in for files: a sender asks for an address, and S3 takes the bytes; no file passes through a request.

The address is good for one PUT of exactly the size that was told, of CSV, for a quarter of an hour, and never over an
object that is there already.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from chalicelib.errors import EnvelopeRefused
from chalicelib.model import Envelope, Response, Source
from chalicelib.model.source import FILE_BYTES_MAX
from chalicelib.model.upload import Import, Upload
from chalicelib.planning.tiers import FILE, LEFTOVERS
from chalicelib.records import imports
from chalicelib.relay.bells import INCOMING
from chalicelib.relay.deps import Deps

ADDRESS_SECONDS = 900
FILENAME_CHARS_MAX = 255
ASK_BYTES_MAX = 4_096
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


def answer(deps: Deps, envelope: Envelope, source: Source) -> Response:
    """
    The answer to a verified sender that asks for an address: 201 and where to PUT the file.

    Raises EnvelopeRefused for a question that cannot be read, or a file that is too large.
    """
    filename, size, sha256, tier = _asked(envelope, source)
    upload = open_upload(deps, source.name, filename=filename, size=size, sha256=sha256, tier=tier)
    told = {
        "id": upload.id,
        "method": "PUT",
        "url": upload.url,
        "headers": dict(upload.headers),
        "size": upload.size,
        "expires_at": upload.expires_at.isoformat(timespec="seconds"),
    }
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    return Response(status=201, headers=headers, body=json.dumps(told, ensure_ascii=False))


def open_upload(
    deps: Deps, source: str, *, filename: str, size: int, sha256: str = "", tier: int = FILE, route: str = ""
) -> Upload:
    """
    Note that a file is to come, and sign the address for it. Raises StoreUnavailable.
    """
    now = deps.now()
    file_id = deps.ports.chance.id(now)
    name = f"{INCOMING}{source}/{file_id}"
    headers = {"Content-Type": "text/csv", "If-None-Match": "*"}
    if sha256:
        headers["x-amz-checksum-sha256"] = base64.b64encode(bytes.fromhex(sha256)).decode()
    found = Import(
        name=name, id=file_id, source=source, route=route, filename=filename, size=size, tier=tier, asked_at=now
    )
    deps.ports.table.write(imports.put(found, now))
    url = deps.ports.bucket.upload_address(name, headers, size=size, seconds=ADDRESS_SECONDS)
    deps.ports.journal.log("upload.asked", source=source, **{"import": file_id}, bytes=size)
    return Upload(id=file_id, url=url, headers=headers, size=size, expires_at=now + timedelta(seconds=ADDRESS_SECONDS))


def _asked(envelope: Envelope, source: Source) -> tuple[str, int, str, int]:
    """
    What a sender says of its file: name, size, digest, tier.
    """
    told = _object(envelope)
    filename, size, sha256 = told.get("filename"), told.get("size"), told.get("sha256", "")
    bytes_max = source.files.bytes_max if source.files else FILE_BYTES_MAX
    if not isinstance(filename, str) or not 0 < len(filename.strip()) <= FILENAME_CHARS_MAX:
        raise _invalid(f"filename: a text of 1 to {FILENAME_CHARS_MAX} characters is wanted")
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise _invalid("size: the file's size in bytes is wanted")
    if size > bytes_max:
        raise EnvelopeRefused(413, "too_large", f"The file is larger than {bytes_max:,} bytes. Send it in parts.")
    if not isinstance(sha256, str) or not (sha256 == "" or _SHA256.fullmatch(sha256)):
        raise _invalid("sha256: 64 hexadecimal digits are wanted, or nothing")
    leftovers = told.get("leftovers", False)
    if not isinstance(leftovers, bool):
        raise _invalid("leftovers: true or false is wanted")
    return filename.strip(), size, sha256, LEFTOVERS if leftovers else FILE


def _object(envelope: Envelope) -> Mapping[str, Any]:
    media = envelope.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media in {"text/csv", "multipart/form-data"}:
        raise EnvelopeRefused(
            415, "unsupported_type", "Files are not sent here: ask for an address with JSON {filename, size} first."
        )
    try:
        told = json.loads(envelope.body) if len(envelope.body) <= ASK_BYTES_MAX else None
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise EnvelopeRefused(400, "malformed", 'JSON is wanted, such as {"filename": "list.csv", "size": 12345}.')
    return told


def _invalid(detail: str) -> EnvelopeRefused:
    return EnvelopeRefused(422, "invalid", detail)
