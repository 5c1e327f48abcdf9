"""
Declared destinations: faults found before a deployment, and requests that nothing a visitor writes can bend.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import pytest

from chalicelib.config import check as check_config
from chalicelib.destinations import VENDORS
from chalicelib.model import Batch, Call, Delivered, Destination, Line, Prepared, Refused, Reply
from chalicelib.sources import PRESETS
from tests.contract.destinations.samples import DESTINATIONS

AT = datetime(2026, 11, 21, 1, tzinfo=UTC)
BASE = """
[relay]
name = "test"
secret = "env:EKIDEN_SECRET"
[sources.crm]
preset = "webhook"
verify = [{ token = { in = "header", name = "X-Relay-Token", secret = "env:CRM_TOKEN" } }]
[destinations.own]
vendor = "http"
base_url = "https://own.example.co.jp"
[[routes]]
from = "crm"
to = "own"
operation = "send"
fields = { email = "email", name = "name" }
"""


def told(settings: str, *, vendor: str = "http", fields: str = "") -> dict[str, str]:
    """
    What is told of a destination with these settings, by path.
    """
    text = BASE.replace('vendor = "http"\n', f'vendor = "{vendor}"\n{settings}\n')
    text = text.replace('{ email = "email", name = "name" }', fields or '{ email = "email", name = "name" }')
    faults = check_config(text.encode(), vendors=VENDORS, presets=PRESETS, stage="local")
    return {fault.path.removeprefix("destinations.own."): f"{fault.message}: {fault.remedy}" for fault in faults}


@pytest.mark.parametrize(
    ("settings", "path", "words"),
    [
        ('body = { a = "{nam}" }\nfields = { name = {}, email = {} }', "body.a", 'Did you mean "name"?'),
        ('body = { a = ["{name"] }', "body.a[0]", "a { that stands alone"),
        ('body = { a = "{secret:key}" }', "body.a", "personal data"),
        ("body = { a = 2026-11-21 }", "body.a", "nothing that JSON can say"),
        ('headers = { "X-Key" = "{secret:key}" }', "headers.X-Key", "not given"),
        ('headers = { "X-Key" = "{email}" }', "headers.X-Key", "stands for nothing"),
        ('headers = { "X Key" = "a" }', 'headers."X Key"', "no name of a header"),
        ('headers = { "X-Key" = "a\\nb" }', "headers.X-Key", "cannot carry"),
        ('headers = { Host = "a" }', "headers.Host", "by Ekiden itself"),
        ("headers = { A = 1 }", "headers.A", "no text"),
        ('path = "contacts"', "path", "no path"),
        ('path = "/{_all}"', "path", "stands for nothing"),
        ('success = { when = "body.[" }', "success.when", "cannot be read"),
        ('success = { wen = "body.ok" }', "success.wen", 'Did you mean "when"?'),
        ('refused = { status = ["400"] }', "refused.status", "HTTP statuses"),
        ('result = { Id = "body.id" }', "result.Id", "small letters"),
        ('result = { id = "body." }', "result.id", "cannot be read"),
        ('limits = [{ calls = 10, per = "fortnight" }]', "limits[0].per", "one of day"),
        ("limits = [{ calls = 10 }]", "limits[0].per", "is missing"),
        ('limits = [{ calls = 10, per = "day", reserve = 10 }]', "limits[0].reserve", "no call for ordinary work"),
        ('limits = [{ calls = 1, per = "day" }, { calls = 2, per = "day" }]', "limits[1].per", "earlier limit"),
        ("calls_per_second = 0", "calls_per_second", "no pace"),
        ('fields = { email = { from = "email" }, name = {} }', "fields.email.from", 'Did you mean "form"?'),
        ('fields = { email = { form = "mail" }, name = {} }', "fields.email.form", "one of text, email"),
        ("fields = { email = {}, name = {}, _id = {} }", "fields._id", "meaning of its own"),
        ('identity = "mail"\nfields = { email = {}, name = {} }', "identity", "no declared field"),
        ('charset = "cp932"', "charset", "cannot be said of JSON"),
        ('format = "form"\nbody = { a = { b = "{name}" } }', "body.a", "A form has names and texts"),
        ('sign = "standard_webhooks"\ncredentials = {}', "sign", "needs a secret"),
        ('credentials = "env:X"', "credentials", "Give each credential a name"),
        ('metod = "PUT"', "metod", 'Did you mean "method"?'),
        ('method = "GET"', "method", "not possible here"),
        ("fields = { email = {} }", "routes[0].fields.name", "no field of own"),
        ("fields = { email = {}, name = {}, age = { required = true } }", "routes[0].fields.age", "not mapped"),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_a_remedy(settings: str, path: str, words: str) -> None:
    """
    Every fault of a declaration is found at deploy time, where it stands.
    """
    found = told(settings)

    assert path in found, found
    assert words in found[path]


@pytest.mark.parametrize(
    ("settings", "path", "words"),
    [
        ("body = { a = 1 }", "body", "where the rows go"),
        ('format = "csv"\nrow = { a = "{email}" }', "row", "no place in a CSV"),
        ('path = "/{email}"', "path", "stands for nothing"),
        ("rows_max = 0", "rows_max", "out of bounds"),
    ],
)
def test_what_is_wrong_with_a_file_of_rows_is_told(settings: str, path: str, words: str) -> None:
    """
    The same for destinations that take many rows.
    """
    found = told(settings, vendor="http_batch")

    assert words in found[path], found


@pytest.mark.parametrize(
    ("vendor", "settings", "path", "words"),
    [
        ("slack", 'text = "{name"\ncredentials = "env:X"', "text", "stands alone"),
        ("slack", 'text = "{nam}"\nfields = { name = {}, email = {} }\ncredentials = "env:X"', "text", '"name"?'),
        ("slack", 'text = "{_all} came"\ncredentials = "env:X"', "text", "more beside a table"),
        ("kintone", 'app = 1\nupdate_key = "a{"\ncredentials = "env:X"', "update_key", "stands alone"),
        ("kintone", 'app = 1\nfields = { name = {} }\ncredentials = "env:X"', "update_key", "no declared field"),
        ("standard_webhooks", 'type = "{x"\ncredentials = "env:X"', "type", "stands alone"),
        ("http_batch", 'format = "csv"\ncharset = "cp932"\nfields = { "😀" = {} }', 'fields."😀"', "U+1F600"),
        ("http", 'format = "form"\ncharset = "cp932"\nbody = { "😀" = "x" }', 'body."😀"', "U+1F600"),
    ],
)
def test_what_is_wrong_with_a_preset_is_told_where_it_was_written(
    vendor: str, settings: str, path: str, words: str
) -> None:
    """
    Nobody is told of a body that stands in no file.
    """
    found = told(settings, vendor=vendor)

    assert words in found.get(path, ""), found


def test_the_address_of_a_kintone_app_is_no_base_url() -> None:
    """
    What stands in the browser has a path, behind which no API is; and an app in quotes is told once, not in two ways.
    """
    kintone = BASE.replace('"http"', '"kintone"\napp = "12"\ncredentials = "env:X"')
    text = kintone.replace("https://own.example.co.jp", "https://acme.cybozu.com/k/12/")
    faults = check_config(text.encode(), vendors=VENDORS, presets=PRESETS, stage="local")
    found = {each.path: each.message for each in faults if each.path.startswith("destinations.own.")}

    assert found["destinations.own.base_url"] == "has more than the host"
    assert [path for path in found if "app" in path] == ["destinations.own.app"]


@pytest.mark.parametrize("url", ["http://own.example.co.jp", "https://user:pass@own.example.co.jp", "ftp://x"])
def test_an_address_that_is_not_safe_is_refused(url: str) -> None:
    """
    Https alone, but for this machine; no credentials in an address.
    """
    text = BASE.replace("https://own.example.co.jp", url)
    faults = check_config(text.encode(), vendors=VENDORS, presets=PRESETS, stage="local")

    assert "destinations.own.base_url" in {fault.path for fault in faults}


def destination(**settings: Any) -> Destination:
    """
    The sample's destination with other settings.
    """
    return replace(DESTINATIONS["http"], settings={"headers": {"X-Key": "{secret:token}"}, **settings})


def call(to: Destination, fields: Mapping[str, Any], *, token: str = "t" * 20) -> Call:
    """
    The request for these values.
    """
    vendor = VENDORS[to.vendor]
    prepared = vendor.prepare(vendor.operations["send"], fields, {}, to, {})
    assert isinstance(prepared, Prepared), prepared
    line = Line(contact="c", payload=prepared.payload, deliveries=("d1",), times={"name": AT})
    batch = Batch(lane="l", destination=to.name, operation="send", lines=(line,), at=AT)
    return vendor.build(batch, b"", to, {"token": token})


@pytest.mark.parametrize("value", ["a/b", "a?b=c", "a#b", "a b", "日本", "%2e%2e", "@evil.example.jp"])
def test_a_value_cannot_climb_out_of_its_place_in_the_address(value: str) -> None:
    """
    Slashes, question marks and blanks are percent-encoded; the host stays.
    """
    made = call(destination(path="/contacts/{code}/notes"), {"code": value})
    middle = made.url.removeprefix("https://own.example.co.jp/contacts/").removesuffix("/notes")

    assert made.url.startswith("https://own.example.co.jp/contacts/")
    assert not set(middle) & set("/?# @")


@pytest.mark.parametrize("value", [".", "..", "../admin", "a/../b", "..\\x"])
def test_a_value_that_leads_upwards_is_refused_in_an_address(value: str) -> None:
    """
    Percent-encoding does not keep dots from being a way up, at a receiver that decodes before it looks.
    """
    to = destination(path="/contacts/{code}")
    problems = VENDORS["http"].prepare(VENDORS["http"].operations["send"], {"code": value}, {}, to, {})

    assert isinstance(problems, tuple)
    assert [(each.field, each.code) for each in problems] == [("code", "path")]


def test_a_credential_with_a_line_end_cannot_add_a_header() -> None:
    """
    What copying leaves behind is taken off.
    """
    made = call(destination(), {"name": "花子"}, token="key\r\nX-Other: 1\n")

    assert made.headers["X-Key"] == "keyX-Other:1"


def test_a_form_is_sent_in_its_charset() -> None:
    """
    What CP932 cannot carry never comes so far: it is a dead letter that names the character.
    """
    to = destination(
        format="form", charset="cp932", body={"お名前": "{name}", "n": "{age}"}, fields={"name": {}, "age": {}}
    )
    made = call(to, {"name": "髙﨑+&", "age": 30})

    assert parse_qsl(made.body.decode("ascii"), encoding="cp932") == [("お名前", "髙﨑+&"), ("n", "30")]
    assert VENDORS["http"].prepare(VENDORS["http"].operations["send"], {"name": "😀"}, {}, to, {})[0].code == "charset"


def test_every_field_may_be_taken_as_it_is() -> None:
    """
    Without a body the fields themselves are sent; their time and id may stand beside them.
    """
    plain = call(destination(), {"name": "花子", "言葉": "x"})
    wrapped = call(destination(body={"data": "{_all:value}", "at": "{_time}", "id": "{_id}"}), {"name": "花子"})

    assert json.loads(plain.body) == {"name": "花子", "言葉": "x"}
    assert json.loads(wrapped.body) == {
        "data": {"name": {"value": "花子"}},
        "at": "2026-11-21T01:00:00.000Z",
        "id": "d1",
    }


def test_a_number_that_json_would_change_is_refused() -> None:
    """
    Nothing is rounded silently.
    """
    to = destination(fields={"n": {"form": "decimal"}})
    found = VENDORS["http"].prepare(VENDORS["http"].operations["send"], {"n": "0.12345678901234567"}, {}, to, {})

    assert json.loads(call(to, {"n": "0.1"}).body) == {"n": 0.1}
    assert found[0].code == "invalid"


@pytest.mark.parametrize(
    ("settings", "reply", "outcome", "verdict"),
    [
        ({}, Reply(status=204), Delivered, "fine"),
        ({"success": {"status": [201]}}, Reply(status=201, body=b"{}"), Delivered, "fine"),
        ({"refused": {"when": "body.code == 'dup'"}}, Reply(status=409, body=b'{"code":"dup"}'), Refused, "fine"),
        (
            {"refused": {"status": [200], "when": "body.ok == `false`"}},
            Reply(status=200, body=b'{"ok":false}'),
            Refused,
            "fine",
        ),
    ],
)
def test_answers_mean_what_the_declaration_says(
    settings: dict[str, Any], reply: Reply, outcome: type[Delivered | Refused], verdict: str
) -> None:
    """
    Declared first; what is not declared means what HTTP says.
    """
    line = Line(contact="c", payload={"name": "x"}, deliveries=("d1",))
    batch = Batch(lane="l", destination="own", operation="send", lines=(line,))
    reading = VENDORS["http"].read(reply, batch, destination(**settings))

    assert isinstance(reading.outcomes["d1"], outcome)
    assert reading.verdict.kind == verdict


def test_a_refusal_names_the_field_that_the_service_names() -> None:
    """
    A message for all cases does not help who has to mend one; an address in it stays unseen.
    """
    body = {
        "message": "入力内容が正しくありません。",
        "errors": {"records[0].email.value": {"messages": ["taro@example.co.jp は長すぎます"]}},
    }
    line = Line(contact="c", payload={"name": "x"}, deliveries=("d1",))
    batch = Batch(lane="l", destination="own", operation="send", lines=(line,))
    reading = VENDORS["http"].read(Reply(status=400, body=json.dumps(body).encode()), batch, destination())
    outcome = reading.outcomes["d1"]

    assert isinstance(outcome, Refused)
    assert "正しくありません。" in outcome.reason
    assert "records[0].email.value" in outcome.reason
    assert "taro@" not in outcome.reason


@pytest.mark.parametrize("kind", ["quota", "busy", "paused"])
def test_a_declared_not_now_moves_the_lane(kind: str) -> None:
    """
    Nothing of it burns an attempt, and the lane learns why.
    """
    line = Line(contact="c", payload={"name": "x"}, deliveries=("d1",))
    batch = Batch(lane="l", destination="own", operation="send", lines=(line,))
    to = destination(**{kind: {"when": "contains(text, 'NOT NOW')"}})
    reading = VENDORS["http"].read(Reply(status=500, headers={"retry-after": "9"}, body=b"NOT NOW"), batch, to)

    assert (reading.verdict.kind, reading.verdict.retry_after_seconds, reading.verdict.definite) == (kind, 9.0, True)
    assert "NOT NOW" in reading.verdict.reason


def test_rows_of_an_erased_person_are_cut_from_a_file() -> None:
    """
    The other rows stay byte for byte, whether the file is JSON or CSV.
    """
    cut = VENDORS["http_batch"].cut
    assert cut is not None

    assert cut(b'[{"a":"x"},\n{"a":"\xe8\x8a\xb1"}]', [0]) == b'[{"a":"\xe8\x8a\xb1"}]'
    assert cut(b"a,b\r\n1,2\r\n3,4\r\n", [1]) == b"a,b\r\n1,2\r\n"
    assert cut(b'[{"a":"x"}]', [1]) is None


def test_a_row_that_is_too_large_by_itself_is_poison() -> None:
    """
    The others go on without it; what does not fit waits.
    """
    to = replace(DESTINATIONS["http_batch"], settings={"bytes_max": 1_000, "row": {"n": "{name}"}})
    lines = [
        Line(contact=str(number), payload={"name": "x" * size}, deliveries=(f"d{number}",))
        for number, size in enumerate([400, 2_000, 400, 400])
    ]
    vendor = VENDORS["http_batch"]
    assert vendor.pack is not None
    packed = vendor.pack(vendor.operations["send"], {}, lines, to)

    assert [line.contact for line in packed.taken] == ["0", "2"]
    assert [line.contact for line, _ in packed.poison] == ["1"]
    assert len(packed.data) <= 1_000
    assert len(json.loads(packed.data)) == 2
