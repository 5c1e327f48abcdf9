"""
One 配配メール account: who may call, and how its customer database is set up.
"""

from __future__ import annotations

import ipaddress
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

CALLS_PER_DAY = {"shared": 240, "dedicated": 86_400}
FILE_MEGABYTES = {"shared": 10, "dedicated": 30}
ADDRESS_ITEM = "メールアドレス"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """
    One item of the customer database and what may be put into it. `chars_max` counts characters; 0 is no bound.
    """

    name: str
    form: Literal["any", "full_width", "number", "choice"] = "any"
    chars_max: int = 0
    choices: tuple[str, ...] = ()

    def problem(self, value: str) -> str:
        """
        Why this value is not accepted; "" where it is. A blank is accepted.
        """
        if not value:
            return ""
        if self.chars_max and len(value) > self.chars_max:
            return f"{self.name}は{self.chars_max}文字以内で入力してください"
        if self.form == "full_width" and any(unicodedata.east_asian_width(letter) not in "FWA" for letter in value):
            return f"{self.name}は全角で入力してください"
        if self.form == "number" and not (value.isascii() and value.isdigit()):
            return f"{self.name}は数字で入力してください"
        if self.form == "choice" and value not in self.choices:
            return f"{self.name}の選択肢にありません"
        return ""


DEFAULT_ITEMS = tuple(
    Item(name=name) for name in (ADDRESS_ITEM, "お名前", "お名前(フリガナ)", "会社名", "会社名(フリガナ)")
)
"""
The items that the vendor's example file has.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegacyLogin:
    """
    What the legacy import (旧:外部システム連携) asks for: account number and transfer password.
    """

    aid: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """
    The account as its administrator set it up. `ips` empty: calls from anywhere. `groups` and `plans`: id to name.

    Raises ValueError for an address range in `ips` (the vendor takes single addresses only) and for items without the
    address item.
    """

    name: str
    login_id: str
    ips: tuple[str, ...] = ()
    items: tuple[Item, ...] = DEFAULT_ITEMS
    address_item: str = ADDRESS_ITEM
    groups: Mapping[str, str] = field(default_factory=dict)
    plans: Mapping[str, str] = field(default_factory=dict)
    plan: Literal["shared", "dedicated"] = "shared"
    legacy: LegacyLogin | None = None

    def __post_init__(self) -> None:
        for text in self.ips:
            ipaddress.ip_address(text)
        if self.address_item not in {item.name for item in self.items}:
            raise ValueError(f"items must contain {self.address_item!r}")
        if self.plan not in CALLS_PER_DAY:
            raise ValueError(f"plan must be one of {', '.join(CALLS_PER_DAY)}, not {self.plan!r}")

    def admits(self, address: str) -> bool:
        """
        Whether calls from this address are let in.
        """
        return not self.ips or ipaddress.ip_address(address) in {ipaddress.ip_address(text) for text in self.ips}

    @property
    def calls_per_day(self) -> int:
        """
        The quota of the import API.
        """
        return CALLS_PER_DAY[self.plan]
