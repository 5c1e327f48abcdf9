"""
Receipts of submissions.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.model import Envelope
from chalicelib.sources import receipt, receipt_in, receipt_passes, receipt_words
from chalicelib.sources.receipt import LIFE

NOW = datetime(2026, 11, 21, 5, tzinfo=UTC)
ID, OTHER = "01JDXXXXXXXXXXXXXXXXXXXXXX", "01JDXXXXXXXXXXXXXXXXXXXXXY"
KEY, OLD = b"signing key", b"the key before"
TOKEN = receipt(ID, KEY, NOW)


def test_a_receipt_is_good_for_its_submission_until_it_runs_out() -> None:
    """A week, also while the key is being changed; then it is good no more."""
    assert receipt_passes(TOKEN, ID, [KEY], NOW)
    assert receipt_passes(receipt(ID, OLD, NOW), ID, [KEY, OLD], NOW + LIFE - timedelta(seconds=1))
    assert not receipt_passes(TOKEN, ID, [KEY], NOW + LIFE)


@pytest.mark.parametrize("position", range(0, 32, 3))
def test_a_receipt_with_one_letter_changed_is_none(position: int) -> None:
    """Neither its time nor its signature can be touched."""
    letter = "A" if TOKEN[position] != "A" else "B"

    assert not receipt_passes(TOKEN[:position] + letter + TOKEN[position + 1 :], ID, [KEY], NOW)


def test_a_longer_life_cannot_be_written_into_it() -> None:
    """The signature holds the time: another time with the old signature is nothing."""
    late = (int((NOW + timedelta(days=999)).timestamp() * 1_000)).to_bytes(8, "big")
    forged = base64.urlsafe_b64encode(late + base64.urlsafe_b64decode(TOKEN)[8:]).decode()

    assert not receipt_passes(forged, ID, [KEY], NOW)


@pytest.mark.parametrize("token", ["", "x", "あ" * 32, "?" * 32, TOKEN + "A", TOKEN[:-1], " " + TOKEN[1:]])
def test_what_is_no_receipt_at_all_does_not_pass(token: str) -> None:
    """Whatever comes in its place is answered no, never with an error."""
    assert not receipt_passes(token, ID, [KEY], NOW)


def test_a_receipt_is_not_good_for_another_submission_or_key() -> None:
    """Nor for an id that could be none."""
    assert not receipt_passes(TOKEN, OTHER, [KEY], NOW)
    assert not receipt_passes(TOKEN, ID, [OLD], NOW)
    assert not receipt_passes(receipt("../LANE", KEY, NOW), "../LANE", [KEY], NOW)


@pytest.mark.parametrize(
    ("headers", "query", "found"),
    [
        ({"authorization": "Bearer abc"}, {}, "abc"),
        ({"authorization": "bearer  abc "}, {"token": ("x",)}, "abc"),
        ({"authorization": "Basic abc"}, {"token": ("x",)}, "x"),
        ({}, {"token": ("x", "y")}, ""),
        ({}, {}, ""),
    ],
)
def test_a_receipt_comes_as_bearer_or_in_the_address(
    headers: dict[str, str], query: dict[str, tuple[str, ...]], found: str
) -> None:
    """One of them; two in the address are none."""
    assert receipt_in(Envelope(source="", headers=headers, query=query, body=b"", received_at=NOW)) == found


@pytest.mark.parametrize(
    ("by", "waits_for", "ja", "en"),
    [
        (NOW + timedelta(minutes=6), "", "配配メール 14:06 までに", "配配メール by 14:06"),
        (NOW + timedelta(hours=10, minutes=3), "", "配配メール 11/22 0:03 までに", "配配メール by 11/22 0:03"),
        (None, "vendor", "配配メール 届け先の応答待ち", "配配メール waiting for the other side to answer"),
    ],
)
def test_the_words_say_tokyos_time(by: datetime | None, waits_for: str, ja: str, en: str) -> None:
    """And the day, where it is another one."""
    assert receipt_words("配配メール", "accepted", by=by, waits_for=waits_for, now=NOW) == {"ja": ja, "en": en}
