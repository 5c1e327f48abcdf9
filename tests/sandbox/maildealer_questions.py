"""
Mail Dealer's questions and answers: qa/get (specification 2019-01, Q&A 検索 API).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from tests.sandbox.clock import jst_text
from tests.sandbox.maildealer_asking import PAGING, Parameters, read_page, shown, take
from tests.sandbox.maildealer_envelope import ABOVE, REQUIRED
from tests.sandbox.maildealer_switches import MailDealerSwitches

SEARCHES = ("category", "keyword", "searchStatus", "isSubcategorySearch")
BOTH, PUBLIC, PRIVATE = range(3)
_ITEMS = {
    "件名": "subject",
    "公開/非公開": "public",
    "カテゴリ": "category",
    "最終更新者": "person",
    "最終更新日": "at",
    "質問内容": "question",
    "回答": "answer",
    "備考": "note",
    "添付ファイル": "attachments",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """
    One question with its answer. A subcategory is written under its parent: "商品/ソフトウェア".
    """

    mailbox: int = 1
    subject: str
    category: str
    at: datetime
    public: bool = True
    person: str = ""
    question: str = ""
    answer: str = ""
    note: str = ""
    attachments: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """
        The question as JSON values.
        """
        return {item.name: getattr(self, item.name) for item in fields(self)} | {"at": self.at.isoformat()}


def get(questions: Sequence[Question], asked: Parameters, switches: MailDealerSwitches) -> dict[str, Any]:
    """
    Questions of one mailbox that fit the search; public ones unless it says otherwise.
    """
    asked.only((*PAGING, "search"), switches)
    search = asked.inside("search", required=True)
    search.only(SEARCHES, switches)
    if isinstance(asked.values.get("search"), dict) and not any(name in search.values for name in SEARCHES):
        asked.wrong("search", REQUIRED)
    category, keyword = search.text("category"), search.text("keyword")
    status = search.integer("searchStatus", PUBLIC, least=BOTH)
    if status is not None and status > PRIVATE:
        search.wrong("searchStatus", ABOVE)
    deep = search.text("isSubcategorySearch", ("True", "False")) == "True"
    page = read_page(asked, switches, items=tuple(_ITEMS), sortable=tuple(_ITEMS))
    asked.refuse()
    found = [
        each
        for each in questions
        if each.mailbox == asked.values["mboxNo"]
        and (status == BOTH or each.public == (status == PUBLIC))
        and (not category or _within(each.category, category, deep=deep))
        and (not keyword or any(keyword in text for text in (each.subject, each.question, each.answer)))
    ]
    rows = [shown(_row(each, switches), page.columns) for each in take(found, page, _sort_key)]
    return {"count": len(rows), "items": rows}


def _within(category: str, wanted: str, *, deep: bool) -> bool:
    return category == wanted or (deep and category.startswith(f"{wanted}/"))


def _row(each: Question, switches: MailDealerSwitches) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(each, attribute) for name, attribute in _ITEMS.items()}
    row |= {"公開/非公開": "true" if each.public else "false", "最終更新日": jst_text(each.at)}
    row["添付ファイル"] = list(each.attachments)
    if not each.attachments and switches.qa_attachments == "when_any":
        del row["添付ファイル"]
    return row


def _sort_key(each: Question, name: str) -> Any:
    return getattr(each, _ITEMS[name])
