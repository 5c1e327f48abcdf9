"""
The admin side of the 配配メール double: its state for programs, its tables and its customer file for people.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tests.sandbox import switches as switching
from tests.sandbox.clock import jst_text
from tests.sandbox.haihaimail_settings import TYPES
from tests.sandbox.kit import Table

if TYPE_CHECKING:
    from tests.sandbox.haihaimail import HaihaiSandbox
    from tests.sandbox.haihaimail_rows import Customer


def state(sandbox: HaihaiSandbox) -> dict[str, Any]:
    """
    Everything inside as JSON values.
    """
    return {
        "vendor": sandbox.name,
        "now": sandbox.clock().isoformat(),
        "customers": [customer.as_dict() for customer in sandbox.customers()],
        "jobs": [job.as_dict() for job in sandbox.results()],
        "calls_today": sandbox.calls_today,
        "calls_per_day_max": sandbox.quota.limit,
        "calls_by_day": sandbox.calls_by_day,
        "refused_by_day": sandbox.refused_by_day,
        "calls": [at.isoformat() for at in sandbox.ledger.times],
        "retrievals": [at.isoformat() for at in sandbox.retrievals.calls.times],
        "mailbox": [{**asdict(mail), "at": mail.at.isoformat()} for mail in sandbox.mailbox],
        "alarms": [{**alarm._asdict(), "at": alarm.at.isoformat()} for alarm in sandbox.alarms],
        "unknown_keys": list(sandbox.unknown_keys),
        "unknown_columns": list(sandbox.unknown_columns),
        "faults": sandbox.faults.as_list(),
        "switches": switching.as_dict(sandbox.switches),
    }


def tables(sandbox: HaihaiSandbox) -> list[Table]:
    """
    Quota, jobs, customers, mails and alarms for people.
    """
    used = f"{sandbox.calls_today} / {sandbox.quota.limit}"
    days = [(day, count, sandbox.refused_by_day.get(day, 0)) for day, count in sandbox.calls_by_day.items()]
    jobs = [
        (
            job.id,
            jst_text(job.accepted_at),
            TYPES[job.settings.import_type],
            ", ".join(" ".join(target) for target in job.settings.targets),
            len(job.file.rows),
            job.state,
            *job.counts.values(),
        )
        for job in reversed(sandbox.results())
    ]
    job_header = ("No.", "受付", "処理", "グループ・プラン", "件数", "処理状況", "成功", "失敗", "その他")
    mails = [(jst_text(mail.at), mail.to, mail.subject, mail.text) for mail in reversed(sandbox.mailbox)]
    alarms = [(jst_text(alarm.at), alarm.address, alarm.where, alarm.times) for alarm in sandbox.alarms]
    return [
        Table(title=f"API利用回数: 本日 {used}", header=("日", "利用", "429"), rows=days),
        Table(title="一括登録・削除の処理結果", header=job_header, rows=jobs),
        Table(title="顧客", header=_header(sandbox), rows=[_cells(sandbox, known) for known in sandbox.customers()]),
        Table(title="レポートメール", header=("日時", "宛先", "件名", "本文"), rows=mails),
        Table(title="洗い替えの警告", header=("日時", "メールアドレス", "場所", "回数"), rows=alarms),
    ]


def customers_csv(sandbox: HaihaiSandbox) -> str:
    """
    The customer database as a CSV file.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(_header(sandbox))
    writer.writerows(_cells(sandbox, customer) for customer in sandbox.customers())
    return out.getvalue()


def _header(sandbox: HaihaiSandbox) -> Sequence[str]:
    return (sandbox.account.address_item, *_items(sandbox), "配信状態", "登録", "更新")


def _cells(sandbox: HaihaiSandbox, customer: Customer) -> Sequence[str]:
    return (
        customer.address,
        *(customer.values.get(name, "") for name in _items(sandbox)),
        ", ".join(f"{kind} {number}: {state}" for (kind, number), state in customer.states.items()),
        jst_text(customer.created_at),
        jst_text(customer.updated_at),
    )


def _items(sandbox: HaihaiSandbox) -> list[str]:
    return [item.name for item in sandbox.account.items if item.name != sandbox.account.address_item]
