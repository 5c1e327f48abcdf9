"""
Signing in and out: who looks, by which session.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from chalicelib.console import passwords, sessions
from chalicelib.console.sessions import Session
from chalicelib.errors import SecretUnavailable
from chalicelib.model import Console
from chalicelib.ports import Lost
from chalicelib.records import signing_in
from chalicelib.records.layout import session_key
from chalicelib.relay.console.asking import Asked
from chalicelib.relay.deps import Deps
from chalicelib.value import value

SESSION_COOKIE = "ekiden_session"
DOOR_COOKIE = "ekiden_door"
DOOR_SECONDS = 3_600
NONCE_CHARS = 26


@value
class Visitor:
    """
    Who stands before the console: signed in (`session`), or at the door, known by a nonce alone.

    `proof` is what a form of this visitor carries; `cookie` is to be set with the answer, if anything is.
    """

    session: Session | None
    nonce: str
    lang: str
    proof: str
    cookie: str = ""


class Entry:
    """
    Knows accounts and sessions.
    """

    def __init__(self, deps: Deps, console: Console) -> None:
        self._deps = deps
        self._console = console

    def visitor(self, asked: Asked) -> Visitor:
        """
        Who asks. Raises StoreUnavailable, also where the accounts cannot be read.
        """
        now, relay_key, known = self._deps.now(), self._deps.signing_key(), self._accounts()
        session = self._session(asked, known, relay_key, now)
        if session is None:
            return self._at_the_door(asked, relay_key)
        key = sessions.account_key(relay_key, known[session.account])
        proof = sessions.form_proof(key, session.id)
        lang = asked.chosen_language or session.lang
        if lang == session.lang and now - session.seen < sessions.RENEWED_AFTER:
            return Visitor(session=session, nonce="", lang=lang, proof=proof)
        renewed = replace(session, seen=max(now, session.seen), lang=lang)
        cookie = _cookie(asked, SESSION_COOKIE, sessions.written(renewed, key), _seconds_left(renewed, now))
        return Visitor(session=renewed, nonce="", lang=lang, proof=proof, cookie=cookie)

    def came_from_its_own_page(self, asked: Asked, visitor: Visitor) -> bool:
        """
        Whether a form was made for this visitor, and sent from a page of ours.
        """
        if asked.foreign or not (visitor.session or visitor.nonce):
            return False
        return hmac.compare_digest(asked.field("proof").encode(), visitor.proof.encode())

    def sign_in(self, asked: Asked, visitor: Visitor) -> str:
        """
        The cookie of a new session; empty where name or password are wrong, or were tried too often.
        """
        now, relay_key, known = self._deps.now(), self._deps.signing_key(), self._accounts()
        name, password = asked.field("name").strip(), asked.field("password")
        counted = [("account", _digest(relay_key, name)), ("address", _digest(relay_key, asked.address))]
        table, journal = self._deps.ports.table, self._deps.ports.journal
        told = name if name in known else "(unknown)"
        if isinstance(table.write(*(signing_in.attempt(kind, digest, now) for kind, digest in counted)), Lost):
            journal.log("console.sign_in_refused", account=told, why="too many attempts")
            return ""
        if not passwords.matches(password, known.get(name)):
            journal.log("console.sign_in_refused", account=told, why="wrong name or password")
            return ""
        for kind, digest in counted:
            table.write(signing_in.give_back(kind, digest, now))
        session = Session(id=self._deps.ports.chance.id(now), account=name, began=now, seen=now, lang=visitor.lang)
        table.write(signing_in.begin(session.id, name, now=now, whole=sessions.WHOLE))
        journal.log("console.signed_in", account=name)
        key = sessions.account_key(relay_key, known[name])
        return _cookie(asked, SESSION_COOKIE, sessions.written(session, key), _seconds_left(session, now))

    def sign_out(self, asked: Asked, session: Session) -> str:
        """
        End a session everywhere; returns the cookie that takes the old one away.
        """
        self._deps.ports.table.write(signing_in.end(session.id))
        self._deps.ports.journal.log("console.signed_out", account=session.account)
        return _cookie(asked, SESSION_COOKIE, "", 0)

    def _session(self, asked: Asked, known: Mapping[str, str], relay_key: bytes, now: datetime) -> Session | None:
        def key_of(account: str) -> bytes | None:
            return sessions.account_key(relay_key, known[account]) if account in known else None

        session = sessions.read(asked.cookies.get(SESSION_COOKIE, ""), key_of, now)
        if session is None or self._deps.ports.table.get([session_key(session.id)])[0] is None:
            return None
        return session

    def _at_the_door(self, asked: Asked, relay_key: bytes) -> Visitor:
        nonce, _, lang = asked.cookies.get(DOOR_COOKIE, "").partition(".")
        fresh = len(nonce) != NONCE_CHARS or not nonce.isalnum()
        if fresh:
            nonce, lang = self._deps.ports.chance.id(self._deps.now()), ""
        lang = asked.chosen_language or (lang if lang in {"ja", "en"} else "") or asked.language
        cookie = _cookie(asked, DOOR_COOKIE, f"{nonce}.{lang}", DOOR_SECONDS)
        return Visitor(session=None, nonce=nonce, lang=lang, proof=sessions.form_proof(relay_key, nonce), cookie=cookie)

    def _accounts(self) -> dict[str, str]:
        """
        Every account, of all references. Raises SecretUnavailable, also for a value that is none of ours.
        """
        found: dict[str, str] = {}
        for reference in reversed(self._console.accounts):
            try:
                found |= passwords.accounts(self._deps.ports.secrets.get(reference))
            except ValueError as error:
                raise SecretUnavailable(f"{reference} ({error})") from None
        return found


def _cookie(asked: Asked, name: str, text: str, seconds: int) -> str:
    secure = "; Secure" if asked.safe_transport else ""
    return f"{name}={text}; Max-Age={seconds}; Path={asked.base}; HttpOnly; SameSite=Strict{secure}"


def _seconds_left(session: Session, now: datetime) -> int:
    return max(0, int((session.ends - now).total_seconds()))


def _digest(relay_key: bytes, text: str) -> str:
    return hmac.new(relay_key, b"console attempts\0" + text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]
