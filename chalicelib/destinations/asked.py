"""
What can be asked of each vendor: this is the whole list. Its modules are loaded only where something is asked.

Add one by declaring retrievals or lookups in a module of its own (see asking.py) and naming it here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chalicelib.destinations.asking import LookupKind, Retrieval

VENDORS_ASKED = ("haihaimail", "maildealer")


def retrievals(vendor: str) -> Mapping[str, Retrieval]:
    """
    What polls may ask a vendor for, by name.
    """
    if vendor == "haihaimail":
        from chalicelib.destinations import haihaimail_get  # noqa: PLC0415 - only polls need it

        return haihaimail_get.RETRIEVALS
    if vendor == "maildealer":
        from chalicelib.destinations import maildealer_get  # noqa: PLC0415 - as above

        return maildealer_get.RETRIEVALS
    return {}


def lookups(vendor: str) -> Mapping[str, LookupKind]:
    """
    What visitors may ask a vendor, by name.
    """
    if vendor == "maildealer":
        from chalicelib.destinations import maildealer_get  # noqa: PLC0415 - only lookups need it

        return maildealer_get.LOOKUPS
    return {}
