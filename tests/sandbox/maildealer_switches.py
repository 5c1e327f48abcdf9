"""
What Mail Dealer's specification leaves open, as switches: the likeliest reading first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tests.sandbox import switches

RIGHTS = (
    "API連携",
    "個人情報の閲覧",
    "顧客情報の閲覧",
    "顧客情報の編集",
    "メール閲覧",
    "コメント閲覧",
    "Q&A閲覧",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailDealerSwitches:
    """
    One reading of Mail Dealer. Raises ValueError for a value that does not exist.

    - `maintenance_from`, `maintenance_minutes`: the nightly window, minutes of the day in Tokyo (it is not published).
    - `method_check`: whether a GET is told 405 before its token is looked at.
    - `addresses`: senders let in; empty: all. `missing_rights`: rights taken from every user.
    - `no_right`: what a user without a right gets (both texts claim it).
    - `licence`: whether the contract covers the API ("currently unused" says the specification).
    - `rate_per_minute`, `rate_scope`, `rate_window`, `rate_rejects`: how the 30 a minute are counted.
    - `megabyte`: bytes in one of the 5 MB of a request.
    - `key_spelling`: whether the ID items are 顧客ID and メールID, or have a blank as the transcript prints.
    - `unknown_item`: what an item that the account does not have does; `unknown_parameter`: the same of a parameter.
    - `empty_value`: what an empty text does to a filled item.
    - `address_case`: whether two spellings of an address are one customer.
    - `count`, `customer_id`: numbers as the tables say, or texts as the samples show.
    - `error_codes`, `description`: as specified, or as a sibling product answers.
    - `access_time`: with the offset that the text promises, or without as in the samples.
    - `choice_form`: how cust/get shows a choice item.
    - `limit_max`: the most rows of one answer, 0 for no bound.
    - `mail_offset_base`: what `offset` counts from in mail/get, where no default is stated.
    - `mail_order`: the order of mails where none is asked for; `date_to`: whether that moment itself is in.
    - `address_form`: addresses of mails bare, or with the display name.
    - `qa_attachments`: whether a question without attachments has the member.
    """

    maintenance_from: int = 120
    maintenance_minutes: int = 180
    method_check: Literal["before_token", "after_token"] = "before_token"
    addresses: tuple[str, ...] = ()
    missing_rights: tuple[str, ...] = ()
    no_right: Literal["403/4", "401/1"] = "403/4"
    licence: Literal["valid", "invalid"] = "valid"
    rate_per_minute: int = 30
    rate_scope: Literal["mailbox", "api"] = "mailbox"
    rate_window: Literal["sliding", "fixed"] = "sliding"
    rate_rejects: Literal["count", "free"] = "count"
    megabyte: Literal[1_048_576, 1_000_000] = 1_048_576
    key_spelling: Literal["joined", "spaced"] = "joined"
    unknown_item: Literal["refused", "ignored"] = "refused"
    unknown_parameter: Literal["refused", "ignored"] = "refused"
    empty_value: Literal["keeps", "clears"] = "keeps"
    address_case: Literal["insensitive", "exact"] = "insensitive"
    count: Literal["number", "text"] = "number"
    customer_id: Literal["number", "text"] = "number"
    error_codes: Literal["number", "text"] = "number"
    description: Literal["list", "object"] = "list"
    access_time: Literal["with_offset", "without"] = "with_offset"
    choice_form: Literal["array", "text"] = "array"
    limit_max: int = 0
    mail_offset_base: Literal[1, 0] = 1
    mail_order: Literal["newest_first", "oldest_first"] = "newest_first"
    date_to: Literal["inclusive", "exclusive"] = "inclusive"
    address_form: Literal["bare", "named"] = "bare"
    qa_attachments: Literal["always", "when_any"] = "always"

    def __post_init__(self) -> None:
        switches.check(self)
        unknown = sorted(set(self.missing_rights) - set(RIGHTS))
        if unknown:
            raise ValueError(f"missing_rights: {', '.join(unknown)} are none of {', '.join(RIGHTS)}")

    @property
    def customer_key(self) -> str:
        """
        The name of the customers' ID item.
        """
        return "顧客ID" if self.key_spelling == "joined" else "顧客 ID"

    @property
    def mail_key(self) -> str:
        """
        The name of the mails' ID item.
        """
        return "メールID" if self.key_spelling == "joined" else "メール ID"
