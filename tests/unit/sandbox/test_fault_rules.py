"""
Fault rules as JSON, for whoever writes a programme by hand.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.sandbox.faults import Fault, fault_from


def test_a_fault_survives_json() -> None:
    """
    What the programme shows can be set again.
    """
    fault = Fault("status", until=datetime(2026, 11, 21, 15, 0, tzinfo=UTC), status=503, body="{}", match="x")
    assert fault_from(json.loads(json.dumps(fault.as_dict()))) == fault
    assert fault_from({"kind": "down"}) == Fault("down")


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ([], 'a fault is an object with a "kind"'),
        ({"times": 1}, 'a fault is an object with a "kind"'),
        ({"kind": "down", "time": 1}, "a fault has no 'time'; it has body, kind, "),
        ({"kind": "down", "times": "1"}, "times: '1' cannot be used here"),
        ({"kind": "down", "status": True}, "status: True cannot be used here"),
        ({"kind": "down", "until": "soon"}, "Invalid isoformat string: 'soon'"),
        ({"kind": "down", "until": "2026-11-21T09:00:00"}, "until: needs a time zone"),
    ],
)
def test_a_fault_that_cannot_be_read_is_told(document: Any, told: str) -> None:
    """
    Whoever writes a programme by hand learns what is wrong.
    """
    with pytest.raises(ValueError, match=told):
        fault_from(document)
