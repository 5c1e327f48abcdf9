"""
What the older import and クルメル have in common: the five imports without overwrite_type, rows, lane.

Neither has a word for what a blank cell of a file that overwrites does. Unless `blanks = "keep"`, rows that fill
different items travel in different files, so that no cell of them is ever blank.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from chalicelib.destinations.checks import setting
from chalicelib.destinations.haihaimail import RESERVE_SHARE
from chalicelib.destinations.haihaimail_rows import COLUMNS
from chalicelib.destinations.haihaimail_rows import prepare as prepare_row
from chalicelib.destinations.haihaimail_terms import OPERATIONS, SETTINGS
from chalicelib.destinations.kit import Operation, Overflow, PrepareResult, Setting, Settings
from chalicelib.model import Destination, Lane, Limit, Prepared
from chalicelib.model.arrival import Json

BLANKS: Final = Setting(
    name="blanks",
    default="apart",
    choices=("apart", "keep"),
    help="what a blank cell does is not published: apart never sends one, at the price of more calls; keep where this "
    "account is known to keep what it has",
)
SHARED: Mapping[str, Setting] = {
    name: SETTINGS[name]
    for name in (
        "reserve",
        "gap_seconds_min",
        "counts",
        "charset",
        "address_item",
        "items",
        "timeout_seconds",
        "settle_seconds",
        "rows_max",
        "egress",
    )
}
"""
The settings that mean the same as at the newer API.
"""


def _without_overwrite_type(operation: Operation) -> Operation:
    kept = {name: one for name, one in operation.settings.items() if name != "overwrite_type"}
    return replace(operation, settings=kept)


OLDER_OPERATIONS: Mapping[str, Operation] = {
    name: _without_overwrite_type(operation) for name, operation in OPERATIONS.items()
}


def import_lane(
    destination: Destination, settings: Mapping[str, Setting], *, name: str, vendor: str, gap_seconds_min: float
) -> Lane:
    """
    The lane of an import whose day's calls are a setting with a default; a twentieth of them is kept back.
    """
    calls = int(setting(destination, settings, "calls_per_day"))
    reserve, gap = destination.settings.get("reserve"), destination.settings.get("gap_seconds_min")
    limit = Limit(calls=calls, per="day", reserve=calls // RESERVE_SHARE if reserve is None else reserve)
    return Lane(
        name=name,
        vendor=vendor,
        batching=True,
        limits=(limit,),
        counts=str(setting(destination, settings, "counts")),
        gap_seconds_min=float(gap_seconds_min if gap is None else gap),
        rows_max=int(setting(destination, settings, "rows_max")),
        timeout_seconds=float(setting(destination, settings, "timeout_seconds")),
        settle_seconds=float(setting(destination, settings, "settle_seconds")),
        egress=str(setting(destination, settings, "egress")),
    )


def prepare(
    operation: Operation, fields: Mapping[str, Json], settings: Settings, destination: Destination, overflow: Overflow
) -> PrepareResult:
    """
    One CSV row by item name, or every reason why it cannot be sent.

    Where it overwrites, the items that it fills become part of the batch key, since a blank cell might erase.
    """
    made = prepare_row(operation, fields, settings, destination, overflow)
    apart = setting(destination, {"blanks": BLANKS}, "blanks") == "apart"
    if not (apart and isinstance(made, Prepared) and made.settings.get("is_overwrite") == "1"):
        return made
    columns = json.dumps(sorted(made.payload), ensure_ascii=False)
    return replace(made, settings={**made.settings, COLUMNS: columns})
