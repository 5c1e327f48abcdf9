"""
Sources that send files: each to an address that they ask for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.config.place import Place
from chalicelib.config.schema import Rule, Shape
from chalicelib.model.source import FILE_BYTES_MAX

UPLOAD: Shape = {
    "bytes_max": Rule(kind="integer", least=1_024, most=FILE_BYTES_MAX),
    "charset": Rule(choices=("auto", "utf-8", "cp932")),
}
NOT_OF_FILES = ("handshake", "parse", "records", "respond", "ceiling", "dropin", "charset", "body_bytes_max")
"""
The keys that mean nothing to a source of files: its rows are CSV, and its answers are addresses.
"""


def check_files(written: Mapping[str, Any], place: Place) -> None:
    """
    Keys beside `upload` that say nothing of a file.
    """
    for key in NOT_OF_FILES:
        if key in written:
            hint = "Write it in upload." if key == "charset" else "Remove it; a file's rows are CSV."
            place.key(key).fault("says nothing of a source that uploads files", hint)
    event = written.get("event")
    if isinstance(event, Mapping) and "id" in event:
        place.key("event").key("id").fault(
            "says nothing of a file's rows: each is known by its file and its line", "Remove it."
        )
