"""
One Mail Dealer account as its administrator set it up: users and their tokens, mailboxes, customer items.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from tests.sandbox.clock import JST
from tests.sandbox.maildealer_switches import RIGHTS, MailDealerSwitches

ADDRESS = "メールアドレス"
FIXED_ITEMS = (ADDRESS, "お名前", "フリガナ", "電話番号")

NEEDED: Mapping[str, tuple[str, ...]] = {
    "cust/get": ("API連携", "個人情報の閲覧", "顧客情報の閲覧"),
    "cust/update": ("API連携", "顧客情報の編集"),
    "mail/get": ("API連携", "メール閲覧"),
    "qa/get": ("API連携", "Q&A閲覧"),
}
"""
The rights that each API asks for (specification 2019-01; those of cust/update are not listed and inferred).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailDealerUser:
    """
    A user whose token programs use: its rights, and the mailboxes it may touch.
    """

    name: str
    token: str = field(repr=False)
    mailboxes: tuple[int, ...] = (1,)
    rights: tuple[str, ...] = RIGHTS

    def __post_init__(self) -> None:
        unknown = sorted(set(self.rights) - set(RIGHTS))
        if unknown:
            raise ValueError(f"no such right: {', '.join(unknown)}; there are {', '.join(RIGHTS)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerItem:
    """
    One item of 顧客管理. With `choices` it takes an array of them; `chars_max` 0 is no bound.
    """

    name: str
    required: bool = False
    choices: tuple[str, ...] = ()
    chars_max: int = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class MailDealerAccount:
    """
    Users, mailboxes by number, and customer items. The four fixed items are there whether they are named or not.
    """

    users: tuple[MailDealerUser, ...]
    mailboxes: Mapping[int, str]
    items: tuple[CustomerItem, ...] = ()

    @property
    def customer_items(self) -> dict[str, CustomerItem]:
        """
        Every item by name, less the ID; the fixed ones first.
        """
        fixed = {name: CustomerItem(name=name) for name in FIXED_ITEMS}
        own = {item.name: item for item in self.items}
        return {**fixed, **own, ADDRESS: replace(own.get(ADDRESS, fixed[ADDRESS]), required=True)}


def in_maintenance(at: datetime, switches: MailDealerSwitches) -> bool:
    """
    Whether the nightly maintenance goes on at this moment.
    """
    local = at.astimezone(JST)
    minute = local.hour * 60 + local.minute
    return (minute - switches.maintenance_from) % 1_440 < switches.maintenance_minutes
