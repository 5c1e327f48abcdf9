"""
The vendors that Ekiden speaks to: this dict is the whole list.

Add one by writing a module that declares a `Vendor` (see kit.py), naming it here, and giving the contract tests a
sample of each of its operations.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from chalicelib.destinations import haihaimail, mail, own, presets, satori
from chalicelib.destinations.kit import Vendor

VENDORS: Mapping[str, Vendor] = MappingProxyType(
    {
        satori.VENDOR.slug: satori.VENDOR,
        haihaimail.VENDOR.slug: haihaimail.VENDOR,
        presets.KINTONE.slug: presets.KINTONE,
        presets.SLACK.slug: presets.SLACK,
        presets.WEBHOOKS.slug: presets.WEBHOOKS,
        mail.VENDOR.slug: mail.VENDOR,
        own.HTTP.slug: own.HTTP,
        own.HTTP_BATCH.slug: own.HTTP_BATCH,
    },
)


def vendor(slug: str) -> Vendor:
    """
    The vendor of that name. Raises KeyError for a name that the configuration check has not seen.
    """
    return VENDORS[slug]
