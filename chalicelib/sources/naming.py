"""
How a record names itself: what it wants (kind), which knock it is (id), when it happened (time), whether it is a test.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone

from chalicelib.errors import Unusable
from chalicelib.model import Envelope, EventRule
from chalicelib.model.arrival import Json
from chalicelib.sources.paths import look
from chalicelib.value import value

DIGEST_SECONDS_MAX = 600
"""
How long the same content counts as the same knock: longer, and an honest second submission would be swallowed.
"""

FUTURE_SECONDS_MAX = 300
"""
How far ahead of ours a sender's clock may run.
"""

SEQUENCE_CHARS_MAX = 18
SEQUENCE_MAX = 999_999
"""
The highest sequence number that is told apart; what is higher counts as equal.
"""

WORD_CHARS_MAX = 100
KINDS = ("upsert", "unsubscribe", "delete", "ignore")

# Where the source has no table of kinds, its sender speaks our words, or says nothing.
_OWN_WORDS = {"": "upsert"} | {kind: kind for kind in KINDS}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OLDEST = datetime(2000, 1, 1, tzinfo=UTC)
_PLAIN_ID = re.compile(r"[!-?A-~]{1,128}")
_UNTRUE = frozenset({"", "0", "false", "no", "off", "none", "null"})


@value
class Name:
    """
    What a record says about itself: its kind, and the sender's `word` for it.

    `note` tells why the time is the arrival although the sender was asked.
    """

    kind: str
    word: str
    time: datetime
    note: str
    dedupe: str
    dedupe_seconds: int
    test: bool


def name_of(
    record: Json, envelope: Envelope, rule: EventRule, *, key: bytes, arrival: datetime, position: int | None = None
) -> Name:
    """
    The name of a record; `position` is its place among the several of its envelope.

    Raises Unusable for a kind that the source's table does not know, or an expression that does not fit the record.
    """
    time, note = _time(record, rule, envelope, arrival)
    kind, word = _kind(record, rule, envelope)
    dedupe, seconds = _dedupe(record, rule, envelope, key, position)
    return Name(
        kind=kind,
        word=word[:WORD_CHARS_MAX],
        time=time + _behind(record, rule, envelope) if rule.time and not note else time,
        note=note,
        dedupe=dedupe,
        dedupe_seconds=seconds,
        test=_is_test(record, rule, envelope),
    )


def digest(value: Json, key: bytes) -> str:
    """
    A keyed digest of what a value means: the order of fields does not matter, nor how letters are composed.

    「が」 may be one character or two. Keyed, so that nobody can find an address by trying.
    """
    if isinstance(value, Mapping):
        value = {unicodedata.normalize("NFC", name): member for name, member in value.items()}
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    canonical = unicodedata.normalize("NFC", text).encode("utf-8", "surrogatepass")
    return "digest:" + hmac.new(key, canonical, hashlib.sha256).hexdigest()


def _kind(record: Json, rule: EventRule, envelope: Envelope) -> tuple[str, str]:
    word = (_scalar(look(rule.kind, record, envelope)) if rule.kind else None) or ""
    detail = (_scalar(look(rule.detail, record, envelope)) if rule.detail else None) or ""
    kinds = rule.kinds or _OWN_WORDS
    both = f"{word} {detail}"
    if detail and both in kinds:
        return kinds[both], both
    kind = kinds.get(word, kinds.get("*", "" if rule.kind else "upsert"))
    if kind not in KINDS:
        raise Unusable(f"the kind {word[:WORD_CHARS_MAX]!r} is not in the source's table of kinds")
    return kind, word


def _time(record: Json, rule: EventRule, envelope: Envelope, arrival: datetime) -> tuple[datetime, str]:
    if not rule.time:
        return arrival, ""
    found = look(rule.time, record, envelope)
    if found in (None, ""):
        return arrival, "the sender gave no time; the arrival counts"
    try:
        time = _moment(found, rule).astimezone(UTC)
    except (ValueError, OverflowError, TypeError):
        return arrival, "the sender's time cannot be read; the arrival counts"
    if time > arrival + timedelta(seconds=FUTURE_SECONDS_MAX):
        return arrival, "the sender's time lies in the future; the arrival counts"
    if time < _OLDEST:
        return arrival, "the sender's time lies before the year 2000; the arrival counts"
    return time, ""


def _behind(record: Json, rule: EventRule, envelope: Envelope) -> timedelta:
    """
    How far within its second a change stands: microseconds, as many as its sequence number says.

    kintone tells the minute of a change; of two in one minute the revision tells which is the newer one.
    """
    number = _scalar(look(rule.sequence, record, envelope)) if rule.sequence else None
    if not number or not number.isascii() or not number.isdecimal():
        return timedelta()
    return timedelta(microseconds=min(int(number[:SEQUENCE_CHARS_MAX]), SEQUENCE_MAX))


def _moment(found: Json, rule: EventRule) -> datetime:
    if isinstance(found, bool):
        raise TypeError
    if rule.time_unit == "iso":
        time = datetime.fromisoformat(str(found).strip().replace("/", "-"))
        return time if time.tzinfo else time.replace(tzinfo=timezone(timedelta(hours=rule.time_zone)))
    number = float(found)
    return _EPOCH + timedelta(seconds=number / 1000 if rule.time_unit == "ms" else number)


def _is_test(record: Json, rule: EventRule, envelope: Envelope) -> bool:
    found = look(rule.test, record, envelope) if rule.test else None
    return found.strip().lower() not in _UNTRUE if isinstance(found, str) else bool(found)


def _dedupe(record: Json, rule: EventRule, envelope: Envelope, key: bytes, position: int | None) -> tuple[str, int]:
    own = _own_id(look(rule.id, record, envelope), key) if rule.id else None
    if own is None:
        return digest(record, key), min(rule.dedupe_seconds, DIGEST_SECONDS_MAX)
    if rule.id.startswith("header:") and position is not None:
        # One header names the whole request, and each record of it is a knock of its own.
        own += f"#{position}"
    return own, rule.dedupe_seconds


def _own_id(found: Json, key: bytes) -> str | None:
    """
    The sender's own id. Ids of several parts, and odd ones, are digested: they may hold an address.
    """
    if isinstance(found, list | dict):
        parts = found if isinstance(found, list) else list(found.values())
        return None if all(part in (None, "") for part in parts) else "id-" + digest(found, key)
    text = _scalar(found)
    if not text:
        return None
    return f"id:{text}" if _PLAIN_ID.fullmatch(text) else "id-" + digest(text, key)


def _scalar(found: Json) -> str | None:
    if isinstance(found, bool):
        return "true" if found else "false"
    return str(found).strip() if isinstance(found, str | int | float) else None
