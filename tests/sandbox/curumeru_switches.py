"""
What クルメル's public pages leave open, as switches: the likeliest reading first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tests.sandbox import switches


@dataclass(frozen=True, slots=True, kw_only=True)
class CurumeruSwitches:
    """
    One reading of クルメル. Raises ValueError for a value that does not exist.

    - `quota_counts`: whether refused calls count ("errors excluded" says the page).
    - `error_form`: whether an error comes in the form that return_format asked for, or always as CSV.
    - `xml_code`: where XML carries its result code, in an element or in an attribute.
    - `csv_type`: what the Content-Type of a CSV answer is: a file's name (as printed), or a media type.
    - `error_status`: the HTTP status of an error.
    - `file_charset`: how the uploaded file is read: as the parameter charset says, or always as SJIS.
    - `blank`: what a blank cell does to an item of a customer who is overwritten.
    """

    quota_counts: Literal["accepted", "all"] = "accepted"
    error_form: Literal["asked", "csv"] = "asked"
    xml_code: Literal["element", "attribute"] = "element"
    csv_type: Literal["file_name", "text/csv"] = "file_name"
    error_status: Literal[200, 400] = 200
    file_charset: Literal["parameter", "sjis"] = "parameter"
    blank: Literal["keeps", "blanks"] = "keeps"

    def __post_init__(self) -> None:
        switches.check(self)
