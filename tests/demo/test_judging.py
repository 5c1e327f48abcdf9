"""
What the demo concludes from the books.
"""

from __future__ import annotations

import pytest

from chalicelib.model import State
from tests.demo.judging import Quota, addresses_in, facts, names_character, states, waits
from tests.demo.make import TEN, delivery

QUOTA = Quota(calls_per_day=240, reserve=12)
PACE = 14 * 3_600 / 228


def test_a_row_may_wait_for_its_pace_and_a_minute() -> None:
    """At ten with no call made a row is promised 221 s and a minute; one second more is late."""
    found = [delivery(1, waited=PACE + 59), delivery(2, waited=PACE + 61)]

    waited = waits(found, [], QUOTA)

    assert (waited.count, waited.late) == (2, 1)
    assert waited.longest == pytest.approx(PACE + 61)
    assert round(waited.bound) == round(PACE + 60)


def test_a_row_that_never_ended_is_late() -> None:
    """What still waits can not have kept the promise."""
    assert waits([delivery(waited=None, state=State.WAITING)], [], QUOTA).late == 1


def test_the_vendors_own_calls_widen_the_pace() -> None:
    """With a hundred calls made by ten the promise is longer, and it is the vendor's record that says so."""
    calls = [TEN.isoformat()] * 100

    assert waits([delivery(waited=300)], [], QUOTA).late == 1
    assert waits([delivery(waited=300)], calls, QUOTA).late == 0


def test_no_rows_are_no_proof() -> None:
    """An empty table gives a count of zero, which no expectation takes for a success."""
    assert waits([], [], QUOTA).count == 0


def test_an_address_is_found_however_it_is_written() -> None:
    """Plain, percent-encoded, in capitals, in the midst of JSON; other people's addresses are not."""
    people = ["taro@example.co.jp", "hana+1@example.co.jp", "jiro@example.co.jp"]
    lines = ['{"reason": "no such customer: TARO@example.co.jp"}', "body=customer%5Bemail%5D=hana%2B1%40example.co.jp"]

    assert addresses_in(lines, people) == people[:2]
    assert addresses_in(["u12@example.co.jpx ***"], ["u1@example.co.jp"]) == []


def test_facts_are_counted_in_json_lines_only() -> None:
    """The platform's own lines and broken ones are passed over."""
    lines = ["START RequestId: 1", "[1]", '{"message": "call.settled", "lane": "a"}', '{"message": ', "call.settled"]

    assert facts(lines, "call.settled") == 1


def test_a_dead_letter_must_name_character_and_field() -> None:
    """A reason that says only one of the two does not help anybody to mend it."""
    told = "お名前: has characters that cp932 does not have: 😀 U+1F600"

    assert names_character(told, "お名前", "😀")
    assert not names_character(told, "会社名", "😀")
    assert not names_character(told, "お名前", "𠮷")


def test_states_are_counted() -> None:
    """Every delivery counts once, under its state."""
    assert states([delivery(1), delivery(2), delivery(3, state=State.DEAD)]) == {"delivered": 2, "dead": 1}
