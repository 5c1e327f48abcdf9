"""
The vendors that Ekiden speaks to: the table below is the whole list.

Add one by writing a module that declares a `Vendor` (see kit.py), naming it here, and giving the contract tests a
sample of each of its operations. A service that takes an HTTP request needs no module: see own.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from chalicelib.destinations.kit import Vendor

PLACES: Final[Mapping[str, tuple[str, str]]] = {
    "satori": ("satori", "VENDOR"),
    "haihaimail": ("haihaimail", "VENDOR"),
    "haihaimail_legacy": ("haihaimail_legacy", "VENDOR"),
    "maildealer": ("maildealer", "VENDOR"),
    "curumeru": ("curumeru", "VENDOR"),
    "kintone": ("presets", "KINTONE"),
    "slack": ("presets", "SLACK"),
    "standard_webhooks": ("presets", "WEBHOOKS"),
    "email": ("mail", "VENDOR"),
    "http": ("own", "HTTP"),
    "http_batch": ("own", "HTTP_BATCH"),
}
"""
Vendor to its module and the name of its declaration there.
"""


class Vendors(Mapping[str, "Vendor"]):
    """
    Every vendor by name. A module is imported when its vendor is first asked for: a cold start pays for its own alone.
    """

    def __getitem__(self, slug: str) -> Vendor:
        """
        The vendor of that name. Raises KeyError for a name that is not in the list.
        """
        return _load(*PLACES[slug])

    def __iter__(self) -> Iterator[str]:
        """
        The names, without loading anything.
        """
        return iter(PLACES)

    def __len__(self) -> int:
        """
        How many there are.
        """
        return len(PLACES)

    def __contains__(self, slug: object) -> bool:
        """
        Whether there is such a vendor, without loading it.
        """
        return slug in PLACES


@lru_cache(maxsize=len(PLACES))
def _load(module: str, name: str) -> Vendor:
    found: Vendor = getattr(import_module(f"chalicelib.destinations.{module}"), name)
    return found


VENDORS: Final[Mapping[str, Vendor]] = Vendors()


def vendor(slug: str) -> Vendor:
    """
    The vendor of that name. Raises KeyError for a name that the configuration check has not seen.
    """
    return VENDORS[slug]
