"""
100,000 waiting rows become CSV files of at most 10 MB: planning, merging and packing, in a process of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from bench.figures import Figure

ROOT = Path(__file__).resolve().parents[1]

CHILD = """
import json, resource, time
from datetime import timedelta
from chalicelib.destinations import VENDORS
from chalicelib.model import Delivery, Effect, Prepared, State
from chalicelib.planning.coalesce import coalesce
from tests.scenarios.world import TEN, World

destination = World().config.destinations["haihai"]
vendor, lane = VENDORS["haihaimail"], World().config.lanes["haihaimail-api-sample-import"]
operation = vendor.operations["register"]
fields = {"お名前": "髙﨑 太郎", "会社名": "株式会社例①", "部署": "営業部", "電話": "03-1234-5678", "メモ": "資料請求"}
asked = {"gid": "12"}

def row(number):
    given = {"メールアドレス": f"user{number}@example.co.jp", **fields}
    prepared = vendor.prepare(operation, given, asked, destination, {})
    return Delivery(
        id=f"E{number:09d}.1", event_id=f"E{number:09d}", source="s", route="r", destination="haihai",
        operation="register", lane="l", key="k", contact=f"c{number}", effect=Effect.DATA,
        payload=prepared.payload, settings=prepared.settings, event_time=TEN,
        arrived_at=TEN + timedelta(milliseconds=number), state=State.WAITING,
    )

def make_files(rows):
    rules = vendor.rules(operation, rows[0].settings, destination)
    plan = coalesce(rows, {}, lambda _: rules, now=TEN, settle_seconds=300)
    lines, files = list(plan.lines), []
    while lines:
        packed = vendor.pack(operation, rows[0].settings, lines, destination)
        files.append(len(packed.data))
        lines = lines[len(packed.taken):]
    return files

def measured(rows_at_once):
    cpu, files = 0.0, []
    for start in range(0, 100_000, rows_at_once):
        rows = [row(number) for number in range(start, start + rows_at_once)]
        began = time.process_time()
        files += make_files(rows)
        cpu += time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"cpu": cpu, "files": len(files), "largest": max(files), "peak": peak}

print(json.dumps([measured(lane.rows_max), measured(100_000)]))
"""


def figures() -> list[Figure]:
    """CPU and memory of one child process."""
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", CHILD], cwd=ROOT, capture_output=True, text=True, check=True
    )
    by_call, at_once = json.loads(done.stdout.splitlines()[-1])
    return [
        Figure(what="files, 10,000 rows a call as the relay does", value=by_call["files"], digits=0),
        Figure(what="  CPU to plan, merge and pack them", value=by_call["cpu"], unit="s", target=3),
        Figure(what="  peak memory of the process", value=by_call["peak"], unit="MB", target=300, digits=0),
        Figure(what="files, all rows at once", value=at_once["files"], digits=0),
        Figure(what="  largest file", value=at_once["largest"] / 1e6, unit="MB", target=10),
        Figure(what="  CPU to plan, merge and pack", value=at_once["cpu"], unit="s", target=3),
        Figure(what="  peak memory, the rows themselves included", value=at_once["peak"], unit="MB", digits=0),
    ]
