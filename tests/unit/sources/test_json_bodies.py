"""
Which bodies are read at all, and JSON from strangers.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.errors import EnvelopeRefused
from chalicelib.model import Envelope, Parse, Source
from chalicelib.sources import events

URLENCODED = "application/x-www-form-urlencoded"
JSON = "application/json"


def _fields(envelope: Envelope, source: Source) -> dict[str, Any]:
    (event,) = events(envelope, source, secrets={}, signing_key=b"k", now=envelope.received_at)
    return event.fields


def _refused(envelope: Envelope, source: Source) -> EnvelopeRefused:
    with pytest.raises(EnvelopeRefused) as refused:
        events(envelope, source, secrets={}, signing_key=b"k", now=envelope.received_at)
    return refused.value


# ── types ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ('{"a":"1"}', "application/json"),
        ('{"a":"1"}', "application/json; charset=UTF-8"),
        ('{"a":"1"}', "Application/JSON"),
        ('{"a":"1"}', "application/vnd.example+json"),
        ('{"a":"1"}', "text/json"),
        ('{"a":"1"}', "text/plain;charset=UTF-8"),
        (' \r\n{"a":"1"}', "text/plain"),
        ('\ufeff{"a":"1"}', "text/plain"),
        ('\ufeff{"a":"1"}', "application/json"),
        ('{"a":"1"}', ""),
        ("a=1", URLENCODED),
    ],
)
def test_what_is_read_by_its_type(
    body: Any, content_type: str, form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    JSON under its own names, and as plain text where it looks so (navigator.sendBeacon); forms under theirs.
    """
    assert _fields(knock(body, content_type), form_source()) == {"a": "1"}


@pytest.mark.parametrize("content_type", ["text/plain", "", "text/xml", "application/octet-stream", "é", "\ud800", ";"])
def test_other_types_are_a_415_that_lists_what_is_taken(
    content_type: str, form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    The answer to a foreign type names the types that are taken.
    """
    refused = _refused(knock("<a/>", content_type), form_source())

    assert (refused.status, refused.code) == (415, "unsupported_type")
    for accepted in (URLENCODED, "multipart/form-data", JSON):
        assert accepted in refused.detail


def test_a_source_may_take_one_type_only(form_source: Callable[..., Source], knock: Callable[..., Envelope]) -> None:
    """
    Where one format is configured, the others are refused, and the answer lists that one.
    """
    source = form_source(parse=Parse(format="urlencoded"))

    assert _fields(knock("a=1", URLENCODED), source) == {"a": "1"}
    assert _refused(knock('{"a":"1"}', JSON), source).detail.endswith(f"Accepted: {URLENCODED}.")


def test_bodies_are_bounded(form_source: Callable[..., Source], knock: Callable[..., Envelope]) -> None:
    """
    One byte over the source's limit is a 413.
    """
    source = form_source(body_bytes_max=10)

    assert _fields(knock("a=12345678", URLENCODED), source) == {"a": "12345678"}
    assert (_refused(knock("a=123456789", URLENCODED), source).status) == 413


def test_headers_are_bounded(form_source: Callable[..., Source], knock: Callable[..., Envelope]) -> None:
    """
    More than 16 KiB of headers are refused.
    """
    assert _fields(knock("a=1", URLENCODED, x="a" * 16_000), form_source()) == {"a": "1"}
    assert "headers" in _refused(knock("a=1", URLENCODED, x="a" * 16_384), form_source()).detail


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "OPTIONS", "X"])
def test_other_methods_are_a_405(
    method: str, form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    Only POST, PUT and PATCH carry an event.
    """
    assert _refused(knock("a=1", URLENCODED, method=method), form_source()).status == 405


# ── JSON ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"a":', "line 1, column 6"),
        ('{"a":\n"x"', "line 2, column 4"),
        ('{"a":"山\n"}', "not valid JSON"),
        ('{"a":NaN}', "NaN"),
        ('{"a":-Infinity}', "-Infinity"),
        ('{"a":1e999}', "too large"),
        ('{"a":' + "9" * 39 + "}", "more than 38 characters"),
        ('{"a":' + "9" * 100_000 + "}", "more than 38 characters"),
        ('{"a":0.' + "9" * 100_000 + "}", "more than 38 characters"),
        ('{"a":' * 12 + "{}" + "}" * 12, "deeper than 12"),
        ("[" * 100_000, "deeper than 12"),
        ('{"a":"' + '\\"[' * 30_000, "not valid JSON"),
        ('{"a":"x\\', "not valid JSON"),
        ('{"a":"\\ud800"}', "cannot be read"),
        ('{"\\udc00":1}', "cannot be read"),
        ("[]", "one object"),
        ('"text"', "not taken"),
        ("null", "not taken"),
        ("{}", "no fields"),
        ("", "not taken"),
        (b'{"a":"\xff"}', "not valid UTF-8"),
        (json.dumps({f"f{number}": 1 for number in range(201)}), "more than 200 fields"),
        (json.dumps({"n" * 256: 1}), "longer than 255"),
    ],
)
def test_broken_json_in_a_form_is_refused(
    body: Any, words: str, form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    Malformed JSON is a 400 that names the place or the limit; plain text is a 415.
    """
    kind = "text/plain" if words == "not taken" else JSON
    refused = _refused(knock(body, kind), form_source())

    assert refused.status == (415 if kind == "text/plain" else 400)
    assert words in refused.detail


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ('{"a":1,"a":2}', {"a": 2}),
        ('{"a":"1\\r\\n2\\r3\\u0000","b":["\\r\\n",{"c\\u0000":"\\u0000"}]}', {"a": "1\n2\n3", "b": ["\n", {"c": ""}]}),
        ('{"a":"\\ud842\\udfb7"}', {"a": "𠮷"}),
        (
            '{"a":' + "9" * 38 + ',"b":-1.5e3,"c":true,"d":null}',
            {"a": int("9" * 38), "b": -1500.0, "c": True, "d": None},
        ),
        ('{"a":"[[[[[[[[[[[[[[[[[[[[[[\\"[[[[[[[["}', {"a": "[" * 22 + '"' + "[" * 8}),
        ("{" + ",".join(f'"f{number}":[]' for number in range(50)) + "}", {f"f{number}": [] for number in range(50)}),
        ('{"":1,"a":1}', {"a": 1}),
    ],
)
def test_json_is_read_as_it_is(
    body: Any, fields: Any, form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    Values keep their types; of two members with one name the last counts; brackets inside texts are no nesting.
    """
    assert _fields(knock(body, JSON), form_source()) == fields


@pytest.mark.parametrize(
    "text",
    [
        '{"a":"' + '\\"' * 120_000,
        '{"a":"' + "\\" * 240_001,
        '"' * 240_000,
        "[" * 240_000,
        "{},[" * 60_000,
        '{"a":' + "1" * 240_000 + "}",
        '{"a":' + "1e" * 120_000 + "}",
    ],
)
def test_hostile_json_costs_little(
    text: str, form_source: Callable[..., Source], knock: Callable[..., Envelope]
) -> None:
    """
    A quarter of a megabyte of nonsense is refused within a fraction of a second, whatever its shape.
    """
    started = time.process_time()
    _refused(knock(text, JSON), form_source())

    assert time.process_time() - started < 0.5
