"""
What happens after a file is accepted: 処理待ち, 処理中, 完了, the results page and the report mail.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.sandbox.clock import jst_text
from tests.sandbox.haihaimail_account import Account
from tests.sandbox.haihaimail_file import CustomerFile
from tests.sandbox.haihaimail_rows import DONE, FAILED, OTHER, Database, RowResult
from tests.sandbox.haihaimail_settings import TYPES, ImportSettings
from tests.sandbox.haihaimail_switches import HaihaiSwitches

WAITING, RUNNING, FINISHED = "処理待ち", "処理中", "完了"
RESULT_DAYS = 10
ADMIN_ADDRESS = "kanri@example.co.jp"


@dataclass(slots=True, kw_only=True)
class Job:
    """
    One accepted file on its way.
    """

    id: int
    accepted_at: datetime
    settings: ImportSettings
    file: CustomerFile = field(repr=False)
    state: str = WAITING
    finished_at: datetime | None = None
    results: list[RowResult] = field(default_factory=list, repr=False)

    @property
    def counts(self) -> dict[str, int]:
        """
        Rows by 処理結果.
        """
        found = Counter(result.result for result in self.results)
        return {word: found[word] for word in (DONE, FAILED, OTHER)}

    def shown(self, now: datetime) -> bool:
        """
        Whether the results page still has it.
        """
        return now - self.accepted_at <= timedelta(days=RESULT_DAYS)

    def as_dict(self) -> dict[str, Any]:
        """
        The job as JSON values.
        """
        return {
            "id": self.id,
            "accepted_at": self.accepted_at.isoformat(),
            "finished_at": self.finished_at.isoformat() if self.finished_at else None,
            "settings": self.settings.as_dict(),
            "columns": list(self.file.columns),
            "rows": len(self.file.rows),
            "処理状況": self.state,
            "処理結果": self.counts,
            "failures": [result._asdict() for result in self.results if result.result == FAILED],
        }

    def results_csv(self) -> str:
        """
        What the results page lets one download: the rows as sent, with result and reason in columns of their own.
        """
        out = io.StringIO(newline="")
        writer = csv.writer(out)
        writer.writerow([*self.file.columns, "処理結果", "理由"])
        for row, result in zip(self.file.rows, self.results, strict=False):
            writer.writerow([*(row.cells.get(name, "") for name in self.file.columns), result.result, result.reason])
        return out.getvalue()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportMail:
    """
    A mail to the administrator with the counts of one job: report_option 0 never, 1 always, 2 where rows failed.
    """

    at: datetime
    to: str
    subject: str
    text: str


class JobQueue:
    """
    The accepted files of one account, its customer database, and the administrator's mailbox.
    """

    def __init__(self, account: Account) -> None:
        self.database = Database(account)
        self.jobs: list[Job] = []
        self.mailbox: list[ReportMail] = []

    def add(self, settings: ImportSettings, file: CustomerFile, at: datetime) -> Job:
        """
        Take a file in; it waits.
        """
        job = Job(id=len(self.jobs) + 1, accepted_at=at, settings=settings, file=file)
        self.jobs.append(job)
        return job

    def step(self, switches: HaihaiSwitches, now: datetime) -> None:
        """
        Move every unfinished job one state on.
        """
        for job in self._unfinished(switches):
            if job.state == WAITING:
                job.state = RUNNING
            else:
                self._finish(job, switches, now)

    def run_all(self, switches: HaihaiSwitches, now: datetime) -> None:
        """
        Finish every job.
        """
        for job in self._unfinished(switches):
            self._finish(job, switches, now)

    def run_due(self, switches: HaihaiSwitches, now: datetime, seconds: float) -> None:
        """
        Finish the jobs that came so many seconds ago or earlier; those half as old are 処理中.
        """
        for job in self._unfinished(switches):
            age = now - job.accepted_at
            if age >= timedelta(seconds=seconds):
                self._finish(job, switches, now)
            elif age >= timedelta(seconds=seconds / 2):
                job.state = RUNNING

    def _unfinished(self, switches: HaihaiSwitches) -> list[Job]:
        waiting = [job for job in self.jobs if job.state != FINISHED]
        return waiting[::-1] if switches.job_order == "reversed" else waiting

    def _finish(self, job: Job, switches: HaihaiSwitches, now: datetime) -> None:
        job.results = self.database.run(job.file, job.settings, switches, now)
        job.state, job.finished_at = FINISHED, now
        mail = _report(job, now)
        if mail is not None:
            self.mailbox.append(mail)


def _report(job: Job, at: datetime) -> ReportMail | None:
    counts = job.counts
    wanted = {0: False, 1: True, 2: counts[FAILED] > 0}[job.settings.report_option]
    if not wanted:
        return None
    lines = [
        f"処理: {TYPES[job.settings.import_type]}",
        f"受付: {jst_text(job.accepted_at)}",
        *(f"{word}: {count}件" for word, count in counts.items()),
    ]
    return ReportMail(at=at, to=ADMIN_ADDRESS, subject="一括登録・削除の処理結果", text="\n".join(lines))
