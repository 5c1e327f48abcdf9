"""
What 配配メール's documents leave open, as switches: the likeliest reading first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tests.sandbox import switches


@dataclass(frozen=True, slots=True, kw_only=True)
class HaihaiSwitches:
    """
    One reading of 配配メール. Raises ValueError for a value that does not exist.

    - `foreign_ip`: what a sender whose address is not listed gets.
    - `bad_login`: status for a login_id that does not exist.
    - `unknown_keys`: what happens to settings nobody documented (they are recorded either way).
    - `stray_overwrite`: is_overwrite outside types 0 and 5, overwrite_type without is_overwrite 1.
    - `gid_and_spid`: whether one call may name a group and a plan.
    - `too_large`: status for a file beyond the limit; `megabyte`: bytes in one of its 10 or 30 MB.
    - `charset`: how the file is read; utf-8 stands for the option 多言語配信.
    - `unknown_columns`: what a header that is no item name does (recorded either way).
    - `quota_counts`: whether refused calls count ("エラーを除く" against "API接続ごとに1回").
    - `over_quota`: where the 429 stands: in the HTTP status, or in the body under HTTP 400.
    - `job_order`: whether files that wait together finish in the order they came.
    - `address_case`: whether two spellings of an address are one customer.
    - `duplicates`: which of two rows with one address wins; the other is その他.
    - `stopped_survives`: whether a stopped or forbidden customer stays so when registered again (type 0).
    - `delete_missing`: the result for a row whose address is not there to be deleted or excluded.
    - `existing_with_group`: whether a known address joins the group though it may not be overwritten (type 0).
    - `reopen_existing`: whether type 5 without overwriting changes the state of a known address.
    - `missing_columns`: what overwrite_type 2 does to items that have no column at all.
    - `legacy_password_field`: the manual prints transport_passwd, programs in use send transport_password.
    - `legacy_charset`: how the legacy import writes its answers; `legacy_type`: what Content-Type it gives them.
    - `legacy_success`: the body of its 200; `legacy_status`: whether its codes come under 400 and 401 or under 200.
    - `legacy_blank`: what its blank cells do to items of a customer who is overwritten.
    """

    foreign_ip: Literal[403, 401, "drop"] = 403
    bad_login: Literal[400, 401] = 400
    unknown_keys: Literal["ignored", "refused"] = "ignored"
    stray_overwrite: Literal["ignored", "refused"] = "ignored"
    gid_and_spid: Literal["accepted", "refused"] = "accepted"
    too_large: Literal[413, 400] = 413
    megabyte: Literal[1_048_576, 1_000_000] = 1_048_576
    charset: Literal["cp932", "shift_jis", "utf-8"] = "cp932"
    unknown_columns: Literal["dropped", "refused"] = "dropped"
    quota_counts: Literal["accepted", "all"] = "accepted"
    over_quota: Literal["http_429", "body_429"] = "http_429"
    job_order: Literal["accepted", "reversed"] = "accepted"
    address_case: Literal["insensitive", "exact"] = "insensitive"
    duplicates: Literal["first", "last"] = "first"
    stopped_survives: Literal["survives", "revived"] = "survives"
    delete_missing: Literal["失敗", "その他"] = "失敗"
    existing_with_group: Literal["stays", "joins"] = "stays"
    reopen_existing: Literal["set", "untouched"] = "set"
    missing_columns: Literal["keeps", "blanks"] = "keeps"
    legacy_password_field: Literal["transport_passwd", "transport_password", "both"] = "transport_passwd"
    legacy_charset: Literal["cp932", "utf-8"] = "cp932"
    legacy_type: Literal["text/plain", "text/html"] = "text/plain"
    legacy_success: Literal["text", "empty"] = "text"
    legacy_status: Literal["mapped", "always_200"] = "mapped"
    legacy_blank: Literal["keeps", "blanks"] = "keeps"

    def __post_init__(self) -> None:
        switches.check(self)
