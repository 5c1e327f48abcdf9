"""
Mail Dealer's mails and telephone notes: mail/get (specification 2019-01, メール情報取得 API).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from tests.sandbox.clock import JST, jst_text
from tests.sandbox.maildealer_asking import PAGING, Parameters, read_page, shown, take
from tests.sandbox.maildealer_envelope import FORMAT
from tests.sandbox.maildealer_switches import MailDealerSwitches

DATA_TYPES = ("all", "mail", "spam", "trash")
STATUSES = {
    201: "新着",
    202: "返信処理中",
    203: "対応完了",
    204: "対応継続中",
    205: "承認待ち",
    206: "非承認返却",
    207: "対応依頼中",
    208: "対応の必要なし",
    209: "新着放置",
    210: "対応保留",
    211: "転送中回答待ち",
    212: "転送回答着信",
}
_ADDRESSES = {"To": "to", "Reply_To": "reply_to", "Cc": "cc", "Bcc": "bcc", "From": "sender"}
_SEARCHED = {"to": "to", "reply_to": "reply_to", "cc": "cc", "bcc": "bcc", "from": "sender"}
_REST = ("件名", "本文", "対応状況", "担当者", "添付", "コメント", "フォルダ", "ラベル", "ゴミ箱", "迷惑メール")
_UNSORTED = ("Reply_To", "Cc", "Bcc", "コメント", "ラベル")
_MAIL_ID = re.compile(r"([0-9]{1,10})(?:-[0-9]{1,10})?")
_NAMED = re.compile(r"(.*?)\s*<([^<>]*)>")
_MOMENT = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """
    One mail, or a telephone note. Addresses may carry a display name: "山田 <taro@example.co.jp>".

    `attachments` maps file names to whether they still exist. `stored` mails (保管) are shown on request only.
    """

    mailbox: int = 1
    id: str
    at: datetime
    sender: tuple[str, ...]
    to: tuple[str, ...] = ()
    reply_to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    subject: str = ""
    body: str = ""
    status: int = 201
    person: str = ""
    person_id: int = 0
    attachments: Mapping[str, bool] | None = None
    comments: tuple[Mapping[str, str], ...] = ()
    folder: str = "/"
    labels: tuple[str, ...] = ()
    trash: bool = False
    spam: bool = False
    stored: bool = False

    def as_dict(self) -> dict[str, Any]:
        """
        The mail as JSON values.
        """
        return {item.name: getattr(self, item.name) for item in fields(self)} | {"at": self.at.isoformat()}


def mail_from(document: Mapping[str, Any]) -> Mail:
    """
    A mail from JSON values, as `Mail.as_dict` writes them. Raises ValueError telling what to write.
    """
    known = {item.name for item in fields(Mail)}
    unknown = sorted(set(document) - known)
    if unknown or not {"id", "at", "sender"} <= set(document):
        raise ValueError(f"a mail has id, at and sender, and may have {', '.join(sorted(known))}; not {unknown}")
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in document.items()}
    at = datetime.fromisoformat(str(document["at"]))
    if at.tzinfo is None:
        raise ValueError("at: needs a time zone, e.g. 2026-11-21T09:00:00+09:00")
    return Mail(**{**values, "at": at})


def get(
    mails: Sequence[Mail], asked: Parameters, switches: MailDealerSwitches, *, rights: frozenset[str]
) -> dict[str, Any]:
    """
    Mails of one mailbox. Nothing is marked as read.
    """
    items = ("日付", switches.mail_key, *_ADDRESSES, *_REST)
    sortable = tuple(name for name in items if name not in _UNSORTED)
    asked.only((*PAGING, "dataType", "includestoredmail", "search"), switches)
    kind = asked.text("dataType", DATA_TYPES) or "all"
    stored = asked.flag("includestoredmail")
    fits = _search(asked.inside("search"), switches)
    page = read_page(asked, switches, items=items, sortable=sortable, base=switches.mail_offset_base)
    asked.refuse()
    mine = (mail for mail in mails if mail.mailbox == asked.values["mboxNo"] and (stored or not mail.stored))
    found = [mail for mail in mine if _of_type(mail, kind) and fits(mail)]
    found.sort(key=lambda mail: (mail.at, _numbers(mail.id)), reverse=switches.mail_order == "newest_first")
    rows = [shown(_row(mail, switches, rights), page.columns) for mail in take(found, page, _sort_key(switches))]
    return {"count": len(rows), "items": rows}


def _of_type(mail: Mail, kind: str) -> bool:
    if kind == "mail":
        return not mail.spam and not mail.trash
    if kind == "spam":
        return mail.spam and not mail.trash
    return mail.trash if kind == "trash" else True


def _search(search: Parameters, switches: MailDealerSwitches) -> Any:
    search.only(("dateFrom", "dateTo", "mailId", *_SEARCHED), switches)
    since, until = _moment(search, "dateFrom"), _moment(search, "dateTo")
    number = search.text("mailId")
    if number and not _MAIL_ID.fullmatch(number):
        search.wrong("mailId", FORMAT)
    addresses = {attribute: search.text(name) for name, attribute in _SEARCHED.items()}

    def fits(mail: Mail) -> bool:
        at = mail.at.replace(microsecond=0)
        late = until is not None and (at > until or (at == until and switches.date_to == "exclusive"))
        return (
            not late
            and (since is None or at >= since)
            and (not number or number in {mail.id, mail.id.partition("-")[0]})
            and all(
                not wanted or any(_split(each)[1] == wanted for each in getattr(mail, attribute))
                for attribute, wanted in addresses.items()
            )
        )

    return fits


def _moment(search: Parameters, name: str) -> datetime | None:
    text = search.text(name)
    if not text:
        return None
    try:
        return datetime.strptime(text, _MOMENT).replace(tzinfo=JST)
    except ValueError:
        search.wrong(name, FORMAT)
        return None


def _row(mail: Mail, switches: MailDealerSwitches, rights: frozenset[str]) -> dict[str, Any]:
    masked = "個人情報の閲覧" not in rights
    row: dict[str, Any] = {
        "日付": jst_text(mail.at),
        switches.mail_key: mail.id,
        **{
            name: [_address(each, switches, masked=masked) for each in getattr(mail, attribute)]
            for name, attribute in _ADDRESSES.items()
        },
        "件名": mail.subject,
        "本文": mail.body,
        "対応状況": mail.status,
        "担当者": mail.person,
        "添付": [{"name": name, "enable": there} for name, there in (mail.attachments or {}).items()],
        "コメント": [dict(comment) for comment in mail.comments],
        "フォルダ": mail.folder,
        "ラベル": list(mail.labels),
        "ゴミ箱": mail.trash,
        "迷惑メール": mail.spam,
    }
    if "コメント閲覧" not in rights:
        del row["コメント"]
    return row


def _address(text: str, switches: MailDealerSwitches, *, masked: bool) -> str:
    name, address = _split(text)
    shown_address = f"{address[:1]}***@***" if masked else address
    return f"{name} <{shown_address}>" if name and switches.address_form == "named" else shown_address


def _split(text: str) -> tuple[str, str]:
    found = _NAMED.fullmatch(text)
    return (found[1], found[2]) if found else ("", text)


def _numbers(mail_id: str) -> tuple[int, ...]:
    return tuple(int(part) for part in mail_id.split("-"))


def _sort_key(switches: MailDealerSwitches) -> Any:
    plain = {"件名": "subject", "本文": "body", "対応状況": "status", "担当者": "person_id", "フォルダ": "folder"}
    plain |= {"ゴミ箱": "trash", "迷惑メール": "spam", "日付": "at"}

    def key(mail: Mail, name: str) -> Any:
        if name == switches.mail_key:
            return _numbers(mail.id)
        if name in _ADDRESSES:
            return [_split(each) for each in getattr(mail, _ADDRESSES[name])]
        return list(mail.attachments or ()) if name == "添付" else getattr(mail, plain[name])

    return key
