"""
Sessions and passwords: what counts as signed in, for how long, and what does not.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.console import passwords, sessions
from chalicelib.console.sessions import IDLE, WHOLE, Session

NOW = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)
KEY = b"a key that only this test knows"
SESSION = Session(id="01M7XSW1M0C42657VFQVC2R1YD", account="sato", began=NOW, seen=NOW, lang="ja")
STORED = passwords.digest("correct horse battery", b"a salt of 16 b..")


def read(cookie: str, *, now: datetime = NOW, key: bytes = KEY) -> Session | None:
    return sessions.read(cookie, lambda name: key if name == "sato" else None, now)


def test_a_session_is_read_back() -> None:
    """What was signed is who is signed in."""
    assert read(sessions.written(SESSION, KEY)) == SESSION


@pytest.mark.parametrize("position", range(0, 120, 7))
def test_a_changed_cookie_is_nobody(position: int) -> None:
    """Whichever letter is changed, nobody is signed in."""
    cookie = sessions.written(SESSION, KEY)
    changed = cookie[:position] + ("A" if cookie[position] != "A" else "B") + cookie[position + 1 :]

    assert read(changed) is None


@pytest.mark.parametrize(
    "cookie", ["", ".", "x", "....", "W10.W10", "bnVsbA." + "A" * 43, "é.é", "A" * 5_000, "[" * 900]
)
def test_a_cookie_that_is_none_of_ours_is_nobody(cookie: str) -> None:
    """Anything may stand in a cookie; it is never an error."""
    assert read(cookie) is None


def test_a_session_ends_when_nobody_uses_it() -> None:
    """After half an hour without a click."""
    cookie = sessions.written(SESSION, KEY)

    assert read(cookie, now=NOW + IDLE - timedelta(seconds=1)) is not None
    assert read(cookie, now=NOW + IDLE) is None


def test_a_session_ends_after_a_working_day() -> None:
    """However often it is renewed, it is over twelve hours after signing in."""
    late = Session(id="x", account="sato", began=NOW, seen=NOW + WHOLE - timedelta(minutes=1), lang="ja")
    cookie = sessions.written(late, KEY)

    assert read(cookie, now=NOW + WHOLE - timedelta(seconds=1)) is not None
    assert read(cookie, now=NOW + WHOLE) is None


def test_another_password_ends_every_session_of_the_account() -> None:
    """Who changes a stolen password locks the thief out."""
    before = sessions.account_key(KEY, STORED)
    after = sessions.account_key(KEY, passwords.digest("another horse battery", b"a salt of 16 b.."))

    assert read(sessions.written(SESSION, before), key=after) is None


def test_an_account_that_has_gone_is_signed_out() -> None:
    """A name that the secret has no more opens nothing."""
    assert sessions.read(sessions.written(SESSION, KEY), lambda _: None, NOW) is None


def test_a_form_is_good_for_its_own_session_alone() -> None:
    """The proof of one session does not do for another, nor does a cookie's signature."""
    proof = sessions.form_proof(KEY, "one")

    assert sessions.proves(proof, KEY, "one")
    assert not sessions.proves(proof, KEY, "two")
    assert not sessions.proves("", KEY, "one")


def test_the_right_password_matches_and_no_other() -> None:
    """Letter by letter; an unknown account never matches, whatever is typed."""
    assert passwords.matches("correct horse battery", STORED)
    assert not passwords.matches("correct horse batterY", STORED)
    assert not passwords.matches("correct horse battery", None)
    assert not passwords.matches("correct horse battery" * 20, STORED)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not JSON"),
        ("[]", "JSON object"),
        ("{}", "JSON object"),
        ('{"Sato Taro": "x"}', "no account name"),
        ('{"sato": "secret"}', "no password made by"),
        ('{"sato": 1}', "no password made by"),
        ('{"sato": "' + STORED.replace("$16384$", "$2$") + '"}', "no password made by"),
        ('{"sato": "' + STORED.replace("$16384$", "$999999$") + '"}', "no password made by"),
        ('{"sato": "' + STORED.replace("$5$", "$99$") + '"}', "no password made by"),
    ],
)
def test_accounts_that_are_none_are_told_without_their_values(text: str, words: str) -> None:
    """A weak or a ruinous digest is refused too, and no message repeats a value."""
    with pytest.raises(ValueError, match=words) as told:
        passwords.accounts(text)

    assert "secret" not in str(told.value)
