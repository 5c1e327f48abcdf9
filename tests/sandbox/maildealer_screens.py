"""
The admin side of the Mail Dealer double: its state for programs, its tables for people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.sandbox import switches as switching
from tests.sandbox.clock import jst_text
from tests.sandbox.kit import Table
from tests.sandbox.maildealer_account import in_maintenance
from tests.sandbox.maildealer_books import answers, busiest_minute, overlapping_writers
from tests.sandbox.maildealer_mails import STATUSES

if TYPE_CHECKING:
    from tests.sandbox.maildealer import MailDealerSandbox


def state(sandbox: MailDealerSandbox) -> dict[str, Any]:
    """
    Everything inside as JSON values.
    """
    now = sandbox.clock()
    return {
        "vendor": sandbox.name,
        "now": now.isoformat(),
        "maintenance": in_maintenance(now, sandbox.switches),
        "customers": [customer.as_dict() for customer in sandbox.customers],
        "writes": [{**entry, "at": entry["at"].isoformat()} for entry in sandbox.customers.log],
        "mails": [mail.as_dict() for mail in sandbox.mails],
        "questions": [question.as_dict() for question in sandbox.questions],
        "calls": [call.as_dict() for call in sandbox.calls],
        "answers": answers(sandbox.calls),
        "busiest_minute": {str(number): busiest_minute(sandbox.calls, number) for number in sandbox.account.mailboxes},
        "overlapping_writers": overlapping_writers(sandbox.calls),
        "faults": sandbox.faults.as_list(),
        "switches": switching.as_dict(sandbox.switches),
    }


def tables(sandbox: MailDealerSandbox) -> list[Table]:
    """
    Customers, mails, questions, and the last calls.
    """
    items = tuple(sandbox.account.customer_items)
    customers = [
        (each.mailbox, each.id, *(_text(each.values.get(name, "")) for name in items), jst_text(each.updated_at))
        for each in sandbox.customers
    ]
    mails = [
        (jst_text(each.at), each.mailbox, each.id, ", ".join(each.sender), each.subject, _status(each.status))
        for each in sorted(sandbox.mails, key=lambda mail: mail.at, reverse=True)
    ]
    questions = [
        (each.mailbox, each.category, each.subject, "公開" if each.public else "非公開", each.answer)
        for each in sandbox.questions
    ]
    calls = [(jst_text(each.at), each.api, each.mailbox, each.address, each.answer) for each in reversed(sandbox.calls)]
    return [
        Table(title="顧客", header=("メールボックス", "顧客ID", *items, "更新"), rows=customers),
        Table(title="メール", header=("日付", "メールボックス", "メールID", "From", "件名", "対応状況"), rows=mails),
        Table(title="Q&A", header=("メールボックス", "カテゴリ", "件名", "公開/非公開", "回答"), rows=questions),
        Table(title="API", header=("日時", "API", "メールボックス", "メールアドレス", "応答"), rows=calls),
    ]


def _text(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)


def _status(number: int) -> str:
    return STATUSES.get(number, str(number))
