"""
Whose a submission is: the one address by which it is found again, and how an address is shown without being told.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from chalicelib.model import Delivery
from chalicelib.relay.deps import Deps
from chalicelib.relay.drafting import Arrival

ADDRESS = re.compile(r"[^\s@<>\"(),:;]+@[^\s@<>\"(),:;]+\.[^\s@<>\"(),:;]+")
LEAVES_MAX = 200
VEIL = "•••"


def who_is_it(deps: Deps, arrival: Arrival, found: Iterable[Delivery]) -> str:
    """
    The keyed digest of whom an event is of: as a delivery has it, else of the first address among its fields.

    An event of several addresses is found by the first one only.
    """
    contact = next((each.contact for each in found if each.contact), "")
    if contact or not arrival.signing_key:
        return contact
    return deps.contact(spellings(first_address(arrival.event.fields))[-1], arrival.signing_key)


def digests(deps: Deps, address: str) -> tuple[str, ...]:
    """
    The digests that an address may have in the table: by each way of writing it, and by each key that still counts.
    """
    keys = (deps.signing_key(), *deps.older_signing_keys())
    return tuple(dict.fromkeys(deps.contact(name, key) for name in spellings(address) for key in keys))


def spellings(address: str) -> tuple[str, ...]:
    """
    The ways in which one address may stand in the table: as given, and last as the vendors' rules write it.

    >>> spellings(" Taro@Example.co.jp ")
    ('Taro@Example.co.jp', 'taro@example.co.jp')
    """
    plain = unicodedata.normalize("NFKC", address).strip()
    return tuple(dict.fromkeys((address.strip(), plain, plain.lower())))


def first_address(fields: Mapping[str, Any]) -> str:
    """
    The first value that is a mail address, wherever it lies; empty where there is none.
    """
    for number, leaf in enumerate(_leaves(fields)):
        if number >= LEAVES_MAX:
            break
        if ADDRESS.fullmatch(leaf.strip()):
            return leaf.strip()
    return ""


def masked(address: str) -> str:
    """
    An address that an operator recognises and nobody can write to.

    >>> masked("taro@example.co.jp"), masked("")
    ('t•••@example.co.jp', '')
    """
    name, at, domain = address.rpartition("@")
    return f"{name[:1]}{VEIL}{at}{domain}" if at else ""


def _leaves(found: object) -> Iterator[str]:
    if isinstance(found, Mapping):
        for each in found.values():
            yield from _leaves(each)
    elif isinstance(found, list):
        for each in found:
            yield from _leaves(each)
    elif isinstance(found, str):
        yield found
