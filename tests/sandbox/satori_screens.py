"""
The admin side of the SATORI double: its state for programs, its tables for people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.sandbox import switches as switching
from tests.sandbox.clock import jst_text
from tests.sandbox.kit import Table
from tests.sandbox.satori_fields import LABELS

if TYPE_CHECKING:
    from tests.sandbox.satori import SatoriSandbox

_SHOWN = ("last_name", "first_name", "lead_company_name", "collection_route", "delivery_permission")


def state(sandbox: SatoriSandbox) -> dict[str, Any]:
    """
    Everything inside as JSON values.
    """
    now = sandbox.clock()
    return {
        "vendor": sandbox.name,
        "now": now.isoformat(),
        "customers": [customer.as_dict() for customer in sandbox.customers.book],
        "action_log": [{**entry, "at": entry["at"].isoformat()} for entry in sandbox.action_log],
        "bulk_files": [{**known.as_dict(), "stage": known.stage(now)} for known in sandbox.files.values()],
        "calls": [at.isoformat() for at in sandbox.ledger.times],
        "busiest_second": sandbox.ledger.busiest(1),
        "faults": sandbox.faults.as_list(),
        "switches": switching.as_dict(sandbox.switches),
    }


def tables(sandbox: SatoriSandbox) -> list[Table]:
    """
    Customers and what was done to them, newest first.
    """
    header = ("メールアドレス", "hashcode", *(LABELS[name] for name in _SHOWN), "タグ", "ブラウザ", "更新")
    customers = [
        (
            known.email,
            known.hashcode,
            *(known.values.get(name, "") for name in _SHOWN),
            ", ".join(known.tags),
            ", ".join(known.browsers),
            jst_text(known.updated_at),
        )
        for known in sandbox.customers.book
    ]
    actions = [
        (jst_text(entry["at"]), entry["email"], entry["action"], _content(entry["content"]))
        for entry in reversed(sandbox.action_log)
    ]
    return [
        Table(title="カスタマー", header=header, rows=customers),
        Table(title="アクション", header=("日時", "メールアドレス", "アクション", "内容"), rows=actions),
    ]


def _content(content: dict[str, str]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in content.items())
