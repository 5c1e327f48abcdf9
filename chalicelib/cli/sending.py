"""
Sending a file to the address that was signed for it, with word of how far it has got.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

from chalicelib.model.upload import Upload

CONNECT_SECONDS = 10
ANSWER_SECONDS = 120

Progress = Callable[[int], None]


class _Told(io.BytesIO):
    """
    Bytes that tell how many of them have been taken.
    """

    def __init__(self, data: bytes, progress: Progress) -> None:
        super().__init__(data)
        self._size, self._progress = len(data), progress

    def __len__(self) -> int:
        return self._size

    def read(self, size: int | None = -1, /) -> bytes:
        part = super().read(size)
        self._progress(len(part))
        return part


def put_file(upload: Upload, data: bytes, progress: Progress) -> None:
    """
    PUT the bytes. Raises Stopped where the way to S3, or S3, does not take them.
    """
    import requests  # noqa: PLC0415 - only where something is uploaded

    from chalicelib.ops.stopped import Stopped  # noqa: PLC0415 - only where it is needed

    timeout = (CONNECT_SECONDS, ANSWER_SECONDS)
    try:
        body: Any = _Told(data, progress)
        answer = requests.put(upload.url, data=body, headers=dict(upload.headers), timeout=timeout)
    except requests.RequestException as error:
        words = f"The file could not be uploaded ({type(error).__name__}). Nothing was imported; try again."
        raise Stopped(words) from error
    if not answer.ok:
        code = re.search(r"<Code>(\w+)</Code>", answer.text)
        named = f", {code[1]}" if code else ""
        raise Stopped(
            f"S3 refused the file ({answer.status_code}{named}). Nothing was imported. "
            "These credentials need s3:PutObject on the bucket's incoming/*."
        )
