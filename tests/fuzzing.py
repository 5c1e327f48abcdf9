"""
How much is tried: `make fuzz` asks hostile inputs of every face for longer than `make test` does, and counts them.
"""

from __future__ import annotations

import os
import re
import sys

import pytest
from rich.console import Console
from rich.table import Table

TIMES = int(os.environ.get("FUZZ_TIMES", "1"))
COUNTED = "inputs"
TESTS = {
    "every preset, its own requests spoilt": "tests/unit/sources/test_fuzz_presets.py",
    "any bytes and headers, any proof": "tests/unit/sources/test_fuzz.py",
    "XML": "tests/unit/sources/test_soap.py",
    "Salesforce's messages, at the door": "tests/scenarios/test_salesforce.py",
    "CSV": "tests/unit/sources/test_csv_rows.py",
    "files of drop-ins, at the door": "tests/scenarios/test_drop_ins.py",
}
"""
Only tests that count what they try appear in the sum: those of hypothesis, and those that record `inputs`.
"""


def times(usual: int) -> int:
    """
    The usual number of inputs of one test, as often as FUZZ_TIMES says.
    """
    return usual * TIMES


class Tally:
    """
    A pytest plugin: how many inputs each file's tests have tried.
    """

    def __init__(self) -> None:
        self.tried = dict.fromkeys(TESTS.values(), 0)

    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        """
        Take a test's count from what it recorded, and from hypothesis's statistics.
        """
        if call.when == "teardown":
            file = item.nodeid.partition("::")[0]
            counts = [int(str(value)) for name, value in item.user_properties if name == COUNTED]
            said = getattr(item, "hypothesis_statistics", "")
            counts += map(int, re.findall(r"(\d+) (?:passing|failing)", said))
            self.tried[file] += sum(counts)


def main() -> int:
    """
    Try, and print how much was tried; the exit status is pytest's.
    """
    tally = Tally()
    status = pytest.main(["-q", "--no-header", "-k", "not stack", *TESTS.values()], plugins=[tally])
    table = Table(
        "what is spoilt", "inputs tried", title="Hostile inputs, and not one fault of ours" if not status else ""
    )
    table.columns[1].justify = "right"
    for label, file in TESTS.items():
        table.add_row(label, f"{tally.tried[file]:,}")
    table.add_section()
    table.add_row("together", f"{sum(tally.tried.values()):,}")
    Console().print(table)
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
