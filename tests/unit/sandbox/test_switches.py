from __future__ import annotations

import pytest

from tests.sandbox import switches
from tests.sandbox.haihaimail_switches import HaihaiSwitches
from tests.sandbox.satori_switches import SatoriSwitches


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"http_code": "mirrors"}, "http_code: 'mirrors' is not one of 'mirror', 'always_200'"),
        ({"delete_unknown": "400"}, "delete_unknown: '400' is not one of 400, 200"),
        ({"rate_per_second": -1}, "rate_per_second: -1 is not a number, 0 or more"),
        ({"rate_per_second": True}, "rate_per_second: True is not a number, 0 or more"),
        ({"account_required": "last_name"}, "account_required: 'last_name' is not a list of names"),
        ({"permissions": ["fly"]}, "permissions: fly are none of create, edit, delete, bulk, status"),
        ({"httpcode": 1}, "no such switch: httpcode; there are bare_host"),
    ],
)
def test_a_reading_that_does_not_exist_is_refused(changes: dict[str, object], told: str) -> None:
    """
    A slip in a test or in the demo is told at once, with what may be written.
    """
    with pytest.raises(ValueError, match="^" + told.replace("(", r"\(")):
        switches.change(SatoriSwitches(), changes)


def test_lists_are_taken_as_they_come_in_json() -> None:
    """
    What JSON writes as a list sets a switch of several names.
    """
    assert switches.change(SatoriSwitches(), {"account_required": ["last_name"]}).account_required == ("last_name",)


def test_switches_show_themselves() -> None:
    """
    Every switch of a vendor is shown with its value.
    """
    shown = switches.as_dict(HaihaiSwitches(duplicates="last"))
    assert shown["duplicates"] == "last"
    assert shown["over_quota"] == "http_429"
