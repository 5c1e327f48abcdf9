"""
The error codes 814xx of the older import and of クルメル: what each means for the lane, and what an operator checks.

The table of codes is an excerpt (配配メール 外部システム連携仕様書), クルメル's 81404 is from its common API page; both
checked 2026-11. A code of this form that is in neither is a definite refusal too, told with the vendor's words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from chalicelib.destinations import replies
from chalicelib.destinations.replies import Answer
from chalicelib.model import Batch, Reading
from chalicelib.value import value

BODY_CHARS_READ = 4_000

# Not part of a longer number, an address or a key; after it, what the vendor calls it. Digits, capitals and signs are
# never quoted from these bodies: a transfer password could stand there.
_CODE = re.compile(r"(?<![0-9A-Za-z@.+_-])(814[0-9]{2})(?![0-9A-Za-z@+_-])[\s:,;|\"'<>/-]*([a-z_ ]{0,60})")


@value
class Meaning:
    """
    What a code means: the verdict on the lane, what the vendor does, what an operator should look at.
    """

    kind: str
    what: str
    advice: str = ""


UNKNOWN = Meaning(
    kind="key",
    what="refuses the file as a whole",
    advice="Check gid or spid, the route's other settings, and that the items are named as in the database.",
)


@value
class Said:
    """
    A code as the answer states it, and its short name ("bad gid").
    """

    code: int
    name: str = ""

    def __str__(self) -> str:
        return f"{self.code} {self.name}".strip()


def text_of(body: bytes) -> str | None:
    """
    The answer as text, in UTF-8 or SJIS; None where it is neither. The charset of these answers is not published.
    """
    for charset in ("utf-8-sig", "cp932"):
        try:
            text = body.decode(charset)
        except UnicodeDecodeError:
            continue
        return text if all(character.isprintable() or character.isspace() for character in text) else None
    return None


def code_in(body: bytes) -> Said | None:
    """
    The first error code that an answer states; None where there is none. The body's layout is not published.
    """
    text = text_of(body[: 4 * BODY_CHARS_READ]) or body[:BODY_CHARS_READ].decode("ascii", "replace")
    found = _CODE.search(text[:BODY_CHARS_READ])
    return Said(code=int(found[1]), name=" ".join(found[2].split())) if found else None


def refused(said: Said, answer: Answer, batch: Batch, *, vendor: str, meanings: Mapping[int, Meaning]) -> Reading:
    """
    What a code means. Every one is a definite "not applied": the rows wait.
    """
    meaning = meanings.get(said.code, UNKNOWN)
    reason = f"{vendor} {meaning.what} {replies.told(answer, str(said))}"
    reason = f"{reason}. {meaning.advice}" if meaning.advice else reason
    return replies.waiting(batch, reason, kind=meaning.kind, wait_seconds=answer.retry_after_seconds)
