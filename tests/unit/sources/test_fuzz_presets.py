"""
Every preset against what a hostile or broken sender may send, through the whole door.

Inputs are made from each sender's own requests and from texts that break parsers; the seed is the preset's name, so
that a failure comes again. How many were tried is recorded, and printed by `make fuzz`.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from time import process_time

import pytest

from chalicelib.model import Envelope
from chalicelib.records.layout import dedupe_key
from chalicelib.sources import understand
from tests.fuzzing import COUNTED, times
from tests.scenarios.senders import NAME, SENDER_SECRET, Asked, Sender, senders
from tests.scenarios.world import SECRETS, World

SENDERS = senders()
INPUTS = times(400)
ANSWERS = {200, 400, 401, 413, 415}
SECONDS_MAX = 2.0

JSON_TEXTS = [
    b"",
    b" ",
    b"null",
    b"true",
    b"0",
    b'""',
    b"[]",
    b"{}",
    b"[[]]",
    b"[null]",
    b"[{}]",
    b"{",
    b"[",
    b'"',
    b'{"a"',
    b"\xef\xbb\xbf{}",
    b"NaN",
    b"[Infinity]",
    b'{"a": -Infinity}',
    b'{"a": NaN}',
    b"1e999",
    b'{"a": 1e400}',
    b"9" * 5_000,
    b'{"a": ' + b"9" * 400 + b"}",
    b'{"a": 1e-99999999999}',
    b"-" * 100,
    b"0" * 1_000,
    b'{"id": 1' + b"0" * 30 + b"}",
    b'{"a": 0.' + b"1" * 300 + b"}",
    b"[" * 200_000,
    b'{"a":' * 100_000,
    b"[" * 20 + b"]" * 20,
    b'{"a": [' * 11 + b"1" + b"]}" * 11,
    b'["' + b"[" * 10_000 + b'"]',
    b'{"a": 1, "a": 2, "a": [3]}',
    b'{"": ""}',
    b'{"\\u0000": "\\u0000"}',
    b'{"a": "\\ud800"}',
    b'{"\\udfff": 1}',
    b'{"a": "\x00\x1f\x7f"}',
    b'{"a": "\\',
    b'{"a": "\\u12"}',
    b'{"a": "\xed\xa0\x80"}',
    b'{"a": "\xff"}',
    '{"a": "𠮷👨‍👩‍👧\u202e"}'.encode(),
    '{"a": "x"}'.encode("utf-16"),
    '{"名": "値"}'.encode("cp932"),
    b"\x00" * 1_000,
    b"<?xml version='1.0'?><a/>",
    b"a=1&a=2&b[]=%ff&%zz",
    b"payload={",
    b"payload=%7B%22a%22%3A1%7D",
    b"entry=[]&entry={}",
    b'{"events": null, "entry": {}, "affected_values": "x", "record": []}',
    b'{"events": [null, 1, "x", [], {}]}',
    b'{"entry": [{"changes": [{"field": "leadgen", "value": 1}]}]}',
    b'{"form_response": {"answers": [1]}}',
    b'{"type": {"a": 1}, "id": [], "event": [[]], "created": {}, "timestamp": "x", "occurredAt": true}',
    b'{"user_column_data": [{"column_id": {}}]}',
    b'{"record": {"a": 1, "b": {"value": {"value": {}}}, "$revision": {"value": "'
    + b"9" * 4_000
    + b'"}}, "type": "ADD_RECORD"}',
    b'{"properties": {"a": {"value": null}, "lastmodifieddate": {"value": "99999999999999999999999"}}}',
    b'{"columns": {}, "sequence_number": -1}',
]
TYPES = [
    "application/json",
    "application/json; charset=shift_jis",
    "application/json; charset=utf-16",
    "application/json; charset=\x00",
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=cp932",
    "text/plain",
    "text/plain; charset=UTF-8",
    "multipart/form-data; boundary=b",
    "multipart/form-data",
    "multipart/form-data; boundary=" + "b" * 300,
    "text/xml",
    "",
    "*/*",
    "application/vnd.api+json",
    ";;;",
    "application/json" + ";" * 500,
]
TEXTS = [
    "",
    " ",
    "\x00",
    "é",
    "\ud800",
    "v1=,t=",
    "t=9" + "9" * 30,
    "sha256=",
    "v1," * 300,
    "Basic !!!",
    "Bearer ",
    "null",
    "a" * 5_000,
    "\r\nX: y",
    "2026-13-45T99:99:99Z",
    "9" * 40,
    "-1",
    "1e5",
    "2026-11-21T00:59:58.123Z",
    "٣",
    "true",
    "[]",
    "'; --",
    "../../etc",
    "%00",
]


def multipart(chance: random.Random) -> bytes:
    heads = [
        'form-data; name="entry"',
        'form-data; name="payload"',
        'form-data; name="a"; filename="x.csv"',
        "form-data",
        "",
        'form-data; name="_charset_"',
    ]
    parts = [
        b"--b\r\nContent-Disposition: "
        + chance.choice(heads).encode()
        + b"\r\n\r\n"
        + chance.choice(JSON_TEXTS)[:500]
        + b"\r\n"
        for _ in range(chance.randrange(5))
    ]
    return b"".join(parts) + chance.choice([b"--b--\r\n", b"--b", b"", b"--b--" * 100])


def mutated(body: bytes, chance: random.Random) -> bytes:
    """
    A real body with a few bytes changed, cut, doubled or replaced.
    """
    changed = bytearray(body)
    for _ in range(chance.randrange(1, 6)):
        at = chance.randrange(len(changed) + 1)
        match chance.randrange(6):
            case 0:
                changed[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del changed[at : at + chance.randrange(40)]
            case 2:
                changed[at:at] = changed[max(0, at - 30) : at]
            case 3:
                changed[at:at] = chance.choice(
                    [b'"', b"\\", b"{", b"[", b"NaN", b"\xff", b"\x00", b"null,", b"&", b"%", b"1e999"]
                )
            case 4:
                changed = bytearray(
                    bytes(changed).replace(b'"value"', chance.choice([b'"value2"', b'"value":[],"value"']))
                )
            case _:
                changed = bytearray(
                    bytes(changed).replace(chance.choice([b"true", b"null", b"0", b'"id"']), b'{"a":[]}', 1)
                )
    return bytes(changed)


def hostile(asked: Asked, chance: random.Random) -> dict[str, object]:
    """
    One request: the sender's own with its body, its type or its headers spoilt.
    """
    given = asked.envelope
    headers = dict(given["headers"])
    kind = chance.randrange(5)
    body = given["body"]
    if kind in {0, 1}:
        body = mutated(body, chance)
    elif kind == 2:
        body = chance.choice(JSON_TEXTS)
    elif kind == 3:
        body, headers["content-type"] = multipart(chance), "multipart/form-data; boundary=b"
    if kind != 0 and chance.random() < 0.5:
        headers["content-type"] = chance.choice(TYPES)
    for name in chance.sample(sorted(headers), k=chance.randrange(min(3, len(headers)) + 1)):
        headers[name] = chance.choice(TEXTS)
    if chance.random() < 0.1:
        headers.clear()
    return {"headers": headers, "body": body, "path_token": chance.choice([given["path_token"], *TEXTS])}


def inputs(sender: Sender) -> Iterator[tuple[dict[str, object], bool]]:
    """
    What is sent, and whether it passes as proved: behind the proof lies most of what can break.
    """
    chance = random.Random(sender.preset)  # noqa: S311 - to be repeated
    for body in JSON_TEXTS:
        yield sender.requests[0].envelope | {"body": body}, True
    for _ in range(INPUTS):
        yield hostile(chance.choice(sender.requests), chance), chance.random() < 0.7


def on_record(world: World, envelope: Envelope, secret: str) -> bool:
    """
    Whether every event that the envelope holds is known to the table.
    """
    key = SECRETS["env:EKIDEN_SECRET"].encode()
    source, secrets = world.config.sources[NAME], {SENDER_SECRET: secret}
    knock = understand(envelope, source, secrets=secrets, signing_key=key, now=world.clock.now())
    marks = world.table.get([dedupe_key(NAME, each.dedupe) for each in knock.events])
    return None not in marks


def storable(world: World) -> bool:
    text = json.dumps([world.table.items(), world.journal.notices], ensure_ascii=False, default=str)
    return "\0" not in text and text.encode() is not None


@pytest.mark.parametrize("preset", SENDERS)
def test_whatever_is_sent_gets_an_answer_and_nothing_genuine_is_lost(
    preset: str, record_property: Callable[[str, object], None]
) -> None:
    """No exception, no fault of ours, no 5xx, no redirect; what was answered 200 is on record."""
    sender = SENDERS[preset]
    world = sender.world()
    answers: Counter[int] = Counter()
    for given, proved in inputs(sender):
        world.clock.sleep(1)
        envelope = Envelope(source=NAME, verified=proved, received_at=world.clock.now(), **given)  # type: ignore[arg-type]

        answer = world.relay.accept(envelope)

        answers[answer.status] += 1
        answer.body.encode()
        assert answer.status in ANSWERS, (given, answer)
        assert "Location" not in answer.headers
        # Plain text is the answer to a handshake.
        if answer.status == 200 and not answer.headers.get("Content-Type", "").startswith("text/plain"):
            assert on_record(world, envelope, sender.secret), given
    assert [fields for fact, fields in world.journal.lines if fact == "fault"] == []
    assert len(world.inbox) == 0
    assert storable(world)
    record_property(COUNTED, answers.total())


ROOM = 260_000
WORST = {
    "deep lists": b"[" * ROOM,
    "deep objects": b'{"a":' * (ROOM // 5),
    "escapes": b'["' + b"\\" * ROOM,
    "an open name": b'{"' + b"a" * (ROOM - 2),
    "one number": b"9" * ROOM,
    "numbers": b"[" + b"1," * (ROOM // 2) + b"1]",
    "records": b'{"events":[' + b"{}," * (ROOM // 3 - 10) + b"{}]}",
    "fields": b"a&" * (ROOM // 2),
    "percents": b"%25" * (ROOM // 3),
    "quotes": b'"' * ROOM,
    "secrets": b"***" * (ROOM // 3),
}


@pytest.mark.parametrize("preset", SENDERS)
def test_the_worst_body_is_answered_in_time(preset: str) -> None:
    """LINE waits two seconds: no text of the size that is taken keeps the door busy that long."""
    sender = SENDERS[preset]
    world = sender.world()
    headers = sender.requests[0].envelope["headers"]
    taken = {}
    for what, body in WORST.items():
        start = process_time()
        world.relay.accept(
            Envelope(source=NAME, verified=True, headers=headers, body=body, received_at=world.clock.now())
        )
        taken[what] = process_time() - start

    assert {what: seconds for what, seconds in taken.items() if seconds > SECONDS_MAX} == {}
