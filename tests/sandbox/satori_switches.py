"""
What SATORI's documents leave open, as switches: the likeliest reading first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tests.sandbox import switches

PERMISSIONS = ("create", "edit", "delete", "bulk", "status")


@dataclass(frozen=True, slots=True, kw_only=True)
class SatoriSwitches:
    """
    One reading of SATORI. Raises ValueError for a value that does not exist.

    - `bare_host`: v3 upsert and delete under `https://satr.jp` (the v3 manual prints both hosts).
    - `multipart`: whether a multipart body is read; refused means no parameters, hence 401.
    - `permissions`: what the owner of `user_key` may do (since 2025-10-21); `forbidden`: the answer without the right.
    - `collection_date`: whether a date without time passes.
    - `name_characters`: names of letters, digits, kana and kanji only, as the manual words it, or any text.
    - `email_case`: whether two spellings of an address are one customer.
    - `empty_value`: what an empty text does to a filled field on upsert.
    - `delete_unknown`: status for deleting somebody who is not there.
    - `email_with_hashcode`: whether an address must come along when the hashcode identifies (so the manual's list).
    - `email_change`: what another address beside a known hashcode does.
    - `account_required`: fields that this account made compulsory, e.g. ("last_name",).
    - `http_code`: whether the HTTP status says what the body's status says.
    - `rate_per_second`: more calls within a second get 429; 0 is off (no number is published).
    - `conflict_seconds`: a second write to one customer within so many seconds gets 409; 0 is off.
    - `bulk_envelope`: where the process code is, as observed or as the manual's example has it.
    - `bulk_row_number`: whether row numbers count the header line.
    - `bulk_route`: whether a new customer in a bulk file needs a collection_route.
    """

    bare_host: Literal["accept", "not_found", "moved"] = "accept"
    multipart: Literal["accepted", "refused"] = "accepted"
    permissions: tuple[str, ...] = PERMISSIONS
    forbidden: Literal[403, 401] = 403
    collection_date: Literal["strict", "date_only"] = "strict"
    name_characters: Literal["listed", "any"] = "listed"
    email_case: Literal["insensitive", "exact"] = "insensitive"
    empty_value: Literal["keeps", "clears"] = "keeps"
    delete_unknown: Literal[400, 200] = 400
    email_with_hashcode: Literal["required", "optional"] = "required"
    email_change: Literal["changes", "ignored"] = "changes"
    account_required: tuple[str, ...] = ()
    http_code: Literal["mirror", "always_200"] = "mirror"
    rate_per_second: int = 0
    conflict_seconds: float = 0.0
    bulk_envelope: Literal["body", "message"] = "body"
    bulk_row_number: Literal["header_counted", "rows_only"] = "header_counted"
    bulk_route: Literal["optional", "required"] = "optional"

    def __post_init__(self) -> None:
        switches.check(self)
        unknown = sorted(set(self.permissions) - set(PERMISSIONS))
        if unknown:
            raise ValueError(f"permissions: {', '.join(unknown)} are none of {', '.join(PERMISSIONS)}")
