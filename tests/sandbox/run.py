"""
Sandboxes as programs: `python -m tests.sandbox.run --vendor satori --vendor haihaimail --ready-file F`.

Listens on loopback until SIGTERM or SIGINT. The made-up accounts are those of the functions `demo_…`.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from threading import Event

from tests.sandbox.clock import Clock, FileClock
from tests.sandbox.curumeru import CurumeruSandbox
from tests.sandbox.haihaimail import HaihaiSandbox
from tests.sandbox.haihaimail_account import DEFAULT_ITEMS, LegacyLogin
from tests.sandbox.kit import Sandbox
from tests.sandbox.maildealer import MailDealerSandbox
from tests.sandbox.maildealer_account import CustomerItem, MailDealerUser
from tests.sandbox.maildealer_mails import Mail
from tests.sandbox.maildealer_questions import Question
from tests.sandbox.satori import SatoriKeys, SatoriSandbox
from tests.sandbox.server import serve

SATORI_KEYS = SatoriKeys(
    user_key="demo-user-key",
    user_secret="demo-user-secret",
    company_key="demo-company-key",
    company_secret="demo-company-secret",
)
HAIHAI_LOGIN_ID = "demo"
HAIHAI_TOKEN = "demo-token"
HAIHAI_GROUPS = {"1": "メールマガジン", "2": "展示会"}
HAIHAI_PLANS = {"1": "資料請求フォロー"}
JOB_SECONDS = 5.0
MAILDEALER_TOKEN = "demo-maildealer-token"
MAILDEALER_MAILBOXES = {1: "サポート", 2: "営業"}
MAILDEALER_ITEMS = (
    CustomerItem(name="会社名"),
    CustomerItem(name="お問い合わせ内容", chars_max=2_000),
    CustomerItem(name="興味", choices=("資料", "デモ", "見積もり")),
    CustomerItem(name="メール配信"),
)


def demo_satori(clock: Clock) -> Sandbox:
    """
    SATORI with keys that open nothing else.
    """
    return SatoriSandbox(clock=clock, keys=SATORI_KEYS, custom_fields={"budget": "integer", "interest": "text"})


def demo_haihaimail(clock: Clock) -> HaihaiSandbox:
    """
    配配メール on the shared plan, account `api_sample`, two groups and a step-mail plan.
    """
    return HaihaiSandbox(
        clock=clock,
        login_id=HAIHAI_LOGIN_ID,
        token=HAIHAI_TOKEN,
        items=DEFAULT_ITEMS,
        groups=HAIHAI_GROUPS,
        plans=HAIHAI_PLANS,
        legacy=LegacyLogin(aid="24", password="demo-Transfer-1"),
        job_seconds=JOB_SECONDS,
    )


def demo_maildealer(clock: Clock) -> Sandbox:
    """
    Mail Dealer with two mailboxes, one user for programs, a mail that waits for an answer, and a question.
    """
    now = clock()
    mail = Mail(
        id="1-1",
        at=now - timedelta(hours=2),
        sender=("見本 次郎 <jiro@example.co.jp>",),
        to=("support@example.co.jp",),
        subject="お見積もりについて",
        body="見積もりをお願いします。\n",
    )
    question = Question(
        subject="納期について", category="商品", at=now - timedelta(days=30), question="納期は?", answer="3営業日です。"
    )
    return MailDealerSandbox(
        clock=clock,
        users=[MailDealerUser(name="ekiden", token=MAILDEALER_TOKEN, mailboxes=(1, 2))],
        mailboxes=MAILDEALER_MAILBOXES,
        items=MAILDEALER_ITEMS,
        mails=[mail],
        questions=[question],
    )


def demo_curumeru(clock: Clock) -> Sandbox:
    """
    クルメル with an import of a made-up address.
    """
    return CurumeruSandbox(clock=clock, login_id=HAIHAI_LOGIN_ID, password="demo-password", groups=HAIHAI_GROUPS)


VENDORS: dict[str, Callable[[Clock], Sandbox]] = {
    "satori": demo_satori,
    "haihaimail": demo_haihaimail,
    "maildealer": demo_maildealer,
    "curumeru": demo_curumeru,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Serve the vendors asked for (all of them by default) until told to stop.
    """
    options = _parser().parse_args(arguments)
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    clock = FileClock(options.clock_file)
    with ExitStack() as stack:
        urls = {}
        for place, vendor in enumerate(options.vendor or VENDORS):
            port = options.port + place if options.port else 0
            urls[vendor] = stack.enter_context(serve(VENDORS[vendor](clock), port=port)).url
        _announce(options.ready_file, urls)
        stop.wait()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.sandbox.run", description="Vendor sandboxes on loopback.")
    parser.add_argument("--vendor", action="append", choices=sorted(VENDORS), help="may be repeated; default: all")
    parser.add_argument("--port", type=int, default=0, help="of the first vendor, the next one has the next; 0: any")
    parser.add_argument("--clock-file", type=Path, default=Path(os.devnull), help="seconds to shift the time by")
    parser.add_argument("--ready-file", type=Path, help="where to write the URLs as JSON once all listen")
    return parser


def _announce(ready_file: Path | None, urls: dict[str, str]) -> None:
    text = json.dumps(urls)
    if ready_file is None:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
        return
    # Whoever waits for the file must never read half of it.
    draft = ready_file.with_suffix(f"{ready_file.suffix}.draft")
    draft.write_text(text, encoding="utf-8")
    draft.replace(ready_file)


if __name__ == "__main__":
    sys.exit(main())
