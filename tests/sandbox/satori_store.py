"""
SATORI's customers: who is known, and what registration, upsert and delete do to them (API v3 manual; checked 2026-11).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.sandbox.satori_fields import LABELS, TAG_FIELDS

OVERWRITTEN = ("delivery_permission", "star", "status")
"""
What registration changes on a customer who is known; of other fields it fills the blank ones.
"""


@dataclass(slots=True, kw_only=True)
class Customer:
    """
    One customer. The hashcode stays as long as the customer does.
    """

    key: str
    email: str
    hashcode: str
    created_at: datetime
    updated_at: datetime
    values: dict[str, str] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    browsers: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """
        The customer as JSON values.
        """
        return {
            "email": self.email,
            "hashcode": self.hashcode,
            **self.values,
            "tags": list(self.tags),
            "browsers": list(self.browsers),
            "created_at": self.created_at.isoformat(),
            "updated_at": self.updated_at.isoformat(),
        }


class CustomerBook:
    """
    All customers of one account.
    """

    def __init__(self) -> None:
        self._by_key: dict[str, Customer] = {}
        self._by_hashcode: dict[str, Customer] = {}
        self._made = 0

    def __iter__(self) -> Iterator[Customer]:
        return iter(self._by_key.values())

    def __len__(self) -> int:
        return len(self._by_key)

    def by_email(self, email: str, email_case: str) -> Customer | None:
        """
        The customer with this address.
        """
        return self._by_key.get(_key(email, email_case))

    def by_hashcode(self, hashcode: str) -> Customer | None:
        """
        The customer with this hashcode.
        """
        return self._by_hashcode.get(hashcode)

    def create(self, email: str, email_case: str, at: datetime) -> Customer:
        """
        A new customer with a hashcode that nobody had before, 16 hex digits.
        """
        self._made += 1
        hashcode = hashlib.sha256(f"{self._made} {email}".encode()).hexdigest()[:16]
        key = _key(email, email_case)
        customer = Customer(key=key, email=email, hashcode=hashcode, created_at=at, updated_at=at)
        self._by_key[key] = self._by_hashcode[hashcode] = customer
        return customer

    def move(self, customer: Customer, email: str, email_case: str) -> None:
        """
        Give a customer another address, which must be free.
        """
        del self._by_key[customer.key]
        customer.email, customer.key = email, _key(email, email_case)
        self._by_key[customer.key] = customer

    def delete(self, customer: Customer) -> None:
        """
        Forget a customer.
        """
        del self._by_key[customer.key]
        del self._by_hashcode[customer.hashcode]


def register(customer: Customer, values: Mapping[str, str]) -> None:
    """
    Registration: add tags, overwrite permission, star and status, fill blanks only.
    """
    for name, value in _stored(values):
        if value and (name in OVERWRITTEN or not customer.values.get(name)):
            customer.values[name] = value
    change_tags(customer, values)


def overwrite(customer: Customer, values: Mapping[str, str], *, empty_clears: bool) -> None:
    """
    Upsert: every value replaces the old one; an empty one keeps or clears it.
    """
    for name, value in _stored(values):
        if value or empty_clears:
            customer.values[name] = value
    change_tags(customer, values)


def change_tags(customer: Customer, values: Mapping[str, str]) -> None:
    """
    Append and delete comma-separated tags; a tag is there once.
    """
    gone = _tags(values.get("delete_tags", ""))
    kept = [tag for tag in customer.tags if tag not in gone]
    customer.tags = list(dict.fromkeys([*kept, *_tags(values.get("append_tags", ""))]))


def _stored(values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if (name in LABELS or name.startswith("custom:")) and name not in {"email", *TAG_FIELDS}:
            yield name, value


def _tags(text: str) -> list[str]:
    return [tag.strip() for tag in text.split(",") if tag.strip()]


def _key(email: str, email_case: str) -> str:
    return email.lower() if email_case == "insensitive" else email
